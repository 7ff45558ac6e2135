/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets in trouble: peers that reset, vanish or flood, owners that die, no descriptors left, a
 * thousand connections, use from many processes, seats that are taken away; and what cop_ports()
 * says of it. */
#include "tcp_support.h"

#include "coppice/port.h"
#include "io/tcp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A plain socket, connected to a listener; its peer. */
static int raw_client(cop_term listener, cop_term *ret_server)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tcp_port(listener))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    *ret_server = ok_value(cop_tcp_accept(listener, 5000));
    return fd;
}

/* Closes with a reset. */
static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    close(fd);
}

/* The ports of a process, by cop_ports(). */
static int ports_of(cop_pid owner)
{
    int count = 0;
    for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_identical(cop_map_get(cop_head(l), COP(":owner"), cop_nil()), cop_pid_term(owner)))
            count++;
    return count;
}

static cop_term port_of(cop_term socket)
{
    for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_identical(cop_map_get(cop_head(l), COP(":port"), cop_nil()), socket))
            return cop_head(l);
    return cop_nil();
}

/* --- Resets ----------------------------------------------------------------------------------- */

PROCESS_TEST(a_reset_is_a_close)
{
    cop_term server;
    cop_term listener = tcp_listener("[]");
    int fd = raw_client(listener, &server);
    reset(fd);
    CHECK_TERM(cop_tcp_recv(server, 0, 5000), "{:error, :closed}");
    CHECK_TERM(cop_tcp_send(server, COP("\"x\"")), "{:error, :closed}"); /* and no SIGPIPE */
    CHECK_TERM(cop_tcp_send(server, COP("\"x\"")), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(server));
    fd = raw_client(listener, &server);
    CHECK_OK(cop_tcp_set_options(server, COP("[active: true]")));
    reset(fd);
    CHECK_SAME(check_next(), tcp_message(":tcp_closed", server));
    CHECK_OK(cop_tcp_close(server));
    CHECK_OK(cop_tcp_close(listener));
    check_no_message();
    return cop_end();
}

