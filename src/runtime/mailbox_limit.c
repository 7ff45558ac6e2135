/* SPDX-License-Identifier: Apache-2.0 */
/* Where the limit of a mailbox has been reached: the policies, and the events. */
#include "runtime/mailbox_limit.h"

#include "base/alloc.h"
#include "runtime/mailbox.h"
#include "runtime/proc.h"
#include "runtime/signal.h"

#include <stdio.h>
#include <string.h>

/* What the `ref` of a message is that tells of an event: nobody else sets it there. */
#define EVENT 1

/* --- The option ------------------------------------------------------------------------------- */

static const char *const policy_names[] = {"drop_new", "drop_old", "exit_sender", "kill"};
#define POLICIES ((int)(sizeof(policy_names) / sizeof(policy_names[0])))

static bool read_policy(cop_term name, enum cop_mailbox_policy *ret)
{
    for (int i = 0; i < POLICIES; i++) {
        if (!cop_identical(name, cop_atom(policy_names[i]))) continue;
        *ret = (enum cop_mailbox_policy)i;
        return true;
    }
    return false;
}

static bool is_known(cop_term key)
{
    return cop_match(key, ":max") || cop_match(key, ":policy");
}

bool cop_mailbox_from(cop_term option, struct cop_mailbox *ret)
{
    struct cop_mailbox limit = {.policy = COP_DROP_NEW};
    if (cop_identical(option, cop_nil())) {
        *ret = limit;
        return true;
    }
    if (!cop_is_keyword(option)) return false;
    for (cop_term rest = option; !cop_is_empty_list(rest); rest = cop_tail(rest))
        if (!is_known(cop_elem(cop_head(rest), 0))) return false;
    cop_term max = cop_keyword_get(option, COP(":max"), cop_nil());
    int64_t n;
    if (!cop_match(max, "n", n) || n < 1 || n > COP_MAILBOX_MAX) return false;
    if (!read_policy(cop_keyword_get(option, COP(":policy"), COP(":drop_new")), &limit.policy))
        return false;
    limit.max = (uint32_t)n;
    *ret = limit;
    return true;
}

cop_term cop_mailbox_term(struct cop_mailbox mailbox)
{
    if (mailbox.max == 0) return cop_nil();
    int64_t max = mailbox.max;
    cop_term policy = cop_atom(policy_names[mailbox.policy]);
    return cop_build("[max: max, policy: policy]", max, policy);
}

void cop__mailbox_limit(struct cop__proc *p, struct cop_mailbox limit)
{
    COP_CHECK(limit.max <= COP_MAILBOX_MAX && (int)limit.policy < POLICIES,
              "no limit of a mailbox: max %u, policy %d", limit.max, (int)limit.policy);
    p->mailbox_max = limit.max != 0 ? limit.max : UINT32_MAX;
    p->mailbox_policy = (uint8_t)limit.policy;
    p->mailbox_low = 0;
    atomic_store_explicit(&p->mailbox_dropped, 0, memory_order_relaxed);
}

cop_term cop__mailbox_info(const struct cop__proc *p)
{
    if (p->mailbox_max == UINT32_MAX) return cop_empty_list();
    int64_t max = p->mailbox_max, dropped = cop__mailbox_dropped(p);
    cop_term policy = cop_atom(policy_names[p->mailbox_policy]);
    return cop_build("[max: max, policy: policy, dropped: dropped]", max, policy, dropped);
}

/* --- Subscribers ------------------------------------------------------------------------------ */

static struct {
    pthread_mutex_t lock; /* nothing is locked under it */
    uint64_t *pids;       /* under the lock, as the rest */
    size_t len;
    size_t cap;
} subscribers = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The lock is held. len if it is not there. */
static size_t find(uint64_t pid)
{
    size_t i = 0;
    while (i < subscribers.len && subscribers.pids[i] != pid)
        i++;
    return i;
}

