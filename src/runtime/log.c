/* SPDX-License-Identifier: Apache-2.0 */
/* The log, first half: events are made, cut to size and queued; a thread of its own takes them from
 * the queue and calls the handlers (log_handlers.c), so that no scheduler waits for a terminal
 * (LOG-25). While no node runs they are handled at once.
 *
 * The queue is bounded in events and in bytes. What does not fit is dropped and counted; when half
 * of the queue is free again an event of its own tells how many. */
#include "runtime/log.h"
#include "base/alloc.h"
#include "runtime/proc.h"
#include "sys/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EVENTS_MAX   8192
#define BYTES_MAX    ((size_t)16 << 20)
#define TRUNCATED    " (truncated)"
#define TRUNCATE_MIN 64

static struct {
    pthread_mutex_t lock;
    struct cop__logged *first; /* under the lock, as the rest */
    struct cop__logged **last;
    uint32_t count;
    size_t bytes;
    uint64_t queued;
    uint64_t handled;
    uint64_t untold; /* dropped, and not yet told of */
    pthread_cond_t more;
    pthread_cond_t done;
    bool runs;
    pthread_t thread;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .more = PTHREAD_COND_INITIALIZER,
           .done = PTHREAD_COND_INITIALIZER};

/* Settings and counts of the whole program: nothing hangs on their order. */
static _Atomic int level_wanted = COP_DEBUG_LEVEL;
static _Atomic int form = COP_FORM_ELIXIR;
static _Atomic size_t truncate_at = 8192;
static _Atomic uint64_t dropped;
static _Atomic bool is_ending = true;

/* --- Settings --------------------------------------------------------------------------------- */

enum cop_level cop_logger_level(void)
{
    return (enum cop_level)atomic_load_explicit(&level_wanted, memory_order_relaxed);
}

void cop_logger_set_level(enum cop_level level)
{
    atomic_store_explicit(&level_wanted, level, memory_order_relaxed);
}

enum cop_log_form cop_logger_form(void)
{
    return (enum cop_log_form)atomic_load_explicit(&form, memory_order_relaxed);
}

void cop_logger_set_form(enum cop_log_form new_form)
{
    atomic_store_explicit(&form, new_form, memory_order_relaxed);
}

bool cop_logger_enabled(enum cop_level level)
{
    return level >= cop_logger_level();
}

size_t cop_logger_truncate(size_t size)
{
    return atomic_exchange_explicit(&truncate_at, size < TRUNCATE_MIN ? TRUNCATE_MIN : size,
                                    memory_order_relaxed);
}

uint64_t cop_logger_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}

void cop__log_drop(uint64_t count)
{
    atomic_fetch_add_explicit(&dropped, count, memory_order_relaxed);
}

bool cop__log_is_ending(void)
{
    return atomic_load_explicit(&is_ending, memory_order_relaxed);
}

/* --- Events ----------------------------------------------------------------------------------- */

/* An event with room for a text of len bytes, or for what is left of it after a cut. */
static struct cop__logged *event_new(enum cop_level level, size_t len)
{
    size_t max = atomic_load_explicit(&truncate_at, memory_order_relaxed);
    size_t kept = len <= max ? len : max;
    size_t size = sizeof(struct cop__logged) + kept + sizeof(TRUNCATED);
    struct cop__logged *e = cop__alloc(size);
    struct cop__proc *p = cop__current();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *e = (struct cop__logged){.level = level,
                              .time_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
                              .pid = p != NULL ? cop__proc_id(p) : 0,
                              .size = size,
                              .len = kept};
    return e;
}

/* The text, of len bytes, is in place; of one that is too long, a byte more than fits: if that goes
 * on with a character, the character is left out. */
static void event_cut(struct cop__logged *e, size_t len)
{
    if (e->len == len) return;
    while (e->len > 0 && ((unsigned char)e->text[e->len] & 0xc0) == 0x80)
        e->len--;
    memcpy(e->text + e->len, TRUNCATED, sizeof(TRUNCATED));
    e->len += sizeof(TRUNCATED) - 1;
}

static void event_free(struct cop__logged *e)
{
    if (e->block != NULL) cop__block_free(e->block);
    cop__free(e, e->size);
}

static void handle(struct cop__logged *e)
{
    cop__log_handle(e);
    event_free(e);
}

