/* SPDX-License-Identifier: Apache-2.0 */
/* UDP sockets: both ways of receiving, owners, errors. */
#include "support/check_process.h"

#include "coppice/port.h"
#include "coppice/tcp.h"
#include "coppice/udp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Help ------------------------------------------------------------------------------------- */

#define HERE "{127, 0, 0, 1}"

static cop_term open_socket(const char *options)
{
    cop_term socket = cop_nil();
    cop_term list = cop_cons(COP("{:ip, " HERE "}"), check_parse(options));
    cop_expect(cop_udp_open(0, list), "{:ok, socket}", socket);
    return socket;
}

static int port_of(cop_term socket)
{
    int port = 0;
    cop_expect(cop_udp_sockname(socket), "{:ok, {" HERE ", port}}", port);
    CHECK(port > 0);
    return port;
}

static void send_text(cop_term from, cop_term to, const char *text)
{
    CHECK_TERM(cop_udp_send(from, COP(HERE), port_of(to), cop_string(text)), ":ok");
}

static cop_term recv_next(cop_term socket)
{
    return cop_udp_recv(socket, CHECK_LIMIT_MS);
}

/* {:udp, socket, ip, port, text} */
static cop_term message_of(cop_term to, cop_term from, const char *text)
{
    return cop_tuple(COP(":udp"), to, COP(HERE), port_of(from), cop_string(text));
}

static void close_socket(cop_term socket)
{
    CHECK_TERM(cop_udp_close(socket), ":ok");
}

/* --- Passive ---------------------------------------------------------------------------------- */

PROCESS_TEST(datagrams_are_received_one_by_one)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[]");
    send_text(a, b, "one");
    send_text(a, b, "");
    CHECK_TERM(cop_udp_send(a, cop_string("127.0.0.1"), port_of(b), COP("[\"t\", [119 | \"o\"]]")),
               ":ok");
    CHECK_TERM(cop_udp_send(a, cop_string("localhost"), port_of(b), cop_string("three")), ":ok");
    static const char *const texts[] = {"one", "", "two", "three"};
    for (int i = 0; i < 4; i++)
        CHECK_SAME(recv_next(b),
                   cop_tuple(cop_ok(), cop_tuple(COP(HERE), port_of(a), cop_string(texts[i]))));
    CHECK_TERM(cop_udp_recv(b, 0), "{:error, :timeout}");
    CHECK_TERM(cop_udp_recv(b, 10), "{:error, :timeout}");
    check_no_message();
    close_socket(a);
    close_socket(b);
    return cop_end();
}

static cop_term send_from_puppet(cop_term port)
{
    cop_term s = open_socket("[]");
    return cop_udp_send(s, COP(HERE), (int)cop_to_int(port), cop_string("late"));
}

PROCESS_TEST(a_receiver_waits)
{
    cop_term s = open_socket("[]");
    puppet_cast(puppet_start(), send_from_puppet, cop_int(port_of(s)));
    CHECK(cop_match(recv_next(s), "{:ok, {_, _, \"late\"}}"));
    close_socket(s);
    return cop_end();
}

PROCESS_TEST(sizes)
{
    enum { MOST = 65507 };
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[recbuf: 1000000]");
    char *bytes = cop_alloc(MOST + 1);
    cop_bytes data = {NULL, 0};
    for (int i = 0; i < MOST; i++)
        bytes[i] = (char)(i * 31);
    cop_term largest = cop_binary(bytes, MOST);
    CHECK_TERM(cop_udp_send(a, COP(HERE), port_of(b), largest), ":ok");
    cop_expect(recv_next(b), "{:ok, {_, _, data}}", data);
    CHECK(data.len == MOST && memcmp(data.data, bytes, MOST) == 0);
    CHECK_TERM(cop_udp_send(a, COP(HERE), port_of(b), cop_binary(bytes, MOST + 1)),
               "{:error, :emsgsize}");
    CHECK_TERM(cop_udp_set_options(b, COP("[active: :once]")), ":ok");
    CHECK_TERM(cop_udp_send(a, COP(HERE), port_of(b), largest), ":ok");
    cop_expect(check_next(), "{:udp, _, _, _, data}", data);
    CHECK(data.len == MOST && memcmp(data.data, bytes, MOST) == 0);
    close_socket(a);
    close_socket(b);
    return cop_end();
}

/* --- Active ----------------------------------------------------------------------------------- */

