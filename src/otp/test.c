/* SPDX-License-Identifier: Apache-2.0 */
/* Running a test as a process (EXU). Three of them take part:
 *
 *     guard        runs in cop_run() while the test lasts; parent of the test's supervisor
 *     test         runs the body, then ends with shutdown, so that what is linked to it ends too
 *     supervisor   is started by the guard when the test first needs it (test_supervised.c); it
 *                  outlives the test, and the guard stops it
 *
 * The guard does what the test asks it to with {:"$gen_call", from, {:run, function}}. */
#include "otp/test.h"

#include "coppice/node.h"
#include "otp/exception.h"
#include "otp/gen.h"

#include <string.h>

#define KEY_GUARD ":\"$test_guard\""

/* Lives on the stack of cop_test_run(). */
struct test_run {
    void (*body)(void);
    char *why; /* written by the test, then by the guard once that is dead */
    size_t why_size;
    bool has_passed;
};

static void set_why(struct test_run *run, const struct cop__text *text)
{
    if (run->why == NULL || run->why_size == 0) return;
    run->why[0] = '\0';
    strncat(run->why, text->data, run->why_size - 1);
}

/* --- The test --------------------------------------------------------------------------------- */

static cop_term call_body(void *arg)
{
    struct test_run *run = arg;

    run->body();
    return cop_nil();
}

#define BOOT "{address, guard}"

static cop_next test(cop_term boot)
{
    struct test_run *run;
    struct cop_outcome outcome;
    int64_t address;
    cop_pid guard;

    cop_expect(boot, BOOT, address, guard);
    run = (struct test_run *)(intptr_t)address;
    cop_put(COP(KEY_GUARD), cop_pid_term(guard));
    if (cop_try(call_body, run, &outcome)) {
        run->has_passed = true;
    } else {
        COP__TEXT(text);

        cop__text_add_bytes(&text, cop_to_bytes(cop_format_outcome(&outcome)));
        set_why(run, &text);
    }
    cop_exit(COP(":shutdown"));
}

cop_pid cop__test_guard(void)
{
    cop_term guard = cop_get(COP(KEY_GUARD));

    if (!cop_is_pid(guard))
        cop_raise("RuntimeError",
                  "start_supervised and stop_supervised work in the test's own process only");
    return cop_to_pid(guard);
}

/* --- The guard -------------------------------------------------------------------------------- */

/* What has come of the test when its process is gone. */
static void judge(struct test_run *run, cop_term reason)
{
    COP__TEXT(text);

    if (run->has_passed && cop_identical(reason, COP(":shutdown"))) return;
    if (cop_identical(reason, COP(":shutdown")) && run->why != NULL && run->why[0] != '\0') return;
    run->has_passed = false;
    cop__text_add(&text, "** (EXIT from the test) ");
    cop__add_exit(&text, reason);
    set_why(run, &text);
}

/* Answers requests until the test is dead; returns the supervisor that it started, if one. */
static cop_pid serve(struct test_run *run, cop_ref monitor)
{
    cop_pid supervisor = cop_no_pid();

    for (;;) {
        cop_term msg, from, reason;
        int64_t address;

        cop_receive(&msg, COP_INFINITY);
        if (cop_match(msg, "{:\"$gen_call\", from, {:run, address}}", from, address)) {
            if (cop_is_no_pid(supervisor)) supervisor = ((cop__test_fn)(intptr_t)address)();
            cop__reply(from, cop_pid_term(supervisor));
        } else if (cop_match(msg, "{:DOWN, ^monitor, :process, _, reason}", monitor, reason)) {
            judge(run, reason);
            return supervisor;
        }
    }
}

