/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: send, receive, selective receive, timeouts (MSG). */
#include "support/check_process.h"

#include <pthread.h>
#include <string.h>

/* --- Sending -----------------------------------------------------------------------------------*/

/* MSG-01: send returns the message, never fails for pids, and mailboxes have no bound. */
PROCESS_TEST(send_never_fails)
{
    cop_pid dead = check_dead_pid(), idle = puppet_start();
    int count = check_scaled(100000);
    CHECK_TERM(cop_send(dead, COP("{:a, 1}")), "{:a, 1}");
    CHECK_TERM(cop_send_nosuspend(dead, COP("{:a, 1}")), "{:a, 1}");
    for (int i = 0; i < count; i++)
        cop_send(idle, i);
    CHECK(cop_is_alive(idle));
    CHECK_SAME(check_info(idle, "message_queue_len"), count);
    return cop_end();
}

/* MSG-02 */
PROCESS_TEST(all_kinds_of_receivers)
{
    cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
    cop_register(COP(":msg_02"), cop_self());
    cop_send(cop_self(), COP(":pid"));
    cop_send(alias, COP(":alias"));
    cop_send(COP(":msg_02"), COP(":name"));
    cop_send(COP("{:msg_02, :nonode@nohost}"), COP(":name_and_node"));
    cop_send_nosuspend(cop_self(), COP(":nosuspend"));
    CHECK_TERM(check_next(), ":pid");
    CHECK_TERM(check_next(), ":alias");
    CHECK_TERM(check_next(), ":name");
    CHECK_TERM(check_next(), ":name_and_node");
    CHECK_TERM(check_next(), ":nosuspend");
    return cop_end();
}

static cop_term try_send(void *arg)
{
    return cop_send(*(cop_term *)arg, COP(":x"));
}

/* What is no receiver at all. */
PROCESS_TEST(send_to_what_is_no_receiver)
{
    const char *bad[] = {"17", "\"text\"", "[]", "{:a}", "{:a, :b, :c}", "%{}", "1.5"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cop_term to = check_parse(bad[i]);
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_send, &to);
    }
    return cop_end();
}

static cop_next send_from_a_buffer(cop_term arg)
{
    char buffer[3000];
    memset(buffer, 'a', sizeof(buffer));
    cop_term binary = cop_binary(buffer, sizeof(buffer));
    cop_term msg = cop_tuple(binary, cop_list(1, 2, cop_tuple(COP(":x"), 1.5)), "text");
    cop_send(arg, msg);
    memset(buffer, 'b', sizeof(buffer));
    return cop_end();
}

/* MSG-07: nothing that the sender does later is seen, be it that it dies. */
PROCESS_TEST(messages_are_copies)
{
    cop_pid sender = cop_spawn(send_from_a_buffer, cop_pid_term(cop_self()), NULL);
    check_gone(sender);
    cop_term binary, rest, text;
    cop_expect(check_next(), "{binary, rest, text}", binary, rest, text);
    cop_bytes bytes = cop_to_bytes(binary);
    CHECK_INT(bytes.len, 3000);
    for (size_t i = 0; i < bytes.len; i++)
        CHECK(bytes.data[i] == 'a');
    CHECK_TERM(rest, "[1, 2, {:x, 1.5}]");
    CHECK_TERM(text, "\"text\"");
    return cop_end();
}

static cop_next echo_once(cop_term arg)
{
    cop_pid from;
    cop_term value;
    (void)arg;
    cop_expect(check_next(), "{from, value}", from, value);
    cop_send(from, value);
    return cop_end();
}

/* MSG-07: all kinds of terms arrive as they were. */
PROCESS_TEST(all_kinds_of_terms_are_sent)
{
    const char *terms[] = {
        "1",
        "-1152921504606846977",
        "9223372036854775807",
        "123456789012345678901234567890",
        "1.5",
        ":atom",
        "nil",
        "\"\"",
        "\"text\"",
        "<<0, 255>>",
        "[]",
        "[1 | 2]",
        "{}",
        "{1, {2, {3}}}",
        "%{}",
        "%{1 => 2, :a => [b: 1.0]}",
        "&Mod.fun/2",
        "[a: 1, b: \"x\", c: [d: %{e: {}}]]",
    };
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        cop_pid echo = cop_spawn(echo_once, cop_nil(), NULL);
        cop_send(echo, cop_tuple(cop_self(), check_parse(terms[i])));
        CHECK_TERM(check_next(), terms[i]);
    }
    cop_pid echo = cop_spawn(echo_once, cop_nil(), NULL);
    cop_ref ref = cop_make_ref();
    cop_send(echo, cop_tuple(cop_self(), cop_tuple(cop_self(), ref)));
    CHECK_SAME(check_next(), cop_tuple(cop_self(), ref));
    return cop_end();
}

