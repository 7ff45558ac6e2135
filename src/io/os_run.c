/* SPDX-License-Identifier: Apache-2.0 */
/* cop_os_process_run: a program from its start to its end, with its output as the result. */
#include "base/check.h"
#include "coppice/gen_server.h"
#include "coppice/os_process.h"
#include "io/iodata.h"
#include "io/os_server.h"
#include "io/signal_name.h"

#define OUTPUT_MAX (16 << 20)

struct run {
    cop_term input;     /* a binary, or cop_none() */
    int64_t output_max; /* bytes */
    cop_pid process;
    cop_ref monitor;
};

/* --- Options ---------------------------------------------------------------------------------- */

static COP_NORETURN void refuse(cop_term option)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(option, 200));
    cop_raise("ArgumentError", "no option of a program that is run: %.*s", (int)text.len,
              text.data);
}

/* Takes out what is for run alone; the rest is for the start. */
static cop_term take_options(cop_term options, struct run *r)
{
    cop_term rest = COP("[stdout: :owner]");
    bool has_stdin = false;
    bool has_stderr = false;
    for (; cop_is_list(options) && !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cop_head(options);
        cop_term value;
        int64_t n;
        if (cop_match(option, "{:input, value}", value)) {
            r->input = cop__iodata_binary(value);
            if (cop_is_none(r->input)) refuse(option);
        } else if (cop_match(option, "{:output_max, n}", n) && n >= 0) {
            r->output_max = n;
        } else if (cop_match(option, "{:stdout, _}") || cop_match(option, "{:owner, _}") ||
                   cop_match(option, "{:active, _}") || cop_match(option, "{:packet, _}")) {
            refuse(option);
        } else {
            has_stdin |= cop_match(option, "{:stdin, _}");
            has_stderr |= cop_match(option, "{:stderr, _}");
            rest = cop_cons(option, rest);
        }
    }
    if (!cop_is_empty_list(options)) refuse(options);
    if (!cop_is_none(r->input))
        rest = cop_cons(COP("{:stdin, :pipe}"), rest);
    else if (!has_stdin)
        rest = cop_cons(COP("{:stdin, :null}"), rest);
    return has_stderr ? rest : cop_cons(COP("{:stderr, :inherit}"), rest);
}

/* --- The run ---------------------------------------------------------------------------------- */

/* {:ok, output} or {:error, :emsgsize}. */
static cop_term read_all(const struct run *r)
{
    cop_term pieces = cop_empty_list();
    cop_term answer, data;
    int64_t size = 0;
    while (answer = cop_os_process_read(cop_pid_term(r->process), COP_INFINITY),
           cop_match(answer, "{:ok, {_, data}}", data)) {
        size += (int64_t)cop_to_bytes(data).len;
        if (size > r->output_max) return COP("{:error, :emsgsize}");
        pieces = cop_cons(data, pieces);
    }
    return cop_tuple(cop_ok(), cop__iodata_binary(cop_list_reverse(pieces)));
}

static bool is_down(cop_term message, void *arg)
{
    cop_ref ref = ((const struct run *)arg)->monitor;
    return cop_match(message, "{:DOWN, ^ref, :process, _, _}", ref);
}

/* The result, of the reason with which the process has ended. */
static cop_term result_of(cop_term output, cop_term reason)
{
    int64_t status = 0;
    cop_term name;
    (void)cop_match(reason, "{:shutdown, reason}", reason);
    if (cop_match(reason, "{:signal, name}", name))
        status = 128 + cop__signal_number(name);
    else if (!cop_match(reason, "{:exit_status, status}", status) && !cop_match(reason, ":normal"))
        return cop_tuple(COP(":error"), reason);
    return cop_tuple(cop_ok(), cop_tuple(output, status));
}

cop_term cop_os_process_run(cop_term program, cop_term args, cop_term options)
{
    struct run r = {.input = cop_none(), .output_max = OUTPUT_MAX};
    cop_ref requests[2] = {{.node = 0}};
    cop_term output, down;
    cop_term started = cop__os_start(program, args, take_options(options, &r), false, true);
    cop_pid process;
    if (!cop_match(started, "{:ok, process}", process)) return started;
    r.process = process;
    r.monitor = cop_monitor(process);
    /* It may want to print before it has read all: so nobody waits for its reading. */
    if (!cop_is_none(r.input)) {
        requests[0] =
            cop_gen_server_send_request(cop_pid_term(process), cop_tuple(COP(":send"), r.input));
        requests[1] = cop_gen_server_send_request(cop_pid_term(process), COP(":close_stdin"));
    }
    cop_term all = read_all(&r);
    if (!cop_match(all, "{:ok, output}", output)) cop_exit_process(process, COP(":kill"));
    (void)cop_receive_if(is_down, &r, &down, COP_INFINITY);
    for (int i = 0; i < 2 && !cop_is_none(r.input); i++)
        (void)cop_gen_server_receive_response(requests[i], COP_INFINITY);
    return cop_match(all, "{:ok, _}") ? result_of(output, cop_elem(down, 4)) : all;
}