static void make_room(void)
{
    size_t cap = subscribers.cap == 0 ? 8 : 2 * subscribers.cap;
    uint64_t *pids = cop__alloc(cap * sizeof(*pids));
    if (subscribers.len > 0) memcpy(pids, subscribers.pids, subscribers.len * sizeof(*pids));
    if (subscribers.cap > 0) cop__free(subscribers.pids, subscribers.cap * sizeof(*pids));
    subscribers.pids = pids;
    subscribers.cap = cap;
}

void cop_mailbox_subscribe(cop_pid pid)
{
    if (pid.node != 0) cop_error(cop_atom("badarg"));
    pthread_mutex_lock(&subscribers.lock);
    if (find(pid.id) == subscribers.len) {
        if (subscribers.len == subscribers.cap) make_room();
        subscribers.pids[subscribers.len++] = pid.id;
    }
    pthread_mutex_unlock(&subscribers.lock);
}

bool cop_mailbox_unsubscribe(cop_pid pid)
{
    pthread_mutex_lock(&subscribers.lock);
    size_t i = find(pid.id);
    bool was_there = i < subscribers.len;
    if (was_there) subscribers.pids[i] = subscribers.pids[--subscribers.len];
    pthread_mutex_unlock(&subscribers.lock);
    return was_there;
}

void cop__mailbox_events_end(void)
{
    if (subscribers.cap > 0) cop__free(subscribers.pids, subscribers.cap * sizeof(uint64_t));
    subscribers.pids = NULL;
    subscribers.len = subscribers.cap = 0;
}

/* A copy of the list, as a binary of the current region: nothing is sent under the lock. */
static cop_bytes all_subscribers(void)
{
    pthread_mutex_lock(&subscribers.lock);
    cop_term copy = cop_binary(subscribers.pids, subscribers.len * sizeof(uint64_t));
    pthread_mutex_unlock(&subscribers.lock);
    return cop_to_bytes(copy);
}

/* --- Events ----------------------------------------------------------------------------------- */

/* What comes next, where it is high. */
static const char *const policy_words[] = {
    "new messages are thrown away", "the oldest messages are thrown away for new ones",
    "who sends more gets an exit signal", "one more message will kill it"};

static void log_event(const struct cop__proc *p, bool is_high, uint32_t len)
{
    uint32_t atom = atomic_load_explicit(&p->registered, memory_order_relaxed);
    const char *fn = atomic_load_explicit(&p->name, memory_order_relaxed);
    cop_bytes pid = cop_to_bytes(cop_inspect(cop__pid_word(cop__proc_id(p))));
    cop_bytes name = cop_to_bytes(atom != 0 ? cop_inspect(cop__atom(atom))
                                            : cop_string(fn != NULL ? fn : "no name"));
    char what[120];
    if (is_high)
        snprintf(what, sizeof(what), "reached its limit of %u; %s", p->mailbox_max,
                 policy_words[p->mailbox_policy]);
    else
        snprintf(what, sizeof(what),
                 "fallen to %u, below half of its limit of %u; messages lost so far: %u", len,
                 p->mailbox_max, cop__mailbox_dropped(p));
    cop_log(COP_WARNING, "%.*s (%.*s): the mailbox has %s", (int)pid.len, pid.data, (int)name.len,
            name.data, what);
}

static void send_event(const struct cop__proc *p, bool is_high, uint32_t len)
{
    cop_bytes to = all_subscribers();
    cop_term event =
        cop_tuple(cop__atom(COP_ATOM_mailbox), cop__atom(is_high ? COP_ATOM_high : COP_ATOM_low),
                  cop__pid_word(cop__proc_id(p)), cop_uint(len), cop_uint(cop__mailbox_dropped(p)));
    for (size_t i = 0; i < to.len; i += sizeof(uint64_t)) {
        cop_pid pid = cop_no_pid();
        memcpy(&pid.id, to.data + i, sizeof(pid.id));
        if (!cop__signal_send_from(cop__thread(), 0, COP__SIG_MESSAGE, pid.id, EVENT, event))
            cop_mailbox_unsubscribe(pid);
    }
}

