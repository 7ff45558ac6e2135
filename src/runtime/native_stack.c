/* SPDX-License-Identifier: Apache-2.0 */
/* The native stack of a process that waits inside a call. It is asked as for its links; the answer
 * comes on its own stack, so it only has to look up from there. What stands at the addresses is
 * found by who asked, on a thread of its own: that reads debug information, and needs more stack
 * than a process has. */
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

static cop_term told(const struct search *s)
{
    cop_term list = cop_empty_list();
    size_t first = first_told(s);
    for (size_t i = s->len; i > first; i--) {
        const struct cop__symbol *at = &s->symbols[i - 1];
        cop_term line = at->line > 0 ? cop_int(at->line) : cop_nil();
        list = cop_cons(cop_tuple(text_or_nil(at->function), text_or_nil(at->file), line,
                                  cop_uint(at->address)),
                        list);
    }
    return list;
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
    struct search *s = cop_alloc(sizeof(*s));
    cop_term frames = cop_elem(cop_head(answer), 1);
    for (; !cop_is_empty_list(frames); frames = cop_tail(frames))
        s->symbols[s->len++].address = (uintptr_t)cop_to_int(cop_head(frames));
    if (s->len > 0) cop_blocking(search_blocking, s);
    cop_term list = told(s);
    cop_free(s);
    return list;
}
