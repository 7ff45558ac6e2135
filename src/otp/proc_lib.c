/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib: a start that the starter waits for, and what tools and reports want to know about the
 * started (PLB).
 *
 * The child answers {:ack, child, answer} when it is ready, or {:nack, child, answer} when it gives
 * up, and then dies. The starter always watches it with a monitor, so it learns also of a child
 * that dies without a word, whatever its reason (PLB-09). After a failed start it waits for the
 * DOWN: the process is gone then and its name is free. A link that was asked for is there from the
 * spawn on; it is taken away, with an EXIT that it may have left, before the starter goes on. */
#include "coppice/proc_lib.h"

#include "otp/exception.h"
#include "otp/gen.h"

#define KEY_ANCESTORS    ":\"$ancestors\""
#define KEY_INITIAL_CALL ":\"$initial_call\""
#define KEY_MAILBOX      ":\"$mailbox\""

/* --- In the child ----------------------------------------------------------------------------- */

/* A wake function of the user's, called where its crash can be reported. Owned by the process. */
struct guarded {
    cop_wake_fn wake;
    void *state;
};
struct guarded_call {
    cop_start_fn start; /* NULL: wake */
    cop_term arg;
    struct guarded *guarded;
    cop_next next;
};

static cop_term call(void *arg)
{
    struct guarded_call *c = arg;

    c->next = c->start != NULL ? c->start(c->arg) : c->guarded->wake(c->guarded->state);
    return cop_nil();
}

static cop_next wake_guarded(void *state);

/* Makes the call; reports a crash; sees to it that the next wake comes here again. */
static cop_next call_guarded(struct guarded_call *c)
{
    struct cop_outcome outcome;

    if (!cop_try(call, c, &outcome)) {
        cop__log_crash(outcome.class_, outcome.value, outcome.stack);
        cop_exit(cop__outcome_reason(&outcome));
    }
    if (c->next.wake_ == NULL || cop__is_server(&c->next)) return c->next;
    if (c->guarded == NULL) c->guarded = cop_alloc(sizeof *c->guarded);
    *c->guarded = (struct guarded){c->next.wake_, c->next.state_};
    c->next.wake_ = wake_guarded;
    c->next.state_ = c->guarded;
    return c->next;
}

static cop_next wake_guarded(void *state)
{
    struct guarded_call c = {.guarded = state};

    return call_guarded(&c);
}

void cop__set_initial_call(cop_term fun)
{
    cop_term module, function, args;
    int arity;

    if (cop_match(fun, "{module, function, args}", module, function, args)) {
        arity = (int)cop_list_len(args);
    } else if (cop_is_fun(fun, -1)) {
        cop_capture_parts(fun, &module, &function, &arity, &args);
        if (cop_is_list(args)) arity = (int)cop_list_len(args);
    } else {
        return;
    }
    cop_put(COP(KEY_INITIAL_CALL), cop_tuple(module, function, arity));
}

/* What the starter hands over, as a term. Functions are sent as numbers; init is 0 where first is
 * not. */
#define BOOT "{init, first, starter, ancestors, initial_call, arg}"

/* Puts copies, since a small message is kept whole for the sake of any part. */
static void put_origin(cop_term ancestors, cop_term initial_call)
{
    cop_term m, f, a;

    cop_put(COP(KEY_ANCESTORS), cop_list_reverse(cop_list_reverse(ancestors)));
    if (cop_match(initial_call, "{m, f, a}", m, f, a))
        cop_put(COP(KEY_INITIAL_CALL), cop_tuple(m, f, a));
}

/* The first function of the child. */
static cop_next run(cop_term boot)
{
    int64_t init, first;
    cop_pid starter;
    cop_term ancestors, initial_call, arg;

    cop_expect(boot, BOOT, init, first, starter, ancestors, initial_call, arg);
    put_origin(ancestors, initial_call);
    if (init != 0) return ((cop__init_fn)(intptr_t)init)(starter, arg);
    return call_guarded(&(struct guarded_call){.start = (cop_start_fn)(intptr_t)first, .arg = arg});
}

/* The answer goes to whoever waits in await_start(): a pid, or the name that it had. */
static void tell(cop_term starter, cop_term kind, cop_term answer)
{
    cop_send(starter, cop_tuple(kind, cop_self(), answer));
}

void cop__init_ack(cop_pid starter, cop_term answer)
{
    tell(cop_pid_term(starter), COP(":ack"), answer);
}

/* The ends below are of class exit, with the reason that the class asked for makes (EXI-01): an
 * error that goes uncaught the runtime would report once more, as that of a plain process
 * (EXI-18). */
void cop__init_fail(cop_pid starter, cop_term answer, const struct cop_outcome *how)
{
    tell(cop_pid_term(starter), COP(":nack"), answer);
    cop_exit(cop_outcome_reason(how));
}

