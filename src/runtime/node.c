/* SPDX-License-Identifier: Apache-2.0 */
/* The node's start and end, and the way in for threads that are no processes. */
#include "coppice/node.h"

#include "runtime/ets.h"
#include "runtime/introspect.h"
#include "runtime/log.h"
#include "runtime/mailbox_limit.h"
#include "runtime/name.h"
#include "runtime/os_signal.h"
#include "runtime/port.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/seat.h"
#include "runtime/sim.h"
#include "runtime/stack.h"
#include "runtime/timer.h"
#include "runtime/watchdog.h"
#include "term/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEATS_MAX         1024
#define PROCESSES_DEFAULT 8388608
#define SPARES_DEFAULT    64
#define AT_STOP_MAX       16
/* How long the end of a node waits for processes that were killed. */
#define KILL_MS           5000

struct cop__node cop__node;
_Atomic uint32_t cop__node_epoch;

static struct {
    pthread_mutex_t lock; /* of the two functions below and of at_stop */
    cop_start_fn at_stop[AT_STOP_MAX];
    int at_stop_len;
} ends = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *cop_version(void)
{
    return "0.1.0";
}

/* --- Options ---------------------------------------------------------------------------------- */

/* A number from the environment; fallback if it is not set. False: it is no number in the range. */
static bool number_from_env(const char *name, int64_t min, int64_t max, int64_t *value)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets variables */
    const char *text = getenv(name);
    if (*value != 0 || text == NULL || *text == 0) return true;
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno != 0 || *end != 0 || n < min || n > max) {
        cop_log(COP_ERROR, "%s is \"%s\", but should be a number from %lld to %lld", name, text,
                (long long)min, (long long)max);
        return false;
    }
    *value = n;
    return true;
}

struct settings {
    int64_t schedulers;
    int64_t seed;
    int64_t processes_max;
    int64_t spares_max;
};

static bool settings_read(const struct cop_node_opts *opts, struct settings *s)
{
    if (opts->size != 0 && opts->size < sizeof(*opts)) return false;
    s->schedulers = opts->schedulers;
    s->seed = opts->seed;
    s->processes_max = opts->processes_max;
    s->spares_max = opts->spares_max;
    if (!number_from_env("COPPICE_SCHEDULERS", 1, SEATS_MAX, &s->schedulers) ||
        !number_from_env("COPPICE_SEED", INT64_MIN, INT64_MAX, &s->seed) ||
        !number_from_env("COPPICE_PROCESSES_MAX", 16, COP__SLOT_MASK - 1, &s->processes_max))
        return false;
    if (s->schedulers == 0) s->schedulers = cop__os_cores();
    if (s->seed != 0) s->schedulers = 1;
    if (s->processes_max == 0) s->processes_max = PROCESSES_DEFAULT;
    if (s->spares_max == 0) s->spares_max = SPARES_DEFAULT;
    return s->schedulers >= 1 && s->schedulers <= SEATS_MAX && s->processes_max >= 16 &&
           s->processes_max < (int64_t)COP__SLOT_MASK && s->spares_max >= 0;
}

/* --- The end that somebody asked for ---------------------------------------------------------- */

void cop_system_stop(int status)
{
    int64_t expected = -1;
    /* Safe in a signal handler: an atomic and a futex. The first status stands. */
    if (atomic_compare_exchange_strong_explicit(&cop__node.stop_status, &expected, status & 0xff,
                                                memory_order_release, memory_order_relaxed))
        cop__os_unpark(&cop__node.stop_parker);
}

int cop_node_wait(void)
{
    int64_t status;
    if (cop__sim_wait_begin()) cop__sim_thaw(); /* for as long as the node lives */
    /* Acquire: pairs with the release in cop_system_stop(). */
    while ((status = atomic_load_explicit(&cop__node.stop_status, memory_order_acquire)) < 0) {
#if COP_TSAN
        /* It keeps a signal back until the thread calls a function that it knows. */
        cop__os_park(&cop__node.stop_parker, cop__os_now_ns() + 20 * INT64_C(1000000));
        pthread_mutex_lock(&ends.lock);
        pthread_mutex_unlock(&ends.lock);
#else
        cop__os_park(&cop__node.stop_parker, -1);
#endif
    }
    return (int)status;
}

void cop_node_at_stop(cop_start_fn fn)
{
    pthread_mutex_lock(&ends.lock);
    bool is_known = false;
    for (int i = 0; i < ends.at_stop_len; i++)
        is_known |= ends.at_stop[i] == fn;
    COP_CHECK(is_known || ends.at_stop_len < AT_STOP_MAX, "too many cop_node_at_stop");
    if (!is_known) ends.at_stop[ends.at_stop_len++] = fn;
    pthread_mutex_unlock(&ends.lock);
}

int cop_schedulers(void)
{
    return cop__node.seat_count;
}

/* --- Start ------------------------------------------------------------------------------------ */

