/* SPDX-License-Identifier: Apache-2.0 */
/* What users of the HTTP server call: starting it, answering requests, and the process in which a
 * handler runs. */
#include "io/http_server.h"

#include "base/cleanup.h"
#include "coppice/http_server.h"
#include "coppice/node.h"
#include "coppice/proc_lib.h"
#include "io/http_message.h"

/* --- Starting --------------------------------------------------------------------------------- */

static COP_NORETURN void refuse_option(cop_term option)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(option, 500));

    cop_raise("ArgumentError", "no option of an HTTP server, or not a value for it: %.*s",
              (int)text.len, text.data);
}

static bool is_between(cop_term t, int64_t min, int64_t max)
{
    int64_t n;

    return cop_match(t, "n", n) && n >= min && n <= max;
}

static bool is_handler(cop_term t)
{
    return cop_is_fun(t, 1) || cop_is_pid(t) ||
           (cop_is_atom(t) && !cop_identical(t, cop_nil()) && !cop_is_boolean(t));
}

static bool is_address(cop_term t)
{
    return cop_is_binary(t) || cop_is_tuple(t) || cop_match(t, ":any") || cop_match(t, ":loopback");
}

/* %{status => {headers, body}} for the statuses that the server answers by itself. */
static bool is_errors(cop_term t)
{
    struct cop_map_iter it;
    cop_term status, answer, headers, body;

    if (!cop_is_map(t)) return false;
    it = cop_map_iter(t);
    while (cop_map_next(&it, &status, &answer)) {
        COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};

        if (!cop_match(status, "413") && !cop_match(status, "500") && !cop_match(status, "503"))
            return false;
        if (!cop_match(answer, "{headers, body}", headers, body) || !cop_is_binary(body) ||
            !cop__http_headers(headers, &flat))
            return false;
    }
    return true;
}

static bool is_option(cop_term key, cop_term value)
{
    if (cop_match(key, ":handler")) return is_handler(value);
    if (cop_match(key, ":address")) return is_address(value);
    if (cop_match(key, ":port")) return is_between(value, 0, 65535);
    if (cop_match(key, ":name")) return true;
    if (cop_match(key, ":errors")) return is_errors(value);
    if (cop_match(key, ":body_max")) return is_between(value, 0, INT64_C(1) << 40);
    if (cop_match(key, ":header_max")) return is_between(value, 1024, INT64_C(1) << 24);
    if (cop_match(key, ":connections_max")) return is_between(value, 1, 1000000);
    if (cop_match(key, ":buffer_max")) return is_between(value, 0, INT64_C(1) << 30);
    if (cop_match(key, ":idle_timeout"))
        return cop_match(value, ":infinity") || is_between(value, 1, INT64_C(1) << 31);
    return false;
}

cop_term cop_http_server_start_link(cop_term options)
{
    cop_term name = cop_none();

    if (!cop_is_keyword(options)) refuse_option(options);
    for (cop_term l = options; !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term key = cop_elem(cop_head(l), 0);

        if (!is_option(key, cop_elem(cop_head(l), 1))) refuse_option(cop_head(l));
        if (cop_match(key, ":name")) name = cop_elem(cop_head(l), 1);
    }
    if (cop_is_none(cop_keyword_get(options, COP(":handler"), cop_none())))
        refuse_option(COP("[handler: nil]"));
    return cop_gen_server_start_link(&cop_http_server_module, options,
                                     cop_is_none(name) ? cop_empty_list()
                                                       : cop_build("[name: name]", name));
}

cop_term cop_http_server_port(cop_term server)
{
    return cop_gen_server_call(server, COP(":port"), COP_CALL_TIMEOUT);
}

/* --- Answering -------------------------------------------------------------------------------- */

/* Asks the server of a request; without a limit of time, since it never waits for others. */
static cop_term ask(cop_term request, cop_term what)
{
    cop_term server = cop_map_get(request, COP(":server"), cop_nil());
    cop_term answer;

    answer =
        cop_gen_server_receive_response(cop_gen_server_send_request(server, what), COP_INFINITY);
    return cop_match(answer, "{:reply, answer}", answer) ? answer : COP("{:error, :closed}");
}

static cop_term ref_of(cop_term request)
{
    cop_term ref = cop_is_map(request) ? cop_map_get(request, COP(":ref"), cop_nil()) : cop_nil();

    if (!cop_is_reference(ref)) cop_raise("ArgumentError", "not a request of an HTTP server");
    return ref;
}

