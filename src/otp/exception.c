/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: maps with the keys __struct__ and __exception__, as Elixir's. How they are made,
 * which one a reason of Erlang's stands for, and what each has to say. Exit reasons:
 * format_exit.c. */
#include "otp/exception.h"

#include "coppice/module.h"

#include <string.h>

/* Reasons of the form {tag, term} whose exception has one field, term, and says one sentence of
 * it. */
static const struct {
    const char *tag;
    const char *module;
    const char *words;
} about_one_term[] = {
    {"badmatch", "MatchError", "no match of right hand side value: "},
    {"case_clause", "CaseClauseError", "no case clause matching: "},
    {"try_clause", "TryClauseError", "no try clause matching: "},
    {"with_clause", "WithClauseError", "no with clause matching: "},
    {"badmap", "BadMapError", "expected a map, got: "},
    {"badfun", "BadFunctionError", "expected a function, got: "},
};
#define ABOUT_ONE_TERM (sizeof about_one_term / sizeof about_one_term[0])

static bool text_is(cop_term atom, const char *text)
{
    cop_bytes name = cop_atom_text(atom);

    return name.len == strlen(text) && memcmp(name.data, text, name.len) == 0;
}

static cop_term module_atom(const char *name)
{
    char full[256] = "Elixir.";

    strncat(full, name, sizeof full - strlen(full) - 1);
    return cop_atom(full);
}

/* An exception without its fields. */
static cop_term new_exception(const char *module)
{
    cop_term map = cop_map_put(cop_map_new(), COP(":__exception__"), cop_true());

    return cop_map_put(map, COP(":__struct__"), module_atom(module));
}

static cop_term with_message(const char *module, cop_term message)
{
    return cop_map_put(new_exception(module), COP(":message"), message);
}

static COP_PRINTF(2, 0) cop_term vexception(const char *module, const char *format, va_list args)
{
    COP__TEXT(text);

    cop__text_add_vformat(&text, format, args);
    return with_message(module, cop__text_binary(&text));
}

cop_term cop_exception(const char *module, const char *format, ...)
{
    va_list args;
    cop_term exception;

    va_start(args, format);
    exception = vexception(module, format, args);
    va_end(args);
    return exception;
}

void(cop_raise)(const char *module, const char *format, ...)
{
    va_list args;
    cop_term exception;

    va_start(args, format);
    exception = vexception(module, format, args);
    va_end(args);
    cop_error(exception);
}

static bool is_exception(cop_term t)
{
    return cop_is_map(t) &&
           cop_identical(cop_map_get(t, COP(":__exception__"), cop_nil()), cop_true()) &&
           cop_is_atom(cop_map_get(t, COP(":__struct__"), cop_empty_list()));
}

/* --- Which exception a reason stands for ------------------------------------------------------ */

static cop_term function_clause_error(cop_term module, cop_term function, cop_term arity)
{
    cop_term e = new_exception("FunctionClauseError");

    e = cop_map_put(e, COP(":module"), module);
    e = cop_map_put(e, COP(":function"), function);
    e = cop_map_put(e, COP(":arity"), arity);
    e = cop_map_put(e, COP(":kind"), cop_nil());
    e = cop_map_put(e, COP(":args"), cop_nil());
    return cop_map_put(e, COP(":clauses"), cop_nil());
}

static cop_term undefined_function_error(cop_term module, cop_term function, cop_term arity)
{
    cop_term e = with_message("UndefinedFunctionError", cop_nil());

    e = cop_map_put(e, COP(":module"), module);
    e = cop_map_put(e, COP(":function"), function);
    e = cop_map_put(e, COP(":arity"), arity);
    return cop_map_put(e, COP(":reason"), cop_nil());
}

/* :undef and :function_clause: the newest entry of the stack tells the function. */
static cop_term about_function(cop_term reason, cop_term stack)
{
    cop_term module = cop_nil(), function = cop_nil(), arity = cop_nil(), args, rest;

    if (cop_match(stack, "[{module, function, args, _} | rest]", module, function, args, rest))
        arity = cop_is_integer(args) ? args : cop_int(cop_list_len(args));
    return text_is(reason, "undef") ? undefined_function_error(module, function, arity)
                                    : function_clause_error(module, function, arity);
}

static cop_term of_atom(cop_term reason, cop_term stack)
{
    if (text_is(reason, "badarg")) return with_message("ArgumentError", COP("\"argument error\""));
    if (text_is(reason, "badarith"))
        return with_message("ArithmeticError", COP("\"bad argument in arithmetic expression\""));
    if (text_is(reason, "system_limit"))
        return with_message("SystemLimitError", COP("\"a system limit has been reached\""));
    if (text_is(reason, "cond_clause")) return new_exception("CondClauseError");
    if (text_is(reason, "undef") || text_is(reason, "function_clause"))
        return about_function(reason, stack);
    return cop_none();
}

