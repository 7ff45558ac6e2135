/* SPDX-License-Identifier: Apache-2.0 */
/* Running patterns. cop__pattern_run() is on the way of every message: one switch a step, no call
 * for tuples, atoms, small integers and the binding of terms. */
#include "term/match.h"

#include <string.h>

#include "base/check.h"
#include "term/types.h"

static bool is_from(cop_term t)
{
    cop_term tag;

    if (!cop__is_tuple_of(t, 2) || !cop_is_pid(cop__tuple_items(t)[0])) return false;
    tag = cop__tuple_items(t)[1];
    if (cop__is_cons(tag) && cop__is(cop__cons_head(tag), COP_ATOM_alias)) {
        tag = cop__cons_tail(tag);
    }
    return cop_is_reference(tag);
}

static bool fits_int(cop_term t)
{
    return cop__is_small(t) && cop__small_value(t) >= INT32_MIN && cop__small_value(t) <= INT32_MAX;
}

/* Whether a C variable of this type can hold t. */
static __attribute__((noinline)) bool fits_slow(uint8_t type, cop_term t)
{
    switch ((enum cop__type)type) {
    case COP__TYPE_TERM: return true;
    case COP__TYPE_INT64: return cop__is_small(t) || cop__is_kind(t, COP__BOX_INT64);
    case COP__TYPE_INT: return fits_int(t);
    case COP__TYPE_DOUBLE: return cop_is_number(t);
    case COP__TYPE_BOOL: return cop_is_boolean(t);
    case COP__TYPE_PID: return cop_is_pid(t);
    case COP__TYPE_REF: return cop_is_reference(t);
    case COP__TYPE_FROM: return is_from(t);
    case COP__TYPE_BYTES: return cop_is_binary(t);
    case COP__TYPE_NONE: break;
    }
    return false;
}

/* The usual cases without a call. */
static inline bool fits(uint8_t type, cop_term t)
{
    return type == COP__TYPE_TERM || (type == COP__TYPE_INT64 && cop__is_small(t)) ||
           fits_slow(type, t);
}

static bool begins_with(cop_term t, cop_term prefix)
{
    cop_bytes have;
    cop_bytes want;

    if (!cop_is_binary(t)) return false;
    have = cop_to_bytes(t);
    want = cop_to_bytes(prefix);
    return have.len >= want.len && memcmp(have.data, want.data, want.len) == 0;
}

static inline bool same(cop_term a, cop_term b)
{
    return a.word == b.word || (cop__is_box(a) && cop__is_box(b) && cop_identical(a, b));
}

static bool get(cop_term map, cop_term key, cop_term *ret_value)
{
    *ret_value = cop_map_get(map, key, cop_none());
    return !cop_is_none(*ret_value);
}

bool cop__pattern_run(const struct cop__pattern *p, cop_term t, const void *const *vars,
                      cop_term *bound)
{
    cop_term r[COP__MATCH_REGISTERS];
    const cop_term *items;

    r[0] = t;
    for (const struct cop__match_op *op = p->ops;; op++) {
        cop_term src = r[op->src];
        switch ((enum cop__match_code)op->code) {
        case COP__MATCH_TUPLE:
            if (!cop__is_tuple_of(src, op->n)) return false;
            break;
        case COP__MATCH_ELEM: r[op->dst] = cop__tuple_items(src)[op->n]; break;
        case COP__MATCH_ELEM_SAME:
            if (cop__tuple_items(src)[op->n].word != op->word) return false;
            break;
        case COP__MATCH_ELEM_BIND:
            items = cop__tuple_items(src);
            if (!fits(op->type, items[op->n])) return false;
            bound[op->word] = items[op->n];
            break;
        case COP__MATCH_CONS:
            if (!cop__is_cons(src)) return false;
            r[op->dst] = cop__cons_head(src);
            r[op->dst + 1] = cop__cons_tail(src);
            break;
        case COP__MATCH_MAP:
            if (!cop_is_map(src)) return false;
            break;
        case COP__MATCH_GET:
            if (!get(src, cop__term(op->word), &r[op->dst])) return false;
            break;
        case COP__MATCH_GET_PIN:
            if (!get(src, cop__pattern_read(op->type, vars[op->n]), &r[op->dst])) return false;
            break;
        case COP__MATCH_SAME:
            if (src.word != op->word) return false;
            break;
        case COP__MATCH_EQUAL:
            if (!same(src, cop__term(op->word))) return false;
            break;
        case COP__MATCH_BIND:
            if (!fits(op->type, src)) return false;
            bound[op->n] = src;
            break;
        case COP__MATCH_AGAIN:
            if (!same(src, bound[op->n])) return false;
            break;
        case COP__MATCH_PIN:
            if (!same(src, cop__pattern_read(op->type, vars[op->n]))) return false;
            break;
        case COP__MATCH_PREFIX:
            if (!begins_with(src, cop__term(op->word))) return false;
            break;
        case COP__MATCH_END: return true;
        default: __builtin_unreachable();
        }
    }
}