static void tell(struct cop__proc *p, bool is_high, uint32_t len)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    log_event(p, is_high, len);
    send_event(p, is_high, len);
    cop__region_leave(&region);
}

static uint32_t length(const struct cop__proc *p)
{
    return atomic_load_explicit(&p->mailbox_len, memory_order_relaxed);
}

static void rise(struct cop__proc *p, uint32_t len)
{
    if (p->mailbox_low != 0) return;
    p->mailbox_low = p->mailbox_max / 2 + p->mailbox_max % 2;
    tell(p, true, len);
}

struct cop__signal *cop__mailbox_sank(struct cop__proc *p, struct cop__signal *s)
{
    p->mailbox_low = 0;
    tell(p, false, length(p));
    return s;
}

/* --- Policies --------------------------------------------------------------------------------- */

/* Whether p may lose it: a message that another has sent. The messages of links and monitors have
 * kinds of their own. */
static bool is_losable(const struct cop__proc *p, const struct cop__signal *s)
{
    return s->kind == COP__SIG_MESSAGE && s->from != cop__proc_id(p);
}

static void count_dropped(struct cop__proc *p)
{
    atomic_store_explicit(&p->mailbox_dropped, cop__mailbox_dropped(p) + 1, memory_order_relaxed);
}

/* A message that tells of an event. */
static bool is_event(const struct cop__signal *s)
{
    return s->kind == COP__SIG_MESSAGE && s->ref == EVENT;
}

/* False if there is none that may go. */
static bool drop_oldest(struct cop__proc *p)
{
    struct cop__signal **at = &p->mailbox_first;
    while (*at != NULL && !is_losable(p, *at))
        at = &(*at)->next;
    if (*at == NULL) return false;
    uint32_t low = p->mailbox_low;
    p->mailbox_low = 0; /* it is full again at once */
    cop__signal_free(cop__mailbox_take(p, at));
    p->mailbox_low = low;
    count_dropped(p);
    return true;
}

/* An exit signal from p, as by exit/2. */
static void send_exit(const struct cop__proc *p, uint64_t to, cop_term reason)
{
    uint64_t self = cop__proc_id(p);
    cop__signal_send_from(cop__thread(), self, COP__SIG_EXIT, to, 0,
                          cop__exit_message(self, reason));
}

static void send_exit_for(const struct cop__proc *p, const struct cop__signal *s)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    if (p->mailbox_policy == COP_KILL && cop__mailbox_dropped(p) == 0)
        send_exit(p, cop__proc_id(p), cop__atom(COP_ATOM_kill));
    else if (p->mailbox_policy == COP_EXIT_SENDER && s->from != 0)
        send_exit(p, s->from, cop_tuple(cop_atom("mailbox_full"), cop__pid_word(cop__proc_id(p))));
    cop__region_leave(&region);
}

/* s finds the mailbox full. False: it was refused, and freed. */
static bool meet_full(struct cop__proc *p, struct cop__signal *s)
{
    if (!is_losable(p, s)) return true;
    if (is_event(s)) {
        cop__signal_free(s);
        return false;
    }
    if (p->mailbox_policy == COP_DROP_OLD && drop_oldest(p)) return true;
    send_exit_for(p, s);
    cop__signal_free(s);
    count_dropped(p);
    return false;
}

void cop__mailbox_append_at_limit(struct cop__proc *p, struct cop__signal *s)
{
    uint32_t len = length(p);
    bool is_full = len >= p->mailbox_max;
    if (!is_event(s)) rise(p, is_full ? len : len + 1);
    if (!is_full || meet_full(p, s)) cop__mailbox_put_last(p, s, length(p) + 1);
}
