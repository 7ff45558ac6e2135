/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: receiving in all modes, sending, both directions' ends, options, owners. */
#include "tcp_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- Passive ---------------------------------------------------------------------------------- */

PROCESS_TEST(recv_takes_what_there_is_or_so_many_bytes)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 0), "{:error, :timeout}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 20), "{:error, :timeout}");
    tcp_say(p.client, "hello");
    CHECK_TERM(cop_tcp_recv(p.server, 3, 5000), "{:ok, \"hel\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 3, 20), "{:error, :timeout}"); /* nothing is lost */
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"lo\"}");
    tcp_say(p.client, "a");
    tcp_say(p.client, "b");
    CHECK_TERM(cop_tcp_recv(p.server, 2, 5000), "{:ok, \"ab\"}");
    check_no_message();
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(lines)
{
    struct tcp_pair p = tcp_pair("[packet: :line]");
    tcp_say(p.client, "one\r\ntwo\n\n\r\nha");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"one\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 7, 5000), "{:ok, \"two\"}"); /* whatever len */
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 20), "{:error, :timeout}");
    tcp_say(p.client, "lf\r");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 20), "{:error, :timeout}");
    tcp_say(p.client, "\nx\ry\nlast");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"half\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"x\\ry\"}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[packet: :raw]")));
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"last\"}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[packet: :line, chomp: false]")));
    tcp_say(p.client, "a\r\nb\nhalf");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"a\\r\\n\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"b\\n\"}");
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}"); /* half a line is none */
    CHECK_OK(cop_tcp_close(p.server));
    return cop_end();
}

/* CNR-24 */
PROCESS_TEST(lines_have_a_limit)
{
    struct tcp_pair p = tcp_pair("[packet: :line, line_max: 5]");
    tcp_say(p.client, "12345\r\n12345\n123456\n1\n");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"12345\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"12345\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :emsgsize}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    tcp_say(p.server, "too long"); /* the other direction is as it was */
    CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:ok, \"too long\"}");
    tcp_pair_close(p);
    p = tcp_pair("[packet: :line, line_max: 5]");
    tcp_say(p.client, "12345\r"); /* may still be a line */
    CHECK_TERM(cop_tcp_recv(p.server, 0, 20), "{:error, :timeout}");
    tcp_say(p.client, "x"); /* no more */
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :emsgsize}");
    tcp_pair_close(p);
    p = tcp_pair("[packet: :line, line_max: 5, active: true]");
    tcp_say(p.client, "12345\n123456");
    CHECK_SAME(check_next(), tcp_data(p.server, "12345"));
    CHECK_SAME(check_next(), cop_tuple(COP(":tcp_error"), p.server, COP(":emsgsize")));
    CHECK_SAME(check_next(), tcp_message(":tcp_closed", p.server));
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(data_before_the_end_is_received)
{
    struct tcp_pair p = tcp_pair("[]");
    tcp_say(p.client, "bye");
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_TERM(cop_tcp_recv(p.server, 4, 5000), "{:error, :closed}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"bye\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(p.server));
    CHECK_OK(cop_tcp_close(p.server));
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    CHECK_TERM(cop_tcp_send(p.server, COP("\"x\"")), "{:error, :closed}");
    return cop_end();
}

/* --- Active ----------------------------------------------------------------------------------- */

PROCESS_TEST(active)
{
    struct tcp_pair p = tcp_pair("[active: true]");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 0), "{:error, :einval}");
    tcp_say(p.client, "one");
    CHECK_SAME(check_next(), tcp_data(p.server, "one"));
    tcp_say(p.client, "two");
    CHECK_SAME(check_next(), tcp_data(p.server, "two"));
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_SAME(check_next(), tcp_message(":tcp_closed", p.server));
    CHECK_OK(cop_tcp_close(p.server));
    check_no_message();
    return cop_end();
}

PROCESS_TEST(active_once)
{
    struct tcp_pair p = tcp_pair("[packet: :line]");
    tcp_say(p.client, "one\ntwo\n");
    check_no_message();
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: :once]")));
    CHECK_SAME(check_next(), tcp_data(p.server, "one"));
    check_no_message();
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:active]")), "{:ok, [active: false]}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"two\"}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: :once]")));
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:active]")), "{:ok, [active: :once]}");
    check_no_message();
    tcp_say(p.client, "three\n");
    CHECK_SAME(check_next(), tcp_data(p.server, "three"));
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    check_no_message(); /* the end, too, is told when it is asked for */
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: :once]")));
    CHECK_SAME(check_next(), tcp_message(":tcp_closed", p.server));
    CHECK_OK(cop_tcp_close(p.server));
    return cop_end();
}

