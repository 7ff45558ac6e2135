/* SPDX-License-Identifier: Apache-2.0 */
/* Raising, catching, unwinding, misuse (EXI-01, EXI-02, SIG-06, D8). */
#include "support/check_process.h"

#include <string.h>

/* --- Cleanups ----------------------------------------------------------------------------------*/

static char trace[64]; /* what the cleanups wrote, in order */
static atomic_int trace_len;

static void note(char letter)
{
    int i = atomic_fetch_add(&trace_len, 1);
    if (i < (int)sizeof(trace) - 1) trace[i] = letter;
}

static void trace_reset(void)
{
    memset(trace, 0, sizeof(trace));
    atomic_store(&trace_len, 0);
}

static void clean_letter(char *letter)
{
    note(*letter);
}

#define CLEANS(letter)                                                                             \
    char cleaned_##letter __attribute__((cleanup(clean_letter), unused)) = #letter[0]

static cop_term innermost(void *arg)
{
    CLEANS(d);
    (void)arg;
    cop_error(COP(":deep"));
}

__attribute__((noinline)) static cop_term inner(void *arg)
{
    CLEANS(c);
    cop_term result = innermost(arg);
    note('!');
    return result;
}

__attribute__((noinline)) static cop_term outer(void *arg)
{
    CLEANS(a);
    CLEANS(b);
    cop_term result = inner(arg);
    note('!');
    return result;
}

/* D8: unwinding runs the cleanups of all frames, innermost first, each once; no code after. */
PROCESS_TEST(cleanups_run_when_an_error_passes)
{
    trace_reset();
    CHECK_RAISES(COP_CLASS_ERROR, ":deep", outer, NULL);
    CHECK(strcmp(trace, "dcba") == 0);
    return cop_end();
}

static cop_next run_outer(cop_term arg)
{
    CLEANS(z);
    outer(NULL);
    (void)arg;
    return cop_end();
}

static cop_next exit_with_cleanups(cop_term arg)
{
    CLEANS(x);
    CLEANS(y);
    cop_exit(arg);
}

/* The same to the end of the process, for an error and an exit. */
PROCESS_TEST(cleanups_run_when_the_process_ends)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    trace_reset();
    cop_spawn(run_outer, cop_nil(), &opts);
    cop_expect(check_down(ref), "{:deep, _}");
    check_wait_for(&trace_len, 5);
    CHECK(strcmp(trace, "dcbaz") == 0);
    trace_reset();
    cop_spawn(exit_with_cleanups, COP(":done"), &opts);
    CHECK_TERM(check_down(ref), ":done");
    check_wait_for(&trace_len, 2);
    CHECK(strcmp(trace, "yx") == 0);
    return cop_end();
}

__attribute__((noinline)) static void wait_inside(int depth)
{
    CLEANS(w);
    cop_term msg;
    if (depth > 0) {
        wait_inside(depth - 1);
        note('!');
        return;
    }
    cop_receive(&msg, COP_INFINITY);
    note('!');
}

static cop_next wait_in_nested_calls(cop_term arg)
{
    CLEANS(v);
    cop_send(arg, COP(":ready"));
    wait_inside(3);
    note('!');
    return cop_end();
}

/* SIG-06 D8: killed in a receive inside nested calls: cleanups run, nothing else does. */
PROCESS_TEST(a_kill_in_a_nested_receive_runs_cleanups)
{
    const char *reasons[] = {":kill", ":boom"};
    for (int i = 0; i < 20; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        trace_reset();
        cop_pid p = cop_spawn(wait_in_nested_calls, cop_pid_term(cop_self()), &opts);
        CHECK_TERM(check_next(), ":ready");
        cop_exit_process(p, check_parse(reasons[i % 2]));
        check_down(ref);
        check_wait_for(&trace_len, 5);
        CHECK(strcmp(trace, "wwwwv") == 0);
    }
    return cop_end();
}

static cop_next wait_many(cop_term arg)
{
    char *mine = cop_alloc(100);
    mine[0] = 'w';
    cop_keep(cop_list(1, "two"));
    cop_dict_put(cop_dict_new(), 1, "two");
    cop_put(COP(":k"), cop_tuple(1, "two"));
    (void)arg;
    wait_inside(10);
    return cop_end();
}

