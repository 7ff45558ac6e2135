/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that do not come back: hand-over of the seat, condemned kill, cop_blocking (D7, D8). */
#include "support/check_process.h"

#include "coppice/ets.h"

#include <semaphore.h>
#include <string.h>

#define LOOPS 3

static atomic_int release_loops; /* endless loops go on until this is set */
static atomic_int looping;       /* how many have entered theirs */
static atomic_int cleaned;
static atomic_int went_on; /* user code that ran after a loop */

static void count_cleanup(int *unused)
{
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
}

#define CLEANS __attribute__((cleanup(count_cleanup), unused)) int cleaned_here = 0

static void reset(void)
{
    atomic_store(&release_loops, 0);
    atomic_store(&looping, 0);
    atomic_store(&cleaned, 0);
    atomic_store(&went_on, 0);
}

__attribute__((noinline)) static void loop(void)
{
    CLEANS;
    atomic_fetch_add(&looping, 1);
    while (!atomic_load_explicit(&release_loops, memory_order_relaxed)) {
    }
}

static cop_next loop_then_end(cop_term arg)
{
    (void)arg;
    loop();
    return cop_end();
}

static cop_next loop_then_send(cop_term arg)
{
    CLEANS;
    loop();
    cop_send(arg, COP(":after_the_loop"));
    atomic_fetch_add(&went_on, 1);
    return cop_end();
}

static cop_pid start_loop(cop_start_fn fn, cop_ref *ret_ref)
{
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = ret_ref};
    int before = atomic_load(&looping);
    cop_pid p = cop_spawn(fn, cop_pid_term(cop_self()), &opts);
    check_wait_for(&looping, before + 1);
    return p;
}

/* --- Hand-over ---------------------------------------------------------------------------------*/

static cop_next pong(cop_term arg)
{
    (void)arg;
    for (;;) {
        cop_pid from;
        cop_term msg = check_next();
        if (!cop_match(msg, "{:ping, from}", from)) return cop_end();
        cop_send(from, COP(":pong"));
    }
}

/* D7: three endless loops on two schedulers; a ping-pong between two others goes on, timers fire,
 * processes are made. */
PROCESS_TEST(others_go_on_beside_endless_loops)
{
    cop_ref refs[LOOPS];
    reset();
    cop_pid partner = cop_spawn(pong, cop_nil(), NULL);
    for (int i = 0; i < LOOPS; i++)
        start_loop(loop_then_end, &refs[i]);
    for (int i = 0; i < 1000; i++) {
        cop_send(partner, cop_tuple(COP(":ping"), cop_self()));
        CHECK_TERM(check_next(), ":pong");
    }
    cop_send_after(5, cop_pid_term(cop_self()), COP(":timer"));
    CHECK_TERM(check_next(), ":timer");
    CHECK(!cop_is_alive(check_dead_pid()));
    cop_send(partner, COP(":stop"));
    CHECK_INT(atomic_load(&cleaned), 0); /* they are in their loops still */
    atomic_store(&release_loops, 1);
    for (int i = 0; i < LOOPS; i++)
        CHECK_TERM(check_down(refs[i]), ":normal");
    return cop_end();
}

/* D7: each loop comes back by itself and the process goes on, receives what was sent meanwhile. */
static cop_next loop_then_receive(cop_term arg)
{
    loop();
    for (int i = 0; i < 100; i++)
        CHECK_SAME(check_next(), i);
    cop_send(arg, COP(":all_there"));
    return cop_end();
}

PROCESS_TEST(a_handed_over_process_goes_on)
{
    cop_ref ref;
    reset();
    cop_pid p = start_loop(loop_then_receive, &ref);
    for (int i = 0; i < 100; i++) {
        cop_send(p, i);
        if (i % 10 == 0) cop_sleep(2); /* long enough for the hand-over to happen among them */
    }
    atomic_store(&release_loops, 1);
    CHECK_TERM(check_next(), ":all_there");
    CHECK_TERM(check_down(ref), ":normal");
    return cop_end();
}