static void add_missing_key(struct cop__text *text, cop_term key, cop_term in)
{
    cop__text_add(text, "key ");
    cop__text_add_term(text, key);
    cop__text_add(text, " not found");
    if (cop_is_none(in)) return;
    cop__text_add(text, " in: ");
    cop__text_add_term(text, in);
}

/* in may be cop_none(). A reason about what is no map comes from a dot, and gets a hint. */
static cop_term key_error(cop_term key, cop_term in)
{
    cop_term e, message = cop_nil();
    COP__TEXT(text);

    if (!cop_is_none(in) && !cop_is_map(in)) {
        add_missing_key(&text, key, in);
        cop__text_add(&text, ". If you are using the dot syntax, such as map.field, make sure the "
                             "left-hand side of the dot is a map");
        message = cop__text_binary(&text);
    }
    e = cop_map_put(with_message("KeyError", message), COP(":key"), key);
    return cop_map_put(e, COP(":term"), cop_is_none(in) ? cop_nil() : in);
}

static cop_term of_tuple(cop_term reason)
{
    cop_term a, b;

    for (size_t i = 0; i < ABOUT_ONE_TERM; i++) {
        if (cop_tuple_size(reason) == 2 && text_is(cop_elem(reason, 0), about_one_term[i].tag))
            return cop_map_put(new_exception(about_one_term[i].module), COP(":term"),
                               cop_elem(reason, 1));
    }
    if (cop_match(reason, "{:badarg, a}", a)) {
        COP__TEXT(text);

        cop__text_add(&text, "argument error: ");
        cop__text_add_term(&text, a);
        return with_message("ArgumentError", cop__text_binary(&text));
    }
    if (cop_match(reason, "{:badkey, a}", a)) return key_error(a, cop_none());
    if (cop_match(reason, "{:badkey, a, b}", a, b)) return key_error(a, b);
    if (cop_match(reason, "{:badarity, {a, b}}", a, b) && cop_is_fun(a, -1)) {
        cop_term e = cop_map_put(new_exception("BadArityError"), COP(":function"), a);

        return cop_map_put(e, COP(":args"), b);
    }
    if (cop_match(reason, "{:badbool, a, b}", a, b)) {
        cop_term e = cop_map_put(new_exception("BadBooleanError"), COP(":operator"), a);

        return cop_map_put(e, COP(":term"), b);
    }
    if (cop_match(reason, "{:badstruct, a, b}", a, b)) {
        cop_term e = cop_map_put(new_exception("BadStructError"), COP(":struct"), a);

        return cop_map_put(e, COP(":term"), b);
    }
    return cop_none();
}

cop_term cop__exception_of(cop_term reason, cop_term stack)
{
    cop_term exception = cop_none();

    if (is_exception(reason)) return reason;
    if (cop_is_atom(reason))
        exception = of_atom(reason, stack);
    else if (cop_is_tuple(reason) && cop_tuple_size(reason) > 1 && cop_is_atom(cop_elem(reason, 0)))
        exception = of_tuple(reason);
    if (!cop_is_none(exception)) return exception;
    exception = cop_map_put(new_exception("ErlangError"), COP(":original"), reason);
    return cop_map_put(exception, COP(":reason"), cop_nil());
}

cop_term cop_exception_of(cop_term reason)
{
    return cop__exception_of(reason, cop_empty_list());
}

/* --- What an exception says ------------------------------------------------------------------- */

static cop_term field(cop_term exception, const char *name)
{
    return cop_map_get(exception, cop_atom(name), cop_nil());
}

static void add_undefined(struct cop__text *text, cop_term e)
{
    cop_term module = field(e, "module"), function = field(e, "function");

    if (!cop_is_atom(function) || !cop_is_integer(field(e, "arity"))) {
        cop__text_add(text, "undefined function");
        return;
    }
    cop__text_add(text, "function ");
    cop__text_add_call(text, module, function, field(e, "arity"));
    cop__text_add(text, " is undefined");
    if (cop_identical(module, cop_nil())) return;
    if (cop_module_find(module) != NULL) {
        cop__text_add(text, " or private");
        return;
    }
    cop__text_add(text, " (module ");
    cop__text_add_term(text, module);
    cop__text_add(text, " is not available)");
}

static void add_bad_arity(struct cop__text *text, cop_term e)
{
    cop_term module, function, bound, args = field(e, "args");
    int64_t len = cop_list_len(args);
    int arity = 0;

    if (cop_is_fun(field(e, "function"), -1))
        cop_capture_parts(field(e, "function"), &module, &function, &arity, &bound);
    cop__text_add_term(text, field(e, "function"));
    cop__text_add_format(text, " with arity %d called with ", arity);
    if (len <= 0) {
        cop__text_add(text, "no arguments");
        return;
    }
    cop__text_add_format(text, len == 1 ? "1 argument (" : "%lld arguments (", (long long)len);
    cop__text_add_items(text, args);
    cop__text_add(text, ")");
}