PROCESS_TEST(a_reset_is_told_where_that_is_wanted)
{
    cop_term server;
    cop_term listener = tcp_listener("[show_econnreset: true]");
    int fd = raw_client(listener, &server);
    reset(fd);
    CHECK_TERM(cop_tcp_recv(server, 0, 5000), "{:error, :econnreset}");
    CHECK_TERM(cop_tcp_recv(server, 0, 5000), "{:error, :closed}");
    CHECK_OK(cop_tcp_close(server));
    fd = raw_client(listener, &server);
    CHECK_OK(cop_tcp_set_options(server, COP("[active: true]")));
    reset(fd);
    CHECK_SAME(check_next(), cop_tuple(COP(":tcp_error"), server, COP(":econnreset")));
    CHECK_SAME(check_next(), tcp_message(":tcp_closed", server));
    CHECK_OK(cop_tcp_close(server));
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

static cop_term big(void)
{
    static char bytes[4 << 20];
    return cop_binary(bytes, sizeof(bytes));
}

static atomic_int done;

static cop_term send_until_closed(cop_term socket)
{
    cop_term answer = cop_ok();
    while (cop_identical(answer, cop_ok()))
        answer = cop_tcp_send(socket, big());
    CHECK_TERM(answer, "{:error, :closed}");
    atomic_fetch_add(&done, 1);
    return cop_ok();
}

/* Senders that wait for a reader learn that it is gone. */
PROCESS_TEST(a_peer_vanishes_under_its_senders)
{
    cop_term server;
    cop_term listener = tcp_listener("[]");
    int fd = raw_client(listener, &server);
    cop_pid senders[3];
    atomic_store(&done, 0);
    for (int i = 0; i < 3; i++) {
        senders[i] = puppet_start();
        puppet_cast(senders[i], send_until_closed, server);
    }
    for (int i = 0; i < 3; i++)
        while (!cop_identical(check_info(senders[i], "status"), COP(":waiting")))
            cop_yield();
    CHECK_INT(atomic_load(&done), 0);
    reset(fd);
    check_wait_for(&done, 3);
    for (int i = 0; i < 3; i++)
        puppet_end(senders[i]);
    CHECK_OK(cop_tcp_close(server));
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

/* --- Floods ----------------------------------------------------------------------------------- */

/* What nobody takes stays in the kernel: the buffer does not grow. */
PROCESS_TEST(a_flood_is_not_read_ahead)
{
    struct tcp_pair p = tcp_pair("[buffer: 1000]");
    cop_pid flooder = puppet_start();
    atomic_store(&done, 0);
    puppet_cast(flooder, send_until_closed, p.client);
    int64_t buffered = 0;
    while (buffered == 0)
        buffered = cop_to_int(cop_map_get(port_of(p.server), COP(":buffered"), cop_int(0)));
    cop_sleep(20);
    buffered = cop_to_int(cop_map_get(port_of(p.server), COP(":buffered"), cop_nil()));
    CHECK(buffered <= 1000);
    CHECK_INT((int64_t)cop_to_bytes(ok_value(cop_tcp_recv(p.server, 5000, 5000))).len, 5000);
    CHECK_OK(cop_tcp_close(p.server));
    check_wait_for(&done, 1);
    puppet_end(flooder);
    CHECK_OK(cop_tcp_close(p.client));
    return cop_end();
}

PROCESS_TEST(many_lines_in_one_piece)
{
    struct tcp_pair p = tcp_pair("[packet: :line]");
    char lines[20000];
    memset(lines, '\n', sizeof(lines));
    CHECK_OK(cop_tcp_send(p.client, cop_binary(lines, sizeof(lines))));
    for (size_t i = 0; i < sizeof(lines) / 2; i++)
        CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"\"}");
    CHECK_OK(cop_tcp_set_options(p.server, COP("[active: 10000]")));
    for (size_t i = 0; i < sizeof(lines) / 2; i++)
        CHECK_SAME(check_next(), tcp_data(p.server, ""));
    CHECK_SAME(check_next(), tcp_message(":tcp_passive", p.server));
    tcp_pair_close(p);
    return cop_end();
}

/* --- Owners ----------------------------------------------------------------------------------- */

static cop_next own_and_flood(cop_term socket)
{
    cop_term message;
    cop_receive(&message, COP_INFINITY); /* the socket is ours */
    for (;;)
        cop_tcp_send(socket, big());
    return cop_end();
}

PROCESS_TEST(an_owner_dies_with_data_in_flight)
{
    for (int i = 0; i < 10; i++) {
        struct tcp_pair p = tcp_pair("[]");
        cop_pid owner = cop_spawn(own_and_flood, p.server, NULL);
        CHECK_OK(cop_tcp_controlling_process(p.server, owner));
        CHECK_INT(ports_of(owner), 1);
        cop_send(owner, COP(":go"));
        cop_bytes some = cop_to_bytes(ok_value(cop_tcp_recv(p.client, 100000, 5000)));
        CHECK_INT((int64_t)some.len, 100000);
        cop_exit_process(owner, COP(":kill"));
        check_gone(owner);
        CHECK_INT(ports_of(owner), 0);
        if (i % 2 == 0) { /* what was sent before comes whole */
            cop_term answer, data;
            while (cop_match(answer = cop_tcp_recv(p.client, 0, 5000), "{:ok, data}", data))
                CHECK(cop_to_bytes(data).len > 0);
            CHECK_TERM(answer, "{:error, :closed}");
        }
        CHECK_OK(cop_tcp_close(p.client));
    }
    while (!cop_is_empty_list(cop_ports())) /* nothing is left, nothing drains */
        cop_yield();
    return cop_end();
}

/* --- Lingering -------------------------------------------------------------------------------- */

/* As sockets have it; these tests make it shorter for themselves. */
#define LINGER_MS 30000

/* A listener of this kind of socket, and a peer that is connected to it, by plain calls, that
 * takes little by itself. */
static cop_term lingering_pair(bool is_unix, const char *options, int *ret_peer)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    char name[64];
    cop_term server;
    if (!is_unix) {
        cop_term listener = tcp_listener(options);
        *ret_peer = raw_client(listener, &server);
        CHECK_INT(setsockopt(*ret_peer, SOL_SOCKET, SO_RCVBUF, &(int){65536}, sizeof(int)), 0);
        CHECK_OK(cop_tcp_close(listener));
        return server;
    }
    (void)snprintf(name, sizeof(name), "@coppice-linger-%d", (int)getpid());
    memcpy(path.sun_path + 1, name + 1, strlen(name) - 1);
    cop_term listener = ok_value(cop_tcp_listen(name, 0, check_parse(options)));
    *ret_peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(connect(*ret_peer, (const struct sockaddr *)&path,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
              0);
    server = ok_value(cop_tcp_accept(listener, 5000));
    CHECK_OK(cop_tcp_close(listener));
    return server;
}

/* A connection with more than the kernel takes, closed. How many bytes that is; *ret_ms: just
 * before the close. */
static size_t send_and_close(cop_term server, int64_t *ret_ms)
{
    cop_term answer;
    size_t len = 0;
    do {
        answer = cop_tcp_send(server, big());
        len += cop_to_bytes(big()).len;
    } while (cop_identical(answer, cop_ok()));
    CHECK_TERM(answer, "{:error, :timeout}");
    *ret_ms = cop_monotonic_ms();
    CHECK_OK(cop_tcp_close(server));
    CHECK_TERM(cop_map_get(port_of(server), COP(":state"), cop_nil()), ":draining");
    return len;
}

/* A peer that takes nothing is given up, whatever kind of socket it is. */
PROCESS_TEST(a_closed_connection_lingers_for_so_long)
{
    for (int i = 0; i < 4; i++) {
        int peer;
        cop_term server = lingering_pair(i % 2 == 1, "[send_timeout: 40]", &peer);
        cop__tcp_linger_ms = 40;
        int64_t from;
        send_and_close(server, &from);
        while (!cop_identical(port_of(server), cop_nil()))
            cop_sleep(1);
        CHECK(cop_monotonic_ms() - from >= 35);
        close(peer);
    }
    cop__tcp_linger_ms = LINGER_MS;
    return cop_end();
}

/* Reads little by little until the end; how many bytes. *ret_longest_ms: the longest pause. */
static size_t read_slowly(int peer, int64_t *ret_longest_ms)
{
    static char bytes[65536];
    size_t len = 0;
    int64_t before = cop_monotonic_ms();
    *ret_longest_ms = 0;
    for (;;) {
        ssize_t n = recv(peer, bytes, sizeof(bytes), 0);
        if (n <= 0) return len;
        len += (size_t)n;
        cop_sleep(5);
        int64_t now = cop_monotonic_ms();
        if (now - before > *ret_longest_ms) *ret_longest_ms = now - before;
        before = now;
    }
}

/* One that takes little by little gets all, however long that takes. A machine that stood still
 * meanwhile shows nothing: then again. */
PROCESS_TEST(a_slow_peer_gets_all)
{
    for (int i = 0; i < 2; i++) {
        size_t sent = 1, len = 0;
        int64_t longest = 100, from = 0;
        while (len < sent && longest >= 50) {
            int peer;
            cop_term server = lingering_pair(i == 1, "[send_timeout: 100]", &peer);
            cop__tcp_linger_ms = 100;
            sent = send_and_close(server, &from);
            len = read_slowly(peer, &longest);
            close(peer);
            while (!cop_identical(port_of(server), cop_nil()))
                cop_yield();
        }
        CHECK_INT((int64_t)len, (int64_t)sent);
        CHECK(cop_monotonic_ms() - from > 200);
    }
    cop__tcp_linger_ms = LINGER_MS;
    return cop_end();
}

/* --- Ends of owners --------------------------------------------------------------------------- */

static atomic_int looping, released, cleaned;

static void open_a_listener(int *unused)
{
    (void)unused;
    CHECK_TERM(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:error, :ecanceled}");
    atomic_store(&cleaned, 1);
}

static cop_next loop_and_clean(cop_term arg)
{
    __attribute__((cleanup(open_a_listener), unused)) int cleans = 0;
    (void)arg;
    atomic_store(&looping, 1);
    while (!atomic_load_explicit(&released, memory_order_relaxed)) {
    }
    cop_yield();
    return cop_end();
}

/* Its end has been and gone: nobody would close what it opens on the way out. */
PROCESS_TEST(a_condemned_process_opens_nothing)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid p = cop_spawn(loop_and_clean, cop_nil(), &opts);
    check_wait_for(&looping, 1);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    atomic_store(&released, 1);
    check_wait_for(&cleaned, 1);
    CHECK_INT(ports_of(p), 0);
    return cop_end();
}

