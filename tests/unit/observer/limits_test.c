/* SPDX-License-Identifier: Apache-2.0 */
/* What is red, and when sampling stops: in a node with few processes, and in one with virtual time,
 * where a minute takes none. */
#include "fixture.h"

#include <stdlib.h>

#define PROCESSES_MAX 128

static int few_up(void **state)
{
    static const char *const environment[] = {"COPPICE_PROCESSES_MAX", "128", NULL};

    (void)state;
    return observer_up(environment);
}

/* No sockets there: the sampler stands alone. */
static int virtual_up(void **state)
{
    const struct cop_node_opts opts = {.size = sizeof opts, .seed = 7};

    (void)state;
    unsetenv("COPPICE_PROCESSES_MAX");
    return cop_node_start(&opts);
}

static int virtual_down(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

static cop_next wait_for_end(cop_term arg)
{
    cop_term msg;

    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* Red is what is past four fifths of its limit, and nothing before. */
PROCESS_TEST(figures_near_a_limit_are_red)
{
    cop_term red;
    int64_t used;

    for (;;) {
        cop_expect(json_of(ask("/api/system")),
                   "%{\"red\" => red, \"limits\" => %{\"processes\" =>"
                   " %{\"used\" => used, \"limit\" => 128}}}",
                   red, used);
        cop_assert(used <= PROCESSES_MAX);
        if (used > PROCESSES_MAX * 8 / 10) break;
        cop_assert_equal(red, cop_empty_list());
        cop_spawn(wait_for_end, cop_nil(), &(struct cop_spawn_opts){.link = true});
    }
    cop_expect(red, "[\"processes\"]");
}

static void start_sampler(void)
{
    cop_expect(cop_gen_server_start_link(&cop__obs_sampler_module, cop_nil(),
                                         COP("[name: Observer.Sampler]")),
               "{:ok, _}");
}

static bool is_sampling(void)
{
    return cop_match(
        cop_map_get(cop_sys_get_state(COP("Observer.Sampler"), 5000), COP(":ticking"), cop_nil()),
        "true");
}

static cop_next stream(cop_term boss)
{
    cop_term msg;

    cop_send(boss, cop_tuple(COP(":counted"), cop_bool(cop__obs_stream_begin())));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* Nothing is sampled before anybody looks, and from a minute after the last request on. */
PROCESS_TEST(a_minute_after_the_last_request_sampling_stops)
{
    start_sampler();
    cop_assert(!is_sampling());
    cop__obs_watch(); /* as each request below /api/ does */
    cop_assert(is_sampling());
    cop_sleep(40000);
    cop__obs_watch();
    cop_sleep(59000);
    cop_assert(is_sampling());
    cop_sleep(2000);
    cop_assert(!is_sampling());
}

/* A stream is a viewer for as long as it is open. */
PROCESS_TEST(a_minute_after_the_last_stream_sampling_stops)
{
    cop_pid viewer;

    start_sampler();
    viewer = cop_spawn(stream, cop_pid_term(cop_self()), NULL);
    cop_assert_receive_within(5000, "{:counted, true}");
    cop_sleep(600000);
    cop_assert(is_sampling());
    cop_send(viewer, COP(":end"));
    cop_sleep(59000);
    cop_assert(is_sampling());
    cop_sleep(2000);
    cop_assert(!is_sampling());
}

int main(void)
{
    const struct CMUnitTest few[] = {
        cmocka_unit_test(figures_near_a_limit_are_red),
    };
    const struct CMUnitTest in_time[] = {
        cmocka_unit_test(a_minute_after_the_last_request_sampling_stops),
        cmocka_unit_test(a_minute_after_the_last_stream_sampling_stops),
    };
    int failed = cmocka_run_group_tests(few, few_up, observer_down);

    return failed + cmocka_run_group_tests(in_time, virtual_up, virtual_down);
}
