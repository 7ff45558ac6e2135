/* SPDX-License-Identifier: Apache-2.0 */
/* my_service: loading, what is in force meanwhile and afterwards, and what failures leave. */
#include "my_service_support.h"

#include <coppice/sys.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static bool allows(const char *client, const char *service)
{
    return my_service_is_allowed(cop_string(client), cop_string(service));
}

/* The application runs, and rules 1 are in force. */
static void start_with_rules(void)
{
    cop_pid loader;

    start_service();
    loader = await_request();
    cop_assert_equal(COP(":normal"), end_after_rules(loader, 1));
    cop_assert_equal(1, my_service_version());
}

/* --- Loading ---------------------------------------------------------------------------------- */

SERVICE_TEST(rules_are_loaded_at_the_start)
{
    cop_pid loader;

    start_service();
    cop_assert_equal(cop_nil(), my_service_version());
    cop_assert_equal(cop_nil(), my_service_loaded_at());
    cop_assert_equal(COP("[]"), my_service_rules_list());
    cop_assert(!allows("c1", "s"));
    loader = await_request();
    answer(loader, cop_tuple(COP(":ok"),
                             cop_string("{\"rules\": [{\"client\": \"billing\", \"services\": "
                                        "[\"invoices\", \"customers\"], \"since\": 1},"
                                        "{\"client\": \"idle\", \"services\": []}], \"x\": 1}")));
    cop_assert_equal(COP(":normal"), await_end(loader));
    cop_assert_equal(1, my_service_version());
    cop_assert_equal(24, (int)cop_to_bytes(my_service_loaded_at()).len);
    cop_assert_equal(COP("[{\"billing\", [\"invoices\", \"customers\"]}, {\"idle\", []}]"),
                     my_service_rules_list());
    cop_assert(allows("billing", "invoices"));
    cop_assert(allows("billing", "customers"));
    cop_assert(!allows("billing", "billing"));
    cop_assert(!allows("invoices", "billing"));
    cop_assert(!allows("idle", "invoices"));
    cop_assert(!my_service_is_allowed(cop_nil(), cop_int(1)));
    expect_no_request();
}

SERVICE_TEST(start_child_answers_before_the_loading_is_done)
{
    cop_pid loader, other;

    start_with_rules();
    cop_assert_match(my_service_update_auth_rules(), "{:ok, loader}", loader);
    cop_assert(cop_pid_equal(await_request(), loader));
    cop_assert(cop_is_alive(loader));
    cop_assert(allows("c3", "v1"));
    cop_assert_match(my_service_update_auth_rules(), "{:error, {:already_started, other}}", other);
    cop_assert(cop_pid_equal(loader, other));
    cop_assert_equal(COP(":normal"), end_after_rules(loader, 2));
    cop_assert_equal(2, my_service_version());
    cop_assert(allows("c3", "v2"));
    cop_assert(!allows("c3", "v1"));
    cop_assert_match(cop_dynamic_supervisor_count_children(COP("AuthDataLoaderSup")),
                     "%{active: 0, specs: 0}");
}

/* --- A hundred at once ------------------------------------------------------------------------ */

static cop_next ask(cop_term parent)
{
    cop_receive(&(cop_term){0}, COP_INFINITY); /* all together */
    cop_send(parent, cop_tuple(COP(":answered"), my_service_update_auth_rules()));
    return cop_end();
}

SERVICE_TEST(of_a_hundred_callers_one_starts_a_load)
{
    cop_pid askers[100];
    cop_pid loader, first = cop_no_pid();
    int started = 0, running = 0;

    start_with_rules();
    for (int i = 0; i < 100; i++)
        askers[i] = cop_spawn(ask, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 100; i++)
        cop_send(askers[i], COP(":now"));
    loader = await_request();
    for (int i = 0; i < 100; i++) {
        cop_term result;

        cop_assert_receive_within(10000, "{:answered, result}", result);
        if (cop_match(result, "{:ok, first}", first))
            started++;
        else if (cop_match(result, "{:error, {:already_started, ^loader}}", loader))
            running++;
    }
    cop_assert_equal(1, started);
    cop_assert_equal(99, running);
    cop_assert(cop_pid_equal(first, loader));
    expect_no_request();
    answer_rules(loader, 2);
    await_version(2);
}

/* --- Failures --------------------------------------------------------------------------------- */