/* SIG-05 D10: signals to a process in a loop are answered. */
PROCESS_TEST(signals_to_a_looping_process)
{
    cop_ref ref;
    reset();
    cop_trap_exit(true);
    cop_pid p = start_loop(loop_then_end, &ref);
    CHECK(cop_is_alive(p));
    cop_link(p);
    CHECK(cop_is_alive(p));
    CHECK(check_list_has(check_info(p, "links"), cop_pid_term(cop_self())));
    CHECK_SAME(check_info(p, "monitored_by"), cop_list(cop_self()));
    cop_unlink(p);
    CHECK(cop_is_alive(p));
    CHECK_TERM(check_info(p, "links"), "[]");
    cop_exit_process(p, COP(":normal")); /* EXI-25: nothing */
    CHECK(cop_is_alive(p));
    cop_send(p, COP(":one"));
    cop_send(p, COP(":two"));
    CHECK(cop_is_alive(p));
    CHECK_TERM(check_info(p, "message_queue_len"), "2");
    CHECK_TERM(check_info(p, "status"), ":running");
    atomic_store(&release_loops, 1);
    CHECK_TERM(check_down(ref), ":normal");
    check_no_message();
    return cop_end();
}

/* --- Condemned kill ----------------------------------------------------------------------------*/

/* D8: a kill of a looping process: dead at once for everyone, unwound when it comes back. */
PROCESS_TEST(a_kill_of_a_looping_process)
{
    const char *reasons[] = {":kill", ":boom"};
    const char *deaths[] = {":killed", ":boom"};
    cop_term name = COP(":condemned");
    cop_trap_exit(true);
    for (int i = 0; i < 4; i++) {
        cop_ref ref;
        reset();
        cop_pid p = start_loop(loop_then_send, &ref);
        cop_register(name, p);
        cop_link(p);
        cop_ref timer = cop_send_after(100000, cop_pid_term(p), COP(":late"));
        cop_term death = check_parse(deaths[i % 2]);
        cop_exit_process(p, check_parse(reasons[i % 2]));
        if (i < 2) {
            CHECK_SAME(check_down(ref), death);
        } else {
            CHECK(!cop_is_alive(p)); /* PRC-01, without having seen the DOWN */
            CHECK_SAME(check_down(ref), death);
        }
        CHECK_INT(atomic_load(&cleaned), 0); /* all this while it is in its loop */
        CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), p, death));
        CHECK(cop_is_no_pid(cop_whereis(name)));
        cop_register(name, cop_self());
        cop_unregister(name);
        CHECK(!cop_is_alive(p));
        CHECK_TERM(cop_process_info(p, COP(":links")), "nil");
        CHECK_INT(cop_read_timer(timer), -1);
        CHECK_TERM(check_down(cop_monitor(p)), ":noproc");
        cop_send(p, COP(":lost"));
        CHECK_TERM(check_info(cop_self(), "links"), "[]");
        CHECK_INT(atomic_load(&cleaned), 0);
        atomic_store(&release_loops, 1);
        check_wait_for(&cleaned, 2);
        CHECK_INT(atomic_load(&went_on), 0);
        check_no_message(); /* the send after the loop did nothing */
    }
    return cop_end();
}

/* One that returns from its function without entering the runtime again. */
PROCESS_TEST(a_condemned_process_that_just_returns)
{
    cop_ref ref;
    reset();
    cop_pid p = start_loop(loop_then_end, &ref);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    atomic_store(&release_loops, 1);
    check_wait_for(&cleaned, 1);
    check_gone(p);
    check_no_message();
    return cop_end();
}

static cop_next loop_then_label(cop_term arg)
{
    CLEANS;
    (void)arg;
    loop();
    cop_set_label(COP("\"late\""));
    atomic_fetch_add(&went_on, 1);
    return cop_end();
}

/* Nobody would take a dead process's label off the list of labels again. */
PROCESS_TEST(a_condemned_process_sets_no_label)
{
    cop_ref ref;
    reset();
    cop_pid p = start_loop(loop_then_label, &ref);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    atomic_store(&release_loops, 1);
    check_wait_for(&cleaned, 2);
    CHECK_INT(atomic_load(&went_on), 0);
    return cop_end();
}

static atomic_int caught;

static cop_term loop_and_yield(void *arg)
{
    (void)arg;
    loop();
    cop_yield();
    return cop_ok();
}

