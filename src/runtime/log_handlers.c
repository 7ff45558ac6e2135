/* SPDX-License-Identifier: Apache-2.0 */
/* The log, second half: who gets an event. A handler is a function, a process, or the default one,
 * which prints (LOG-02). */
#include "base/alloc.h"
#include "runtime/log.h"
#include "runtime/proc.h"
#include "term/heap.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HANDLERS_MAX   16
#define KEYS_MAX       16
/* A process with so many messages is not given more. */
#define MAILBOX_MAX    1000
/* How long is waited for a screen that takes nothing, when the node stops. */
#define SCREEN_WAIT_MS 1000
#define SCREEN_TICK_MS 20
#define SCREEN_CHUNK   4096 /* so much goes into a pipe that is ready without waiting */

struct handler {
    cop_term id; /* none: a free place */
    enum cop_level level;
    cop_log_handler_fn fn; /* NULL: process */
    void *arg;
    cop_term process; /* a pid or a name; words without a box */
    int busy;         /* calls that are under way */
    bool is_going;    /* by cop_logger_remove_handler(), which waits until it is not busy */
};

static struct {
    pthread_mutex_t lock;
    bool is_ready;                    /* under the lock, as the rest */
    struct handler all[HANDLERS_MAX]; /* the first is the default one at first */
    pthread_cond_t idle;              /* a handler is not busy any more */
    cop_log_fn fn;                    /* of the default handler; NULL: it prints */
    void *arg;
    cop_log_screen_fn screen; /* NULL: to standard error */
    void *screen_arg;
    cop_term keys[KEYS_MAX]; /* whose values are printed */
    int key_count;
} handlers = {.lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};

static void handle_default(const struct cop_log_event *event, void *arg);

static void lock(void)
{
    pthread_mutex_lock(&handlers.lock);
    if (handlers.is_ready) return;
    handlers.is_ready = true;
    handlers.all[0] = (struct handler){.id = cop_atom("default"), .fn = handle_default};
}

static void unlock(void)
{
    pthread_mutex_unlock(&handlers.lock);
}

/* --- Levels ----------------------------------------------------------------------------------- */

static const char *const level_names[] = {"debug",    "info",  "notice",    "warning", "error",
                                          "critical", "alert", "emergency", "none"};

cop_term cop_level_name(enum cop_level level)
{
    return cop_atom(level_names[level]);
}

bool cop_level_from(cop_term name, enum cop_level *ret_level)
{
    for (int i = 0; i <= COP_LOG_OFF; i++) {
        if (cop_identical(name, cop_atom(level_names[i]))) {
            *ret_level = (enum cop_level)i;
            return true;
        }
    }
    return false;
}

/* --- The default handler ---------------------------------------------------------------------- */

/* Waits for a screen that does not take what it is given; at the node's end only once, and not for
 * long. */
static void print(const char *text, size_t len)
{
    static _Atomic bool is_stuck;
    struct pollfd screen = {.fd = STDERR_FILENO, .events = POLLOUT};
    int waited = 0;
    while (len > 0) {
        size_t chunk = len < SCREEN_CHUNK ? len : SCREEN_CHUNK;
        if (poll(&screen, 1, SCREEN_TICK_MS) <= 0) {
            waited += SCREEN_TICK_MS;
            if (cop__log_is_ending() && (is_stuck || waited >= SCREEN_WAIT_MS)) {
                is_stuck = true;
                return;
            }
            continue;
        }
        is_stuck = false;
        ssize_t done = write(STDERR_FILENO, text, chunk);
        if (done < 0 && errno != EINTR && errno != EAGAIN) return;
        if (done > 0) {
            text += done;
            len -= (size_t)done;
        }
    }
}

/* A value of metadata as Elixir's formatter has it: strings and atoms bare, other terms shown. */
static cop_term shown(cop_term value)
{
    if (cop_is_binary(value)) return value;
    if (cop_is_atom(value)) {
        cop_bytes text = cop_atom_text(value);
        size_t prefix = text.len > 7 && memcmp(text.data, "Elixir.", 7) == 0 ? 7 : 0;
        return cop_binary(text.data + prefix, text.len - prefix);
    }
    return cop_inspect_with(value, (struct cop_inspect_opts){0, 50});
}

/* "key=value " for each wanted key that is there. */
static cop_term shown_metadata(cop_term metadata, const cop_term *keys, int count)
{
    cop_term all = cop_string("");
    for (int i = 0; i < count; i++) {
        cop_term value = cop_map_get(metadata, keys[i], cop_nil());
        if (value.word == cop_nil().word) continue;
        cop_bytes before = cop_to_bytes(all), name = cop_atom_text(keys[i]);
        cop_bytes text = cop_to_bytes(shown(value));
        all = cop_format("%.*s%.*s=%.*s ", (int)before.len, before.data, (int)name.len, name.data,
                         (int)text.len, text.data);
    }
    return all;
}