static void open_for_a_while(int *unused)
{
    (void)unused;
    tcp_listener("[]");
    CHECK_INT(ports_of(cop_self()), 1);
    atomic_fetch_add(&cleaned, 1);
}

static cop_next end_and_clean(cop_term arg)
{
    __attribute__((cleanup(open_for_a_while), unused)) int cleans = 0;
    cop_exit(arg);
}

/* One that unwinds may: its end comes after that. */
PROCESS_TEST(a_process_at_its_end_may_open)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    atomic_store(&cleaned, 0);
    cop_pid p = cop_spawn(end_and_clean, COP(":done"), &opts);
    CHECK_TERM(check_down(ref), ":done");
    CHECK_INT(atomic_load(&cleaned), 1);
    CHECK_INT(ports_of(p), 0);
    return cop_end();
}

/* --- Many ------------------------------------------------------------------------------------- */

static cop_next echo(cop_term socket)
{
    cop_term data;
    while (cop_match(cop_tcp_recv(socket, 0, COP_INFINITY), "{:ok, data}", data))
        CHECK_OK(cop_tcp_send(socket, data));
    return cop_end();
}

static cop_next serve(cop_term listener)
{
    cop_term socket;
    while (cop_match(cop_tcp_accept(listener, COP_INFINITY), "{:ok, socket}", socket)) {
        cop_pid pid = cop_spawn(echo, socket, NULL);
        CHECK_OK(cop_tcp_controlling_process(socket, pid));
    }
    return cop_end();
}

