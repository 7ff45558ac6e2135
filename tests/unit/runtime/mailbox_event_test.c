/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of mailboxes: the events, also of a process that does not come to its mailbox. */
#include "sitter.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* --- Events ----------------------------------------------------------------------------------- */

/* Does what exit signals say: they arrive at a full mailbox, too. */
static bool is_take(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, "{:EXIT, _, {:take, _}}");
}

static cop_next take_as_told(cop_term arg)
{
    cop_pid boss = cop_to_pid(arg);
    cop_term msg;
    int count;
    cop_trap_exit(true);
    cop_send(boss, COP(":ready"));
    for (;;) {
        cop_receive_if(is_take, NULL, &msg, COP_INFINITY);
        cop_expect(msg, "{:EXIT, _, {:take, count}}", count);
        for (; count > 0; count--)
            CHECK(cop_receive(&msg, 0));
        cop_send(boss, COP(":taken"));
    }
}

static cop_pid taker(uint32_t max)
{
    cop_pid pid = cop_spawn(take_as_told, cop_pid_term(cop_self()),
                            &(struct cop_spawn_opts){.mailbox = {max, COP_DROP_NEW}});
    CHECK_TERM(check_next(), ":ready");
    return pid;
}

static bool is_taken(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, ":taken");
}

static void take(cop_pid pid, int count)
{
    cop_term msg;
    cop_exit_process(pid, cop_tuple(COP(":take"), count));
    CHECK(cop_receive_if(is_taken, NULL, &msg, CHECK_LIMIT_MS));
}

static void check_event(const char *what, cop_pid pid, int length, int dropped)
{
    CHECK_SAME(check_next(), cop_tuple(COP(":mailbox"), cop_atom(what), pid, length, dropped));
}

/* All that was sent to pid has come there, and made no event. */
static void check_no_event(cop_pid pid)
{
    check_info(pid, "messages");
    check_no_message();
}

/* High at max, not before; low below half of it, not at half; each once, again after the other. */
PROCESS_TEST(events_at_both_marks)
{
    static const struct {
        int max;
        int low; /* the greatest length that is low */
    } rows[] = {{1, 0}, {2, 0}, {3, 1}, {4, 1}, {8, 3}, {9, 4}};
    cop_mailbox_subscribe(cop_self());
    cop_mailbox_subscribe(cop_self()); /* once is enough */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int max = rows[i].max, low = rows[i].low;
        cop_pid pid = taker((uint32_t)max);
        send_numbers(pid, 1, max - 1);
        check_no_event(pid);
        send_numbers(pid, max, max + 12);
        check_info(pid, "messages");
        check_event("high", pid, max, 0);
        check_no_event(pid);
        if (max - low > 1) take(pid, max - low - 1);
        check_no_event(pid);
        take(pid, 1);
        check_event("low", pid, low, 12);
        check_no_event(pid);
        send_numbers(pid, low + 1, max);
        check_info(pid, "messages");
        check_event("high", pid, max, 12);
        take(pid, max);
        check_event("low", pid, low, 12);
        check_no_event(pid);
        stop_sitter(pid);
        check_no_message(); /* its end is no event */
    }
    CHECK(cop_mailbox_unsubscribe(cop_self()));
    CHECK(!cop_mailbox_unsubscribe(cop_self()));
    cop_pid pid = taker(1);
    send_numbers(pid, 1, 2);
    check_no_event(pid);
    stop_sitter(pid);
    return cop_end();
}

/* :drop_old stays high while it throws away. */
PROCESS_TEST(a_flood_is_one_event)
{
    cop_pid pid = sitter(1, COP_DROP_OLD);
    cop_mailbox_subscribe(cop_self());
    send_numbers(pid, 1, 1000);
    check_info(pid, "messages");
    check_event("high", pid, 1, 0);
    check_no_event(pid);
    check_holds(pid, "[1000]", 999);
    stop_sitter(pid);
    CHECK(cop_mailbox_unsubscribe(cop_self()));
    return cop_end();
}