PROCESS_TEST(an_active_owner_gets_messages)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[active: true]");
    send_text(a, b, "one");
    send_text(a, b, "two");
    CHECK_SAME(check_next(), message_of(b, a, "one"));
    CHECK_SAME(check_next(), message_of(b, a, "two"));
    CHECK_TERM(cop_udp_recv(b, 0), "{:error, :einval}");
    CHECK_TERM(cop_udp_set_options(b, COP("[active: false]")), ":ok");
    send_text(a, b, "three");
    check_no_message();
    CHECK(cop_match(recv_next(b), "{:ok, {_, _, \"three\"}}"));
    close_socket(a);
    close_socket(b);
    return cop_end();
}

PROCESS_TEST(active_once_and_n)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[active: :once]");
    for (char text[] = "1"; text[0] <= '6'; text[0]++)
        send_text(a, b, text);
    CHECK_SAME(check_next(), message_of(b, a, "1"));
    check_no_message();
    CHECK_TERM(cop_udp_set_options(b, COP("[active: 2]")), ":ok");
    CHECK_SAME(check_next(), message_of(b, a, "2"));
    CHECK_SAME(check_next(), message_of(b, a, "3"));
    CHECK_SAME(check_next(), cop_tuple(COP(":udp_passive"), b));
    check_no_message();
    CHECK(cop_match(recv_next(b), "{:ok, {_, _, \"4\"}}"));
    CHECK_TERM(cop_udp_set_options(b, COP("[active: :once]")), ":ok");
    CHECK_SAME(check_next(), message_of(b, a, "5"));
    check_no_message();
    CHECK(cop_match(recv_next(b), "{:ok, {_, _, \"6\"}}"));
    /* numbers add up; and one that takes all away says so */
    CHECK_TERM(cop_udp_set_options(b, COP("[active: 1]")), ":ok");
    CHECK_TERM(cop_udp_set_options(b, COP("[active: 1]")), ":ok");
    send_text(a, b, "7");
    send_text(a, b, "8");
    CHECK_SAME(check_next(), message_of(b, a, "7"));
    CHECK_SAME(check_next(), message_of(b, a, "8"));
    CHECK_SAME(check_next(), cop_tuple(COP(":udp_passive"), b));
    CHECK_TERM(cop_udp_set_options(b, COP("[active: 3]")), ":ok");
    CHECK_TERM(cop_udp_set_options(b, COP("[active: -3]")), ":ok");
    CHECK_SAME(check_next(), cop_tuple(COP(":udp_passive"), b));
    check_no_message();
    close_socket(a);
    close_socket(b);
    return cop_end();
}

/* More of them in one event than are read in a row: none is forgotten. */
PROCESS_TEST(many_at_once)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[recbuf: 1000000]");
    for (int i = 0; i < 100; i++)
        CHECK_TERM(cop_udp_send(a, COP(HERE), port_of(b), cop_format("%d", i)), ":ok");
    CHECK_TERM(cop_udp_set_options(b, COP("[active: true]")), ":ok");
    for (int i = 0; i < 100; i++) {
        cop_bytes data = {NULL, 0};
        cop_expect(check_next(), "{:udp, _, _, _, data}", data);
        CHECK_INT(strtol(data.data, NULL, 10), i);
    }
    close_socket(a);
    close_socket(b);
    return cop_end();
}

/* --- What tools see --------------------------------------------------------------------------- */

PROCESS_TEST(ports_are_shown)
{
    cop_term a = open_socket("[active: 3]");
    cop_term shown = cop_nil();
    send_text(a, a, "seven..");
    CHECK(cop_match(check_next(), "{:udp, _, _, _, _}"));
    for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_identical(cop_map_get(cop_head(l), COP(":port"), cop_nil()), a))
            shown = cop_head(l);
    cop_pid self = cop_self();
    int port = port_of(a);
    CHECK(cop_match(shown,
                    "%{kind: :udp, state: :open, owner: ^self, input: 7, output: 7, active: 2, "
                    "local: {\"127.0.0.1\", ^port}, remote: nil}",
                    self, port));
    close_socket(a);
    return cop_end();
}

/* --- Connected -------------------------------------------------------------------------------- */

PROCESS_TEST(a_connected_socket_has_one_peer)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[]");
    cop_term other = open_socket("[]");
    CHECK_TERM(cop_udp_peername(a), "{:error, :enotconn}");
    CHECK_TERM(cop_udp_send(a, cop_nil(), 0, cop_string("x")), "{:error, :edestaddrreq}");
    CHECK_TERM(cop_udp_connect(a, COP(":loopback"), port_of(b)), ":ok");
    CHECK_SAME(cop_udp_peername(a), cop_tuple(cop_ok(), cop_tuple(COP(HERE), port_of(b))));
    CHECK_TERM(cop_udp_send(a, cop_nil(), 0, cop_string("x")), ":ok");
    CHECK(cop_match(recv_next(b), "{:ok, {_, _, \"x\"}}"));
    send_text(other, a, "not of the peer");
    send_text(b, a, "y");
    CHECK(cop_match(recv_next(a), "{:ok, {_, _, \"y\"}}"));
    close_socket(a);
    close_socket(b);
    close_socket(other);
    return cop_end();
}

