/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for each other in a circle: call_cycle.h tells how they are found.
 *
 * The table maps the pid of a waiting caller to its call. A process waits in one call at a time, so
 * from each there is one way on, and to look for a circle is to go along it. One mutex; it is taken
 * twice by a call that takes longer than COP__CYCLE_MS, and nothing switches while it is held. */
#include "otp/call_cycle.h"

#include "base/map64.h"
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "otp/stdlib.h"
#include "otp/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    struct cop__map64 calls; /* pid of the caller -> struct cop__long_call */
    int fails;               /* 0: not set, ask the environment; 1: no; 2: yes */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- Whether deadlocks fail ------------------------------------------------------------------- */

/* The caller holds the lock. */
static bool fails(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here changes the environment */
    const char *text = table.fails == 0 ? getenv("COPPICE_DEADLOCKS") : NULL;

    if (table.fails == 0) table.fails = text != NULL && strcmp(text, "fail") == 0 ? 2 : 1;
    return table.fails == 2;
}

bool cop_deadlocks_fail(bool on)
{
    bool was;

    pthread_mutex_lock(&table.lock);
    was = fails();
    table.fails = on ? 2 : 1;
    pthread_mutex_unlock(&table.lock);
    return was;
}

/* --- Circles ---------------------------------------------------------------------------------- */

static struct cop__long_call *call_of(cop_pid caller)
{
    const uint64_t *call = cop__map64_get(&table.calls, caller.id);

    return call == NULL || caller.node != 0 ? NULL : (struct cop__long_call *)(uintptr_t)*call;
}

/* How many calls there are in the circle of call; 0 if it is in none. The way from it may end, come
 * back, or run into a circle of others: then it takes more steps than there are calls. The caller
 * holds the lock; so for the next two. */
static size_t circle_len(const struct cop__long_call *call)
{
    const struct cop__long_call *at = call;

    for (size_t len = 1; at != NULL && len <= cop__map64_len(&table.calls); len++) {
        if (cop_pid_equal(at->server, call->caller)) return len;
        at = call_of(at->server);
    }
    return 0;
}

static bool is_first_of_circle(const struct cop__long_call *call, size_t len)
{
    const struct cop__long_call *at = call;

    while (--len > 0) {
        at = call_of(at->server);
        if (at->caller.id < call->caller.id) return false;
    }
    return true;
}

/* Copies of calls, to be looked at without the lock. */
struct copies {
    struct cop__long_call *calls;
    size_t len;
};

static void copies_fini(struct copies *copies)
{
    free(copies->calls);
}

/* Adds the circle that begins with call. Without memory it is left out. */
static void copy_circle(struct copies *copies, const struct cop__long_call *call, size_t len)
{
    struct cop__long_call *larger;

    if (len == 0) return;
    larger = realloc(copies->calls, (copies->len + len) * sizeof *larger);
    if (larger == NULL) return;
    copies->calls = larger;
    for (; len > 0; len--, call = call_of(call->server))
        copies->calls[copies->len++] = *call;
}

/* --- A call that waits long ------------------------------------------------------------------- */

static cop_term name_of(cop_pid pid)
{
    cop_term name;

    if (cop_match(cop_process_info(pid, COP(":registered_name")), "{:registered_name, name}",
                  name) &&
        cop_is_atom(name))
        return name;
    return cop_pid_term(pid);
}

static void report(const struct copies *circle)
{
    COP__TEXT(text);

    cop__text_add_format(&text,
                         "Calls wait for each other in a circle since %d ms:", COP__CYCLE_MS);
    for (size_t i = 0; i < circle->len; i++) {
        cop__text_add(&text, "\n    ");
        cop__text_add_term(&text, name_of(circle->calls[i].caller));
        cop__text_add(&text, " calls ");
        cop__text_add_term(&text, name_of(circle->calls[i].server));
        cop__text_add(&text, ": ");
        cop__text_add(&text, circle->calls[i].request);
    }
    cop_log(COP_WARNING, "%s", text.data);
}

