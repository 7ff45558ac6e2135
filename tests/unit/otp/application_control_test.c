/* SPDX-License-Identifier: Apache-2.0 */
/* Applications by their names: loading, starting, descriptions, environments. Their top supervisors
 * have probes (probe.h) as children. */
#include "coppice/sys.h"

#include "probe.h"

#include <stdio.h>
#include <string.h>

/* --- The applications ------------------------------------------------------------------------- */

static cop_term top(cop_term id)
{
    cop_term test = cop_pid_term(cop_whereis(COP(":control_test")));

    return cop_build(
        "[%{id: id, start: {Probe, :start_link, [[id: id, to: test, trap_exit: true]]},"
        " restart: :temporary, significant: true}]",
        id, test);
}

static cop_term start_top(cop_term id)
{
    return cop_supervisor_start_link(
        top(id), COP("[strategy: :one_for_one, auto_shutdown: :any_significant]"));
}

static cop_term start_base(cop_term type, cop_term args)
{
    cop_send(cop_whereis(COP(":control_test")), cop_tuple(COP(":started_with"), type, args));
    return start_top(COP(":base"));
}

static cop_term start_user(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return start_top(COP(":user"));
}

/* Its child takes its time to end. */
static cop_term start_slow(cop_term type, cop_term args)
{
    cop_term test = cop_pid_term(cop_whereis(COP(":control_test")));
    cop_term specs = cop_build("[%{id: :slow, start: {Probe, :start_link,"
                               " [[id: :slow, to: test, trap_exit: true, slow: true]]}}]",
                               test);

    (void)type;
    (void)args;
    return cop_supervisor_start_link(specs, COP("[strategy: :one_for_one, name: :slow_top]"));
}

static cop_term start_failing(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return COP("{:error, :no}");
}

static void tell_stop(cop_term state)
{
    cop_send(cop_whereis(COP(":control_test")), cop_tuple(COP(":stopped"), state));
}

static cop_term phase(cop_term name, cop_term type, cop_term args)
{
    cop_send(cop_whereis(COP(":control_test")), cop_tuple(COP(":phase"), name, type, args));
    if (cop_match(args, ":fail")) return COP("{:error, :no}");
    if (cop_match(args, ":bad")) return COP(":bad");
    if (cop_match(args, ":crash")) cop_exit(COP(":crash"));
    return cop_ok();
}

static const struct cop_module only_module = {.size = sizeof(struct cop_module),
                                              .name = "Control.Only"};
static const struct cop_module *const modules[] = {&only_module, NULL};

#define APP(name_, ...)                                                                            \
    static const struct cop_application name_ = {.size = sizeof(struct cop_application),           \
                                                 .name = "c_" #name_,                              \
                                                 .description = "the " #name_,                     \
                                                 .version = "0.1.0",                               \
                                                 __VA_ARGS__}
#define NEEDS(...)                                                                                 \
    .applications = (const struct cop_application *const[])                                        \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define MAY_NEED(...)                                                                              \
    .optional_applications = (const char *const[])                                                 \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define INCLUDES(...)                                                                              \
    .included_applications = (const struct cop_application *const[])                               \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

APP(library);
APP(base, .start = start_base, .stop = tell_stop, .args = "[:fast]", .env = "[a: 1, b: 2]",
    .registered = "[:control_base]", .modules = modules);
APP(user, .start = start_user, .stop = tell_stop, NEEDS(&library, &base));
APP(failing, .start = start_failing, NEEDS(&library, &user));
APP(hopeful, MAY_NEED("c_library", "c_unknown"));
APP(wishful, MAY_NEED("c_unknown"));
APP(innermost, .env = "[a: 7]");
APP(inner, INCLUDES(&innermost));
APP(outer, INCLUDES(&inner));
APP(broken, .env = "[a: 1");
APP(no_list, .env = "%{a: 1}");
APP(no_pairs, .env = "[1]");
APP(no_keys, .env = "[{\"a\", 1}]");
APP(no_end, .env = "[{:a, 1} | :b]");
APP(phased, .start = start_user, .stop = tell_stop, .start_phase = phase,
    .start_phases = "[one: 1, two: [2]]");
APP(phase_fails, .start = start_user, .stop = tell_stop, .start_phase = phase,
    .start_phases = "[one: :fail, two: []]");