/* Hundreds killed at once, each in a receive, on both schedulers. */
PROCESS_TEST(many_are_unwound_at_once)
{
    enum { COUNT = 300 };
    static cop_pid pids[COUNT];
    atomic_store(&trace_len, 0);
    for (int i = 0; i < COUNT; i++)
        pids[i] = cop_spawn(wait_many, cop_nil(), NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK(cop_is_alive(pids[i]));
    for (int i = 0; i < COUNT; i++)
        cop_exit_process(pids[i], COP(":kill"));
    for (int i = 0; i < COUNT; i++)
        check_gone(pids[i]);
    return cop_end();
}

/* --- cop_try -----------------------------------------------------------------------------------*/

static cop_term return_value(void *arg)
{
    (void)arg;
    return cop_tuple(COP(":value"), 1);
}

static cop_term do_exit(void *arg)
{
    (void)arg;
    cop_exit(COP("{:exit, 1}"));
}

static cop_term do_error(void *arg)
{
    (void)arg;
    cop_error(COP(":error_1"));
}

static cop_term do_throw(void *arg)
{
    (void)arg;
    cop_throw(COP("{:ball, 1}"));
}

/* EXI-01 EXI-02: the three classes, what a try gives, and the reason of an end without one. */
PROCESS_TEST(classes)
{
    struct cop_outcome o;
    cop_term stack = cop_nil();
    CHECK(cop_try(return_value, NULL, &o));
    CHECK_INT(o.class_, COP_CLASS_NONE);
    CHECK_TERM(o.value, "{:value, 1}");
    CHECK(!cop_try(do_exit, NULL, &o));
    CHECK_INT(o.class_, COP_CLASS_EXIT);
    CHECK_TERM(o.value, "{:exit, 1}");
    CHECK_TERM(cop_outcome_reason(&o), "{:exit, 1}");
    CHECK(!cop_try(do_error, NULL, &o));
    CHECK_INT(o.class_, COP_CLASS_ERROR);
    CHECK_TERM(o.value, ":error_1");
    CHECK(cop_list_len(o.stack) >= 0);
    CHECK(cop_match(cop_outcome_reason(&o), "{:error_1, stack}", stack));
    CHECK(cop_list_len(stack) >= 0);
    CHECK(!cop_try(do_throw, NULL, &o));
    CHECK_INT(o.class_, COP_CLASS_THROW);
    CHECK_TERM(o.value, "{:ball, 1}");
    CHECK(cop_match(cop_outcome_reason(&o), "{{:nocatch, {:ball, 1}}, stack}", stack));
    return cop_end();
}

/* Outside of the header's macros, as from C++ or through a pointer. */
static cop_term exit_by_function(void *arg)
{
    (void)arg;
    (cop_exit)(COP(":plain"));
}

static cop_term error_by_function(void *arg)
{
    (void)arg;
    (cop_error)(COP(":plain"));
}

static cop_term throw_by_function(void *arg)
{
    (void)arg;
    (cop_throw)(COP(":plain"));
}

/* EXI-02: the functions behind the macros raise what they are called after. */
PROCESS_TEST(classes_of_the_plain_functions)
{
    CHECK_RAISES(COP_CLASS_EXIT, ":plain", exit_by_function, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":plain", error_by_function, NULL);
    CHECK_RAISES(COP_CLASS_THROW, ":plain", throw_by_function, NULL);
    return cop_end();
}

static cop_term catch_and_raise_again(void *arg)
{
    struct cop_outcome o;
    CLEANS(r);
    if (cop_try(arg == NULL ? do_throw : do_error, NULL, &o)) return cop_nil();
    cop_reraise(&o);
}

static cop_term nest(void *arg)
{
    int *depth = arg;
    struct cop_outcome o;
    if (*depth == 0) cop_throw(COP(":bottom"));
    *depth -= 1;
    CHECK(!cop_try(nest, depth, &o));
    CHECK_TERM(o.value, ":bottom");
    cop_throw(o.value);
}

static cop_term try_inside_try(void *arg)
{
    struct cop_outcome o;
    (void)arg;
    CHECK(!cop_try(do_throw, NULL, &o));
    CHECK(!cop_try(do_exit, NULL, &o));
    CHECK(cop_try(return_value, NULL, &o));
    cop_error(COP(":after_inner_ones"));
}

/* Tries nest: the innermost catches; one that has returned catches nothing more. */
PROCESS_TEST(tries_nest)
{
    int depth = 50;
    trace_reset();
    CHECK_RAISES(COP_CLASS_THROW, "{:ball, 1}", catch_and_raise_again, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":error_1", catch_and_raise_again, &depth);
    CHECK(strcmp(trace, "rr") == 0);
    CHECK_RAISES(COP_CLASS_THROW, ":bottom", nest, &depth);
    CHECK_INT(depth, 0);
    CHECK_RAISES(COP_CLASS_ERROR, ":after_inner_ones", try_inside_try, NULL);
    return cop_end();
}

static cop_next error_after_try(cop_term arg)
{
    struct cop_outcome o;
    (void)arg;
    CHECK(cop_try(return_value, NULL, &o));
    CHECK(!cop_try(do_exit, NULL, &o));
    cop_exit(COP(":outside"));
}

PROCESS_TEST(a_try_that_returned_catches_no_more)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_spawn(error_after_try, cop_nil(), &opts);
    CHECK_TERM(check_down(ref), ":outside");
    return cop_end();
}

