/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose answers are taken later, and calls to several nodes. */
#include "support/process_test.h"

#include "gen_probe.h"

#define OTHER_NODE "{Request.Probe, :other@host}"

static void assert_mailbox_empty(void)
{
    cop_assert_equal(COP("{:messages, []}"), cop_process_info(cop_self(), COP(":messages")));
    cop_assert_equal(COP("{:monitors, []}"), cop_process_info(cop_self(), COP(":monitors")));
}

static cop_term probe(void)
{
    return cop_pid_term(probe_start(cop_empty_list()));
}

/* GEN-51 */
PROCESS_TEST(responses_to_one)
{
    cop_term s = probe();
    cop_ref a = cop_gen_server_send_request(s, COP("{:reply, 1}"));
    cop_ref b = cop_gen_server_send_request(s, COP(":ping"));

    cop_assert_equal(COP("{:reply, :pong}"), cop_gen_server_receive_response(b, 5000));
    cop_assert_equal(COP("{:reply, 1}"), cop_gen_server_wait_response(a, 5000));
    assert_mailbox_empty();
    cop_assert_equal(COP(":timeout"), cop_gen_server_wait_response(a, 0));
}

/* GEN-51: wait keeps the request, receive gives it up */
PROCESS_TEST(response_after_its_time)
{
    cop_term s = probe();
    cop_ref a = cop_gen_server_send_request(s, COP(":wait"));

    cop_assert_equal(COP(":timeout"), cop_gen_server_wait_response(a, 1));
    cop_assert_equal(COP(":timeout"), cop_gen_server_wait_response(a, 0));
    cop_gen_server_cast(s, COP("{:later, 1}"));
    cop_assert_equal(COP("{:reply, 1}"), cop_gen_server_wait_response(a, 5000));
    a = cop_gen_server_send_request(s, COP(":wait"));
    cop_assert_equal(COP(":timeout"), cop_gen_server_receive_response(a, 1));
    cop_gen_server_cast(s, COP("{:later, 2}"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(s, COP(":ping"), 5000));
    assert_mailbox_empty();
    /* one that is there already counts */
    a = cop_gen_server_send_request(s, COP(":ping"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(s, COP(":ping"), 5000));
    cop_assert_equal(COP("{:reply, :pong}"), cop_gen_server_receive_response(a, 0));
    assert_mailbox_empty();
}

static cop_term response_to(cop_term server, cop_term request)
{
    return cop_gen_server_receive_response(cop_gen_server_send_request(server, request), 5000);
}

/* GEN-51 */
PROCESS_TEST(errors)
{
    cop_term s = probe();

    cop_assert_equal(cop_build("{:error, {{:shutdown, 1}, s}}", s),
                     response_to(s, COP("{:stop, {:shutdown, 1}}")));
    cop_assert_receive("{:terminate, _}");
    cop_assert_equal(cop_build("{:error, {:noproc, s}}", s), response_to(s, COP(":ping")));
    cop_assert_equal(COP("{:error, {:noproc, Request.Nobody}}"),
                     response_to(COP("Request.Nobody"), COP(":ping")));
    cop_assert_equal(COP("{:error, {:noconnection, {Request.Probe, :other@host}}}"),
                     response_to(COP(OTHER_NODE), COP(":ping")));
    assert_mailbox_empty();
}

/* GEN-51: messages that the caller takes itself */
PROCESS_TEST(checks)
{
    cop_term s = probe(), msg;
    cop_ref a = cop_gen_server_send_request(s, COP(":ping")), b;

    cop_assert(cop_receive(&msg, 5000));
    b = cop_gen_server_send_request(s, COP("{:stop, :normal}"));
    cop_assert_equal(COP(":no_reply"), cop_gen_server_check_response(COP(":x"), a));
    cop_assert_equal(COP(":no_reply"), cop_gen_server_check_response(msg, b));
    cop_assert_equal(COP("{:reply, :pong}"), cop_gen_server_check_response(msg, a));
    cop_assert_receive_within(5000, "{:terminate, :normal}");
    cop_assert(cop_receive(&msg, 5000));
    cop_assert_equal(COP(":no_reply"), cop_gen_server_check_response(msg, a));
    cop_assert_equal(cop_build("{:error, {:normal, s}}", s), cop_gen_server_check_response(msg, b));
    assert_mailbox_empty();
}

/* --- Collections ------------------------------------------------------------------------------ */

static cop_term add(cop_term requests, cop_term server, cop_term request, cop_term label)
{
    return cop_gen_server_add_request(requests, cop_gen_server_send_request(server, request),
                                      label);
}

struct addition {
    cop_term requests;
    cop_ref id;
};

static cop_term add_again(void *arg)
{
    const struct addition *a = arg;

    return cop_gen_server_add_request(a->requests, a->id, cop_nil());
}

static cop_term receive_of(void *requests)
{
    return cop_gen_server_receive_responses(*(cop_term *)requests, 0, true);
}

/* GEN-51: responses with their labels, in the order of arrival */
PROCESS_TEST(collection)
{
    cop_term s = probe(), all, left, same;

    all = add(cop_map_new(), COP("Request.Nobody"), COP(":x"), COP(":c"));
    all = add(all, s, COP("{:reply, 1}"), COP(":a"));
    all = add(all, s, COP("{:reply, 2}"), COP(":b"));
    cop_assert_equal(3, cop_map_size(all));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(s, COP(":ping"), 5000));
    /* the failure was there first */
    cop_assert_match(cop_gen_server_receive_responses(all, 5000, true),
                     "{{:error, {:noproc, Request.Nobody}}, :c, left}", left);
    cop_assert_equal(2, cop_map_size(left));
    cop_assert_match(cop_gen_server_wait_responses(left, 5000, false), "{{:reply, 1}, :a, same}",
                     same);
    cop_assert_equal(left, same);
    cop_assert_match(cop_gen_server_wait_responses(left, 5000, true), "{{:reply, 2}, :b, left}",
                     left);
    cop_assert_equal(1, cop_map_size(left));
    cop_assert_equal(COP(":timeout"), cop_gen_server_wait_responses(left, 0, true));
    assert_mailbox_empty();
}

/* GEN-51 */
PROCESS_TEST(misuse_of_collections)
{
    cop_term number = cop_int(1), empty = cop_map_new();
    struct addition a = {.requests = empty, .id = cop_make_ref()};

    cop_assert_equal(COP(":no_request"), cop_gen_server_receive_responses(empty, 0, true));
    cop_assert_equal(COP(":no_request"), cop_gen_server_wait_responses(empty, 0, true));
    cop_assert_equal(COP(":no_request"), cop_gen_server_check_responses(COP(":x"), empty, true));
    a.requests = cop_gen_server_add_request(empty, a.id, COP(":label"));
    cop_assert_match(cop_assert_raises(add_again, &a), "%{__struct__: ArgumentError}");
    cop_assert_match(cop_assert_raises(receive_of, &number), "%{__struct__: ArgumentError}");
}

/* GEN-51: when the time is over all are given up; those of wait are not */
PROCESS_TEST(collection_after_its_time)
{
    cop_term s = probe(), all = add(cop_map_new(), s, COP(":wait"), COP(":a")), left;

    cop_assert_equal(COP(":timeout"), cop_gen_server_wait_responses(all, 1, true));
    cop_gen_server_cast(s, COP("{:later, 1}"));
    cop_assert_match(cop_gen_server_wait_responses(all, 5000, true), "{{:reply, 1}, :a, left}",
                     left);
    cop_assert_equal(0, cop_map_size(left));
    all = add(cop_map_new(), s, COP(":wait"), COP(":a"));
    cop_assert_equal(COP(":timeout"), cop_gen_server_receive_responses(all, 1, true));
    cop_gen_server_cast(s, COP("{:later, 2}"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(s, COP(":ping"), 5000));
    assert_mailbox_empty();
}

/* GEN-51 */
PROCESS_TEST(checks_of_a_collection)
{
    cop_term s = probe(), all = add(cop_map_new(), s, COP(":ping"), COP(":a")), msg, left;

    cop_assert(cop_receive(&msg, 5000));
    cop_assert_equal(COP(":no_reply"), cop_gen_server_check_responses(COP(":x"), all, true));
    cop_assert_match(cop_gen_server_check_responses(msg, all, true), "{{:reply, :pong}, :a, left}",
                     left);
    cop_assert_equal(0, cop_map_size(left));
    left = cop_gen_server_add_request(left, cop_make_ref(), COP(":b"));
    cop_assert_equal(COP(":no_reply"), cop_gen_server_check_responses(msg, left, true));
    assert_mailbox_empty();
}

/* --- Several nodes ---------------------------------------------------------------------------- */

static cop_term named(cop_term name)
{
    cop_term pid;

    cop_expect(cop_gen_server_start(&probe_module, probe_opts(cop_empty_list()),
                                    cop_list(cop_tuple(COP(":name"), name))),
               "{:ok, pid}", pid);
    cop_assert_receive("{:init, _}");
    return pid;
}

/* GEN-50 */
PROCESS_TEST(casts_to_nodes)
{
    cop_term pid = named(COP("Request.Cast"));

    cop_assert_equal(COP(":abcast"), cop_gen_server_abcast(COP("[:other@host, :nonode@nohost]"),
                                                           COP("Request.Cast"), COP(":hello")));
    cop_assert_receive("{:cast, :hello}");
    cop_assert_equal(COP(":abcast"), cop_gen_server_abcast(COP("[:nonode@nohost]"),
                                                           COP("Request.Nobody"), COP(":hello")));
    cop_refute_receive("{:cast, :hello}");
    cop_gen_server_stop(pid, COP(":normal"), COP_INFINITY);
}

static cop_term multi_call(cop_term nodes, cop_term request, int64_t timeout_ms)
{
    return cop_gen_server_multi_call(nodes, COP("Request.Multi"), request, timeout_ms);
}

/* GEN-50: replies, and the nodes without the server, without a connection, without an answer in
 * time; late replies are dropped */
PROCESS_TEST(calls_to_nodes)
{
    cop_term here = COP("[:nonode@nohost]"), both = COP("[:other@host, :nonode@nohost]"), pid;

    cop_assert_equal(COP("{[], [:nonode@nohost]}"), multi_call(here, COP(":ping"), COP_INFINITY));
    pid = named(COP("Request.Multi"));
    cop_assert_equal(COP("{[{:nonode@nohost, :pong}], []}"),
                     multi_call(here, COP(":ping"), COP_INFINITY));
    cop_assert_equal(COP("{[{:nonode@nohost, :pong}], [:other@host]}"),
                     multi_call(both, COP(":ping"), 5000));
    cop_assert_equal(
        COP("{[{:nonode@nohost, :pong}], [:z@host, :a@host, :m@host]}"),
        multi_call(COP("[:z@host, :nonode@nohost, :a@host, :m@host]"), COP(":ping"), 5000));
    cop_assert_equal(COP("{[], []}"), multi_call(cop_empty_list(), COP(":ping"), 5000));
    cop_assert_equal(COP("{[], [:nonode@nohost]}"), multi_call(here, COP(":wait"), 1));
    cop_gen_server_cast(pid, COP("{:later, 1}"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    assert_mailbox_empty();
    cop_assert_equal(COP("{[], [:nonode@nohost]}"),
                     multi_call(here, COP("{:stop, :normal}"), COP_INFINITY));
}

/* GEN-50: the time is for all together: of two that take 20 ms one after the other, the second is
 * not waited for after 30. */
PROCESS_TEST(the_time_of_many_calls)
{
    cop_term nodes = COP("[:nonode@nohost, :nonode@nohost]"), pid = named(COP("Request.Multi"));
    int64_t from = cop_monotonic_ms();

    cop_assert_equal(COP("{[{:nonode@nohost, :slept}], [:nonode@nohost]}"),
                     multi_call(nodes, COP("{:sleep, 20}"), 30));
    cop_assert_equal(30, cop_monotonic_ms() - from);
    cop_gen_server_stop(pid, COP(":normal"), COP_INFINITY);
}

/* Virtual time. */
static int seeded_up(void **state)
{
    (void)state;
    return cop_node_start(&(struct cop_node_opts){.seed = 11, .no_signals = true});
}

int main(void)
{
    const struct CMUnitTest timed[] = {cmocka_unit_test(the_time_of_many_calls)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_to_one),
        cmocka_unit_test(response_after_its_time),
        cmocka_unit_test(errors),
        cmocka_unit_test(checks),
        cmocka_unit_test(collection),
        cmocka_unit_test(misuse_of_collections),
        cmocka_unit_test(collection_after_its_time),
        cmocka_unit_test(checks_of_a_collection),
        cmocka_unit_test(casts_to_nodes),
        cmocka_unit_test(calls_to_nodes),
    };

    return cmocka_run_group_tests(tests, node_up, node_down) +
           cmocka_run_group_tests(timed, seeded_up, node_down);
}