static cop_next ask_around(cop_term arg)
{
    int64_t port, count;
    cop_expect(arg, "{port, count}", port, count);
    cop_term *sockets = cop_alloc((size_t)count * sizeof(*sockets));
    for (int64_t i = 0; i < count; i++)
        sockets[i] = ok_value(cop_tcp_connect("127.0.0.1", (int)port, COP("[]"), 20000));
    for (int turn = 0; turn < 3; turn++) {
        for (int64_t i = 0; i < count; i++)
            CHECK_OK(cop_tcp_send(sockets[i], cop_format("%d %d", turn, (int)i)));
        for (int64_t i = 0; i < count; i++) {
            cop_term said = cop_format("%d %d", turn, (int)i);
            CHECK_SAME(cop_tcp_recv(sockets[i], cop_to_bytes(said).len, 20000),
                       cop_tuple(cop_ok(), said));
        }
    }
    return cop_end(); /* the sockets go with it */
}

#define CLIENTS 4

PROCESS_TEST(a_thousand_connections)
{
    cop_ref downs[CLIENTS];
    cop_term listener = tcp_listener("[]");
    cop_pid server = cop_spawn(serve, listener, NULL);
    int64_t each = check_scaled(1000) / CLIENTS;
    cop_term order = cop_tuple(tcp_port(listener), each);
    for (int i = 0; i < CLIENTS; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &downs[i]};
        cop_spawn(ask_around, order, &opts);
    }
    for (int i = 0; i < CLIENTS; i++)
        CHECK_TERM(check_down(downs[i]), ":normal");
    CHECK_INT(cop_to_int(cop_map_get(port_of(listener), COP(":accepted"), cop_nil())),
              each * CLIENTS);
    CHECK_OK(cop_tcp_close(listener));
    check_gone(server);
    while (!cop_is_empty_list(cop_ports()))
        cop_yield();
    return cop_end();
}

static atomic_bool spins;

static cop_next spin(cop_term arg)
{
    (void)arg;
    while (atomic_load(&spins))
        continue;
    return cop_end();
}