/* The process that the caller was started by. */
static cop_term parent(void)
{
    cop_term ancestors = cop_get(COP(KEY_ANCESTORS));

    if (!cop_match(ancestors, "[_ | _]")) cop_error(COP("{:badmatch, :undefined}"));
    return cop_head(ancestors);
}

void cop_init_ack(cop_term answer)
{
    tell(parent(), COP(":ack"), answer);
}

void cop_init_fail(cop_term answer, enum cop_class class_, cop_term reason)
{
    struct cop_outcome how = {.class_ = class_, .value = reason, .stack = cop_empty_list()};

    tell(parent(), COP(":nack"), answer);
    cop_exit(cop_outcome_reason(&how));
}

/* --- In the starter --------------------------------------------------------------------------- */

cop_term cop_ancestors(void)
{
    cop_term ancestors = cop_get(COP(KEY_ANCESTORS));

    return cop_is_list(ancestors) ? ancestors : cop_empty_list();
}

struct wait {
    cop_pid child;
    cop_ref monitor;
};

static bool is_down(cop_term msg, const struct wait *wait)
{
    return cop_is_tuple(msg) && cop_tuple_size(msg) == 5 && cop_is_reference(cop_elem(msg, 1)) &&
           cop_ref_equal(cop_to_ref(cop_elem(msg, 1)), wait->monitor);
}

static bool accept_down(cop_term msg, void *arg)
{
    return is_down(msg, arg);
}

/* {:ack | :nack, child, answer} or the child's end */
static bool accept_answer(cop_term msg, void *arg)
{
    const struct wait *wait = arg;

    if (!cop_is_tuple(msg)) return false;
    if (cop_tuple_size(msg) != 3) return is_down(msg, wait);
    return (cop_identical(cop_elem(msg, 0), COP(":ack")) ||
            cop_identical(cop_elem(msg, 0), COP(":nack"))) &&
           cop_is_pid(cop_elem(msg, 1)) && cop_pid_equal(cop_to_pid(cop_elem(msg, 1)), wait->child);
}

static bool accept_exit(cop_term msg, void *arg)
{
    return cop__is_parent_exit(msg, *(cop_pid *)arg);
}

static cop_term await_down(struct wait *wait)
{
    cop_term down;

    cop_receive_ref(wait->monitor, accept_down, wait, &down, COP_INFINITY);
    return down;
}

/* The child is dead. Takes the link away with what it may have left. A starter that does not trap
 * has died of it by now, since the link's news come before the DOWN (PLB-11). */
static void settle_link(cop_pid child)
{
    cop_term msg;

    cop_unlink(child);
    cop_receive_if(accept_exit, &child, &msg, 0);
}

/* Waits for the end of a child whose start failed, and leaves nothing of it but the DOWN message
 * that somebody asked for (PLB-08, 12, 13). Returns its reason. */
static cop_term bury(struct wait *wait, cop_term down, const struct cop_proc_lib_opts *opts)
{
    cop_term reason;

    if (cop_is_none(down)) down = await_down(wait);
    reason = cop_elem(down, 4);
    if (opts->link) settle_link(wait->child);
    if (opts->monitor) cop_send(cop_self(), down);
    return reason;
}

static cop_term await_start(struct wait *wait, const struct cop_proc_lib_opts *opts)
{
    int64_t timeout_ms = opts->timeout_ms == 0 ? COP_INFINITY : opts->timeout_ms;
    cop_term msg, down;

    if (!cop_receive_ref(wait->monitor, accept_answer, wait, &msg, timeout_ms)) {
        if (opts->link) cop_unlink(wait->child);
        cop_exit_process(wait->child, COP(":kill"));
        down = await_down(wait);
        if (opts->link) cop_receive_if(accept_exit, &wait->child, &msg, 0);
        if (opts->monitor) cop_send(cop_self(), down);
        return COP("{:error, :timeout}");
    }
    if (is_down(msg, wait)) return cop_tuple(COP(":error"), bury(wait, msg, opts));
    if (cop_identical(cop_elem(msg, 0), COP(":nack"))) {
        bury(wait, cop_none(), opts);
    } else if (!opts->monitor) {
        cop_demonitor(wait->monitor, true);
    }
    return cop_elem(msg, 2);
}

/* The ancestors of a child of the caller: what the caller is called, then its own (PLB-02). */
static cop_term ancestors_below(void)
{
    return cop_cons(cop__self_name(), cop_ancestors());
}

static cop_term boot(cop__init_fn init_fn, cop_start_fn start_fn, cop_term arg,
                     const struct cop_proc_lib_opts *opts)
{
    cop_term ancestors = ancestors_below(), initial_call = opts->initial_call;
    int64_t init = (intptr_t)init_fn, first = (intptr_t)start_fn;
    cop_pid starter = cop_self();

    if (cop_is_none(initial_call)) initial_call = cop_nil();
    return cop_build(BOOT, init, first, starter, ancestors, initial_call, arg);
}

