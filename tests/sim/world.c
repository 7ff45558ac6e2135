/* SPDX-License-Identifier: Apache-2.0 */
/* The oracle of the property program: see world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>

struct world world;

uint64_t world_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void world_fail(const char *format, ...)
{
    va_list args;
    if (world.has_failed) return;
    world.has_failed = true;
    va_start(args, format);
    vsnprintf(world.failure, sizeof(world.failure), format, args);
    va_end(args);
}

int world_index(cop_pid pid)
{
    for (int i = 0; i < WORKERS; i++) {
        if (cop_pid_equal(world.pids[i], pid)) return i;
    }
    return -1;
}

cop_term world_name(int i)
{
    static const char *const names[NAMES] = {"sim_a", "sim_b", "sim_c", "sim_d"};
    return cop_atom(names[i]);
}

/* --- Order -------------------------------------------------------------------------------------*/

static void got_in_order(int from, int me, int order)
{
    struct pair *p = &world.pairs[from][me];
    if (p->is_closed) world_fail("%d got number %d of %d after its end", me, order, from);
    if (order <= p->order_got)
        world_fail("%d got number %d of %d after number %d", me, order, from, p->order_got);
    p->order_got = order;
}

/* me finds count messages missing. */
static void lose(int me, int count)
{
    world.lost[me] += count;
}

static void got_direct(int from, int me, int order, int number)
{
    struct pair *p = &world.pairs[from][me];
    bool may_lose = world.limits[me].max != 0;
    got_in_order(from, me, order);
    if (number <= p->got || (number != p->got + 1 && !may_lose))
        world_fail("%d got direct %d of %d after %d", me, number, from, p->got);
    lose(me, number - p->got - 1);
    p->got = number;
}

/* me handles, in its turn, the end of x: all that x sent must have come. */
static void close_pair(int x, int me)
{
    struct pair *p = &world.pairs[x][me];
    p->is_closed = true;
    if (world.limits[me].max != 0) return;
    if (p->got != p->sent && !(p->is_sending && p->got == p->sent + 1))
        world_fail("%d learns of the end of %d with %d of %d received", me, x, p->got, p->sent);
}

static void check_reason(int x, int me, cop_term reason)
{
    uint64_t hash = cop_hash(reason);
    if (cop_identical(reason, COP(":noproc"))) return;
    if (world.has_reason[x] && world.reason[x] != hash)
        world_fail("%d was told another reason of the end of %d than others", me, x);
    world.has_reason[x] = true;
    world.reason[x] = hash;
    for (int i = 0; i < NAMES; i++) {
        cop_pid owner = cop_whereis(world_name(i));
        if (!cop_is_no_pid(owner) && cop_pid_equal(owner, world.pids[x]))
            world_fail("%d sees a name of %d after its end", me, x);
    }
}

/* --- Links -------------------------------------------------------------------------------------*/

void world_exit(int me, cop_pid from, cop_term reason, bool is_in_turn)
{
    int x = world_index(from);
    int child;
    if (x < 0) {
        if (!cop_match(reason, "{:child, child}", child))
            world_fail("%d got the EXIT of a child with another reason", me);
        if (--world.child_exits_due[me] < 0) world_fail("%d got one EXIT of a child too many", me);
        return;
    }
    struct pair *mine = &world.pairs[me][x];
    struct pair *theirs = &world.pairs[x][me];
    bool is_real = !cop_identical(reason, COP(":noproc"));
    if (is_in_turn && mine->last_op != LINK_MADE && theirs->last_op != LINK_MADE)
        world_fail("%d got an EXIT of %d without a link", me, x);
    theirs->exits++;
    theirs->real_exits += is_real;
    if (theirs->real_exits > 1) world_fail("%d got two EXITs of %d", me, x);
    check_reason(x, me, reason);
    if (is_real && is_in_turn) close_pair(x, me);
}

static void check_links_at_rest(int me)
{
    for (int x = 0; x < WORKERS; x++) {
        enum link_op mine = world.pairs[me][x].last_op;
        enum link_op theirs = world.pairs[x][me].last_op;
        int exits = world.pairs[x][me].exits;
        if (x == me || !world.is_dead[x] || !world.is_trapping[me]) continue;
        bool must = (mine == LINK_MADE && theirs != LINK_REMOVED) ||
                    (mine == LINK_NONE && theirs == LINK_MADE);
        if (must && exits == 0) world_fail("%d never got the EXIT of %d", me, x);
        if (mine != LINK_MADE && theirs != LINK_MADE && exits > 0)
            world_fail("%d got an EXIT of %d after unlink", me, x);
    }
    if (world.child_exits_due[me] != 0)
        world_fail("%d got %d EXITs of children too few", me, world.child_exits_due[me]);
}

/* --- Monitors ----------------------------------------------------------------------------------*/

struct watch *world_watch(int me, int target, cop_ref ref)
{
    struct watch *w = &world.watches[world.watch_count];
    if (world.watch_count == WATCHES_MAX - 1) {
        world_fail("too many monitors for the table");
        return w;
    }
    world.watch_count++;
    *w = (struct watch){.ref = ref, .owner = me, .target = target};
    return w;
}

struct watch *world_find_watch(cop_ref ref)
{
    for (int i = world.watch_count - 1; i >= 0; i--) {
        if (cop_ref_equal(world.watches[i].ref, ref)) return &world.watches[i];
    }
    return NULL;
}

