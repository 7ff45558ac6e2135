/* SPDX-License-Identifier: Apache-2.0 */
/* Servers and clients that are killed in the middle of everything, again and again: the program
 * goes on, and no descriptor is left. */
#include "support/process_test.h"

#include "base/rand.h"
#include "coppice.h"

#include <dirent.h>
#include <stdlib.h>

#define ROUNDS  60
#define CLIENTS 6

/* --- What is served and asked ----------------------------------------------------------------- */

static cop_term handle(cop_term request)
{
    static const char piece[3000] = "x";

    if (cop_match(request, "%{request_path: \"/short\"}")) return COP("{200, [], \"short\"}");
    if (cop_match(request, "%{request_path: \"/wait\"}")) cop_sleep(100000);
    if (!cop_match(cop_http_server_send_chunked(request, 200, COP("[]")), ":ok")) return cop_nil();
    while (cop_match(cop_http_server_chunk(request, cop_binary(piece, sizeof(piece))), ":ok"))
        continue;
    return cop_nil();
}

static const struct cop_function functions[] = {COP_EXPORT("handle(request)", handle, "Handles."),
                                                COP_EXPORT_END};
static const struct cop_module handler_module = {
    .size = sizeof(struct cop_module), .name = "Handler", .functions = functions};

/* Asks in turn for all that there is, until it is killed; how many times makes no difference. */
static cop_next ask(cop_term port)
{
    static const char *const paths[] = {"short", "endless", "wait"};

    for (int i = 0; i < 1000000; i++) {
        cop_term url = cop_format("http://127.0.0.1:%d/%s", (int)cop_to_int(port), paths[i % 3]);

        if (cop_is_no_pid(cop_whereis(COP("Http.Client"))))
            cop_yield();
        else
            (void)cop_http_get(url, COP("[body_max: 50000, timeout: 20]"));
    }
    return cop_end();
}

/* --- Rounds ----------------------------------------------------------------------------------- */

static int open_descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int len = 0;

    while (readdir(all) != NULL)
        len++;
    (void)closedir(all);
    return len;
}

static void await_end(cop_pid pid)
{
    cop_ref ref = cop_monitor(pid);

    cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, _, _}", ref);
}

static void kill_and_wait(cop_pid pid)
{
    cop_exit_process(pid, COP(":kill"));
    await_end(pid);
}

/* The client's process; killed ones are followed by another. */
static void start_client(void)
{
    if (!cop_is_no_pid(cop_whereis(COP("Http.Client")))) return;
    cop_expect(cop_apply(COP("Http.Client"), COP(":start_link"), COP("[[name: Http.Client]]")),
               "{:ok, _}");
}

static void one_round(struct cop__rand *rand)
{
    cop_pid askers[CLIENTS];
    cop_pid server;
    cop_term port;

    cop_expect(cop_http_server_start_link(COP("[handler: &Handler.handle/1, buffer_max: 5000]")),
               "{:ok, server}", server);
    port = cop_http_server_port(cop_pid_term(server));
    for (int i = 0; i < CLIENTS; i++)
        askers[i] = cop_spawn(ask, port, NULL);
    cop_sleep((int64_t)cop__rand_below(rand, 15));
    if (cop__rand_below(rand, 3) == 0) {
        cop_pid client = cop_whereis(COP("Http.Client"));

        if (!cop_is_no_pid(client)) kill_and_wait(client);
    }
    cop_sleep((int64_t)cop__rand_below(rand, 15));
    if (cop__rand_below(rand, 4) == 0)
        cop_gen_server_stop(cop_pid_term(server), COP(":shutdown"), 5000);
    else
        kill_and_wait(server);
    for (int i = 0; i < CLIENTS; i++)
        kill_and_wait(askers[i]);
    start_client();
    cop_assert_match(
        cop_http_get(cop_format("http://127.0.0.1:%d/", (int)cop_to_int(port)), COP("[]")),
        "{:error, _}");
}

PROCESS_TEST(nothing_is_left_of_who_was_killed)
{
    struct cop__rand rand;
    int before;

    cop_trap_exit(true);
    cop_module_register(&handler_module);
    cop_module_register(&cop_http_server_module);
    cop_application_register(&cop_http_application);
    cop_expect(cop_application_load(COP(":http")), ":ok");
    cop__rand_seed(&rand, 7);
    start_client();
    one_round(&rand);
    start_client();
    /* Each seat may still open a loop, which has four. */
    before = open_descriptors() + 4 * cop_schedulers();
    for (int i = 0; i < ROUNDS; i++) {
        one_round(&rand);
        start_client();
    }
    /* The loops close what they have let go of. */
    for (int i = 0; i < 1000 && open_descriptors() > before; i++)
        cop_sleep(2);
    cop_assert(open_descriptors() <= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left_of_who_was_killed)};

    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
