/* SPDX-License-Identifier: Apache-2.0 */
/* The two stacks, and what operators, brackets and calls become when their operands are there. */
#include <stdlib.h>
#include <string.h>

#include "term/parse.h"

bool cop__parse_fail_depth(struct cop__parser *p, struct cop__place place)
{
    return cop__parse_fail(p, place, "nested too deep: more than %d levels", COP__SYNTAX_DEPTH_MAX);
}

bool cop__parse_push(struct cop__parser *p, cop_term term, struct cop__place place, int depth,
                     enum cop__shape shape)
{
    struct cop__operand *operand;

    if (depth > COP__SYNTAX_DEPTH_MAX) return cop__parse_fail_depth(p, place);
    if (p->operands_len == p->operands_cap) {
        p->operands_cap = p->operands_cap == 0 ? 32 : p->operands_cap * 2;
        p->operands = cop__syntax_grow(p->operands, p->operands_cap * sizeof(*operand));
    }
    operand = &p->operands[p->operands_len++];
    operand->term = term;
    operand->place = place;
    operand->depth = depth;
    operand->shape = shape;
    return true;
}

struct cop__frame *cop__parse_open(struct cop__parser *p, enum cop__frame_kind kind,
                                   struct cop__place place)
{
    struct cop__frame *f;

    if (p->frames_len >= COP__SYNTAX_DEPTH_MAX) {
        (void)cop__parse_fail_depth(p, place);
        return NULL;
    }
    if (p->frames_len == p->frames_cap) {
        p->frames_cap = p->frames_cap == 0 ? 16 : p->frames_cap * 2;
        p->frames = cop__syntax_grow(p->frames, p->frames_cap * sizeof(*f));
    }
    f = &p->frames[p->frames_len++];
    memset(f, 0, sizeof(*f));
    f->kind = kind;
    f->place = place;
    f->base = p->operands_len;
    f->keys = SIZE_MAX;
    p->want_operand = true;
    return f;
}

const char *cop__parse_opening(const struct cop__frame *f)
{
    switch (f->kind) {
    case COP__FRAME_PAREN:
    case COP__FRAME_CALL: return "(";
    case COP__FRAME_ACCESS:
    case COP__FRAME_LIST: return "[";
    case COP__FRAME_TUPLE: return "{";
    case COP__FRAME_MAP: return cop_is_none(f->head) ? "%{" : "{";
    case COP__FRAME_BITS: return "<<";
    case COP__FRAME_HOLE: return "#{";
    default: return NULL;
    }
}

const char *cop__parse_closing(const struct cop__frame *f)
{
    switch (f->kind) {
    case COP__FRAME_PAREN:
    case COP__FRAME_CALL: return ")";
    case COP__FRAME_ACCESS:
    case COP__FRAME_LIST: return "]";
    case COP__FRAME_TUPLE:
    case COP__FRAME_MAP:
    case COP__FRAME_HOLE: return "}";
    case COP__FRAME_BITS: return ">>";
    default: return NULL;
    }
}

/* Replaces the top frame and its operands by one operand. */
static bool replace(struct cop__parser *p, cop_term term, int depth)
{
    struct cop__frame *f = cop__parse_top(p);
    struct cop__place place = f->place;

    p->operands_len = f->base;
    p->frames_len--;
    p->want_operand = false;
    return cop__parse_push(p, term, place, depth, COP__SHAPE_PLAIN);
}

/* The greatest depth among the operands from `from` on. */
static int depth_from(const struct cop__parser *p, size_t from)
{
    int depth = 0;

    for (size_t i = from; i < p->operands_len; i++) {
        if (p->operands[i].depth > depth) depth = p->operands[i].depth;
    }
    return depth;
}

/* The operands from..to as a list with this tail. */
static cop_term list_of(const struct cop__parser *p, size_t from, size_t to, cop_term tail)
{
    while (to > from) {
        tail = cop_cons(p->operands[--to].term, tail);
    }
    return tail;
}

/* The operands of the top frame as a list; its pairs `key: value` as one last element. */
static cop_term arguments(const struct cop__parser *p, const struct cop__frame *f)
{
    cop_term tail = cop_empty_list();

    if (f->keys == SIZE_MAX) return list_of(p, f->base, p->operands_len, tail);
    tail = cop_cons(list_of(p, f->keys, p->operands_len, tail), tail);
    return list_of(p, f->base, f->keys, tail);
}

