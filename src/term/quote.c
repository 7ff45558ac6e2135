/* SPDX-License-Identifier: Apache-2.0 */
/* Making quoted forms and looking into them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term/syntax.h"

void *cop__syntax_grow(void *block, size_t size)
{
    void *bigger = realloc(block, size);

    if (bigger == NULL) {
        (void)fprintf(stderr, "coppice: out of memory (%zu bytes) while reading a text\n", size);
        abort();
    }
    return bigger;
}

static cop_term meta_of(struct cop__place place)
{
    cop_term column = cop_tuple(cop_atom("column"), place.column);
    cop_term line = cop_tuple(cop_atom("line"), place.line);

    return cop_list(line, column);
}

cop_term cop__quote_node(cop_term name, struct cop__place place, cop_term args)
{
    return cop_tuple(name, meta_of(place), args);
}

cop_term cop__quote_node_no_parens(cop_term name, struct cop__place place, cop_term args)
{
    cop_term flag = cop_tuple(cop_atom("no_parens"), cop_true());

    return cop_tuple(name, cop_cons(flag, meta_of(place)), args);
}

cop_term cop__quote_unary(const char *name, struct cop__place place, cop_term a)
{
    return cop__quote_node(cop_atom(name), place, cop_list(a));
}

cop_term cop__quote_binary(const char *name, struct cop__place place, cop_term a, cop_term b)
{
    return cop__quote_node(cop_atom(name), place, cop_list(a, b));
}

cop_term cop__quote_dot(struct cop__place place, cop_term left, cop_term right)
{
    cop_term args = cop_is_none(right) ? cop_list(left) : cop_list(left, right);

    return cop__quote_node(cop_atom("."), place, args);
}

bool cop__quoted_is_node(cop_term t, cop_term *ret_name, cop_term *ret_args)
{
    if (!cop_is_tuple(t) || cop_tuple_size(t) != 3) return false;
    *ret_name = cop_elem(t, 0);
    *ret_args = cop_elem(t, 2);
    return true;
}

struct cop__place cop__quoted_place(cop_term t)
{
    struct cop__place place = {1, 1};
    cop_term meta;

    if (!cop_is_tuple(t) || cop_tuple_size(t) != 3) return place;
    meta = cop_elem(t, 1);
    if (!cop_is_keyword(meta)) return place;
    place.line = (int)cop_to_int(cop_keyword_get(meta, cop_atom("line"), cop_int(1)));
    place.column = (int)cop_to_int(cop_keyword_get(meta, cop_atom("column"), cop_int(1)));
    return place;
}