static cop_next loop_inside_try(cop_term arg)
{
    struct cop_outcome outcome;
    CLEANS;
    (void)arg;
    cop_try(loop_and_yield, NULL, &outcome);
    atomic_fetch_add(&caught, 1);
    cop_try(loop_and_yield, NULL, &outcome);
    return cop_end();
}

/* D8: it cannot catch its way out. */
PROCESS_TEST(a_condemned_process_inside_try)
{
    cop_ref ref;
    reset();
    atomic_store(&caught, 0);
    cop_pid p = start_loop(loop_inside_try, &ref);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    atomic_store(&release_loops, 1);
    check_wait_for(&cleaned, 2);
    CHECK_INT(atomic_load(&caught), 0);
    return cop_end();
}

/* --- Cleanups that use the runtime ------------------------------------------------------------ */

static atomic_int handlers_begun, handlers_ended;
static cop_pid told; /* whom the handlers send to */

static cop_term throw_inside(void *arg)
{
    (void)arg;
    cop_throw(COP(":inside"));
}

/* Does all that finds out about a signal, and more sends than a slice has. */
static void use_the_runtime(int *unused)
{
    struct cop_outcome outcome;
    cop_term msg;
    (void)unused;
    atomic_fetch_add(&handlers_begun, 1);
    for (int i = 0; i < 5000; i++)
        cop_send(cop_self(), COP(":to_the_dead"));
    cop_send(told, COP(":handler"));
    cop_receive(&msg, 0);
    cop_yield();
    cop_trap_exit(false);
    CHECK(!cop_try(throw_inside, NULL, &outcome));
    CHECK_TERM(outcome.value, ":inside");
    atomic_fetch_add(&handlers_ended, 1);
}

#define USES_THE_RUNTIME __attribute__((cleanup(use_the_runtime), unused)) int used_here = 0

__attribute__((noinline)) static cop_term loop_and_receive(void *arg)
{
    USES_THE_RUNTIME;
    CLEANS;
    cop_term msg;
    if (arg != NULL) {
        loop();
    } else {
        atomic_fetch_add(&looping, 1);
    }
    cop_receive(&msg, COP_INFINITY);
    atomic_fetch_add(&went_on, 1);
    return cop_ok();
}

static cop_next die_with_handlers(cop_term arg)
{
    USES_THE_RUNTIME;
    struct cop_outcome outcome;
    CLEANS;
    bool condemned = cop_identical(arg, COP(":condemned"));
    cop_try(loop_and_receive, condemned ? &outcome : NULL, &outcome);
    atomic_fetch_add(&went_on, 1);
    cop_yield();
    atomic_fetch_add(&went_on, 1);
    return cop_end();
}

/* CNR-05: cleanup handlers that call the runtime run to their end, each once, whether the process
 * was killed while it waited or condemned while its code ran; and nothing else of it runs. */
PROCESS_TEST(cleanups_may_use_the_runtime)
{
    for (int i = 0; i < 20; i++) {
        bool condemned = i % 2 == 0;
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        reset();
        told = cop_self();
        atomic_store(&handlers_begun, 0);
        atomic_store(&handlers_ended, 0);
        cop_pid p = cop_spawn(die_with_handlers, condemned ? COP(":condemned") : cop_nil(), &opts);
        check_wait_for(&looping, 1);
        cop_exit_process(p, COP(":kill"));
        if (condemned) CHECK_TERM(check_down(ref), ":killed");
        atomic_store(&release_loops, 1);
        if (!condemned) CHECK_TERM(check_down(ref), ":killed");
        check_wait_for(&handlers_ended, 2);
        check_gone(p);
        CHECK_INT(atomic_load(&handlers_begun), 2);
        CHECK_INT(atomic_load(&handlers_ended), 2);
        CHECK_INT(atomic_load(&cleaned), condemned ? 3 : 2);
        CHECK_INT(atomic_load(&went_on), 0);
        CHECK_TERM(check_next(), ":handler");
        CHECK_TERM(check_next(), ":handler");
        check_no_message();
    }
    return cop_end();
}

static cop_pid held; /* whom the handler links with, and watches */
static atomic_int refused;

static cop_term make_a_table(void *arg)
{
    (void)arg;
    return cop_ets_new(COP(":late"), COP("[:named_table]"));
}

static cop_term fix_a_table(void *arg)
{
    cop_ets_safe_fixtable(*(cop_term *)arg, true);
    return cop_ok();
}

