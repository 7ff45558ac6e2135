/* SPDX-License-Identifier: Apache-2.0 */
/* What users call about OS processes, and the module OsProcess. */
#include "coppice/os_process.h"

#include "coppice/gen_server.h"
#include "coppice/supervisor.h"
#include "io/iodata.h"
#include "io/os_options.h"
#include "io/os_server.h"
#include "io/signal_name.h"

/* --- Starting --------------------------------------------------------------------------------- */

cop_term cop__os_start(cop_term program, cop_term args, cop_term options, bool link, bool is_run)
{
    struct cop__os_options checked;
    cop__os_options_read(options, cop_self(),
                         &checked); /* so that the caller is the one who fails */
    cop_term name = cop_keyword_get(options, COP(":name"), cop_none());
    return cop_gen_server_start_with(&(struct cop_gen_start){
        .module = &cop_os_process,
        .callbacks = &cop__os_server,
        .arg = cop_tuple(program, args, options, cop_self(), is_run),
        .options = cop_is_none(name) ? cop_empty_list() : cop_build("[name: name]", name),
        .link = link});
}

cop_term cop_os_process_start_link(cop_term program, cop_term args, cop_term options)
{
    return cop__os_start(program, args, options, true, false);
}

cop_term cop_os_process_start(cop_term program, cop_term args, cop_term options)
{
    return cop__os_start(program, args, options, false, false);
}

cop_term cop_os_process_stop(cop_term process, cop_term reason, int64_t timeout_ms)
{
    return cop_gen_server_stop(process, reason, timeout_ms);
}

/* --- Calls ------------------------------------------------------------------------------------ */

cop_term(cop_os_process_send)(cop_term process, cop_term data, int64_t timeout_ms)
{
    cop_term bytes = cop__iodata_binary(data);
    if (cop_is_none(bytes)) cop_error(COP(":badarg"));
    return cop_gen_server_call(process, cop_tuple(COP(":send"), bytes), timeout_ms);
}

cop_term cop_os_process_close_stdin(cop_term process)
{
    return cop_gen_server_call(process, COP(":close_stdin"), COP_INFINITY);
}

cop_term cop_os_process_read(cop_term process, int64_t timeout_ms)
{
    return cop_gen_server_call(process, cop_tuple(COP(":read"), timeout_ms), COP_INFINITY);
}

cop_term cop_os_process_set_options(cop_term process, cop_term options)
{
    cop_term value;
    int64_t active;
    if (!cop_match(options, "[active: value]", value) || !cop__os_active(value, &active))
        cop_error(COP(":badarg"));
    return cop_gen_server_call(process, cop_tuple(COP(":active"), active), COP_INFINITY);
}

cop_term cop_os_process_signal(cop_term process, cop_term signal)
{
    int number = cop__signal_number(signal);
    if (number == 0) {
        cop_bytes text = cop_to_bytes(cop_inspect_within(signal, 100));
        cop_raise("ArgumentError", "no signal: %.*s", (int)text.len, text.data);
    }
    return cop_gen_server_call(process, cop_tuple(COP(":signal"), number), COP_INFINITY);
}

cop_term cop_os_process_info(cop_term process)
{
    return cop_gen_server_call(process, COP(":info"), COP_INFINITY);
}

/* --- The module ------------------------------------------------------------------------------- */

/* A child's argument: {program, args, options}, or less of it. */
static void take_apart(cop_term arg, cop_term *ret_program, cop_term *ret_args,
                       cop_term *ret_options)
{
    cop_term program, args;
    cop_term options = cop_empty_list();
    if (!cop_match(arg, "{program, args, options}", program, args, options) &&
        !cop_match(arg, "{program, args}", program, args)) {
        program = arg;
        args = cop_empty_list();
    }
    *ret_program = program;
    *ret_args = args;
    *ret_options = options;
}

static cop_term start_link_child(cop_term arg)
{
    cop_term program, args, options;
    take_apart(arg, &program, &args, &options);
    return cop_os_process_start_link(program, args, options);
}

static cop_term child_spec(cop_term arg)
{
    cop_term program, args, options;
    take_apart(arg, &program, &args, &options);
    cop_term fallback = cop_keyword_get(options, COP(":name"), COP("OsProcess"));
    cop_term id = cop_keyword_get(options, COP(":id"), fallback);
    return cop_build("%{id: id, start: {OsProcess, :start_link, [arg]}}", id, arg);
}

static cop_term start_link_args(cop_term program, cop_term args)
{
    return cop_os_process_start_link(program, args, cop_empty_list());
}

static cop_term start_args(cop_term program, cop_term args)
{
    return cop_os_process_start(program, args, cop_empty_list());
}

static cop_term run_args(cop_term program, cop_term args)
{
    return cop_os_process_run(program, args, cop_empty_list());
}

static cop_term stop_normally(cop_term process)
{
    return cop_os_process_stop(process, COP(":normal"), COP_INFINITY);
}

static cop_term send_data(cop_term process, cop_term data)
{
    return cop_os_process_send(process, data, COP_CALL_TIMEOUT);
}

static cop_term read_piece(cop_term process)
{
    return cop_os_process_read(process, COP_CALL_TIMEOUT);
}

static const struct cop_function functions[] = {
    COP_EXPORT("child_spec(arg)", child_spec,
               "The specification of a child {program, args, options}."),
    COP_EXPORT("close_stdin(process)", cop_os_process_close_stdin,
               "Closes the program's input when all is written."),
    COP_EXPORT("info(process)", cop_os_process_info, "What is known about the program."),
    COP_EXPORT("read(process)", read_piece, "The next piece of output, waiting for 5 seconds."),
    COP_EXPORT("run(program, args)", run_args, "Runs a program: {:ok, {output, status}}."),
    COP_EXPORT("run(program, args, options)", cop_os_process_run, "The same with options."),
    COP_EXPORT("send(process, data)", send_data, "Writes to the program's input."),
    COP_EXPORT("set_options(process, options)", cop_os_process_set_options,
               "[active: false | true | :once | n]: who takes output."),
    COP_EXPORT("signal(process, signal)", cop_os_process_signal,
               "Sends a signal, :sighup, to the program's group."),
    COP_EXPORT("start(program, args)", start_args, "Starts a program: {:ok, pid}."),
    COP_EXPORT("start(program, args, options)", cop_os_process_start, "The same with options."),
    COP_EXPORT("start_link(arg)", start_link_child, "For a supervisor."),
    COP_EXPORT("start_link(program, args)", start_link_args, "The same, linked."),
    COP_EXPORT("start_link(program, args, options)", cop_os_process_start_link,
               "The same, linked, with options."),
    COP_EXPORT("stop(process)", stop_normally, "Stops the program and waits for its end."),
    COP_EXPORT_END};

const struct cop_module cop_os_process = {.size = sizeof(struct cop_module),
                                          .name = "OsProcess",
                                          .doc = "Programs as processes of the node.",
                                          .functions = functions,
                                          .gen_server = &cop__os_server};