PROCESS_TEST(active_n)
{
    struct tcp_pair p = tcp_pair("[packet: :line, active: 2]");
    tcp_say(p.client, "one\ntwo\nthree\nfour\n");
    CHECK_SAME(check_next(), tcp_data(p.server, "one"));
    CHECK_SAME(check_next(), tcp_data(p.server, "two"));
    CHECK_SAME(check_next(), tcp_message(":tcp_passive", p.server));
    check_no_message();
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: 3]")));
    CHECK_SAME(check_next(), tcp_data(p.server, "three"));
    CHECK_SAME(check_next(), tcp_data(p.server, "four"));
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:active]")), "{:ok, [active: 1]}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: 2]"))); /* is added */
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:active]")), "{:ok, [active: 3]}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: -3]")));
    CHECK_SAME(check_next(), tcp_message(":tcp_passive", p.server));
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:active]")), "{:ok, [active: false]}");
    tcp_pair_close(p);
    return cop_end();
}

/* --- Sending ---------------------------------------------------------------------------------- */

PROCESS_TEST(data_may_be_a_list)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_OK(cop_tcp_send(p.client, COP("[\"ab\", 99, [[], [\"d\", [101]], 102] | \"g\"]")));
    CHECK_TERM(cop_tcp_recv(p.server, 7, 5000), "{:ok, \"abcdefg\"}");
    CHECK_OK(cop_tcp_send(p.client, COP("[]")));
    CHECK_OK(cop_tcp_send(p.client, COP("\"\"")));
    CHECK_OK(cop_tcp_send(p.client, COP("[0, 255]")));
    CHECK_TERM(cop_tcp_recv(p.server, 2, 5000), "{:ok, <<0, 255>>}");
    tcp_pair_close(p);
    return cop_end();
}

static cop_term send_it(void *arg)
{
    const cop_term *args = arg;
    return cop_tcp_send(args[0], args[1]);
}

PROCESS_TEST(other_data_is_badarg)
{
    struct tcp_pair p = tcp_pair("[]");
    const char *bad[] = {":atom", "[256]", "[-1]", "[\"a\" | 98]", "[:a]", "{1}", "97", "[1.0]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cop_term args[] = {p.client, check_parse(bad[i])};
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", send_it, args);
    }
    cop_term no_socket[] = {cop_ref_term(cop_make_ref()), COP("\"x\"")};
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", send_it, no_socket);
    no_socket[0] = COP(":socket");
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", send_it, no_socket);
    tcp_pair_close(p);
    return cop_end();
}

static cop_term block_of(size_t size, char fill)
{
    char *bytes = malloc(size);
    memset(bytes, fill, size);
    cop_term binary = cop_binary(bytes, size);
    free(bytes);
    return binary;
}

/* So much that it fits no kernel's buffers. */
#define MUCH ((size_t)20 << 20)

static atomic_int sent;

static cop_term send_much(cop_term socket)
{
    cop_term answer = cop_tcp_send(socket, block_of(MUCH, 'x'));
    atomic_fetch_add(&sent, 1);
    return answer;
}

