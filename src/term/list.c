/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and keyword lists. */
#include "term/heap.h"

bool cop_is_list(cop_term t)
{
    return cop_is_empty_list(t) || cop__is_cons(t);
}

cop_term cop__cons(struct cop__heap *heap, cop_term head, cop_term tail)
{
    uint64_t *box = cop__heap_box(heap, COP__BOX_CONS, 2);

    box[1] = head.word;
    box[2] = tail.word;
    return cop__box_term(box);
}

cop_term(cop_cons)(cop_term head, cop_term tail)
{
    return cop__cons(cop__heap_need(), head, tail);
}

cop_term cop_head(cop_term list)
{
    if (!cop__is_cons(list)) cop__term_fail("badarg", list);
    return cop__cons_head(list);
}

cop_term cop_tail(cop_term list)
{
    if (!cop__is_cons(list)) cop__term_fail("badarg", list);
    return cop__cons_tail(list);
}

cop_term cop__list(struct cop__heap *heap, const cop_term *items, size_t len, cop_term tail)
{
    for (size_t i = len; i-- > 0;)
        tail = cop__cons(heap, items[i], tail);
    return tail;
}

cop_term cop_list_from(const cop_term *items, size_t len)
{
    if (len == 0) return cop_empty_list();
    return cop__list(cop__heap_need(), items, len, cop_empty_list());
}

int64_t cop_list_len(cop_term t)
{
    int64_t len = 0;

    while (cop__is_cons(t)) {
        len++;
        t = cop__cons_tail(t);
    }
    return cop_is_empty_list(t) ? len : -1;
}

cop_term cop_list_reverse(cop_term list)
{
    cop_term reversed = cop_empty_list();
    cop_term at = list;

    while (cop__is_cons(at)) {
        reversed = cop__cons(cop__heap_need(), cop__cons_head(at), reversed);
        at = cop__cons_tail(at);
    }
    if (!cop_is_empty_list(at)) cop__term_fail("badarg", list);
    return reversed;
}

cop_term cop_list_append(cop_term list, cop_term tail)
{
    struct cop__heap *heap;
    cop_term result = tail;
    cop_term at = list;
    uint64_t *last = NULL; /* cell whose tail is open: nobody has seen the new cells yet */

    if (cop_is_empty_list(list)) return tail;
    heap = cop__heap_need();
    for (; cop__is_cons(at); at = cop__cons_tail(at)) {
        uint64_t *box = cop__heap_box(heap, COP__BOX_CONS, 2);

        box[1] = cop__cons_head(at).word;
        box[2] = tail.word;
        if (last)
            last[2] = cop__box_term(box).word;
        else
            result = cop__box_term(box);
        last = box;
    }
    if (!cop_is_empty_list(at)) cop__term_fail("badarg", list);
    return result;
}

cop_term cop_keyword_get(cop_term list, cop_term key, cop_term fallback)
{
    cop_term at = list;

    for (; cop__is_cons(at); at = cop__cons_tail(at)) {
        cop_term pair = cop__cons_head(at);

        if (cop__is_tuple_of(pair, 2) && cop_identical(cop__tuple_items(pair)[0], key)) {
            return cop__tuple_items(pair)[1];
        }
    }
    if (!cop_is_empty_list(at)) cop__term_fail("badarg", list);
    return fallback;
}

bool cop_is_keyword(cop_term t)
{
    for (; cop__is_cons(t); t = cop__cons_tail(t)) {
        cop_term pair = cop__cons_head(t);

        if (!cop__is_tuple_of(pair, 2) || !cop__is_atom(cop__tuple_items(pair)[0])) return false;
    }
    return cop_is_empty_list(t);
}
