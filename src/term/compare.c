/* SPDX-License-Identifier: Apache-2.0 */
/* The order of all terms.
 *
 * One machine compares terms with a stack of its own. A frame is a row of pairs still to be
 * compared; the first pair that differs decides. Two maps that are trees are ordered by their
 * sorted keys: then a frame holds two sorts, each comparison of keys is pushed on top of it like
 * any other row, and its outcome goes to the sort instead of ending all (tree_sort.h). For equality
 * no sort is needed, since equal trees have equal shapes. */
#include "term/compare.h"
#include "base/alloc.h"
#include "term/map.h"
#include "term/number.h"
#include "term/tree_sort.h"

#include <math.h>
#include <string.h>

#define INLINE_FRAMES 24

enum mode {
    ORDER = 0,
    EXACT = 1,      /* integers and floats differ; else 1 equals 1.0 */
    EQUALITY = 2,   /* any number but 0 will do as answer */
    KEYS_EXACT = 4, /* of a row of pairs of a node: every other term, the keys, is exact */
};

enum what { ROW, SORT, RELEASE };

struct frame {
    const uint64_t *a; /* ROW: the terms to compare; else the struct cop__tree_sort */
    const uint64_t *b;
    size_t len;
    uint8_t mode;
    uint8_t what;
};

struct machine {
    struct frame *frames;
    size_t len;
    size_t cap;
    struct frame inline_frames[INLINE_FRAMES];
};

static void push(struct machine *m, struct frame frame)
{
    if (COP_UNLIKELY(m->len == m->cap)) {
        size_t size = m->cap * sizeof(*m->frames);

        if (m->frames == m->inline_frames) {
            m->frames = cop__alloc(size * 2);
            memcpy(m->frames, m->inline_frames, size);
        } else {
            m->frames = cop__realloc(m->frames, size, size * 2);
        }
        m->cap *= 2;
    }
    m->frames[m->len++] = frame;
}

static void push_row(struct machine *m, const uint64_t *a, const uint64_t *b, size_t len, int mode)
{
    if (len > 0) push(m, (struct frame){a, b, len, (uint8_t)mode, ROW});
}

static int sign_of(bool is_less)
{
    return is_less ? -1 : 1;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a == b ? 0 : sign_of(a < b);
}

