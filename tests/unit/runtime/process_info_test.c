/* SPDX-License-Identifier: Apache-2.0 */
/* process_info, aliveness, the list of processes (PRC). */
#include "support/check_process.h"

#include <stdio.h>
#include <string.h>

/* PRC-01: asked after all that the caller sent before. */
PROCESS_TEST(alive)
{
    CHECK(cop_is_alive(cop_self()));
    for (int i = 0; i < 500; i++) {
        cop_pid p = puppet_start();
        CHECK(cop_is_alive(p));
        cop_exit_process(p, i % 2 == 0 ? COP(":kill") : COP(":boom"));
        CHECK(!cop_is_alive(p));
    }
    CHECK(!cop_is_alive(cop_no_pid()));
    return cop_end();
}

/* What is told of its end is told after it does not seem alive; what was sent it may wait. */
PROCESS_TEST(seems_alive)
{
    CHECK(cop_seems_alive(cop_self()));
    CHECK(!cop_seems_alive(cop_no_pid()));
    CHECK(!cop_seems_alive(check_dead_pid()));
    for (int i = 0; i < 500; i++) {
        cop_pid p = puppet_start();
        CHECK(cop_seems_alive(p));
        cop_ref ref = cop_monitor(p);
        cop_exit_process(p, COP(":kill"));
        CHECK_TERM(check_down(ref), ":killed");
        CHECK(!cop_seems_alive(p));
    }
    return cop_end();
}

/* Asks for items of pid: the shapes of the two forms. */
struct question {
    cop_pid pid;
    cop_term items;
};

static cop_term ask(void *arg)
{
    const struct question *q = arg;
    return cop_process_info(q->pid, q->items);
}

/* PRC-02 */
PROCESS_TEST(forms_of_questions)
{
    cop_pid p = puppet_start();
    puppet_sync(p);
    CHECK_TERM(cop_process_info(p, COP(":message_queue_len")), "{:message_queue_len, 0}");
    CHECK_TERM(cop_process_info(p, COP("[:trap_exit, :links, :message_queue_len]")),
               "[trap_exit: false, links: [], message_queue_len: 0]");
    CHECK_TERM(cop_process_info(p, COP("[:links, :trap_exit]")), "[links: [], trap_exit: false]");
    CHECK_TERM(cop_process_info(p, COP("[]")), "[]");
    const char *bad[] = {":no_such_item", "[:links, :no_such_item]", "17", "\"links\"",
                         "[:links | :trap_exit]"};
    for (int i = 0; i < 5; i++) {
        struct question q = {p, check_parse(bad[i])};
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", ask, &q);
    }
    cop_pid dead = check_dead_pid();
    CHECK_TERM(cop_process_info(dead, COP(":links")), "nil");
    CHECK_TERM(cop_process_info(dead, COP("[:links]")), "nil");
    struct question q = {dead, COP(":no_such_item")};
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", ask, &q);
    return cop_end();
}

/* PRC-03: each of these is an item, of oneself and of others, and answered under its name. */
PROCESS_TEST(items)
{
    const char *items[] = {
        "current_function",
        "initial_call",
        "status",
        "message_queue_len",
        "messages",
        "links",
        "monitors",
        "monitored_by",
        "dictionary",
        "trap_exit",
        "priority",
        "group_leader",
        "reductions",
        "memory",
        "registered_name",
        "parent",
        "label",
        "stack_size",
        "total_heap_size",
        "heap_size",
    };
    cop_pid p = puppet_start();
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        check_info(p, items[i]);
        check_info(cop_self(), items[i]);
    }
    CHECK_TERM(check_info(p, "priority"), ":normal");
    CHECK_SAME(check_info(p, "parent"), cop_self());
    cop_term parent = check_info(cop_self(), "parent");
    CHECK_TERM(check_info(cop_to_pid(parent), "parent"), ":undefined"); /* started by a thread */
    return cop_end();
}

static cop_term ask_far(void *arg)
{
    return cop_process_info(*(cop_pid *)arg, COP(":status"));
}

/* PRC-02 */
PROCESS_TEST(processes_of_other_nodes_have_no_info)
{
    cop_pid far = cop_self();
    far.node = 1;
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", ask_far, &far);
    far = check_dead_pid();
    far.node = 1;
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", ask_far, &far);
    return cop_end();
}

/* PRC-04 */
PROCESS_TEST(status)
{
    cop_pid p = puppet_start();
    puppet_sync(p);
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    while (!cop_identical(check_info(p, "status"), COP(":waiting"))) {
        CHECK(cop_monotonic_ms() < limit);
        cop_yield();
    }
    CHECK_TERM(check_info(cop_self(), "status"), ":running");
    return cop_end();
}

