/* SPDX-License-Identifier: Apache-2.0 */
/* The log: texts are queued and written by a thread of its own, so that no scheduler waits for a
 * terminal (LOG-25). While no node runs they are written at once. */
#include "runtime/log.h"
#include "base/alloc.h"
#include "coppice/node.h"
#include "sys/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct entry {
    struct entry *next;
    enum cop_level level;
    size_t len;
    char text[];
};

static struct {
    pthread_mutex_t lock;
    struct entry *first; /* under the lock, as the rest */
    struct entry **last;
    uint64_t queued;
    uint64_t written;
    pthread_cond_t more;
    pthread_cond_t done;
    bool runs;
    pthread_t thread;
    cop_log_fn fn;
    void *arg;
    enum cop_level min;
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER,
             .more = PTHREAD_COND_INITIALIZER,
             .done = PTHREAD_COND_INITIALIZER,
             .min = COP_INFO};

static void write_to_stderr(enum cop_level level, const char *text, size_t len)
{
    static const char *const names[] = {"debug", "info", "notice", "warning", "error"};
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    fprintf(stderr, "\n%02d:%02d:%02d.%03ld [%s] %.*s\n", tm.tm_hour, tm.tm_min, tm.tm_sec,
            now.tv_nsec / 1000000, names[level], (int)len, text);
    fflush(stderr);
}

/* The lock is held, and given up while the text is written. */
static void write_entry(const struct entry *e)
{
    cop_log_fn fn = the_log.fn;
    void *arg = the_log.arg;
    pthread_mutex_unlock(&the_log.lock);
    if (fn != NULL)
        fn(e->level, e->text, e->len, arg);
    else
        write_to_stderr(e->level, e->text, e->len);
    pthread_mutex_lock(&the_log.lock);
}

static void *log_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&the_log.lock);
    for (;;) {
        struct entry *e = the_log.first;
        if (e != NULL) {
            the_log.first = e->next;
            if (the_log.first == NULL) the_log.last = &the_log.first;
            write_entry(e);
            cop__free(e, sizeof(*e) + e->len + 1);
            the_log.written++;
            pthread_cond_broadcast(&the_log.done);
        } else if (the_log.runs) {
            pthread_cond_wait(&the_log.more, &the_log.lock);
        } else {
            break;
        }
    }
    pthread_mutex_unlock(&the_log.lock);
    cop__alloc_thread_exit();
    return NULL;
}

void cop_log(enum cop_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return;
    struct entry *e = cop__alloc(sizeof(*e) + (size_t)len + 1);
    va_start(args, format);
    vsnprintf(e->text, (size_t)len + 1, format, args);
    va_end(args);
    e->next = NULL;
    e->level = level;
    e->len = (size_t)len;

    pthread_mutex_lock(&the_log.lock);
    bool is_wanted = level >= the_log.min;
    bool is_queued = is_wanted && the_log.runs;
    if (is_queued) {
        *the_log.last = e;
        the_log.last = &e->next;
        the_log.queued++;
        pthread_cond_signal(&the_log.more);
    } else if (is_wanted) {
        write_entry(e);
    }
    pthread_mutex_unlock(&the_log.lock);
    if (!is_queued) cop__free(e, sizeof(*e) + e->len + 1);
}

void cop_log_to(cop_log_fn fn, void *arg, enum cop_level min)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.fn = fn;
    the_log.arg = arg;
    the_log.min = min;
    pthread_mutex_unlock(&the_log.lock);
}

static void flush(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&the_log.lock);
    uint64_t all = the_log.queued;
    while (the_log.runs && the_log.written < all)
        pthread_cond_wait(&the_log.done, &the_log.lock);
    pthread_mutex_unlock(&the_log.lock);
}

void cop_log_flush(void)
{
    if (cop_is_no_pid(cop_self()))
        flush(NULL);
    else
        cop_blocking(flush, NULL);
}

void cop__log_start(void)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.last = &the_log.first;
    the_log.runs = true;
    if (cop__os_thread_start(&the_log.thread, log_main, NULL, "coppice-log") != 0)
        the_log.runs = false;
    pthread_mutex_unlock(&the_log.lock);
}

void cop__log_stop(void)
{
    pthread_mutex_lock(&the_log.lock);
    bool did_run = the_log.runs;
    the_log.runs = false;
    pthread_cond_signal(&the_log.more);
    pthread_mutex_unlock(&the_log.lock);
    if (did_run) pthread_join(the_log.thread, NULL);
}