static atomic_int caught;

static cop_term wait_or_exit_itself(void *arg)
{
    cop_term msg;
    CLEANS(t);
    if (arg != NULL) cop_exit_process(cop_self(), COP(":boom"));
    cop_receive(&msg, COP_INFINITY);
    return cop_ok();
}

static cop_next wait_inside_try(cop_term arg)
{
    struct cop_outcome o;
    cop_pid to;
    bool itself;
    CLEANS(u);
    cop_expect(arg, "{to, itself}", to, itself);
    cop_send(to, COP(":ready"));
    cop_try(wait_or_exit_itself, itself ? &to : NULL, &o);
    atomic_store(&caught, 1);
    return cop_end();
}

/* EXI-02: a fatal exit signal is no exception: cop_try does not catch it. */
PROCESS_TEST(an_exit_signal_is_not_caught)
{
    for (int i = 0; i < 3; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        trace_reset();
        atomic_store(&caught, 0);
        cop_pid p = cop_spawn(wait_inside_try, cop_tuple(cop_self(), cop_bool(i == 2)), &opts);
        CHECK_TERM(check_next(), ":ready");
        if (i < 2) cop_exit_process(p, i == 0 ? COP(":boom") : COP(":kill"));
        CHECK_TERM(check_down(ref), i == 1 ? ":killed" : ":boom");
        check_wait_for(&trace_len, 2);
        CHECK(strcmp(trace, "tu") == 0);
        CHECK_INT(atomic_load(&caught), 0);
    }
    return cop_end();
}

static cop_term receive_inside(void *arg)
{
    (void)arg;
    return check_next();
}

/* A try whose function switches: it catches on whatever thread it goes on. */
static cop_term throw_what_comes(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++)
        cop_yield();
    cop_throw(check_next());
}

PROCESS_TEST(a_try_over_a_switch)
{
    struct cop_outcome o;
    cop_pid p = puppet_start();
    for (int i = 0; i < 200; i++) {
        puppet_send(p, cop_pid_term(cop_self()), cop_int(i));
        if (i % 2 == 0) {
            CHECK(cop_try(receive_inside, NULL, &o));
        } else {
            CHECK(!cop_try(throw_what_comes, NULL, &o));
            CHECK_INT(o.class_, COP_CLASS_THROW);
        }
        CHECK_SAME(o.value, i);
    }
    return cop_end();
}

/* --- Misuse ------------------------------------------------------------------------------------*/

static cop_term int_of_atom(void *arg)
{
    (void)arg;
    return cop_int(cop_to_int(COP(":a")));
}