APP(phase_slow, .start = start_slow, .start_phase = phase, .start_phases = "[one: :fail]");
APP(phase_bad, .start = start_user, .start_phase = phase, .start_phases = "[one: 1, two: :bad]");
APP(phase_crashes, .start = start_user, .start_phase = phase, .start_phases = "[one: :crash]");

static void begin(void)
{
    static const struct cop_application *const all[] = {
        &failing,   &hopeful,       &wishful, &broken,  &phased,   &phase_fails, &phase_slow,
        &phase_bad, &phase_crashes, &outer,   &no_list, &no_pairs, &no_keys,     &no_end};

    cop_register(COP(":control_test"), cop_self());
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        cop_application_register(all[i]);
}

static cop_term start(const char *name)
{
    return cop_application_start(cop_atom(name), COP(":temporary"));
}

/* Stops and unloads all, so that the next test finds nothing. */
static void end(void)
{
    cop_term loaded;

    cop_application_stop_all();
    for (loaded = cop_application_loaded(); !cop_is_empty_list(loaded); loaded = cop_tail(loaded))
        cop_assert_equal(cop_ok(), cop_application_unload(cop_elem(cop_head(loaded), 0)));
    cop_assert_equal(COP("[]"), cop_application_loaded());
    while (!probe_is_quiet())
        ;
}

/* --- Loading ---------------------------------------------------------------------------------- */

/* APP-02 */
static void load_and_unload(void)
{
    begin();
    cop_assert_equal(COP("{:error, {~c\"no such file or directory\", ~c\"c_nowhere.app\"}}"),
                     cop_application_load(COP(":c_nowhere")));
    cop_assert_equal(COP("{:error, {:bad_environment, :c_broken}}"),
                     cop_application_load(COP(":c_broken")));
    cop_assert_equal(COP("{:error, {:not_loaded, :c_base}}"),
                     cop_application_unload(COP(":c_base")));
    cop_assert_equal(cop_nil(), cop_application_spec(COP(":c_base")));
    cop_assert_equal(cop_ok(), cop_application_load(COP(":c_base")));
    cop_assert_equal(COP("{:error, {:already_loaded, :c_base}}"),
                     cop_application_load(COP(":c_base")));
    cop_assert_equal(COP("[{:c_base, ~c\"the base\", ~c\"0.1.0\"}]"), cop_application_loaded());
    cop_assert_equal(COP("[]"), cop_application_which()); /* APP-15: loaded is not started */
    cop_assert_equal(cop_ok(), start("c_base"));
    cop_assert_equal(COP("{:error, {:running, :c_base}}"), cop_application_unload(COP(":c_base")));
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":c_base")));
    cop_assert_equal(cop_ok(), cop_application_unload(COP(":c_base")));
    cop_assert_equal(COP("[]"), cop_application_loaded());
    cop_assert_equal(cop_ok(), start("c_library")); /* start loads */
    cop_assert_equal(COP("[{:c_library, ~c\"the library\", ~c\"0.1.0\"}]"),
                     cop_application_loaded());
    end();
}

/* APP-01 */
static void descriptions(void)
{
    begin();
    cop_application_load(COP(":c_base"));
    cop_assert_equal(
        COP("[description: ~c\"the base\", id: [], vsn: ~c\"0.1.0\", modules: [Control.Only],"
            " maxP: :infinity, maxT: :infinity, registered: [:control_base],"
            " included_applications: [], optional_applications: [], applications: [],"
            " mod: {:c_base, [:fast]}, start_phases: :undefined]"),
        cop_application_spec(COP(":c_base")));
    cop_application_load(COP(":c_user"));
    cop_assert_equal(
        COP("[:c_library, :c_base]"),
        cop_keyword_get(cop_application_spec(COP(":c_user")), COP(":applications"), cop_nil()));
    cop_application_load(COP(":c_hopeful"));
    cop_assert_match(cop_application_spec(COP(":c_hopeful")),
                     "[_, _, _, _, _, _, _, _, {:optional_applications, [:c_library, :c_unknown]},"
                     " {:applications, [:c_library, :c_unknown]}, {:mod, []}, _]");
    end();
}