/* a..b // c as {:"..//", meta, [a, b, c]}. */
static bool quote_step(struct cop__parser *p, struct cop__place place, cop_term range,
                       cop_term step, cop_term *ret_term)
{
    bool is_range =
        cop_is_tuple(range) && cop_tuple_size(range) == 3 && cop__is_text(cop_elem(range, 0), "..");

    if (!is_range)
        return cop__parse_fail(p, place,
                               "the range step operator (//) must immediately follow the range "
                               "definition operator (..), for example: 1..9//2");
    *ret_term = cop_tuple(cop_atom("..//"), cop_elem(range, 1),
                          cop_list_append(cop_elem(range, 2), cop_list(step)));
    return true;
}

bool cop__parse_reduce(struct cop__parser *p)
{
    const struct cop__frame *f = cop__parse_top(p);
    const struct cop__operand *last = &p->operands[p->operands_len - 1];
    const char *text = f->op->text;
    cop_term term;

    if (f->kind == COP__FRAME_UNARY) {
        bool number = cop_is_number(last->term);
        if (number && strcmp(text, "-") == 0) {
            term = cop_is_float(last->term) ? cop_float(-cop_to_float(last->term))
                                            : cop__integer_negate(last->term);
        } else if (number && strcmp(text, "+") == 0) {
            term = last->term;
        } else {
            term = cop__quote_unary(text, f->place, last->term);
        }
        return replace(p, term, last->depth + 1);
    }
    if (strcmp(text, "not in") == 0) {
        term = cop__quote_binary("in", f->place, last[-1].term, last->term);
        term = cop__quote_unary("not", f->place, term);
    } else if (strcmp(text, "//") == 0) {
        if (!quote_step(p, f->place, last[-1].term, last->term, &term)) return false;
    } else {
        term = cop__quote_binary(text, f->place, last[-1].term, last->term);
    }
    return replace(p, term, depth_from(p, f->base) + 2);
}

static bool fail_order(struct cop__parser *p, const struct cop__frame *f)
{
    bool call = f->kind == COP__FRAME_CALL || f->kind == COP__FRAME_NO_PARENS;

    return cop__parse_fail(p, p->operands[p->operands_len - (f->assoc ? 2 : 1)].place,
                           "unexpected expression after keyword list. Keyword lists must always "
                           "come %s",
                           call ? "as the last argument" : "last in lists and maps");
}

bool cop__parse_end_element(struct cop__parser *p)
{
    struct cop__frame *f = cop__parse_top(p);
    struct cop__operand *last = &p->operands[p->operands_len - 1];

    last->shape = COP__SHAPE_PLAIN;
    if (!cop_is_none(f->key)) {
        last->term = cop_tuple(f->key, last->term);
        last->depth++;
        f->key = cop_none();
    } else if (f->keys != SIZE_MAX) {
        return fail_order(p, f);
    } else if (f->assoc) {
        last[-1].term = cop_tuple(last[-1].term, last->term);
        last[-1].depth = (last->depth > last[-1].depth ? last->depth : last[-1].depth) + 1;
        p->operands_len--;
        f->assoc = false;
    } else if (f->kind == COP__FRAME_MAP) {
        return cop__parse_fail_token(p, "=> after a key of a map");
    }
    return true;
}

/* --- Brackets ----------------------------------------------------------------------------------*/

static cop_term map_of(const struct cop__parser *p, const struct cop__frame *f)
{
    size_t first = f->base + (f->update ? 1 : 0);
    cop_term pairs = list_of(p, first, p->operands_len, cop_empty_list());

    if (f->update) {
        cop_term update = cop__quote_binary("|", f->place, p->operands[f->base].term, pairs);
        pairs = cop_list(update);
    } else if (!cop_is_none(f->head)) {
        pairs = cop_cons(cop_tuple(cop_atom("__struct__"), f->head), pairs);
    }
    return cop__quote_node(cop_atom("%{}"), f->place, pairs);
}

static cop_term tuple_of(const struct cop__parser *p, const struct cop__frame *f)
{
    size_t plain = (f->keys == SIZE_MAX ? p->operands_len : f->keys) - f->base;
    size_t len = plain + (f->keys != SIZE_MAX);
    cop_term elements = arguments(p, f);

    if (len == 2) return cop_tuple(cop_head(elements), cop_head(cop_tail(elements)));
    return cop__quote_node(cop_atom("{}"), f->place, elements);
}

/* The size of the binary that the segments are, or -1 if one is no literal. */
static int64_t bits_size(const struct cop__parser *p, const struct cop__frame *f)
{
    int64_t size = 0;

    for (size_t i = f->base; i < p->operands_len; i++) {
        cop_term t = p->operands[i].term;
        if (cop_is_binary(t)) {
            size += (int64_t)cop_to_bytes(t).len;
        } else if (cop_is_integer(t) && cop_compare(t, cop_int(-256)) > 0 &&
                   cop_compare(t, cop_int(256)) < 0) {
            size++;
        } else {
            return -1;
        }
    }
    return size;
}

