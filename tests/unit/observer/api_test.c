/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON API as docs/api-http.md has it, without a socket. */
#include "fixture.h"

#include "coppice/os_process.h"
#include "coppice/tcp.h"

#include <unistd.h>

static int up(void **state)
{
    (void)state;
    return observer_up(NULL);
}

/* --- The node --------------------------------------------------------------------------------- */

/* OBS-08, OBS-10, OBS-11: memory by kind, figures of the moment, what is used of each limit. */
/* As it was started, whatever has become of its file since. */
PROCESS_TEST(the_program_has_its_name)
{
    static char another[] = "another";
    char *name = program_invocation_short_name;

    cop_expect(json_of(ask("/api/session")), "%{\"program\" => \"observer_api_test\"}");
    program_invocation_short_name = another;
    cop_expect(json_of(ask("/api/session")), "%{\"program\" => \"another\"}");
    program_invocation_short_name = name;
}

/* OBS-07: versions and word size; OBS-09: processors and schedulers. */
PROCESS_TEST(system_and_architecture)
{
    cop_term version, compiler;
    int64_t word, cpus, seats;
    cop_bytes words;

    cop_expect(json_of(ask("/api/system")),
               "%{\"version\" => version, \"compiler\" => compiler, \"word_size\" => word,"
               " \"cpus\" => cpus, \"schedulers\" => seats}",
               version, compiler, word, cpus, seats);
    cop_assert_equal(version, cop_string(cop_version()));
    words = cop_to_bytes(compiler);
    cop_assert(words.len > 6 &&
               (memcmp(words.data, "gcc ", 4) == 0 || memcmp(words.data, "clang ", 6) == 0));
    cop_assert(word == sizeof(void *));
    cop_assert(cpus == sysconf(_SC_NPROCESSORS_ONLN));
    cop_assert(seats == cop_schedulers());
}

PROCESS_TEST(session_and_system)
{
    cop_term token, seats, limits;
    int64_t count, uptime, resident, total, atoms, processes, tables, used, bytes_in, bytes_out;

    cop_expect(json_of(ask("/api/session")),
               "%{\"node\" => \"nonode@nohost\", \"token\" => token, \"read_only\" => false}",
               token);
    cop_assert_equal(token, cop_string(cop__obs_settings.page_token));
    cop_assert(cop_to_bytes(token).len == 32);
    cop_expect(json_of(ask("/api/system")),
               "%{\"schedulers\" => count, \"scheduler\" => seats, \"limits\" => limits,"
               " \"uptime_ms\" => uptime, \"memory\" => %{\"resident\" => resident},"
               " \"log_level\" => \"debug\", \"red\" => []}",
               count, seats, limits, uptime, resident);
    cop_assert(count == cop_schedulers() && cop_list_len(seats) == count);
    cop_assert(resident > 1 << 20 && uptime >= 0);
    cop_expect(
        json_of(ask("/api/system")),
        "%{\"memory\" => %{\"total\" => total, \"atoms\" => atoms, \"processes\" => processes,"
        " \"tables\" => tables}, \"run_queue_global\" => _, \"io\" => %{\"in\" => bytes_in,"
        " \"out\" => bytes_out}, \"limits\" => %{\"processes\" => %{\"used\" => used}}}",
        total, atoms, processes, tables, bytes_in, bytes_out, used);
    cop_assert(atoms > 10000 && processes > 1000 && tables >= 0 && total > atoms + processes);
    cop_assert(used > 5 && bytes_in >= 0 && bytes_out >= 0);
    cop_expect(limits, "%{\"processes\" => %{\"limit\" => 8388608}, \"atoms\" => _,"
                       " \"tables\" => _, \"tables_rows\" => %{\"limit\" => nil}}");
}

