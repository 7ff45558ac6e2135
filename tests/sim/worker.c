/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the property program: see worker.h. */
#include "worker.h"

#define STEPS       40
#define ALIASES_MAX 32

struct self {
    int me;
    uint64_t random;
    cop_ref aliases[ALIASES_MAX]; /* of others, that were told to me */
    int alias_owner[ALIASES_MAX];
    int alias_count;
};

static uint32_t below(struct self *s, uint32_t bound)
{
    return (uint32_t)(world_random(&s->random) % bound);
}

/* Somebody else: often one and the same, so that what two do to each other crosses. */
static int other(struct self *s)
{
    if (below(s, 2) == 0) return s->me ^ 1;
    int i = (int)below(s, WORKERS - 1);
    return i >= s->me ? i + 1 : i;
}

/* --- Receiving ---------------------------------------------------------------------------------*/

static void reply_to_call(struct self *s, cop_ref ref)
{
    (void)s;
    cop_send(ref, cop_tuple(COP(":reply"), ref));
}

static void handle(struct self *s, cop_term msg)
{
    cop_term payload, text;
    cop_ref ref;
    int owner;
    if (cop_match(msg, "{:reply, ref}", ref)) {
        world_reply(s->me, ref);
        return;
    }
    if (!world_received(s->me, msg)) {
        text = cop_inspect(msg);
        cop_bytes bytes = cop_to_bytes(text);
        world_fail("%d got %.*s", s->me, (int)bytes.len, bytes.data);
        return;
    }
    if (!cop_match(msg, "{:direct, _, _, _, payload}", payload)) return;
    if (cop_match(payload, "{:call, ref}", ref)) {
        reply_to_call(s, ref);
    } else if (cop_match(payload, "{:alias, owner, ref}", owner, ref) &&
               s->alias_count < ALIASES_MAX) {
        s->aliases[s->alias_count] = ref;
        s->alias_owner[s->alias_count++] = owner;
    }
}

static void receive_some(struct self *s, int64_t timeout)
{
    cop_term msg;
    while (cop_receive(&msg, timeout)) {
        handle(s, msg);
        timeout = 0;
    }
}

/* --- Sending -----------------------------------------------------------------------------------*/

/* payload goes to worker `to`, with its numbers. */
static void send_direct(struct self *s, int to, cop_term payload)
{
    struct pair *p = &world.pairs[s->me][to];
    int order = ++p->order_sent;
    p->is_sending = true;
    cop_send(world.pids[to], cop_tuple(COP(":direct"), s->me, order, p->sent + 1, payload));
    p->is_sending = false;
    p->sent++;
}

static void send_indirect(struct self *s, int owner, cop_term to)
{
    int order = ++world.pairs[s->me][owner].order_sent;
    cop_send(to, cop_tuple(COP(":indirect"), s->me, order));
}

static void send_by_alias(struct self *s)
{
    if (s->alias_count == 0) return;
    int i = (int)below(s, (uint32_t)s->alias_count);
    send_indirect(s, s->alias_owner[i], cop_ref_term(s->aliases[i]));
}

static void send_by_name(struct self *s)
{
    cop_term name = world_name((int)below(s, NAMES));
    cop_pid owner = cop_whereis(name);
    int i = world_index(owner);
    if (i >= 0 && i != s->me) send_indirect(s, i, name);
}

/* An exit signal. One who does not trap dies of it (or not, if the reason is normal). */
static void send_signal(struct self *s, int to)
{
    struct pair *p = &world.pairs[s->me][to];
    uint32_t kind = below(s, 8);
    if (kind == 0) {
        cop_exit_process(world.pids[to], COP(":kill"));
    } else if (world.is_trapping[to]) {
        int order = ++p->order_sent;
        p->is_sending = true;
        cop_exit_process(world.pids[to], cop_tuple(COP(":signal"), s->me, to, order, p->sent + 1));
        p->is_sending = false;
        p->sent++;
    } else {
        cop_exit_process(world.pids[to], kind < 3 ? COP(":boom") : COP(":normal"));
    }
}

/* --- Links, monitors, calls --------------------------------------------------------------------*/

/* The EXIT of a link with whom, not one that it has sent. Who has died of a signal, and not yet
 * trapped, gives that reason to its links. */
struct link_exit {
    int me;
    int whom;
};