static cop_term pid_of_integer(void *arg)
{
    (void)arg;
    return cop_pid_term(cop_to_pid(COP("1")));
}

static cop_term head_of_empty(void *arg)
{
    (void)arg;
    return cop_head(cop_empty_list());
}

static cop_term elem_outside(void *arg)
{
    (void)arg;
    return cop_elem(COP("{1, 2}"), 2);
}

static cop_term float_of_nan(void *arg)
{
    (void)arg;
    return cop_float(__builtin_nan(""));
}

static cop_term wrong_pattern(void *arg)
{
    int64_t n;
    (void)arg;
    cop_expect(COP("{:error, :x}"), "{:ok, n}", n);
    return cop_ok();
}

static cop_term monitor_number(void *arg)
{
    (void)arg;
    return cop_ref_term(cop_monitor(COP("17")));
}

static cop_term alias_with_monitor_mode(void *arg)
{
    (void)arg;
    return cop_ref_term(cop_alias(COP_ALIAS_DEMONITOR));
}

/* A wrong argument ends the caller with the reason that OTP has for it. */
PROCESS_TEST(misuse)
{
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", int_of_atom, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", pid_of_integer, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", head_of_empty, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", elem_outside, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarith", float_of_nan, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, "{:badmatch, {:error, :x}}", wrong_pattern, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", monitor_number, NULL);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", alias_with_monitor_mode, NULL);
    return cop_end();
}

/* --- errno -------------------------------------------------------------------------------------*/

static cop_next use_errno(cop_term arg)
{
    for (int i = 0; i < 2000; i++) {
        int value = 1 + i % 100;
        cop_yield();
        /* Set and read on the thread on which the process is now. */
        errno = value;
        CHECK_INT(errno, value);
        cop_yield();
        errno = 0;
    }
    cop_send(arg, COP(":done"));
    return cop_end();
}

/* D2: errno is the thread's at the moment, though processes move between threads. */
PROCESS_TEST(errno_over_switches)
{
    for (int i = 0; i < 8; i++)
        cop_spawn(use_errno, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 8; i++)
        CHECK_TERM(check_next(), ":done");
    return cop_end();
}

/* --- Foreign frames ----------------------------------------------------------------------------*/

static atomic_int foreign_returned;

/* Stands for a library that calls back: it must return before the process is unwound. */
__attribute__((noinline)) static int library_call(int (*callback)(void))
{
    int result = callback();
    atomic_store(&foreign_returned, 1);
    return result;
}

static int exit_in_callback(void)
{
    cop_exit_process(cop_self(), COP(":boom"));
    return 7;
}

static cop_next call_through_library(cop_term arg)
{
    (void)arg;
    int result = COP_FOREIGN(library_call(exit_in_callback));
    note((char)('0' + result)); /* not reached: the exit takes effect when the library is left */
    return cop_end();
}

/* D8: an exit signal waits until the foreign call has returned. */
PROCESS_TEST(exits_wait_for_foreign_calls)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    trace_reset();
    atomic_store(&foreign_returned, 0);
    cop_spawn(call_through_library, cop_nil(), &opts);
    CHECK_TERM(check_down(ref), ":boom");
    CHECK_INT(atomic_load(&foreign_returned), 1);
    CHECK_INT(atomic_load(&trace_len), 0);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleanups_run_when_an_error_passes),
        cmocka_unit_test(cleanups_run_when_the_process_ends),
        cmocka_unit_test(a_kill_in_a_nested_receive_runs_cleanups),
        cmocka_unit_test(many_are_unwound_at_once),
        cmocka_unit_test(classes),
        cmocka_unit_test(classes_of_the_plain_functions),
        cmocka_unit_test(tries_nest),
        cmocka_unit_test(a_try_that_returned_catches_no_more),
        cmocka_unit_test(an_exit_signal_is_not_caught),
        cmocka_unit_test(a_try_over_a_switch),
        cmocka_unit_test(misuse),
        cmocka_unit_test(errno_over_switches),
        cmocka_unit_test(exits_wait_for_foreign_calls),
    };
    return cmocka_run_group_tests_name("error", tests, check_start_node, check_stop_node);
}