static struct tm local_time(const struct cop_log_event *event)
{
    time_t seconds = (time_t)(event->time_us / 1000000);
    struct tm tm;
    localtime_r(&seconds, &tm);
    return tm;
}

/* LOG-02 */
static int format_elixir(char *line, size_t size, const struct cop_log_event *event,
                         cop_bytes extra)
{
    struct tm tm = local_time(event);
    return snprintf(line, size, "\n%02d:%02d:%02d.%03d %.*s[%s] %.*s\n", tm.tm_hour, tm.tm_min,
                    tm.tm_sec, (int)(event->time_us / 1000 % 1000), (int)extra.len, extra.data,
                    level_names[event->level], (int)event->text.len, event->text.data);
}

/* Writes text on one line, at most twice as long: a line's end, with the spaces around it, becomes
 * a comma, or a space after what ends in a colon; those at the end go. Returns the length. */
static size_t one_line(char *to, cop_bytes text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\n') {
            to[len++] = text.data[i];
            continue;
        }
        while (len > 0 && (to[len - 1] == ' ' || to[len - 1] == ','))
            len--;
        while (i + 1 < text.len && (text.data[i + 1] == ' ' || text.data[i + 1] == '\n'))
            i++;
        if (i + 1 == text.len) break;
        if (len > 0 && to[len - 1] != ':') to[len++] = ',';
        to[len++] = ' ';
    }
    return len;
}

/* LOG-03; the title of an event that is no report is made of its level (LOG-04). */
static int format_erlang(char *line, size_t size, const struct cop_log_event *event)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm = local_time(event);
    cop_term report = cop_map_get(event->metadata, cop_atom("report"), cop_nil());
    char title[32];
    if (cop_is_binary(report)) {
        cop_bytes text = cop_to_bytes(report);
        snprintf(title, sizeof(title), "%.*s", (int)text.len, text.data);
    } else {
        snprintf(title, sizeof(title), "%s REPORT", level_names[event->level]);
        for (char *c = title; *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    }
    int len = snprintf(line, size, "=%s==== %02d-%s-%04d::%02d:%02d:%02d.%06d ===\n", title,
                       tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                       tm.tm_sec, (int)(event->time_us % 1000000));
    if (cop_logger_form() == COP_FORM_ERLANG_LINE) {
        len += (int)one_line(line + len, event->text);
    } else {
        memcpy(line + len, event->text.data, event->text.len);
        len += (int)event->text.len;
    }
    line[len++] = '\n';
    return len;
}

static void handle_default(const struct cop_log_event *event, void *arg)
{
    (void)arg;
    cop_term keys[KEYS_MAX];
    lock();
    cop_log_fn fn = handlers.fn;
    void *fn_arg = handlers.arg;
    cop_log_screen_fn screen = handlers.screen;
    void *screen_arg = handlers.screen_arg;
    int key_count = handlers.key_count;
    memcpy(keys, handlers.keys, sizeof(keys));
    unlock();
    if (fn != NULL) {
        fn(event->level, event->text.data, event->text.len, fn_arg);
        return;
    }
    cop_bytes extra = cop_to_bytes(shown_metadata(event->metadata, keys, key_count));
    /* times, level, title; twice the text at most: see one_line() */
    size_t size = 2 * event->text.len + extra.len + 100;
    char *line = cop__alloc(size);
    int len = cop_logger_form() != COP_FORM_ELIXIR ? format_erlang(line, size, event)
                                                   : format_elixir(line, size, event, extra);
    if (screen != NULL)
        screen(line, (size_t)len, screen_arg);
    else
        print(line, (size_t)len);
    cop__free(line, size);
}

void cop_log_to(cop_log_fn fn, void *arg, enum cop_level min)
{
    lock();
    handlers.fn = fn;
    handlers.arg = arg;
    handlers.all[0].level = min;
    unlock();
}

void cop_log_screen(cop_log_screen_fn fn, void *arg)
{
    lock();
    handlers.screen = fn;
    handlers.screen_arg = arg;
    unlock();
}

void cop_logger_configure_default(enum cop_level level, cop_term keys)
{
    lock();
    handlers.all[0].level = level;
    handlers.key_count = 0;
    for (; cop_is_list(keys) && !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        if (cop_is_atom(cop_head(keys)) && handlers.key_count < KEYS_MAX)
            handlers.keys[handlers.key_count++] = cop_head(keys);
    }
    unlock();
}

/* --- The table -------------------------------------------------------------------------------- */

