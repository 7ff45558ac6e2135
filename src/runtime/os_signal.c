/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the operating system. A handler notes the signal in a word and wakes a thread, which
 * tells the process registered as :erl_signal_server; only that much is safe in a handler. The
 * thread is started when the first signal is asked for, so most nodes have none. */
#include "runtime/os_signal.h"

#include "base/alloc.h"
#include "base/check.h"
#include "coppice/node.h"
#include "coppice/os_signal.h"
#include "sys/os.h"

#include <signal.h>
#include <string.h>

struct row {
    const char *name;
    int number;
    bool is_taken; /* before is what to give back */
    struct sigaction before;
};

static struct {
    pthread_mutex_t lock; /* of all but the atomics */
    struct row rows[5];
    bool is_allowed;
    bool has_thread;
    struct sigaction before_pipe;
    pthread_t thread;
    struct cop__os_parker parker;
    _Atomic bool is_over;
    _Atomic uint32_t handled; /* a bit a row: it goes to the server */
    _Atomic uint32_t pending; /* a bit a row: it came */
} sig = {.lock = PTHREAD_MUTEX_INITIALIZER,
         .rows = {{.name = "sigterm", .number = SIGTERM},
                  {.name = "sighup", .number = SIGHUP},
                  {.name = "sigusr1", .number = SIGUSR1},
                  {.name = "sigusr2", .number = SIGUSR2},
                  {.name = "sigalrm", .number = SIGALRM}}};
#define ROWS     (sizeof(sig.rows) / sizeof(sig.rows[0]))
#define TERM_BIT 1U /* SIGTERM is the first row */

/* --- From the handler to the server ----------------------------------------------------------- */

static void on_signal(int number)
{
    int saved = errno;

    for (size_t i = 0; i < ROWS; i++) {
        uint32_t bit = 1U << i;

        if (sig.rows[i].number != number) continue;
        /* Relaxed: the word is all there is to see; the wake orders it. */
        if (atomic_load_explicit(&sig.handled, memory_order_relaxed) & bit) {
            atomic_fetch_or_explicit(&sig.pending, bit, memory_order_relaxed);
            cop__os_unpark(&sig.parker);
        } else if (bit == TERM_BIT) {
            cop_system_stop(0);
        }
    }
    errno = saved;
}

static void tell(const struct row *row)
{
    cop_region *region = cop_region_open();
    cop_pid server = cop_whereis(COP(":erl_signal_server"));

    if (!cop_is_no_pid(server))
        cop_send(server, cop_tuple(COP(":notify"), cop_atom(row->name)));
    else if (row->number == SIGTERM)
        cop_system_stop(0);
    cop_region_close(region);
}

static void *thread_main(void *arg)
{
    (void)arg;
    while (!atomic_load_explicit(&sig.is_over, memory_order_acquire)) {
        uint32_t came = atomic_exchange_explicit(&sig.pending, 0, memory_order_relaxed);

        for (size_t i = 0; i < ROWS; i++)
            if (came & 1U << i) tell(&sig.rows[i]);
        if (came == 0) cop__os_park(&sig.parker, -1);
    }
    cop__alloc_thread_exit();
    return NULL;
}

/* --- Taking and giving back ------------------------------------------------------------------- */

static void take(struct row *row, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;

    sigaction(row->number, &action, &before);
    if (!row->is_taken) row->before = before;
    row->is_taken = true;
}

static void give_back(struct row *row)
{
    if (row->is_taken) sigaction(row->number, &row->before, NULL);
    row->is_taken = false;
}

void cop__os_signals_take(bool wanted)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    pthread_mutex_lock(&sig.lock);
    sig.is_allowed = wanted;
    if (wanted) {
        take(&sig.rows[0], on_signal);
        sigaction(SIGPIPE, &ignore, &sig.before_pipe);
    }
    pthread_mutex_unlock(&sig.lock);
}

void cop__os_signals_quiet(void)
{
    bool had_thread;

    pthread_mutex_lock(&sig.lock);
    had_thread = sig.has_thread;
    sig.has_thread = false;
    pthread_mutex_unlock(&sig.lock);
    if (!had_thread) return;
    atomic_store_explicit(&sig.is_over, true, memory_order_release);
    cop__os_unpark(&sig.parker);
    pthread_join(sig.thread, NULL);
    atomic_store_explicit(&sig.is_over, false, memory_order_relaxed);
}

void cop__os_signals_give_back(void)
{
    pthread_mutex_lock(&sig.lock);
    if (sig.is_allowed) {
        for (size_t i = 0; i < ROWS; i++)
            give_back(&sig.rows[i]);
        sigaction(SIGPIPE, &sig.before_pipe, NULL);
    }
    sig.is_allowed = false;
    atomic_store_explicit(&sig.handled, 0, memory_order_relaxed);
    atomic_store_explicit(&sig.pending, 0, memory_order_relaxed);
    pthread_mutex_unlock(&sig.lock);
}

/* --- os:set_signal ---------------------------------------------------------------------------- */

static bool thread_start(void)
{
    if (!sig.has_thread)
        sig.has_thread =
            cop__os_thread_start(&sig.thread, thread_main, NULL, "coppice-signals") == 0;
    return sig.has_thread;
}

/* False: there is no such option, or no thread to be had. */
static bool set(struct row *row, cop_term option)
{
    uint32_t bit = 1U << (row - sig.rows);

    if (cop_match(option, ":handle")) {
        if (!thread_start()) return false;
        atomic_fetch_or_explicit(&sig.handled, bit, memory_order_relaxed);
        take(row, on_signal);
        return true;
    }
    if (cop_match(option, ":ignore")) {
        take(row, SIG_IGN);
    } else if (!cop_match(option, ":default")) {
        return false;
    } else if (bit == TERM_BIT) {
        take(row, on_signal);
    } else {
        give_back(row);
    }
    atomic_fetch_and_explicit(&sig.handled, ~bit, memory_order_relaxed);
    return true;
}

cop_term cop_os_set_signal(cop_term signal, cop_term option)
{
    cop_bytes name = {.data = "", .len = 0};
    bool is_done = false;

    if (cop_is_atom(signal)) name = cop_atom_text(signal);
    pthread_mutex_lock(&sig.lock);
    for (size_t i = 0; i < ROWS && sig.is_allowed; i++) {
        struct row *row = &sig.rows[i];

        if (strlen(row->name) == name.len && memcmp(row->name, name.data, name.len) == 0)
            is_done = set(row, option);
    }
    pthread_mutex_unlock(&sig.lock);
    if (!is_done) cop_error(COP(":badarg"));
    return cop_ok();
}