PROCESS_TEST(a_sender_waits_for_a_slow_reader)
{
    struct tcp_pair p = tcp_pair("[]");
    cop_pid sender = puppet_start();
    atomic_store(&sent, 0);
    puppet_cast(sender, send_much, p.client);
    size_t got = 0;
    while (got < MUCH) {
        size_t left = MUCH - got;
        cop_term data = ok_value(cop_tcp_recv(p.server, 0, 5000));
        cop_bytes bytes = cop_to_bytes(data);
        got += bytes.len;
        CHECK(bytes.len <= left && bytes.data[0] == 'x' && bytes.data[bytes.len - 1] == 'x');
        if (got < MUCH / 4) CHECK_INT(atomic_load(&sent), 0);
    }
    check_wait_for(&sent, 1);
    CHECK_TERM(cop_tcp_recv(p.server, 0, 0), "{:error, :timeout}");
    puppet_end(sender);
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(send_timeout)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_OK(cop_tcp_set_options(p.client, COP("[send_timeout: 30]")));
    CHECK_TERM(cop_tcp_send(p.client, block_of(MUCH, 'x')), "{:error, :timeout}");
    CHECK_TERM(cop_tcp_send(p.client, COP("\"y\"")), "{:error, :timeout}");
    CHECK_OK(cop_tcp_set_options(p.client, COP("[send_timeout: :infinity]")));
    size_t got = 0;
    while (got < MUCH) /* it is on its way all the same, and in order */
        got += cop_to_bytes(ok_value(cop_tcp_recv(p.server, 0, 5000))).len;
    if (got == MUCH) CHECK_TERM(cop_tcp_recv(p.server, 1, 5000), "{:ok, \"y\"}");
    CHECK_OK(cop_tcp_send(p.client, COP("\"z\"")));
    CHECK_TERM(cop_tcp_recv(p.server, 1, 5000), "{:ok, \"z\"}");
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(what_was_sent_is_delivered_after_a_close)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_OK(cop_tcp_set_options(p.client, COP("[send_timeout: 0]")));
    CHECK_TERM(cop_tcp_send(p.client, block_of(MUCH, 'x')), "{:error, :timeout}");
    tcp_say(p.server, "unread"); /* and what the one who closes has not read does no harm */
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_TERM(cop_tcp_send(p.client, COP("\"y\"")), "{:error, :closed}");
    size_t got = 0;
    cop_term answer, data;
    while (cop_match(answer = cop_tcp_recv(p.server, 0, 5000), "{:ok, data}", data))
        got += cop_to_bytes(data).len;
    CHECK_TERM(answer, "{:error, :closed}");
    CHECK_INT((int64_t)got, (int64_t)MUCH);
    CHECK_OK(cop_tcp_close(p.server));
    return cop_end();
}

/* --- Half-close ------------------------------------------------------------------------------- */

/* CNR-24 */
PROCESS_TEST(one_direction_may_end)
{
    struct tcp_pair p = tcp_pair("[]");
    tcp_say(p.client, "question");
    CHECK_OK(cop_tcp_shutdown(p.client, COP(":write")));
    CHECK_TERM(cop_tcp_send(p.client, COP("\"x\"")), "{:error, :closed}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"question\"}");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:error, :closed}");
    tcp_say(p.server, "answer");
    CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:ok, \"answer\"}");
    CHECK_OK(cop_tcp_shutdown(p.server, COP(":read_write")));
    CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:error, :closed}");
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(shutdown_waits_for_what_was_sent)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_OK(cop_tcp_set_options(p.client, COP("[send_timeout: 0]")));
    CHECK_TERM(cop_tcp_send(p.client, block_of(MUCH, 'x')), "{:error, :timeout}");
    CHECK_OK(cop_tcp_shutdown(p.client, COP(":write")));
    size_t got = 0;
    cop_term data;
    while (cop_match(cop_tcp_recv(p.server, 0, 5000), "{:ok, data}", data))
        got += cop_to_bytes(data).len;
    CHECK_INT((int64_t)got, (int64_t)MUCH);
    tcp_say(p.server, "back");
    CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:ok, \"back\"}");
    CHECK_OK(cop_tcp_shutdown(p.client, COP(":read")));
    CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:error, :closed}");
    tcp_pair_close(p);
    return cop_end();
}

/* --- Owners ----------------------------------------------------------------------------------- */

static cop_term use_others_socket(cop_term socket)
{
    CHECK_TERM(cop_tcp_controlling_process(socket, cop_self()), "{:error, :not_owner}");
    CHECK_OK(cop_tcp_send(socket, COP("\"from another\"")));
    CHECK_TERM(cop_tcp_recv(socket, 0, 5000), "{:ok, \"to another\"}");
    CHECK_OK(cop_tcp_set_options(socket, COP("[active: true]"))); /* messages go to the owner */
    return cop_ok();
}

static cop_term close_it(cop_term socket)
{
    return cop_tcp_close(socket);
}

