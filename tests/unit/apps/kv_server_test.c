/* SPDX-License-Identifier: Apache-2.0 */
/* The key-value system over real sockets: many clients, rude clients, limits. */
#include "kv_server_support.h"

#include <arpa/inet.h>
#include <coppice/introspect.h>
#include <coppice/sys.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- What the guide tests --------------------------------------------------------------------- */

static void the_guides_conversation(void)
{
    cop_term s = connect_lines();

    say(s, "UNKNOWN shopping\r\n");
    hear(s, "UNKNOWN COMMAND\r\n");
    say(s, "GET shopping eggs\r\n");
    hear(s, "NOT FOUND\r\n");
    say(s, "CREATE shopping\r\n");
    hear(s, "OK\r\n");
    say(s, "PUT shopping eggs 3\r\n");
    hear(s, "OK\r\n");
    say(s, "GET shopping eggs\r\n");
    hear(s, "3\r\nOK\r\n");
    say(s, "DELETE shopping eggs\r\n");
    hear(s, "OK\r\n");
    say(s, "GET shopping eggs\r\n");
    hear(s, "\r\nOK\r\n");
    close_and_wait(s);
}

static void subscribers_hear_of_others(void)
{
    cop_term s = connect_lines(), other = connect_lines();

    say(s, "CREATE news\r\nSUBSCRIBE news\r\nGET news x\r\n");
    hear(s, "OK\r\n\r\nOK\r\n");
    say(other, "PUT news milk 3\r\nDELETE news milk\r\n");
    hear(other, "OK\r\nOK\r\n");
    hear(s, "milk SET TO 3\r\nmilk DELETED\r\n");
    cop_tcp_close(other);
    close_and_wait(s);
}