/* The seats of all sockets are taken from processes in endless loops, loops and all. */
PROCESS_TEST(sockets_go_on_beside_endless_loops)
{
    cop_ref downs[3];
    cop_term listener = tcp_listener("[]");
    cop_pid server = cop_spawn(serve, listener, NULL);
    cop_ref client;
    atomic_store(&spins, true);
    for (int i = 0; i < 3; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &downs[i]};
        cop_spawn(spin, cop_nil(), &opts);
    }
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &client};
    cop_spawn(ask_around, cop_tuple(tcp_port(listener), 5), &opts);
    CHECK_TERM(check_down(client), ":normal");
    atomic_store(&spins, false);
    for (int i = 0; i < 3; i++)
        CHECK_TERM(check_down(downs[i]), ":normal");
    CHECK_OK(cop_tcp_close(listener));
    check_gone(server);
    return cop_end();
}

/* A process that was alone for a while comes back to a seat for its socket. */
PROCESS_TEST(a_long_computation_then_a_socket)
{
    for (int i = 0; i < 3; i++) {
        int64_t until = cop_monotonic_ms() + 30;
        while (cop_monotonic_ms() < until)
            continue;
        struct tcp_pair p = tcp_pair("[]");
        tcp_say(p.client, "x");
        CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"x\"}");
        tcp_pair_close(p);
    }
    return cop_end();
}

static cop_next write_lines(cop_term arg)
{
    cop_term socket;
    int64_t number;
    cop_expect(arg, "{socket, number}", socket, number);
    for (int i = 0; i < 200; i++)
        CHECK_OK(cop_tcp_send(socket, cop_format("%d:%d\n", (int)number, i)));
    return cop_end();
}

/* What one process sends stays whole and in order among what others send. */
PROCESS_TEST(several_processes_send_on_one_socket)
{
    struct tcp_pair p = tcp_pair("[packet: :line]");
    int next[4] = {0};
    for (int i = 0; i < 4; i++)
        cop_spawn(write_lines, cop_tuple(p.client, i), NULL);
    for (int i = 0; i < 4 * 200; i++) {
        cop_bytes line = cop_to_bytes(ok_value(cop_tcp_recv(p.server, 0, 20000)));
        char text[32] = "";
        int who, n;
        CHECK(line.len < sizeof(text));
        memcpy(text, line.data, line.len);
        CHECK_INT(sscanf(text, "%d:%d", &who, &n), 2);
        CHECK(who >= 0 && who < 4);
        CHECK_INT(n, next[who]++);
    }
    tcp_pair_close(p);
    return cop_end();
}

/* --- No descriptors --------------------------------------------------------------------------- */

static void set_limit(rlim_t most)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int lowest_free(void)
{
    int fd = dup(0);
    CHECK(fd >= 0);
    close(fd);
    return fd;
}

static atomic_int warnings;

static void count_warnings(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)arg;
    if (level == COP_WARNING && memmem(text, len, "accept rests", 12) != NULL)
        atomic_fetch_add(&warnings, 1);
}

static cop_term accept_many(cop_term listener)
{
    for (int i = 0; i < 3; i++)
        ok_value(cop_tcp_accept(listener, 20000));
    atomic_fetch_add(&done, 1);
    return cop_ok();
}

PROCESS_TEST(without_descriptors_accept_rests)
{
    struct rlimit before;
    cop_term server;
    cop_term listener = tcp_listener("[]");
    int held[3];
    CHECK_OK(cop_tcp_close(((void)(held[0] = raw_client(listener, &server)), server)));
    close(held[0]);
    while (cop_list_len(cop_ports()) > 1) /* what closes would give its descriptor back */
        cop_yield();
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
    cop_log_to(count_warnings, NULL, COP_WARNING);
    atomic_store(&warnings, 0);
    atomic_store(&done, 0);
    cop_pid acceptor = puppet_start();
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tcp_port(listener))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 3; i++) {
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK_INT(connect(held[i], (const struct sockaddr *)&to, sizeof(to)), 0);
    }
    set_limit((rlim_t)lowest_free());
    CHECK_TERM(cop_tcp_connect("127.0.0.1", 1, COP("[]"), 1000), "{:error, :emfile}");
    CHECK_TERM(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:error, :emfile}");
    puppet_cast(acceptor, accept_many, listener);
    check_wait_for(&warnings, 1);
    CHECK_TERM(cop_tcp_accept(listener, 30), "{:error, :timeout}");
    CHECK_INT(atomic_load(&done), 0);
    set_limit(before.rlim_cur);
    check_wait_for(&done, 1);
    CHECK_INT(atomic_load(&warnings), 1);
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    puppet_end(acceptor);
    for (int i = 0; i < 3; i++)
        close(held[i]);
    CHECK_OK(cop_tcp_close(listener));
    return cop_end();
}

