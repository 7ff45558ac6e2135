/* SPDX-License-Identifier: Apache-2.0 */
/* Native stacks: of a process that waits inside a call, and of one that has raised what it ends
 * with. The former is asked as for its links; the answer comes on its own stack, so it only has to
 * look up from there. The latter notes addresses as it raises, while crashes are noted. What stands
 * at the addresses is found by who asks, on a thread of its own: that reads debug information, and
 * needs more stack than a process has. */
#include "runtime/introspect.h"

#include "runtime/ask.h"
#include "runtime/exit.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "sys/symbols.h"

#include <string.h>

#define FRAMES_MAX 64
#define ASK_MS     200

/* --- In the process --------------------------------------------------------------------------- */

struct walk {
    const void *end;
    cop_term list; /* innermost last */
    int left;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;
    if (w->left-- == 0 || _Unwind_GetCFA(context) >= (uintptr_t)w->end) return _URC_END_OF_STACK;
    w->list = cop_cons(cop_uint(_Unwind_GetIP(context)), w->list);
    return _URC_NO_REASON;
}

cop_term cop__native_frames(const struct cop__proc *p)
{
    const struct cop__thread *t = cop__thread();
    const struct cop__catch *entry = p->catch_;
    struct walk w = {.list = cop_empty_list(), .left = FRAMES_MAX};
    if (t->current != p || t->stack == NULL) return cop_none(); /* somebody answers for it */
    while (entry != NULL && entry->outer != NULL)
        entry = entry->outer;
    if (entry == NULL) return cop_empty_list();
    w.end = entry->sp;
    _Unwind_Backtrace(note_frame, &w);
    return cop_list_reverse(w.list);
}

/* --- Where it raised -------------------------------------------------------------------------- */

#define RAISED_MAX 32

/* Owned by the process; freed with it. */
struct cop__raised {
    uint64_t hash; /* of the reason; 0: it was killed */
    uint32_t len;
    uintptr_t addresses[RAISED_MAX];
};

static _Unwind_Reason_Code note_address(struct _Unwind_Context *context, void *arg)
{
    struct cop__raised *r = arg;
    if (r->len == RAISED_MAX) return _URC_END_OF_STACK;
    r->addresses[r->len++] = _Unwind_GetIP(context);
    return _URC_NO_REASON;
}

/* What is raised, or what it was wrapped in with a stacktrace on its way on. */
static bool is_reason_of(const struct cop__raised *r, cop_term reason)
{
    if (cop_hash(reason) == r->hash) return true;
    return cop_is_tuple(reason) && cop_tuple_size(reason) == 2 &&
           cop_hash(cop_elem(reason, 0)) == r->hash;
}

void cop__raised_note(struct cop__proc *p, cop_term reason)
{
    if (p->raised != NULL && !cop_is_none(reason) && is_reason_of(p->raised, reason)) return;
    if (p->raised == NULL) p->raised = cop__alloc(sizeof(*p->raised));
    p->raised->hash = cop_is_none(reason) ? 0 : cop_hash(reason);
    p->raised->len = 0;
    _Unwind_Backtrace(note_address, p->raised);
}

cop_term cop__raised_frames(const struct cop__proc *p, cop_term reason)
{
    bool runs_on =
        (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_CONDEMNED) != 0;
    const struct cop__raised *r = runs_on ? NULL : p->raised; /* its code may be there now */
    cop_term list = cop_empty_list();
    if (r == NULL || (r->hash != 0 && !is_reason_of(r, reason))) return list;
    for (uint32_t i = r->len; i > 0; i--)
        list = cop_cons(cop_uint(r->addresses[i - 1]), list);
    return list;
}

void cop__raised_free(struct cop__proc *p)
{
    cop__free(p->raised, sizeof(*p->raised));
    p->raised = NULL;
}

/* --- In who asks ------------------------------------------------------------------------------ */

struct search {
    struct cop__symbol symbols[FRAMES_MAX];
    size_t len;
};

static void *search_main(void *arg)
{
    struct search *s = arg;
    cop__symbols_find(s->symbols, s->len);
    return NULL;
}

static void search_blocking(void *arg)
{
    pthread_t thread;
    if (cop__os_thread_start(&thread, search_main, arg, "coppice-symbols") == 0)
        pthread_join(thread, NULL);
}

static bool is_public(const struct cop__symbol *s)
{
    return strncmp(s->function, "cop_", 4) == 0 && s->function[4] != '_';
}

/* The waiting itself is not told: the list begins with the function that the program called. There
 * is none where a process waits at its top level. Without symbols all is told. */
static size_t first_told(const struct search *s)
{
    bool has_names = false;
    for (size_t i = 0; i < s->len; i++) {
        if (is_public(&s->symbols[i])) return i;
        has_names |= s->symbols[i].function[0] != '\0';
    }
    return has_names ? s->len : 0;
}

static cop_term text_or_nil(const char *text)
{
    return text[0] != '\0' ? cop_string(text) : cop_nil();
}

/* Frames from first on, as {function, file, line, address}. */
static cop_term told(const struct search *s, size_t first)
{
    cop_term list = cop_empty_list();
    for (size_t i = s->len; i > first; i--) {
        const struct cop__symbol *at = &s->symbols[i - 1];
        cop_term line = at->line > 0 ? cop_int(at->line) : cop_nil();
        list = cop_cons(cop_tuple(text_or_nil(at->function), text_or_nil(at->file), line,
                                  cop_uint(at->address)),
                        list);
    }
    return list;
}

/* Finds what stands at these addresses; to be freed. Switches. */
static struct search *search(cop_term addresses)
{
    struct search *s = cop_alloc(sizeof(*s));
    s->len = 0;
    for (; !cop_is_empty_list(addresses) && s->len < FRAMES_MAX; addresses = cop_tail(addresses))
        s->symbols[s->len++].address = (uintptr_t)cop_to_int(cop_head(addresses));
    if (s->len > 0) cop_blocking(search_blocking, s);
    return s;
}

cop_term cop_native_stack(cop_pid pid)
{
    struct cop__proc *p = cop__enter()->current;
    cop_term question = cop_list(cop__atom(COP_ATOM_native_stack));
    cop_term answer =
        pid.id == cop__proc_id(p) ? cop_none() : cop__ask(p, pid.id, question, ASK_MS);
    cop__leave(cop__thread());
    if (cop_is_none(answer) || cop_is_empty_list(answer)) return COP(":busy");
    if (!cop_is_list(answer)) return cop_nil();
    struct search *s = search(cop_elem(cop_head(answer), 1));
    cop_term list = told(s, first_told(s));
    cop_free(s);
    return list;
}

/* How it is raised is not told: the list begins where the program, or a behaviour, did it. */
static size_t first_of_raised(const struct search *s)
{
    size_t first = 0;
    while (first < s->len && strstr(s->symbols[first].file, "src/runtime/") != NULL)
        first++;
    return first < s->len ? first : 0;
}

cop_term cop_native_frames(cop_term addresses)
{
    struct search *s = search(addresses);
    cop_term list = told(s, first_of_raised(s));
    cop_free(s);
    return list;
}
