/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: named tables of functions, so that one C function serves callers in C, the console,
 * child specifications ({Mod, :fun, args}) and other nodes.
 *
 *     static const struct cop_function functions[] = {
 *         COP_EXPORT("lookup(server, name)", kv_registry_lookup, "The bucket called name, or
 *         :error."), COP_EXPORT_END};
 *     const struct cop_module kv_registry = {
 *         .size = sizeof(struct cop_module),
 *         .name = "KV.Registry",
 *         .doc = "Which bucket bears which name.",
 *         .functions = functions,
 *         .gen_server = &callbacks,
 *         .child_spec = "restart: :permanent"};
 *
 * An application lists its modules (application.h); a program without one calls
 * cop_module_register(). No object registers itself: a static library would drop it. */
#ifndef COPPICE_MODULE_H
#define COPPICE_MODULE_H

#include "coppice/process.h"

struct cop_gen_server;
struct cop_module;

typedef void (*cop_any_fn)(void);

/* One exported function: takes and returns terms. */
struct cop_function {
    const char *signature; /* "lookup(server, name)": name and parameters; NULL ends the table */
    cop_any_fn fn;
    int arity;
    const char *doc; /* sentences; first line is the summary */
};

#ifdef __cplusplus
template <class... A> constexpr int cop__arity(cop_term (*)(A...))
{
    return static_cast<int>(sizeof...(A));
}
#define COP__ARITY(fn) cop__arity(fn)
#else
#define COP__T cop_term
#define COP__ARITY(fn)                                                                             \
    _Generic((fn), COP__T(*)(void) : 0, COP__T(*)(COP__T) : 1, COP__T(*)(COP__T, COP__T) : 2,      \
             COP__T(*)(COP__T, COP__T, COP__T) : 3, COP__T(*)(COP__T, COP__T, COP__T, COP__T) : 4, \
             COP__T(*)(COP__T, COP__T, COP__T, COP__T, COP__T) : 5,                                \
             COP__T(*)(COP__T, COP__T, COP__T, COP__T, COP__T, COP__T) : 6)
#endif
/* One row of a table. fn must take 0 to 6 terms and return a term: its arity is read from its
 * prototype, and anything else does not compile. That the signature names as many parameters is
 * checked when the module is registered. */
#define COP_EXPORT(signature, fn, doc)                                                             \
    {                                                                                              \
        signature, (cop_any_fn)(fn), COP__ARITY(fn), doc                                           \
    }
#define COP_EXPORT_END                                                                             \
    {                                                                                              \
        NULL, NULL, 0, NULL                                                                        \
    }

struct cop_module {
    size_t size;      /* sizeof(struct cop_module): later versions append fields */
    const char *name; /* "KV.Registry", or ":lists" for a module with an Erlang name */
    const char *doc;
    const struct cop_function *functions;    /* ended by COP_EXPORT_END; NULL: none */
    const struct cop_gen_server *gen_server; /* if it is a GenServer: its callbacks */
    /* If it is a Supervisor: init(arg) returns cop_supervisor_init(...) or :ignore. */
    cop_term (*supervisor_init)(cop_term arg);
    /* Not NULL: the module has child_spec/1, made as `use GenServer, ...` does (GEN-13): overrides
     * in Elixir syntax, "" for none: "restart: :temporary, shutdown: 1000". */
    const char *child_spec;
};

COP_BEGIN_DECLS

/* Makes a module known; it must live for ever. Registering the same again does nothing, another one
 * of the same name is a fatal mistake. Runs on: any thread. */
COP_API void cop_module_register(const struct cop_module *module);
/* The module of this name (an atom such as KV.Registry), or NULL. Runs on: any thread. */
COP_API const struct cop_module *cop_module_find(cop_term name);
/* The atom that names the module. */
COP_API cop_term cop_module_name(const struct cop_module *module);
/* All registered modules' names, as a list. */
COP_API cop_term cop_modules(void);
COP_API bool cop_function_exported(cop_term module, cop_term function, int arity);

/* Calls Mod.fun(args...). Exits: error undef in words (an UndefinedFunctionError) if there is no
 * such function. Switches: if it does. */
COP_API cop_term cop_apply(cop_term module, cop_term function, cop_term args);
/* Calls a capture with len arguments. Exits: BadArityError, BadFunctionError. */
COP_API cop_term cop_call_fun(cop_term fun, const cop_term *args, size_t len);

COP_END_DECLS

#endif
