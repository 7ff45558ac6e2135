/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a tree: see tree.h. */
#include "tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Restarts of a group are seen when its first member starts; before that, siblings were stopped.
 * This long at most: what a time may be earlier than it was seen. */
#define STOPPING_MAX_MS 1000
/* How long a worker may be at work before it hears that it is to stop. */
#define BUSY_MAX_MS     100

struct tree tree;

void tree_fail(const char *format, ...)
{
    va_list args;
    if (tree.has_failed) return;
    tree.has_failed = true;
    va_start(args, format);
    vsnprintf(tree.failure, sizeof(tree.failure), format, args);
    va_end(args);
    tree_tell("failure: %s", tree.failure);
}

void tree_tell(const char *format, ...)
{
    va_list args;
    if (getenv("COPPICE_SEED") == NULL) return;
    fprintf(stderr, "%7d ms  ", (int)cop_monotonic_ms());
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static const char *words_of(cop_term reason)
{
    return cop_to_bytes(cop_inspect(reason)).data;
}

static enum reason class_of(cop_term reason)
{
    if (cop_match(reason, ":normal")) return NORMAL;
    if (cop_match(reason, ":shutdown")) return SHUTDOWN;
    if (cop_match(reason, "{:shutdown, _}")) return SHUTDOWN_TERM;
    if (cop_match(reason, ":killed")) return KILLED;
    return OTHER;
}

static int life_of(cop_pid pid)
{
    for (int i = tree.life_count; i-- > 0;) {
        if (cop_pid_equal(tree.lives[i].pid, pid)) return i;
    }
    return NONE;
}

int tree_running(int node)
{
    int life = tree.nodes[node].life;
    return life != NONE && !tree.lives[life].is_dead ? life : NONE;
}

static const struct node *node_of(const struct life *l)
{
    return &tree.nodes[l->node];
}

/* A supervisor whose own supervisor was killed may still be at work, and start children, while the
 * next life of its node does so, too. What it does is of no account; only that it ends. */
static bool is_last_life(int life)
{
    return tree.nodes[tree.lives[life].node].life == life;
}

/* Whether node lives under that life of its supervisor. (The children of a killed supervisor may
 * still be dying when the next one begins.) */
static bool runs(int node, const struct life *supervisor)
{
    int life = tree.nodes[node].life;
    return life != NONE && &tree.lives[tree.lives[life].supervisor] == supervisor &&
           cop_is_alive(tree.lives[life].pid);
}

/* --- Intensity -------------------------------------------------------------------------------- */

static bool is_group(const struct node *n)
{
    return n->kind == STATIC && n->strategy != ONE_FOR_ONE;
}

/* How many restarts are still in the window at the time ms; those that may have been seen late do
 * not count if they may be out of it. */
static int restarts_in_window(const struct life *l, int64_t ms, int64_t late_ms)
{
    int count = 0;
    for (int i = 0; i < l->decision_count && i < TIMES_MAX; i++)
        count += (l->decision_ms[i] - late_ms) / 1000 >= ms / 1000 - node_of(l)->max_seconds;
    return count;
}

static void note_decision(struct life *l)
{
    const struct node *n = node_of(l);
    int64_t now = cop_monotonic_ms();
    int64_t late_ms = tree.has_sleeps && is_group(n) ? STOPPING_MAX_MS : 0;
    l->decision_ms[l->decision_count++ % TIMES_MAX] = now;
    int count = restarts_in_window(l, now, late_ms);
    if (count > n->max_restarts) /* SUP-36 */
        tree_fail("supervisor %d restarts for the %dth time within %d s; %d are allowed", l->node,
                  count, n->max_seconds, n->max_restarts);
}

static void note_cause(int supervisor, int node)
{
    struct life *l = &tree.lives[supervisor];
    l->cause_ms[l->cause_count++ % TIMES_MAX] = cop_monotonic_ms();
    if (tree.nodes[node].supervisor == supervisor) tree.nodes[node].causes++;
}

/* One more restart was due just before its end (SUP-36, 37). */
static bool has_reached_limit(const struct life *l)
{
    int64_t since_ms = l->died_ms - (tree.has_sleeps ? STOPPING_MAX_MS : 0);
    for (int i = 0; i < l->cause_count && i < TIMES_MAX; i++) {
        if (l->cause_ms[i] >= since_ms &&
            restarts_in_window(l, l->cause_ms[i], 0) >= node_of(l)->max_restarts)
            return true;
    }
    return false;
}

/* --- Starts ----------------------------------------------------------------------------------- */

/* The sibling that a start of `node`, in a group, is followed by; node NONE: the first. */
static int next_in_group(const struct node *supervisor, int node)
{
    bool is_behind = node == NONE;
    for (int k = 0; k < supervisor->child_count; k++) {
        const struct node *n = &tree.nodes[supervisor->children[k]];
        if (is_behind && n->is_listed && n->restart != TEMPORARY) return supervisor->children[k];
        is_behind = is_behind || supervisor->children[k] == node;
    }
    return NONE;
}

static bool later_sibling_runs(const struct life *supervisor, int node)
{
    const struct node *s = node_of(supervisor);
    bool is_behind = false;
    for (int k = 0; k < s->child_count; k++) {
        if (is_behind && runs(s->children[k], supervisor)) return true;
        is_behind = is_behind || s->children[k] == node;
    }
    return false;
}

static bool begins_as_initial(struct life *l, int node)
{
    const struct node *s = node_of(l);
    if (s->kind == DYNAMIC || l->initial_next == s->child_count ||
        !tree.nodes[s->children[l->initial_next]].is_initial)
        return false;
    if (l->has_failed_init) tree_fail("%d is started after a failed start (SUP-16)", node);
    if (s->children[l->initial_next] != node) tree_fail("%d is started out of order", node);
    l->initial_next++;
    return true;
}

/* A restart: the next of a group that is under way, or what begins one. */
static void begins_as_restart(struct life *l, int node)
{
    const struct node *s = node_of(l);
    struct node *n = &tree.nodes[node];
    if (n->restart == TEMPORARY) tree_fail("%d, temporary, is restarted (SUP-35)", node);
    if (l->group_next != NONE) {
        if (node != l->group_next)
            tree_fail("%d is started instead of %d, the next of its group", node, l->group_next);
    } else {
        note_decision(l);
        n->decisions++;
        if (s->kind == STATIC && s->strategy == ONE_FOR_ALL && node != next_in_group(s, NONE))
            tree_fail("%d is started first of all (SUP-45)", node);
    }
    if (is_group(s) && later_sibling_runs(l, node))
        tree_fail("%d is started while one behind it runs (SUP-44, 45)", node);
}

void tree_attempt_begins(int node)
{
    struct node *n = &tree.nodes[node];
    int supervisor = life_of(cop_self());
    tree.events++;
    if (supervisor == NONE || tree.lives[supervisor].node != n->parent) {
        tree_fail("%d is started by a stranger", node);
        return;
    }
    if (!is_last_life(supervisor)) return;
    if (runs(node, &tree.lives[supervisor])) tree_fail("%d is started while it runs", node);
    if (n->supervisor != supervisor) {
        n->supervisor = supervisor;
        n->decisions = 0;
        n->causes = 0;
    }
    struct life *l = &tree.lives[supervisor];
    n->outcome = PENDING;
    n->is_stopped = false;
    tree_tell("%d starts %d", l->node, node);
    if (tree.manual == node) {
        tree.manual = NONE;
        l->attempt = BY_CALL;
    } else if (begins_as_initial(l, node)) {
        l->attempt = INITIAL;
    } else {
        l->attempt = RESTART;
        begins_as_restart(l, node);
    }
}

static void restart_ends(struct life *l, int node)
{
    bool has_failed = tree.nodes[node].outcome == FAILED;
    if (has_failed) note_cause(tree.nodes[node].supervisor, node);
    l->group_next = is_group(node_of(l)) && !has_failed ? next_in_group(node_of(l), node) : NONE;
}

/* A child of this supervisor that has ended: it heard of that before it began the next start. */
static bool is_own_dead(const struct life *supervisor, cop_pid pid)
{
    int life = life_of(pid);
    return life != NONE && &tree.lives[tree.lives[life].supervisor] == supervisor &&
           !cop_is_alive(pid);
}

void tree_attempt_ends(int node, cop_term answer)
{
    struct node *n = &tree.nodes[node];
    struct life *l = &tree.lives[n->supervisor];
    cop_pid pid;
    tree.events++;
    if (!cop_pid_equal(l->pid, cop_self()) || !is_last_life(n->supervisor)) return;
    if (cop_match(answer, "{:ok, pid}", pid)) {
        n->outcome = STARTED;
        if (n->life == NONE || !cop_pid_equal(tree.lives[n->life].pid, pid))
            tree_fail("the start of %d answers with another process", node);
    } else {
        n->outcome = cop_match(answer, ":ignore") ? IGNORED : FAILED;
        if (cop_match(answer, "{:error, {:already_started, pid}}", pid) && is_own_dead(l, pid))
            tree_fail("the name of the dead %d is taken (SIG-07)", node);
        tree_tell("%d does not start: %s", node, words_of(answer));
        if (runs(node, l)) tree_fail("%d runs after a failed start (VER-01)", node);
    }
    if (l->attempt == RESTART)
        restart_ends(l, node);
    else if (l->attempt == INITIAL && n->outcome == FAILED)
        l->has_failed_init = true;
}

/* --- Lives ------------------------------------------------------------------------------------ */

int tree_born(int node)
{
    struct node *n = &tree.nodes[node];
    int life = tree.life_count;
    int supervisor = node == 0 ? NONE : life_of(cop_to_pid(cop_head(cop_ancestors())));
    tree.events++;
    if (life == LIVES_MAX - 1)
        tree_fail("too many lives for the table");
    else
        tree.life_count++;
    tree.lives[life] = (struct life){
        .node = node, .supervisor = supervisor, .pid = cop_self(), .group_next = NONE};
    tree_tell("life %d of %d begins", life, node);
    n->starts++;
    if (supervisor != NONE && !is_last_life(supervisor)) return life;
    n->life = life;
    /* Its supervisor's life begins anew with what was there at first (SUP-22). */
    for (int k = 0; k < n->child_count; k++) {
        struct node *child = &tree.nodes[n->children[k]];
        child->is_listed = child->is_initial;
        child->is_stopped = false;
        child->outcome = NOTHING;
    }
    return life;
}

bool tree_may_have_table(int life)
{
    cop_term name = tree_name(tree.lives[life].node);
    cop_pid owner;
    cop_term table = cop_ets_whereis(name);
    if (cop_match(table, ":undefined")) return true;
    if (!cop_match(cop_ets_info_item(table, COP(":owner")), "owner", owner)) return false;
    if (!cop_is_alive(owner) && cop_identical(cop_ets_whereis(name), table))
        tree_fail("the table of a dead one is in the way of life %d (ETS-04)", life);
    return false;
}

/* A death that a supervisor minds (SUP-33 to 35). */
static bool wants_restart(const struct node *n, enum reason reason)
{
    return n->restart == PERMANENT ||
           (n->restart == TRANSIENT && (reason == KILLED || reason == OTHER));
}

/* The end of a worker that its supervisor asked to end, or might have (SUP-51). */
static void check_stop_time(const struct life *l)
{
    const struct node *n = node_of(l);
    int64_t took_ms = l->died_ms - l->stopping_ms;
    bool has_limit = n->shutdown != SHUTDOWN_INFINITY && n->shutdown < n->terminate_ms;
    if (l->is_hit || tree.lives[l->supervisor].is_dead) return;
    if (took_ms > (has_limit ? n->shutdown : n->terminate_ms))
        tree_fail("%d took %d ms to stop, with a limit of %d", l->node, (int)took_ms, n->shutdown);
    if (took_ms < n->terminate_ms && l->reason != KILLED)
        tree_fail("%d was not left the time to stop", l->node);
    /* (One that was busy when asked may be killed in the last moment.) */
    if (took_ms == n->terminate_ms && l->reason != SHUTDOWN &&
        (l->reason != KILLED || n->shutdown == SHUTDOWN_INFINITY))
        tree_fail("%d stopped in time, but with another reason", l->node);
}

/* The end of a worker that nobody but its supervisor can have killed. */
static void check_kill(const struct life *l)
{
    const struct node *n = node_of(l);
    bool has_time = n->shutdown == SHUTDOWN_INFINITY || n->shutdown > n->terminate_ms + BUSY_MAX_MS;
    if (n->traps && has_time && !l->is_hit && !tree.lives[l->supervisor].is_dead)
        tree_fail("%d was killed before its time was over", l->node);
}

void tree_died(int life, cop_term reason)
{
    struct life *l = &tree.lives[life];
    tree.events++;
    if (l->is_dead) tree_fail("the watcher got two DOWNs of a life of %d", l->node);
    tree_tell("life %d of %d has ended: %s", life, l->node, words_of(reason));
    l->is_dead = true;
    l->died_ms = cop_monotonic_ms();
    l->reason = class_of(reason);
    l->reason_hash = cop_hash(reason);
    if (l->supervisor == NONE) return;
    if (wants_restart(node_of(l), l->reason)) note_cause(l->supervisor, l->node);
    if (l->stopping_ms != 0) check_stop_time(l);
    if (l->reason == KILLED && node_of(l)->kind == WORKER) check_kill(l);
}

void tree_terminates(int life, cop_term reason)
{
    struct life *l = &tree.lives[life];
    const struct node *n = node_of(l);
    const struct life *supervisor = &tree.lives[l->supervisor];
    tree.events++;
    tree_tell("life %d of %d terminates: %s", life, l->node, words_of(reason));
    if (l->is_hit || class_of(reason) != SHUTDOWN || !cop_is_alive(supervisor->pid)) return;
    l->stopping_ms = cop_monotonic_ms();
    if (n->shutdown == SHUTDOWN_BRUTAL) tree_fail("%d is asked instead of killed", l->node);
    if (node_of(supervisor)->kind == STATIC && !n->is_stopped &&
        later_sibling_runs(supervisor, l->node))
        tree_fail("%d is stopped while one behind it runs (SUP-50)", l->node);
}

/* --- Rest ------------------------------------------------------------------------------------- */

static void check_running(const struct life *l, int node, cop_pid pid)
{
    const struct node *n = &tree.nodes[node];
    if (n->life == NONE || !cop_pid_equal(tree.lives[n->life].pid, pid))
        tree_fail("supervisor %d shows another process for %d", l->node, node);
    else if (tree.lives[n->life].is_dead)
        tree_fail("supervisor %d shows a dead process for %d", l->node, node);
}

/* Whether a node that does not run may be so, at rest. */
static bool may_be_stopped(const struct node *n)
{
    if (n->is_stopped || n->outcome == IGNORED) return true;
    return n->restart == TRANSIENT && n->outcome == STARTED &&
           !wants_restart(n, tree.lives[n->life].reason);
}

/* Whether the supervisor still knows the node, at rest. */
static bool is_known(const struct node *s, int node)
{
    const struct node *n = &tree.nodes[node];
    bool goes_with_its_process = n->restart == TEMPORARY || s->kind == DYNAMIC;
    return n->is_listed && (!goes_with_its_process || tree_running(node) != NONE);
}

static void check_static(const struct life *l, cop_term rows)
{
    const struct node *s = node_of(l);
    for (int k = s->child_count; k-- > 0;) {
        int node = s->children[k];
        int id;
        cop_pid pid;
        cop_term row, shown;
        if (!is_known(s, node)) continue;
        if (cop_is_empty_list(rows)) {
            tree_fail("supervisor %d has forgotten %d", l->node, node);
            return;
        }
        row = cop_head(rows);
        rows = cop_tail(rows);
        if (!cop_match(row, "{id, shown, _, _}", id, shown) || id != node)
            tree_fail("supervisor %d shows another child where %d should be", l->node, node);
        else if (cop_match(shown, "pid", pid))
            check_running(l, node, pid);
        else if (!cop_match(shown, ":undefined"))
            tree_fail("%d is restarting, at rest", node);
        else if (tree_running(node) != NONE || !may_be_stopped(&tree.nodes[node]))
            tree_fail("supervisor %d does not run %d", l->node, node);
    }
    if (!cop_is_empty_list(rows)) tree_fail("supervisor %d shows a child too many", l->node);
}

static void check_dynamic(const struct life *l, cop_term rows)
{
    const struct node *s = node_of(l);
    int expected = 0;
    for (int k = 0; k < s->child_count; k++) {
        const struct node *n = &tree.nodes[s->children[k]];
        expected += is_known(s, s->children[k]);
        if (n->is_listed && n->restart != TEMPORARY && tree_running(s->children[k]) == NONE &&
            !may_be_stopped(n))
            tree_fail("supervisor %d does not run %d", l->node, s->children[k]);
    }
    for (; !cop_is_empty_list(rows); rows = cop_tail(rows), expected--) {
        cop_pid pid;
        int life = cop_match(cop_head(rows), "{:undefined, pid, _, _}", pid) ? life_of(pid) : NONE;
        if (life == NONE || tree.lives[life].is_dead ||
            &tree.lives[tree.lives[life].supervisor] != l)
            tree_fail("supervisor %d shows a child that is none", l->node);
    }
    if (expected != 0) tree_fail("supervisor %d shows %d children too few", l->node, expected);
}

static void check_supervisor(const struct life *l)
{
    const struct node *s = node_of(l);
    cop_term pid = cop_pid_term(l->pid);
    if (l->group_next != NONE) tree_fail("supervisor %d has left a group unfinished", l->node);
    for (int k = 0; k < s->child_count; k++) {
        const struct node *n = &tree.nodes[s->children[k]];
        if (&tree.lives[n->supervisor] == l && !is_group(s) && n->decisions > n->causes)
            tree_fail("%d was restarted without a cause", s->children[k]);
    }
    if (l->decision_count > l->cause_count)
        tree_fail("supervisor %d restarted without a cause", l->node);
    if (s->kind == STATIC)
        check_static(l, cop_supervisor_which_children(pid));
    else
        check_dynamic(l, cop_dynamic_supervisor_which_children(pid));
}

/* A supervisor has ended that nobody but its own supervisor, or itself, can have ended (SUP-55). */
static void judge_supervisor(const struct life *l)
{
    const struct life *above = l->supervisor == NONE ? NULL : &tree.lives[l->supervisor];
    bool is_own =
        above == NULL || (!above->is_dead && !is_group(node_of(above)) && !node_of(l)->is_stopped);
    if (l->has_failed_init) {
        if (l->reason != SHUTDOWN_TERM && l->reason != KILLED)
            tree_fail("supervisor %d could not start, and ended otherwise", l->node);
    } else if (is_own) {
        if (l->reason != SHUTDOWN || !has_reached_limit(l))
            tree_fail("supervisor %d has ended (reason %d) after %d restarts for %d causes; %d in"
                      " %d s are allowed",
                      l->node, l->reason, l->decision_count, l->cause_count,
                      node_of(l)->max_restarts, node_of(l)->max_seconds);
    } else if (l->reason != SHUTDOWN && l->reason != KILLED &&
               !(above->is_dead &&
                 (l->reason == SHUTDOWN_TERM || l->reason_hash == above->reason_hash))) {
        tree_fail("supervisor %d has ended with a wrong reason", l->node);
    }
}

void tree_check_at_rest(void)
{
    for (int i = 0; i < tree.life_count && !tree.has_failed; i++) {
        struct life *l = &tree.lives[i];
        bool is_supervisor = node_of(l)->kind != WORKER;
        if (!l->is_dead && node_of(l)->has_name &&
            !cop_pid_equal(cop_whereis(tree_name(l->node)), l->pid))
            tree_fail("%d has lost its name", l->node);
        if (!l->is_dead && l->supervisor != NONE && tree.lives[l->supervisor].is_dead)
            tree_fail("%d lives without its supervisor", l->node);
        else if (!l->is_dead && is_supervisor)
            check_supervisor(l);
        else if (l->is_dead && is_supervisor && !l->is_judged && !l->is_hit)
            judge_supervisor(l);
        l->is_judged = l->is_dead;
    }
}

void tree_check_nothing_left(void)
{
    for (int i = 0; i < tree.life_count; i++) {
        if (!tree.lives[i].is_dead)
            tree_fail("%d lives on when all is stopped", tree.lives[i].node);
    }
}