/* OBS-13, OBS-14: scheduler use, memory and I/O of the window, a sample each 500 ms. */
PROCESS_TEST(load_has_columns_of_one_length)
{
    cop_term time, messages, use;

    cop_expect(json_of(ask("/api/load?seconds=60")),
               "%{\"interval_ms\" => 500, \"io_in_per_s\" => [_ | _], \"io_out_per_s\" => [_ | _],"
               " \"memory\" => %{\"resident\" => [_ | _], \"processes\" => [_ | _]}, \"time_ms\" "
               "=> time, \"messages_per_s\" => messages,"
               " \"scheduler_use\" => use}",
               time, messages, use);
    cop_assert(cop_list_len(time) >= 1);
    cop_assert(cop_list_len(time) == cop_list_len(messages));
    cop_assert(cop_list_len(use) == cop_schedulers());
    cop_assert(status_of(ask("/api/load?seconds=0")) == 400);
    cop_assert(status_of(ask("/api/load?seconds=3601")) == 400);
    cop_assert(status_of(ask("/api/load?seconds=1x")) == 400);
}

/* --- The tree --------------------------------------------------------------------------------- */

static cop_term looked_at(cop_term json)
{
    cop_term apps, app;

    cop_expect(json, "%{\"applications\" => apps}", apps);
    while (cop_match(apps, "[app | apps]", app, apps)) {
        if (cop_match(app, "%{\"name\" => \"looked_at\"}")) return app;
    }
    cop_error(COP(":not_there"));
}

PROCESS_TEST(the_tree_of_an_application)
{
    cop_term root, agent, dynamic, pid = pid_text(COP("Look.Agent")), found;

    cop_expect(looked_at(json_of(ask("/api/applications"))),
               "%{\"description\" => \"<b>words</b>\", \"version\" => \"9.9\", \"root\" => root}",
               root);
    cop_expect(root,
               "%{\"name\" => \"Look.Top\", \"type\" => \"supervisor\", \"id\" => nil,"
               " \"supervisor\" => %{\"strategy\" => \"one_for_one\", \"max_restarts\" => 100,"
               " \"max_seconds\" => 7, \"count\" => 2, \"children\" => [agent, dynamic]}}",
               agent, dynamic);
    cop_expect(agent,
               "%{\"id\" => \":agent\", \"pid\" => found, \"type\" => \"worker\","
               " \"restart\" => \"permanent\", \"state\" => \"running\", \"supervisor\" => nil,"
               " \"name\" => \"Look.Agent\"}",
               found);
    cop_assert_equal(found, pid);
    cop_expect(dynamic, "%{\"type\" => \"supervisor\", \"supervisor\" => %{\"children\" => []}}");
    cop_expect(looked_at(json_of(ask("/api/applications?depth=0"))),
               "%{\"root\" => %{\"supervisor\" => %{\"count\" => 2, \"children\" => nil}}}");
    cop_expect(json_of(ask(path_of("/api/tree/*?offset=1&children=1", pid_text(COP("Look.Top"))))),
               "%{\"supervisor\" => %{\"offset\" => 1, \"children\" => [%{\"name\" =>"
               " \"Look.Dynamic\"}]}}");
}

PROCESS_TEST(a_busy_supervisor_is_busy)
{
    cop_term root;

    cop_sys_suspend(COP("Look.Top"), 1000);
    cop_expect(looked_at(json_of(ask("/api/applications"))), "%{\"root\" => root}", root);
    cop_sys_resume(COP("Look.Top"), 1000);
    cop_expect(root, "%{\"name\" => \"Look.Top\", \"supervisor\" => \"busy\"}");
}

/* --- Processes -------------------------------------------------------------------------------- */

