/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's side: one loop over three files, the connection, the input and a pipe that carries
 * the signals. All that is shown passes here, so nothing breaks the line that is being typed. */
#include "shell/terminal.h"

#include "shell/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    bool is_terminal;
    pthread_t thread; /* of the terminal's side */
    bool has_found;
    struct termios found; /* how the terminal was at the start */
    int signals[2];       /* a pipe: numbers of signals */
    struct cop__wire wire;
    enum cop__terminal_end end;
    int status;
    bool is_over;
    bool is_asked; /* the node waits for a line */
    bool is_completed;
    char prompt[256];
    /* What was read of an input that is no terminal, and not sent. */
    char *input;
    size_t input_len;
    size_t input_cap;
    bool input_ended;
} term = {.signals = {-1, -1}};

bool cop__terminal_is_one(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int cop__terminal_width(void)
{
    struct winsize size;

    if (!term.is_terminal) return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void cop__terminal_restore(void)
{
    if (term.has_found) (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &term.found);
}

/* --- Signals ---------------------------------------------------------------------------------- */

static void on_signal(int number)
{
    char byte = (char)number;
    int error = errno;

    if (write(term.signals[1], &byte, 1) < 0) errno = error; /* full: one is there already */
}

/* Ctrl+\: at once (IEX-13). On the terminal's thread, which may be about to set the terminal for
 * editing: another thread would restore it too early. */
static void on_quit(int number)
{
    if (!pthread_equal(pthread_self(), term.thread)) {
        (void)pthread_kill(term.thread, number);
        return;
    }
    cop__terminal_restore();
    _exit(128 + number);
}

static void take_signals(void)
{
    static const int numbers[] = {SIGINT, SIGWINCH, SIGHUP, SIGCONT};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction found;
    sigset_t quit;

    term.thread = pthread_self();
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        /* SIGHUP may be a process's already (os_signal.h), or ignored by nohup. That the terminal
         * is gone is seen also by reading. */
        sigaction(numbers[i], NULL, &found);
        if (numbers[i] != SIGHUP || found.sa_handler == SIG_DFL)
            sigaction(numbers[i], &action, NULL);
    }
    action.sa_handler = on_quit;
    sigaction(SIGQUIT, &action, NULL);
    /* The one signal that this thread takes itself: it may have been started without any. */
    sigemptyset(&quit);
    sigaddset(&quit, SIGQUIT);
    pthread_sigmask(SIG_UNBLOCK, &quit, NULL);
}

void cop__terminal_init(const char *history)
{
    term.is_terminal = cop__terminal_is_one();
    if (pipe2(term.signals, O_CLOEXEC | O_NONBLOCK) != 0) term.signals[0] = term.signals[1] = -1;
    if (!term.is_terminal) return;
    term.has_found = tcgetattr(STDIN_FILENO, &term.found) == 0;
    take_signals();
    cop__edit_init(history);
}

void cop__terminal_fini(void)
{
    cop__terminal_restore();
    if (term.is_terminal) cop__edit_fini();
    free(term.input);
    term.input = NULL;
    term.input_len = term.input_cap = 0;
    cop__terminal_restore(); /* libedit has its own idea of it */
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static enum cop__event over(enum cop__terminal_end end)
{
    if (!term.is_over) term.end = end;
    term.is_over = true;
    return COP__EVENT_END;
}

static enum cop__event take_signal(void)
{
    char byte = 0;

    if (read(term.signals[0], &byte, 1) != 1) return COP__EVENT_SIZE;
    switch (byte) {
    case SIGINT: return COP__EVENT_INTERRUPT;
    case SIGHUP: return over(COP__END_HUNG_UP);
    default: return COP__EVENT_SIZE;
    }
}

enum cop__event cop__terminal_wait(bool wants_key)
{
    struct pollfd files[] = {
        {.fd = term.signals[0], .events = POLLIN},
        {.fd = term.wire.fd, .events = POLLIN},
        {.fd = wants_key ? STDIN_FILENO : -1, .events = POLLIN},
    };

    while (!term.is_over) {
        if (cop__wire_has(&term.wire)) return COP__EVENT_FRAME;
        if (poll(files, 3, -1) < 0) {
            if (errno == EINTR) continue;
            return over(COP__END_GONE);
        }
        if (files[0].revents) return take_signal();
        if (files[1].revents) {
            if (!cop__wire_read(&term.wire)) return over(COP__END_GONE);
            continue;
        }
        if (files[2].revents) return COP__EVENT_KEY;
    }
    return COP__EVENT_END;
}

int cop__terminal_read(char *data, size_t size)
{
    ssize_t n;

    do {
        n = read(STDIN_FILENO, data, size);
    } while (n < 0 && errno == EINTR);
    if (n > 0) return (int)n;
    if (!term.is_terminal) return 0;
    over(COP__END_HUNG_UP);
    return -1;
}

void cop__terminal_send(char kind, const char *text, size_t len)
{
    /* A node that is gone is seen at the next read. */
    (void)cop__wire_write(term.wire.fd, kind, text, len);
}

/* --- Frames ----------------------------------------------------------------------------------- */

static void write_to(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        text += n;
        len -= (size_t)n;
    }
}

static void take_frame(const struct cop__frame *f)
{
    switch (f->kind) {
    case COP__FRAME_OUTPUT:
        if (term.is_terminal)
            cop__edit_print(f->text, f->len);
        else
            write_to(STDOUT_FILENO, f->text, f->len);
        break;
    case COP__FRAME_ERROR: write_to(STDERR_FILENO, f->text, f->len); break;
    case COP__FRAME_PROMPT:
        (void)snprintf(term.prompt, sizeof(term.prompt), "%s", f->text);
        term.is_asked = true;
        break;
    case COP__FRAME_COMPLETE:
        term.is_completed = true;
        cop__edit_completed(f->text);
        break;
    case COP__FRAME_STATUS:
        term.status = (int)strtol(f->text, NULL, 10);
        over(COP__END_STATUS);
        break;
    default: break; /* a later version's */
    }
}

bool cop__terminal_frames(void)
{
    struct cop__frame f;

    while (!term.is_over && !term.is_asked && cop__wire_take(&term.wire, &f))
        take_frame(&f);
    return !term.is_over && !term.is_asked;
}

/* --- Ctrl+C ----------------------------------------------------------------------------------- */

/* The next key, meanwhile showing what comes; 'a' for another Ctrl+C; 0: the end. */
static char wait_for_key(void)
{
    char key = 0;

    for (;;) {
        switch (cop__terminal_wait(true)) {
        case COP__EVENT_KEY: return (char)(cop__terminal_read(&key, 1) == 1 ? key : '\0');
        case COP__EVENT_FRAME: (void)cop__terminal_frames(); break;
        case COP__EVENT_INTERRUPT: return 'a';
        case COP__EVENT_SIZE: break;
        case COP__EVENT_END: return 0;
        }
    }
}

bool cop__terminal_break(void)
{
    static const char question[] = "\nBREAK: (a)bort (i)nterrupt the evaluation (c)ontinue\n";

    cop__edit_print(question, sizeof(question) - 1);
    switch (wait_for_key()) {
    case 'a': (void)over(COP__END_ABORT); break;
    case 'i': cop__terminal_send(COP__FRAME_INTERRUPT, "", 0); break;
    default: break;
    }
    return !term.is_over;
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void send_line(const char *line, size_t len)
{
    char head[24];
    size_t head_len = (size_t)snprintf(head, sizeof(head), "%d ", cop__terminal_width());
    char *text = malloc(head_len + len + 1);

    if (text == NULL) return;
    memcpy(text, head, head_len);
    memcpy(text + head_len, line, len);
    text[head_len + len] = '\n';
    cop__terminal_send(COP__FRAME_LINE, text, head_len + len + 1);
    free(text);
}

/* The terminal has not been hung up. */
static bool is_there(void)
{
    struct termios settings;

    return tcgetattr(STDIN_FILENO, &settings) == 0;
}

static void edit_line(void)
{
    bool at_end = false;
    const char *line = cop__edit_line(term.prompt, &at_end);

    if (line)
        send_line(line, strlen(line));
    else if (!is_there()) /* libedit cannot tell it from a Ctrl+D */
        (void)over(COP__END_HUNG_UP);
    else if (at_end && !term.is_over)
        cop__terminal_send(COP__FRAME_END, "", 0);
}

static void read_more_input(void)
{
    int n;

    if (term.input_cap - term.input_len < 4096) {
        char *larger = realloc(term.input, term.input_cap + 65536);

        if (larger == NULL) {
            term.input_ended = true;
            return;
        }
        term.input = larger;
        term.input_cap += 65536;
    }
    n = cop__terminal_read(term.input + term.input_len, term.input_cap - term.input_len);
    if (n <= 0)
        term.input_ended = true;
    else
        term.input_len += (size_t)n;
}

/* The next line of an input that is no terminal. */
static void pass_line(void)
{
    char *stop = NULL;
    size_t len;

    for (;;) {
        stop = term.input_len ? memchr(term.input, '\n', term.input_len) : NULL;
        if (stop || term.input_ended) break;
        switch (cop__terminal_wait(true)) {
        case COP__EVENT_KEY: read_more_input(); break;
        case COP__EVENT_FRAME: (void)cop__terminal_frames(); break;
        case COP__EVENT_END: return;
        default: break;
        }
    }
    len = stop ? (size_t)(stop - term.input) : term.input_len;
    if (len == 0 && !stop) {
        cop__terminal_send(COP__FRAME_END, "", 0);
        return;
    }
    send_line(term.input, len);
    if (stop) len++;
    term.input_len -= len;
    memmove(term.input, term.input + len, term.input_len);
}

/* --- All -------------------------------------------------------------------------------------- */

static void say_hello(const char *text)
{
    char console[32];
    char *rpc;

    if (text == NULL) {
        (void)snprintf(console, sizeof(console), "%s%d", COP__WIRE_VERSION, cop__terminal_width());
        cop__terminal_send(COP__FRAME_CONSOLE, console, strlen(console));
        return;
    }
    rpc = malloc(strlen(text) + sizeof(COP__WIRE_VERSION));
    if (rpc == NULL) return;
    strcpy(rpc, COP__WIRE_VERSION); /* NOLINT: there is room */
    strcat(rpc, text);              /* NOLINT: there is room */
    cop__terminal_send(COP__FRAME_RPC, rpc, strlen(rpc));
    free(rpc);
}

enum cop__terminal_end cop__terminal_serve(int fd, const char *text, int *ret_status)
{
    term.wire = (struct cop__wire){.fd = fd};
    term.is_over = false;
    term.is_asked = false;
    term.status = 1;
    say_hello(text);
    while (!term.is_over) {
        if (cop__terminal_frames()) {
            if (cop__terminal_wait(false) == COP__EVENT_INTERRUPT) (void)cop__terminal_break();
        } else if (term.is_asked && !term.is_over) {
            term.is_asked = false;
            if (term.is_terminal)
                edit_line();
            else
                pass_line();
        }
    }
    cop__wire_free(&term.wire);
    *ret_status = term.status;
    return term.end;
}
