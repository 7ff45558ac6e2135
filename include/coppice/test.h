/* SPDX-License-Identifier: Apache-2.0 */
/* Support for tests, for any framework: run a body as a process, start what it needs under a
 * supervisor of its own, and check values (EXU).
 *
 *     static void gives_what_was_put(void)
 *     {
 *         cop_term bucket;
 *
 *         cop_expect(cop_start_supervised(COP("KV.Bucket"), COP("[]")), "{:ok, bucket}", bucket);
 *         kv_bucket_put(bucket, COP("\"milk\""), cop_int(3));
 *         cop_assert_equal(3, kv_bucket_get(bucket, COP("\"milk\"")));
 *     }
 *     ...
 *     if (!cop_test_run(gives_what_was_put, why, sizeof why)) fail(why);
 *
 * An assertion that fails ends the test's process with an error that tells file, line and values;
 * it never jumps over frames. All but cop_test_run() is called in processes. */
#ifndef COPPICE_TEST_H
#define COPPICE_TEST_H

#include "coppice/process.h"

/* How long cop_assert_receive and cop_refute_receive wait, in milliseconds (EXU-06). */
#define COP_TEST_RECEIVE_MS 100

COP_BEGIN_DECLS

/* Runs body as a process of its own and waits until that, and what it started with
 * cop_start_supervised(), are gone. True if it returned; else why, if it is not NULL, tells in
 * words what went wrong. Needs a running node. Runs on: a thread that is no process. */
COP_API bool cop_test_run(void (*body)(void), char *why, size_t why_size);

/* Starts a child under the supervisor of the running test: {:ok, pid} or {:error, reason}. child is
 * as in supervisor.h, overrides are keys for its specification (id: :other). What was started is
 * stopped in reverse order when the test ends. Exits: RuntimeError outside of the test's own
 * process. Switches. */
COP_API cop_term cop_start_supervised(cop_term child, cop_term overrides);
/* Stops such a child and forgets it: :ok or {:error, :not_found}. Switches. */
COP_API cop_term cop_stop_supervised(cop_term id);

/* Calls fn(arg) and returns all that was logged meanwhile, each text followed by a newline, as a
 * binary. One at a time in a program; afterwards the log goes to standard error. What fn raises is
 * raised again. Switches. */
COP_API cop_term cop_capture_log(cop_try_fn fn, void *arg);

/* --- Assertions ------------------------------------------------------------------------------- */

#define cop_assert(cond) ((cond) ? (void)0 : cop__assert_failed(__FILE__, __LINE__, #cond))
/* Values are compared with ===; both may be C values. */
#define cop_assert_equal(expected, actual)                                                         \
    cop__assert_equal(__FILE__, __LINE__, cop_term_of(expected), cop_term_of(actual))
/* cop_assert_match(term, "pattern", variables...) is cop_expect with the failure of a test. */
#define cop_assert_match(term, ...)                                                                \
    do {                                                                                           \
        const cop_term cop__actual = (term);                                                       \
        if (!cop_match(cop__actual, __VA_ARGS__))                                                  \
            cop__assert_no_match(__FILE__, __LINE__, #__VA_ARGS__, cop__actual);                   \
    } while (0)
/* cop_assert_receive("pattern", variables...): takes the first message that matches, waiting for
 * it. */
#define cop_assert_receive(...) cop_assert_receive_within(COP_TEST_RECEIVE_MS, __VA_ARGS__)
#define cop_assert_receive_within(ms, ...)                                                         \
    COP__JOIN(COP__RECEIVE_, COP__HAS_VARS(__VA_ARGS__))(ms, __VA_ARGS__)
/* The same for a message that has come already. */
#define cop_assert_received(...) cop_assert_receive_within(0, __VA_ARGS__)
/* No message that matches comes; there are no variables to bind, but ^pinned ones. */
#define cop_refute_receive(...)                                                                    \
    COP__JOIN(COP__REFUTE_, COP__HAS_VARS(__VA_ARGS__))(COP_TEST_RECEIVE_MS, __VA_ARGS__)
/* Calls fn(arg), which must exit; returns the reason (EXI-01). */
#define cop_assert_exits(fn, arg)  cop__assert_ends(__FILE__, __LINE__, COP_CLASS_EXIT, fn, arg)
/* Calls fn(arg), which must raise an error; returns the exception (cop_exception_of). */
#define cop_assert_raises(fn, arg) cop__assert_ends(__FILE__, __LINE__, COP_CLASS_ERROR, fn, arg)

/* Behind the macros. */
COP_API COP_NORETURN void cop__assert_failed(const char *file, int line, const char *what);
COP_API void cop__assert_equal(const char *file, int line, cop_term expected, cop_term actual);
COP_API COP_NORETURN void cop__assert_no_match(const char *file, int line, const char *pattern,
                                               cop_term actual);
COP_API cop_term cop__assert_ends(const char *file, int line, enum cop_class class_, cop_try_fn fn,
                                  void *arg);
/* Takes a message by the pattern of a site, or fails; is_wanted false: fails if there is one. */
COP_API void cop__assert_receive(void **cache, const struct cop__site *site,
                                 const void *const *vars, int64_t timeout_ms, bool is_wanted);

COP_END_DECLS

#define COP__RECEIVE_N(ms, text) COP__RECEIVE_SITE_N(ms, text, true)
#define COP__RECEIVE_V(ms, ...)  COP__RECEIVE_SITE_V(ms, true, __VA_ARGS__)
#define COP__REFUTE_N(ms, text)  COP__RECEIVE_SITE_N(ms, text, false)
#define COP__REFUTE_V(ms, ...)   COP__RECEIVE_SITE_V(ms, false, __VA_ARGS__)
#define COP__RECEIVE_SITE_N(ms, text, is_wanted)                                                   \
    do {                                                                                           \
        COP__SITE(COP__USE_MATCH, "" text, "", 0, 0);                                              \
        cop__assert_receive(&cop__site_cache, &cop__site_record.head, NULL, ms, is_wanted);        \
    } while (0)
#define COP__RECEIVE_SITE_V(ms, is_wanted, text, ...)                                              \
    do {                                                                                           \
        COP__SITE(COP__USE_MATCH, "" text, #__VA_ARGS__, COP__COUNT(__VA_ARGS__),                  \
                  COP__MAP(COP__TYPE, __VA_ARGS__));                                               \
        const void *const cop__vars[] = {COP__MAP(COP__ADDRESS, __VA_ARGS__)};                     \
        cop__assert_receive(&cop__site_cache, &cop__site_record.head, cop__vars, ms, is_wanted);   \
    } while (0)

#endif