PROCESS_TEST(where_nobody_listens)
{
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[]");
    CHECK_TERM(cop_udp_connect(a, COP(HERE), port_of(b)), ":ok");
    close_socket(b);
    while (cop_match(cop_udp_send(a, cop_nil(), 0, cop_string("x")), ":ok"))
        cop_yield(); /* the port is closed soon; then one is answered, the next one told */
    CHECK_TERM(cop_udp_set_options(a, COP("[active: true]")), ":ok");
    (void)cop_udp_send(a, cop_nil(), 0, cop_string("x"));
    CHECK_SAME(check_next(), cop_tuple(COP(":udp_error"), a, COP(":econnrefused")));
    CHECK_TERM(cop_udp_set_options(a, COP("[active: false]")), ":ok");
    (void)cop_udp_send(a, cop_nil(), 0, cop_string("x"));
    CHECK_TERM(recv_next(a), "{:error, :econnrefused}");
    close_socket(a);
    return cop_end();
}

/* --- Owners and errors ------------------------------------------------------------------------ */

PROCESS_TEST(what_is_closed_is_closed)
{
    cop_term a = open_socket("[]");
    int port = port_of(a);
    CHECK(cop_match(cop_udp_open(port, COP("[ip: " HERE "]")), "{:error, :eaddrinuse}"));
    close_socket(a);
    close_socket(a);
    CHECK_TERM(cop_udp_send(a, COP(HERE), port, cop_string("x")), "{:error, :closed}");
    CHECK_TERM(cop_udp_recv(a, 0), "{:error, :closed}");
    CHECK_TERM(cop_udp_sockname(a), "{:error, :closed}");
    CHECK_TERM(cop_udp_set_options(a, COP("[active: true]")), "{:error, :closed}");
    return cop_end();
}

static cop_term open_in_puppet(cop_term options)
{
    cop_term socket = cop_nil();
    cop_expect(cop_udp_open(0, options), "{:ok, socket}", socket);
    return socket;
}

PROCESS_TEST(a_socket_ends_with_its_owner)
{
    cop_pid owner = puppet_start();
    cop_term s = puppet_call(owner, open_in_puppet, COP("[ip: " HERE "]"));
    int port = port_of(s);
    CHECK_TERM(cop_udp_controlling_process(s, cop_self()), "{:error, :not_owner}");
    CHECK_TERM(cop_udp_send(s, COP(HERE), port, cop_string("to itself")), ":ok");
    CHECK(cop_match(recv_next(s), "{:ok, {_, _, \"to itself\"}}")); /* anybody may */
    cop_ref ref = cop_monitor(owner);
    cop_exit_process(owner, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    CHECK_TERM(cop_udp_sockname(s), "{:error, :closed}");
    cop_term again;
    while (!cop_match(cop_udp_open(port, COP("[ip: " HERE "]")), "{:ok, again}", again))
        cop_yield(); /* the loop closes it, soon */
    close_socket(again);
    return cop_end();
}

static cop_term next_message(cop_term arg)
{
    (void)arg;
    return check_next();
}

/* Also what the old owner had already, in order. */
PROCESS_TEST(a_new_owner_gets_all)
{
    cop_pid owner = puppet_start();
    cop_term a = open_socket("[]");
    cop_term b = open_socket("[active: 2]");
    send_text(a, b, "one");
    while (cop_match(cop_messages(1), "[]"))
        cop_yield();
    CHECK_TERM(cop_udp_controlling_process(b, owner), ":ok");
    send_text(a, b, "two");
    CHECK_TERM(cop_udp_controlling_process(b, cop_self()), "{:error, :not_owner}");
    CHECK_SAME(puppet_call(owner, next_message, cop_nil()), message_of(b, a, "one"));
    CHECK_SAME(puppet_call(owner, next_message, cop_nil()), message_of(b, a, "two"));
    CHECK_SAME(puppet_call(owner, next_message, cop_nil()), cop_tuple(COP(":udp_passive"), b));
    check_no_message();
    CHECK_TERM(cop_udp_controlling_process(a, check_dead_pid()), "{:error, :badarg}");
    close_socket(a);
    return cop_end();
}

static cop_term try_open(void *arg)
{
    return cop_udp_open(0, check_parse(arg));
}

static cop_term try_send(void *arg)
{
    return cop_udp_send(*(cop_term *)arg, COP(HERE), 1, COP("[:a]"));
}

static cop_term try_term(void *arg)
{
    (void)arg;
    return cop_udp_recv(COP(":socket"), 0);
}

PROCESS_TEST(misuse_is_badarg)
{
    static const char *const wrong[] = {"[no: 1]", "[:list]", "[active: 70000]", "[recbuf: 0]",
                                        "[ip: {1, 2, 3}]", "[ip: {256, 1, 1, 1}]", "[broadcast: 1]",
                                        ":a",
                                        /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma) */
                                        "[:inet6, ip: " HERE "]"};
    char copy[64];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)snprintf(copy, sizeof(copy), "%s", wrong[i]);
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_open, copy);
    }
    cop_term s = open_socket("[]");
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_send, &s);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_term, NULL);
    CHECK_TERM(cop_udp_send(s, COP("\"no host\\0at all\""), 1, cop_string("x")),
               "{:error, :einval}");
    close_socket(s);
    return cop_end();
}