static void refuses(cop_try_fn fn, void *arg)
{
    struct cop_outcome outcome;
    if (cop_try(fn, arg, &outcome)) return;
    CHECK_TERM(outcome.value, ":badarg");
    atomic_fetch_add(&refused, 1);
}

static void hold_on(int *unused)
{
    cop_term table = COP(":before");
    (void)unused;
    refuses(make_a_table, NULL);
    refuses(fix_a_table, &table);
    cop_link(held);
    cop_monitor(held);
    atomic_fetch_add(&handlers_ended, 1);
}

static cop_next loop_and_hold_on(cop_term arg)
{
    __attribute__((cleanup(hold_on), unused)) int holds = 0;
    (void)arg;
    loop();
    cop_yield();
    return cop_end();
}

static cop_next wait_for_ever(cop_term arg)
{
    cop_term message;
    (void)arg;
    while (cop_receive(&message, COP_INFINITY))
        continue;
    return cop_end();
}

/* D8: a condemned process is dead for all, so its handlers get no tables any more, which nobody
 * would take away (ETS-04, SIG-07); of other processes it lets go when its code has ended, of
 * which those that it linked with hear. */
PROCESS_TEST(a_condemned_process_holds_nothing)
{
    cop_ref ref, other;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &other};
    reset();
    atomic_store(&handlers_ended, 0);
    atomic_store(&refused, 0);
    cop_ets_new(COP(":before"), COP("[:named_table, :public]"));
    held = cop_spawn(wait_for_ever, cop_nil(), &opts);
    cop_pid p = start_loop(loop_and_hold_on, &ref);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    atomic_store(&release_loops, 1);
    check_wait_for(&handlers_ended, 1);
    CHECK_INT(atomic_load(&refused), 2);
    CHECK_TERM(cop_ets_whereis(COP(":late")), ":undefined");
    CHECK_TERM(cop_ets_info_item(COP(":before"), COP(":fixed")), "false");
    CHECK_TERM(check_down(other), ":killed"); /* by the link */
    cop_ets_delete(COP(":before"));
    return cop_end();
}

static cop_next loop_with_a_victim(cop_term arg)
{
    cop_pid victim = cop_to_pid(arg);
    cop_link(victim);
    loop();
    atomic_fetch_add(&went_on, 1);
    cop_yield();
    atomic_fetch_add(&went_on, 100);
    return cop_end();
}

/* D8 EXI-23: the death of a neighbour condemns a looping process, too. */
PROCESS_TEST(a_link_condemns_a_looping_process)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid neighbour = puppet_start();
    reset();
    cop_pid p = cop_spawn(loop_with_a_victim, cop_pid_term(neighbour), &opts);
    check_wait_for(&looping, 1);
    puppet_exit(neighbour, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    CHECK(!cop_is_alive(p));
    atomic_store(&release_loops, 1);
    check_wait_for(&cleaned, 1);
    check_gone(p);
    CHECK(atomic_load(&went_on) < 100); /* not past its next call */
    return cop_end();
}

/* D8: many condemned one after the other, each released; threads and stacks come back. */
PROCESS_TEST(condemned_in_a_row)
{
    int rounds = check_scaled(30);
    for (int i = 0; i < rounds; i++) {
        cop_ref ref;
        reset();
        cop_pid p = start_loop(loop_then_send, &ref);
        if (i % 3 == 0) cop_sleep(12); /* it is alone on its thread by now */
        cop_exit_process(p, COP(":kill"));
        if (i % 2 == 0) CHECK_TERM(check_down(ref), ":killed");
        atomic_store(&release_loops, 1);
        check_wait_for(&cleaned, 2);
        if (i % 2 == 0) {
            CHECK_INT(atomic_load(&went_on), 0);
            check_no_message();
        } else if (cop_identical(check_down(ref), COP(":normal"))) {
            /* The loop came back before the kill was received: that is no matter. */
            CHECK_TERM(check_next(), ":after_the_loop");
        } else {
            /* It may have come back, sent, and only then received the kill (SIG-05). */
            cop_term sent;
            while (cop_receive(&sent, 0))
                CHECK_TERM(sent, ":after_the_loop");
        }
    }
    return cop_end();
}