/* A large message: a list of 100 000 tuples, a map of 1 000 keys. */
PROCESS_TEST(large_messages)
{
    cop_term list = cop_empty_list(), map = cop_map_new();
    for (int i = 0; i < 100000; i++)
        list = cop_cons(cop_tuple(i, COP(":x")), list);
    for (int i = 0; i < 1000; i++)
        map = cop_map_put(map, i, i * 2);
    cop_term both = cop_tuple(list, map);
    cop_pid echo = cop_spawn(echo_once, cop_nil(), NULL);
    cop_send(echo, cop_tuple(cop_self(), both));
    CHECK(cop_identical(check_next(), both));
    return cop_end();
}

/* --- Receiving ---------------------------------------------------------------------------------*/

static bool equals(cop_term msg, void *arg)
{
    return cop_identical(msg, *(cop_term *)arg);
}

static bool take(const char *text, int64_t timeout_ms)
{
    cop_term msg, expected = check_parse(text);
    return cop_receive_if(equals, &expected, &msg, timeout_ms);
}

/* MSG-03: selective receive takes the first in order of arrival that fits; the rest stays in order;
 * a zero timeout looks at what is there. */
PROCESS_TEST(selective_receive)
{
    cop_term msg;
    CHECK(!cop_receive(&msg, 0));
    CHECK(!take(":c", 0));
    const char *sent[] = {":a", ":b", ":c", ":b", ":d", ":a"};
    for (int i = 0; i < 6; i++)
        cop_send(cop_self(), check_parse(sent[i]));
    CHECK(take(":c", 0));
    CHECK(!take(":c", 0));
    CHECK(take(":b", 0));
    CHECK(take(":d", COP_INFINITY));
    CHECK(!take(":e", 1));
    CHECK_TERM(check_next(), ":a");
    CHECK_TERM(check_next(), ":b");
    CHECK_TERM(check_next(), ":a");
    check_no_message();
    return cop_end();
}

/* The last one taken, then more arrive: the end of the list is kept right. */
PROCESS_TEST(taking_the_last_message_keeps_the_queue)
{
    for (int i = 0; i < 10; i++) {
        cop_send(cop_self(), COP(":first"));
        cop_send(cop_self(), COP(":last"));
        CHECK(take(":last", 0));
        cop_send(cop_self(), COP(":new"));
        CHECK_TERM(check_next(), ":first");
        CHECK_TERM(check_next(), ":new");
        check_no_message();
    }
    return cop_end();
}

static cop_next send_noise(cop_term arg)
{
    int64_t end = cop_monotonic_ms() + 4000;
    cop_term msg;
    while (!cop_receive(&msg, 5) && cop_monotonic_ms() < end)
        cop_send(arg, COP(":noise"));
    return cop_end();
}

/* MSG-04: messages that do not fit do not restart the timer. */
PROCESS_TEST(the_timeout_runs_from_the_call)
{
    cop_pid noise = cop_spawn(send_noise, cop_pid_term(cop_self()), NULL);
    int64_t start = cop_monotonic_ms();
    CHECK(!take(":signal", 60));
    int64_t took = cop_monotonic_ms() - start;
    CHECK(took >= 60);
    CHECK(took < 3000);
    cop_send(noise, COP(":stop"));
    check_gone(noise);
    return cop_end();
}

/* MSG-04: the timeout is used only after the whole mailbox was scanned. */
PROCESS_TEST(a_message_that_is_there_beats_the_timeout)
{
    for (int i = 0; i < 1000; i++)
        cop_send(cop_self(), COP(":noise"));
    cop_send(cop_self(), COP(":wanted"));
    CHECK(take(":wanted", 0));
    return cop_end();
}

static cop_term receive_for(void *arg)
{
    cop_term msg;
    cop_receive(&msg, *(int64_t *)arg);
    return cop_ok();
}

static cop_term receive_if_for(void *arg)
{
    cop_term msg, never = COP(":never");
    cop_receive_if(equals, &never, &msg, *(int64_t *)arg);
    return cop_ok();
}

/* MSG-05 */
PROCESS_TEST(timeouts_out_of_range)
{
    int64_t bad[] = {-2, INT64_MIN, 4294967296, INT64_MAX};
    for (int i = 0; i < 4; i++) {
        CHECK_RAISES(COP_CLASS_ERROR, ":timeout_value", receive_for, &bad[i]);
        CHECK_RAISES(COP_CLASS_ERROR, ":timeout_value", receive_if_for, &bad[i]);
    }
    cop_send(cop_self(), COP(":x"));
    int64_t most = 4294967295;
    receive_for(&most);
    return cop_end();
}

static cop_next sleep_for(cop_term ms)
{
    cop_sleep(cop_to_int(ms));
    return cop_end();
}

