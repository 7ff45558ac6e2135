/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client and certificates: openssl's own server, with one that it has signed itself. */
#include "support/process_test.h"

#include "coppice.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[64];
static char certificate[96];
static char key[96];
static pid_t server = -1;
static int port;

/* Starts a program; with ret_out, its standard output is read there. */
static pid_t start(const char *const *argv, int *ret_out)
{
    posix_spawn_file_actions_t actions;
    int ends[2] = {-1, -1};
    pid_t pid;

    assert_int_equal(0, pipe(ends));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/zero", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(
        0, posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ));
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (ret_out != NULL)
        *ret_out = ends[0];
    else
        close(ends[0]);
    return pid;
}

static void make_certificate(void)
{
    const char *const argv[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:P-256",
                                "-nodes",
                                "-days",
                                "2",
                                "-subj",
                                "/CN=t",
                                "-addext",
                                "subjectAltName=IP:127.0.0.1",
                                "-out",
                                certificate,
                                "-keyout",
                                key,
                                NULL};
    int status;
    pid_t pid = start(argv, NULL);

    assert_int_equal(pid, waitpid(pid, &status, 0));
    assert_int_equal(0, status);
}

/* It says "ACCEPT 127.0.0.1:port" when it listens. */
static void start_server(void)
{
    const char *const argv[] = {"openssl", "s_server",  "-accept", "127.0.0.1:0", "-www",
                                "-cert",   certificate, "-key",    key,           NULL};
    FILE *output;
    char line[200];
    int fd;

    server = start(argv, &fd);
    output = fdopen(fd, "r");
    while (port == 0 && fgets(line, sizeof(line), output) != NULL)
        (void)sscanf(line, "ACCEPT 127.0.0.1:%d", &port);
    assert_int_not_equal(0, port);
}

static int up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/coppice_tls_XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(certificate, sizeof(certificate), "%s/certificate", directory);
    (void)snprintf(key, sizeof(key), "%s/key", directory);
    make_certificate();
    start_server();
    setenv("no_proxy", "127.0.0.1,localhost", 1);
    return cop_node_start(NULL);
}

static int down(void **state)
{
    (void)state;
    cop_node_stop();
    (void)kill(server, SIGKILL);
    (void)waitpid(server, NULL, 0);
    (void)unlink(certificate);
    (void)unlink(key);
    (void)rmdir(directory);
    return 0;
}

static cop_term get(const char *host, cop_term options)
{
    cop_expect(cop_application_ensure_all_started(&cop_http_application), "{:ok, _}");
    return cop_http_get(cop_format("https://%s:%d/", host, port), options);
}

PROCESS_TEST(a_certificate_that_nobody_vouches_for_is_refused)
{
    cop_bytes why;

    cop_assert_match(get("127.0.0.1", COP("[]")), "{:error, {:tls, why}}", why);
    cop_assert(memmem(why.data, why.len, "certificate", 11) != NULL);
}

PROCESS_TEST(a_certificate_can_be_named)
{
    cop_term trusted =
        cop_cons(cop_tuple(COP(":cacertfile"), (const char *)certificate), cop_empty_list());

    cop_assert_match(get("127.0.0.1", trusted), "{:ok, %{status: 200}}");
    /* It is not this host's. */
    cop_assert_match(get("localhost", trusted), "{:error, {:tls, _}}");
}

PROCESS_TEST(verifying_can_be_left_out)
{
    cop_assert_match(get("127.0.0.1", COP("[verify: false]")), "{:ok, %{status: 200}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_nobody_vouches_for_is_refused),
        cmocka_unit_test(a_certificate_can_be_named),
        cmocka_unit_test(verifying_can_be_left_out),
    };

    return cmocka_run_group_tests(tests, up, down);
}