/* --- cop_blocking ------------------------------------------------------------------------------*/

struct blocked {
    sem_t go_on;
    atomic_int result;
};

static struct blocked blocked[8];
static atomic_int inside;

static void wait_for_post(void *arg)
{
    struct blocked *b = arg;
    atomic_fetch_add(&inside, 1);
    while (sem_wait(&b->go_on) != 0) {
    }
    atomic_store(&b->result, 42);
}

static cop_next block(cop_term arg)
{
    CLEANS;
    cop_pid to;
    int i;
    cop_expect(arg, "{to, i}", to, i);
    cop_blocking(wait_for_post, &blocked[i]);
    cop_send(to, cop_tuple(i, atomic_load(&blocked[i].result)));
    return cop_end();
}

/* D7: eight block at once on two schedulers, the rest goes on, and frees them. */
PROCESS_TEST(blocking_calls_block_nobody_else)
{
    reset();
    atomic_store(&inside, 0);
    for (int i = 0; i < 8; i++) {
        sem_init(&blocked[i].go_on, 0, 0);
        cop_spawn(block, cop_tuple(cop_self(), i), NULL);
    }
    check_wait_for(&inside, 8);
    for (int i = 7; i >= 0; i--) {
        sem_post(&blocked[i].go_on);
        CHECK_SAME(check_next(), cop_tuple(i, 42));
    }
    check_wait_for(&cleaned, 8);
    return cop_end();
}

/* D7: killed meanwhile: dead at once for everybody; unwound when the call has returned. */
PROCESS_TEST(a_kill_inside_blocking)
{
    for (int i = 0; i < 4; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        reset();
        atomic_store(&inside, 0);
        sem_init(&blocked[0].go_on, 0, 0);
        atomic_store(&blocked[0].result, 0);
        cop_pid p = cop_spawn(block, cop_tuple(cop_self(), 0), &opts);
        check_wait_for(&inside, 1);
        cop_register(COP(":blocked"), p);
        CHECK(cop_is_alive(p));
        cop_exit_process(p, i % 2 == 0 ? COP(":kill") : COP(":boom"));
        CHECK(!cop_is_alive(p));
        CHECK_TERM(check_down(ref), i % 2 == 0 ? ":killed" : ":boom");
        CHECK(cop_is_no_pid(cop_whereis(COP(":blocked"))));
        CHECK_INT(atomic_load(&blocked[0].result), 0);
        CHECK_INT(atomic_load(&cleaned), 0);
        sem_post(&blocked[0].go_on);
        check_wait_for(&cleaned, 1);
        CHECK_INT(atomic_load(&blocked[0].result), 42);
        check_gone(p);
        check_no_message();
    }
    return cop_end();
}

static void do_nothing(void *arg)
{
    *(int *)arg += 1;
}

static cop_next block_shortly(cop_term arg)
{
    int count = 0;
    for (int i = 0; i < 100; i++)
        cop_blocking(do_nothing, &count);
    CHECK_INT(count, 100);
    cop_send(arg, COP(":done"));
    return cop_end();
}

/* Many short ones from many processes. */
PROCESS_TEST(short_blocking_calls)
{
    for (int i = 0; i < 20; i++)
        cop_spawn(block_shortly, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 20; i++)
        CHECK_TERM(check_next(), ":done");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_go_on_beside_endless_loops),
        cmocka_unit_test(a_handed_over_process_goes_on),
        cmocka_unit_test(signals_to_a_looping_process),
        cmocka_unit_test(a_kill_of_a_looping_process),
        cmocka_unit_test(a_condemned_process_that_just_returns),
        cmocka_unit_test(a_condemned_process_sets_no_label),
        cmocka_unit_test(cleanups_may_use_the_runtime),
        cmocka_unit_test(a_condemned_process_inside_try),
        cmocka_unit_test(a_condemned_process_holds_nothing),
        cmocka_unit_test(a_link_condemns_a_looping_process),
        cmocka_unit_test(condemned_in_a_row),
        cmocka_unit_test(blocking_calls_block_nobody_else),
        cmocka_unit_test(a_kill_inside_blocking),
        cmocka_unit_test(short_blocking_calls),
    };
    return cmocka_run_group_tests_name("blocking", tests, check_start_node, check_stop_node);
}