/* PRC-05 */
PROCESS_TEST(registered_name)
{
    CHECK_TERM(cop_process_info(cop_self(), COP("[:registered_name]")), "[registered_name: []]");
    CHECK_TERM(check_info(cop_self(), "registered_name"), "[]");
    cop_register(COP(":prc_05"), cop_self());
    CHECK_TERM(cop_process_info(cop_self(), COP(":registered_name")),
               "{:registered_name, :prc_05}");
    return cop_end();
}

/* PRC-06: those that a selective receive passed over count; oldest first. */
PROCESS_TEST(messages)
{
    cop_pid p = puppet_start();
    const char *sent[] = {":a", "{:b, \"text\"}", "[3]"};
    for (int i = 0; i < 3; i++)
        cop_send(p, check_parse(sent[i]));
    puppet_sync(p); /* its receive has passed over them */
    CHECK_TERM(cop_process_info(p, COP("[:message_queue_len, :messages]")),
               "[message_queue_len: 3, messages: [:a, {:b, \"text\"}, [3]]]");
    CHECK_TERM(puppet_mailbox(p), "[:a, {:b, \"text\"}, [3]]");
    CHECK_TERM(check_info(p, "messages"), "[]");
    cop_send(cop_self(), COP(":own"));
    CHECK_TERM(cop_process_info(cop_self(), COP("[:message_queue_len, :messages]")),
               "[message_queue_len: 1, messages: [:own]]");
    return cop_end();
}

static cop_term put_something(cop_term arg)
{
    cop_put(COP(":k"), arg);
    return cop_ok();
}

/* PRC-03: the dictionary of another, asked by signal. */
PROCESS_TEST(dictionary_of_another)
{
    cop_pid p = puppet_start();
    puppet_call(p, put_something, COP("{:v, \"text\"}"));
    CHECK_TERM(check_info(p, "dictionary"), "[k: {:v, \"text\"}]");
    puppet_trap(p, true);
    CHECK_TERM(check_info(p, "trap_exit"), "true");
    return cop_end();
}

static cop_term keep_much(cop_term arg)
{
    (void)arg;
    void *block = cop_alloc(1 << 20);
    CHECK(block != NULL);
    return cop_ok();
}

/* Of one that waits: what a turn takes is booked when it ends. */
static int64_t memory_of(cop_pid p)
{
    while (!cop_identical(check_info(p, "status"), COP(":waiting")))
        cop_yield();
    return cop_to_int(check_info(p, "memory"));
}

/* PRC-07 */
PROCESS_TEST(memory)
{
    cop_pid p = puppet_start();
    puppet_sync(p);
    int64_t before = memory_of(p);
    CHECK(before > 0);
    puppet_call(p, keep_much, cop_nil());
    CHECK(memory_of(p) - before >= 1 << 20);
    return cop_end();
}

/* PRC-13: three numbers, the first 0 for local ones; the pid of the dead stays dead and is not
 * given to another soon. */
PROCESS_TEST(pids)
{
    enum { COUNT = 2000 };
    cop_bytes text = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));
    char copy[64] = "";
    int n = 0, m = 0, end = 0;
    CHECK(text.len < sizeof(copy));
    memcpy(copy, text.data, text.len);
    CHECK(sscanf(copy, "#PID<0.%d.%d>%n", &n, &m, &end) == 2 && end == (int)text.len);
    cop_term pids = cop_map_new();
    cop_pid first = check_dead_pid();
    for (int i = 0; i < COUNT; i++)
        pids = cop_map_put(pids, check_dead_pid(), i);
    CHECK_INT(cop_map_size(pids), COUNT);
    CHECK(!cop_map_has(pids, first));
    CHECK(!cop_is_alive(first));
    return cop_end();
}

/* PRC-15 */
PROCESS_TEST(processes)
{
    cop_pid p = puppet_start(), dead = check_dead_pid();
    check_gone(dead);
    cop_term all = cop_processes();
    CHECK(check_list_has(all, cop_pid_term(p)));
    CHECK(check_list_has(all, cop_pid_term(cop_self())));
    CHECK(!check_list_has(all, cop_pid_term(dead)));
    return cop_end();
}

/* PRC-17 */
PROCESS_TEST(reductions_only_grow)
{
    cop_pid p = puppet_start();
    int64_t before = cop_to_int(check_info(p, "reductions"));
    for (int i = 0; i < 200; i++)
        puppet_sync(p);
    int64_t after = cop_to_int(check_info(p, "reductions"));
    CHECK(after > before);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alive),
        cmocka_unit_test(seems_alive),
        cmocka_unit_test(forms_of_questions),
        cmocka_unit_test(items),
        cmocka_unit_test(processes_of_other_nodes_have_no_info),
        cmocka_unit_test(status),
        cmocka_unit_test(registered_name),
        cmocka_unit_test(messages),
        cmocka_unit_test(dictionary_of_another),
        cmocka_unit_test(memory),
        cmocka_unit_test(pids),
        cmocka_unit_test(processes),
        cmocka_unit_test(reductions_only_grow),
    };
    return cmocka_run_group_tests_name("process_info", tests, check_start_node, check_stop_node);
}
