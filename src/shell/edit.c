/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lines: libedit on a terminal, getline elsewhere, on a thread that is no process.
 *
 * The console asks for one line at a time; in between the thread sleeps, so that the terminal
 * belongs to what is printed. It is never ended from outside: at the end of the node it may still
 * wait for a key, and goes with the program. */
#include "coppice/node.h"
#include "shell/console.h"

#include <editline/readline.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define HISTORY_LINES 1000

static struct {
    pthread_mutex_t lock; /* never held across a switch; the thread holds it while it sends */
    pthread_cond_t asked;
    bool is_asked;
    bool is_stopped; /* the node goes: nothing may be sent any more */
    bool is_reading; /* a prompt stands on the terminal */
    cop_pid to;
    char prompt[64];
    bool is_terminal;
    struct termios found; /* how the terminal was at the start */
    bool has_found;
} reader = {.lock = PTHREAD_MUTEX_INITIALIZER, .asked = PTHREAD_COND_INITIALIZER};

bool cop__reader_is_terminal(void)
{
    return reader.is_terminal;
}

int cop__reader_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void cop__reader_ask(cop_pid to, const char *prompt)
{
    pthread_mutex_lock(&reader.lock);
    reader.is_asked = true;
    reader.to = to;
    (void)snprintf(reader.prompt, sizeof(reader.prompt), "%s", prompt);
    pthread_cond_signal(&reader.asked);
    pthread_mutex_unlock(&reader.lock);
}

/* --- The thread ------------------------------------------------------------------------------- */

/* Waits until a line is wanted. */
static cop_pid wait_for_ask(char prompt[64])
{
    cop_pid to;

    pthread_mutex_lock(&reader.lock);
    while (!reader.is_asked)
        pthread_cond_wait(&reader.asked, &reader.lock);
    reader.is_asked = false;
    to = reader.to;
    memcpy(prompt, reader.prompt, sizeof(reader.prompt));
    pthread_mutex_unlock(&reader.lock);
    return to;
}

/* Called by readline before the prompt is seen: sets the terminal up for editing, so that no key
 * is taken as in a plain line. When the node goes, the terminal stays as it is, and the thread
 * here. */
static int prepare_terminal(void)
{
    pthread_mutex_lock(&reader.lock);
    while (reader.is_stopped)
        pthread_cond_wait(&reader.asked, &reader.lock);
    rl_prep_terminal(0);
    reader.is_reading = true;
    pthread_mutex_unlock(&reader.lock);
    return 0;
}

/* One line without its end, in memory that the caller frees; NULL at the end of the input. */
static char *read_line(const char *prompt)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    if (reader.is_terminal) {
        line = readline(prompt);
        pthread_mutex_lock(&reader.lock);
        reader.is_reading = false;
        pthread_mutex_unlock(&reader.lock);
        if (line && line[0] != '\0') add_history(line);
        return line;
    }
    len = getline(&line, &cap, stdin);
    if (len < 0) {
        free(line);
        return NULL;
    }
    if (len > 0 && line[len - 1] == '\n') line[len - 1] = '\0';
    return line;
}

/* Sends the line, or the news that there is none, unless the node is about to stop. */
static void tell(cop_pid to, const char *line)
{
    cop_region *region = cop_region_open();

    pthread_mutex_lock(&reader.lock);
    if (!reader.is_stopped) {
        if (line)
            cop_send(to, cop_tuple(COP(":line"), cop_format("%s\n", line)));
        else
            cop_send(to, COP(":eof"));
    }
    pthread_mutex_unlock(&reader.lock);
    cop_region_close(region);
}

static void *read_lines(void *arg)
{
    char prompt[64];
    char *line;

    (void)arg;
    if (reader.is_terminal) {
        rl_catch_signals = 0; /* it would send them on to the whole group of processes */
        rl_pre_input_hook = prepare_terminal;
        using_history();
        stifle_history(HISTORY_LINES);
        cop__complete_init();
    }
    do {
        cop_pid to = wait_for_ask(prompt);

        line = read_line(prompt);
        tell(to, line);
        free(line);
    } while (line);
    return NULL;
}

/* Ctrl+C: an end in order, which leaves the terminal as it was. */
static void on_interrupt(int number)
{
    cop_system_stop(128 + number);
}

bool cop__reader_start(void)
{
    pthread_t thread;
    struct sigaction interrupt = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigset_t all;
    sigset_t old;
    int error;

    reader.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    reader.has_found = reader.is_terminal && tcgetattr(STDIN_FILENO, &reader.found) == 0;
    if (reader.is_terminal) sigaction(SIGINT, &interrupt, NULL);
    /* Signals are for the thread that waits for the end of the node. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, NULL, read_lines, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0) return false;
    pthread_detach(thread);
    return true;
}

void cop__reader_stop(void)
{
    pthread_mutex_lock(&reader.lock);
    reader.is_stopped = true;
    if (reader.has_found) (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &reader.found);
    if (reader.is_reading && write(STDOUT_FILENO, "\n", 1) < 0) reader.is_reading = false;
    pthread_mutex_unlock(&reader.lock);
}
