/* SPDX-License-Identifier: Apache-2.0 */
/* Demo.AuthService: runs the program auth_service, which stands beside this one, and tells
 * my_service where it listens. It is up when this server is started; when the program ends, so does
 * the server, and its supervisor starts both anew, on the port that they had. */
#include "demo.h"

#include <coppice/os_process.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the program may take to listen. */
#define START_MS 10000

/* "/.../bin/auth_service" for "/.../bin/demo". */
static cop_term program(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    path[len > 0 ? len : 0] = '\0';
    if (strrchr(path, '/')) *strrchr(path, '/') = '\0';
    return cop_format("%s/auth_service", path);
}

/* The address in a line such as "Listening at http://127.0.0.1:4060", or cop_none(). */
static cop_term url_in(cop_bytes line)
{
    const char *at = memmem(line.data, line.len, "http://", 7);
    size_t len = 0;

    if (!at) return cop_none();
    while (at + len < line.data + line.len && at[len] > ' ')
        len++;
    return cop_binary(at, len);
}

/* Reads what the program says up to the line with its address. */
static cop_term await_url(cop_pid child)
{
    cop_term url = cop_none();
    cop_bytes line;

    while (cop_is_none(url)) {
        cop_term piece = cop_os_process_read(cop_pid_term(child), START_MS);

        if (!cop_match(piece, "{:ok, {:stdout, line}}", line)) return piece;
        url = url_in(line);
    }
    return cop_tuple(COP(":ok"), url);
}

/* The same port again, so that who has the address need not ask anew. */
static cop_term port(void)
{
    cop_term url = cop_application_get_env(COP(":auth_service"), COP(":url"), COP("\":0\""));
    cop_bytes text = cop_to_bytes(url);
    size_t at = text.len;

    while (at > 0 && text.data[at - 1] != ':')
        at--;
    return cop_binary(text.data + at, text.len - at);
}

static cop_result init(cop_term arg)
{
    cop_term answer, url, reason;
    cop_term args = cop_list(COP("\"--port\""), port());
    cop_pid child;
    cop_pid *state;

    (void)arg;
    cop_trap_exit(true);
    answer = cop_os_process_start_link(program(), args,
                                       COP("[stdout: :owner, packet: :line, stderr: :log]"));
    if (cop_match(answer, "{:error, reason}", reason)) return cop_fail(reason);
    cop_expect(answer, "{:ok, child}", child);
    answer = await_url(child);
    if (cop_match(answer, "{:error, reason}", reason)) return cop_fail(reason);
    cop_expect(answer, "{:ok, url}", url);
    cop_application_put_env(COP(":auth_service"), COP(":url"), url);
    cop_application_put_env_persistent(COP(":my_service"), COP(":auth_service_url"), url);
    cop_os_process_set_options(cop_pid_term(child), COP("[active: true]"));
    state = cop_alloc(sizeof(*state));
    *state = child;
    return cop_started(state);
}

static cop_term format_state(const void *state)
{
    cop_pid process = *(const cop_pid *)state;
    cop_term url = cop_application_get_env(COP(":auth_service"), COP(":url"), cop_nil());

    return cop_build("%{process: process, url: url}", process, url);
}

static cop_result handle_info(void *state, cop_term message)
{
    cop_term reason;
    cop_bytes line;

    (void)state;
    if (cop_match(message, "{:os_process, _, {:stdout, line}}", line))
        cop_log(COP_INFO, "auth_service: %.*s", (int)line.len, line.data);
    else if (cop_match(message, "{:EXIT, _, reason}", reason))
        return cop_stop(cop_tuple(COP(":auth_service"), reason));
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static cop_term start_link(cop_term arg)
{
    return cop_gen_server_start_link(&demo_auth_service_module, arg,
                                     COP("[name: Demo.AuthService]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", start_link, "Starts the program."), COP_EXPORT_END};

const struct cop_module demo_auth_service_module = {.size = sizeof(struct cop_module),
                                                    .name = "Demo.AuthService",
                                                    .doc = "The auth service of the demo.",
                                                    .functions = functions,
                                                    .gen_server = &callbacks,
                                                    .child_spec = "backoff: [min: 500]"};

/* --- The application -------------------------------------------------------------------------- */

static cop_term start(cop_term type, cop_term args)
{
    const char *other =
        getenv("AUTH_SERVICE_URL"); /* NOLINT(concurrency-mt-unsafe): not set here */

    (void)type;
    (void)args;
    return cop_supervisor_start_link(other && *other ? COP("[]") : COP("[Demo.AuthService]"),
                                     COP("[strategy: :one_for_one]"));
}

static const struct cop_module *const modules[] = {&demo_auth_service_module, NULL};

const struct cop_application demo_auth_service = {.size = sizeof(struct cop_application),
                                                  .name = "auth_service",
                                                  .description = "The program auth_service",
                                                  .version = "0.1.0",
                                                  .modules = modules,
                                                  .start = start};