static void both_protocols_have_one_store(void)
{
    cop_term s = connect_lines(), r = connect_redis();

    say(r, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    hear(r, "+OK\r\n");
    say(s, "GET 0 k\r\n");
    hear(s, "v\r\nOK\r\n");
    say(s, "PUT 0 k w\r\n");
    hear(s, "OK\r\n");
    say(r, "GET k\r\nQUIT\r\n");
    hear(r, "$1\r\nw\r\n+OK\r\n");
    hear_end(r);
    close_and_wait(s);
}

/* --- Pieces and cuts -------------------------------------------------------------------------- */

static void pieces_are_put_together(void)
{
    cop_term s = connect_lines(), r = connect_redis();
    const char *text = "*1\r\n$4\r\nPING\r\n";

    for (size_t i = 0; i < strlen(text); i++)
        cop_assert_equal(cop_ok(), cop_tcp_send(r, cop_binary(text + i, 1)));
    hear(r, "+PONG\r\n");
    say(s, "WHAT");
    say(s, " IS\r");
    say(s, "\nTHIS\n");
    hear(s, "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\n");
    cop_tcp_close(r);
    close_and_wait(s);
}

/* Who is cut off in the middle of a word is gone, and nobody else notices. */
static void cut_connections_end_alone(void)
{
    cop_term s = connect_lines();

    for (int i = 0; i < 20; i++) {
        cop_term cut = i % 2 ? connect_lines() : connect_redis();

        say(cut, i % 2 ? "PUT shop" : "*3\r\n$3\r\nSET\r\n$100\r\nabc");
        cop_tcp_close(cut);
    }
    wait_for_connections(1);
    say(s, "WHAT\r\n");
    hear(s, "UNKNOWN COMMAND\r\n");
    close_and_wait(s);
}

/* The client that says no more still gets its answers. */
static void the_last_answers_come_after_half_a_close(void)
{
    cop_term s = connect_lines();

    say(s, "WHAT\nWHAT\n");
    cop_tcp_shutdown(s, COP(":write"));
    hear(s, "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\n");
    hear_end(s);
    wait_for_connections(0);
}

static void a_crash_ends_one_connection(void)
{
    cop_term s = connect_lines(), tasks, other;

    say(s, "WHAT\n");
    hear(s, "UNKNOWN COMMAND\r\n");
    tasks = cop_task_supervisor_children(COP("KV.TaskSupervisor"));
    cop_assert_equal(1, cop_list_len(tasks));
    other = connect_lines();
    cop_exit_process(cop_to_pid(cop_head(tasks)), COP(":kill"));
    hear_end(s);
    say(other, "WHAT\n");
    hear(other, "UNKNOWN COMMAND\r\n");
    close_and_wait(other);
}

static cop_term ask_without_a_registry(void *socket)
{
    cop_term s = *(cop_term *)socket;

    cop_assert_equal(cop_ok(),
                     cop_supervisor_terminate_child(COP("KV.Supervisor"), COP("KV.Registry")));
    say(s, "GET shopping k\n");
    hear(s, "ERROR\r\n");
    hear_end(s);
    wait_for_connections(0);
    cop_assert_match(cop_supervisor_restart_child(COP("KV.Supervisor"), COP("KV.Registry")),
                     "{:ok, _}");
    return cop_ok();
}

static void other_errors_end_the_connection(void)
{
    cop_term s = connect_lines(), log = cop_capture_log(ask_without_a_registry, &s);
    cop_bytes text = cop_to_bytes(log);

    cop_assert(memmem(text.data, text.len, "KV.Registry", 11) != NULL);
    s = connect_lines();
    say(s, "CREATE again\nGET again k\n");
    hear(s, "OK\r\n\r\nOK\r\n");
    close_and_wait(s);
}

/* --- Limits ----------------------------------------------------------------------------------- */

static void too_many_clients_are_refused(void)
{
    cop_term sockets[CONNECTIONS_MAX], one;

    for (int i = 0; i < CONNECTIONS_MAX; i++)
        sockets[i] = connect_lines();
    wait_for_connections(CONNECTIONS_MAX);
    one = connect_lines();
    hear(one, "ERROR\r\n");
    hear_end(one);
    one = connect_redis();
    hear(one, "-ERR max number of clients reached\r\n");
    hear_end(one);
    cop_tcp_close(sockets[0]);
    wait_for_connections(CONNECTIONS_MAX - 1);
    one = connect_lines();
    say(one, "WHAT\n");
    hear(one, "UNKNOWN COMMAND\r\n");
    for (int i = 1; i < CONNECTIONS_MAX; i++)
        cop_tcp_close(sockets[i]);
    close_and_wait(one);
}

/* Not so who has subscribed: it is he who waits. */
static void idle_clients_are_closed(void)
{
    cop_term idle, slow, subscriber, other;

    cop_application_put_env(COP(":kv_server"), COP(":idle_s"), cop_int(1));
    subscriber = connect_lines();
    say(subscriber, "CREATE still\nSUBSCRIBE still\nPUT still a 1\n");
    hear(subscriber, "OK\r\nOK\r\na SET TO 1\r\n");
    idle = connect_lines();
    slow = connect_redis();
    say(slow, "*2\r\n$3\r\nGE");
    hear_end(idle);
    hear_end(slow);
    cop_application_put_env(COP(":kv_server"), COP(":idle_s"), cop_int(600));
    wait_for_connections(1);
    other = connect_lines();
    say(other, "PUT still b 2\n");
    hear(other, "OK\r\n");
    hear(subscriber, "b SET TO 2\r\n");
    cop_tcp_close(other);
    close_and_wait(subscriber);
}

static int port_in(const struct sockaddr_in *address)
{
    return address->sin_family == AF_INET ? ntohs(address->sin_port) : -1;
}

/* The server's end of a client's connection: it is in this program. */
static int server_end_of(cop_term client)
{
    int own, peer;

    cop_assert_match(cop_tcp_sockname(client), "{:ok, {_, own}}", own);
    cop_assert_match(cop_tcp_peername(client), "{:ok, {_, peer}}", peer);
    for (int fd = 3; fd < 1000; fd++) {
        struct sockaddr_in here, there;
        socklen_t here_len = sizeof(here), there_len = sizeof(there);

        if (getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
            getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 && port_in(&here) == peer &&
            port_in(&there) == own)
            return fd;
    }
    return -1;
}

/* Their kernel is asked, so that who has vanished is noticed, a silent subscriber too. */
static void vanished_clients_are_noticed(void)
{
    for (int i = 0; i < 2; i++) {
        cop_term s = i ? connect_lines() : connect_redis();
        int is_on = 0;
        socklen_t len = sizeof(is_on);

        wait_for_connections(1);
        cop_assert_equal(0, getsockopt(server_end_of(s), SOL_SOCKET, SO_KEEPALIVE, &is_on, &len));
        cop_assert_equal(1, is_on);
        close_and_wait(s);
    }
}

static void lines_and_strings_have_their_limits(void)
{
    cop_term s = connect_lines(), r = connect_redis();
    char line[1000];

    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 66; i++)
        cop_tcp_send(s, cop_binary(line, sizeof(line)));
    hear(s, "ERROR\r\n");
    say(r, "*1\r\n$8388609\r\n");
    hear(r, "-ERR Protocol error: invalid bulk length\r\n");
    hear_end(r);
    close_and_wait(s);
}

