/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator of quoted forms: which work a form asks for, and in which order.
 *
 * Forms may be nested deeper than a stack of 64 KiB allows, so nothing here recurses: a form puts
 * the work for its parts on a stack, first what is to be done last. */
#include "shell/eval.h"

#include "coppice/json.h"
#include "coppice/process.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- The stacks ------------------------------------------------------------------------------- */

/* A larger block with the old contents. */
static void *grow(void *block, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 32;
    void *larger = cop_alloc(more * size);

    if (block) memcpy(larger, block, *cap * size);
    cop_free(block);
    *cap = more;
    return larger;
}

void cop__eval_push(struct cop__eval *e, struct cop__work work)
{
    if (e->work_len == e->work_cap) e->work = grow(e->work, &e->work_cap, sizeof(*e->work));
    e->work[e->work_len++] = work;
}

void cop__eval_put(struct cop__eval *e, cop_term value)
{
    if (e->values_len == e->values_cap)
        e->values = grow(e->values, &e->values_cap, sizeof(*e->values));
    e->values[e->values_len++] = value;
}

cop_term cop__eval_take(struct cop__eval *e)
{
    return e->values[--e->values_len];
}

static void push_eval(struct cop__eval *e, cop_term form)
{
    cop__eval_push(e, (struct cop__work){.op = COP__OP_EVAL, .a = form, .form = form});
}

static void push_op(struct cop__eval *e, enum cop__op op, int n, cop_term a, cop_term form)
{
    cop__eval_push(e, (struct cop__work){.op = op, .n = n, .a = a, .form = form});
}

/* Has the forms of a proper list evaluated, the first one first. */
static int push_all(struct cop__eval *e, cop_term forms)
{
    int n = 0;

    for (forms = cop_list_reverse(forms); !cop_is_empty_list(forms); forms = cop_tail(forms), n++)
        push_eval(e, cop_head(forms));
    return n;
}

/* --- Forms ------------------------------------------------------------------------------------ */

bool cop__form_parts(cop_term form, cop_term *ret_name, cop_term *ret_meta, cop_term *ret_args)
{
    if (!cop_is_tuple(form) || cop_tuple_size(form) != 3) return false;
    *ret_name = cop_elem(form, 0);
    *ret_meta = cop_elem(form, 1);
    *ret_args = cop_elem(form, 2);
    return true;
}

void cop__compile_error(const struct cop__eval *e, cop_term form, const char *format, ...)
{
    int64_t line = 1;
    cop_term name;
    cop_term meta;
    cop_term args;
    char text[600];
    va_list list;

    if (cop__form_parts(form, &name, &meta, &args) && cop_is_list(meta))
        line = cop_to_int(cop_keyword_get(meta, COP(":line"), cop_int(1)));
    if (e->opts->line > 0) line += e->opts->line - 1;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    cop_raise("CompileError", "%s:%lld: %s", e->opts->file ? e->opts->file : "nofile",
              (long long)line, text);
}

/* The text of an atom as a C string in a buffer. */
static const char *name_text(cop_term atom, char *buffer, size_t size)
{
    cop_bytes text = cop_atom_text(atom);

    (void)snprintf(buffer, size, "%.*s", (int)text.len, text.data);
    return buffer;
}