PROCESS_TEST(others_may_use_a_socket)
{
    struct tcp_pair p = tcp_pair("[]");
    cop_pid other = puppet_start();
    tcp_say(p.server, "to another");
    puppet_call(other, use_others_socket, p.client);
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"from another\"}");
    tcp_say(p.server, "to the owner");
    CHECK_SAME(check_next(), tcp_data(p.client, "to the owner"));
    CHECK_OK(puppet_call(other, close_it, p.client));
    CHECK_TERM(cop_tcp_send(p.client, COP("\"x\"")), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(p.server));
    check_no_message();
    return cop_end();
}

static cop_term recv_line(cop_term socket)
{
    CHECK_TERM(cop_tcp_recv(socket, 0, 5000), "{:error, :closed}");
    atomic_fetch_add(&sent, 1);
    return cop_ok();
}

PROCESS_TEST(one_reader_at_a_time)
{
    struct tcp_pair p = tcp_pair("[]");
    cop_pid other = puppet_start();
    atomic_store(&sent, 0);
    puppet_cast(other, recv_line, p.server);
    while (!cop_identical(check_info(other, "status"), COP(":waiting")))
        cop_yield();
    CHECK_TERM(cop_tcp_recv(p.server, 0, 0), "{:error, :ealready}");
    CHECK_OK(cop_tcp_close(p.server)); /* ends the wait of the other */
    check_wait_for(&sent, 1);
    CHECK_OK(cop_tcp_close(p.client));
    return cop_end();
}

static cop_term recv_for_ever(cop_term socket)
{
    return cop_tcp_recv(socket, 0, COP_INFINITY);
}

PROCESS_TEST(a_reader_may_be_killed)
{
    struct tcp_pair p = tcp_pair("[]");
    cop_pid other = puppet_start();
    puppet_cast(other, recv_for_ever, p.server);
    while (!cop_identical(check_info(other, "status"), COP(":waiting")))
        cop_yield();
    cop_exit_process(other, COP(":kill"));
    check_gone(other);
    tcp_say(p.client, "still there");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"still there\"}");
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(a_socket_is_given_away_with_its_messages)
{
    struct tcp_pair p = tcp_pair("[packet: :line, active: true]");
    cop_pid other = puppet_start();
    CHECK_OK(cop_tcp_controlling_process(p.server, cop_self()));
    tcp_say(p.client, "1\n2\n");
    CHECK_SAME(check_next(), tcp_data(p.server, "1"));
    cop_send(cop_self(), cop_tuple(COP(":tcp"), cop_make_ref(), "other"));
    cop_send(cop_self(), COP(":mine"));
    CHECK_OK(cop_tcp_controlling_process(p.server, other));
    tcp_say(p.client, "3\n");
    CHECK_OK(cop_tcp_close(p.client));
    CHECK_TERM(cop_tcp_controlling_process(p.server, cop_self()), "{:error, :not_owner}");
    CHECK_TERM(cop_elem(check_next(), 2), "\"other\"");
    CHECK_TERM(check_next(), ":mine");
    check_no_message();
    cop_term got = cop_empty_list();
    while (cop_list_len(got) < 3)
        got = cop_list_append(got, puppet_mailbox(other));
    CHECK_SAME(got, cop_list(tcp_data(p.server, "2"), tcp_data(p.server, "3"),
                             tcp_message(":tcp_closed", p.server)));
    return cop_end();
}

PROCESS_TEST(the_dead_own_nothing)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_TERM(cop_tcp_controlling_process(p.server, check_dead_pid()), "{:error, :badarg}");
    tcp_say(p.client, "mine still");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"mine still\"}");
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(a_socket_ends_with_its_owner)
{
    for (int i = 0; i < 20; i++) {
        struct tcp_pair p = tcp_pair("[]");
        cop_pid owner = puppet_start();
        CHECK_OK(cop_tcp_controlling_process(p.server, owner));
        tcp_say(p.server, "last words");
        cop_exit_process(owner, COP(":kill"));
        CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:ok, \"last words\"}");
        CHECK_TERM(cop_tcp_recv(p.client, 0, 5000), "{:error, :closed}");
        CHECK_TERM(cop_tcp_send(p.server, COP("\"x\"")), "{:error, :closed}");
        CHECK_OK(cop_tcp_close(p.client));
    }
    return cop_end();
}

/* --- Options and names ------------------------------------------------------------------------ */

static cop_term listen_with(void *options)
{
    return cop_tcp_listen("127.0.0.1", 0, *(const cop_term *)options);
}

