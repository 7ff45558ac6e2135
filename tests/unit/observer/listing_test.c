/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages: what is filtered, sorted and cut on this side of the wire. */
#include "fixture.h"

#include "coppice/tcp.h"

static int up(void **state)
{
    (void)state;
    return observer_up(NULL);
}

/* The values of a field of the rows, joined with spaces; "-" for nil. */
static const char *fields(cop_term rows, const char *name)
{
    static char text[2000]; /* of the one test that runs */
    size_t len = 0;
    cop_term row;

    text[0] = '\0';
    while (cop_match(rows, "[row | rows]", row, rows)) {
        cop_term value = cop_map_get(row, cop_string(name), cop_nil());
        cop_bytes t = cop_match(value, "nil") ? (cop_bytes){"-", 1}
                      : cop_is_binary(value)  ? cop_to_bytes(value)
                                              : cop_to_bytes(cop_inspect(value));

        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", len > 0 ? " " : "",
                                (int)t.len, t.data);
    }
    return text;
}

static const char *listed(const char *path, const char *list, const char *field)
{
    return fields(cop_map_get(json_of(ask(path)), cop_string(list), cop_empty_list()), field);
}

#define assert_listed(text, path, list, field)                                                     \
    cop_assert_equal(cop_string(text), cop_string(listed(path, list, field)))

/* --- Processes -------------------------------------------------------------------------------- */

/* OBS-24, OBS-43: the load is what came since the last look; the first has totals only. All are
 * counted. */
PROCESS_TEST(the_first_view_has_totals)
{
    cop_term rows, delta;
    int64_t count, total;

    cop_expect(json_of(ask("/api/processes?limit=1000")),
               "%{\"count\" => count, \"interval_ms\" => 0, \"processes\" => rows}", count, rows);
    cop_assert(count == cop_list_len(rows) && count >= 8);
    while (cop_match(rows, "[%{\"reductions\" => total, \"reductions_delta\" => delta} | rows]",
                     total, delta, rows))
        cop_assert(total >= 0 && cop_match(delta, "nil"));
    cop_assert(cop_is_empty_list(rows));
}

static cop_next be_labelled(cop_term arg)
{
    cop_term boss, label, msg;

    cop_expect(arg, "{boss, label}", boss, label);
    cop_register(COP(":look_labelled"), cop_self());
    cop_set_label(label);
    cop_send(boss, COP(":ready"));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* Look.Agent, Look.Dynamic and Look.Top have no label. */
PROCESS_TEST(those_without_come_last_whatever_the_order)
{
    cop_term msg;
    cop_pid pid = cop_spawn(be_labelled, cop_tuple(cop_self(), COP("\"Look.me\"")), NULL);

    cop_receive(&msg, COP_INFINITY);
    assert_listed("Look.me - - -", "/api/processes?filter=look.&sort=label&order=asc", "processes",
                  "label");
    assert_listed("Look.me - - -", "/api/processes?filter=look.&sort=label&order=desc", "processes",
                  "label");
    cop_send(pid, COP(":end"));
    while (cop_is_alive(pid))
        cop_sleep(1);
}

PROCESS_TEST(processes_that_are_equal_stay_in_order)
{
    const char *asc = "/api/processes?filter=Look.&sort=queue&order=asc";
    const char *desc = "/api/processes?filter=Look.&sort=queue&order=desc";
    cop_term rows;

    cop_expect(json_of(ask(asc)), "%{\"processes\" => rows}", rows);
    cop_assert(cop_list_len(rows) == 3);
    cop_assert_equal(cop_string(fields(rows, "name")),
                     cop_string(listed(desc, "processes", "name")));
}

/* --- Tables ----------------------------------------------------------------------------------- */

PROCESS_TEST(tables_come_in_pages)
{
    cop_term a = cop_ets_new(COP("Pages.A"), COP("[:named_table]"));
    cop_term b = cop_ets_new(COP("Pages.B"), COP("[:named_table, :private]"));
    cop_term c = cop_ets_new(COP("Pages.C"), COP("[:named_table]"));
    cop_term me = cop__obs_pid(cop_pid_term(cop_self()));
    int64_t memory, count;

    cop_ets_insert(b, COP("{1, 2}"));
    assert_listed("Pages.A Pages.B Pages.C", "/api/tables?filter=pages.", "tables", "name");
    assert_listed("Pages.C Pages.B Pages.A", "/api/tables?filter=PAGES.&order=desc", "tables",
                  "name");
    assert_listed("Pages.B", "/api/tables?filter=Pages.&offset=1&limit=1", "tables", "name");
    assert_listed("Pages.B Pages.A Pages.C", "/api/tables?filter=Pages.&sort=size&order=desc",
                  "tables", "name");
    assert_listed("Pages.A Pages.C", "/api/tables?filter=Pages.&readable=true", "tables", "name");
    assert_listed("Pages.A Pages.B Pages.C", path_of("/api/tables?filter=*", me), "tables", "name");
    cop_expect(json_of(ask("/api/tables?filter=Pages.&limit=1")),
               "%{\"matched\" => 3, \"offset\" => 0, \"count\" => count, \"memory\" => memory}",
               count, memory);
    cop_assert(count >= 3 && count == cop_list_len(cop_ets_all()));
    cop_assert(memory > 0);
    cop_assert(status_of(ask("/api/tables?sort=colour")) == 400);
    cop_assert(status_of(ask("/api/tables?order=up")) == 400);
    cop_assert(status_of(ask("/api/tables?limit=1000")) == 200);
    cop_assert(status_of(ask("/api/tables?limit=1001")) == 400);
    cop_ets_delete(a);
    cop_ets_delete(b);
    cop_ets_delete(c);
}

/* --- Ports ------------------------------------------------------------------------------------ */

PROCESS_TEST(ports_come_in_pages)
{
    cop_term one, two, local, id, me = cop__obs_pid(cop_pid_term(cop_self()));

    cop_expect(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:ok, one}", one);
    cop_expect(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:ok, two}", two);
    assert_listed("tcp_listener tcp_listener", path_of("/api/ports?filter=*", me), "ports", "kind");
    assert_listed("tcp_listener", path_of("/api/ports?limit=1&filter=*", me), "ports", "kind");
    cop_expect(json_of(ask(path_of("/api/ports?limit=0&kind=tcp_listener&filter=*", me))),
               "%{\"matched\" => 2, \"ports\" => []}");
    /* The server itself, by the address that it listens at. */
    cop_expect(json_of(ask("/api/ports?kind=http_server")),
               "%{\"ports\" => [%{\"local\" => local, \"id\" => id}]}", local, id);
    cop_assert_equal(
        cop_format("http://%.*s", (int)cop_to_bytes(local).len, cop_to_bytes(local).data),
        cop_observer_url());
    cop_assert(cop_to_bytes(id).data[0] == '0');
    cop_expect(json_of(ask("/api/ports?kind=udp")), "%{\"count\" => 0, \"ports\" => []}");
    cop_assert(status_of(ask("/api/ports?sort=where&order=desc")) == 200);
    cop_assert(status_of(ask("/api/ports?sort=colour")) == 400);
    cop_tcp_close(one);
    cop_tcp_close(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_view_has_totals),
        cmocka_unit_test(those_without_come_last_whatever_the_order),
        cmocka_unit_test(processes_that_are_equal_stay_in_order),
        cmocka_unit_test(tables_come_in_pages),
        cmocka_unit_test(ports_come_in_pages),
    };

    return cmocka_run_group_tests(tests, up, observer_down);
}