PROCESS_TEST(processes_are_filtered_sorted_and_paged)
{
    cop_term rows, first, second, third;
    int64_t matched;

    cop_expect(json_of(ask("/api/processes?filter=LOOK.&sort=name&order=asc")),
               "%{\"matched\" => 3, \"offset\" => 0, \"processes\" => [first, second, third]}",
               first, second, third);
    cop_expect(first, "%{\"name\" => \"Look.Agent\", \"status\" => \"waiting\", \"queue\" => 0,"
                      " \"priority\" => \"normal\", \"trap_exit\" => false, \"scheduler\" => nil}");
    cop_expect(second, "%{\"name\" => \"Look.Dynamic\", \"trap_exit\" => true}");
    cop_expect(third, "%{\"name\" => \"Look.Top\"}");
    cop_expect(json_of(ask("/api/processes?filter=Look.&sort=name&order=desc&offset=1&limit=1")),
               "%{\"matched\" => 3, \"offset\" => 1, \"processes\" => [%{\"name\" =>"
               " \"Look.Dynamic\"}]}");
    cop_expect(json_of(ask("/api/processes?application=looked_at&limit=0")),
               "%{\"matched\" => matched, \"processes\" => rows}", matched, rows);
    cop_assert(matched >= 4 && cop_is_empty_list(rows)); /* with master and starter */
    cop_assert(status_of(ask("/api/processes?application=nobody")) == 404);
    cop_assert(status_of(ask("/api/processes?sort=age")) == 400);
    cop_assert(status_of(ask("/api/processes?order=up")) == 400);
    cop_assert(status_of(ask("/api/processes?limit=1001")) == 400);
}

PROCESS_TEST(each_column_sorts)
{
    static const char *const columns[] = {"pid",
                                          "name",
                                          "label",
                                          "status",
                                          "memory",
                                          "queue",
                                          "reductions",
                                          "reductions_delta",
                                          "current_function",
                                          "scheduler"};
    char path[80];

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        snprintf(path, sizeof path, "/api/processes?sort=%s", columns[i]);
        cop_assert(status_of(ask(path)) == 200);
    }
}

/* OBS-29, OBS-30: what it is and does, and whom it is linked to. */
PROCESS_TEST(one_process)
{
    cop_term links, parent;

    cop_expect(json_of(ask(path_of("/api/processes/*", pid_text(COP("Look.Agent"))))),
               "%{\"alive\" => true, \"name\" => \"Look.Agent\", \"application\" => \"looked_at\","
               " \"links\" => links, \"links_count\" => 1, \"parent\" => parent,"
               " \"initial_call\" => \"Map.new/0\", \"stack_size\" => 65536}",
               links, parent);
    cop_expect(links, "[%{\"name\" => \"Look.Top\"}]");
    cop_expect(parent, "%{\"name\" => \"Look.Top\"}");
    cop_assert(status_of(ask("/api/processes/0.99999.0")) == 404);
    cop_assert(status_of(ask("/api/processes/rubbish")) == 400);
    cop_assert(status_of(ask("/api/processes/1.2.3")) == 400);
    cop_assert(status_of(ask("/api/processes/0.1.0.0")) == 400);
    cop_assert(status_of(ask("/api/processes/0.1.0/nothing")) == 404);
}

PROCESS_TEST(state_and_messages)
{
    cop_term pid = pid_text(COP("Look.Agent"));

    cop_expect(json_of(ask(path_of("/api/processes/*/state", pid))),
               "%{\"state\" => %{\"text\" => \"%{}\", \"cut\" => false}}");
    cop_sys_suspend(COP("Look.Agent"), 1000);
    cop_send(COP("Look.Agent"), COP("{:late, \"<script>\"}"));
    cop_send(COP("Look.Agent"), COP(":second"));
    cop_expect(json_of(ask(path_of("/api/processes/*/messages", pid))),
               "%{\"count\" => 2, \"messages\" => [%{\"text\" => \"{:late, \\\"<script>\\\"}\"},"
               " %{\"text\" => \":second\"}]}");
    cop_expect(json_of(ask(path_of("/api/processes/*/messages?offset=1&limit=1", pid))),
               "%{\"count\" => 2, \"messages\" => [%{\"text\" => \":second\"}]}");
    cop_sys_resume(COP("Look.Agent"), 1000);
}

/* Its end must not be told of in another test. */
static void kill_and_wait(cop_pid pid)
{
    cop_exit_process(pid, COP(":kill"));
    while (cop_is_alive(pid))
        cop_sleep(1);
}

static cop_next never_answers(cop_term boss)
{
    cop_send(boss, COP(":ready"));
    cop_sleep(100000);
    return cop_end();
}