static int64_t held(void)
{
    int64_t bytes;

    cop_assert_match(cop_sys_get_state(COP("KV.Budget"), WAIT_MS), "{bytes, _}", bytes);
    return bytes;
}

/* Connections that each send half of a large string hold no more than they may together, whoever
 * sends it; who ends gives back what it held. */
static void halves_of_commands_have_a_budget(void)
{
    cop_term sockets[CONNECTIONS_MAX - 1], one, half, answer;
    char *bytes = cop_alloc(100000);
    int over = 0;

    memset(bytes, 'x', 100000);
    half = cop_binary(bytes, 100000);
    cop_application_put_env(COP(":kv_server"), COP(":pending_max"), cop_int(2000000));
    for (int i = 0; i < CONNECTIONS_MAX - 1; i++) {
        sockets[i] = connect_redis();
        say(sockets[i], "*2\r\n$4\r\nECHO\r\n$200000\r\n");
        (void)cop_tcp_send(sockets[i], half);
    }
    while (cop_list_len(cop_task_supervisor_children(COP("KV.TaskSupervisor"))) > 20)
        cop_sleep(1);
    cop_assert(held() <= 2000000);
    one = connect_redis(); /* others go on, with small commands at least */
    say(one, "PIN");
    say(one, "G\r\n");
    hear(one, "+PONG\r\n");
    for (int i = 0; i < CONNECTIONS_MAX - 1; i++) {
        (void)cop_tcp_send(sockets[i], cop_list(half, COP("\"\\r\\n\"")));
        answer = cop_tcp_recv(sockets[i], 5, WAIT_MS);
        if (!cop_match(answer, "{:ok, \"$2000\"}")) over++;
        cop_tcp_close(sockets[i]);
    }
    cop_assert(over > 0 && over < CONNECTIONS_MAX - 1);
    close_and_wait(one);
    while (held() > 0)
        cop_sleep(1);
    cop_application_put_env(COP(":kv_server"), COP(":pending_max"), cop_int(268435456));
}

/* --- Much ------------------------------------------------------------------------------------- */

static void large_values_come_back(void)
{
    size_t size = 3000000;
    cop_term r = connect_redis(), value, got;
    char *data = cop_alloc(size);

    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 2654435761U >> 13);
    value = cop_binary(data, size);
    cop_assert_equal(cop_ok(),
                     cop_tcp_send(r, cop_list(COP("\"*3\\r\\n$3\\r\\nSET\\r\\n$3\\r\\nbig\\r\\n"
                                                  "$3000000\\r\\n\""),
                                              value, COP("\"\\r\\n\""))));
    hear(r, "+OK\r\n");
    for (int i = 0; i < 3; i++) {
        say(r, "GET big\r\n");
        hear(r, "$3000000\r\n");
        cop_assert_match(cop_tcp_recv(r, size, WAIT_MS), "{:ok, got}", got);
        cop_assert_equal(value, got);
        hear(r, "\r\n");
    }
    say(r, "FLUSHDB\r\n");
    hear(r, "+OK\r\n");
    close_and_wait(r);
}

#define FLOOD 1000000

static cop_term flood(cop_term socket)
{
    char lines[1000];

    memset(lines, '\n', sizeof(lines));
    for (size_t i = 0; i < FLOOD / sizeof(lines); i++)
        if (!cop_match(cop_tcp_send(socket, cop_binary(lines, sizeof(lines))), ":ok")) break;
    return cop_ok();
}