/* An answer of the auth service, and the reason with which the loader ends. */
static const struct {
    const char *result;
    const char *reason;
} failures[] = {
    {"{:error, :econnrefused}", "{:load_failed, :econnrefused}"},
    {"{:error, {:http_status, 500}}", "{:load_failed, {:http_status, 500}}"},
    {"{:ok, \"{\\\"rules\\\": [\"}", "{:load_failed, {:invalid_json, {:unexpected_end, 11}}}"},
    {"{:ok, \"\"}", "{:load_failed, {:invalid_json, {:unexpected_end, 0}}}"},
    {"{:ok, \"[]\"}", "{:load_failed, {:wrong_shape, \"rules\"}}"},
    {"{:ok, \"{\\\"rules\\\": {}}\"}", "{:load_failed, {:wrong_shape, \"rules\"}}"},
    {"{:ok, \"{\\\"rules\\\": [1]}\"}", "{:load_failed, {:wrong_shape, \"rules[0].client\"}}"},
    {"{:ok, \"{\\\"rules\\\": [{\\\"client\\\": 1, \\\"services\\\": []}]}\"}",
     "{:load_failed, {:wrong_shape, \"rules[0].client\"}}"},
    {"{:ok, \"{\\\"rules\\\": [{\\\"client\\\": \\\"c\\\", \\\"services\\\": []}, "
     "{\\\"client\\\": \\\"a\\\"}]}\"}",
     "{:load_failed, {:wrong_shape, \"rules[1].services\"}}"},
    {"{:ok, \"{\\\"rules\\\": [{\\\"client\\\": \\\"c\\\", \\\"services\\\": [\\\"s\\\", 1]}]}\"}",
     "{:load_failed, {:wrong_shape, \"rules[0].services[1]\"}}"}};

static cop_term parsed(const char *text)
{
    struct cop_parse_error why;
    cop_term t = cop_nil();

    cop_assert(cop_parse((cop_bytes){text, strlen(text)}, &t, &why));
    return t;
}

/* How often `what` stands in text. */
static int count(cop_term text, const char *what)
{
    cop_bytes bytes = cop_to_bytes(text);
    int n = 0;

    for (size_t i = 0; i + strlen(what) <= bytes.len; i++)
        n += memcmp(bytes.data + i, what, strlen(what)) == 0;
    return n;
}

static cop_term fail_in_all_ways(void *arg)
{
    (void)arg;
    my_service_update_auth_rules();
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        /* The next one is the supervisor's own try. */
        cop_pid loader = await_request();

        cop_assert_equal(parsed(failures[i].reason), end_after(loader, parsed(failures[i].result)));
        cop_assert_equal(1, my_service_version());
        cop_assert(allows("c3", "v1"));
    }
    answer_rules(await_request(), 2);
    await_version(2);
    return cop_ok();
}

SERVICE_TEST(a_load_that_fails_says_why_and_is_tried_again)
{
    cop_pid sup;
    cop_term log;

    start_with_rules();
    sup = cop_whereis(COP("AuthDataLoaderSup"));
    log = cop_capture_log(fail_in_all_ways, NULL);
    cop_assert_equal((int)(sizeof(failures) / sizeof(failures[0])),
                     count(log, "GenServer AuthDataLoader terminating"));
    cop_assert_equal(1, count(log, "** (stop) {:load_failed, :econnrefused}"));
    cop_assert_equal(1, count(log, "** (stop) {:load_failed, {:http_status, 500}}"));
    cop_assert(allows("c3", "v2"));
    cop_assert(cop_pid_equal(sup, cop_whereis(COP("AuthDataLoaderSup"))));
}

static cop_term fail_often(void *arg)
{
    (void)arg;
    /* By the supervisor's tries and by events: many more than a supervisor allows. */
    for (int i = 0; i < 200; i++) {
        if (i % 2) my_service_update_auth_rules();
        answer(await_request(), COP("{:error, :econnrefused}"));
    }
    return cop_ok();
}

SERVICE_TEST(an_auth_service_that_is_gone_for_long_ends_nothing)
{
    cop_pid sup;

    start_with_rules();
    sup = cop_whereis(COP("AuthDataLoaderSup"));
    my_service_update_auth_rules();
    cop_capture_log(fail_often, NULL);
    cop_assert(cop_pid_equal(sup, cop_whereis(COP("AuthDataLoaderSup"))));
    cop_assert_equal(1, my_service_version());
    answer_rules(await_request(), 2);
    await_version(2);
}

static cop_term fail_and_update(void *arg)
{
    cop_pid loader;

    (void)arg;
    /* One that waits for long gives way to the next, so that there is never more than one. */
    set_env(COP(":backoff"), COP("[min: 1000000, max: 1000000]"));
    for (int i = 0; i < 5; i++) {
        cop_assert_match(my_service_update_auth_rules(), "{:ok, loader}", loader);
        cop_assert(cop_pid_equal(await_request(), loader));
        end_after(loader, COP("{:error, :timeout}"));
        while (cop_list_len(cop_dynamic_supervisor_next_starts(COP("AuthDataLoaderSup"))) == 0)
            cop_yield();
        cop_assert_match(cop_dynamic_supervisor_count_children(COP("AuthDataLoaderSup")),
                         "%{active: 0, specs: 1}");
    }
    return cop_ok();
}