/* <<1, "a">> is a binary; with other segments than literals a node. */
static bool bits_of(struct cop__parser *p, const struct cop__frame *f, cop_term *ret_term)
{
    int64_t size = bits_size(p, f);
    char *data;
    size_t at = 0;

    for (size_t i = f->base; i < p->operands_len; i++) {
        const struct cop__operand *segment = &p->operands[i];
        cop_term t = segment->term;
        if (cop_is_float(t) || cop_is_atom(t) || cop_is_list(t) ||
            (size < 0 && cop_is_integer(t) &&
             (cop_compare(t, cop_int(-256)) <= 0 || cop_compare(t, cop_int(256)) >= 0))) {
            return cop__parse_fail(p, segment->place,
                                   "a segment of <<...>> must be a byte (0 to 255) or a string");
        }
    }
    if (size < 0) {
        *ret_term = cop__quote_node(cop_atom("<<>>"), f->place, arguments(p, f));
        return true;
    }
    data = cop__syntax_grow(NULL, (size_t)size + 1);
    for (size_t i = f->base; i < p->operands_len; i++) {
        cop_term t = p->operands[i].term;
        if (cop_is_binary(t)) {
            cop_bytes bytes = cop_to_bytes(t);
            if (bytes.len > 0) memcpy(data + at, bytes.data, bytes.len);
            at += bytes.len;
        } else {
            data[at++] = (char)cop_to_int(t);
        }
    }
    *ret_term = cop_binary(data, at);
    free(data);
    return true;
}

/* --- Blocks and strings with holes -------------------------------------------------------------*/

static cop_term block_of(const struct cop__parser *p, const struct cop__frame *f)
{
    if (p->operands_len == f->base + 1) return p->operands[f->base].term;
    return cop__quote_node(cop_atom("__block__"), f->place,
                           list_of(p, f->base, p->operands_len, cop_empty_list()));
}

/* The value of a hole, as a call of to_string. */
static cop_term hole_of(const struct cop__parser *p, const struct cop__frame *f)
{
    cop_term value = p->operands_len == f->base ? cop_nil() : block_of(p, f);
    cop_term dot = cop__quote_dot(f->place, cop_atom("Elixir.Kernel"), cop_atom("to_string"));

    return cop__quote_node(dot, f->place, cop_list(value));
}

/* Texts and holes in turn, joined; empty texts are left out. */
static cop_term text_of(struct cop__parser *p, const struct cop__frame *f, int *ret_depth)
{
    cop_term joined = cop_none();

    *ret_depth = 0;
    for (size_t i = p->operands_len; i > f->base; i--) {
        const struct cop__operand *part = &p->operands[i - 1];
        bool is_text = cop_is_binary(part->term);
        if (is_text && cop_to_bytes(part->term).len == 0) continue;
        joined = cop_is_none(joined) ? part->term
                                     : cop__quote_binary("<>", part->place, part->term, joined);
        *ret_depth = (part->depth > *ret_depth ? part->depth : *ret_depth) + 1;
    }
    return joined;
}

bool cop__parse_close(struct cop__parser *p)
{
    const struct cop__frame *f = cop__parse_top(p);
    int depth = depth_from(p, f->base);
    cop_term term = cop_none();

    depth = (depth > f->head_depth ? depth : f->head_depth) + 3;

    switch (f->kind) {
    case COP__FRAME_BLOCK:
    case COP__FRAME_PAREN:
        depth -= 2;
        term = block_of(p, f);
        break;
    case COP__FRAME_HOLE: term = hole_of(p, f); break;
    case COP__FRAME_TEXT: term = text_of(p, f, &depth); break;
    case COP__FRAME_CALL:
    case COP__FRAME_NO_PARENS: term = cop__quote_node(f->head, f->place, arguments(p, f)); break;
    case COP__FRAME_ACCESS: {
        cop_term dot = cop__quote_dot(f->place, cop_atom("Elixir.Access"), cop_atom("get"));
        term = cop__quote_node(dot, f->place, arguments(p, f));
        break;
    }
    case COP__FRAME_LIST:
        depth -= 2;
        term = list_of(p, f->base, p->operands_len, cop_empty_list());
        break;
    case COP__FRAME_TUPLE:
        depth -= 2;
        term = tuple_of(p, f);
        break;
    case COP__FRAME_BITS:
        if (!bits_of(p, f, &term)) return false;
        break;
    case COP__FRAME_MAP: term = map_of(p, f); break;
    case COP__FRAME_UNARY:
    case COP__FRAME_BINARY: return cop__parse_reduce(p);
    }
    return replace(p, term, depth);
}