static void add_key_error(struct cop__text *text, cop_term e)
{
    cop_term in = field(e, "term");

    add_missing_key(text, field(e, "key"), cop_identical(in, cop_nil()) ? cop_none() : in);
}

static void add_no_function_clause(struct cop__text *text, cop_term e)
{
    if (!cop_is_integer(field(e, "arity"))) {
        cop__text_add(text, "no function clause matches");
        return;
    }
    cop__text_add(text, "no function clause matching in ");
    cop__text_add_call(text, field(e, "module"), field(e, "function"), field(e, "arity"));
}

static void add_bad_boolean(struct cop__text *text, cop_term e)
{
    cop__text_add(text, "expected a boolean on left-side of \"");
    if (cop_is_atom(field(e, "operator")))
        cop__text_add_bytes(text, cop_atom_text(field(e, "operator")));
    cop__text_add(text, "\", got: ");
    cop__text_add_term(text, field(e, "term"));
}

static void add_bad_struct(struct cop__text *text, cop_term e)
{
    cop__text_add(text, "expected a struct named ");
    cop__text_add_term(text, field(e, "struct"));
    cop__text_add(text, ", got: ");
    cop__text_add_term(text, field(e, "term"));
}

static void add_cond_clause(struct cop__text *text, cop_term e)
{
    (void)e;
    cop__text_add(text, "no cond clause evaluated to a truthy value");
}

static void add_original(struct cop__text *text, cop_term e)
{
    cop__text_add(text, "Erlang error: ");
    cop__text_add_term(text, field(e, "original"));
}

/* The exceptions whose words are made of their fields. */
static const struct {
    const char *module;
    void (*add)(struct cop__text *text, cop_term exception);
} speakers[] = {
    {"Elixir.UndefinedFunctionError", add_undefined},
    {"Elixir.FunctionClauseError", add_no_function_clause},
    {"Elixir.BadArityError", add_bad_arity},
    {"Elixir.KeyError", add_key_error},
    {"Elixir.BadBooleanError", add_bad_boolean},
    {"Elixir.BadStructError", add_bad_struct},
    {"Elixir.CondClauseError", add_cond_clause},
    {"Elixir.ErlangError", add_original},
};

void cop__add_message(struct cop__text *text, cop_term exception)
{
    cop_term module = field(exception, "__struct__"), message = field(exception, "message");

    if (cop_is_binary(message)) {
        cop__text_add_bytes(text, cop_to_bytes(message));
        return;
    }
    for (size_t i = 0; i < sizeof speakers / sizeof speakers[0]; i++) {
        if (text_is(module, speakers[i].module)) {
            speakers[i].add(text, exception);
            return;
        }
    }
    for (size_t i = 0; i < ABOUT_ONE_TERM; i++) {
        if (cop_identical(module, module_atom(about_one_term[i].module))) {
            cop__text_add(text, about_one_term[i].words);
            cop__text_add_term(text, field(exception, "term"));
            return;
        }
    }
    cop__text_add_term(text, exception);
}

/* --- Raising ---------------------------------------------------------------------------------- */

/* Raises value in a call that no frame names: its entry goes before those of the stacktrace, unless
 * the caller has that name. */
cop_term cop__outcome_reason(const struct cop_outcome *outcome)
{
    struct cop_outcome told = *outcome;

    if (told.class_ == COP_CLASS_ERROR && cop_is_map(told.value)) {
        cop_term name = cop_map_get(told.value, COP(":__struct__"), cop_nil());

        if (cop_match(name, "UndefinedFunctionError")) told.value = COP(":undef");
        if (cop_match(name, "FunctionClauseError")) told.value = COP(":function_clause");
    }
    return cop_outcome_reason(&told);
}

static COP_NORETURN void raise_from(cop_term value, cop_term module, cop_term function,
                                    cop_term args)
{
    struct cop_outcome outcome = {
        .class_ = COP_CLASS_ERROR, .value = value, .stack = cop_stacktrace(NULL)};

    if (!cop_match(outcome.stack, "[{^module, ^function, ^args, _} | _]", module, function, args))
        outcome.stack =
            cop_cons(cop_tuple(module, function, args, cop_empty_list()), outcome.stack);
    cop_reraise(&outcome);
}

void cop__raise_function_clause(cop_term module, const char *function, int arity)
{
    cop_term name = cop_atom(function);

    raise_from(function_clause_error(module, name, cop_int(arity)), module, name, cop_int(arity));
}

void cop__raise_undefined(cop_term module, cop_term function, cop_term args)
{
    int64_t arity = cop_list_len(args);

    raise_from(undefined_function_error(module, function, cop_int(arity)), module, function, args);
}
