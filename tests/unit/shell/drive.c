/* SPDX-License-Identifier: Apache-2.0 */
/* Running programs and typing at them. */
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#define LIMIT_MS 20000 /* far more than anything here takes */

static void run_child(const char *const *arguments)
{
    const char *argv[8] = {PROGRAM};

    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a child has one thread */
    setenv("TERM", "xterm", 1);
    execv(PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

void start(struct program *p, const char *const *arguments)
{
    int in[2];
    int out[2];

    memset(p, 0, sizeof(*p));
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        run_child(arguments);
    }
    close(in[0]);
    close(out[1]);
    p->in = in[1];
    p->out = out[0];
}

void start_on_terminal(struct program *p, const char *command, int columns)
{
    const char *const arguments[] = {command, NULL};
    struct winsize size = {.ws_row = 40, .ws_col = (unsigned short)columns};

    memset(p, 0, sizeof(*p));
    if (openpty(&p->out, &p->terminal, NULL, NULL, &size) != 0)
        fail_msg("no terminal to test with (%s): is /dev/pts mounted? As root:"
                 " mount -t devpts devpts /dev/pts",
                 strerrorname_np(errno));
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        close(p->out);
        login_tty(p->terminal);
        run_child(arguments);
    }
    p->in = p->out;
}

void type(struct program *p, const char *text)
{
    assert_int_equal(write(p->in, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads what comes while `wanted` is waited for; false at the end. */
static bool read_some(struct program *p, const char *wanted)
{
    struct pollfd fd = {.fd = p->out, .events = POLLIN};
    ssize_t n;

    if (poll(&fd, 1, LIMIT_MS) != 1) fail_msg("no \"%s\" comes, after:\n%s", wanted, p->text);
    n = read(p->out, p->text + p->len, sizeof(p->text) - 1 - p->len);
    if (n <= 0) return false;
    p->len += (size_t)n;
    p->text[p->len] = '\0';
    return true;
}

void expect(struct program *p, const char *text)
{
    char *found;

    while ((found = strstr(p->text, text)) == NULL)
        if (!read_some(p, text)) fail_msg("ended without \"%s\", after:\n%s", text, p->text);
    found += strlen(text);
    p->len -= (size_t)(found - p->text);
    memmove(p->text, found, p->len + 1);
}

void take_line(struct program *p, char *line, size_t size)
{
    while (!strchr(p->text, '\n'))
        if (!read_some(p, "\\n")) fail_msg("ended within a line, after:\n%s", p->text);
    (void)snprintf(line, size, "%.*s", (int)strcspn(p->text, "\r\n"), p->text);
    expect(p, "\n");
}

/* The terminal is left as a shell wants it: it reads lines and shows what is typed. */
static void check_terminal(struct program *p)
{
    struct termios settings;

    assert_int_equal(tcgetattr(p->terminal, &settings), 0);
    assert_int_equal(settings.c_lflag & (ICANON | ECHO), ICANON | ECHO);
    close(p->terminal);
}

void check_status(struct program *p, int expected)
{
    int status;

    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == expected) return;
    printf("%s\n", p->text); /* longer than a message may be */
    fail_msg("ended with %#x", status);
}

void finish(struct program *p, int expected)
{
    if (p->terminal == 0) {
        close(p->in);
        expect_end(p);
    }
    check_status(p, expected);
    if (p->terminal != 0) check_terminal(p);
    close(p->out);
}

void expect_end(struct program *p)
{
    while (read_some(p, "end")) {
    }
}

void kill_program(struct program *p)
{
    int status;

    assert_int_equal(kill(p->pid, SIGKILL), 0);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    if (p->terminal != 0)
        close(p->terminal);
    else
        close(p->in);
    close(p->out);
}

/* --- The group -------------------------------------------------------------------------------- */

int set_up(void **state)
{
    static char folder[] = "/tmp/shell_test_XXXXXX";
    char history[sizeof(folder) + 16];

    (void)signal(SIGPIPE, SIG_IGN);
    *state = mkdtemp(folder);
    if (*state == NULL) return -1;
    (void)snprintf(history, sizeof(history), "%s/history", folder);
    setenv("COPPICE_RUN_DIR", folder, 1);  /* NOLINT(concurrency-mt-unsafe): there is one thread */
    setenv("COPPICE_HISTORY", history, 1); /* NOLINT(concurrency-mt-unsafe): as above */
    return 0;
}

int clean_up(void **state)
{
    char command[80];

    (void)snprintf(command, sizeof(command), "rm -rf %s", (const char *)*state);
    return system(command); /* NOLINT: a folder of our own */
}