PROCESS_TEST(a_process_that_is_no_server_has_no_state)
{
    cop_term msg, id;
    cop_pid pid = cop_spawn(never_answers, cop_pid_term(cop_self()), NULL);

    cop_receive(&msg, COP_INFINITY);
    id = cop__obs_pid(cop_pid_term(pid));
    cop_expect(json_of(ask(path_of("/api/processes/*/state", id))),
               "%{\"state\" => nil, \"status\" => nil}");
    cop_assert(status_of(ask_post(path_of("/api/processes/*/suspend", id), "{}")) == 409);
    /* It was not asked: what it does not understand would stay with it for ever. */
    cop_expect(json_of(ask(path_of("/api/processes/*", id))),
               "%{\"queue\" => 0, \"system_messages\" => false}");
    kill_and_wait(pid);
}

/* OBS-28: within 200 ms, and one that is no OTP process is told from one that did not answer. */
PROCESS_TEST(a_busy_server_is_told_from_one_without_state)
{
    cop_term agent = pid_text(COP("Look.Agent"));
    cop_pid pid = cop_whereis(COP("Look.Agent"));

    cop_suspend_process(pid);
    cop_expect(json_of(ask(path_of("/api/processes/*/state", agent))),
               "%{\"state\" => \"busy\", \"status\" => nil}");
    cop_resume_process(pid);
    cop_expect(json_of(ask(path_of("/api/processes/*", agent))), "%{\"system_messages\" => true}");
}

/* --- Changing, and what is told of it --------------------------------------------------------- */

static void wait_for_new(cop_term name, cop_pid old)
{
    while (cop_is_no_pid(cop_whereis(name)) || cop_pid_equal(cop_whereis(name), old))
        cop_sleep(1);
    cop_supervisor_count_children(COP("Look.Top"));
}

PROCESS_TEST(a_kill_is_history)
{
    cop_term old = pid_text(COP("Look.Agent")), now, crash, crashes, successor, tree, rest, row;
    cop_pid pid = cop_whereis(COP("Look.Agent"));
    int64_t number, at;

    cop_expect(json_of(ask_post(path_of("/api/processes/*/kill", old), "{}")), "%{\"ok\" => true}");
    wait_for_new(COP("Look.Agent"), pid);
    now = pid_text(COP("Look.Agent"));
    cop_expect(json_of(ask(path_of("/api/processes/*", old))),
               "%{\"alive\" => false, \"name\" => \"Look.Agent\", \"reason\" => %{\"text\" =>"
               " \":killed\"}, \"successor\" => successor, \"crash\" => number}",
               successor, number);
    cop_assert_equal(successor, now);
    cop_expect(json_of(ask("/api/crashes")), "%{\"crashes\" => crashes}", crashes);
    cop_expect(crashes, "[crash | _]", crash);
    cop_expect(crash,
               "%{\"number\" => number, \"kind\" => \"exit\", \"words\" => \"killed\","
               " \"application\" => \"looked_at\", \"successor\" => successor,"
               " \"time_us\" => at, \"process\" => %{\"name\" => \"Look.Agent\"}}",
               number, successor, at);
    cop_assert_equal(successor, now);
    cop_expect(json_of(ask(path_of("/api/crashes/*", cop_format("%lld", (long long)number)))),
               "%{\"ancestors\" => [%{\"name\" => \"Look.Top\"} | _], \"tree\" => tree,"
               " \"initial_call\" => \"Map.new/0\", \"messages\" => []}",
               tree);
    /* It stood in the tree at the moment of its crash, and its successor did not. */
    bool was_there = false;
    for (rest = tree; cop_match(rest, "[row | rest]", row, rest);) {
        cop_term id = cop_map_get(row, cop_string("pid"), cop_nil());

        was_there |= cop_identical(id, old);
        cop_assert(!cop_identical(id, now));
    }
    cop_assert(was_there);
    cop_assert(status_of(ask("/api/crashes/99999")) == 404);
}