/* A flood that nobody drains stops at the server's buffers; its memory stays what it was. */
static void a_flood_fills_nothing(void)
{
    cop_term s = connect_lines(), other = connect_lines(), task, tasks, memory;
    int64_t bytes;

    task = cop_task_async(cop_task_fun(flood, s));
    for (int i = 0; i < 200; i++) {
        say(other, "WHAT\n");
        hear(other, "UNKNOWN COMMAND\r\n");
    }
    tasks = cop_task_supervisor_children(COP("KV.TaskSupervisor"));
    cop_assert_equal(2, cop_list_len(tasks));
    for (; !cop_is_empty_list(tasks); tasks = cop_tail(tasks)) {
        memory = cop_process_info(cop_to_pid(cop_head(tasks)), COP(":memory"));
        cop_assert_match(memory, "{_, bytes}", bytes);
        cop_assert(bytes < 2000000);
    }
    for (int i = 0; i < FLOOD; i += 1000) {
        cop_term answer;

        cop_assert_match(cop_tcp_recv(s, 17000, WAIT_MS), "{:ok, answer}", answer);
        cop_assert(memcmp(cop_to_bytes(answer).data, "UNKNOWN COMMAND\r\n", 17) == 0);
    }
    cop_assert_equal(cop_ok(), cop_task_await(task, WAIT_MS));
    cop_tcp_close(other);
    close_and_wait(s);
}

/* Rubbish has an answer or an end. */
static void rubbish_does_no_harm(void)
{
    uint64_t seed = 42;
    cop_term s;

    for (int round = 0; round < 30; round++) {
        cop_term r = round % 2 ? connect_lines() : connect_redis();
        char bytes[3000];

        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = (char)(seed >> 56);
        }
        if (round % 3 == 0) bytes[0] = '*';
        cop_tcp_send(r, cop_binary(bytes, sizeof(bytes)));
        cop_tcp_shutdown(r, COP(":write"));
        while (cop_match(cop_tcp_recv(r, 0, WAIT_MS), "{:ok, _}")) {
        }
        cop_tcp_close(r);
    }
    wait_for_connections(0);
    s = connect_lines();
    say(s, "WHAT\n");
    hear(s, "UNKNOWN COMMAND\r\n");
    close_and_wait(s);
}

/* --- INFO ------------------------------------------------------------------------------------- */

/* What INFO says of one section. */
static cop_bytes info_of(cop_term r, const char *section)
{
    say(r, "INFO ");
    say(r, section);
    say(r, "\r\n");
    return hear_bulk(r);
}

/* The number behind `name:` at the beginning of a line. */
static int64_t figure(cop_term r, const char *section, const char *name)
{
    cop_bytes text = info_of(r, section);
    cop_term line = cop_format("\n%s:", name);
    cop_bytes wanted = cop_to_bytes(line);
    const char *found = memmem(text.data, text.len, wanted.data, wanted.len);
    int64_t value = 0;

    if (found == NULL) return -1;
    for (found += wanted.len; *found >= '0' && *found <= '9'; found++)
        value = 10 * value + (*found - '0');
    return value;
}

static void info_tells_true_figures(void)
{
    cop_term r = connect_redis(), others[3], refused[CONNECTIONS_MAX];
    struct cop_node_figures node;
    int64_t received = figure(r, "stats", "total_connections_received"), commands, rejected;

    for (int i = 0; i < 3; i++) {
        others[i] = connect_lines();
        say(others[i], "WHAT\n");
        hear(others[i], "UNKNOWN COMMAND\r\n");
    }
    cop_assert_equal(received + 3, figure(r, "stats", "total_connections_received"));
    cop_assert_equal(4, figure(r, "clients", "connected_clients"));
    cop_assert_equal(CONNECTIONS_MAX, figure(r, "clients", "maxclients"));
    commands = figure(r, "stats", "total_commands_processed");
    say(others[0], "WHAT\nWHAT\n");
    hear(others[0], "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\n");
    cop_assert_equal(commands + 3, figure(r, "stats", "total_commands_processed"));
    rejected = figure(r, "stats", "rejected_connections");
    for (int i = 4; i < CONNECTIONS_MAX; i++)
        refused[i] = connect_lines();
    wait_for_connections(CONNECTIONS_MAX);
    refused[0] = connect_lines();
    hear(refused[0], "ERROR\r\n");
    cop_assert_equal(rejected + 1, figure(r, "stats", "rejected_connections"));
    for (int i = 0; i < CONNECTIONS_MAX; i++)
        if (i == 0 || i >= 4) cop_tcp_close(refused[i]);
    say(r, "SELECT 9\r\nMSET a 1 b 2 c 3\r\nEXPIRE a 100\r\n");
    hear(r, "+OK\r\n+OK\r\n:1\r\n");
    cop_assert(memmem(info_of(r, "keyspace").data, info_of(r, "keyspace").len,
                      "\ndb9:keys=3,expires=1,avg_ttl=", 30) != NULL);
    say(r, "FLUSHDB\r\n");
    hear(r, "+OK\r\n");
    cop_assert_equal(-1, figure(r, "keyspace", "db9"));
    cop_read_node(&node);
    cop_assert(figure(r, "memory", "used_memory") > (int64_t)node.memory_allocated / 2);
    cop_assert(figure(r, "memory", "used_memory") < 2 * (int64_t)node.memory_allocated);
    cop_assert(figure(r, "memory", "used_memory_rss") > (int64_t)node.memory_resident / 2);
    cop_assert_equal(getpid(), figure(r, "server", "process_id"));
    cop_assert_equal(port_of(COP(":redis_at")), figure(r, "server", "tcp_port"));
    cop_assert_equal(0, info_of(r, "nonsense").len);
    cop_assert(memcmp(info_of(r, "").data, "# Server\r\n", 10) == 0);
    for (int i = 0; i < 3; i++)
        cop_tcp_close(others[i]);
    close_and_wait(r);
}