static void check_answer(int status, cop_term headers)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};

    if (status < 200 || status > 599)
        cop_raise("ArgumentError", "not the status of an answer: %d", status);
    if (!cop__http_headers(headers, &flat)) {
        cop_bytes text = cop_to_bytes(cop_inspect_within(headers, 500));

        cop_raise("ArgumentError", "headers are a list of pairs of strings, got: %.*s",
                  (int)text.len, text.data);
    }
}

cop_term cop_http_server_send_resp(cop_term request, int status, cop_term headers, cop_term body)
{
    cop_term ref = ref_of(request);

    check_answer(status, headers);
    if (!cop_is_binary(body)) cop_raise("ArgumentError", "the body of an answer is a binary");
    return ask(request,
               cop_build("{:send_resp, ref, status, headers, body}", ref, status, headers, body));
}

cop_term cop_http_server_send_chunked(cop_term request, int status, cop_term headers)
{
    cop_term ref = ref_of(request);

    check_answer(status, headers);
    return ask(request, cop_build("{:send_chunked, ref, status, headers}", ref, status, headers));
}

cop_term cop_http_server_chunk(cop_term request, cop_term data)
{
    cop_term ref = ref_of(request);

    if (!cop_is_binary(data)) cop_raise("ArgumentError", "a piece of a body is a binary");
    return ask(request, cop_build("{:chunk, ref, data}", ref, data));
}

cop_term cop_http_server_finish(cop_term request)
{
    return ask(request, cop_tuple(COP(":finish"), ref_of(request)));
}

/* --- The process of a handler ----------------------------------------------------------------- */

static cop_next handle(cop_term arg)
{
    cop_term handler = cop_elem(arg, 0);
    cop_term request = cop_elem(arg, 1);
    cop_term answer = cop_call_fun(handler, &request, 1);
    cop_term headers;
    cop_term body;
    int status;

    if (cop_match(answer, "{status, headers, body}", status, headers, body))
        cop_http_server_send_resp(request, status, headers, body);
    return cop_end();
}

cop_pid cop__http_handler_spawn(cop_term handler, cop_term request, cop_ref *ret_monitor)
{
    struct cop_proc_lib_opts opts = {
        .link = true, .monitor = true, .ret_ref = ret_monitor, .name = "HttpServer.handle/2"};

    return cop_proc_lib_spawn(handle, cop_tuple(handler, request), &opts);
}

/* --- The module ------------------------------------------------------------------------------- */

/* 0, which is refused, for what is no status. */
static int status_of(cop_term t)
{
    int status;

    return cop_match(t, "status", status) ? status : 0;
}

static cop_term send_resp(cop_term request, cop_term status, cop_term headers, cop_term body)
{
    return cop_http_server_send_resp(request, status_of(status), headers, body);
}

static cop_term send_chunked(cop_term request, cop_term status, cop_term headers)
{
    return cop_http_server_send_chunked(request, status_of(status), headers);
}

static const struct cop_function functions[] = {
    COP_EXPORT(
        "start_link(options)", cop_http_server_start_link,
        "Starts a server. Options: `:handler` (a function of the request, a pid or a name),\n"
        "`:address`, `:port`, `:name`, `:body_max`, `:header_max`, `:connections_max`,\n"
        "`:idle_timeout`, `:buffer_max`, `:errors`."),
    COP_EXPORT("port(server)", cop_http_server_port, "The port that the server listens on."),
    COP_EXPORT("send_resp(request, status, headers, body)", send_resp,
               "Answers a request: `:ok` or `{:error, :closed}`."),
    COP_EXPORT("send_chunked(request, status, headers)", send_chunked,
               "Begins a stream as the answer; it belongs to the caller."),
    COP_EXPORT("chunk(request, data)", cop_http_server_chunk,
               "Sends a piece of a stream; waits while the client is slow."),
    COP_EXPORT("finish(request)", cop_http_server_finish, "Ends a stream."),
    COP_EXPORT_END};

const struct cop_module cop_http_server_module = {.size = sizeof(struct cop_module),
                                                  .name = "HttpServer",
                                                  .doc = "Answers HTTP requests by processes.",
                                                  .functions = functions,
                                                  .gen_server = &cop__http_server_callbacks,
                                                  .child_spec = ""};

static const struct cop_module *const modules[] = {&cop_http_server_module, NULL};

const struct cop_application cop_http_server_application = {.size = sizeof(struct cop_application),
                                                            .name = "http_server",
                                                            .description = "HTTP server",
                                                            .version = "0.1.0",
                                                            .modules = modules};
