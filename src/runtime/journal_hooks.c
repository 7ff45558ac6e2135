/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime notes in the journals: starts and ends of processes, crashes, and what traced
 * processes receive. Terms of processes get there as texts that are cut, never as they are. */
#include "runtime/introspect.h"

#include "runtime/proc.h"
#include "runtime/relation.h"
#include "runtime/signal.h"

#define REASON_MAX   4096
#define MESSAGE_MAX  256
#define MESSAGES_MAX 10
#define LINKS_MAX    50
#define TRACED_MAX   16

/* --- Starts ----------------------------------------------------------------------------------- */

static cop_term text_or_nil(const char *text)
{
    return text != NULL ? cop_string(text) : cop_nil();
}

void cop__journal_spawned(uint64_t pid, const struct cop__proc *parent, const char *function)
{
    struct cop__proc_region region;
    if (!cop__journal_admits(COP_JOURNAL_PROCESSES)) return;
    cop__region_enter(&region);
    cop_term by = parent != NULL ? cop__pid_word(cop__proc_id(parent)) : cop_nil();
    cop__journal_add(COP_JOURNAL_PROCESSES,
                     cop_tuple(COP(":start"), cop__pid_word(pid), by, text_or_nil(function)));
    cop__region_leave(&region);
}

void cop_journal_mark(cop_pid pid)
{
    struct cop__proc *p = pid.node == 0 ? cop__proc_lookup(pid.id) : NULL;
    if (p != NULL) atomic_fetch_or_explicit(&p->flags, COP__PROC_IN_TREE, memory_order_relaxed);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static bool is_abnormal(cop_term reason)
{
    if (cop_is_tuple(reason) && cop_tuple_size(reason) == 2) reason = cop_elem(reason, 0);
    return !cop__is(reason, COP_ATOM_normal) && !cop__is(reason, COP_ATOM_shutdown);
}

static cop_term name_of(const struct cop__proc *p)
{
    uint32_t atom = atomic_load_explicit(&p->registered, memory_order_relaxed);
    return atom != 0 ? cop__atom(atom) : cop_nil();
}

/* The texts of the oldest messages. */
static cop_term first_messages(const struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    int left = MESSAGES_MAX;
    for (struct cop__signal *s = p->mailbox_first; s != NULL && left > 0; s = s->next, left--)
        list = cop_cons(cop_inspect_within(cop__signal_term(s), MESSAGE_MAX), list);
    return cop_list_reverse(list);
}

static cop_term first_links(struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    int left = LINKS_MAX;
    struct cop__relation *r;
    COP__RELATION_FOR(r, &p->links)
    if (r->unlink_id == 0 && left-- > 0) list = cop_cons(cop__pid_word(r->peer), list);
    return cop_list_reverse(list);
}

/* Pids and names of proc_lib's. The code of a condemned process may be at its dictionary now. */
static cop_term ancestors_of(const struct cop__proc *p)
{
    bool runs_on =
        (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_CONDEMNED) != 0;
    cop_term list = runs_on || p->dictionary == NULL
                        ? cop_none()
                        : cop_dict_get(p->dictionary, cop__atom(COP_ATOM_ancestors));
    return !cop_is_none(list) && cop_list_len(list) >= 0 ? list : cop_empty_list();
}

static void note_crash(struct cop__proc *p, cop_term pid, cop_term reason, cop_term text)
{
    struct cop_process_row row;
    bool is_cut = cop_to_bytes(text).len >= REASON_MAX;
    cop_term words = is_cut ? cop_nil() : cop_format_exit(reason);
    cop_term label = cop_nil(), initial_call = cop_nil(), leader = cop_nil(), function = cop_nil();
    if (cop__read_process(cop__proc_id(p), &row)) {
        label = row.label;
        initial_call = row.initial_call;
        leader = row.group_leader.id != 0 ? cop_pid_term(row.group_leader) : cop_nil();
        function = text_or_nil(row.function);
    }
    cop_term name = name_of(p), messages = first_messages(p), links = first_links(p);
    cop_term ancestors = ancestors_of(p), frames = cop__raised_frames(p, reason);
    int64_t queue = atomic_load_explicit(&p->mailbox_len, memory_order_relaxed);
    cop__journal_add(COP_JOURNAL_CRASHES,
                     cop_build("%{pid: pid, name: name, label: label, function: function,"
                               " initial_call: initial_call, reason: text, words: words,"
                               " messages: messages, queue: queue, ancestors: ancestors,"
                               " links: links, group_leader: leader, frames: frames}",
                               pid, name, label, function, initial_call, text, words, messages,
                               queue, ancestors, links, leader, frames));
}

void cop__journal_end(struct cop__proc *p, uint8_t flags, cop_term reason)
{
    struct cop__proc_region region;
    bool abnormal = is_abnormal(reason), in_tree = (flags & COP__PROC_IN_TREE) != 0;
    bool all =
        cop__journal_wants(COP_JOURNAL_PROCESSES) && cop__journal_admits(COP_JOURNAL_PROCESSES);
    bool tree =
        in_tree && cop__journal_wants(COP_JOURNAL_TREE) && cop__journal_admits(COP_JOURNAL_TREE);
    bool crash = abnormal && cop__journal_wants(COP_JOURNAL_CRASHES) &&
                 cop__journal_admits(COP_JOURNAL_CRASHES);
    if (!all && !tree && !crash) return;
    cop__region_enter(&region);
    cop_term pid = cop__pid_word(cop__proc_id(p));
    cop_term text = cop_inspect_within(reason, REASON_MAX);
    if (crash) note_crash(p, pid, reason, text); /* before: the tree still has it */
    if (all) cop__journal_add(COP_JOURNAL_PROCESSES, cop_tuple(COP(":exit"), pid, text));
    if (tree) {
        cop_term name = name_of(p);
        if (cop_is_atom(name) && !cop__is(name, COP_ATOM_nil)) name = cop_inspect(name);
        cop__journal_add(COP_JOURNAL_TREE,
                         cop_tuple(COP(":exit"), pid, name, text, cop_bool(abnormal)));
    }
    cop__region_leave(&region);
}

/* --- Messages of traced processes ------------------------------------------------------------- */

static _Atomic uint64_t traced[TRACED_MAX]; /* pids; relaxed: a trace begins and ends about now */

void cop_trace(const cop_pid *pids, size_t len)
{
    if (len > TRACED_MAX) len = TRACED_MAX;
    for (size_t i = 0; i < TRACED_MAX; i++)
        atomic_store_explicit(&traced[i], i < len && pids[i].node == 0 ? pids[i].id : 0,
                              memory_order_relaxed);
    atomic_store_explicit(&cop__node.is_watched, len > 0 || cop__node.is_seeded,
                          memory_order_relaxed);
}

static bool is_traced(uint64_t pid)
{
    for (size_t i = 0; i < TRACED_MAX; i++)
        if (atomic_load_explicit(&traced[i], memory_order_relaxed) == pid) return true;
    return false;
}

/* What a signal is told as; nil: not at all. */
static cop_term kind_of(const struct cop__signal *s)
{
    switch (s->kind) {
    case COP__SIG_MESSAGE:
    case COP__SIG_ALIAS_MESSAGE: return cop__atom(COP_ATOM_message);
    case COP__SIG_EXIT:
    case COP__SIG_LINK_EXIT: return COP(":exit");
    case COP__SIG_DOWN: return COP(":down");
    default: return cop_nil();
    }
}

void cop__journal_received(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__proc_region region;
    cop_term kind = kind_of(s);
    if (!is_traced(cop__proc_id(p)) || cop__is(kind, COP_ATOM_nil)) return;
    if (!cop__journal_admits(COP_JOURNAL_MESSAGES)) return;
    cop__region_enter(&region);
    cop_term from = s->from != 0 ? cop__pid_word(s->from) : cop_nil();
    cop__journal_add(COP_JOURNAL_MESSAGES,
                     cop_tuple(kind, from, cop__pid_word(cop__proc_id(p)),
                               cop_inspect_within(cop__signal_term(s), MESSAGE_MAX)));
    cop__region_leave(&region);
}

size_t cop_traced(cop_pid *ret_pids, size_t max)
{
    size_t len = 0;
    for (size_t i = 0; i < TRACED_MAX && len < max; i++) {
        uint64_t pid = atomic_load_explicit(&traced[i], memory_order_relaxed);
        if (pid != 0) ret_pids[len++] = (cop_pid){.id = pid, .node = 0, .creation = 0};
    }
    return len;
}
