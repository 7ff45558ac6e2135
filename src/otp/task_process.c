/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a task (TSK-01, 02, 05, 14, 15, 22), and functions of C as captures, so that a
 * task can be told to call one. */
#include "otp/task_process.h"

#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/stdlib_kernel.h"

#include <pthread.h>

/* How long a supervised task waits for its order: its caller may be told of it late when the
 * supervisor has much to do. */
#define ORDER_LIMIT_MS 5000

/* --- Who starts whom -------------------------------------------------------------------------- */

cop_term cop__task_owner(void)
{
    return cop_tuple(cop__kernel_node(), cop__self_name(), cop_self());
}

cop_term cop__task_callers(void)
{
    cop_term callers = cop_get(COP(":\"$callers\""));

    return cop_cons(cop_self(), cop_is_list(callers) ? callers : cop_empty_list());
}

cop_term cop__task_mfa(cop_term fun)
{
    cop_term module, function, args;

    if (cop_is_fun(fun, 0)) return cop_build("{:erlang, :apply, [fun, []]}", fun);
    if (!cop_match(fun, "{module, function, args}", module, function, args)) return cop_none();
    return cop_is_atom(module) && cop_is_atom(function) && cop_list_len(args) >= 0 ? fun
                                                                                   : cop_none();
}

/* --- Functions of C --------------------------------------------------------------------------- */

/* Every function that cop_task_fun or cop_task_loop was given has a number in its table, so that no
 * capture, whoever made it, makes the program jump to an address that is none. */
#define FUNCTIONS_MAX 1024
struct functions {
    pthread_mutex_t writers;
    size_t len; /* release when one was added; acquire before reading those below it */
    cop_any_fn items[FUNCTIONS_MAX];
};
static struct functions functions = {.writers = PTHREAD_MUTEX_INITIALIZER}; /* cop_task_fn */
static struct functions loops = {.writers = PTHREAD_MUTEX_INITIALIZER};     /* cop_start_fn */

/* The number of fn, or that of the next one. */
static size_t find_function(const struct functions *table, cop_any_fn fn)
{
    size_t len = __atomic_load_n(&table->len, __ATOMIC_ACQUIRE), i = 0;

    while (i < len && table->items[i] != fn)
        i++;
    return i;
}