/* APP-01, APP-02: what is included is loaded and unloaded with it, and not started. */
static void included_ones(void)
{
    begin();
    cop_assert_equal(cop_ok(), cop_application_load(COP(":c_outer")));
    cop_assert_equal(COP("[:c_inner]"), cop_keyword_get(cop_application_spec(COP(":c_outer")),
                                                        COP(":included_applications"), cop_nil()));
    cop_assert_equal(COP("7"), cop_application_get_env(COP(":c_innermost"), COP(":a"), cop_nil()));
    cop_assert_equal(COP("{:error, {:already_loaded, :c_inner}}"),
                     cop_application_load(COP(":c_inner")));
    cop_assert_equal(COP("{:ok, [:c_outer]}"),
                     cop_application_ensure_started_all(COP(":c_outer"), COP(":temporary")));
    cop_assert_match(cop_application_which(), "[{:c_outer, _, _}]");
    cop_assert_equal(cop_ok(), start("c_inner")); /* whoever includes it may */
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":c_outer")));
    cop_assert_equal(cop_ok(), cop_application_unload(COP(":c_outer")));
    cop_assert_equal(2, cop_list_len(cop_application_loaded())); /* it runs, and has a part */
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":c_inner")));
    cop_assert_equal(cop_ok(), cop_application_unload(COP(":c_inner")));
    cop_assert_equal(COP("[]"), cop_application_loaded());
    cop_assert_equal(cop_nil(), cop_application_get_env(COP(":c_innermost"), COP(":a"), cop_nil()));
    cop_assert_equal(cop_ok(), cop_application_load(COP(":c_inner")));
    cop_assert_equal(cop_ok(), cop_application_load(COP(":c_outer")));
    cop_assert_equal(3, cop_list_len(cop_application_loaded()));
    cop_assert_equal(cop_ok(), cop_application_unload(COP(":c_outer")));
    end();
}

/* --- Starting --------------------------------------------------------------------------------- */

/* APP-03, APP-04, APP-15 */
static void starts_by_name(void)
{
    begin();
    cop_assert_equal(COP("{:error, {~c\"no such file or directory\", ~c\"c_nowhere.app\"}}"),
                     start("c_nowhere"));
    cop_assert_equal(COP("{:error, {:invalid_restart_type, :x}}"),
                     cop_application_start(COP(":c_base"), COP(":x")));
    cop_assert_equal(COP("{:error, {:not_started, :c_library}}"), start("c_user"));
    cop_assert_equal(cop_ok(), start("c_library"));
    cop_assert_equal(COP("{:error, {:not_started, :c_base}}"), start("c_user"));
    cop_assert_equal(cop_ok(), start("c_base"));
    NEXT("{:started_with, :normal, [:fast]}");
    NEXT("{:base, :init, _}");
    cop_assert_equal(cop_ok(), start("c_user"));
    NEXT("{:user, :init, _}");
    cop_assert_equal(COP("{:error, {:already_started, :c_user}}"), start("c_user"));
    cop_assert_equal(cop_ok(), cop_application_ensure_started(COP(":c_user"), COP(":temporary")));
    cop_assert_match(cop_application_which(), "[{:c_user, _, _}, {:c_base, _, _}, {:c_library, _, "
                                              "_}]");
    NOTHING();
    /* APP-09: those that need it are not stopped with it. */
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":c_base")));
    NEXT("{:base, :terminate, :shutdown}");
    NEXT("{:stopped, []}");
    cop_assert_match(cop_application_which(), "[{:c_user, _, _}, {:c_library, _, _}]");
    NOTHING();
    end();
}

/* APP-03: an optional dependency is not missed. */
static void optional_dependencies(void)
{
    begin();
    cop_assert_equal(cop_ok(), start("c_hopeful"));
    cop_application_stop(COP(":c_hopeful"));
    cop_assert_equal(COP("{:ok, [:c_library, :c_hopeful]}"), /* APP-06: it is started if there */
                     cop_application_ensure_started_all(COP(":c_hopeful"), COP(":temporary")));
    cop_assert_equal(COP("{:ok, [:c_wishful]}"),
                     cop_application_ensure_started_all(COP(":c_wishful"), COP(":temporary")));
    end();
}