void world_down(int me, cop_ref ref, cop_term reason, bool is_in_turn)
{
    struct watch *w = world_find_watch(ref);
    int child = -1;
    if (w == NULL || w->owner != me) {
        world_fail("%d got a DOWN of a monitor that is not its own", me);
        return;
    }
    if (w->state != WATCH_ACTIVE)
        world_fail("%d got a DOWN of a monitor that %s", me,
                   w->state == WATCH_FIRED ? "had fired" : "had been ended");
    w->state = WATCH_FIRED;
    if (w->target < 0) {
        if (!cop_match(reason, "{:child, child}", child) || child != w->child)
            world_fail("%d got the DOWN of a child with another reason", me);
        return;
    }
    check_reason(w->target, me, reason);
    if (is_in_turn && !cop_identical(reason, COP(":noproc"))) close_pair(w->target, me);
}

void world_reply(int me, cop_ref ref)
{
    struct watch *w = world_find_watch(ref);
    if (w == NULL || w->owner != me || w->state != WATCH_ACTIVE)
        world_fail("%d got a reply to a call that was over", me);
    else
        w->state = WATCH_ENDED;
}

static void check_watches_at_rest(int me)
{
    for (int i = 0; i < world.watch_count; i++) {
        struct watch *w = &world.watches[i];
        bool is_dead = w->target < 0 || world.is_dead[w->target];
        if (w->owner == me && is_dead && w->state == WATCH_ACTIVE)
            world_fail("%d never got the DOWN of %d", me, w->target);
    }
}

/* --- All messages ------------------------------------------------------------------------------*/

static void timer_fired(int me, int id)
{
    struct timer *t = &world.timers[id];
    if (id < 0 || id >= world.timer_count || t->target != me)
        world_fail("%d got a timer message that was not for it", me);
    else if (t->state != TIMER_ARMED)
        world_fail("%d got a timer that %s", me,
                   t->state == TIMER_FIRED ? "had fired" : "was cancelled");
    else
        t->state = TIMER_FIRED;
}

/* me has sent a message to a full mailbox. */
static void refused(int me, cop_pid by)
{
    int x = world_index(by);
    if (x < 0 || world.limits[x].max == 0 || world.limits[x].policy != COP_EXIT_SENDER)
        world_fail("%d was refused by one that has no such limit", me);
    else if (world.pairs[x][me].is_closed)
        world_fail("%d was refused by %d after its end", me, x);
}

bool world_received(int me, cop_term msg)
{
    int from, order, number, to, id;
    cop_pid pid, by;
    cop_ref ref;
    cop_term reason;
    if (cop_match(msg, "{:direct, from, order, number, _}", from, order, number))
        got_direct(from, me, order, number);
    else if (cop_match(msg, "{:indirect, from, order}", from, order))
        got_in_order(from, me, order);
    else if (cop_match(msg, "{:EXIT, pid, {:signal, from, to, order, number}}", pid, from, to,
                       order, number) &&
             from == world_index(pid) && to == me)
        got_direct(from, me, order, number);
    else if (cop_match(msg, "{:EXIT, pid, {:mailbox_full, by}}", pid, by) && cop_pid_equal(pid, by))
        refused(me, pid);
    else if (cop_match(msg, "{:EXIT, pid, reason}", pid, reason))
        world_exit(me, pid, reason, true);
    else if (cop_match(msg, "{:DOWN, ref, :process, _, reason}", ref, reason))
        world_down(me, ref, reason, true);
    else if (cop_match(msg, "{:timer, id}", id))
        timer_fired(me, id);
    else
        return false;
    return true;
}

static uint32_t links_of(int me)
{
    cop_term list = cop_elem(cop_process_info(cop_self(), COP(":links")), 1);
    uint32_t mask = 0;
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        int x = world_index(cop_to_pid(cop_head(list)));
        if (x < 0)
            world_fail("%d is linked to a child that has ended", me);
        else
            mask |= 1U << x;
    }
    return mask;
}

void world_check_all_at_rest(void)
{
    for (int a = 0; a < WORKERS; a++) {
        for (int b = 0; !world.is_dead[a] && b < WORKERS; b++) {
            bool from_a = (world.links[a] >> b & 1) != 0;
            bool from_b = !world.is_dead[b] && (world.links[b] >> a & 1) != 0;
            if (from_a && !from_b)
                world_fail("%d is linked to %d%s, and not the other way", a, b,
                           world.is_dead[b] ? ", who is dead" : "");
        }
    }
}

/* What was not refused has come: what is missing was counted. Calls and replies are not numbered,
 * so more may have been refused. */
static void check_limit_at_rest(int me)
{
    cop_term limit = cop_elem(cop_process_info(cop_self(), COP(":mailbox")), 1);
    int64_t dropped = cop_to_int(cop_keyword_get(limit, COP(":dropped"), cop_int(0)));
    for (int x = 0; x < WORKERS; x++)
        if (!world.is_dead[x]) lose(me, world.pairs[x][me].sent - world.pairs[x][me].got);
    if (world.lost[me] > dropped)
        world_fail("%d misses %d messages, but has counted %d", me, world.lost[me], (int)dropped);
}

void world_check_at_rest(int me)
{
    world.links[me] = links_of(me);
    check_links_at_rest(me);
    check_watches_at_rest(me);
    for (int i = 0; i < world.timer_count; i++) {
        const struct timer *t = &world.timers[i];
        if (t->target != me || t->state != TIMER_ARMED) continue;
        if (world.limits[me].max != 0 && t->owner != me)
            lose(me, 1);
        else
            world_fail("%d never got its timer %d", me, i);
    }
    check_limit_at_rest(me);
}