static int64_t function_number(struct functions *table, cop_any_fn fn)
{
    size_t number;

    if (fn == NULL) cop_error(COP(":badarg"));
    number = find_function(table, fn);
    if (number < __atomic_load_n(&table->len, __ATOMIC_ACQUIRE)) return (int64_t)number;
    pthread_mutex_lock(&table->writers);
    number = find_function(table, fn); /* another thread may have added it meanwhile */
    if (number < FUNCTIONS_MAX && number == table->len) {
        table->items[number] = fn;
        __atomic_store_n(&table->len, number + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&table->writers);
    if (number == FUNCTIONS_MAX) cop_error(COP(":system_limit"));
    return (int64_t)number;
}

/* The function of this number; badarg if there is none. */
static cop_any_fn function_of(const struct functions *table, cop_term number)
{
    int64_t n;

    if (!cop_match(number, "n", n) || n < 0 ||
        (uint64_t)n >= __atomic_load_n(&table->len, __ATOMIC_ACQUIRE))
        cop_error(COP(":badarg"));
    return table->items[n];
}

cop_term cop_task_fun(cop_task_fn fn, cop_term arg)
{
    int64_t number = function_number(&functions, (cop_any_fn)fn);

    return cop_build("&Task.Supervised.call(number, arg)", number, arg);
}

cop_term cop_task_loop(cop_start_fn fn, cop_term arg)
{
    int64_t number = function_number(&loops, (cop_any_fn)fn);

    return cop_build("&Task.Supervised.loop(number, arg)", number, arg);
}

static cop_term call(cop_term number, cop_term arg)
{
    return ((cop_task_fn)function_of(&functions, number))(arg);
}

/* Comes here only in a process that has nowhere to go on: run_noreply() calls it itself. */
static cop_term loop(cop_term number, cop_term arg)
{
    (void)number;
    (void)arg;
    cop_error(COP(":badarg"));
}

/* --- In the task ------------------------------------------------------------------------------ */

struct order {
    cop_term owner;
    cop_term callers;
    cop_term mfa;
};

static cop_term invoke(void *arg)
{
    const struct order *order = arg;

    return cop_apply(cop_elem(order->mfa, 0), cop_elem(order->mfa, 1), cop_elem(order->mfa, 2));
}

static COP_NORETURN void fail(const struct order *order, struct cop_outcome *outcome)
{
    if (outcome->class_ != COP_CLASS_EXIT || !cop__is_normal(outcome->value))
        cop__log_task(cop_elem(order->owner, 1), order->mfa, outcome);
    cop_raise_at(NULL, COP_CLASS_EXIT, cop__outcome_reason(outcome));
}

/* What tools are told of the task. */
static void begin(const struct order *order)
{
    cop_term fun;

    if (cop_match(order->mfa, "{:erlang, :apply, [fun, []]}", fun) && cop_is_fun(fun, 0))
        cop__set_initial_call(fun);
    else
        cop__set_initial_call(order->mfa);
    cop_put(COP(":\"$callers\""), order->callers);
}

/* Does what was ordered; its value. */
static cop_term work(struct order *order)
{
    struct cop_outcome outcome;

    if (!cop_try(invoke, order, &outcome)) fail(order, &outcome);
    return outcome.value;
}

/* What a task that waits for its order looks for. */
struct waiting {
    cop_pid owner;
    cop_ref monitor; /* of the owner */
    bool watches;    /* false: there is no monitor */
};

/* {owner, ref, reply_to, callers, mfa}, or the end of an owner that is watched. */
static bool is_order_or_down(cop_term msg, void *arg)
{
    const struct waiting *w = arg;
    cop_pid owner = w->owner;
    cop_ref monitor = w->monitor;

    return cop_match(msg, "{^owner, _, _, _, {_, _, _}}", owner) ||
           (w->watches && cop_match(msg, "{:DOWN, ^monitor, :process, _, _}", monitor));
}

static cop_next run_reply(cop_term boot)
{
    struct waiting w;
    struct order order;
    cop_term owner, msg, ref, reply_to, callers, mfa, reason;
    bool watches;

    cop_expect(boot, "{owner, watches}", owner, watches);
    w = (struct waiting){.owner = cop_to_pid(cop_elem(owner, 2)), .watches = watches};
    if (watches) w.monitor = cop_monitor(w.owner);
    if (!cop_receive_if(is_order_or_down, &w, &msg, watches ? ORDER_LIMIT_MS : COP_INFINITY))
        cop_exit(COP(":timeout"));
    if (cop_match(msg, "{:DOWN, _, _, _, reason}", reason))
        cop_exit(cop_tuple(COP(":shutdown"), reason));
    if (watches) cop_demonitor(w.monitor, true);
    cop_expect(msg, "{_, ref, reply_to, callers, mfa}", ref, reply_to, callers, mfa);
    order = (struct order){owner, callers, mfa};
    begin(&order);
    cop_send(reply_to, cop_tuple(ref, work(&order)));
    return cop_end();
}

/* --- A task that waits at its top level ------------------------------------------------------- */

/* Whether mfa is what cop_task_loop() makes. */
static bool is_loop(cop_term mfa, cop_term *ret_number, cop_term *ret_arg)
{
    cop_term fun, module, function, args, number, arg;
    int arity;

    if (!cop_match(mfa, "{:erlang, :apply, [fun, []]}", fun) || !cop_is_fun(fun, 0)) return false;
    cop_capture_parts(fun, &module, &function, &arity, &args);
    if (!cop_match(cop_tuple(module, function, args), "{Task.Supervised, :loop, [number, arg]}",
                   number, arg))
        return false;
    *ret_number = number;
    *ret_arg = arg;
    return true;
}

/* What such a task needs for as long as it lives. */
struct loop {
    cop_kept order; /* {owner, mfa}, for the report of a crash */
    cop_start_fn start;
    cop_term arg; /* of start: valid in the first turn only */
    cop_next next;
};

static cop_term start_loop(void *arg)
{
    struct loop *l = arg;

    l->next = l->start(l->arg);
    return cop_nil();
}

static cop_term wake_loop(void *arg)
{
    struct loop *l = arg;

    l->next = l->next.wake_(l->next.state_);
    return cop_nil();
}

static cop_next turn_loop(void *state);

/* One turn; what it raises is told as of any task. */
static cop_next take_turn(struct loop *l, cop_try_fn fn)
{
    struct cop_outcome outcome;

    if (!cop_try(fn, l, &outcome)) {
        cop_term both = cop_kept_term(l->order);
        struct order order = {.owner = cop_elem(both, 0), .mfa = cop_elem(both, 1)};

        fail(&order, &outcome);
    }
    if (l->next.wake_ == NULL) return cop_end();
    return cop_hibernate_for(turn_loop, l, l->next.timeout_ms_);
}

static cop_next turn_loop(void *state)
{
    return take_turn(state, wake_loop);
}

static cop_next run_loop(const struct order *order, cop_term number, cop_term arg)
{
    struct loop *l = cop_alloc(sizeof(*l));

    l->order = cop_keep(cop_tuple(order->owner, order->mfa));
    l->start = (cop_start_fn)function_of(&loops, number);
    l->arg = arg;
    return take_turn(l, start_loop);
}

/* --- A task without a reply ------------------------------------------------------------------- */

static cop_next run_noreply(cop_term boot)
{
    struct order order;
    cop_term owner, callers, mfa, number, arg;

    cop_expect(boot, "{owner, callers, mfa}", owner, callers, mfa);
    order = (struct order){owner, callers, mfa};
    begin(&order);
    if (is_loop(mfa, &number, &arg)) return run_loop(&order, number, arg);
    (void)work(&order);
    return cop_end();
}

/* --- Starting --------------------------------------------------------------------------------- */

static cop_pid spawn(cop_start_fn fn, cop_term boot, bool link, const char *name)
{
    return cop_proc_lib_spawn(
        fn, boot,
        &(struct cop_proc_lib_opts){.link = link, .initial_call = cop_none(), .name = name});
}

cop_pid cop__task_spawn_reply(cop_term owner, bool watches)
{
    return spawn(run_reply, cop_tuple(owner, watches), true, "Task.Supervised.reply/2");
}

cop_pid cop__task_spawn_noreply(cop_term owner, cop_term callers, cop_term mfa, bool link)
{
    return spawn(run_noreply, cop_tuple(owner, callers, mfa), link, "Task.Supervised.noreply/3");
}

void cop__task_order(cop_pid task, cop_pid owner, cop_term ref, cop_term reply_to, cop_term callers,
                     cop_term mfa)
{
    cop_send(task, cop_tuple(owner, ref, reply_to, callers, mfa));
}

/* --- Module Task.Supervised: how supervisors start tasks -------------------------------------- */

static bool is_owner(cop_term owner)
{
    cop_pid pid;

    return cop_match(owner, "{_, _, pid}", pid);
}

static cop_term start_link_reply(cop_term owner, cop_term monitor)
{
    if (!is_owner(owner)) cop_error(COP(":badarg"));
    return cop_tuple(cop_ok(), cop__task_spawn_reply(owner, cop_match(monitor, ":monitor")));
}

static cop_term start_link_noreply(cop_term owner, cop_term callers, cop_term mfa)
{
    if (!is_owner(owner) || cop_list_len(callers) < 0 || cop_is_none(cop__task_mfa(mfa)))
        cop_error(COP(":badarg"));
    return cop_tuple(cop_ok(), cop__task_spawn_noreply(owner, callers, mfa, true));
}

static const struct cop_function functions_of_module[] = {
    COP_EXPORT("call(number, arg)", call, "Calls a function of C that cop_task_fun has numbered."),
    COP_EXPORT("loop(number, arg)", loop, "The same of cop_task_loop."),
    COP_EXPORT("start_link(owner, monitor)", start_link_reply, "A task that waits for its order."),
    COP_EXPORT("start_link(owner, callers, mfa)", start_link_noreply,
               "A task that is not waited for."),
    COP_EXPORT_END};

const struct cop_module cop__task_supervised_module = {.size = sizeof(struct cop_module),
                                                       .name = "Task.Supervised",
                                                       .doc = "The processes of tasks.",
                                                       .functions = functions_of_module};