static void node_init(const struct settings *s)
{
    struct cop__node *n = &cop__node;
    memset(n, 0, sizeof(*n));
    n->seat_count = (int)s->schedulers;
    n->spares_max = (int)s->spares_max;
    n->seats = cop__alloc_zeroed((size_t)n->seat_count * sizeof(*n->seats));
    for (int i = 0; i < n->seat_count; i++)
        n->seats[i].number = i;
    pthread_mutex_init(&n->lock, NULL);
    pthread_mutex_init(&n->global_lock, NULL);
    pthread_mutex_init(&n->idle_lock, NULL);
    cop__list_init(&n->threads);
    cop__list_init(&n->spares);
    cop__list_init(&n->alone);
    cop__list_init(&n->sleepers);
    atomic_store_explicit(&n->stop_status, -1, memory_order_relaxed);
    atomic_store_explicit(&n->is_eager, true, memory_order_relaxed);
    atomic_store_explicit(&n->ref_next, 1, memory_order_relaxed);
    cop__timers_init();
    cop__proc_table_init((int)s->processes_max);
    cop__stacks_init(cop__dispatch);
    (void)cop__term_seed_set(s->seed != 0 ? (uint64_t)s->seed : cop__os_random());
    if (s->seed != 0) cop__sim_start((uint64_t)s->seed);
    n->started_ns = cop__now_ns();
}

static void threads_stop(void);
static void node_fini(bool has_zombies);

static int threads_start(void)
{
    struct cop__node *n = &cop__node;
    int rc = 0;
    pthread_mutex_lock(&n->lock);
    for (int i = 0; i < n->seat_count && rc == 0; i++)
        rc = cop__thread_new(&n->seats[i]);
    pthread_mutex_unlock(&n->lock);
    if (rc == 0 && !n->is_seeded) rc = cop__watchdog_start();
    return rc;
}

int cop_node_start(const struct cop_node_opts *opts)
{
    static const struct cop_node_opts defaults;
    struct settings s;
    if (opts == NULL) opts = &defaults;
    COP_CHECK(cop__thread() == NULL, "a node is started by a thread that is no process");
    if (!settings_read(opts, &s)) return -EINVAL;
    pthread_mutex_lock(&ends.lock);
    bool runs = atomic_load_explicit(&cop__node.is_running, memory_order_relaxed);
    int rc = runs ? -EBUSY : 0;
    if (rc == 0) {
        node_init(&s);
        atomic_store_explicit(&cop__node.is_running, true, memory_order_relaxed);
    }
    pthread_mutex_unlock(&ends.lock);
    if (rc != 0) return rc;
    cop__log_start();
    cop__os_signals_take(!opts->no_signals);
    rc = threads_start();
    if (rc != 0) {
        threads_stop();
        cop__log_stop();
        cop__os_signals_give_back();
        node_fini(false);
    }
    return rc;
}

/* --- A process for a thread ------------------------------------------------------------------- */

struct run {
    cop_start_fn fn;
    struct cop__block *arg;
    char *text;
    size_t text_size;
    bool is_normal;
    /* its token says that all above is written, and is the last touch */
    struct cop__os_parker parker;
};

static bool accept_down(cop_term msg, void *arg)
{
    const cop_ref *ref = arg;
    cop_ref r;
    return cop_match(msg, "{:DOWN, r, :process, _, _}", r) && cop_ref_equal(r, *ref);
}

/* Starts the function, waits for its end, and returns its reason. */
static cop_term run_and_wait(void *arg)
{
    const struct run *run = arg;
    cop_ref ref;
    cop_term down;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref, .name = "cop_run"};
    cop__spawn(run->fn, run->arg->term, &opts, true);
    cop_receive_ref(ref, accept_down, &ref, &down, COP_INFINITY);
    return cop_elem(down, 4);
}

