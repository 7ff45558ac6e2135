/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to an answer: a function of the request's map alone, so that tests need no
 * socket. */
#include "observer.h"

#include "coppice/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX 65536

/* --- Failures --------------------------------------------------------------------------------- */

void cop__obs_fail(int status, const char *kind, const char *format, ...)
{
    char message[512];
    va_list args;
    cop_term text, code = cop_int(status), what = cop_string(kind);

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    text = cop__obs_utf8(cop_string(message));
    cop_throw(cop_build("{:cop__obs_fail, code, %{error: %{kind: what, message: text}}}", code,
                        what, text));
}

/* --- Parameters ------------------------------------------------------------------------------- */

cop_bytes cop__obs_text(const struct cop__obs_request *r, const char *name, const char *fallback)
{
    cop_term value = cop_map_get(r->params, cop_string(name), cop_none());

    return cop_is_binary(value) ? cop_to_bytes(value) : (cop_bytes){fallback, strlen(fallback)};
}

static int64_t to_number(cop_bytes text, const char *name, int64_t min, int64_t max)
{
    char copy[24];
    char *end;
    long long n;

    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL)
        cop__obs_fail(400, "bad_request", "%s must be a number", name);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "-0123456789") < text.len)
        cop__obs_fail(400, "bad_request", "%s must be a number", name);
    n = strtoll(copy, &end, 10);
    if (*end != '\0' || n < min || n > max)
        cop__obs_fail(400, "bad_request", "%s must be from %lld to %lld", name, (long long)min,
                      (long long)max);
    return n;
}

int64_t cop__obs_number(const struct cop__obs_request *r, const char *name, int64_t fallback,
                        int64_t min, int64_t max)
{
    cop_bytes text = cop__obs_text(r, name, "");

    return text.len == 0 ? fallback : to_number(text, name, min, max);
}

cop_term cop__obs_field(cop_term body, const char *name)
{
    cop_term value = cop_map_get(body, cop_string(name), cop_none());

    if (!cop_is_none(value) && !cop_is_binary(value))
        cop__obs_fail(400, "bad_request", "%s must be a string", name);
    return value;
}

/* --- GET -------------------------------------------------------------------------------------- */

static enum cop_level level_of(const struct cop__obs_request *r)
{
    cop_bytes text = cop__obs_text(r, "level", "debug");
    cop_term name = cop_atom_existing(text);
    enum cop_level level;

    if (cop_is_none(name) || !cop_level_from(name, &level))
        cop__obs_fail(400, "bad_request", "this is no level");
    return level;
}

static cop_term get_process(const struct cop__obs_request *r, cop_bytes id, cop_term rest)
{
    cop_pid pid = cop__obs_pid_or_fail(id);

    if (cop_match(rest, "[]")) return cop__obs_one_process(pid);
    if (cop_match(rest, "[\"state\"]")) return cop__obs_state(pid);
    if (cop_match(rest, "[\"messages\"]"))
        return cop__obs_messages(pid, cop__obs_number(r, "offset", 0, 0, 1000000),
                                 cop__obs_number(r, "limit", 50, 0, 200));
    return cop_none();
}

static cop_term get_past(const struct cop__obs_request *r, cop_term path)
{
    cop_bytes number;

    if (cop_match(path, "[\"crashes\"]"))
        return cop__obs_crashes(cop__obs_number(r, "after", 0, 0, INT64_MAX),
                                cop__obs_number(r, "limit", 100, 0, 1000));
    if (cop_match(path, "[\"crashes\", number]", number))
        return cop__obs_crash(to_number(number, "the number", 0, INT64_MAX));
    if (cop_match(path, "[\"history\"]"))
        return cop__obs_history(cop__obs_number(r, "from_us", 0, 0, INT64_MAX),
                                cop__obs_number(r, "to_us", INT64_MAX, 0, INT64_MAX),
                                cop__obs_number(r, "limit", 5000, 0, 20000));
    if (cop_match(path, "[\"history\", \"tree\"]"))
        return cop__obs_history_tree(cop__obs_number(r, "at_us", cop__obs_now_us(), 0, INT64_MAX));
    if (cop_match(path, "[\"calls\"]")) return cop__obs_calls();
    if (cop_match(path, "[\"trace\"]"))
        return cop__obs_trace(cop__obs_number(r, "after", 0, 0, INT64_MAX), 1000);
    if (cop_match(path, "[\"log\"]"))
        return cop__obs_log(cop__obs_number(r, "after", 0, 0, INT64_MAX), level_of(r),
                            cop__obs_number(r, "limit", 500, 0, 1000));
    return cop_none();
}

