/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's pieces of work: building values, matching, deciding, calling. */
#include "coppice/error.h"
#include "shell/eval.h"
#include <stdio.h>
#include <string.h>

/* The last n values, still on the stack. */
static cop_term *last(struct cop__eval *e, int n)
{
    return e->values + e->values_len - (size_t)n;
}

static cop_term take_list(struct cop__eval *e, int n)
{
    cop_term list = cop_list_from(last(e, n), (size_t)n);

    e->values_len -= (size_t)n;
    return list;
}

/* --- Values ----------------------------------------------------------------------------------- */

static void make_tuple(struct cop__eval *e, int n)
{
    cop_term tuple = cop_tuple_from(last(e, n), (size_t)n);

    e->values_len -= (size_t)n;
    cop__eval_put(e, tuple);
}

static void make_list(struct cop__eval *e, int n)
{
    cop_term list = cop__eval_take(e);

    for (; n > 0; n--)
        list = cop_cons(cop__eval_take(e), list);
    cop__eval_put(e, list);
}

/* map with n keys and values put in, which it must have already if `must_have`. */
static void put_pairs(struct cop__eval *e, cop_term map, int n, bool must_have)
{
    const cop_term *pair = last(e, 2 * n);

    for (int i = 0; i < n; i++, pair += 2) {
        if (must_have && !cop_map_has(map, pair[0]))
            (void)cop_apply(COP("Map"), COP(":fetch!"), cop_list(map, pair[0]));
        map = cop_map_put(map, pair[0], pair[1]);
    }
    e->values_len -= 2 * (size_t)n;
    if (must_have) e->values_len--;
    cop__eval_put(e, map);
}

static void update_map(struct cop__eval *e, int n)
{
    cop_term map = last(e, 2 * n + 1)[0];

    if (!cop_is_map(map)) cop_error(cop_tuple(COP(":badmap"), map));
    put_pairs(e, map, n, true);
}

/* --- Matching and deciding -------------------------------------------------------------------- */

static void match(struct cop__eval *e, const struct cop__work *work)
{
    cop_term value = e->values[e->values_len - 1];
    cop_term bindings = *e->bindings;
    struct cop_parse_error error = {0};

    if (!cop_quoted_match(work->a, value, bindings, &bindings, &error)) {
        if (error.text[0] != '\0') cop__compile_error(e, work->form, "%s", error.text);
        cop_error(cop_tuple(COP(":badmatch"), value));
    }
    *e->bindings = bindings;
}

/* Whether the left side decides what the operator gives. */
static bool is_decided(cop_term operator, cop_term left)
{
    cop_bytes text = cop_atom_text(operator);
    bool is_falsy = cop_identical(left, cop_nil()) || cop_identical(left, cop_false());

    if (text.data[0] == '&') return is_falsy;
    if (text.data[0] == '|') return !is_falsy;
    if (!cop_is_boolean(left))
        cop_error(cop_build("%{__struct__: BadBooleanError, __exception__: true, term: left,"
                            " operator: operator}",
                            left, operator));
    return text.data[0] == 'a' ? is_falsy : !is_falsy;
}

static void decide(struct cop__eval *e, const struct cop__work *work)
{
    if (is_decided(work->a, e->values[e->values_len - 1])) return;
    e->values_len--;
    cop__eval_push(e, (struct cop__work){.op = COP__OP_EVAL, .a = work->b, .form = work->b});
}

/* --- Calls ------------------------------------------------------------------------------------ */

static void call_local(struct cop__eval *e, const struct cop__work *work)
{
    const struct cop_module *helpers = e->opts->helpers;
    cop_term args = take_list(e, work->n);
    cop_term module = COP("Kernel");
    cop_bytes name = cop_atom_text(work->a);

    if (helpers && cop_function_exported(cop_module_name(helpers), work->a, work->n))
        module = cop_module_name(helpers);
    else if (!cop_function_exported(module, work->a, work->n))
        cop__compile_error(e, work->form, "undefined function %.*s/%d (there is no such import)",
                           (int)name.len, name.data, work->n);
    cop__eval_put(e, cop_apply(module, work->a, args));
}

static COP_NORETURN void no_module(cop_term t, cop_term name)
{
    cop_bytes shown = cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 50}));
    cop_bytes function = cop_to_bytes(cop_inspect(name));

    cop_raise("ArgumentError",
              "you attempted to apply a function named %.*s on %.*s. If you are using "
              "Kernel.apply/3, make sure the module is an atom. If you are using the dot syntax, "
              "such as module.function(), make sure the left-hand side of the dot is a module atom",
              (int)function.len, function.data, (int)shown.len, shown.data);
}

static void call_remote(struct cop__eval *e, const struct cop__work *work)
{
    cop_term args = take_list(e, work->n);
    cop_term module = cop__eval_take(e);

    if (!cop_is_atom(module)) no_module(module, work->a);
    cop__eval_put(e, cop_apply(module, work->a, args));
}

static COP_NORETURN void nil_has_no_field(cop_term name)
{
    cop_bytes shown = cop_to_bytes(cop_inspect(name));
    cop_term text =
        cop_format("key %.*s not found in: nil. If you are using the dot syntax, such as "
                   "map.field, make sure the left-hand side of the dot is a map",
                   (int)shown.len, shown.data);

    cop_error(cop_build("%{__struct__: KeyError, __exception__: true, key: name, term: nil,"
                        " message: text}",
                        name, text));
}

/* map.name, or module.name without brackets. */
static void get_field(struct cop__eval *e, cop_term name)
{
    cop_term left = cop__eval_take(e);
    cop_term value;

    if (cop_is_map(left)) {
        value = cop_apply(COP("Map"), COP(":fetch!"), cop_list(left, name));
    } else if (cop_identical(left, cop_nil())) {
        nil_has_no_field(name);
    } else {
        if (!cop_is_atom(left)) no_module(left, name);
        value = cop_apply(left, name, cop_empty_list());
    }
    cop__eval_put(e, value);
}

static void call_fun(struct cop__eval *e, int n)
{
    cop_term fun = last(e, n + 1)[0];
    cop_term value = cop_call_fun(fun, last(e, n), (size_t)n);

    e->values_len -= (size_t)n + 1;
    cop__eval_put(e, value);
}

void cop__eval_step(struct cop__eval *e, const struct cop__work *work)
{
    switch (work->op) {
    case COP__OP_EVAL: break;
    case COP__OP_DROP: e->values_len--; break;
    case COP__OP_TUPLE: make_tuple(e, work->n); break;
    case COP__OP_LIST: make_list(e, work->n); break;
    case COP__OP_MAP: put_pairs(e, cop_map_new(), work->n, false); break;
    case COP__OP_UPDATE: update_map(e, work->n); break;
    case COP__OP_MATCH: match(e, work); break;
    case COP__OP_DECIDE: decide(e, work); break;
    case COP__OP_LOCAL: call_local(e, work); break;
    case COP__OP_REMOTE: call_remote(e, work); break;
    case COP__OP_FIELD: get_field(e, work->a); break;
    case COP__OP_FUN: call_fun(e, work->n); break;
    }
}
