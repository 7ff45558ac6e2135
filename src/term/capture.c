/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: the name of a function as a term, perhaps with arguments bound. Calling them is the
 * runtime's business. */
#include "term/heap.h"

#define ARITY_MAX 255

enum { MODULE = 1, FUNCTION, ARITY, ARGS, CAPTURE_ARITY = 4 };

bool cop_is_fun(cop_term t, int arity)
{
    if (!cop__is_kind(t, COP__BOX_CAPTURE)) return false;
    return arity < 0 || cop__small_value(cop__term(cop__box(t)[ARITY])) == arity;
}

static cop_term capture(cop_term module, cop_term function, int arity, cop_term args)
{
    uint64_t *box;

    if (!cop__is_atom(module)) cop__term_fail("badarg", module);
    if (!cop__is_atom(function)) cop__term_fail("badarg", function);
    if (arity < 0 || arity > ARITY_MAX) cop__term_fail("badarg", cop__small(arity));
    box = cop__heap_box(cop__heap_need(), COP__BOX_CAPTURE, CAPTURE_ARITY);
    box[MODULE] = module.word;
    box[FUNCTION] = function.word;
    box[ARITY] = cop__small(arity).word;
    box[ARGS] = args.word;
    return cop__box_term(box);
}

cop_term cop_capture(cop_term module, cop_term function, int arity)
{
    return capture(module, function, arity, cop_nil());
}

cop_term cop_capture_bound(cop_term module, cop_term function, int arity, cop_term args)
{
    if (cop_list_len(args) < 0) cop__term_fail("badarg", args);
    return capture(module, function, arity, args);
}

void cop_capture_parts(cop_term fun, cop_term *ret_module, cop_term *ret_function, int *ret_arity,
                       cop_term *ret_args)
{
    const uint64_t *box;

    if (!cop_is_fun(fun, -1)) cop__term_fail("badarg", fun);
    box = cop__box(fun);
    *ret_module = cop__term(box[MODULE]);
    *ret_function = cop__term(box[FUNCTION]);
    *ret_arity = (int)cop__small_value(cop__term(box[ARITY]));
    *ret_args = cop__term(box[ARGS]);
}