PROCESS_TEST(a_crash_has_its_report_and_state)
{
    cop_pid pid = cop_whereis(COP("Look.Agent"));
    cop_term crash, report, old = pid_text(COP("Look.Agent")), found, state;
    int64_t number;

    cop_gen_server_cast(COP("Look.Agent"), COP("{:rubbish, \"<b>\"}"));
    wait_for_new(COP("Look.Agent"), pid);
    cop_log_flush();
    cop_expect(json_of(ask("/api/crashes?limit=1")), "%{\"crashes\" => [crash]}", crash);
    cop_expect(crash,
               "%{\"kind\" => \"exit\", \"number\" => number, \"process\" => %{\"pid\" =>"
               " found}}",
               number, found);
    cop_assert_equal(found, old);
    cop_expect(json_of(ask(path_of("/api/crashes/*", cop_format("%lld", (long long)number)))),
               "%{\"report\" => report, \"state\" => %{\"text\" => state}}", report, state);
    cop_assert(strncmp(cop_to_bytes(report).data, "GenServer Look.Agent terminating\n", 33) == 0);
    cop_assert(strncmp(cop_to_bytes(state).data, "%{}", 3) == 0);
}

static cop_term last_events(int count)
{
    cop_term events;

    cop_expect(json_of(ask("/api/history")), "%{\"events\" => events, \"lost\" => 0}", events);
    while (cop_list_len(events) > count)
        events = cop_tail(events);
    return events;
}

PROCESS_TEST(history_tells_end_restart_and_start)
{
    cop_pid pid = cop_whereis(COP("Look.Agent"));
    cop_term old = pid_text(COP("Look.Agent")), top = pid_text(COP("Look.Top")), a, b, c, found;
    cop_term replaced;

    ask_post(path_of("/api/processes/*/exit", old), "{\"reason\": \"{:why, \\\"<b>\\\"}\"}");
    wait_for_new(COP("Look.Agent"), pid);
    cop_expect(last_events(3), "[a, b, c]", a, b, c);
    cop_expect(a,
               "%{\"event\" => \"exit\", \"pid\" => found, \"abnormal\" => true,"
               " \"name\" => \"Look.Agent\", \"reason\" => %{\"text\" => \"{:why, \\\"<b>\\\"}\"}}",
               found);
    cop_assert_equal(found, old);
    cop_expect(b,
               "%{\"event\" => \"restart\", \"supervisor\" => found, \"id\" => \":agent\","
               " \"max_restarts\" => 100, \"delay_ms\" => 0}",
               found);
    cop_assert_equal(found, top);
    cop_expect(c,
               "%{\"event\" => \"start\", \"pid\" => found, \"replaces\" => replaced,"
               " \"type\" => \"worker\", \"id\" => \":agent\"}",
               found, replaced);
    cop_assert_equal(found, pid_text(COP("Look.Agent")));
    cop_assert_equal(replaced, old);
}

PROCESS_TEST(children_are_terminated_and_restarted)
{
    cop_term top = pid_text(COP("Look.Top")), dynamic = pid_text(COP("Look.Dynamic")), child;
    char body[80];
    cop_bytes text;
    cop_pid pid;

    cop_expect(
        json_of(ask_post(path_of("/api/tree/*/terminate_child", top), "{\"id\": \":agent\"}")),
        "%{\"ok\" => true, \"result\" => %{\"text\" => \":ok\"}}");
    cop_assert(cop_is_no_pid(cop_whereis(COP("Look.Agent"))));
    cop_expect(looked_at(json_of(ask("/api/applications"))),
               "%{\"root\" => %{\"supervisor\" => %{\"children\" => [%{\"state\" => \"stopped\","
               " \"pid\" => nil, \"next_start_ms\" => nil}, _]}}}");
    cop_expect(json_of(ask_post(path_of("/api/tree/*/restart_child", top), "{\"id\": \":agent\"}")),
               "%{\"ok\" => true}");
    cop_assert(!cop_is_no_pid(cop_whereis(COP("Look.Agent"))));
    cop_assert(status_of(ask_post(path_of("/api/tree/*/restart_child", top),
                                  "{\"id\": \":nobody\"}")) == 409);
    /* Children of a dynamic supervisor have no ids; the wrong request does not end it. */
    cop_expect(
        cop_dynamic_supervisor_start_child(
            COP("Look.Dynamic"), COP("%{id: :x, start: {Agent, :start_link, [&Map.new/0]}}")),
        "{:ok, pid}", pid);
    child = cop__obs_pid(cop_pid_term(pid));
    text = cop_to_bytes(child);
    cop_assert(status_of(ask_post(path_of("/api/tree/*/terminate_child", dynamic),
                                  "{\"id\": \":x\"}")) == 400);
    cop_assert(status_of(ask_post(path_of("/api/tree/*/restart_child", dynamic),
                                  "{\"pid\": \"0.1.0\"}")) == 400);
    snprintf(body, sizeof body, "{\"pid\": \"%.*s\"}", (int)text.len, text.data);
    cop_assert(status_of(ask_post(path_of("/api/tree/*/terminate_child", dynamic), body)) == 200);
    cop_assert(!cop_is_alive(pid));
    cop_assert_equal(pid_text(COP("Look.Dynamic")), dynamic);
    /* Nor does one to who is no supervisor. */
    cop_assert(status_of(ask_post(path_of("/api/tree/*/restart_child", pid_text(COP("Look.Agent"))),
                                  "{\"id\": \":x\"}")) == 409);
}

