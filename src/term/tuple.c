/* SPDX-License-Identifier: Apache-2.0 */
/* Tuples, and the kind of any term. */
#include "term/heap.h"
#include "term/map.h"

#include <string.h>

enum cop_kind cop_kind(cop_term t)
{
    switch (cop__tag(t)) {
    case COP__TAG_INT: return COP_KIND_INTEGER;
    case COP__TAG_ATOM: return COP_KIND_ATOM;
    case COP__TAG_PID: return COP_KIND_PID;
    case COP__TAG_EMPTY: return COP_KIND_LIST;
    default: break;
    }
    if (t.word == 0) cop__term_fail("badarg", t);
    switch (cop__header_kind(*cop__box(t))) {
    case COP__BOX_INT64:
    case COP__BOX_BIGINT: return COP_KIND_INTEGER;
    case COP__BOX_FLOAT: return COP_KIND_FLOAT;
    case COP__BOX_BINARY:
    case COP__BOX_COUNTED: return COP_KIND_BINARY;
    case COP__BOX_REF: return COP_KIND_REFERENCE;
    case COP__BOX_PID: return COP_KIND_PID;
    case COP__BOX_TUPLE: return COP_KIND_TUPLE;
    case COP__BOX_CONS: return COP_KIND_LIST;
    case COP__BOX_MAP:
    case COP__BOX_TREE: return COP_KIND_MAP;
    case COP__BOX_CAPTURE: return COP_KIND_FUN;
    default: COP_UNREACHABLE(); /* a node is no term of its own */
    }
}

const char *cop_kind_name(cop_term t)
{
    static const char *const names[] = {
        [COP_KIND_INTEGER] = "Integer",     [COP_KIND_FLOAT] = "Float",  [COP_KIND_ATOM] = "Atom",
        [COP_KIND_REFERENCE] = "Reference", [COP_KIND_FUN] = "Function", [COP_KIND_PID] = "PID",
        [COP_KIND_TUPLE] = "Tuple",         [COP_KIND_MAP] = "Map",      [COP_KIND_LIST] = "List",
        [COP_KIND_BINARY] = "BitString"};

    return names[cop_kind(t)];
}

bool cop_is_tuple(cop_term t)
{
    return cop__is_tuple(t);
}

cop_term cop__tuple(struct cop__heap *heap, const cop_term *items, size_t len)
{
    uint64_t *box;

    if (len > COP__TUPLE_MAX) cop__term_fail("system_limit", cop_none());
    box = cop__heap_box(heap, COP__BOX_TUPLE, len);
    for (size_t i = 0; i < len; i++)
        box[1 + i] = items[i].word;
    return cop__box_term(box);
}

cop_term cop_tuple_from(const cop_term *items, size_t len)
{
    return cop__tuple(cop__heap_need(), items, len);
}

size_t cop_tuple_size(cop_term tuple)
{
    if (!cop__is_tuple(tuple)) cop__term_fail("badarg", tuple);
    return cop__tuple_len(tuple);
}

cop_term cop_elem(cop_term tuple, size_t i)
{
    if (!cop__is_tuple(tuple) || i >= cop__tuple_len(tuple)) cop__term_fail("badarg", tuple);
    return cop__tuple_items(tuple)[i];
}

cop_term cop_put_elem(cop_term tuple, size_t i, cop_term value)
{
    uint64_t *box;

    if (!cop__is_tuple(tuple) || i >= cop__tuple_len(tuple)) cop__term_fail("badarg", tuple);
    box = cop__heap_box(cop__heap_need(), COP__BOX_TUPLE, cop__tuple_len(tuple));
    memcpy(box + 1, cop__tuple_items(tuple), cop__tuple_len(tuple) * sizeof(cop_term));
    box[1 + i] = value.word;
    return cop__box_term(box);
}