PROCESS_TEST(options)
{
    struct tcp_pair p = tcp_pair("[packet: :line, keepalive: true, buffer: 10, backlog: 3]");
    CHECK_TERM(
        cop_tcp_get_options(p.server, COP("[:packet, :line_max, :chomp, :active, :backlog, "
                                          ":reuseaddr, :nodelay, :keepalive, :show_econnreset, "
                                          ":send_timeout, :buffer]")),
        "{:ok, [packet: :line, line_max: 65536, chomp: true, active: false, backlog: 3, "
        "reuseaddr: true, nodelay: true, keepalive: true, show_econnreset: false, "
        "send_timeout: :infinity, buffer: 10]}");
    CHECK_TERM(cop_tcp_get_options(p.server, COP("[:colour]")), "{:error, :einval}");
    const char *bad[] = {
        "[colour: 1]",        "[active: :twice]", "[active: 32768]",        "[active: -32769]",
        "[packet: 4]",        "[buffer: 0]",      "[nodelay: 1]",           "[backlog: 65536]",
        "[send_timeout: -1]", "[:nodelay]",       "[{:nodelay, true} | 1]", ":nodelay"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cop_term term = check_parse(bad[i]);
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", listen_with, &term);
    }
    tcp_pair_close(p);
    return cop_end();
}

PROCESS_TEST(names_of_both_ends)
{
    struct tcp_pair p = tcp_pair("[]");
    CHECK_SAME(cop_tcp_sockname(p.server), cop_tcp_peername(p.client));
    CHECK_SAME(cop_tcp_peername(p.server), cop_tcp_sockname(p.client));
    CHECK_TERM(cop_elem(ok_value(cop_tcp_peername(p.client)), 0), "\"127.0.0.1\"");
    tcp_pair_close(p);
    CHECK_TERM(cop_tcp_peername(p.client), "{:error, :closed}");
    cop_term listener = tcp_listener("[]");
    CHECK_TERM(cop_tcp_peername(listener), "{:error, :enotconn}");
    CHECK_TERM(cop_tcp_send(listener, COP("\"x\"")), "{:error, :closed}");
    cop_term taken = cop_tcp_listen("127.0.0.1", tcp_port(listener), COP("[]"));
    CHECK_TERM(taken, "{:error, :eaddrinuse}");
    int port = tcp_port(listener);
    CHECK_OK(cop_tcp_close(listener));
    CHECK_TERM(cop_tcp_connect("127.0.0.1", port, COP("[]"), 5000), "{:error, :econnrefused}");
    CHECK_TERM(cop_tcp_accept(listener, 0), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(ok_value(cop_tcp_listen("127.0.0.1", port, COP("[]")))));
    CHECK_TERM(cop_tcp_listen("192.0.2.1", 0, COP("[]")), "{:error, :eaddrnotavail}");
    return cop_end();
}