PROCESS_TEST(messages_are_sent_and_traced)
{
    cop_term agent = pid_text(COP("Look.Agent")), messages, message;
    cop_bytes text = cop_to_bytes(agent);
    char body[80];

    snprintf(body, sizeof body, "{\"pids\": [\"%.*s\"]}", (int)text.len, text.data);
    cop_assert(status_of(ask_post("/api/trace", body)) == 200);
    cop_expect(json_of(ask_post(path_of("/api/processes/*/send", agent),
                                "{\"message\": \"{:hello, 1}\"}")),
               "%{\"result\" => %{\"text\" => \"{:hello, 1}\"}}");
    cop_sys_get_state(COP("Look.Agent"), 1000);
    cop_expect(json_of(ask("/api/trace")), "%{\"messages\" => messages, \"lost\" => 0}", messages);
    cop_expect(messages, "[message | _]", message);
    cop_expect(message, "%{\"kind\" => \"message\", \"term\" => %{\"text\" => \"{:hello, 1}\"},"
                        " \"to\" => %{\"name\" => \"Look.Agent\"}}");
    cop_assert(status_of(ask_post("/api/trace", "{\"pids\": []}")) == 200);
    cop_expect(json_of(ask("/api/trace")), "%{\"pids\" => []}");
    cop_assert(status_of(ask_post("/api/trace", "{\"pids\": [1]}")) == 400);
    cop_assert(status_of(ask_post("/api/trace", "{\"pids\": \"0.1.0\"}")) == 400);
    cop_assert(status_of(ask_post("/api/trace", "{}")) == 400);
}

PROCESS_TEST(suspending)
{
    cop_term agent = pid_text(COP("Look.Agent"));

    cop_assert(status_of(ask_post(path_of("/api/processes/*/suspend", agent), "{}")) == 200);
    cop_expect(cop_sys_get_status(COP("Look.Agent"), 1000), "{_, _, _, [_, :suspended | _]}");
    cop_assert(status_of(ask_post(path_of("/api/processes/*/resume", agent), "{}")) == 200);
    cop_expect(cop_sys_get_status(COP("Look.Agent"), 1000), "{_, _, _, [_, :running | _]}");
}

/* --- Tables, log, calls ----------------------------------------------------------------------- */