static int compare_bytes(cop_bytes a, cop_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int r = len > 0 ? memcmp(a.data, b.data, len) : 0;

    return r != 0 ? r : compare_u64(a.len, b.len);
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static int compare_digits(struct cop__digits a, struct cop__digits b)
{
    int r = 0;

    if (a.negative != b.negative) return sign_of(a.negative);
    if (a.len != b.len) {
        r = sign_of(a.len < b.len);
    } else {
        for (size_t i = a.len; i-- > 0 && r == 0;)
            r = compare_u64(a.digits[i], b.digits[i]);
    }
    return a.negative ? -r : r;
}

static int compare_integers(cop_term a, cop_term b)
{
    uint64_t one_a;
    uint64_t one_b;
    int64_t x;
    int64_t y;

    if (cop__integer_value(a, &x) && cop__integer_value(b, &y)) {
        return x == y ? 0 : sign_of(x < y);
    }
    return compare_digits(cop__integer_digits(a, &one_a), cop__integer_digits(b, &one_b));
}

/* -0.0 and 0.0 are equal and identical, as in OTP before 27. */
static int compare_doubles(double a, double b)
{
    return a == b ? 0 : sign_of(a < b);
}

/* By their mathematical values: no rounding. */
static int compare_integer_float(cop_term integer, double f)
{
    uint64_t one;
    uint64_t digits[17]; /* a double has at most 1024 bits before its point */
    struct cop__digits whole = {f < 0, digits, 0};
    double magnitude = fabs(trunc(f));
    int exponent;
    uint64_t mantissa;
    int r;

    memset(digits, 0, sizeof(digits));
    if (magnitude > 0) {
        mantissa = (uint64_t)ldexp(frexp(magnitude, &exponent), 53);
        if (exponent <= 53) {
            digits[0] = mantissa >> (53 - exponent);
        } else {
            size_t shift = (size_t)(exponent - 53);

            digits[shift / 64] = mantissa << shift % 64;
            if (shift % 64 > 11) digits[shift / 64 + 1] = mantissa >> (64 - shift % 64);
        }
        whole.len = 17;
        while (whole.digits[whole.len - 1] == 0)
            whole.len--;
    } else {
        whole.negative = false;
    }
    r = compare_digits(cop__integer_digits(integer, &one), whole);
    if (r != 0) return r;
    return compare_doubles(trunc(f), f);
}

static int compare_numbers(cop_term a, cop_term b, int mode)
{
    bool float_a = cop_is_float(a);
    bool float_b = cop_is_float(b);

    if (float_a && float_b) return compare_doubles(cop__float_value(a), cop__float_value(b));
    if (!float_a && !float_b) return compare_integers(a, b);
    if (mode & EXACT) return float_a ? 1 : -1;
    return float_b ? compare_integer_float(a, cop__float_value(b))
                   : -compare_integer_float(b, cop__float_value(a));
}

/* --- Terms without terms in them
 * ----------------------------------------------------------------- */

/* The place of a kind in the order of terms. */
static int rank_of(cop_term t)
{
    enum { NUMBER, ATOM, REFERENCE, FUN, PID, TUPLE, MAP, EMPTY, LIST, BINARY, NODE };
    static const uint8_t ranks[] = {
        [COP__BOX_INT64] = NUMBER,  [COP__BOX_FLOAT] = NUMBER,   [COP__BOX_BIGINT] = NUMBER,
        [COP__BOX_BINARY] = BINARY, [COP__BOX_COUNTED] = BINARY, [COP__BOX_REF] = REFERENCE,
        [COP__BOX_PID] = PID,       [COP__BOX_TUPLE] = TUPLE,    [COP__BOX_CONS] = LIST,
        [COP__BOX_MAP] = MAP,       [COP__BOX_CAPTURE] = FUN,    [COP__BOX_TREE] = MAP,
        [COP__BOX_NODE] = NODE,
    };

    switch (cop__tag(t)) {
    case COP__TAG_INT: return NUMBER;
    case COP__TAG_ATOM: return ATOM;
    case COP__TAG_PID: return PID;
    case COP__TAG_EMPTY: return EMPTY;
    default: return ranks[cop__header_kind(*cop__box(t))];
    }
}

static int compare_refs(cop_ref a, cop_ref b)
{
    int r = compare_u64(a.node, b.node);

    if (r == 0) r = compare_u64(a.creation, b.creation);
    for (int i = 3; i-- > 0 && r == 0;)
        r = compare_u64(a.id[i], b.id[i]);
    return r;
}

static int compare_pids(cop_pid a, cop_pid b)
{
    int r = compare_u64(a.id, b.id);

    if (r == 0) r = compare_u64(a.node, b.node);
    return r != 0 ? r : compare_u64(a.creation, b.creation);
}

/* --- Terms with terms in them: pushes their rows
 * ------------------------------------------------- */

static int enter_trees(struct machine *m, const uint64_t *a, const uint64_t *b, int mode)
{
    struct cop__tree_sort *sort;

    if (mode & EQUALITY) {
        push_row(m, a + 2, b + 2, 1, mode);
        return 0;
    }
    sort = cop__tree_sort_new(cop__box_term(a), cop__box_term(b));
    push(m, (struct frame){(const uint64_t *)(void *)sort, NULL, 0, (uint8_t)mode, SORT});
    return 0;
}

static int enter_maps(struct machine *m, cop_term x, cop_term y, int mode)
{
    const uint64_t *a = cop__box(x);
    const uint64_t *b = cop__box(y);
    size_t len = cop_map_size(x);
    size_t len_b = cop_map_size(y);

    if (len != len_b) return sign_of(len < len_b);
    if (len > COP__FLAT_MAX) return enter_trees(m, a, b, mode);
    push_row(m, a + 1 + len, b + 1 + len, len, mode);
    push_row(m, a + 1, b + 1, len, mode | EXACT);
    return 0;
}

/* Only for equality. */
static int enter_nodes(struct machine *m, const uint64_t *a, const uint64_t *b, int mode)
{
    size_t first = cop__node_first_child(a);
    size_t end = 1 + cop__header_arity(*a);

    if (a[1] != b[1] || cop__header_arity(*a) != cop__header_arity(*b)) return 1;
    push_row(m, a + first, b + first, end - first, mode);
    push_row(m, a + 2, b + 2, first - 2, mode | KEYS_EXACT);
    return 0;
}

/* x and y are of the same rank and not the same word. */
static int enter(struct machine *m, cop_term x, cop_term y, int mode)
{
    const uint64_t *a;
    const uint64_t *b;

    if (cop__is_kind(x, COP__BOX_NODE)) return enter_nodes(m, cop__box(x), cop__box(y), mode);
    switch (cop_kind(x)) {
    case COP_KIND_INTEGER:
    case COP_KIND_FLOAT: return compare_numbers(x, y, mode);
    case COP_KIND_ATOM: return compare_bytes(cop_atom_text(x), cop_atom_text(y));
    case COP_KIND_REFERENCE: return compare_refs(cop_to_ref(x), cop_to_ref(y));
    case COP_KIND_PID: return compare_pids(cop_to_pid(x), cop_to_pid(y));
    case COP_KIND_BINARY: return compare_bytes(cop_to_bytes(x), cop_to_bytes(y));
    case COP_KIND_MAP: return enter_maps(m, x, y, mode);
    default: break;
    }
    a = cop__box(x);
    b = cop__box(y);
    /* Tuples by size, then all three row by row: lists, tuples, captures. */
    if (cop__header_arity(*a) != cop__header_arity(*b)) {
        return sign_of(cop__header_arity(*a) < cop__header_arity(*b));
    }
    push_row(m, a + 1, b + 1, cop__header_arity(*a), mode);
    return 0;
}

/* --- The machine ------------------------------------------------------------------------------ */

/* A sort has got the outcome of its last comparison, or begins: asks for the next one, or gives way
 * to the rows of the sorted maps. */
static void sort_step(struct machine *m, int outcome)
{
    struct frame *frame = &m->frames[m->len - 1];
    struct cop__tree_sort *sort = (struct cop__tree_sort *)(uintptr_t)frame->a;
    const uint64_t *a;
    const uint64_t *b;
    int mode = frame->mode;

    if (cop__tree_sort_step(sort, outcome, &a, &b)) {
        push_row(m, a, b, 1, mode | EXACT);
        return;
    }
    frame->what = RELEASE; /* below the rows, which read the sort's memory */
    push_row(m, cop__tree_sort_values(sort, 0), cop__tree_sort_values(sort, 1),
             cop__tree_sort_len(sort), mode);
    push_row(m, cop__tree_sort_keys(sort, 0), cop__tree_sort_keys(sort, 1),
             cop__tree_sort_len(sort), mode | EXACT);
}

/* A pair differs: the topmost sort has its outcome, or there is none and the answer stands. */
static bool deliver(struct machine *m, int outcome)
{
    while (m->len > 0) {
        struct frame *frame = &m->frames[m->len - 1];

        if (frame->what == SORT) {
            sort_step(m, outcome);
            return true;
        }
        if (frame->what == RELEASE)
            cop__tree_sort_free((struct cop__tree_sort *)(uintptr_t)frame->a);
        m->len--;
    }
    return false;
}

/* Takes the next pair off the topmost row. False if there is none any more. */
static bool next_pair(struct machine *m, cop_term *ret_a, cop_term *ret_b, int *ret_mode)
{
    while (m->len > 0) {
        struct frame *frame = &m->frames[m->len - 1];

        if (frame->what == SORT) {
            sort_step(m, 0);
        } else if (frame->what == RELEASE) {
            cop__tree_sort_free((struct cop__tree_sort *)(uintptr_t)frame->a);
            m->len--;
        } else {
            *ret_a = cop__term(*frame->a++);
            *ret_b = cop__term(*frame->b++);
            *ret_mode = frame->mode & ~KEYS_EXACT;
            /* The row has pairs, so the keys are those with an even number left. */
            if (frame->mode & KEYS_EXACT && frame->len % 2 == 0) *ret_mode |= EXACT;
            if (--frame->len == 0) m->len--;
            return true;
        }
    }
    return false;
}

static int run(cop_term a, cop_term b, int mode)
{
    struct machine m;
    int outcome = 0;

    m.frames = m.inline_frames;
    m.len = 0;
    m.cap = INLINE_FRAMES;
    do {
        if (a.word == b.word) continue;
        outcome = rank_of(a) - rank_of(b);
        if (outcome == 0) outcome = enter(&m, a, b, mode);
        if (outcome != 0) {
            if (!deliver(&m, outcome)) break;
            outcome = 0;
        }
    } while (next_pair(&m, &a, &b, &mode));
    if (m.frames != m.inline_frames) cop__free(m.frames, m.cap * sizeof(*m.frames));
    return outcome;
}

/* Comparing what is immediate, as most keys are, needs no machine. */
static inline bool both_small(cop_term a, cop_term b)
{
    return cop__is_small(a) && cop__is_small(b);
}

int cop_compare(cop_term a, cop_term b)
{
    if (a.word == b.word) return 0;
    if (both_small(a, b)) return sign_of((int64_t)a.word < (int64_t)b.word);
    return run(a, b, ORDER);
}

int cop__compare_exact(cop_term a, cop_term b)
{
    if (a.word == b.word) return 0;
    if (both_small(a, b)) return sign_of((int64_t)a.word < (int64_t)b.word);
    return run(a, b, ORDER | EXACT);
}

bool cop_equal(cop_term a, cop_term b)
{
    if (a.word == b.word) return true;
    if (!cop__is_box(a) && !cop__is_box(b)) return false;
    return run(a, b, EQUALITY) == 0;
}

bool cop_identical(cop_term a, cop_term b)
{
    /* An integer, atom, local pid or [] has one word only. */
    if (a.word == b.word) return true;
    if (!cop__is_box(a) || !cop__is_box(b)) return false;
    return run(a, b, EQUALITY | EXACT) == 0;
}

/* --- Sorting ---------------------------------------------------------------------------------- */

void cop__sort(cop_term *items, size_t len)
{
    cop_term *from = items;
    cop_term *to;
    cop_term *room;

    if (len < 2) return;
    room = cop__alloc(len * sizeof(*items));
    to = room;
    for (size_t width = 1; width < len; width *= 2) {
        for (size_t at = 0; at < len; at += 2 * width) {
            size_t i = at;
            size_t middle = at + width < len ? at + width : len;
            size_t j = middle;
            size_t end = at + 2 * width < len ? at + 2 * width : len;

            for (size_t k = at; k < end; k++) {
                bool left = j == end || (i < middle && cop_compare(from[i], from[j]) <= 0);

                to[k] = left ? from[i++] : from[j++];
            }
        }
        cop_term *other = from;

        from = to;
        to = other;
    }
    if (from != items) memcpy(items, from, len * sizeof(*items));
    cop__free(room, len * sizeof(*items));
}
