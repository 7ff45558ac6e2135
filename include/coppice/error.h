/* SPDX-License-Identifier: Apache-2.0 */
/* How a process ends, and how an ending is caught.
 *
 * Three classes, as in Erlang: cop_exit ends with a reason, cop_error says that something is wrong
 * ({reason, stacktrace}), cop_throw leaves for somebody who waits for it ({{:nocatch, v}, stack} if
 * nobody does): EXI-01. All unwind the stack to the next cop_try or to the end of the process, and
 * on the way run `cleanup` attributes and C++ destructors. Those may send and use a cop_try of
 * their own, but must not let anything out that was raised, nor wait; a kill does not cut them
 * short.
 * State that a callback changed before it failed stays changed (CNR-01). */
#ifndef COPPICE_ERROR_H
#define COPPICE_ERROR_H

#include "coppice/pattern.h"

struct cop_module;

enum cop_class {
    COP_CLASS_NONE, /* returned normally */
    COP_CLASS_ERROR,
    COP_CLASS_EXIT,
    COP_CLASS_THROW
};

/* A place in the program. */
struct cop_place {
    const char *file;
    int line;
};
/* Where this stands. What is raised tells its place in the stacktrace; with -DCOP_PLACES=0 no file
 * names get into the program that way. */
#ifndef COP_PLACES
#define COP_PLACES 1
#endif
#if COP_PLACES
#define COP_HERE                                                                                   \
    __extension__({                                                                                \
        static const struct cop_place cop__here = {__FILE__, __LINE__};                            \
        &cop__here;                                                                                \
    })
#else
#define COP_HERE ((const struct cop_place *)NULL)
#endif

COP_BEGIN_DECLS

/* exit(reason): the caller ends with this reason (EXI-02). */
COP_API COP_NORETURN COP_COLD void cop_exit(cop_term reason);
/* Raises an error with this reason: an atom or tuple of OTP's (`:badarg`, `{:badmatch, v}`) or an
 * exception made by cop_exception(). */
COP_API COP_NORETURN COP_COLD void cop_error(cop_term reason);
COP_API COP_NORETURN COP_COLD void cop_throw(cop_term value);
/* What the macros below call: any of these, at a place (NULL: none is told). */
COP_API COP_NORETURN COP_COLD void cop_raise_at(const struct cop_place *place,
                                                enum cop_class class_, cop_term reason);
#define cop_exit(reason)  cop_raise_at(COP_HERE, COP_CLASS_EXIT, reason)
#define cop_error(reason) cop_raise_at(COP_HERE, COP_CLASS_ERROR, reason)
#define cop_throw(value)  cop_raise_at(COP_HERE, COP_CLASS_THROW, value)

/* An exception as Elixir's, %Module{message: text}: cop_exception("ArgumentError", "no %s", x).
 * The module is written without its prefix Elixir. */
COP_API cop_term cop_exception(const char *module, const char *format, ...) COP_PRINTF(2, 3);
/* Raises cop_exception(module, ...). */
COP_API COP_NORETURN COP_COLD void cop_raise(const char *module, const char *format, ...)
    COP_PRINTF(2, 3);
#define cop_raise(...) cop_error(cop_exception(__VA_ARGS__))

/* What came out of a cop_try: the value that was returned, or class, reason and stacktrace. */
struct cop_outcome {
    enum cop_class class_;
    cop_term value;
    cop_term stack;
};
typedef cop_term (*cop_try_fn)(void *arg);
/* Calls fn(arg) and catches what it raises. True if it returned. A fatal exit signal (a kill, a
 * link) is not caught: it ends the process. Switches: if fn does. */
COP_API bool cop_try(cop_try_fn fn, void *arg, struct cop_outcome *ret_outcome);
/* Raises again what a cop_try caught, with its stacktrace. */
COP_API COP_NORETURN void cop_reraise(const struct cop_outcome *outcome);
/* The reason with which a process ends that does not catch this outcome (EXI-01). */
COP_API cop_term cop_outcome_reason(const struct cop_outcome *outcome);

/* --- Stacktraces ------------------------------------------------------------------------------ */

/* A stacktrace is a list of entries {module, function, arity, location}, the innermost call first,
 * eight at most. It names the calls that came through a module's table (cop_apply, captures, the
 * callbacks of behaviours): those are known by name, calls from C to C are not. The location of the
 * first entry, a keyword list, has file and line of the place that raised, where that is known, and
 * the pattern of a cop_expect; a place outside of any named call is {nil, :__FILE__, 1, location},
 * which prints as "file:line: (file)".
 *
 * A call by name, for who calls functions on behalf of others: between enter and leave what is
 * raised names it. The frame lies on the caller's stack; a cop_try that catches leaves the frames
 * that were entered inside of it. On a thread that is no process both do nothing. */
struct cop_frame {
    const struct cop_module *module;
    const char *function; /* its name, or its signature "lookup(server, name)"; lives for ever */
    int arity;
    struct cop_frame *outer_;
};
COP_API void cop_frame_enter(struct cop_frame *frame);
COP_API void cop_frame_leave(struct cop_frame *frame);
/* The stacktrace of the caller, as an error raised at this place would have it. */
COP_API cop_term cop_stacktrace(const struct cop_place *place);

/* --- Words ------------------------------------------------------------------------------------ */

/* A reason or exception in words (LOG-23), as a binary: "no process: the process is not alive ...".
 * cop_format_banner is the line that a console shows, "** (exit) ..." or "** (ArgumentError)
 * ...". */
COP_API cop_term cop_format_exit(cop_term reason);
COP_API cop_term cop_format_banner(enum cop_class class_, cop_term reason);
/* The banner and below it the stacktrace, a line each entry, "    file:line: Mod.fun/arity"; what a
 * console shows of a failure (IEX-05). */
COP_API cop_term cop_format_outcome(const struct cop_outcome *outcome);
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