/* OBS-35, OBS-36: who owns a table, what it holds, and how it is set up. */
PROCESS_TEST(tables_and_their_rows)
{
    cop_term rows, hits = cop_ets_new(COP("Look.Table"), COP("[:named_table, :ordered_set]"));
    cop_term hidden = cop_ets_new(COP("Look.Hidden"), COP("[:named_table, :private]")), tables;
    cop_term table, rest;
    int found = 0;

    for (int i = 1; i <= 250; i++)
        cop_ets_insert(hits, cop_tuple(i, cop_format("<i>%d</i>", i)));
    cop_expect(json_of(ask("/api/tables")), "%{\"tables\" => tables}", tables);
    for (rest = tables; cop_match(rest, "[table | rest]", table, rest);) {
        found += cop_match(table, "%{\"name\" => \"Look.Table\", \"size\" => 250, \"type\" =>"
                                  " \"ordered_set\", \"readable\" => true, \"named\" => true,"
                                  " \"keypos\" => 1, \"protection\" => \"protected\"}");
        found += cop_match(table, "%{\"name\" => \"Look.Hidden\", \"readable\" => false}");
    }
    cop_assert(found == 2);
    cop_expect(json_of(ask("/api/tables/Look.Table?offset=200&limit=2")),
               "%{\"matched\" => 250, \"partial\" => false, \"rows\" => rows}", rows);
    cop_expect(rows, "[%{\"key\" => %{\"text\" => \"201\"}, \"elements\" => [_, %{\"text\" =>"
                     " \"\\\"<i>201</i>\\\"\"}]}, _]");
    cop_expect(json_of(ask("/api/tables/Look.Table?filter=>17<")),
               "%{\"matched\" => 1, \"rows\" => [%{\"key\" => %{\"text\" => \"17\"}}]}");
    cop_assert(status_of(ask("/api/tables/Look.Hidden")) == 403);
    cop_assert(status_of(ask("/api/tables/nothing")) == 404);
    cop_ets_delete(hits);
    cop_ets_delete(hidden);
}

/* OBS-34: sockets by owner, with their state. */
PROCESS_TEST(ports_with_their_owners)
{
    cop_term ports, port, owner, listener, local;
    int found = 0;

    cop_expect(cop_tcp_listen("127.0.0.1", 0, COP("[]")), "{:ok, listener}", listener);
    cop_expect(json_of(ask("/api/ports")), "%{\"ports\" => ports}", ports);
    while (cop_match(ports, "[port | ports]", port, ports)) {
        if (!cop_match(port,
                       "%{\"kind\" => \"tcp_listener\", \"state\" => \"open\", \"owner\" =>"
                       " %{\"pid\" => owner}, \"local\" => local, \"remote\" => nil}",
                       owner, local))
            continue;
        if (!cop_identical(owner, cop__obs_pid(cop_pid_term(cop_self())))) continue;
        cop_assert(strncmp(cop_to_bytes(local).data, "127.0.0.1:", 10) == 0);
        found++;
    }
    cop_assert(found == 1);
    cop_tcp_close(listener);
}

/* A program's pipes, one row each: what runs there, and who answers for it. */
PROCESS_TEST(programs_with_their_owners)
{
    cop_term ports, owner, program;

    cop_expect(cop_os_process_start_link(COP("\"cat\""), COP("[]"), COP("[stdout: :owner]")),
               "{:ok, program}", program);
    owner = cop__obs_pid(program);
    cop_expect(json_of(ask(path_of("/api/ports?kind=os_process&sort=stream&filter=*", owner))),
               "%{\"ports\" => ports}", ports);
    cop_expect(ports,
               "[%{\"command\" => \"cat\", \"stream\" => \"stderr\","
               "   \"owner\" => %{\"pid\" => ^owner}},"
               " %{\"command\" => \"cat\", \"stream\" => \"stdin\"},"
               " %{\"command\" => \"cat\", \"stream\" => \"stdout\"}]",
               owner);
    cop_os_process_stop(program, COP(":normal"), 5000);
}