static bool is_link_exit(cop_term msg, void *arg)
{
    const struct link_exit *l = arg;
    cop_pid pid = world.pids[l->whom];
    int from, to;
    if (!cop_match(msg, "{:EXIT, ^pid, _}", pid)) return false;
    if (cop_match(msg, "{:EXIT, _, {:signal, from, to, _, _}}", from, to))
        return from != l->whom || to != l->me;
    return !cop_match(msg, "{:EXIT, _, {:mailbox_full, ^pid}}", pid);
}

static cop_term try_link(void *arg)
{
    cop_link(*(cop_pid *)arg);
    return cop_ok();
}

static void make_link(struct self *s, int to)
{
    struct cop_outcome o;
    world.pairs[s->me][to].last_op = LINK_MADE;
    if (cop_try(try_link, &world.pids[to], &o)) return;
    world.pairs[s->me][to].last_op = LINK_NONE; /* LNK-04: noproc, and it does not trap */
    if (world.is_trapping[s->me] || !cop_identical(o.value, COP(":noproc")))
        world_fail("%d: link raised", s->me);
}

/* Unlinks, and takes the EXIT that may have come before (LNK-08). */
static void remove_link(struct self *s, int to)
{
    struct link_exit link = {s->me, to};
    cop_term msg, reason;
    cop_unlink(world.pids[to]);
    world.pairs[s->me][to].last_op = LINK_REMOVED;
    while (cop_receive_if(is_link_exit, &link, &msg, 0)) {
        cop_expect(msg, "{:EXIT, _, reason}", reason);
        world_exit(s->me, world.pids[to], reason, false);
    }
    world.pairs[to][s->me].exits = 0;
}

/* Some links and unlinks in a row with one partner, who does the same: they cross. */
static void link_burst(struct self *s, int to)
{
    for (int i = 2 + (int)below(s, 3); i > 0; i--) {
        if (below(s, 4) == 0) cop_yield();
        if (below(s, 2) == 0)
            make_link(s, to);
        else
            remove_link(s, to);
    }
}

static struct watch *random_watch(struct self *s)
{
    for (int i = 0; i < 8 && world.watch_count > 0; i++) {
        struct watch *w = &world.watches[below(s, (uint32_t)world.watch_count)];
        if (w->owner == s->me) return w;
    }
    return NULL;
}

static void end_monitor(struct self *s)
{
    struct watch *w = random_watch(s);
    bool flush = below(s, 2) == 0;
    if (w == NULL) return;
    enum watch_state before = w->state;
    bool was_active = cop_demonitor(w->ref, flush);
    if (was_active && before != WATCH_ACTIVE)
        world_fail("%d: demonitor found a monitor that was over", s->me);
    if (before == WATCH_ACTIVE && (was_active || flush)) w->state = WATCH_ENDED;
}

