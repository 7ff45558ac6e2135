/* SPDX-License-Identifier: Apache-2.0 */
/* sys, the client's side: requests to a server that are none of its own (SYS). Their answers come
 * from sys_server.c. */
#include "coppice/sys.h"

#include "otp/gen.h"

#define SYS COP(":sys")

/* Sends the request and returns the answer. args are those that the failure names, without the
 * timeout; that stands there only if it is not the default one. */
static cop_term ask(cop_term server, cop_term request, cop_term function, cop_term args,
                    int64_t timeout_ms)
{
    cop_term timeout = cop__timeout_term(timeout_ms, SYS, "send_system_msg", 3);
    cop_term answer;
    cop_pid pid = cop__server_to_ask(server, &answer);

    if (!cop_is_no_pid(pid) && cop__request(COP(":system"), pid, request, timeout_ms, &answer))
        return answer;
    if (timeout_ms != COP_CALL_TIMEOUT) args = cop_list_append(args, cop_list(timeout));
    cop__exit_call(answer, SYS, function, args);
}

/* The value in {:ok, value}; what is in {:error, reason} is raised. */
static cop_term value_of(cop_term answer)
{
    cop_term value;

    if (cop_match(answer, "{:ok, value}", value)) return value;
    cop_expect(answer, "{:error, value}", value);
    cop_error(value);
}

cop_term cop_sys_get_state(cop_term server, int64_t timeout_ms)
{
    return value_of(
        ask(server, COP(":get_state"), COP(":get_state"), cop_list(server), timeout_ms));
}

cop_term cop_sys_replace_state(cop_term server, cop_term fun, int64_t timeout_ms)
{
    cop_term request = cop_tuple(COP(":replace_state"), fun);

    return value_of(ask(server, request, request, cop_list(server), timeout_ms));
}

cop_term cop_sys_get_status(cop_term server, int64_t timeout_ms)
{
    return ask(server, COP(":get_status"), COP(":get_status"), cop_list(server), timeout_ms);
}

cop_term cop_sys_suspend(cop_term server, int64_t timeout_ms)
{
    return ask(server, COP(":suspend"), COP(":suspend"), cop_list(server), timeout_ms);
}

cop_term cop_sys_resume(cop_term server, int64_t timeout_ms)
{
    return ask(server, COP(":resume"), COP(":resume"), cop_list(server), timeout_ms);
}

cop_term cop_sys_terminate(cop_term server, cop_term reason, int64_t timeout_ms)
{
    return ask(server, cop_tuple(COP(":terminate"), reason), COP(":terminate"),
               cop_list(server, reason), timeout_ms);
}

cop_term cop_sys_change_code(cop_term server, cop_term module, cop_term old_version, cop_term extra,
                             int64_t timeout_ms)
{
    return ask(server, cop_tuple(COP(":change_code"), module, old_version, extra),
               COP(":change_code"), cop_list(server, module, old_version, extra), timeout_ms);
}

/* --- Debugging -------------------------------------------------------------------------------- */

/* function(server, what): sends {:debug, {function, what}}. */
static cop_term debug(cop_term server, cop_term function, cop_term what, int64_t timeout_ms)
{
    return ask(server, cop_tuple(COP(":debug"), cop_tuple(function, what)), function,
               cop_list(server, what), timeout_ms);
}

cop_term cop_sys_trace(cop_term server, cop_term flag, int64_t timeout_ms)
{
    return debug(server, COP(":trace"), flag, timeout_ms);
}

cop_term cop_sys_log(cop_term server, cop_term flag, int64_t timeout_ms)
{
    return debug(server, COP(":log"), flag, timeout_ms);
}

cop_term cop_sys_log_to_file(cop_term server, cop_term file, int64_t timeout_ms)
{
    return debug(server, COP(":log_to_file"), file, timeout_ms);
}

cop_term cop_sys_statistics(cop_term server, cop_term flag, int64_t timeout_ms)
{
    return debug(server, COP(":statistics"), flag, timeout_ms);
}

cop_term cop_sys_install(cop_term server, cop_term what, int64_t timeout_ms)
{
    return debug(server, COP(":install"), what, timeout_ms);
}

cop_term cop_sys_remove(cop_term server, cop_term fun_or_id, int64_t timeout_ms)
{
    return debug(server, COP(":remove"), fun_or_id, timeout_ms);
}

cop_term cop_sys_no_debug(cop_term server, int64_t timeout_ms)
{
    cop_term request = COP("{:debug, :no_debug}");

    return ask(server, request, request, cop_list(server), timeout_ms);
}