PROCESS_TEST(the_log_by_level)
{
    cop_term events, event;
    int64_t next, number;

    cop_expect(json_of(ask("/api/log")), "%{\"next\" => next}", next);
    cop_log(COP_INFO, "a quiet word");
    cop_log(COP_ERROR, "a loud \xff word <b>");
    cop_log_flush();
    cop_expect(
        json_of(ask(path_of("/api/log?after=*&level=error", cop_format("%lld", (long long)next)))),
        "%{\"events\" => events, \"level\" => \"debug\"}", events);
    cop_expect(events, "[event]", event);
    cop_expect(event, "%{\"level\" => \"error\", \"number\" => number}", number);
    cop_assert_equal(cop_map_get(event, cop_string("text"), cop_nil()),
                     cop_string("a loud \xef\xbf\xbd word <b>"));
    cop_assert(number == next + 2);
    /* What is beyond the limit is lost, and told as that. */
    cop_expect(
        json_of(ask(path_of("/api/log?after=*&limit=1", cop_format("%lld", (long long)next)))),
        "%{\"events\" => [%{\"level\" => \"error\"}], \"lost\" => 1}");
    cop_expect(
        json_of(ask(path_of("/api/log?after=*&limit=2", cop_format("%lld", (long long)next)))),
        "%{\"events\" => [_, _], \"lost\" => 0}");
    cop_assert(status_of(ask("/api/log?level=loud")) == 400);
    cop_expect(json_of(ask_post("/api/log/level", "{\"level\": \"warning\"}")),
               "%{\"ok\" => true}");
    cop_assert(cop_logger_level() == COP_WARNING);
    cop_logger_set_level(COP_DEBUG_LEVEL);
    cop_assert(status_of(ask_post("/api/log/level", "{\"level\": \"loud\"}")) == 400);
    cop_assert(status_of(ask_post("/api/log/level", "{}")) == 400);
}

static cop_next call_agent(cop_term arg)
{
    (void)arg;
    cop_gen_server_call(COP("Look.Agent"), COP("{:get, &Function.identity/1}"), COP_INFINITY);
    return cop_end();
}

PROCESS_TEST(calls_that_wait)
{
    cop_term calls = cop_empty_list();
    cop_pid caller;

    cop_sys_suspend(COP("Look.Agent"), 1000);
    caller = cop_spawn(call_agent, cop_nil(), NULL);
    while (cop_is_empty_list(calls)) {
        cop_sleep(10);
        cop_expect(json_of(ask("/api/calls")), "%{\"calls\" => calls, \"circles\" => []}", calls);
    }
    cop_expect(calls, "[%{\"to\" => %{\"name\" => \"Look.Agent\"}, \"circle\" => false,"
                      " \"request\" => \"{:get, &Function.identity/1}\"}]");
    kill_and_wait(caller);
    cop_sys_resume(COP("Look.Agent"), 1000);
}

static bool contains(cop_term text, const char *what)
{
    cop_bytes t = cop_to_bytes(text);

    return memmem(t.data, t.len, what, strlen(what)) != NULL;
}

PROCESS_TEST(metrics_and_health)
{
    cop_term body;

    cop_expect(ask("/metrics"), "{200, _, body}", body);
    cop_assert(contains(body, "\n# TYPE coppice_processes gauge\ncoppice_processes "));
    cop_assert(contains(body, "\ncoppice_scheduler_run_queue{scheduler=\"0\"} "));
    cop_assert(cop_to_bytes(body).data[cop_to_bytes(body).len - 1] == '\n');
    cop_expect(ask("/healthz"), "{200, _, \"ok\\n\"}");
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_program_has_its_name),
        TEST(system_and_architecture),
        TEST(session_and_system),
        TEST(load_has_columns_of_one_length),
        TEST(the_tree_of_an_application),
        TEST(a_busy_supervisor_is_busy),
        TEST(processes_are_filtered_sorted_and_paged),
        TEST(each_column_sorts),
        TEST(one_process),
        TEST(state_and_messages),
        TEST(a_process_that_is_no_server_has_no_state),
        TEST(a_busy_server_is_told_from_one_without_state),
        TEST(a_kill_is_history),
        TEST(a_crash_has_its_report_and_state),
        TEST(history_tells_end_restart_and_start),
        TEST(children_are_terminated_and_restarted),
        TEST(messages_are_sent_and_traced),
        TEST(suspending),
        TEST(tables_and_their_rows),
        TEST(ports_with_their_owners),
        TEST(programs_with_their_owners),
        TEST(the_log_by_level),
        TEST(calls_that_wait),
        TEST(metrics_and_health),
    };

    return cmocka_run_group_tests(tests, up, observer_down);
}