/* Links and monitors fill a mailbox like messages. */
PROCESS_TEST(all_messages_count)
{
    cop_pid friend = puppet_start();
    cop_pid pid = sitter_of(2, COP_DROP_NEW, true, friend);
    cop_mailbox_subscribe(cop_self());
    puppet_exit(friend, COP(":over"));
    check_gone(friend);
    check_info(pid, "messages");
    check_event("high", pid, 2, 0);
    cop_mailbox_unsubscribe(cop_self());
    stop_sitter(pid);
    return cop_end();
}

/* An event that meets a full subscriber is lost, and nothing else comes of it. */
PROCESS_TEST(a_subscriber_that_is_full)
{
    for (int i = COP_DROP_NEW; i <= COP_KILL; i++) {
        cop_pid subscriber = sitter(2, (enum cop_mailbox_policy)i), pid = sitter(1, COP_DROP_NEW);
        send_numbers(subscriber, 1, 2);
        check_info(subscriber, "messages");
        cop_mailbox_subscribe(subscriber);
        cop_mailbox_subscribe(cop_self());
        cop_send(pid, COP(":x"));
        check_info(pid, "messages");
        check_event("high", pid, 1, 0);
        check_holds(subscriber, "[1, 2]", 0);
        check_no_event(subscriber);
        cop_mailbox_unsubscribe(cop_self());
        CHECK(cop_mailbox_unsubscribe(subscriber));
        stop_sitter(subscriber);
        stop_sitter(pid);
    }
    return cop_end();
}

/* An event that fills a subscriber's mailbox makes none; the message that meets it full does. */
PROCESS_TEST(events_make_no_events)
{
    cop_pid subscriber = sitter(2, COP_DROP_NEW), pid = sitter(1, COP_DROP_NEW);
    cop_mailbox_subscribe(subscriber);
    cop_mailbox_subscribe(cop_self());
    cop_send(subscriber, 1);
    cop_send(pid, COP(":x"));
    check_info(pid, "messages");
    check_event("high", pid, 1, 0);
    check_no_event(subscriber);
    CHECK_SAME(check_info(subscriber, "messages"),
               cop_list(1, cop_build("{:mailbox, :high, pid, 1, 0}", pid)));
    cop_send(subscriber, 2);
    check_info(subscriber, "messages");
    check_event("high", subscriber, 2, 0);
    CHECK_INT(cop_list_len(check_info(subscriber, "messages")), 2);
    cop_mailbox_unsubscribe(cop_self());
    cop_mailbox_unsubscribe(subscriber);
    stop_sitter(subscriber);
    stop_sitter(pid);
    return cop_end();
}

/* An entry goes with its process; the others stay. */
PROCESS_TEST(subscribers_that_have_ended)
{
    cop_pid many[20], pid = sitter(1, COP_DROP_NEW);
    for (int i = 0; i < 20; i++)
        cop_mailbox_subscribe(many[i] = puppet_start());
    for (int i = 0; i < 20; i += 2)
        stop_sitter(many[i]);
    cop_send(pid, COP(":x"));
    check_info(pid, "messages");
    for (int i = 0; i < 20; i++) {
        CHECK_INT(cop_mailbox_unsubscribe(many[i]), i % 2);
        if (i % 2 != 0) CHECK_INT(cop_list_len(puppet_mailbox(many[i])), 1);
    }
    stop_sitter(pid);
    return cop_end();
}

static cop_term subscribe_elsewhere(void *arg)
{
    (void)arg;
    cop_pid elsewhere = cop_self();
    elsewhere.node = 7;
    cop_mailbox_subscribe(elsewhere);
    return cop_ok();
}