static cop_next guard(cop_term address_term)
{
    struct test_run *run = (struct test_run *)(intptr_t)cop_to_int(address_term);
    int64_t address = cop_to_int(address_term);
    cop_pid self = cop_self(), supervisor;
    cop_ref monitor;
    cop_term down;

    cop_trap_exit(true);
    cop_spawn(test, cop_build("{address, self}", address, self),
              &(struct cop_spawn_opts){.monitor = true, .ret_ref = &monitor, .name = "test"});
    supervisor = serve(run, monitor);
    if (!cop_is_no_pid(supervisor)) {
        monitor = cop_monitor(supervisor);
        cop_exit_process(supervisor, COP(":shutdown"));
        do {
            cop_receive(&down, COP_INFINITY);
        } while (!cop_match(down, "{:DOWN, ^monitor, _, _, _}", monitor));
    }
    return cop_end();
}

bool cop_test_run(void (*body)(void), char *why, size_t why_size)
{
    struct test_run run = {.body = body, .why = why, .why_size = why_size};

    if (why != NULL && why_size > 0) why[0] = '\0';
    if (!cop_run(guard, cop_int((intptr_t)&run), NULL, 0)) return false;
    return run.has_passed;
}

/* --- Assertions ------------------------------------------------------------------------------- */

static COP_NORETURN void fail(const char *file, int line, const struct cop__text *text)
{
    cop_raise("ExUnit.AssertionError", "%s:%d: %s", file, line, text->data);
}

/* "\nname: value" */
static void add_value(struct cop__text *text, const char *name, cop_term value)
{
    cop__text_add_format(text, "\n%s", name);
    cop__text_add_bytes(text, cop_to_bytes(cop_inspect(value)));
}

void cop__assert_failed(const char *file, int line, const char *what)
{
    COP__TEXT(text);

    cop__text_add_format(&text, "expected to be true: %s", what);
    fail(file, line, &text);
}

void cop__assert_equal(const char *file, int line, cop_term expected, cop_term actual)
{
    COP__TEXT(text);

    if (cop_identical(expected, actual)) return;
    cop__text_add(&text, "values differ");
    add_value(&text, "expected: ", expected);
    add_value(&text, "actual:   ", actual);
    fail(file, line, &text);
}

void cop__assert_no_match(const char *file, int line, const char *pattern, cop_term actual)
{
    COP__TEXT(text);

    cop__text_add_format(&text, "no match of %s", pattern);
    add_value(&text, "actual:   ", actual);
    fail(file, line, &text);
}

cop_term cop__assert_ends(const char *file, int line, enum cop_class class_, cop_try_fn fn,
                          void *arg)
{
    struct cop_outcome outcome;
    COP__TEXT(text);

    if (cop_try(fn, arg, &outcome)) {
        cop__text_add(&text, "expected to raise, but it returned");
        add_value(&text, "value:    ", outcome.value);
        fail(file, line, &text);
    }
    if (outcome.class_ != class_) cop_reraise(&outcome);
    return class_ == COP_CLASS_EXIT ? outcome.value
                                    : cop__exception_of(outcome.value, outcome.stack);
}

struct wanted {
    void **cache;
    const struct cop__site *site;
    const void *const *vars;
};

static bool matches(cop_term msg, void *arg)
{
    const struct wanted *w = arg;

    return cop__match(w->cache, w->site, msg, w->vars);
}

void cop__assert_receive(void **cache, const struct cop__site *site, const void *const *vars,
                         int64_t timeout_ms, bool is_wanted)
{
    struct wanted w = {cache, site, vars};
    const char *pattern = (const char *)(site + 1);
    const char *file = pattern + site->text_size + site->names_size;
    cop_term msg;
    COP__TEXT(text);

    if (cop_receive_if(matches, &w, &msg, timeout_ms) == is_wanted) return;
    if (is_wanted) {
        cop__text_add_format(&text, "no message that matches %s came within %lld ms", pattern,
                             (long long)timeout_ms);
        add_value(&text, "mailbox:  ", cop_elem(cop_process_info(cop_self(), COP(":messages")), 1));
    } else {
        cop__text_add_format(&text, "unexpectedly received a message that matches %s", pattern);
        add_value(&text, "message:  ", msg);
    }
    fail(file, (int)site->line, &text);
}
