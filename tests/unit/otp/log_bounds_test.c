/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of processes with more than anybody can read: what they cost does not depend on it, so
 * that no process can bring the node down by dying (LOG-06, LOG-18). */
#include "support/process_test.h"

#include "coppice/agent.h"
#include "coppice/gen_server.h"
#include "coppice/logger.h"
#include "coppice/proc_lib.h"
#include "coppice/sys.h"

#include <string.h>
#include <sys/resource.h>

/* What a report may need at once, in kilobytes: far less than what it is about. */
#define REPORT_MAX_KB 20000
#define TEXT_MAX      (8192 + 13 + 1)

static long high_water_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static bool has(cop_term text, const char *part)
{
    cop_bytes bytes = cop_to_bytes(text);

    return memmem(bytes.data, bytes.len, part, strlen(part)) != NULL;
}

/* --- A state of 100 MB, and one of 2^60 elements ---------------------------------------------- */

static cop_term huge_state(void)
{
    size_t size = (size_t)100 << 20;
    char *bytes = cop_alloc(size);
    cop_term list = cop_empty_list(), map = cop_map_new(), twins = COP("\"leaf\"");
    cop_term binary, text;

    memset(bytes, 7, size);
    binary = cop_binary(bytes, size);
    memset(bytes, 'x', 1 << 20);
    text = cop_binary(bytes, 1 << 20);
    cop_free(bytes);
    for (int i = 0; i < 300000; i++)
        list = cop_cons(cop_tuple(i, COP("\"element\"")), list);
    for (int i = 0; i < 20000; i++)
        map = cop_map_put(map, cop_int(i), cop_tuple(i, i));
    for (int i = 0; i < 60; i++)
        twins = cop_tuple(twins, twins, twins);
    return cop_build("%{bytes: binary, text: text, list: list, map: map, twins: twins}", binary,
                     text, list, map, twins);
}

struct giant {
    cop_kept state;
};

static cop_result giant_init(cop_term arg)
{
    struct giant *g = cop_alloc(sizeof *g);

    (void)arg;
    g->state = cop_keep(huge_state());
    return cop_started(g);
}

static cop_result giant_cast(void *state, cop_term message)
{
    (void)state;
    return cop_stop(message);
}

static cop_term giant_format(const void *state)
{
    return cop_kept_term(((const struct giant *)state)->state);
}

static const struct cop_gen_server giant_callbacks = {.size = sizeof giant_callbacks,
                                                      .init = giant_init,
                                                      .handle_cast = giant_cast,
                                                      .format_state = giant_format};
static const struct cop_module giant_module = {
    .size = sizeof giant_module, .name = "Giant", .gen_server = &giant_callbacks};

static cop_term stop_giant(void *giant)
{
    cop_pid pid = *(cop_pid *)giant;
    cop_ref ref = cop_monitor(pid);

    cop_gen_server_cast(cop_pid_term(pid), COP(":enough"));
    cop_assert_receive_within(30000, "{:DOWN, ^ref, _, _, :enough}", ref);
    return cop_nil();
}

/* LOG-06 */
PROCESS_TEST(a_huge_state)
{
    cop_pid giant;
    cop_term log;
    long before;

    cop_expect(cop_gen_server_start(&giant_module, cop_nil(), cop_empty_list()), "{:ok, giant}",
               giant);
    before = high_water_kb();
    log = cop_capture_log(stop_giant, &giant);
    cop_assert(high_water_kb() - before < REPORT_MAX_KB);
    cop_assert(has(log, "** (stop) :enough"));
    cop_assert(has(log, "State: %{"));
    cop_assert(cop_to_bytes(log).len <= TEXT_MAX);
}

/* --- A million messages ----------------------------------------------------------------------- */

static bool is_order(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, ":die");
}

static cop_next hoard(cop_term arg)
{
    cop_term msg;

    cop_init_ack(cop_pid_term(cop_self()));
    cop_receive_if(is_order, NULL, &msg, COP_INFINITY);
    (void)arg;
    cop_error(COP(":too_much"));
}

static cop_term fill_and_end(void *before)
{
    cop_pid pid = cop_to_pid(cop_proc_lib_start(hoard, cop_nil(), NULL));
    cop_ref ref = cop_monitor(pid);

    for (int i = 0; i < 1000000; i++)
        cop_send(pid, i);
    *(long *)before = high_water_kb();
    cop_send(pid, COP(":die"));
    cop_assert_receive_within(30000, "{:DOWN, ^ref, _, _, {:too_much, _}}", ref);
    return cop_nil();
}

/* LOG-18 */
PROCESS_TEST(a_million_messages)
{
    long before = 0;
    cop_term log;

    cop_log_sasl_reports(true);
    log = cop_capture_log(fill_and_end, &before);
    cop_log_sasl_reports(false);
    cop_assert(high_water_kb() - before < REPORT_MAX_KB);
    cop_assert(has(log, "\nMessage Queue Length: 1000000\nMessages: [0, 1, 2, "));
    cop_assert(has(log, ", 48, 49, ...]\nLinks: []\n"));
}

/* --- Inspecting within bounds ----------------------------------------------------------------- */

PROCESS_TEST(inspect_within)
{
    cop_term t = COP("[{1, \"abcdefghij\"}, %{a: [1, 2], b: {:c, [d: 4]}}, 3]");

    cop_assert_equal("[{1, \"abcdefghij\"}, %{a: [1, 2], b: {:c, [d: 4]}}, 3]",
                     cop_inspect_within(t, 1000));
    cop_assert_equal("[{1, \"abcdefghij\"}, ...]", cop_inspect_within(t, 10));
    cop_assert_equal("[{1, \"abcdefghij\"}, %{a: [1, 2], ...}, ...]", cop_inspect_within(t, 26));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inspect_within),
        cmocka_unit_test(a_huge_state),
        cmocka_unit_test(a_million_messages),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