/* APP-03: an application that ended by itself has been started, but does not run. */
static void ended_by_itself(void)
{
    cop_pid child;

    begin();
    start("c_library");
    start("c_base");
    NEXT("{:started_with, _, _}");
    cop_assert_match(probe_next(), "{:base, :init, child}", child);
    cop_send(child, COP("{:stop, :normal}"));
    NEXT("{:base, :terminate, :normal}");
    NEXT("{:stopped, []}");
    while (!cop_match(cop_application_which(), "[{:c_library, _, _}]"))
        cop_yield();
    cop_assert_equal(COP("{:error, {:not_running, :c_base}}"), start("c_user"));
    /* It can be stopped once, and has not been started then. */
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":c_base")));
    cop_assert_equal(COP("{:error, {:not_started, :c_base}}"),
                     cop_application_stop(COP(":c_base")));
    cop_assert_equal(COP("{:error, {:not_started, :c_base}}"), start("c_user"));
    cop_assert_equal(cop_ok(), start("c_base"));
    NEXT("{:started_with, _, _}");
    NEXT("{:base, :init, _}");
    cop_assert_equal(cop_ok(), start("c_user"));
    end();
}

/* APP-06: dependencies first and once; those that run are not told; at a failure those that were
 * started for it are stopped again, last first. */
static void ensure_all_started(void)
{
    begin();
    start("c_library");
    cop_assert_equal(COP("{:error, {:c_failing, {:no, {:c_failing, :start, [:normal, []]}}}}"),
                     cop_application_ensure_started_all(COP(":c_failing"), COP(":temporary")));
    NEXT("{:started_with, _, _}");
    NEXT("{:base, :init, _}");
    NEXT("{:user, :init, _}");
    NEXT("{:user, :terminate, :shutdown}");
    NEXT("{:stopped, []}");
    NEXT("{:base, :terminate, :shutdown}");
    NEXT("{:stopped, []}");
    NOTHING();
    cop_assert_match(cop_application_which(), "[{:c_library, _, _}]");
    cop_assert_equal(COP("{:ok, [:c_hopeful, :c_base, :c_user]}"),
                     cop_application_ensure_started_all(COP("[:c_hopeful, :c_user, :c_base]"),
                                                        COP(":temporary")));
    cop_assert_equal(COP("{:ok, []}"),
                     cop_application_ensure_started_all(COP(":c_user"), COP(":temporary")));
    /* What runs is asked for nothing, also if what it needs has been stopped. */
    cop_application_stop(COP(":c_base"));
    cop_assert_equal(COP("{:ok, []}"),
                     cop_application_ensure_started_all(COP(":c_user"), COP(":temporary")));
    cop_assert_equal(COP("{:ok, [:c_base]}"),
                     cop_application_ensure_started_all(COP(":c_base"), COP(":temporary")));
    cop_assert_match(
        cop_application_ensure_started_all(COP("[:c_phased, :c_no]"), COP(":temporary")),
        "{:error, {:c_no, {_, _}}}");
    cop_assert_match(cop_application_which(),
                     "[{:c_base, _, _}, {:c_user, _, _}, {:c_hopeful, _, _}, {:c_library, _, _}]");
    end();
}

/* APP-19: after start, in order; the first that fails ends it all. */
static void phases(void)
{
    begin();
    cop_assert_equal(cop_ok(), start("c_phased"));
    NEXT("{:user, :init, _}");
    NEXT("{:phase, :one, :normal, 1}");
    NEXT("{:phase, :two, :normal, [2]}");
    NOTHING();
    cop_application_stop(COP(":c_phased"));
    NEXT("{:user, :terminate, :shutdown}");
    NEXT("{:stopped, []}");
    cop_assert_equal(COP("{:error, {:no, {:c_phase_fails, :start_phase, [:one, :normal, :fail]}}}"),
                     start("c_phase_fails"));
    NEXT("{:user, :init, _}");
    NEXT("{:phase, :one, :normal, :fail}");
    NEXT("{:user, :terminate, :shutdown}");
    NOTHING();
    cop_assert_equal(COP("{:error, {:bad_return, {{:c_phase_bad, :start_phase,"
                         " [:two, :normal, :bad]}, :bad}}}"),
                     start("c_phase_bad"));
    cop_assert_equal(COP("{:error, {:bad_return, {{:c_phase_crashes, :start_phase,"
                         " [:one, :normal, :crash]}, {:EXIT, :crash}}}}"),
                     start("c_phase_crashes"));
    cop_assert_equal(COP("[]"), cop_application_which());
    end();
}