/* --- What tools see --------------------------------------------------------------------------- */

static int64_t idle_ms(cop_term socket)
{
    return cop_to_int(cop_map_get(port_of(socket), COP(":idle_ms"), cop_nil()));
}

/* It grows while nothing comes. The kernel's clock may be some milliseconds off. */
static void check_idle_time(struct tcp_pair p)
{
    int64_t before;

    while (idle_ms(p.server) < 40)
        cop_sleep(5);
    before = cop_monotonic_ms();
    tcp_say(p.client, "more\n");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"halfmore\"}");
    CHECK(idle_ms(p.server) <= cop_monotonic_ms() - before + 20);
}

PROCESS_TEST(ports_are_shown)
{
    struct tcp_pair p = tcp_pair("[packet: :line]");
    cop_term listener = tcp_listener("[]");
    tcp_say(p.client, "four\nhalf");
    CHECK_TERM(cop_tcp_recv(p.server, 0, 5000), "{:ok, \"four\"}");
    cop_term shown = port_of(p.server);
    CHECK_TERM(cop_map_get(shown, COP(":kind"), cop_nil()), ":tcp");
    CHECK_TERM(cop_map_get(shown, COP(":state"), cop_nil()), ":open");
    CHECK_SAME(cop_map_get(shown, COP(":owner"), cop_nil()), cop_self());
    CHECK_SAME(cop_map_get(shown, COP(":local"), cop_nil()), ok_value(cop_tcp_sockname(p.server)));
    CHECK_SAME(cop_map_get(shown, COP(":remote"), cop_nil()), ok_value(cop_tcp_peername(p.server)));
    CHECK_TERM(cop_map_get(shown, COP(":input"), cop_nil()), "9");
    CHECK_TERM(cop_map_get(shown, COP(":buffered"), cop_nil()), "4");
    CHECK_TERM(cop_map_get(shown, COP(":queue_size"), cop_nil()), "0");
    CHECK_TERM(cop_map_get(shown, COP(":active"), cop_nil()), "false");
    CHECK_TERM(cop_map_get(port_of(p.client), COP(":output"), cop_nil()), "9");
    check_idle_time(p);
    shown = port_of(listener);
    CHECK_TERM(cop_map_get(shown, COP(":kind"), cop_nil()), ":tcp_listener");
    CHECK_TERM(cop_map_get(shown, COP(":remote"), cop_true()), "nil");
    CHECK_TERM(cop_map_get(shown, COP(":accepted"), cop_nil()), "0");
    CHECK_OK(cop_tcp_close(listener));
    tcp_pair_close(p);
    CHECK_INT(ports_of(cop_self()), 0);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_is_a_close),
        cmocka_unit_test(a_reset_is_told_where_that_is_wanted),
        cmocka_unit_test(a_peer_vanishes_under_its_senders),
        cmocka_unit_test(a_flood_is_not_read_ahead),
        cmocka_unit_test(many_lines_in_one_piece),
        cmocka_unit_test(an_owner_dies_with_data_in_flight),
        cmocka_unit_test(a_closed_connection_lingers_for_so_long),
        cmocka_unit_test(a_slow_peer_gets_all),
        cmocka_unit_test(a_condemned_process_opens_nothing),
        cmocka_unit_test(a_process_at_its_end_may_open),
        cmocka_unit_test(a_thousand_connections),
        cmocka_unit_test(sockets_go_on_beside_endless_loops),
        cmocka_unit_test(a_long_computation_then_a_socket),
        cmocka_unit_test(several_processes_send_on_one_socket),
        cmocka_unit_test(without_descriptors_accept_rests),
        cmocka_unit_test(ports_are_shown),
    };
    struct rlimit limit; /* a thousand connections have two ends */
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
    setrlimit(RLIMIT_NOFILE, &limit);
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
