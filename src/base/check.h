/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of our own invariants, and hints about branches.
 *
 * A check that fails ends the program: it tells of a defect in this library, which nothing above
 * can mend. It is never used for a caller's misuse or for an outcome that can be expected.
 *
 *   COP_CHECK(cond)                     always on
 *   COP_CHECK(cond, "text %d", ...)     the same, and the text says what was found
 *   COP_ASSERT(cond)                    COP_DEBUG >= 1; else not evaluated
 *   COP_ASSERT_SLOW(cond)               COP_DEBUG >= 2; for walks over whole structures
 *   COP_UNREACHABLE()                   a place that must not be reached; always on
 *
 * All may be used on any thread and on small stacks, and in signal handlers. */
#ifndef COP_BASE_CHECK_H
#define COP_BASE_CHECK_H

#define COP_LIKELY(cond)   (__builtin_expect(!!(cond), 1))
#define COP_UNLIKELY(cond) (__builtin_expect(!!(cond), 0))

/* The text is a format; the blank before it serves the form without one. */
#define COP_CHECK(cond, ...)                                                                       \
    (COP_LIKELY(cond)                                                                              \
         ? (void)0                                                                                 \
         : cop__check_failed(__FILE__, __LINE__, "check failed: " #cond, " " __VA_ARGS__))

/* Off, a condition is compiled but not evaluated, so that what it names counts as used. */
#define COP__CHECK_OFF(cond) ((void)sizeof((cond) ? 1 : 0))

#if defined(COP_DEBUG) && COP_DEBUG >= 1
#define COP_ASSERT(cond) COP_CHECK(cond)
#else
#define COP_ASSERT(cond) COP__CHECK_OFF(cond)
#endif

#if defined(COP_DEBUG) && COP_DEBUG >= 2
#define COP_ASSERT_SLOW(cond) COP_CHECK(cond)
#else
#define COP_ASSERT_SLOW(cond) COP__CHECK_OFF(cond)
#endif

#define COP_UNREACHABLE() cop__check_failed(__FILE__, __LINE__, "unreachable code reached", " ")

/* Writes "file:line: what: text" to stderr in one piece, calls the reporter, and aborts. */
void cop__check_failed(const char *file, int line, const char *what, const char *format, ...)
    __attribute__((noreturn, cold, noinline, format(printf, 4, 5)));

/* Has report called once, by the first thread that fails, between the text and the abort: the
 * runtime tells there what it was doing. It must be safe in a signal handler. NULL: none. */
void cop__check_set_reporter(void (*report)(void));

#endif