static cop_next start_slow_app(cop_term test)
{
    cop_send(cop_to_pid(test), cop_tuple(COP(":answer"), start("c_phase_slow")));
    return cop_end();
}

/* APP-19, APP-10: what was started is stopped in order then, in the time that it has; its top is
 * told to shut down. */
static void phase_fails_in_order(void)
{
    cop_pid slow;
    cop_ref ref, top_ref;

    begin();
    cop_spawn(start_slow_app, cop_pid_term(cop_self()), NULL);
    cop_assert_match(probe_next(), "{:slow, :init, slow}", slow);
    ref = cop_monitor(slow);
    top_ref = cop_monitor(COP(":slow_top"));
    NEXT("{:phase, :one, :normal, :fail}");
    NEXT("{:slow, :terminate, :shutdown}");
    for (int i = 0; i < 100; i++)
        cop_yield();
    NOTHING();
    cop_send(slow, COP(":go"));
    NEXT("{:DOWN, ^ref, :process, _, :shutdown}", ref);
    NEXT("{:DOWN, ^top_ref, :process, _, :shutdown}", top_ref);
    NEXT("{:answer, {:error, {:no, _}}}");
    end();
}

/* --- Whose process ---------------------------------------------------------------------------- */

static cop_pid leader_of(cop_pid pid)
{
    return cop_to_pid(cop_elem(cop_process_info(pid, COP(":group_leader")), 1));
}

static cop_pid parent_of(cop_pid pid)
{
    cop_term dictionary = cop_elem(cop_process_info(pid, COP(":dictionary")), 1);

    return cop_to_pid(
        cop_head(cop_keyword_get(dictionary, COP(":\"$ancestors\""), cop_empty_list())));
}

static bool is_linked(cop_pid a, cop_pid b)
{
    cop_term links = cop_elem(cop_process_info(a, COP(":links")), 1);

    while (!cop_is_empty_list(links) && !cop_identical(cop_head(links), cop_pid_term(b)))
        links = cop_tail(links);
    return !cop_is_empty_list(links);
}

/* APP-20, APP-23, PRC-12: child - top - starter - master, which leads the group of all. */
static void layout(void)
{
    cop_pid child, supervisor, starter, master;

    begin();
    start("c_base");
    NEXT("{:started_with, _, _}");
    cop_assert_match(probe_next(), "{:base, :init, child}", child);
    supervisor = parent_of(child);
    starter = parent_of(supervisor);
    master = leader_of(child);
    cop_assert(cop_pid_equal(leader_of(supervisor), master));
    cop_assert(cop_pid_equal(leader_of(starter), master));
    cop_assert(cop_pid_equal(leader_of(master), master));
    cop_assert(!cop_pid_equal(starter, master));
    cop_assert(is_linked(supervisor, starter) && is_linked(starter, master));
    cop_assert(!is_linked(supervisor, master));
    cop_assert_equal(COP(":c_base"), cop_application_of(cop_pid_term(child)));
    cop_assert_equal(COP(":c_base"), cop_application_of(cop_pid_term(master)));
    cop_assert_equal(cop_nil(), cop_application_of(cop_pid_term(cop_self())));
    cop_assert_equal(COP(":c_base"), cop_application_of(COP("Control.Only")));
    cop_assert_equal(cop_nil(), cop_application_of(COP("Probe")));
    cop_assert_equal(COP("{:ok, :c_base}"),
                     cop_apply(COP(":application"), COP(":get_application"), cop_list(child)));
    cop_assert_equal(COP(":undefined"), cop_apply(COP(":application"), COP(":get_application"),
                                                  cop_list(COP("Probe"))));
    cop_assert_match(cop_apply(COP(":application"), COP(":get_all_key"), COP("[:c_base]")),
                     "{:ok, [{:description, _} | _]}");
    cop_application_stop(COP(":c_base"));
    cop_assert(!cop_is_alive(master) && !cop_is_alive(starter) && !cop_is_alive(supervisor));
    cop_assert_equal(COP(":c_base"), cop_application_of(COP("Control.Only"))); /* still loaded */
    cop_application_unload(COP(":c_base"));
    cop_assert_equal(cop_nil(), cop_application_of(COP("Control.Only")));
    end();
}

static bool contains(cop_bytes log, const char *words)
{
    return memmem(log.data, log.len, words, strlen(words)) != NULL;
}