/* The text of a request, cut between characters. */
static void copy_request(char *to, size_t size, cop_term request)
{
    cop_bytes text = cop_to_bytes(cop_inspect_with(request, (struct cop_inspect_opts){0, 10}));
    size_t len = text.len < size ? text.len : size - 1;

    while (len < text.len && len > 0 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    memcpy(to, text.data, len);
    to[len] = '\0';
}

static cop_term deadlock(const struct copies *circle)
{
    cop_term pids = cop_empty_list();

    for (size_t i = circle->len; i > 0; i--)
        pids = cop_cons(circle->calls[i - 1].caller, pids);
    return cop_tuple(COP(":deadlock"), pids);
}

cop_term cop__long_call_begin(struct cop__long_call *call, cop_pid server, cop_term request)
{
    __attribute__((cleanup(copies_fini))) struct copies circle = {NULL, 0};
    bool must_fail;

    call->caller = cop_self();
    call->server = server;
    call->since_ms = cop_monotonic_ms() - COP__CYCLE_MS;
    copy_request(call->request, sizeof call->request, request);
    pthread_mutex_lock(&table.lock);
    cop__map64_put(&table.calls, call->caller.id, (uint64_t)(uintptr_t)call);
    call->is_entered = true;
    copy_circle(&circle, call, circle_len(call));
    must_fail = fails();
    pthread_mutex_unlock(&table.lock);
    if (circle.len == 0) return cop_none();
    report(&circle);
    return must_fail ? deadlock(&circle) : cop_none();
}

void cop__long_call_end(struct cop__long_call *call)
{
    if (!call->is_entered) return;
    pthread_mutex_lock(&table.lock);
    cop__map64_remove(&table.calls, call->caller.id, NULL);
    pthread_mutex_unlock(&table.lock);
    call->is_entered = false;
}

/* --- Looking ---------------------------------------------------------------------------------- */

static void copy_all_circles(struct copies *copies)
{
    struct cop__map64_entry *entry;

    pthread_mutex_lock(&table.lock);
    COP_MAP_FOR (entry, &table.calls) {
        const struct cop__long_call *call = (struct cop__long_call *)(uintptr_t)entry->value;
        size_t len = circle_len(call);

        if (len > 0 && is_first_of_circle(call, len)) copy_circle(copies, call, len);
    }
    pthread_mutex_unlock(&table.lock);
}

/* Copies of all calls there are. */
static void copy_all(struct copies *copies)
{
    struct cop__map64_entry *entry;

    pthread_mutex_lock(&table.lock);
    copies->calls = calloc(cop__map64_len(&table.calls) + 1, sizeof *copies->calls);
    COP_MAP_FOR (entry, &table.calls) {
        if (copies->calls)
            copies->calls[copies->len++] = *(struct cop__long_call *)(uintptr_t)entry->value;
    }
    pthread_mutex_unlock(&table.lock);
}

cop_term cop_gen_server_long_calls(void)
{
    __attribute__((cleanup(copies_fini))) struct copies copies = {NULL, 0};
    cop_term calls = cop_empty_list();
    int64_t now = cop_monotonic_ms();

    copy_all(&copies);
    for (size_t i = 0; i < copies.len; i++) {
        const struct cop__long_call *call = &copies.calls[i];

        calls = cop_cons(cop_tuple(call->caller, call->server, call->request, now - call->since_ms),
                         calls);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): copies_fini frees it */
    return cop__sort_list(calls, cop__precedes, NULL);
}

cop_term cop_gen_server_call_cycles(void)
{
    __attribute__((cleanup(copies_fini))) struct copies copies = {NULL, 0};
    cop_term circles = cop_empty_list(), calls = cop_empty_list();

    copy_all_circles(&copies);
    for (size_t i = 0; i < copies.len; i++) {
        const struct cop__long_call *call = &copies.calls[i];
        bool is_last =
            i + 1 == copies.len || !cop_pid_equal(call->server, copies.calls[i + 1].caller);

        calls = cop_cons(cop_tuple(call->caller, call->server, call->request), calls);
        if (!is_last) continue;
        circles = cop_cons(cop_list_reverse(calls), circles);
        calls = cop_empty_list();
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): copies_fini frees it */
    return cop__sort_list(circles, cop__precedes, NULL);
}
