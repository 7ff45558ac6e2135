/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds of the line server's connections, asked by clients. */
#include "support/process_test.h"

#include "line_server.h"

static void ask(cop_term socket, const char *line, const char *words)
{
    cop_expect(cop_tcp_send(socket, cop_string(line)), ":ok");
    cop_assert_equal(cop_tuple(cop_ok(), words), cop_tcp_recv(socket, 0, 5000));
}

static cop_term connect_to(int64_t port)
{
    cop_term socket;

    cop_expect(cop_tcp_connect("127.0.0.1", (int)port, COP("[packet: :line]"), 5000),
               "{:ok, socket}", socket);
    return socket;
}

/* Stands for the server that counts lines: it counts none. */
static cop_next swallow(cop_term name)
{
    cop_term message;

    cop_register(name, cop_self());
    for (;;)
        cop_receive(&message, COP_INFINITY);
    return cop_end();
}

static void talk(bool passive)
{
    int64_t port;
    cop_pid server = line_server_start(passive);
    cop_term clients[20];

    cop_assert_receive_within(5000, "{:listening, port}", port);
    for (int i = 0; i < 20; i++)
        clients[i] = connect_to(port);
    for (int i = 0; i < 20; i++)
        ask(clients[i], "ECHO so\r\n", "so");
    for (int i = 0; i < 20; i++)
        ask(clients[i], "what\n", "ERROR unknown command");
    for (int i = 0; i < 20; i++)
        cop_expect(cop_tcp_close(clients[i]), ":ok");
    cop_exit_process(server, COP(":kill"));
}

PROCESS_TEST(passive_connections)
{
    talk(true);
}

PROCESS_TEST(active_connections)
{
    cop_spawn(swallow, COP("Meter"), NULL);
    while (cop_is_no_pid(cop_whereis(COP("Meter"))))
        cop_yield();
    talk(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passive_connections),
        cmocka_unit_test(active_connections),
    };
    return cmocka_run_group_tests(tests, node_up, node_down);
}