static void submit(struct cop__logged *e)
{
    pthread_mutex_lock(&queue.lock);
    bool runs = queue.runs;
    bool fits = queue.count < EVENTS_MAX && queue.bytes + e->size <= BYTES_MAX;
    if (runs && fits) {
        *queue.last = e;
        queue.last = &e->next;
        queue.count++;
        queue.bytes += e->size;
        queue.queued++;
        pthread_cond_signal(&queue.more);
    } else if (runs) {
        queue.untold++;
        cop__log_drop(1);
    }
    pthread_mutex_unlock(&queue.lock);
    if (!runs)
        handle(e);
    else if (!fits)
        event_free(e);
}

static COP_PRINTF(2, 0) struct cop__logged *vformat(enum cop_level level, const char *format,
                                                    va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    struct cop__logged *e = event_new(level, len < 0 ? 0 : (size_t)len);
    vsnprintf(e->text, e->len + 2, format, again);
    va_end(again);
    event_cut(e, len < 0 ? 0 : (size_t)len);
    return e;
}

void cop_log(enum cop_level level, const char *format, ...)
{
    if (!cop_logger_enabled(level)) return;
    va_list args;
    va_start(args, format);
    struct cop__logged *e = vformat(level, format, args);
    va_end(args);
    submit(e);
}

void cop_logger_put(enum cop_level level, cop_bytes text, cop_term metadata)
{
    if (!cop_logger_enabled(level)) return;
    struct cop__logged *e = event_new(level, text.len);
    if (text.len > 0) memcpy(e->text, text.data, text.len > e->len ? e->len + 1 : e->len);
    event_cut(e, text.len);
    if (!cop_is_none(metadata)) e->block = cop__pack(metadata, 0);
    submit(e);
}

/* --- The thread ------------------------------------------------------------------------------- */

static COP_PRINTF(2, 3) void handle_own(enum cop_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct cop__logged *e = vformat(level, format, args);
    va_end(args);
    handle(e);
}

/* The lock is held, and given up meanwhile. */
static void tell_of_dropped(void)
{
    uint64_t count = queue.untold;
    queue.untold = 0;
    pthread_mutex_unlock(&queue.lock);
    handle_own(COP_WARNING, "%llu log events were dropped: more came than the handlers took",
               (unsigned long long)count);
    pthread_mutex_lock(&queue.lock);
}

static void *log_main(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&queue.lock);
    while (queue.first != NULL || queue.untold > 0 || queue.runs) {
        struct cop__logged *e = queue.first;
        if (queue.untold > 0 && (e == NULL || queue.count < EVENTS_MAX / 2)) {
            tell_of_dropped();
        } else if (e != NULL) {
            queue.first = e->next;
            if (queue.first == NULL) queue.last = &queue.first;
            queue.count--;
            queue.bytes -= e->size;
            pthread_mutex_unlock(&queue.lock);
            handle(e);
            pthread_mutex_lock(&queue.lock);
            queue.handled++;
            pthread_cond_broadcast(&queue.done);
        } else {
            pthread_cond_wait(&queue.more, &queue.lock);
        }
    }
    pthread_mutex_unlock(&queue.lock);
    cop__alloc_thread_exit();
    return NULL;
}

static void flush(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&queue.lock);
    uint64_t all = queue.queued;
    while (queue.runs && queue.handled < all)
        pthread_cond_wait(&queue.done, &queue.lock);
    pthread_mutex_unlock(&queue.lock);
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
    pthread_mutex_lock(&queue.lock);
    queue.last = &queue.first;
    queue.runs = true;
    if (cop__os_thread_start(&queue.thread, log_main, NULL, "coppice-log") != 0) queue.runs = false;
    atomic_store_explicit(&is_ending, !queue.runs, memory_order_relaxed);
    pthread_mutex_unlock(&queue.lock);
}

void cop__log_stop(void)
{
    pthread_mutex_lock(&queue.lock);
    bool did_run = queue.runs;
    queue.runs = false;
    atomic_store_explicit(&is_ending, true, memory_order_relaxed);
    pthread_cond_signal(&queue.more);
    pthread_mutex_unlock(&queue.lock);
    if (did_run) pthread_join(queue.thread, NULL);
}
