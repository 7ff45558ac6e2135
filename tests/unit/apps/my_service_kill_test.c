/* SPDX-License-Identifier: Apache-2.0 */
/* The program is killed 200 times while it loads: at points that are spread from the auth service's
 * answer to the end of the load. After each the file has the rules of one load, whole, and never
 * older ones than were there before; and the next program starts with it. */
#include "support/cmocka_all.h"

#include "../../../apps/my_service/store.h"
#include "auth_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS    100
#define BODY_SIZE  (CLIENTS * 80)
#define SPREAD_MIN 100000L /* nanoseconds */
#define SPREAD_MAX 900000000L

static char folder[] = "/tmp/my_service_kill.XXXXXX";
static char path[100];

static int up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(path, sizeof(path), "%s/rules.db", folder);
    setenv("MY_SERVICE_DB", path, 1);
    setenv("MY_SERVICE_PORT", "0", 1);
    setenv("COPPICE_RUN_DIR", folder, 1);
    auth_open();
    return 0;
}

static int down(void **state)
{
    char command[200];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static pid_t start_program(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        execl(PROGRAM, PROGRAM, "start", (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Rules of which each has the number. */
static const char *rules(int number)
{
    static char body[BODY_SIZE];
    size_t len = 0;

    for (int i = 0; i < CLIENTS; i++)
        len += (size_t)snprintf(body + len, sizeof(body) - len,
                                "%s{\"client\": \"c%d\", \"services\": [\"v%06d\"]}",
                                i ? ", " : "{\"rules\": [", i, number);
    (void)snprintf(body + len, sizeof(body) - len, "]}");
    return body;
}

/* The number of the rules in the file, all of which are of one load; 0: there are none. */
static int number_in_file(void)
{
    struct store s = {.path = path, .busy_ms = 10000};
    int number = 0;
    int found = 0;

    store_read(&s);
    assert_null(s.error);
    if (s.version == 0) return 0;
    s.body[s.body_len] = '\0'; /* there is room for it */
    for (const char *at = strstr(s.body, "\"v"); at; at = strstr(at + 1, "\"v"), found++) {
        int here = (int)strtol(at + 2, NULL, 10);

        assert_true(found == 0 || here == number);
        number = here;
    }
    assert_int_equal(found, CLIENTS);
    free(s.body);
    return number;
}

/* After how long at most the next one dies: a load that was done at its death took less time than
 * that, one that was not took more. So about half of them are done, however fast the machine is. */
static long next_spread(long spread, bool was_done)
{
    spread += was_done ? -spread / 8 : spread / 8;
    if (spread < SPREAD_MIN) return SPREAD_MIN;
    return spread < SPREAD_MAX ? spread : SPREAD_MAX;
}

static void a_kill_during_a_load_leaves_whole_rules(void **state)
{
    unsigned seed = 7;
    long spread = 12000000;
    int before = 0;
    int done = 0;

    (void)state;
    for (int i = 1; i <= KILLS; i++) {
        pid_t pid = start_program();
        int fd = auth_take();
        int now;

        auth_answer(fd, 200, rules(i));
        /* Not to wait for anything: the points at which it dies are to be spread. */
        seed = seed * 1103515245U + 12345U;
        nanosleep(&(struct timespec){.tv_nsec = (long)(seed / 2) % spread}, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        now = number_in_file();
        assert_true(now == before || now == i);
        done += now == i;
        spread = next_spread(spread, now == i);
        before = now;
    }
    /* Some of them were before the load was done and some behind. */
    assert_in_range(done, 1, KILLS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_kill_during_a_load_leaves_whole_rules)};

    return cmocka_run_group_tests(tests, up, down);
}