struct cop_mailbox cop__mailbox_option(cop_term value)
{
    struct cop_mailbox mailbox;

    if (!cop_mailbox_from(value, &mailbox)) {
        cop_bytes text = cop_to_bytes(cop_inspect(value));

        cop_raise("ArgumentError",
                  "the option :mailbox must be [max: messages, policy: :drop_new | :drop_old | "
                  ":exit_sender | :kill], got: %.*s",
                  (int)text.len, text.data);
    }
    return mailbox;
}

void cop__mailbox_give(struct cop_mailbox mailbox)
{
    if (mailbox.max != 0) cop_put(COP(KEY_MAILBOX), cop_mailbox_term(mailbox));
}

void cop__mailbox_take_back(void)
{
    (void)cop_erase(COP(KEY_MAILBOX));
}

/* The limit of a process that the caller starts. */
static struct cop_mailbox mailbox_of(const struct cop_proc_lib_opts *opts)
{
    cop_term given = cop_erase(COP(KEY_MAILBOX));

    return cop_match(given, "nil") ? opts->mailbox : cop__mailbox_option(given);
}

static const struct cop_proc_lib_opts defaults;

cop_pid cop_proc_lib_spawn(cop_start_fn fn, cop_term arg, const struct cop_proc_lib_opts *opts)
{
    if (opts == NULL) opts = &defaults;
    return cop_spawn(run, boot(NULL, fn, arg, opts),
                     &(struct cop_spawn_opts){.link = opts->link,
                                              .monitor = opts->monitor,
                                              .ret_ref = opts->ret_ref,
                                              .stack_size = opts->stack_size,
                                              .name = opts->name,
                                              .mailbox = mailbox_of(opts)});
}

static cop_term start(cop__init_fn init_fn, cop_start_fn start_fn, cop_term arg,
                      const struct cop_proc_lib_opts *opts)
{
    struct wait wait;
    struct cop_spawn_opts spawn;
    cop_term ret;

    if (opts == NULL) opts = &defaults;
    spawn = (struct cop_spawn_opts){.link = opts->link,
                                    .monitor = true,
                                    .ret_ref = &wait.monitor,
                                    .stack_size = opts->stack_size,
                                    .name = opts->name,
                                    .mailbox = mailbox_of(opts)};
    wait.child = cop_spawn(run, boot(init_fn, start_fn, arg, opts), &spawn);
    ret = await_start(&wait, opts);
    if (opts->monitor && opts->ret_ref != NULL) *opts->ret_ref = wait.monitor;
    return ret;
}

cop_term cop_proc_lib_start(cop_start_fn fn, cop_term arg, const struct cop_proc_lib_opts *opts)
{
    return start(NULL, fn, arg, opts);
}

cop_term cop__start(cop__init_fn fn, cop_term arg, const struct cop_proc_lib_opts *opts)
{
    return start(fn, NULL, arg, opts);
}

/* --- From outside ----------------------------------------------------------------------------- */

/* OTP asks through sys:terminate, which shows where there is nobody to be asked. */
cop_term cop_proc_lib_stop(cop_term server, cop_term reason, int64_t timeout_ms)
{
    cop_term timeout = cop__timeout_term(timeout_ms, COP(":gen"), "call", 4), why;
    cop_pid pid = cop__server_to_ask(server, &why);

    if (!cop_is_no_pid(pid)) {
        if (cop__stop(pid, reason, timeout_ms, &why)) return cop_ok();
    } else if (!cop_identical(why, COP(":noproc"))) {
        cop__exit_call(why, COP(":sys"), COP(":terminate"), cop_list(server, reason, timeout));
    }
    cop_exit(why);
}

cop_term cop_translate_initial_call(cop_pid pid)
{
    cop_term info = cop_process_info(pid, COP(":dictionary")), dictionary, call;

    if (cop_match(info, "{:dictionary, dictionary}", dictionary) && cop_is_list(dictionary)) {
        call = cop_keyword_get(dictionary, COP(KEY_INITIAL_CALL), cop_nil());
        if (cop_match(call, "{_, _, _}")) return call;
    }
    return COP("{:proc_lib, :init_p, 5}");
}

cop_term cop_initial_call(cop_pid pid)
{
    cop_term call = cop_translate_initial_call(pid), module, function, args = cop_empty_list();
    int64_t arity;

    if (cop_identical(call, COP("{:proc_lib, :init_p, 5}"))) return cop_false();
    if (!cop_match(call, "{module, function, arity}", module, function, arity)) return call;
    for (; arity > 0; arity--)
        args = cop_cons(cop_atom_from(cop_to_bytes(cop_format("Argument__%d", (int)arity))), args);
    return cop_tuple(module, function, args);
}
