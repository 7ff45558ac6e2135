/* SPDX-License-Identifier: Apache-2.0 */
/* GenServer, the client's side: starting, calling, casting, stopping. The server's side is
 * gen_server_init.c, _loop.c, _end.c and _status.c. */
#include "coppice/gen_server.h"

#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/gen_server_state.h"

#define GEN_SERVER COP("GenServer")

/* --- Starting --------------------------------------------------------------------------------- */

/* The time in the option timeout; 0 stands for none. */
static int64_t start_timeout(cop_term options)
{
    cop_term value = cop_keyword_get(options, COP(":timeout"), COP(":infinity"));
    int64_t ms;

    if (cop_identical(value, COP(":infinity"))) return 0;
    ms = cop_to_int(value);
    return ms < 1 ? 1 : ms;
}

/* spawn_opt: of what Erlang knows, a link and the size of the stack mean something here; a monitor
 * is refused (PLB-14). The limit of the mailbox is ours. */
static void spawn_options(cop_term options, struct cop_proc_lib_opts *opts)
{
    cop_term spawn = cop_keyword_get(options, COP(":spawn_opt"), cop_empty_list());
    cop_term mailbox;
    int64_t size;

    for (; cop_is_list(spawn) && !cop_is_empty_list(spawn); spawn = cop_tail(spawn)) {
        if (cop_match(cop_head(spawn), ":monitor")) cop_error(COP(":badarg"));
        if (cop_match(cop_head(spawn), ":link")) opts->link = true;
        if (cop_match(cop_head(spawn), "{:stack_size, size}", size))
            opts->stack_size = (size_t)size;
        if (cop_match(cop_head(spawn), "{:mailbox, mailbox}", mailbox))
            opts->mailbox = cop__mailbox_option(mailbox);
    }
}

static bool is_down(cop_term msg, void *ref)
{
    cop_ref monitor;

    return cop_match(msg, "{:DOWN, monitor, _, _, _}", monitor) &&
           cop_ref_equal(monitor, *(cop_ref *)ref);
}

/* {:ok, pid} becomes {:ok, {pid, ref}}; of a start that failed no DOWN is left. */
static cop_term monitored(cop_term answer, cop_ref ref)
{
    cop_pid pid;
    cop_term down;

    if (cop_match(answer, "{:ok, pid}", pid)) return cop_build("{:ok, {pid, ref}}", pid, ref);
    cop_receive_if(is_down, &ref, &down, 0);
    return answer;
}

cop_term cop_gen_server_start_with(const struct cop_gen_start *start)
{
    cop_term options = cop_is_none(start->options) ? cop_empty_list() : start->options;
    cop_term name = cop_keyword_get(options, COP(":name"), cop_nil()), answer;
    struct cop_proc_lib_opts opts = {.link = start->link, .monitor = start->monitor};
    cop_ref ref;
    cop_pid pid;

    cop__name_check(name);
    pid = cop_identical(name, cop_nil()) ? cop_no_pid() : cop__server_where(name);
    if (!cop_is_no_pid(pid)) return cop_build("{:error, {:already_started, pid}}", pid);
    opts.ret_ref = &ref;
    opts.timeout_ms = start_timeout(options);
    spawn_options(options, &opts);
    opts.name = start->module->name;
    opts.initial_call = start->initial_call;
    answer = cop__start(cop__gen_server_init, cop__gen_server_boot(start, options, name), &opts);
    return start->monitor ? monitored(answer, ref) : answer;
}

cop_term cop_gen_server_start_link(const struct cop_module *module, cop_term arg, cop_term options)
{
    return cop_gen_server_start_with(
        &(struct cop_gen_start){.module = module, .arg = arg, .options = options, .link = true});
}

cop_term cop_gen_server_start(const struct cop_module *module, cop_term arg, cop_term options)
{
    return cop_gen_server_start_with(
        &(struct cop_gen_start){.module = module, .arg = arg, .options = options});
}

cop_term cop_gen_server_start_monitor(const struct cop_module *module, cop_term arg,
                                      cop_term options)
{
    return cop_gen_server_start_with(
        &(struct cop_gen_start){.module = module, .arg = arg, .options = options, .monitor = true});
}

/* --- Calls ------------------------------------------------------------------------------------ */

cop_term(cop_gen_server_call)(cop_term server, cop_term request, int64_t timeout_ms)
{
    cop_term answer;
    cop_pid pid = cop__server_to_ask(server, &answer);

    if (timeout_ms < COP_INFINITY) cop__raise_function_clause(GEN_SERVER, "call", 3);
    if (!cop_is_no_pid(pid) &&
        cop__request(COP(":\"$gen_call\""), pid, request, timeout_ms, &answer))
        return answer;
    cop__exit_call(answer, GEN_SERVER, COP(":call"),
                   cop_list(server, request, cop__timeout_term(timeout_ms, GEN_SERVER, "call", 3)));
}

cop_term(cop_gen_server_cast)(cop_term server, cop_term message)
{
    cop__server_send(server, cop_tuple(COP(":\"$gen_cast\""), message));
    return cop_ok();
}

cop_term cop_gen_server_reply(cop_from from, cop_term reply)
{
    cop__reply(cop_from_term(from), reply);
    return cop_ok();
}

cop_pid cop_gen_server_whereis(cop_term server)
{
    return cop__server_where(server);
}

cop_term cop_gen_server_stop(cop_term server, cop_term reason, int64_t timeout_ms)
{
    cop_term timeout = cop__timeout_term(timeout_ms, GEN_SERVER, "stop", 3), why;
    cop_pid pid = cop__server_to_ask(server, &why);

    if (!cop_is_no_pid(pid) && cop__stop(pid, reason, timeout_ms, &why)) return cop_ok();
    cop__exit_call(why, GEN_SERVER, COP(":stop"), cop_list(server, reason, timeout));
}