SERVICE_TEST(an_update_takes_the_place_of_a_try_that_waits)
{
    cop_pid loader;

    start_with_rules();
    cop_capture_log(fail_and_update, NULL);
    my_service_update_auth_rules();
    loader = await_request();
    cop_assert_equal(COP(":normal"), end_after_rules(loader, 2));
    cop_assert_match(cop_dynamic_supervisor_count_children(COP("AuthDataLoaderSup")),
                     "%{specs: 0}");
}

/* --- The file --------------------------------------------------------------------------------- */

static sqlite3 *lock_file(void)
{
    sqlite3 *db = NULL;

    cop_assert_equal(SQLITE_OK, sqlite3_open(rules_file(), &db));
    cop_assert_equal(SQLITE_OK, sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL));
    return db;
}

static cop_term fail_to_save(void *arg)
{
    sqlite3 *db = lock_file();
    const char *path = rules_file();
    cop_term file = cop_string(path);
    cop_pid loader;

    (void)arg;
    my_service_update_auth_rules();
    loader = await_request();
    cop_assert_equal(cop_build("{:save_failed, {:locked, file}}", file),
                     end_after_rules(loader, 2));
    sqlite3_close(db);
    set_env(COP(":db_size_max"), cop_int(16384));
    loader = await_request();
    cop_assert_equal(cop_build("{:save_failed, {:disk_full, file}}", file),
                     end_after(loader, cop_tuple(COP(":ok"), rules_text(2, 1000))));
    cop_assert(allows("c3", "v1"));
    cop_assert(!allows("c3", "v2"));
    cop_assert_equal(1, my_service_version());
    return cop_ok();
}

SERVICE_TEST(rules_that_cannot_be_stored_are_not_in_force)
{
    start_with_rules();
    cop_capture_log(fail_to_save, NULL);
    set_env(COP(":db_size_max"), cop_int(0));
    answer_rules(await_request(), 3);
    await_version(2);
    cop_assert(allows("c3", "v3"));
}

static cop_term start_without_a_file(void *arg)
{
    (void)arg;
    return try_to_start();
}

/* The reason with which the application does not start. */
static cop_term start_failure(void)
{
    struct cop_outcome outcome;
    cop_term reason = cop_none();

    cop_assert(cop_try(start_without_a_file, NULL, &outcome));
    cop_assert_match(outcome.value,
                     "{:error, {:my_service, {{:shutdown, {:failed_to_start_child, "
                     "MyService.Rules, reason}}, _}}}",
                     reason);
    return reason;
}

SERVICE_TEST(a_file_that_cannot_be_read_is_said_at_the_start)
{
    cop_term file = cop_string(rules_file());
    FILE *f;

    mkdir(rules_file(), 0700);
    cop_assert_equal(cop_build("{:stored_rules, {:eisdir, file}}", file), start_failure());
    rmdir(rules_file());
    f = fopen(rules_file(), "w");
    for (int i = 0; i < 100; i++)
        (void)fputs("this is no database\n", f);
    (void)fclose(f);
    cop_assert_equal(cop_build("{:stored_rules, {:not_a_database, file}}", file), start_failure());
    expect_no_request();
    unlink(rules_file());
    start_with_rules();
}

/* --- Events ----------------------------------------------------------------------------------- */

SERVICE_TEST(events_during_a_load_are_one_load_after_it)
{
    cop_pid first, second;

    start_with_rules();
    my_service_events_changed(COP("\"a test\""));
    first = await_request();
    for (int i = 0; i < 10; i++)
        my_service_events_changed(COP("\"a test\""));
    expect_no_request();
    answer_rules(first, 2);
    second = await_request();
    cop_assert(!cop_pid_equal(first, second));
    answer_rules(second, 3);
    await_version(3);
    expect_no_request();
}

/* The load was somebody else's. */
SERVICE_TEST(an_event_during_another_load_is_not_lost)
{
    cop_pid loader;

    start_with_rules();
    my_service_update_auth_rules();
    loader = await_request();
    my_service_events_changed(COP("\"a test\""));
    cop_sys_get_state(COP("MyService.Events"), 5000); /* it has been heard */
    answer_rules(loader, 2);
    answer_rules(await_request(), 3);
    await_version(3);
    expect_no_request();
}

/* The thread that takes the signal: those of the node do not. */
static void *hang_up(void *arg)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGHUP);
    return arg;
}

