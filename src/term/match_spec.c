/* SPDX-License-Identifier: Apache-2.0 */
/* Runs compiled match specifications (match_spec.h). */
#include "term/match_spec.h"

#include "term/map.h"

/* One object under one clause. */
struct machine {
    const struct cop__spec *spec;
    struct cop__heap *heap;
    cop_term object;
    struct cop__share *share; /* what is put is copied; NULL: it is put as it is */
};

/* --- Patterns --------------------------------------------------------------------------------- */

/* Whether the object matches; bound has the variables then. */
static bool match(const struct machine *m, const struct cop__spec_op *op)
{
    cop_term *bound = m->spec->bound;
    cop_term *top = m->spec->stack; /* the top term is below */
    *top++ = m->object;
    for (;; op++) {
        if (op->code == COP__SPEC_END) return true;
        cop_term t = top[-1];
        switch ((enum cop__spec_code)op->code) {
        case COP__SPEC_ANY:
        case COP__SPEC_DROP: top--; break;
        case COP__SPEC_BIND:
            bound[op->n] = t;
            top--;
            break;
        case COP__SPEC_SAME:
            if (!cop_identical(t, bound[op->n])) return false;
            top--;
            break;
        case COP__SPEC_WORD:
            if (t.word != op->term.word) return false;
            top--;
            break;
        case COP__SPEC_EQUAL:
            if (!cop_identical(t, op->term)) return false;
            top--;
            break;
        case COP__SPEC_TUPLE:
            if (!cop__is_tuple_of(t, op->n)) return false;
            top--;
            for (size_t i = op->n; i-- > 0;)
                *top++ = cop__tuple_items(t)[i];
            break;
        case COP__SPEC_CONS:
            if (!cop__is_cons(t)) return false;
            top[-1] = cop__cons_tail(t);
            *top++ = cop__cons_head(t);
            break;
        case COP__SPEC_MAP:
            if (!cop_is_map(t)) return false;
            break;
        case COP__SPEC_GET:
            *top = cop__map_find(t, op->term);
            if (cop_is_none(*top++)) return false;
            break;
        default: COP_UNREACHABLE();
        }
    }
}

/* --- Expressions ------------------------------------------------------------------------------ */

/* A part of the object, as it is to be put. */
static cop_term part(const struct machine *m, cop_term t)
{
    return m->share != NULL ? cop__share_copy(m->heap, m->share, t) : t;
}

static cop_term all_variables(const struct machine *m, const struct cop__spec_clause *clause)
{
    cop_term list = cop_empty_list();
    for (uint32_t i = clause->vars; i-- > 0;) {
        uint32_t index = m->spec->ordered[clause->ordered + i];
        list = cop__cons(m->heap, part(m, m->spec->bound[index]), list);
    }
    return list;
}

static cop_term new_map(const struct machine *m, const cop_term *pairs, uint32_t len)
{
    cop_term map = cop_map_new();
    for (size_t i = 0; i < len; i++)
        map = cop__map_put(m->heap, map, pairs[2 * i], pairs[2 * i + 1]);
    return map;
}

/* The value of what the steps compute, cop_none() if it fails. Of guards: true, or none. */
static cop_term evaluate(const struct machine *m, const struct cop__spec_clause *clause,
                         const struct cop__spec_op *op)
{
    cop_term *top = m->spec->stack;
    while (op->code != COP__SPEC_END) {
        switch ((enum cop__spec_code)op->code) {
        case COP__SPEC_CONST: *top++ = op->term; break;
        case COP__SPEC_VAR: *top++ = part(m, m->spec->bound[op->n]); break;
        case COP__SPEC_OBJECT: *top++ = part(m, m->object); break;
        case COP__SPEC_ALL: *top++ = all_variables(m, clause); break;
        case COP__SPEC_DROP: top--; break;
        case COP__SPEC_NEW_TUPLE:
            top -= op->n;
            *top = cop__tuple(m->heap, top, op->n);
            top++;
            break;
        case COP__SPEC_NEW_CONS:
            top--;
            top[-1] = cop__cons(m->heap, top[-1], top[0]);
            break;
        case COP__SPEC_NEW_MAP:
            top -= 2 * (size_t)op->n;
            *top = new_map(m, top, op->n);
            top++;
            break;
        case COP__SPEC_CALL:
            top -= op->n;
            *top = op->call(m->heap, top, op->n);
            if (cop_is_none(*top++)) return cop_none();
            break;
        case COP__SPEC_ANDALSO:
        case COP__SPEC_ORELSE: {
            bool decides = op->code == COP__SPEC_ORELSE;
            if (!cop_is_boolean(top[-1])) return cop_none();
            if (top[-1].word == cop_bool(decides).word) {
                op = m->spec->ops + op->n;
                continue;
            }
            top--;
            break;
        }
        case COP__SPEC_TEST:
            if ((--top)->word != cop_true().word) return cop_none();
            break;
        default: COP_UNREACHABLE();
        }
        op++;
    }
    return top > m->spec->stack ? top[-1] : cop_true();
}

cop_term cop__spec_run(const struct cop__spec *spec, struct cop__heap *heap, cop_term object,
                       struct cop__share *share)
{
    struct machine m = {spec, heap, object, NULL};
    for (size_t i = 0; i < spec->clauses_len; i++) {
        const struct cop__spec_clause *clause = &spec->clauses[i];
        m.share = NULL;
        if (!match(&m, spec->ops + clause->head)) continue;
        if (cop_is_none(evaluate(&m, clause, spec->ops + clause->guards))) continue;
        m.share = share;
        cop_term result = evaluate(&m, clause, spec->ops + clause->body);
        return cop_is_none(result) ? cop__atom(COP_ATOM_EXIT) : result;
    }
    return cop_none();
}