/* The lock is held. NULL if there is none. */
static struct handler *find(cop_term id)
{
    for (int i = 0; i < HANDLERS_MAX; i++) {
        if (handlers.all[i].id.word == id.word) return &handlers.all[i];
    }
    return NULL;
}

static bool add(struct handler handler)
{
    if (!cop_is_atom(handler.id)) cop_error(cop_atom("badarg"));
    lock();
    struct handler *place = find(handler.id) == NULL ? find(cop_none()) : NULL;
    if (place != NULL) *place = handler;
    unlock();
    return place != NULL;
}

bool cop_logger_add_handler(cop_term id, enum cop_level level, cop_log_handler_fn fn, void *arg)
{
    return add((struct handler){.id = id, .level = level, .fn = fn, .arg = arg});
}

bool cop_logger_add_process(cop_term id, enum cop_level level, cop_term process)
{
    bool is_local = cop_is_pid(process) && cop_to_pid(process).node == 0;
    if (!is_local && !cop_is_atom(process)) cop_error(cop_atom("badarg"));
    return add((struct handler){.id = id, .level = level, .process = process});
}

struct removal {
    cop_term id;
    bool is_done;
};

static void remove_handler(void *arg)
{
    struct removal *r = arg;
    lock();
    struct handler *h = find(r->id);
    if (h != NULL && !h->is_going) {
        h->is_going = r->is_done = true;
        while (h->busy > 0)
            pthread_cond_wait(&handlers.idle, &handlers.lock);
        *h = (struct handler){.id = cop_none()};
    }
    unlock();
}

bool cop_logger_remove_handler(cop_term id)
{
    struct removal r = {.id = id};
    if (!cop_is_atom(id)) return false;
    if (cop_is_no_pid(cop_self()))
        remove_handler(&r);
    else
        cop_blocking(remove_handler, &r);
    return r.is_done;
}

cop_term cop_logger_handlers(void)
{
    cop_term ids[HANDLERS_MAX];
    size_t count = 0;
    lock();
    for (int i = 0; i < HANDLERS_MAX; i++) {
        if (!cop_is_none(handlers.all[i].id)) ids[count++] = handlers.all[i].id;
    }
    unlock();
    return cop_list_from(ids, count);
}

/* --- Handling --------------------------------------------------------------------------------- */

/* False: the process is gone for ever. */
static bool send_to(cop_term process, const struct cop_log_event *event)
{
    cop_pid pid = cop_is_pid(process) ? cop_to_pid(process) : cop_whereis(process);
    const struct cop__proc *p = cop_is_no_pid(pid) ? NULL : cop__proc_lookup(pid.id);
    if (p == NULL || !cop_is_alive(pid)) return !cop_is_pid(process);
    if (atomic_load_explicit(&p->mailbox_len, memory_order_relaxed) > MAILBOX_MAX) {
        cop__log_drop(1);
        return true;
    }
    cop_send_nosuspend(pid,
                       cop_tuple(cop_atom("log"), cop_level_name(event->level),
                                 cop_binary(event->text.data, event->text.len), event->metadata));
    return true;
}

/* Takes the i-th handler for an event of that level. */
static bool take(int i, enum cop_level level, struct handler *ret)
{
    struct handler *h = &handlers.all[i];
    lock();
    bool is_wanted = !cop_is_none(h->id) && !h->is_going && level >= h->level;
    if (is_wanted) {
        h->busy++;
        *ret = *h;
    }
    unlock();
    return is_wanted;
}

static void give_back(int i, bool is_gone)
{
    struct handler *h = &handlers.all[i];
    lock();
    h->busy--;
    if (is_gone && h->busy == 0 && !h->is_going) h->id = cop_none();
    pthread_cond_broadcast(&handlers.idle);
    unlock();
}

static cop_term metadata_of(struct cop__logged *e)
{
    cop_term map = cop_map_new();
    if (e->block != NULL) map = cop__heap_adopt(cop__heap_current(), e->block);
    e->block = NULL;
    if (e->pid != 0) map = cop_map_put(map, cop_atom("pid"), cop__pid_word(e->pid));
    return cop_map_put(map, cop_atom("time"), e->time_us);
}

void cop__log_handle(struct cop__logged *e)
{
    cop_region *region = cop_region_open();
    struct cop_log_event event = {.level = e->level,
                                  .text = {e->text, e->len},
                                  .time_us = e->time_us,
                                  .metadata = metadata_of(e)};
    for (int i = 0; i < HANDLERS_MAX; i++) {
        struct handler h;
        bool is_gone = false;
        if (!take(i, e->level, &h)) continue;
        if (h.fn != NULL)
            h.fn(&event, h.arg);
        else
            is_gone = !send_to(h.process, &event);
        give_back(i, is_gone);
    }
    cop_region_close(region);
}
