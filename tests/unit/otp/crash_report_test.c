/* SPDX-License-Identifier: Apache-2.0 */
/* The reports of crashed processes that proc_lib has started, line by line. */
#include "counting.h"
#include "support/process_test.h"

#include "coppice/proc_lib.h"
#include "coppice/sys.h"

#include <string.h>

/* Ends such a process, which has the initial call Mod.fun/1, with a reason. */
static cop_term crash(void *reason)
{
    cop_term pid =
        cop_proc_lib_start(start_counting, COP("ProcLib.Counts"),
                           &(struct cop_proc_lib_opts){.initial_call = COP("{Mod, :fun, 1}")});
    cop_ref ref = cop_monitor(pid);
    cop_term why = *(cop_term *)reason;

    cop_send(pid, cop_tuple(COP(":die"), why));
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* What is logged by fn(arg) with the reports on. */
static cop_term reported(cop_try_fn fn, void *arg, bool details)
{
    cop_term text;
    bool before = cop_log_details(details);

    cop_log_sasl_reports(true);
    text = cop_capture_log(fn, arg);
    cop_log_sasl_reports(false);
    cop_log_details(before);
    return text;
}

/* The text is as the pattern says, in which * stands for anything within a line and ? for the
 * lines of a stack. */
static bool reads(cop_term text_term, const char *pattern)
{
    cop_bytes text = cop_to_bytes(text_term);
    const char *at = text.data, *end = text.data + text.len;

    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '*') {
            while (at < end && *at != '\n' && *at != pattern[1])
                at++;
        } else if (*pattern == '?') {
            while (end - at > 4 && memcmp(at, "    ", 4) == 0)
                at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        } else if (at == end || *at++ != *pattern) {
            return false;
        }
    }
    return at == end;
}

/* PLB-15: only abnormal reasons, only if wanted; PLB-16 */
PROCESS_TEST(crash_report)
{
    cop_term boom = COP(":boom"), shutdown = COP("{:shutdown, 1}"), text;

    cop_assert_equal("", cop_capture_log(crash, &boom));
    cop_assert_equal("", reported(crash, &shutdown, true));
    shutdown = COP(":shutdown");
    cop_assert_equal("", reported(crash, &shutdown, true));
    shutdown = COP(":normal");
    cop_assert_equal("", reported(crash, &shutdown, true));
    text = reported(crash, &boom, false);
    cop_assert(reads(text, "Process ProcLib.Counts (#PID<*>) terminating\n"
                           "** (exit) :boom\n?"
                           "Initial Call: Mod.fun/1\n"
                           "Ancestors: [#PID<*>]\n"));
}

static cop_next raise_it(cop_term reason)
{
    cop_error(reason);
}

static cop_term raise_in_child(void *reason)
{
    cop_ref ref;

    cop_proc_lib_spawn(raise_it, *(cop_term *)reason,
                       &(struct cop_proc_lib_opts){
                           .monitor = true, .ret_ref = &ref, .initial_call = COP("{Mod, :f, 1}")});
    cop_assert_receive("{:DOWN, ^ref, _, _, {_, _}}", ref);
    return cop_nil();
}

/* PLB-15: an error is no normal end, whatever it is called */
PROCESS_TEST(errors_with_the_name_of_an_end)
{
    cop_term normal = COP(":normal"), shutdown = COP(":shutdown");

    cop_assert(reads(reported(raise_in_child, &normal, false),
                     "Process #PID<*> terminating\n"
                     "** (ErlangError) Erlang error: :normal\n?"
                     "Initial Call: Mod.f/1\n"
                     "Ancestors: [#PID<*>]\n"));
    cop_assert(reads(reported(raise_in_child, &shutdown, false),
                     "Process #PID<*> terminating\n"
                     "** (ErlangError) Erlang error: :shutdown\n?"
                     "Initial Call: Mod.f/1\n"
                     "Ancestors: [#PID<*>]\n"));
}