PROCESS_TEST(names_are_looked_up)
{
    cop_term listener = tcp_listener("[]");
    cop_term client = ok_value(cop_tcp_connect("localhost", tcp_port(listener), COP("[]"), 5000));
    CHECK_OK(cop_tcp_close(ok_value(cop_tcp_accept(listener, 5000))));
    CHECK_OK(cop_tcp_close(client));
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

PROCESS_TEST(any_address)
{
    cop_term listener = ok_value(cop_tcp_listen(NULL, 0, COP("[]")));
    cop_term client = ok_value(cop_tcp_connect("127.0.0.1", tcp_port(listener), COP("[]"), 5000));
    CHECK_OK(cop_tcp_close(ok_value(cop_tcp_accept(listener, 5000))));
    CHECK_OK(cop_tcp_close(client));
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

static void talk_over(const char *address)
{
    cop_term listener = ok_value(cop_tcp_listen(address, 0, COP("[packet: :line]")));
    cop_term client = ok_value(cop_tcp_connect(address, 0, COP("[nodelay: true]"), 5000));
    cop_term server = ok_value(cop_tcp_accept(listener, 5000));
    CHECK_SAME(ok_value(cop_tcp_sockname(server)), cop_tuple(address, 0));
    CHECK_SAME(ok_value(cop_tcp_peername(client)), cop_tuple(address, 0));
    CHECK_TERM(ok_value(cop_tcp_peername(server)), "{\"\", 0}");
    tcp_say(client, "over Unix\n");
    CHECK_TERM(cop_tcp_recv(server, 0, 5000), "{:ok, \"over Unix\"}");
    CHECK_OK(cop_tcp_close(client));
    CHECK_TERM(cop_tcp_recv(server, 0, 5000), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(server));
    CHECK_OK(cop_tcp_close(listener));
}

PROCESS_TEST(unix_sockets)
{
    char path[64];
    snprintf(path, sizeof(path), "@coppice-test-%d", (int)getpid());
    talk_over(path);
    snprintf(path, sizeof(path), "/tmp/coppice-test-%d.sock", (int)getpid());
    talk_over(path);
    CHECK_TERM(cop_tcp_listen(path, 0, COP("[]")), "{:error, :eaddrinuse}");
    unlink(path);
    CHECK_TERM(cop_tcp_connect(path, 0, COP("[]"), 5000), "{:error, :enoent}");
    return cop_end();
}

/* --- Accepting -------------------------------------------------------------------------------- */

static cop_term accept_any(cop_term listener)
{
    cop_term socket = ok_value(cop_tcp_accept(listener, 10000));
    tcp_say(socket, "served");
    atomic_fetch_add(&sent, 1);
    cop_sleep(0);
    return cop_ok();
}

PROCESS_TEST(several_accept_on_one_listener)
{
    cop_pid acceptors[5];
    cop_term listener = tcp_listener("[]");
    int port = tcp_port(listener);
    atomic_store(&sent, 0);
    for (int i = 0; i < 5; i++) {
        acceptors[i] = puppet_start();
        puppet_cast(acceptors[i], accept_any, listener);
    }
    for (int i = 0; i < 5; i++) {
        cop_term client = ok_value(cop_tcp_connect("127.0.0.1", port, COP("[]"), 5000));
        CHECK_TERM(cop_tcp_recv(client, 6, 5000), "{:ok, \"served\"}");
        CHECK_OK(cop_tcp_close(client));
    }
    check_wait_for(&sent, 5);
    CHECK_TERM(cop_tcp_accept(listener, 0), "{:error, :timeout}");
    CHECK_TERM(cop_tcp_accept(listener, 20), "{:error, :timeout}");
    for (int i = 0; i < 5; i++)
        puppet_sync(acceptors[i]);
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

static cop_term accept_until_closed(cop_term listener)
{
    CHECK_TERM(cop_tcp_accept(listener, COP_INFINITY), "{:error, :closed}");
    atomic_fetch_add(&sent, 1);
    return cop_ok();
}

PROCESS_TEST(a_closed_listener_ends_its_accepts)
{
    cop_term listener = tcp_listener("[]");
    cop_pid acceptor = puppet_start();
    atomic_store(&sent, 0);
    puppet_cast(acceptor, accept_until_closed, listener);
    while (!cop_identical(check_info(acceptor, "status"), COP(":waiting")))
        cop_yield();
    CHECK_OK(cop_tcp_close(listener));
    check_wait_for(&sent, 1);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recv_takes_what_there_is_or_so_many_bytes),
        cmocka_unit_test(lines),
        cmocka_unit_test(lines_have_a_limit),
        cmocka_unit_test(data_before_the_end_is_received),
        cmocka_unit_test(active),
        cmocka_unit_test(active_once),
        cmocka_unit_test(active_n),
        cmocka_unit_test(data_may_be_a_list),
        cmocka_unit_test(other_data_is_badarg),
        cmocka_unit_test(a_sender_waits_for_a_slow_reader),
        cmocka_unit_test(send_timeout),
        cmocka_unit_test(what_was_sent_is_delivered_after_a_close),
        cmocka_unit_test(one_direction_may_end),
        cmocka_unit_test(shutdown_waits_for_what_was_sent),
        cmocka_unit_test(others_may_use_a_socket),
        cmocka_unit_test(one_reader_at_a_time),
        cmocka_unit_test(a_reader_may_be_killed),
        cmocka_unit_test(a_socket_is_given_away_with_its_messages),
        cmocka_unit_test(the_dead_own_nothing),
        cmocka_unit_test(a_socket_ends_with_its_owner),
        cmocka_unit_test(options),
        cmocka_unit_test(names_of_both_ends),
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(any_address),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(several_accept_on_one_listener),
        cmocka_unit_test(a_closed_listener_ends_its_accepts),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