static cop_term start_and_stop(void *arg)
{
    (void)arg;
    start("c_library");
    start("c_base");
    cop_application_stop(COP(":c_base"));
    return cop_ok();
}

/* APP-22: reports of start, where they are asked for, and of the end. */
static void reports(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_bytes log;

    begin();
    log = cop_to_bytes(cop_capture_log(start_and_stop, NULL));
    cop_assert(contains(log, "Application c_base started at :nonode@nohost"));
    cop_assert(contains(log, "Application c_library started at"));
    cop_assert(contains(log, "Application c_base exited: :stopped"));
    end();
    cop_log_sasl_reports(false);
    log = cop_to_bytes(cop_capture_log(start_and_stop, NULL));
    cop_assert(!contains(log, "started at"));
    cop_log_sasl_reports(was_on);
    end();
}

/* --- Environment ------------------------------------------------------------------------------ */

static cop_term call(const char *function, cop_term args)
{
    return cop_apply(COP("Application"), cop_atom(function), args);
}

/* APP-16, APP-18: what is where after a load and an unload. */
static void environment(void)
{
    cop_term app = COP(":c_base");

    begin();
    cop_assert_equal(COP(":error"), cop_application_fetch_env(app, COP(":a")));
    cop_assert_equal(7, cop_application_get_env(app, COP(":a"), cop_int(7)));
    cop_assert_equal(cop_ok(), cop_application_put_env(app, COP(":a"), cop_int(10)));
    cop_assert_equal(cop_ok(), cop_application_put_env(app, COP(":c"), cop_int(30)));
    cop_assert_equal(cop_ok(), cop_application_put_env_persistent(app, COP(":b"), cop_int(20)));
    cop_application_load(app);
    cop_assert_equal(COP("{:ok, 1}"), cop_application_fetch_env(app, COP(":a")));
    cop_assert_equal(COP("{:ok, 20}"), cop_application_fetch_env(app, COP(":b")));
    cop_assert_equal(COP("{:ok, 30}"), cop_application_fetch_env(app, COP(":c")));
    cop_assert(cop_list_len(cop_application_get_all_env(app)) == 3);
    cop_application_put_env(app, COP(":b"), cop_int(21));
    cop_assert_equal(COP("{:ok, 21}"), cop_application_fetch_env(app, COP(":b")));
    cop_application_put_env(app, COP(":stays"), cop_int(1));
    cop_assert_equal(cop_ok(), cop_application_delete_env(app, COP(":c")));
    cop_assert_equal(cop_ok(), cop_application_delete_env(app, COP(":c")));
    cop_assert_equal(COP("{:ok, 1}"), cop_application_fetch_env(app, COP(":stays")));
    cop_application_delete_env(app, COP(":stays"));
    cop_assert_equal(COP(":error"), cop_application_fetch_env(app, COP(":c")));
    cop_application_unload(app);
    cop_assert_equal(COP("[]"), cop_application_get_all_env(app));
    cop_application_load(app);
    cop_assert_equal(COP("{:ok, 20}"), cop_application_fetch_env(app, COP(":b")));
    cop_assert_equal(cop_ok(), call("put_all_env", COP("[[c_nowhere: [a: 1, b: 20]]]")));
    cop_assert_equal(COP("[a: 1, b: 20]"), cop_application_get_all_env(COP(":c_nowhere")));
    end();
}

static cop_term put_myself(void *arg)
{
    return cop_application_put_env(COP(":c_x"), COP(":a"), cop_list(*(cop_term *)arg));
}

/* CNR-25: pids and references are refused, and the old value stays. */
static void values_that_cannot_be_kept(void)
{
    cop_term pid = cop_pid_term(cop_self()), ref = cop_ref_term(cop_make_ref());

    begin();
    cop_application_put_env(COP(":c_x"), COP(":a"), COP("%{\"b\" => [1 | 2.5]}"));
    (void)cop_assert_raises(put_myself, &pid);
    (void)cop_assert_raises(put_myself, &ref);
    cop_assert_equal(COP("{:ok, %{\"b\" => [1 | 2.5]}}"),
                     cop_application_fetch_env(COP(":c_x"), COP(":a")));
    cop_application_delete_env(COP(":c_x"), COP(":a"));
    end();
}

