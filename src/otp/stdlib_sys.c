/* SPDX-License-Identifier: Apache-2.0 */
/* :sys, as the console calls it. Each function is there with the default time and with a given one.
 */
#include "coppice/sys.h"
#include "otp/stdlib.h"

static int64_t timeout_arg(cop_term timeout)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) cop__raise_no_clause("sys.send_system_msg/3");
    return ms;
}

#define OF_SERVER(name)                                                                            \
    static cop_term sys_##name(cop_term server)                                                    \
    {                                                                                              \
        return cop_sys_##name(server, COP_CALL_TIMEOUT);                                           \
    }                                                                                              \
    static cop_term sys_##name##_for(cop_term server, cop_term timeout)                            \
    {                                                                                              \
        return cop_sys_##name(server, timeout_arg(timeout));                                       \
    }
OF_SERVER(get_state)
OF_SERVER(get_status)
OF_SERVER(suspend)
OF_SERVER(resume)
OF_SERVER(no_debug)

#define WITH_ARGUMENT(name)                                                                        \
    static cop_term sys_##name(cop_term server, cop_term argument)                                 \
    {                                                                                              \
        return cop_sys_##name(server, argument, COP_CALL_TIMEOUT);                                 \
    }                                                                                              \
    static cop_term sys_##name##_for(cop_term server, cop_term argument, cop_term timeout)         \
    {                                                                                              \
        return cop_sys_##name(server, argument, timeout_arg(timeout));                             \
    }
WITH_ARGUMENT(replace_state)
WITH_ARGUMENT(terminate)
WITH_ARGUMENT(trace)
WITH_ARGUMENT(log)
WITH_ARGUMENT(log_to_file)
WITH_ARGUMENT(statistics)
WITH_ARGUMENT(install)
WITH_ARGUMENT(remove)

static cop_term sys_change_code(cop_term server, cop_term module, cop_term old_version,
                                cop_term extra)
{
    return cop_sys_change_code(server, module, old_version, extra, COP_CALL_TIMEOUT);
}

static cop_term sys_change_code_for(cop_term server, cop_term module, cop_term old_version,
                                    cop_term extra, cop_term timeout)
{
    return cop_sys_change_code(server, module, old_version, extra, timeout_arg(timeout));
}

#define AND_TIME "The same, waiting so long."
static const struct cop_function functions[] = {
    COP_EXPORT("change_code(server, module, old_version, extra)", sys_change_code,
               "Has a suspended server make its state anew."),
    COP_EXPORT("change_code(server, module, old_version, extra, timeout)", sys_change_code_for,
               AND_TIME),
    COP_EXPORT("get_state(server)", sys_get_state, "The state of a server as it shows it."),
    COP_EXPORT("get_state(server, timeout)", sys_get_state_for, AND_TIME),
    COP_EXPORT("get_status(server)", sys_get_status, "The status of a server."),
    COP_EXPORT("get_status(server, timeout)", sys_get_status_for, AND_TIME),
    COP_EXPORT("install(server, fun_and_state)", sys_install,
               "Has fun(state, event, name) called for each event."),
    COP_EXPORT("install(server, fun_and_state, timeout)", sys_install_for, AND_TIME),
    COP_EXPORT("log(server, flag)", sys_log,
               "true, {true, n}, false, :get or :print: last events."),
    COP_EXPORT("log(server, flag, timeout)", sys_log_for, AND_TIME),
    COP_EXPORT("log_to_file(server, file)", sys_log_to_file,
               "Writes the events to a file; false: no more."),
    COP_EXPORT("log_to_file(server, file, timeout)", sys_log_to_file_for, AND_TIME),
    COP_EXPORT("no_debug(server)", sys_no_debug, "Ends trace, log, statistics and the like."),
    COP_EXPORT("no_debug(server, timeout)", sys_no_debug_for, AND_TIME),
    COP_EXPORT("remove(server, fun_or_id)", sys_remove, "Ends what install began."),
    COP_EXPORT("remove(server, fun_or_id, timeout)", sys_remove_for, AND_TIME),
    COP_EXPORT("replace_state(server, fun)", sys_replace_state, "Changes the state by fun."),
    COP_EXPORT("replace_state(server, fun, timeout)", sys_replace_state_for, AND_TIME),
    COP_EXPORT("resume(server)", sys_resume, "Lets a suspended server go on."),
    COP_EXPORT("resume(server, timeout)", sys_resume_for, AND_TIME),
    COP_EXPORT("statistics(server, flag)", sys_statistics,
               "true, false or :get: counts of messages."),
    COP_EXPORT("statistics(server, flag, timeout)", sys_statistics_for, AND_TIME),
    COP_EXPORT("suspend(server)", sys_suspend, "Has a server handle system messages only."),
    COP_EXPORT("suspend(server, timeout)", sys_suspend_for, AND_TIME),
    COP_EXPORT("terminate(server, reason)", sys_terminate, "Asks a server to end."),
    COP_EXPORT("terminate(server, reason, timeout)", sys_terminate_for, AND_TIME),
    COP_EXPORT("trace(server, flag)", sys_trace, "true or false: prints a line for each event."),
    COP_EXPORT("trace(server, flag, timeout)", sys_trace_for, AND_TIME),
    COP_EXPORT_END};

const struct cop_module cop__sys_module = {.size = sizeof(struct cop_module),
                                           .name = ":sys",
                                           .doc = "Looking into running servers.",
                                           .functions = functions};