static cop_term get(const struct cop__obs_request *r, cop_term path)
{
    cop_term rest;
    cop_bytes id;

    if (cop_match(path, "[\"session\"]")) return cop__obs_session();
    if (cop_match(path, "[\"system\"]")) return cop__obs_system();
    if (cop_match(path, "[\"load\"]"))
        return cop__obs_load(cop__obs_number(r, "seconds", 60, 1, 3600));
    if (cop_match(path, "[\"applications\"]"))
        return cop__obs_applications(cop__obs_number(r, "depth", 8, 0, 100),
                                     cop__obs_number(r, "children", 200, 0, 10000));
    if (cop_match(path, "[\"tree\", id]", id))
        return cop__obs_tree(cop__obs_pid_or_fail(id), cop__obs_number(r, "depth", 8, 0, 100),
                             cop__obs_number(r, "children", 200, 0, 10000),
                             cop__obs_number(r, "offset", 0, 0, 100000000));
    if (cop_match(path, "[\"processes\"]")) return cop__obs_processes(r);
    if (cop_match(path, "[\"processes\", id | rest]", id, rest)) return get_process(r, id, rest);
    if (cop_match(path, "[\"tables\"]")) return cop__obs_tables(r);
    if (cop_match(path, "[\"tables\", id]", id)) return cop__obs_table(r, id);
    if (cop_match(path, "[\"ports\"]")) return cop__obs_ports(r);
    return get_past(r, path);
}

/* --- POST ------------------------------------------------------------------------------------- */

static cop_term body_of(const struct cop__obs_request *r)
{
    const struct cop_json_limits limits = {.size_max = BODY_MAX, .depth_max = 4};
    cop_term text = cop_map_get(r->all, COP(":body"), cop_string("")), body;

    if (cop_to_bytes(text).len > BODY_MAX)
        cop__obs_fail(413, "too_large", "a body has at most %d bytes", BODY_MAX);
    if (!cop_match(cop_json_decode_within(text, limits), "{:ok, body}", body) || !cop_is_map(body))
        cop__obs_fail(400, "bad_request", "the body is no JSON object");
    return body;
}

/* --- All -------------------------------------------------------------------------------------- */

#define SECURITY_HEADERS                                                                           \
    "[{\"x-content-type-options\", \"nosniff\"}, {\"referrer-policy\", \"no-referrer\"},"          \
    " {\"cross-origin-resource-policy\", \"same-origin\"}, {\"x-frame-options\", \"DENY\"},"       \
    " {\"cross-origin-opener-policy\", \"same-origin\"},"                                          \
    " {\"content-security-policy\", \"default-src 'none'; script-src 'self'; style-src 'self';"    \
    " img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none';"                 \
    " form-action 'none'; frame-ancestors 'none'\"}]"

cop_term cop__obs_security_headers(void)
{
    return COP(SECURITY_HEADERS);
}

static cop_term with_headers(cop_term answer)
{
    cop_term status, headers, body;

    cop_expect(answer, "{status, headers, body}", status, headers, body);
    return cop_tuple(status, cop_list_append(COP(SECURITY_HEADERS), headers), body);
}

static cop_term json(cop_term status, cop_term value)
{
    cop_term body = cop_json_encode_or_raise(value);

    return cop_build("{status, [{\"content-type\", \"application/json; charset=utf-8\"},"
                     " {\"cache-control\", \"no-store\"}], body}",
                     status, body);
}

static cop_term plain(const char *type, cop_term body)
{
    cop_term kind = cop_string(type);

    return cop_build("{200, [{\"content-type\", kind}, {\"cache-control\", \"no-store\"}], body}",
                     kind, body);
}