/* MSG-05: a sleep may be longer than a receive. */
PROCESS_TEST(a_sleep_of_any_length)
{
    int64_t lengths[] = {4294967295, 4294967296, 3 * 4294967296, INT64_MAX};
    for (int i = 0; i < 4; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        cop_pid p = cop_spawn(sleep_for, cop_int(lengths[i]), &opts);
        cop_term status;
        do {
            cop_yield();
            status = cop_process_info(p, COP(":status"));
        } while (!cop_match(status, "{_, :waiting}") && !cop_match(status, "nil"));
        cop_exit_process(p, COP(":enough"));
        CHECK_TERM(check_down(ref), ":enough");
    }
    return cop_end();
}

struct counter {
    cop_ref ref;
    int calls;
};

static bool count_and_compare(cop_term msg, void *arg)
{
    struct counter *c = arg;
    cop_ref ref;
    c->calls++;
    return cop_match(msg, "{:reply, ref}", ref) && cop_ref_equal(ref, c->ref);
}

static cop_next reply_by_ref(cop_term arg)
{
    (void)arg;
    for (;;) {
        cop_pid to;
        cop_ref ref;
        cop_term msg;
        cop_receive(&msg, COP_INFINITY);
        if (!cop_match(msg, "{to, ref}", to, ref)) return cop_end();
        cop_send(to, cop_tuple(COP(":reply"), ref));
    }
}

/* MSG-06: with a long queue of older messages, a receive by a fresh reference looks at none of
 * them; for each kind of reference. */
PROCESS_TEST(receive_by_a_fresh_reference)
{
    cop_pid server = cop_spawn(reply_by_ref, cop_nil(), NULL);
    int old = check_scaled(100000);
    for (int i = 0; i < old; i++)
        cop_send(cop_self(), i);
    CHECK(cop_is_alive(cop_self()));
    for (int i = 0; i < 300; i++) {
        struct counter c = {.calls = 0};
        cop_term msg;
        switch (i % 3) {
        case 0: c.ref = cop_make_ref(); break;
        case 1: c.ref = cop_monitor(server); break;
        default: c.ref = cop_alias(COP_ALIAS_REPLY); break;
        }
        cop_send(server, cop_tuple(cop_self(), c.ref));
        CHECK(cop_receive_ref(c.ref, count_and_compare, &c, &msg, CHECK_LIMIT_MS));
        CHECK(c.calls <= 2);
        cop_demonitor(c.ref, true);
        cop_unalias(c.ref);
    }
    cop_send(server, COP(":stop"));
    /* The old ones are all there, in order. */
    for (int i = 0; i < old; i++)
        CHECK_SAME(check_next(), i);
    check_no_message();
    return cop_end();
}

/* MSG-06: a reference that was not the last one made is found all the same. */
PROCESS_TEST(receive_by_an_older_reference)
{
    cop_ref first = cop_make_ref();
    cop_send(cop_self(), cop_tuple(COP(":reply"), first));
    CHECK(cop_is_alive(cop_self()));
    cop_ref second = cop_make_ref();
    cop_send(cop_self(), cop_tuple(COP(":reply"), second));
    struct counter c = {.ref = first};
    cop_term msg;
    CHECK(cop_receive_ref(first, count_and_compare, &c, &msg, 0));
    c.ref = second;
    CHECK(cop_receive_ref(second, count_and_compare, &c, &msg, 0));
    CHECK(!cop_receive_ref(second, count_and_compare, &c, &msg, 1));
    check_no_message();
    return cop_end();
}

/* A mark must not outlive messages that are taken before it. */
PROCESS_TEST(a_mark_stands_when_older_messages_are_taken)
{
    for (int i = 0; i < 10; i++) {
        cop_term msg;
        cop_send(cop_self(), COP(":old"));
        CHECK(cop_is_alive(cop_self()));
        struct counter c = {.ref = cop_make_ref()};
        CHECK(take(":old", 0)); /* the message at the mark goes */
        cop_send(cop_self(), COP(":new"));
        cop_send(cop_self(), cop_tuple(COP(":reply"), c.ref));
        CHECK(cop_receive_ref(c.ref, count_and_compare, &c, &msg, CHECK_LIMIT_MS));
        CHECK_TERM(check_next(), ":new");
        check_no_message();
    }
    return cop_end();
}

static bool accept_all(cop_term msg, void *arg)
{
    (void)msg;
    (void)arg;
    return true;
}

static cop_next mark_on_waking(void *state)
{
    cop_ref ref = cop_make_ref();
    cop_term msg, newer, old;
    (void)state;
    CHECK(!cop_receive_ref(ref, accept_all, NULL, &msg, 0));
    cop_send(cop_self(), COP(":new"));
    CHECK(cop_receive_ref(ref, accept_all, NULL, &newer, CHECK_LIMIT_MS));
    CHECK(cop_receive(&old, 0));
    cop_send(cop_elem(old, 1), cop_tuple(cop_elem(old, 0), newer));
    return cop_end();
}

