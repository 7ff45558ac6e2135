/* SPDX-License-Identifier: Apache-2.0 */
/* The log, and what is logged of processes that end (LOG-01, LOG-08, LOG-11, LOG-25, EXI-18). */
#include "support/check_process.h"

#include "coppice/logger.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX 4096

struct record {
    enum cop_level level;
    char text[2048];
    size_t len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct record records[LINES_MAX];
static int record_count;

static void collect(enum cop_level level, const char *text, size_t len, void *arg)
{
    pthread_mutex_lock(&lock);
    if (record_count < LINES_MAX && arg == records) {
        struct record *r = &records[record_count++];
        r->level = level;
        r->len = len < sizeof(r->text) - 1 ? len : sizeof(r->text) - 1;
        memcpy(r->text, text, r->len);
        r->text[r->len] = '\0';
    }
    pthread_mutex_unlock(&lock);
}

static void start_collecting(enum cop_level min)
{
    cop_log_flush();
    pthread_mutex_lock(&lock);
    record_count = 0;
    pthread_mutex_unlock(&lock);
    cop_log_to(collect, records, min);
}

static int stop_collecting(void)
{
    cop_log_flush();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    return record_count;
}

/* One text a call, in order, with its level; lower ones are dropped. */
PROCESS_TEST(texts_go_where_they_are_sent)
{
    start_collecting(COP_WARNING);
    cop_log(COP_DEBUG_LEVEL, "not shown");
    cop_log(COP_INFO, "not shown");
    cop_log(COP_WARNING, "number %d", 17);
    cop_log(COP_ERROR, "two\nlines of %s", "text");
    CHECK_INT(stop_collecting(), 2);
    CHECK_INT(records[0].level, COP_WARNING);
    CHECK(strstr(records[0].text, "number 17") != NULL);
    CHECK_INT(records[1].level, COP_ERROR);
    CHECK(strstr(records[1].text, "two\nlines of text") != NULL);
    return cop_end();
}

/* LOG-02: on standard error an empty line, the time and the level in brackets, then the text. */
PROCESS_TEST(form_of_a_line)
{
    int h, m, s, ms, end = 0;
    char text[256] = "";
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    cop_log_flush();
    dup2(fileno(file), STDERR_FILENO);
    cop_log(COP_ERROR, "the text");
    cop_log_flush();
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    CHECK(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    CHECK(sscanf(text, "\n%2d:%2d:%2d.%3d [error] %n", &h, &m, &s, &ms, &end) == 4 && end > 0);
    CHECK(text[0] == '\n' && strcmp(text + end, "the text\n") == 0);
    return cop_end();
}

static cop_next log_many(cop_term arg)
{
    cop_pid to;
    int id;
    cop_expect(arg, "{to, id}", to, id);
    for (int i = 0; i < 200; i++)
        cop_log(COP_INFO, "from %d: %d.", id, i);
    cop_send(to, COP(":done"));
    return cop_end();
}

/* From several at once: none is lost or torn, and each one's are in order. */
PROCESS_TEST(many_log_at_once)
{
    int next[4] = {0};
    start_collecting(COP_INFO);
    for (int i = 0; i < 4; i++)
        cop_spawn(log_many, cop_tuple(cop_self(), i), NULL);
    for (int i = 0; i < 4; i++)
        CHECK_TERM(check_next(), ":done");
    CHECK_INT(stop_collecting(), 800);
    for (int i = 0; i < 800; i++) {
        const char *text = strstr(records[i].text, "from ");
        int id, n;
        CHECK(text != NULL && sscanf(text, "from %d: %d.", &id, &n) == 2);
        CHECK(id >= 0 && id < 4);
        CHECK_INT(n, next[id]);
        next[id]++;
    }
    return cop_end();
}

/* A text is cut at a size, between characters. */
PROCESS_TEST(long_texts)
{
    static char long_text[20000];
    size_t size = cop_logger_truncate(1000);
    CHECK_INT((int64_t)size, 8192);
    memset(long_text, 'x', 1000);
    start_collecting(COP_INFO);
    cop_log(COP_INFO, "%s", long_text);
    long_text[1000] = 'y';
    cop_log(COP_INFO, "%s", long_text);
    memset(long_text, 'x', sizeof(long_text) - 1);
    memcpy(long_text + 997, "\xe2\x82\xac", 3);
    cop_log(COP_INFO, "%s", long_text);
    memcpy(long_text + 997, "x\xe2\x82\xac", 4);
    cop_log(COP_INFO, "%s", long_text);
    cop_logger_put(COP_INFO, (cop_bytes){long_text, sizeof(long_text) - 1}, cop_none());
    CHECK_INT(stop_collecting(), 5);
    CHECK_INT((int64_t)records[0].len, 1000);
    CHECK_INT((int64_t)records[1].len, 1000 + 12);
    CHECK(strcmp(records[1].text + 999, "x (truncated)") == 0);
    CHECK(strcmp(records[2].text + 996, "x\xe2\x82\xac (truncated)") == 0);
    CHECK(strcmp(records[3].text + 996, "xx (truncated)") == 0);
    CHECK(strcmp(records[4].text, records[3].text) == 0);
    cop_logger_truncate(size);
    return cop_end();
}

struct death {
    const char *how;
    void (*order)(cop_pid, cop_term);
    const char *reason;
    const char *logged; /* part of the text, NULL: nothing is logged */
};

static void signal_it(cop_pid pid, cop_term reason)
{
    cop_exit_process(pid, reason);
}

static const struct death deaths[] = {
    {"error", puppet_error, ":some_reason", "some_reason"},
    {"throw", puppet_throw, "{:ball, 7}", "{:ball, 7}"},
    {"exit", puppet_exit, ":boom", NULL},
    {"exit normally", puppet_exit, ":normal", NULL},
    {"exit shutdown", puppet_exit, "{:shutdown, 1}", NULL},
    {"signal", signal_it, ":boom", NULL},
    {"kill", signal_it, ":kill", NULL},
};

/* EXI-18 LOG-11: an uncaught error or throw is logged, naming the process and the reason; an exit
 * and death by a signal are not. */
PROCESS_TEST(which_deaths_are_logged)
{
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        const struct death *d = &deaths[i];
        cop_pid p = puppet_start();
        cop_ref ref = cop_monitor(p);
        start_collecting(COP_DEBUG_LEVEL);
        d->order(p, check_parse(d->reason));
        check_down(ref);
        check_gone(p);
        int count = stop_collecting();
        if (count != (d->logged == NULL ? 0 : 1))
            check_fail(__FILE__, __LINE__, "%s: %d texts: %s", d->how, count, records[0].text);
        if (d->logged == NULL) continue;
        cop_bytes pid = cop_to_bytes(cop_inspect(cop_pid_term(p)));
        CHECK_INT(records[0].level, COP_ERROR);
        CHECK(strstr(records[0].text, d->logged) != NULL);
        CHECK(memmem(records[0].text, records[0].len, pid.data, pid.len) != NULL);
        CHECK(strstr(records[0].text, "raised an exception") != NULL);
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_go_where_they_are_sent),
        cmocka_unit_test(form_of_a_line),
        cmocka_unit_test(many_log_at_once),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(which_deaths_are_logged),
    };
    return cmocka_run_group_tests_name("log", tests, check_start_node, check_stop_node);
}