static cop_next run_main(cop_term arg)
{
    struct run *run = (struct run *)(uintptr_t)cop_to_int(arg);
    struct cop_outcome outcome;
    cop_term reason =
        cop_try(run_and_wait, run, &outcome) ? outcome.value : cop_outcome_reason(&outcome);
    run->is_normal = cop__is(reason, COP_ATOM_normal);
    if (!run->is_normal && run->text != NULL) {
        cop_bytes words = cop_to_bytes(cop_format_exit(reason));
        size_t len = words.len < run->text_size ? words.len : run->text_size - 1;
        memcpy(run->text, words.data, len);
        run->text[len] = 0;
    }
    cop__sim_wait_end();
    cop__os_unpark(&run->parker);
    return cop_end();
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the text is written, through run */
bool cop_run(cop_start_fn fn, cop_term arg, char *text, size_t text_size)
{
    static const struct cop_spawn_opts none;
    COP_CHECK(cop__current() == NULL, "cop_run is for threads that are no processes");
    struct run run = {.fn = fn, .text = text_size > 0 ? text : NULL, .text_size = text_size};
    run.arg = cop__pack(arg, 0);
    cop_region *region = cop_region_open();
    bool is_to_thaw = cop__sim_wait_begin();
    cop_pid pid = cop__spawn(run_main, cop_int((int64_t)(intptr_t)&run), &none, true);
    if (is_to_thaw) cop__sim_thaw();
    cop_region_close(region);
    if (!cop_is_no_pid(pid)) {
        cop__os_park(&run.parker, -1);
        cop__sim_settle();
    } else {
        cop__sim_wait_end();
        if (run.text != NULL) snprintf(run.text, run.text_size, "too many processes");
    }
    cop__block_free(run.arg);
    return run.is_normal;
}

/* --- Stop ------------------------------------------------------------------------------------- */

/* Kills all other processes, those that are born meanwhile too, and waits until they are dead. */
static cop_next kill_all(cop_term arg)
{
    (void)arg;
    cop_pid self = cop_self();
    uint64_t runner = atomic_load_explicit(&cop__current()->parent,
                                           memory_order_relaxed); /* waits for us, for cop_run */
    int64_t until = cop_monotonic_ms() + KILL_MS;
    for (;;) {
        int watched = 0;
        for (uint32_t i = cop__proc_slots(); i > 0; i--) {
            cop_pid pid = {.id = atomic_load(&cop__proc_slot(i)->pid)};
            if (pid.id == self.id || pid.id == runner ||
                atomic_load(&cop__proc_slot(i)->inbox) == COP__INBOX_CLOSED)
                continue;
            cop_monitor(pid);
            cop_exit_process(pid, COP(":kill"));
            watched++;
        }
        if (watched == 0) return cop_end();
        for (cop_term down; watched > 0; watched--)
            if (!cop_receive(&down, until > cop_monotonic_ms() ? until - cop_monotonic_ms() : 0))
                return cop_end();
    }
}

/* True when the thread is about to end; false when it is in process code, or sleeps for ever. */
static bool wait_for_end(struct cop__thread *t)
{
    while (!atomic_load_explicit(&t->has_ended, memory_order_acquire)) {
        if (cop__gate_take(t, COP__GATE_ALONE)) cop__gate_give(t, COP__GATE_CONDEMNED);
        if (atomic_load_explicit(&t->gate, memory_order_acquire) == COP__GATE_CONDEMNED)
            return false;
        cop__os_yield();
    }
    return true;
}

static void threads_stop(void)
{
    struct cop__node *n = &cop__node;
    struct cop__thread *t;
    /* From now on a condemned thread that comes back stays where it is. */
    atomic_fetch_add_explicit(&cop__node_epoch, 1, memory_order_release);
    atomic_store_explicit(&n->is_stopping, true, memory_order_release);
    pthread_mutex_lock(&n->lock);
    COP_LIST_FOR (t, &n->threads, all)
        cop__thread_wake(t);
    pthread_mutex_unlock(&n->lock);
    if (!n->is_seeded && n->watchdog != 0) cop__watchdog_stop();
    /* Nobody makes threads or seats them any more. One that is alone may never come back from its
     * process's code; if it does, it finds its gate condemned, unwinds and sleeps for ever. */
    struct cop__list ended;
    cop__list_init(&ended);
    COP_LIST_FOR_SAFE(t, &n->threads, all)
    {
        if (!wait_for_end(t)) {
            pthread_detach(t->handle);
            continue;
        }
        pthread_join(t->handle, NULL);
        cop__list_remove(&t->all);
        cop__list_push_back(&ended, &t->all);
    }
    /* Freed when all have ended: one may still look at another's gate. */
    COP_LIST_FOR_SAFE(t, &ended, all)
    cop__free(t, sizeof(*t));
}

/* With zombies around, what they may still touch stays as it is. */
static void node_fini(bool has_zombies)
{
    struct cop__node *n = &cop__node;
    cop__ports_fini();
    cop__names_fini();
    cop__timers_fini();
    cop__journals_fini();
    cop__labels_fini();
    cop__mailbox_events_end();
    if (!has_zombies) {
        cop__ets_fini();
        cop__stacks_fini();
        cop__proc_table_fini();
    } else {
        cop__stacks_abandon();
        cop__proc_table_abandon();
    }
    cop__free(n->seats, (size_t)n->seat_count * sizeof(*n->seats));
    n->seats = NULL;
    atomic_store_explicit(&n->is_running, false, memory_order_relaxed);
}

void cop_node_stop(void)
{
    struct cop__node *n = &cop__node;
    COP_CHECK(atomic_load_explicit(&n->is_running, memory_order_relaxed), "no node runs");
    for (int i = ends.at_stop_len; i > 0; i--)
        cop_run(ends.at_stop[i - 1], cop_nil(), NULL, 0);
    ends.at_stop_len = 0;
    cop_run(kill_all, cop_nil(), NULL, 0);
    cop__os_signals_quiet();
    cop__watchdog_wait_for_return();
    threads_stop();
    bool has_zombies = !cop__list_is_empty(&n->threads);
    if (has_zombies) {
        cop__watchdog_tell_of_the_rest();
        cop_log(COP_WARNING, "the node has stopped, but %d process(es) are still in their code",
                atomic_load_explicit(&n->zombie_count, memory_order_relaxed));
    }
    cop__os_signals_give_back();
    cop__log_stop();
    node_fini(has_zombies);
}