/* What a process has, to show it in a report. */
static cop_next dress_and_crash(cop_term boot)
{
    cop_term order;
    cop_pid linked;

    cop_expect(boot, "{linked, order}", linked, order);
    cop_put(COP(":key"), COP(":value"));
    cop_set_label(COP("{:label, 1}"));
    cop_link(linked);
    cop_send(cop_self(), COP(":waiting"));
    if (cop_match(order, ":raise")) cop_raise("RuntimeError", "oops");
    if (cop_match(order, ":throw")) cop_throw(COP(":x"));
    if (cop_match(order, ":forget")) {
        cop_erase(COP(":\"$ancestors\""));
        cop_erase(COP(":\"$initial_call\""));
    }
    cop_exit(order);
}

struct dressed {
    cop_term order;
    cop_pid linked;
    cop_ref ref;
};

static cop_term crash_dressed(void *arg)
{
    struct dressed *d = arg;
    cop_pid linked = d->linked;
    cop_term order = d->order;
    struct cop_proc_lib_opts opts = {
        .monitor = true, .ret_ref = &d->ref, .initial_call = COP("{Mod, :fun, 2}")};
    cop_ref ref;

    cop_proc_lib_spawn(dress_and_crash, cop_build("{linked, order}", linked, order), &opts);
    ref = d->ref;
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* Traps or not, and waits; {to, name, traps, linked with} */
static cop_next neighbour(cop_term boot)
{
    cop_term name, with, msg;
    cop_pid to;
    bool traps;

    cop_expect(boot, "{to, name, traps, with}", to, name, traps, with);
    if (!cop_identical(name, cop_nil())) cop_register(name, cop_self());
    cop_trap_exit(traps);
    if (cop_is_pid(with)) cop_link(cop_to_pid(with));
    cop_send(to, COP(":up"));
    while (cop_receive(&msg, COP_INFINITY))
        continue;
    return cop_end();
}

static cop_pid start_neighbour(const char *name_text, bool traps, cop_term with)
{
    cop_pid self = cop_self(), pid;
    cop_term name = name_text == NULL ? cop_nil() : cop_atom(name_text);
    struct cop_proc_lib_opts opts = {.initial_call = COP("{Mod, :neighbour, 4}"),
                                     .name = "neighbour/1"};

    pid = cop_proc_lib_spawn(
        neighbour, cop_build("{self, name, traps, with}", self, name, traps, with), &opts);
    cop_assert_receive(":up");
    return pid;
}

#define OWN_DETAILS                                                                                \
    "Message Queue Length: 1\n"                                                                    \
    "Messages: [:waiting]\n"                                                                       \
    "Links: [#PID<*>]\n"                                                                           \
    "Dictionary: [key: :value]\n"                                                                  \
    "Trapping Exits: false\n"                                                                      \
    "Status: :running\n"                                                                           \
    "Heap Size: *\n"                                                                               \
    "Stack Size: *\n"                                                                              \
    "Reductions: *\n"

/* PLB-16: the fields in order, the class of the error */
PROCESS_TEST(crash_report_with_details)
{
    struct dressed d = {.order = COP(":boom"), .linked = start_neighbour(NULL, true, cop_nil())};

    cop_assert(reads(reported(crash_dressed, &d, true), "Process #PID<*> terminating\n"
                                                        "** (exit) :boom\n?"
                                                        "Initial Call: Mod.fun/2\n"
                                                        "Process Label: {:label, 1}\n"
                                                        "Ancestors: [#PID<*>]\n" OWN_DETAILS));
    d.order = COP(":raise");
    cop_assert(reads(reported(crash_dressed, &d, false), "Process #PID<*> terminating\n"
                                                         "** (RuntimeError) oops\n?"
                                                         "Initial Call: Mod.fun/2\n"
                                                         "Process Label: {:label, 1}\n"
                                                         "Ancestors: [#PID<*>]\n"));
    d.order = COP(":throw");
    cop_assert(reads(reported(crash_dressed, &d, false), "Process #PID<*> terminating\n"
                                                         "** (throw) :x\n?"
                                                         "Initial Call: Mod.fun/2\n"
                                                         "Process Label: {:label, 1}\n"
                                                         "Ancestors: [#PID<*>]\n"));
    /* PLB-15: an erased dictionary does not keep the report away */
    d.order = COP(":forget");
    cop_assert(reads(reported(crash_dressed, &d, true), "Process #PID<*> terminating\n"
                                                        "** (exit) :forget\n?"
                                                        "Process Label: {:label, 1}\n"
                                                        "Ancestors: []\n" OWN_DETAILS));
}

#define NEIGHBOUR_HEAD                                                                             \
    "        Initial Call: Mod.neighbour/4\n"                                                      \
    "        Current Call: neighbour/1\n"                                                          \
    "        Ancestors: [#PID<*>]\n"
#define NEIGHBOUR_DETAILS                                                                          \
    "        Message Queue Length: 0\n"                                                            \
    "        Links: [*]\n"                                                                         \
    "        Trapping Exits: false\n"                                                              \
    "        Status: :waiting\n"                                                                   \
    "        Heap Size: *\n"                                                                       \
    "        Stack Size: *\n"                                                                      \
    "        Reductions: *\n"                                                                      \
    "        Current Stacktrace: []\n"

/* PLB-17: those who go down with it, transitively; one that traps is none and leads to none */
PROCESS_TEST(neighbours)
{
    cop_pid behind = start_neighbour("behind", false, cop_nil());
    cop_pid trapping = start_neighbour(NULL, true, cop_pid_term(behind));
    cop_pid far = start_neighbour("far", false, cop_pid_term(trapping));
    struct dressed d = {.order = COP(":boom"),
                        .linked = start_neighbour(NULL, false, cop_pid_term(far))};
    cop_term text = reported(crash_dressed, &d, true);

    fprintf(stderr, "%.*s", (int)cop_to_bytes(text).len, cop_to_bytes(text).data);
    cop_assert(reads(text, "Process #PID<*> terminating\n"
                           "** (exit) :boom\n?"
                           "Initial Call: Mod.fun/2\n"
                           "Process Label: {:label, 1}\n"
                           "Ancestors: [#PID<*>]\n" OWN_DETAILS "Neighbours:\n"
                           "    #PID<*>\n" NEIGHBOUR_HEAD NEIGHBOUR_DETAILS
                           "    :far (#PID<*>)\n" NEIGHBOUR_HEAD NEIGHBOUR_DETAILS));
    cop_exit_process(behind, COP(":kill"));
    cop_exit_process(trapping, COP(":kill"));
}

/* How often a piece is in a text. */
static int count(cop_term text_term, const char *piece)
{
    cop_bytes text = cop_to_bytes(text_term);
    const char *at = text.data, *end = at + text.len;
    int found = 0;

    while ((at = memmem(at, (size_t)(end - at), piece, strlen(piece))) != NULL) {
        at++;
        found++;
    }
    return found;
}

/* PLB-17: at most fifteen, without details by name and calls only */
PROCESS_TEST(many_neighbours)
{
    cop_term last = cop_nil(), text;
    struct dressed d = {.order = COP(":boom"), .linked = cop_no_pid()};

    for (int i = 1; i <= 15; i++) {
        d.linked = start_neighbour(NULL, false, last);
        last = cop_pid_term(d.linked);
    }
    text = reported(crash_dressed, &d, false);
    cop_assert_equal(15, count(text, "\n    #PID<"));
    cop_assert_equal(
        15, count(text,
                  "\n        Initial Call: Mod.neighbour/4\n        Current Call: neighbour/1\n"));
    cop_assert_equal(0, count(text, "Links"));
    last = cop_nil();
    for (int i = 1; i <= 16; i++) {
        d.linked = start_neighbour(NULL, false, last);
        last = cop_pid_term(d.linked);
    }
    cop_assert_equal(15, count(reported(crash_dressed, &d, false), "\n    #PID<"));
}

/* Ends by a signal of another's. */
static cop_term kill_one(void *reason)
{
    cop_term pid = cop_proc_lib_start(start_counting, COP("ProcLib.Counts"), NULL);
    cop_ref ref = cop_monitor(pid);

    cop_exit_process(cop_to_pid(pid), *(cop_term *)reason);
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* PLB-15: not when killed by a signal */
PROCESS_TEST(no_report_of_the_killed)
{
    cop_term reason = COP(":boom");

    cop_assert_equal("", reported(kill_one, &reason, true));
    reason = COP(":kill");
    cop_assert_equal("", reported(kill_one, &reason, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_with_the_name_of_an_end),
        cmocka_unit_test(crash_report),
        cmocka_unit_test(crash_report_with_details),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(many_neighbours),
        cmocka_unit_test(no_report_of_the_killed),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