SERVICE_TEST(a_hang_up_is_an_event)
{
    pthread_t thread;

    start_with_rules();
    pthread_create(&thread, NULL, hang_up, NULL);
    pthread_join(thread, NULL);
    answer_rules(await_request(), 2);
    await_version(2);
    expect_no_request();
}

/* --- Deaths ----------------------------------------------------------------------------------- */

static void kill_and_await(cop_term name)
{
    cop_pid pid = cop_whereis(name);

    cop_exit_process(pid, COP(":kill"));
    await_end(pid);
}

SERVICE_TEST(the_last_rules_are_in_force_at_the_next_start)
{
    cop_term loaded_at;

    start_with_rules();
    loaded_at = my_service_loaded_at();
    stop_service();
    start_service();
    cop_assert_equal(1, my_service_version());
    cop_assert_equal(loaded_at, my_service_loaded_at());
    cop_assert(allows("c3", "v1"));
    cop_assert_equal(3, cop_list_len(my_service_rules_list()));
    answer_rules(await_request(), 2);
    await_version(2);
    cop_assert(!allows("c3", "v1"));
}

SERVICE_TEST(questions_are_answered_while_the_rules_server_is_gone)
{
    start_with_rules();
    cop_suspend_process(cop_whereis(COP("MyService.Supervisor")));
    kill_and_await(COP("MyService.Rules"));
    cop_assert(allows("c3", "v1"));
    cop_assert_equal(1, my_service_version());
    cop_resume_process(cop_whereis(COP("MyService.Supervisor")));
    answer_rules(await_request(), 2); /* rest for one: all begins anew */
    await_version(2);
}

SERVICE_TEST(a_load_is_not_lost_with_the_loaders_supervisor)
{
    start_with_rules();
    my_service_update_auth_rules();
    await_request();
    kill_and_await(COP("AuthDataLoaderSup"));
    answer_rules(await_request(), 2);
    await_version(2);
    cop_assert(!cop_is_no_pid(cop_whereis(COP("MyService.Events"))));
}

/* --- At one stroke ---------------------------------------------------------------------------- */

static _Atomic bool is_over;
static _Atomic int rounds;

/* Looks at the rules until told to stop; whatever it sees is of one load. */
static cop_next look(void *state)
{
    cop_term rules = my_service_rules_list();
    cop_term services = cop_elem(cop_head(rules), 1);

    for (; !cop_is_empty_list(rules); rules = cop_tail(rules))
        if (!cop_identical(services, cop_elem(cop_head(rules), 1))) cop_exit(COP(":torn"));
    if (!allows("c1", "s") || !allows("c3", "s")) cop_exit(COP(":missing"));
    atomic_fetch_add(&rounds, 1);
    return atomic_load(&is_over) ? cop_end() : cop_hibernate_for(look, state, 0);
}

static cop_next start_to_look(cop_term arg)
{
    (void)arg;
    return look(NULL);
}

SERVICE_TEST(nobody_sees_a_part_of_a_load)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_term reason;

    start_with_rules();
    atomic_store(&is_over, false);
    atomic_store(&rounds, 0);
    cop_spawn(start_to_look, cop_nil(), &opts);
    for (int i = 2; i < 100; i++) {
        cop_term body = rules_text(i, 3);
        cop_term rules = cop_none();
        int before = atomic_load(&rounds);

        cop_expect(my_service_rules_read(body), "{:ok, rules}", rules);
        cop_assert_match(my_service_rules_save(rules, body), "{:ok, ^i}", i);
        while (atomic_load(&rounds) == before)
            cop_yield();
    }
    atomic_store(&is_over, true);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, _, reason}", ref, reason);
    cop_assert_equal(COP(":normal"), reason);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, my_service_up, my_service_down)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(rules_are_loaded_at_the_start),
                                       TEST(start_child_answers_before_the_loading_is_done),
                                       TEST(of_a_hundred_callers_one_starts_a_load),
                                       TEST(a_load_that_fails_says_why_and_is_tried_again),
                                       TEST(an_auth_service_that_is_gone_for_long_ends_nothing),
                                       TEST(an_update_takes_the_place_of_a_try_that_waits),
                                       TEST(rules_that_cannot_be_stored_are_not_in_force),
                                       TEST(a_file_that_cannot_be_read_is_said_at_the_start),
                                       TEST(events_during_a_load_are_one_load_after_it),
                                       TEST(an_event_during_another_load_is_not_lost),
                                       TEST(a_hang_up_is_an_event),
                                       TEST(the_last_rules_are_in_force_at_the_next_start),
                                       TEST(questions_are_answered_while_the_rules_server_is_gone),
                                       TEST(a_load_is_not_lost_with_the_loaders_supervisor),
                                       TEST(nobody_sees_a_part_of_a_load)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