/* /?token=...: from now on by a cookie, and the address line does not keep it. */
static cop_term set_cookie(void)
{
    cop_term cookie = cop_format("coppice_observer=%s; HttpOnly; SameSite=Strict; Path=/",
                                 cop__obs_settings.token);

    return cop_build("{302, [{\"location\", \"/\"}, {\"set-cookie\", cookie}], \"\"}", cookie);
}

static cop_term refusal(int status, const char *kind, const char *message)
{
    cop_term what = cop_string(kind), text = cop_string(message), headers, body;

    cop_expect(with_headers(json(cop_int(status),
                                 cop_build("%{error: %{kind: what, message: text}}", what, text))),
               "{_, headers, body}", headers, body);
    return cop_tuple(headers, body);
}

cop_term cop__obs_refusals(void)
{
    cop_term large = refusal(413, "too_large", "the body is too large");
    cop_term failed = refusal(500, "internal", "the question could not be answered");
    cop_term nobody = refusal(503, "internal", "there is nobody to answer");

    return cop_build("%{413 => large, 500 => failed, 503 => nobody}", large, failed, nobody);
}

static bool is_read(cop_bytes method)
{
    return cop__obs_same(method, "GET") || cop__obs_same(method, "HEAD");
}

static bool takes_gzip(cop_bytes encodings)
{
    return encodings.data != NULL && memmem(encodings.data, encodings.len, "gzip", 4) != NULL;
}

static cop_term answer_api(const struct cop__obs_request *r, cop_bytes method, cop_term path)
{
    cop_term value;

    cop__obs_guard_rate();
    cop__obs_watch();
    if (is_read(method) && cop_match(path, "[\"events\"]")) {
        if (!cop__obs_topics(r, NULL)) cop__obs_fail(400, "bad_request", "no such topic");
        (void)level_of(r);
        if (!cop__obs_stream_begin()) cop__obs_fail(503, "too_many", "too many event streams");
        return COP(":stream");
    }
    if (is_read(method)) {
        value = get(r, path);
    } else if (r->is_post) {
        cop__obs_guard_change(r);
        value = cop__obs_act(r, body_of(r));
    } else {
        cop__obs_fail(405, "method_not_allowed", "only GET and POST");
    }
    if (cop_is_none(value)) cop__obs_fail(404, "not_found", "there is no such path");
    return json(cop_int(200), value);
}

static cop_term answer(void *arg)
{
    const struct cop__obs_request *r = arg;
    cop_bytes method = cop_to_bytes(cop_map_get(r->all, COP(":method"), cop_string("")));
    cop_term rest;

    if (cop_match(r->path, "[\"healthz\"]")) return plain("text/plain", cop_string("ok\n"));
    cop__obs_guard(r);
    if (cop_match(r->path, "[\"api\" | rest]", rest)) return answer_api(r, method, rest);
    if (!is_read(method)) cop__obs_fail(405, "method_not_allowed", "only GET");
    if (cop_match(r->path, "[\"metrics\"]"))
        return plain("text/plain; version=0.0.4; charset=utf-8", cop__obs_metrics());
    if (cop_match(r->path, "[]") && cop__obs_text(r, "token", "").len > 0 &&
        cop__obs_settings.token[0] != '\0')
        return set_cookie();
    return cop__obs_asset(r->path, takes_gzip(cop__obs_header(r, "accept-encoding")));
}

cop_term cop__obs_answer(cop_term request)
{
    struct cop__obs_request r = {
        .all = request,
        .path = cop_map_get(request, COP(":path_info"), cop_empty_list()),
        .params = cop_map_get(request, COP(":query_params"), cop_map_new()),
        .is_post = cop_match(cop_map_get(request, COP(":method"), cop_nil()), "\"POST\"")};
    struct cop_outcome outcome;
    cop_term status, error;

    if (cop_try(answer, &r, &outcome))
        return cop_is_atom(outcome.value) ? outcome.value : with_headers(outcome.value);
    if (outcome.class_ == COP_CLASS_THROW &&
        cop_match(outcome.value, "{:cop__obs_fail, status, error}", status, error))
        return with_headers(json(status, error));
    cop_reraise(&outcome);
}