/* --- By name ---------------------------------------------------------------------------------- */

static cop_term call(const char *module, const char *function, cop_term args)
{
    return cop_apply(cop_atom(module), cop_atom(function), args);
}

PROCESS_TEST(the_module)
{
    cop_term s;
    cop_expect(call("gen_udp", "open", cop_list(0, COP("[:binary, ip: " HERE "]"))), "{:ok, s}", s);
    cop_term number = cop_int(port_of(s));
    CHECK_SAME(call("inet", "port", cop_list(s)), cop_tuple(cop_ok(), number));
    CHECK_SAME(call("inet", "sockname", cop_list(s)),
               cop_tuple(cop_ok(), cop_tuple(COP(HERE), number)));
    CHECK_TERM(call("gen_udp", "send", cop_list(s, COP(HERE), number, "a")), ":ok");
    CHECK_SAME(check_next(), message_of(s, s, "a")); /* active, as Erlang's */
    CHECK_TERM(call("inet", "setopts", cop_list(s, COP("[active: false]"))), ":ok");
    CHECK_TERM(call("gen_udp", "send", cop_list(s, cop_tuple(COP(HERE), number), "b")), ":ok");
    CHECK(cop_match(call("gen_udp", "recv", cop_list(s, 0)), "{:ok, {" HERE ", _, \"b\"}}"));
    CHECK_TERM(call("gen_udp", "recv", cop_list(s, 0, 1)), "{:error, :timeout}");
    CHECK_TERM(call("gen_udp", "connect", cop_list(s, COP(HERE), number)), ":ok");
    CHECK_SAME(call("inet", "peername", cop_list(s)),
               cop_tuple(cop_ok(), cop_tuple(COP(HERE), number)));
    CHECK_TERM(call("gen_udp", "send", cop_list(s, "c")), ":ok");
    CHECK(cop_match(call("gen_udp", "recv", cop_list(s, 0, COP(":infinity"))),
                    "{:ok, {_, _, \"c\"}}"));
    CHECK_TERM(call("gen_udp", "close", cop_list(s)), ":ok");
    CHECK_TERM(call("inet", "sockname", cop_list(s)), "{:error, :closed}");
    /* those of :inet are for TCP, too */
    cop_expect(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:ok, s}", s);
    CHECK(cop_match(call("inet", "sockname", cop_list(s)), "{:ok, {" HERE ", _}}"));
    CHECK_TERM(cop_tcp_close(s), ":ok");
    return cop_end();
}

PROCESS_TEST(ipv6)
{
    cop_term s, answer = cop_udp_open(0, COP("[:inet6, ip: \"::1\"]"));
    if (cop_match(answer, "{:error, :eaddrnotavail}")) return cop_end(); /* of this machine */
    int port = 0;
    cop_expect(answer, "{:ok, s}", s);
    cop_expect(cop_udp_sockname(s), "{:ok, {{0, 0, 0, 0, 0, 0, 0, 1}, port}}", port);
    CHECK_TERM(cop_udp_send(s, COP(":loopback"), port, cop_string("six")), ":ok");
    CHECK(cop_match(recv_next(s), "{:ok, {{0, 0, 0, 0, 0, 0, 0, 1}, ^port, \"six\"}}", port));
    close_socket(s);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_received_one_by_one),
        cmocka_unit_test(a_receiver_waits),
        cmocka_unit_test(sizes),
        cmocka_unit_test(an_active_owner_gets_messages),
        cmocka_unit_test(active_once_and_n),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(ports_are_shown),
        cmocka_unit_test(a_connected_socket_has_one_peer),
        cmocka_unit_test(where_nobody_listens),
        cmocka_unit_test(what_is_closed_is_closed),
        cmocka_unit_test(a_socket_ends_with_its_owner),
        cmocka_unit_test(a_new_owner_gets_all),
        cmocka_unit_test(misuse_is_badarg),
        cmocka_unit_test(the_module),
        cmocka_unit_test(ipv6),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