static cop_next wait_to_mark(cop_term arg)
{
    (void)arg;
    return cop_hibernate(mark_on_waking, NULL);
}

/* MSG-06: nor is the message looked at by which the caller has just been woken. */
PROCESS_TEST(a_mark_stands_behind_what_woke_the_caller)
{
    for (int i = 0; i < 20; i++) {
        cop_pid p = cop_spawn(wait_to_mark, cop_nil(), NULL);
        while (!cop_match(cop_process_info(p, COP(":status")), "{_, :waiting}"))
            cop_yield();
        cop_send(p, cop_tuple(COP(":old"), cop_self()));
        CHECK_TERM(check_next(), "{:old, :new}");
        check_gone(p);
    }
    return cop_end();
}

/* --- receive_loop ------------------------------------------------------------------------------*/

struct sum {
    int64_t total;
    int turns;
};

static bool add(void *state, cop_term msg)
{
    struct sum *s = state;
    cop_term more = cop_empty_list();
    s->turns++;
    if (!cop_is_integer(msg)) return false;
    s->total += cop_to_int(msg);
    for (int i = 0; i < 100; i++) /* goes with the turn */
        more = cop_cons(i, more);
    return cop_list_len(more) == 100;
}

PROCESS_TEST(receive_loop_takes_all_in_turn)
{
    struct sum s = {0};
    for (int i = 1; i <= 10000; i++)
        cop_send(cop_self(), i);
    cop_send(cop_self(), COP(":stop"));
    cop_send(cop_self(), COP(":after"));
    cop_receive_loop(add, &s);
    CHECK_INT(s.total, 50005000);
    CHECK_INT(s.turns, 10001);
    CHECK_TERM(check_next(), ":after");
    return cop_end();
}

/* --- Other threads -----------------------------------------------------------------------------*/

#define FROM_OUTSIDE 5000

static _Atomic(uint64_t) target_id;
static _Atomic(uint64_t) target_rest;
static atomic_int is_target_set;

static void *send_from_outside(void *arg)
{
    int id = (int)(intptr_t)arg;
    while (!atomic_load(&is_target_set))
        ;
    uint64_t rest = atomic_load(&target_rest);
    cop_pid pid = {atomic_load(&target_id), (uint32_t)(rest >> 32), (uint32_t)rest};
    for (int i = 0; i < FROM_OUTSIDE; i++) {
        cop_region *region = cop_region_open();
        cop_send(pid, cop_tuple(id, i));
        cop_region_close(region);
    }
    return NULL;
}

static cop_next receive_from_outside(cop_term arg)
{
    int next[2] = {0};
    cop_pid self = cop_self();
    (void)arg;
    atomic_store(&target_id, self.id);
    atomic_store(&target_rest, (uint64_t)self.node << 32 | self.creation);
    atomic_store(&is_target_set, 1);
    for (int i = 0; i < 2 * FROM_OUTSIDE; i++) {
        int id, n;
        cop_expect(check_next(), "{id, n}", id, n);
        CHECK_INT(n, next[id]);
        next[id]++;
    }
    check_no_message();
    return cop_end();
}

/* SIG-02 SIG-04: foreign threads are senders like others. */
static void messages_from_other_threads(void **state)
{
    pthread_t threads[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_from_outside, (void *)(intptr_t)i),
                         0);
    check_run("receive_from_outside", receive_from_outside);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(send_never_fails),
        cmocka_unit_test(all_kinds_of_receivers),
        cmocka_unit_test(send_to_what_is_no_receiver),
        cmocka_unit_test(messages_are_copies),
        cmocka_unit_test(all_kinds_of_terms_are_sent),
        cmocka_unit_test(large_messages),
        cmocka_unit_test(selective_receive),
        cmocka_unit_test(taking_the_last_message_keeps_the_queue),
        cmocka_unit_test(the_timeout_runs_from_the_call),
        cmocka_unit_test(a_message_that_is_there_beats_the_timeout),
        cmocka_unit_test(a_sleep_of_any_length),
        cmocka_unit_test(timeouts_out_of_range),
        cmocka_unit_test(receive_by_a_fresh_reference),
        cmocka_unit_test(receive_by_an_older_reference),
        cmocka_unit_test(a_mark_stands_when_older_messages_are_taken),
        cmocka_unit_test(a_mark_stands_behind_what_woke_the_caller),
        cmocka_unit_test(receive_loop_takes_all_in_turn),
        cmocka_unit_test(messages_from_other_threads),
    };
    return cmocka_run_group_tests_name("message", tests, check_start_node, check_stop_node);
}
