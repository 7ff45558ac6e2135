/* SPDX-License-Identifier: Apache-2.0 */
/* Stacktraces in Elixir's shape, from the frames that calls by name leave on the stack: two stores
 * a call, and nothing is built before something is raised. C calls leave nothing: their names and
 * arities are not known when the program runs, and entries are never invented. */
#include "runtime/stacktrace.h"

#include "coppice/module.h"
#include "runtime/gate.h"

#include <string.h>

#define ENTRIES_MAX 8 /* as many as Erlang tells by default */

void cop_frame_enter(struct cop_frame *frame)
{
    struct cop__proc *p = cop__current();
    if (p == NULL) return;
    frame->outer_ = p->frames;
    p->frames = frame;
}

void cop_frame_leave(struct cop_frame *frame)
{
    struct cop__proc *p = cop__current();
    if (p == NULL) return;
    COP_ASSERT(p->frames == frame);
    p->frames = frame->outer_;
}

/* Erlang gives file names as lists of characters. */
static cop_term charlist(const char *text)
{
    cop_term list = cop_empty_list();
    for (size_t i = strlen(text); i > 0; i--)
        list = cop_cons((int)(unsigned char)text[i - 1], list);
    return list;
}

static cop_term location(const struct cop_place *place, const char *pattern)
{
    cop_term list = cop_empty_list();
    if (place == NULL) return list;
    if (pattern != NULL) list = cop_list(cop_tuple(cop_atom("pattern"), cop_string(pattern)));
    list = cop_cons(cop_tuple(cop_atom("line"), place->line), list);
    return cop_cons(cop_tuple(cop_atom("file"), charlist(place->file)), list);
}

static cop_term entry(const struct cop_frame *frame, cop_term where)
{
    cop_bytes name = {frame->function, strcspn(frame->function, "(")};
    return cop_tuple(cop_module_name(frame->module), cop_atom_from(name), frame->arity, where);
}

cop_term cop__stacktrace(const struct cop__proc *p, const struct cop_place *place,
                         const char *pattern)
{
    const struct cop_frame *frames[ENTRIES_MAX];
    int count = 0;
    cop_term where = location(place, pattern), stack = cop_empty_list();
    for (const struct cop_frame *f = p->frames; f != NULL && count < ENTRIES_MAX; f = f->outer_)
        frames[count++] = f;
    while (count-- > 0)
        stack = cop_cons(entry(frames[count], count == 0 ? where : cop_empty_list()), stack);
    if (cop_is_empty_list(stack) && place != NULL)
        stack = cop_list(cop_tuple(cop_nil(), cop_atom("__FILE__"), 1, where));
    return stack;
}

cop_term cop_stacktrace(const struct cop_place *place)
{
    const struct cop__proc *p = cop__current();
    return p == NULL ? cop_empty_list() : cop__stacktrace(p, place, NULL);
}