PROCESS_TEST(nobody_elsewhere_can_subscribe)
{
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", subscribe_elsewhere, NULL);
    return cop_end();
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char logged[4096];

static void collect(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    size_t at = strlen(logged);
    snprintf(logged + at, sizeof(logged) - at, "%d %.*s\n", (int)level, (int)len, text);
    pthread_mutex_unlock(&lock);
}

/* One warning was logged: the pid, then this. */
static void check_logged(cop_pid pid, const char *rest)
{
    cop_bytes shown = cop_to_bytes(cop_inspect(cop_pid_term(pid)));
    char expected[512];
    cop_log_flush();
    snprintf(expected, sizeof(expected), "%d %.*s %s\n", COP_WARNING, (int)shown.len, shown.data,
             rest);
    if (strcmp(logged, expected) != 0)
        check_fail(__FILE__, __LINE__, "logged:\n%s\nexpected:\n%s", logged, expected);
    logged[0] = '\0';
}

PROCESS_TEST(events_are_logged)
{
    static const char *const words[] = {
        "new messages are thrown away", "the oldest messages are thrown away for new ones",
        "who sends more gets an exit signal", "one more message will kill it"};
    cop_log_flush(); /* what the tests before have left */
    cop_log_to(collect, NULL, COP_WARNING);
    for (int i = COP_DROP_NEW; i <= COP_KILL; i++) {
        cop_pid pid = sitter(2, (enum cop_mailbox_policy)i);
        char expected[200];
        send_numbers(pid, 1, 2);
        check_info(pid, "messages");
        snprintf(expected, sizeof(expected),
                 "(no name): the mailbox has reached its limit of 2; %s", words[i]);
        check_logged(pid, expected);
        stop_sitter(pid);
    }
    cop_pid pid = taker(2);
    cop_register(COP(":busy_one"), pid);
    send_numbers(pid, 1, 5);
    check_info(pid, "messages");
    cop_log_flush();
    logged[0] = '\0';
    take(pid, 2);
    check_logged(pid, "(:busy_one): the mailbox has fallen to 0, below half of its limit of 2; "
                      "messages lost so far: 3");
    stop_sitter(pid);
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    return cop_end();
}

/* --- A process that does not come to its mailbox ---------------------------------------------- */

static atomic_int is_stuck, may_go;

static cop_next stick(cop_term arg)
{
    (void)arg;
    atomic_store(&is_stuck, 1);
    while (atomic_load(&may_go) == 0)
        ;
    cop_sleep(4000000000);
    return cop_end();
}

/* The watchdog receives for it: what is over its limit goes all the same. */
PROCESS_TEST(a_process_that_is_stuck)
{
    const int count = check_scaled(10000);
    atomic_store(&is_stuck, 0);
    atomic_store(&may_go, 0);
    cop_mailbox_subscribe(cop_self());
    cop_pid pid =
        cop_spawn(stick, cop_nil(), &(struct cop_spawn_opts){.mailbox = {10, COP_DROP_NEW}});
    check_wait_for(&is_stuck, 1);
    send_numbers(pid, 1, count);
    check_event("high", pid, 10, 0);
    for (;;) {
        cop_term dropped = cop_keyword_get(check_info(pid, "mailbox"), COP(":dropped"), cop_nil());
        if (cop_to_int(dropped) == count - 10) break;
        cop_sleep(1);
    }
    CHECK_SAME(check_info(pid, "message_queue_len"), 10);
    atomic_store(&may_go, 1);
    CHECK_TERM(check_info(pid, "messages"), "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]");
    cop_mailbox_unsubscribe(cop_self());
    stop_sitter(pid);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_at_both_marks),
        cmocka_unit_test(a_flood_is_one_event),
        cmocka_unit_test(all_messages_count),
        cmocka_unit_test(a_subscriber_that_is_full),
        cmocka_unit_test(events_make_no_events),
        cmocka_unit_test(subscribers_that_have_ended),
        cmocka_unit_test(nobody_elsewhere_can_subscribe),
        cmocka_unit_test(events_are_logged),
        cmocka_unit_test(a_process_that_is_stuck),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