/* The variable's declared type may be another of the same size (long, long long): so as bytes. */
#define STORE(var, value)                                                                          \
    do {                                                                                           \
        __typeof__(value) stored_ = (value);                                                       \
        memcpy(var, &stored_, sizeof(stored_));                                                    \
    } while (0)

static void write_bytes(const struct cop__match_bind *bind, void *var, cop_term value)
{
    cop_bytes bytes = cop_to_bytes(value);

    bytes.data += bind->skip;
    bytes.len -= bind->skip;
    STORE(var, bytes);
}

void cop__pattern_write(const struct cop__match_bind *bind, void *var, cop_term value)
{
    switch ((enum cop__type)bind->type) {
    case COP__TYPE_TERM:
        if (bind->is_rest) {
            cop_bytes bytes = cop_to_bytes(value);
            value = cop_binary(bytes.data + bind->skip, bytes.len - bind->skip);
        }
        STORE(var, value);
        break;
    case COP__TYPE_INT64: STORE(var, cop_to_int(value)); break;
    case COP__TYPE_INT: STORE(var, (int)cop_to_int(value)); break;
    case COP__TYPE_DOUBLE: STORE(var, cop_to_float(value)); break;
    case COP__TYPE_BOOL: STORE(var, cop_to_bool(value)); break;
    case COP__TYPE_PID: STORE(var, cop_to_pid(value)); break;
    case COP__TYPE_REF: STORE(var, cop_to_ref(value)); break;
    case COP__TYPE_FROM: STORE(var, cop_to_from(value)); break;
    case COP__TYPE_BYTES: write_bytes(bind, var, value); break;
    case COP__TYPE_NONE: COP_UNREACHABLE();
    }
}

#define LOAD(type, var)                                                                            \
    __extension__({                                                                                \
        type loaded_;                                                                              \
        memcpy(&loaded_, var, sizeof(loaded_));                                                    \
        loaded_;                                                                                   \
    })

cop_term cop__pattern_read(uint8_t type, const void *var)
{
    switch ((enum cop__type)type) {
    case COP__TYPE_TERM: return LOAD(cop_term, var);
    case COP__TYPE_INT64: return cop_int(LOAD(int64_t, var));
    case COP__TYPE_INT: return cop_int(LOAD(int, var));
    case COP__TYPE_DOUBLE: return cop_float(LOAD(double, var));
    case COP__TYPE_BOOL: return cop_bool(LOAD(bool, var));
    case COP__TYPE_PID: return cop_pid_term(LOAD(cop_pid, var));
    case COP__TYPE_REF: return cop_ref_term(LOAD(cop_ref, var));
    case COP__TYPE_FROM: return cop_from_term(LOAD(cop_from, var));
    case COP__TYPE_BYTES: {
        cop_bytes bytes = LOAD(cop_bytes, var);
        return cop_binary(bytes.data, bytes.len);
    }
    case COP__TYPE_NONE: break;
    }
    COP_UNREACHABLE();
}