/* APP-16: an environment is pairs of atoms and values; with another the application is not loaded,
 * and nothing of it stays. */
static void faulty_environments(void)
{
    static const char *const names[] = {"c_no_list", "c_no_pairs", "c_no_keys", "c_no_end"};

    begin();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cop_term app = cop_atom(names[i]);
        cop_term error = cop_build("{:error, {:bad_environment, app}}", app);

        cop_assert_equal(error, cop_application_load(app));
        cop_assert_equal(error, cop_application_load(app)); /* not: already loaded */
        cop_assert_equal(error, cop_application_start(app, COP(":temporary")));
        cop_assert_equal(COP("[]"), cop_application_get_all_env(app));
    }
    end();
}

static cop_term apply(void *arg)
{
    const cop_term *call = arg;

    return cop_apply(COP(":application"), COP(":set_env"), cop_list(*call));
}

/* APP-17 */
static void faulty_configurations(void)
{
    static const struct {
        const char *config;
        const char *words;
    } rows[] = {
        {"[c_x: [a: 1, a: 2]]", "application: c_x; duplicate parameter: a"},
        {"[c_x: [a: 1], c_x: []]", "duplicate application config: c_x"},
        {"[{\"x\", []}]", "application: \\\"x\\\"; application name must be an atom"},
        {"[c_x: 7]", "application: c_x; parameters must be a list"},
        {"[c_x: [{7, 1}]]", "application: c_x; invalid parameter name: 7"},
        {"[c_x: [7]]", "application: c_x; invalid parameter: 7"},
        {"[c_x: [a: 1], c_y: 7]", "application: c_y; parameters must be a list"},
        {"[:c_x]", "invalid application config: c_x"},
        {"[{:c_x, [a: 1]} | :c_y]", NULL}, /* no list */
        {"[c_x: [{:a, 1} | :b]]", NULL},
    };

    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term config, exception;
        char words[128];

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].config)), &config, &error));
        exception = cop_assert_raises(apply, &config);
        if (rows[i].words)
            snprintf(words, sizeof words, "argument error: ~c\"%s\"", rows[i].words);
        else
            snprintf(words, sizeof words,
                     "errors were found at the given arguments:\n\n"
                     "  * 3rd argument: not a list\n");
        cop_assert_equal(cop_string(words), cop_map_get(exception, COP(":message"), cop_nil()));
    }
    cop_assert_equal(COP("[]"), cop_application_get_all_env(COP(":c_x"))); /* all or nothing */
    cop_assert_equal(cop_ok(), cop_apply(COP(":application"), COP(":set_env"),
                                         COP("[[c_x: [a: 1], c_y: [b: [2]]]]")));
    cop_assert_equal(COP("{:ok, [2]}"), cop_application_fetch_env(COP(":c_y"), COP(":b")));
    end();
}

static cop_term fetch(void *arg)
{
    return call("fetch_env!", *(cop_term *)arg);
}

/* The words of Application.fetch_env!/2 (APP-16). */
static void fetch_env_or_raise(void)
{
    cop_term args = COP("[:c_user, :zz]"), exception;

    begin();
    exception = cop_assert_raises(fetch, &args);
    cop_assert_equal("could not fetch application environment :zz for application :c_user because "
                     "the application was not loaded nor configured",
                     cop_map_get(exception, COP(":message"), cop_nil()));
    cop_application_load(COP(":c_user"));
    exception = cop_assert_raises(fetch, &args);
    cop_assert_equal("could not fetch application environment :zz for application :c_user because "
                     "configuration at :zz was not set",
                     cop_map_get(exception, COP(":message"), cop_nil()));
    call("put_env", COP("[:c_user, :zz, 4, [persistent: true]]"));
    cop_application_unload(COP(":c_user"));
    cop_application_load(COP(":c_user"));
    cop_assert_equal(4, call("fetch_env!", args));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(load_and_unload),
        TEST(descriptions),
        TEST(included_ones),
        TEST(starts_by_name),
        TEST(optional_dependencies),
        TEST(ended_by_itself),
        TEST(ensure_all_started),
        TEST(phases),
        TEST(phase_fails_in_order),
        TEST(layout),
        TEST(reports),
        TEST(environment),
        TEST(values_that_cannot_be_kept),
        TEST(faulty_environments),
        TEST(faulty_configurations),
        TEST(fetch_env_or_raise),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
