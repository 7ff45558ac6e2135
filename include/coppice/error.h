/* SPDX-License-Identifier: Apache-2.0 */
/* How a process ends, and how an ending is caught.
 *
 * Three classes, as in Erlang: cop_exit ends with a reason, cop_error says that something is wrong
 * ({reason, stacktrace}), cop_throw leaves for somebody who waits for it ({{:nocatch, v}, stack} if
 * nobody does): EXI-01. All unwind the stack to the next cop_try or to the end of the process, and
 * on the way run `cleanup` attributes and C++ destructors (which must not switch, raise or exit).
 * State that a callback changed before it failed stays changed (CNR-1). */
#ifndef COPPICE_ERROR_H
#define COPPICE_ERROR_H

#include "coppice/pattern.h"

COP_BEGIN_DECLS

/* exit(reason): the caller ends with this reason (EXI-02). */
COP_API COP_NORETURN COP_COLD void cop_exit(cop_term reason);
/* Raises an error with this reason: an atom or tuple of OTP's (`:badarg`, `{:badmatch, v}`) or an
 * exception made by cop_exception(). */
COP_API COP_NORETURN COP_COLD void cop_error(cop_term reason);
COP_API COP_NORETURN COP_COLD void cop_throw(cop_term value);

/* An exception as Elixir's, %Module{message: text}: cop_exception("ArgumentError", "no %s", x).
 * The module is written without its prefix Elixir. */
COP_API cop_term cop_exception(const char *module, const char *format, ...) COP_PRINTF(2, 3);
/* Raises cop_exception(module, ...). */
COP_API COP_NORETURN COP_COLD void cop_raise(const char *module, const char *format, ...)
    COP_PRINTF(2, 3);

enum cop_class {
    COP_CLASS_NONE, /* returned normally */
    COP_CLASS_ERROR,
    COP_CLASS_EXIT,
    COP_CLASS_THROW
};
/* What came out of a cop_try: the value that was returned, or class, reason and stack (a list, []
 * where not known). */
struct cop_outcome {
    enum cop_class class_;
    cop_term value;
    cop_term stack;
};
typedef cop_term (*cop_try_fn)(void *arg);
/* Calls fn(arg) and catches what it raises. True if it returned. A fatal exit signal (a kill, a
 * link) is not caught: it ends the process. Switches: if fn does. */
COP_API bool cop_try(cop_try_fn fn, void *arg, struct cop_outcome *ret_outcome);
/* Raises again what a cop_try caught. */
COP_API COP_NORETURN void cop_reraise(const struct cop_outcome *outcome);
/* The reason with which a process ends that does not catch this outcome (EXI-01). */
COP_API cop_term cop_outcome_reason(const struct cop_outcome *outcome);

/* A reason or exception in words (LOG-23), as a binary: "no process: the process is not alive ...".
 * cop_format_banner is the line that a console shows, "** (exit) ..." or "** (ArgumentError)
 * ...". */
COP_API cop_term cop_format_exit(cop_term reason);
COP_API cop_term cop_format_banner(enum cop_class class_, cop_term reason);
/* The exception (a map with __struct__) that an error's reason stands for: :badarg is an
 * ArgumentError, {:badmatch, v} a MatchError; an exception itself is returned as it is. */
COP_API cop_term cop_exception_of(cop_term reason);

/* Calls expr through a library that calls back into code of ours: exits and kills wait until it has
 * returned, since they cannot unwind through its frames. */
#define COP_FOREIGN(expr)                                                                          \
    __extension__({                                                                                \
        cop__foreign_enter();                                                                      \
        __typeof__(expr) cop__result = (expr);                                                     \
        cop__foreign_leave();                                                                      \
        cop__result;                                                                               \
    })
COP_API void cop__foreign_enter(void);
COP_API void cop__foreign_leave(void);

COP_END_DECLS

#endif