static bool is_operator(cop_term name, const char *text)
{
    cop_bytes bytes = cop_atom_text(name);

    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

bool cop__eval_has_local(const struct cop__eval *e, cop_term name, int arity)
{
    const struct cop_module *helpers = e->opts->helpers;

    return cop_function_exported(COP("Kernel"), name, arity) ||
           (helpers && cop_function_exported(cop_module_name(helpers), name, arity));
}

/* A variable, or a function that is called without brackets: self, flush. */
static void eval_variable(struct cop__eval *e, cop_term name, cop_term form)
{
    cop_term value = cop_map_get(*e->bindings, name, cop_none());
    char text[260];

    if (!cop_is_none(value)) {
        cop__eval_put(e, value);
    } else if (cop__eval_has_local(e, name, 0)) {
        push_op(e, COP__OP_LOCAL, 0, name, form);
    } else if (is_operator(name, "_")) {
        cop__compile_error(e, form,
                           "invalid use of _. _ can only be used inside patterns to ignore values "
                           "and cannot be used in expressions. Make sure you are inside a pattern "
                           "or change it accordingly");
    } else {
        cop__compile_error(e, form, "undefined function %s/0 (there is no such import)",
                           name_text(name, text, sizeof(text)));
    }
}

/* [a, b] or [a, b | tail]. */
static void eval_list(struct cop__eval *e, cop_term list)
{
    cop_term reversed = cop_list_reverse(list);
    cop_term tail = cop_empty_list();
    cop_term head;
    int n = 0;

    if (cop_match(cop_head(reversed), "{:|, _, [head, tail]}", head, tail))
        reversed = cop_cons(head, cop_tail(reversed));
    push_op(e, COP__OP_LIST, (int)cop_list_len(reversed), cop_nil(), list);
    push_eval(e, tail);
    for (; !cop_is_empty_list(reversed); reversed = cop_tail(reversed), n++)
        push_eval(e, cop_head(reversed));
}

/* Keys and values of a quoted map in turn. */
static int push_pairs(struct cop__eval *e, cop_term pairs)
{
    int n = 0;

    for (pairs = cop_list_reverse(pairs); !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        push_eval(e, cop_elem(cop_head(pairs), 1));
        push_eval(e, cop_elem(cop_head(pairs), 0));
        n++;
    }
    return n;
}

static void eval_map(struct cop__eval *e, cop_term args, cop_term form)
{
    cop_term map;
    cop_term pairs;

    if (cop_match(args, "[{:|, _, [map, pairs]}]", map, pairs)) {
        push_op(e, COP__OP_UPDATE, (int)cop_list_len(pairs), cop_nil(), form);
        push_pairs(e, pairs);
        push_eval(e, map);
    } else {
        push_op(e, COP__OP_MAP, (int)cop_list_len(args), cop_nil(), form);
        push_pairs(e, args);
    }
}

static void eval_block(struct cop__eval *e, cop_term forms)
{
    bool is_last = true;

    if (cop_is_empty_list(forms)) cop__eval_put(e, cop_nil());
    for (forms = cop_list_reverse(forms); !cop_is_empty_list(forms); forms = cop_tail(forms)) {
        if (!is_last) push_op(e, COP__OP_DROP, 0, cop_nil(), cop_nil());
        push_eval(e, cop_head(forms));
        is_last = false;
    }
}

static void eval_capture(struct cop__eval *e, cop_term args, cop_term form)
{
    struct cop_parse_error error;
    cop_term fun;
    int64_t n;

    if (cop_match(args, "[n]", n))
        cop__compile_error(e, form,
                           "capture argument &%lld must be used within the capture operator &",
                           (long long)n);
    if (!cop_quoted_build(form, *e->bindings, &fun, &error))
        cop__compile_error(e, form, "%s", error.text);
    cop__eval_put(e, fun);
}

/* a |> f(b) is f(a, b). */
static void eval_pipe(struct cop__eval *e, cop_term left, cop_term right)
{
    cop_term name = cop_nil();
    cop_term meta = cop_nil();
    cop_term args = cop_empty_list();
    cop_bytes text;
    cop_bytes from = {"", 0};

    if (cop__form_parts(right, &name, &meta, &args) && !cop_identical(name, COP(":{}")) &&
        !cop_identical(name, COP(":%{}"))) {
        if (!cop_is_list(args)) args = cop_empty_list(); /* a |> f */
        push_eval(e, cop_tuple(name, cop_list_append(COP("[no_parens: false]"), meta),
                               cop_cons(left, args)));
        return;
    }
    text = cop_to_bytes(cop_inspect_with(right, (struct cop_inspect_opts){0, 10}));
    if (!cop_is_tuple(left))
        from = cop_to_bytes(cop_inspect_with(left, (struct cop_inspect_opts){0, 10}));
    cop_raise("ArgumentError",
              "cannot pipe %.*s%sinto %.*s, can only pipe into local calls foo(), remote calls "
              "Foo.bar() or anonymous function calls foo.()",
              (int)from.len, from.data, from.len ? " " : "", (int)text.len, text.data);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* 1.foo: no call, whatever 1 is. */
static void check_receiver(const struct cop__eval *e, cop_term left, cop_term name, cop_term form)
{
    cop_bytes number;
    cop_bytes function;

    if (!cop_is_number(left)) return;
    number = cop_to_bytes(cop_inspect(left));
    function = cop_atom_text(name);
    cop__compile_error(e, form, "invalid call %.*s.%.*s", (int)number.len, number.data,
                       (int)function.len, function.data);
}

/* Mod.fun(args), map.key, fun.(args): the name of the form is {:., meta, [left]} or [left,
 * name]. */
static void eval_dot(struct cop__eval *e, cop_term dot, cop_term meta, cop_term args, cop_term form)
{
    cop_term left;
    cop_term name;

    if (cop_match(dot, "{:., _, [left, name]}", left, name)) {
        bool is_field =
            cop_is_empty_list(args) &&
            cop_identical(cop_keyword_get(meta, COP(":no_parens"), cop_nil()), cop_true());

        check_receiver(e, left, name, form);
        push_op(e, is_field ? COP__OP_FIELD : COP__OP_REMOTE, (int)cop_list_len(args), name, form);
    } else if (cop_match(dot, "{:., _, [left]}", left)) {
        if (!cop_is_tuple(left)) {
            cop_bytes text = cop_to_bytes(cop_inspect_with(left, (struct cop_inspect_opts){0, 10}));

            cop__compile_error(e, form, "invalid function call %.*s.()", (int)text.len, text.data);
        }
        push_op(e, COP__OP_FUN, (int)cop_list_len(args), cop_nil(), form);
    } else {
        cop__compile_error(e, form, "invalid call");
    }
    push_all(e, args);
    push_eval(e, left);
}

/* Operators that decide what of their sides is evaluated, and how. False: it is another one. */
static bool eval_binary(struct cop__eval *e, cop_term name, cop_term a, cop_term b, cop_term form)
{
    if (is_operator(name, "=")) {
        push_op(e, COP__OP_MATCH, 0, a, form);
        push_eval(e, b);
    } else if (is_operator(name, "|>")) {
        eval_pipe(e, a, b);
    } else if (is_operator(name, "&&") || is_operator(name, "||") || is_operator(name, "and") ||
               is_operator(name, "or")) {
        cop__eval_push(e,
                       (struct cop__work){.op = COP__OP_DECIDE, .a = name, .b = b, .form = form});
        push_eval(e, a);
    } else {
        return false;
    }
    return true;
}

/* The forms that are no plain calls. False: it is one. */
static bool eval_special(struct cop__eval *e, cop_term name, cop_term args, cop_term form)
{
    cop_term a;
    cop_term b;

    if (is_operator(name, "__block__")) {
        eval_block(e, args);
    } else if (is_operator(name, "{}")) {
        push_op(e, COP__OP_TUPLE, (int)cop_list_len(args), cop_nil(), form);
        push_all(e, args);
    } else if (is_operator(name, "%{}")) {
        eval_map(e, args, form);
    } else if (is_operator(name, "&")) {
        eval_capture(e, args, form);
    } else {
        return cop_match(args, "[a, b]", a, b) && eval_binary(e, name, a, b, form);
    }
    return true;
}

void cop__eval_form(struct cop__eval *e, cop_term form)
{
    cop_term name;
    cop_term meta;
    cop_term args;

    if (cop_is_list(form) && !cop_is_empty_list(form)) {
        eval_list(e, form);
    } else if (cop_is_tuple(form) && cop_tuple_size(form) == 2) {
        push_op(e, COP__OP_TUPLE, 2, cop_nil(), form);
        push_eval(e, cop_elem(form, 1));
        push_eval(e, cop_elem(form, 0));
    } else if (!cop__form_parts(form, &name, &meta, &args)) {
        cop__eval_put(e, form);
    } else if (!cop_is_atom(name)) {
        eval_dot(e, name, meta, args, form);
    } else if (!cop_is_list(args)) {
        eval_variable(e, name, form);
    } else if (!eval_special(e, name, args, form)) {
        push_op(e, COP__OP_LOCAL, (int)cop_list_len(args), name, form);
        push_all(e, args);
    }
}

/* --- The loop --------------------------------------------------------------------------------- */

static void eval_fini(struct cop__eval *e)
{
    cop_free(e->work);
    cop_free(e->values);
}

/* Modules that are there without an application that brings them, once a program. */
static void register_modules(void)
{
    static bool done; /* relaxed: registering twice does nothing */

    if (__atomic_load_n(&done, __ATOMIC_RELAXED)) return;
    cop_module_register(&cop_json_module);
    __atomic_store_n(&done, true, __ATOMIC_RELAXED);
}

cop_term cop_eval_quoted(cop_term quoted, cop_term bindings, cop_term *ret_bindings,
                         const struct cop_eval_opts *opts)
{
    static const struct cop_eval_opts none;
    __attribute__((cleanup(eval_fini))) struct cop__eval e = {.opts = opts ? opts : &none,
                                                              .bindings = ret_bindings};

    *ret_bindings = bindings;
    register_modules();
    cop__eval_check(&e, quoted);
    push_eval(&e, quoted);
    while (e.work_len > 0) {
        struct cop__work work = e.work[--e.work_len];

        if (work.op == COP__OP_EVAL)
            cop__eval_form(&e, work.a);
        else
            cop__eval_step(&e, &work);
    }
    return cop__eval_take(&e);
}