/* --- Ports ------------------------------------------------------------------------------------ */

static void a_taken_port_is_told(void)
{
    int port = port_of(COP(":lines_at"));
    cop_term answer = cop_supervisor_start_child(
        COP("KV.Server"),
        cop_build("%{id: :other, start: {KV.Acceptor, :start_link, [0, port]}}", port));

    cop_assert_match(answer, "{:error, {{:listen, ^port, :eaddrinuse}, _}}", port);
}

/* Nobody but this machine reaches the ports, unless that is asked for. */
static void both_listen_at_this_machine_only(void)
{
    cop_term answer;

    for (int i = 0; i < 2; i++)
        cop_assert_equal(COP("{:error, :econnrefused}"),
                         cop_tcp_connect("127.0.0.2",
                                         port_of(i ? COP(":lines_at") : COP(":redis_at")),
                                         COP("[]"), WAIT_MS));
    cop_application_put_env(COP(":kv_server"), COP(":address"), COP("\"127.0.0.2\""));
    cop_assert_match(cop_supervisor_terminate_child(COP("KV.Server"), COP("{KV.Acceptor, :redis}")),
                     ":ok");
    cop_assert_match(cop_supervisor_restart_child(COP("KV.Server"), COP("{KV.Acceptor, :redis}")),
                     "{:ok, _}");
    cop_assert_match(cop_tcp_connect("127.0.0.2", port_of(COP(":redis_at")), COP("[]"), WAIT_MS),
                     "{:ok, answer}", answer);
    cop_application_put_env(COP(":kv_server"), COP(":address"), COP("\"127.0.0.1\""));
    close_and_wait(answer);
}

static void what_is_no_address_is_told(void)
{
    struct kv_settings settings;
    char why[200] = "";

    cop_application_put_env(COP(":kv_server"), COP(":address"), COP("\"localhost\""));
    cop_assert(!kv_settings_read(&settings, why));
    cop_assert_equal(
        "KV_ADDRESS cannot be \"localhost\": it is an address such as 127.0.0.1 or ::1",
        cop_string(why));
    cop_application_put_env(COP(":kv_server"), COP(":address"), COP("\"::1\""));
    cop_assert(kv_settings_read(&settings, why));
    cop_assert_equal("::1", cop_string(settings.address));
    cop_application_put_env(COP(":kv_server"), COP(":address"), COP("\"127.0.0.1\""));
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_guides_conversation),
                                       TEST(subscribers_hear_of_others),
                                       TEST(both_protocols_have_one_store),
                                       TEST(pieces_are_put_together),
                                       TEST(cut_connections_end_alone),
                                       TEST(the_last_answers_come_after_half_a_close),
                                       TEST(a_crash_ends_one_connection),
                                       TEST(other_errors_end_the_connection),
                                       TEST(too_many_clients_are_refused),
                                       TEST(idle_clients_are_closed),
                                       TEST(vanished_clients_are_noticed),
                                       TEST(lines_and_strings_have_their_limits),
                                       TEST(halves_of_commands_have_a_budget),
                                       TEST(large_values_come_back),
                                       TEST(a_flood_fills_nothing),
                                       TEST(info_tells_true_figures),
                                       TEST(rubbish_does_no_harm),
                                       TEST(a_taken_port_is_told),
                                       TEST(both_listen_at_this_machine_only),
                                       TEST(what_is_no_address_is_told)};
    return cmocka_run_group_tests(tests, server_up, kv_group_teardown);
}