static bool is_answer(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;
    return cop_match(msg, "{:reply, ^ref}", ref) ||
           cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

static void take_answer(struct self *s, cop_ref ref, cop_term msg)
{
    cop_term reason;
    if (cop_match(msg, "{:DOWN, _, :process, _, reason}", reason))
        world_down(s->me, ref, reason, false);
    else
        world_reply(s->me, ref);
}

/* A call as a gen_server's client makes it (ALS-06). */
static void call(struct self *s, int to)
{
    cop_term msg;
    cop_ref ref =
        cop_monitor_with(cop_pid_term(world.pids[to]), COP_ALIAS_REPLY_DEMONITOR, cop_none());
    struct watch *w = world_watch(s->me, to, ref);
    w->is_reply_ending = true;
    send_direct(s, to, cop_tuple(COP(":call"), ref));
    if (cop_receive_ref(ref, is_answer, &ref, &msg, (int64_t)below(s, 4))) {
        take_answer(s, ref, msg);
        return;
    }
    cop_demonitor(ref, true);
    if (cop_receive_ref(ref, is_answer, &ref, &msg, 0)) /* it came just before */
        take_answer(s, ref, msg);
    w->state = WATCH_ENDED;
}

/* --- Aliases, names, timers, children ----------------------------------------------------------*/

static void tell_alias(struct self *s, int to)
{
    cop_ref ref = cop_alias(below(s, 2) == 0 ? COP_ALIAS_REPLY : COP_ALIAS_EXPLICIT);
    send_direct(s, to, cop_tuple(COP(":alias"), s->me, ref));
    if (below(s, 2) == 0) {
        cop_yield();
        cop_unalias(ref);
        if (cop_unalias(ref)) world_fail("%d: an alias was ended twice", s->me);
    }
}

static cop_term try_name(void *arg)
{
    cop_register(*(cop_term *)arg, cop_self());
    return cop_ok();
}

static cop_term try_unname(void *arg)
{
    cop_unregister(*(cop_term *)arg);
    return cop_ok();
}

static void change_name(struct self *s)
{
    struct cop_outcome o;
    cop_term name = world_name((int)below(s, NAMES));
    cop_try(below(s, 2) == 0 ? try_name : try_unname, &name, &o);
}

static void set_timer(struct self *s)
{
    int id = world.timer_count;
    struct timer *t = &world.timers[id];
    if (id == TIMERS_MAX) return;
    world.timer_count++;
    t->owner = s->me;
    t->target = below(s, 2) == 0 ? s->me : other(s);
    t->state = TIMER_ARMED;
    t->ref = cop_send_after((int64_t)below(s, 20), cop_pid_term(world.pids[t->target]),
                            cop_tuple(COP(":timer"), id));
}

static void cancel_timer(struct self *s)
{
    if (world.timer_count == 0) return;
    struct timer *t = &world.timers[below(s, (uint32_t)world.timer_count)];
    enum timer_state before = t->state;
    if (t->owner != s->me) return;
    int64_t left = cop_cancel_timer(t->ref);
    if (left >= 0 && before != TIMER_ARMED) world_fail("%d cancelled a timer that was over", s->me);
    if (left >= 0) t->state = TIMER_CANCELLED;
}

static cop_next child(cop_term arg)
{
    cop_exit(arg);
}

static void spawn_child(struct self *s)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    int number = ++world.child_count;
    opts.link = world.is_trapping[s->me] && below(s, 2) == 0;
    if (opts.link) world.child_exits_due[s->me]++;
    cop_spawn(child, cop_tuple(COP(":child"), number), &opts);
    world_watch(s->me, -1, ref)->child = number;
}

/* --- Life --------------------------------------------------------------------------------------*/

static void step(struct self *s)
{
    int to = other(s);
    switch (below(s, 26)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: send_direct(s, to, cop_nil()); break;
    case 5: make_link(s, to); break;
    case 6: link_burst(s, s->me ^ 1); break;
    case 7:
    case 8: remove_link(s, to); break;
    case 9:
    case 10: world_watch(s->me, to, cop_monitor(world.pids[to])); break;
    case 11: end_monitor(s); break;
    case 12: call(s, to); break;
    case 13: tell_alias(s, to); break;
    case 14: send_by_alias(s); break;
    case 15: send_by_name(s); break;
    case 16: change_name(s); break;
    case 17: set_timer(s); break;
    case 18: cancel_timer(s); break;
    case 19: spawn_child(s); break;
    case 20:
        if (below(s, 6) == 0) send_signal(s, to);
        break;
    case 21:
        if (below(s, 12) == 0) cop_exit(cop_tuple(COP(":own"), s->me));
        break;
    case 22: cop_yield(); break;
    case 23: cop_is_alive(world.pids[to]); break;
    default: receive_some(s, (int64_t)below(s, 4));
    }
}

static bool is_go(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, ":go") || cop_match(msg, "{:EXIT, _, :go}");
}

static bool is_check(cop_term msg)
{
    return cop_match(msg, ":check") || cop_match(msg, "{:EXIT, _, :check}");
}

cop_next worker(cop_term arg)
{
    struct self *s = cop_alloc(sizeof(*s));
    cop_term msg;
    s->me = (int)cop_to_int(arg);
    s->random = world.random + (uint64_t)s->me * 1000003;
    cop_trap_exit(world.is_trapping[s->me]);
    cop_receive_if(is_go, NULL, &msg, COP_INFINITY);
    for (int i = 0; i < STEPS; i++)
        step(s);
    cop_send(COP(":driver"), cop_tuple(COP(":idle"), s->me));
    for (;;) {
        cop_receive(&msg, COP_INFINITY);
        if (is_check(msg)) {
            world_check_at_rest(s->me);
            cop_send(COP(":driver"), cop_tuple(COP(":checked"), s->me));
        } else {
            handle(s, msg);
        }
    }
}
