/* SPDX-License-Identifier: Apache-2.0 */
/* The application :observer: its settings, its supervisor, and the module :observer. */
#include "observer.h"

#include "coppice/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SUPERVISOR "Observer.Supervisor"
#define SERVER     "Observer.Server"

#define REQUESTS_A_SECOND 500
#define CHANGES_A_SECOND  20

struct cop__obs_settings cop__obs_settings;

/* --- Settings --------------------------------------------------------------------------------- */

static const char *env(const char *name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here changes the environment */
    const char *text = getenv(name);

    return text != NULL ? text : "";
}

/* Bounds are the sizes of the fields. False, and the log says why. */
static bool copy_setting(char *to, size_t size, const char *name, const char *fallback)
{
    const char *text = env(name);

    if (*text == '\0') text = fallback;
    if (strlen(text) >= size) {
        cop_log(COP_ERROR, "%s is too long", name);
        return false;
    }
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static bool read_port(int *ret)
{
    const char *text = env("OBSERVER_PORT");
    char *end;
    long port = strtol(*text != '\0' ? text : "4000", &end, 10);

    if (*end != '\0' || port < 0 || port > 65535) {
        cop_log(COP_ERROR, "OBSERVER_PORT is \"%s\", but should be a number from 0 to 65535", text);
        return false;
    }
    *ret = (int)port;
    return true;
}

/* What stands in a header or a cookie. */
static bool is_plain(const char *token)
{
    for (; *token != '\0'; token++) {
        if (*token <= ' ' || *token > '~' || strchr("\"\\,;%&+#=?", *token) != NULL) return false;
    }
    return true;
}

static void make_page_token(char *to, size_t size)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) cop_error(COP(":no_random"));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(to + 2 * i, size - 2 * i, "%02x", bytes[i]);
}

bool cop__obs_settings_read(struct cop__obs_settings *ret)
{
    struct cop__obs_settings s = {.requests_a_second = REQUESTS_A_SECOND,
                                  .changes_a_second = CHANGES_A_SECOND};
    const char *read_only = env("OBSERVER_READ_ONLY");

    if (!read_port(&s.port) ||
        !copy_setting(s.address, sizeof s.address, "OBSERVER_ADDRESS", "127.0.0.1") ||
        !copy_setting(s.token, sizeof s.token, "OBSERVER_TOKEN", ""))
        return false;
    s.is_loopback = is_loopback(s.address);
    s.is_read_only = *read_only != '\0' && strcmp(read_only, "0") != 0;
    if (!s.is_loopback && strlen(s.token) < 8) {
        cop_log(COP_ERROR,
                "OBSERVER_ADDRESS=%s is reached by others, and needs an OBSERVER_TOKEN "
                "of 8 characters or more",
                s.address);
        return false;
    }
    if (!is_plain(s.token)) {
        cop_log(COP_ERROR, "OBSERVER_TOKEN must be of letters, digits and - . _ ~ and such");
        return false;
    }
    make_page_token(s.page_token, sizeof s.page_token);
    *ret = s;
    return true;
}

/* --- The server ------------------------------------------------------------------------------- */

/* Called by the server in a process of its own for each request. */
static cop_term handle(cop_term request)
{
    cop_term answer = cop__obs_answer(request), headers = cop__obs_security_headers();

    if (!cop_match(answer, ":stream")) return answer;
    headers = cop_list_append(headers, COP("[{\"content-type\", \"text/event-stream\"},"
                                           " {\"cache-control\", \"no-store\"}]"));
    if (!cop_match(cop_http_server_send_chunked(request, 200, headers), ":ok")) return cop_nil();
    cop__obs_stream(request);
    cop_http_server_finish(request);
    return cop_nil();
}

static cop_term server_spec(void)
{
    cop_term address = cop_string(cop__obs_settings.address), errors = cop__obs_refusals();
    int port = cop__obs_settings.port;

    return cop_build("{HttpServer, name: " SERVER ", address: address, port: port,"
                     " handler: &:observer.handle_request/1, body_max: 65536, header_max: 8192,"
                     " connections_max: 256, errors: errors}",
                     address, port, errors);
}

/* A server that tries the port, and gives it up again at once. */
static bool is_port_free(void)
{
    cop_term options = cop_elem(server_spec(), 1), answer = cop_http_server_start_link(options);
    cop_bytes text;
    cop_pid pid;

    if (cop_match(answer, "{:ok, pid}", pid)) {
        cop_gen_server_stop(cop_pid_term(pid), COP(":normal"), COP_CALL_TIMEOUT);
        return true;
    }
    text = cop_to_bytes(cop_inspect(answer));
    cop_log(COP_WARNING,
            "The Observer cannot listen at %s:%d (%.*s): its page is not served. OBSERVER_PORT "
            "names another port",
            cop__obs_settings.address, cop__obs_settings.port, (int)text.len, text.data);
    return false;
}

static cop_term port_of(void *arg)
{
    (void)arg;
    return cop_http_server_port(COP(SERVER));
}

cop_term cop_observer_url(void)
{
    struct cop_outcome outcome;
    bool is_v6 = strchr(cop__obs_settings.address, ':') != NULL;
    int64_t port;

    if (!cop_try(port_of, NULL, &outcome) || !cop_match(outcome.value, "port", port))
        return cop_nil();
    return cop_format(is_v6 ? "http://[%s]:%lld" : "http://%s:%lld", cop__obs_settings.address,
                      (long long)port);
}

static void tell_url(void)
{
    cop_term url = cop_observer_url();

    if (!cop_is_binary(url)) return;
    cop_io_write(cop_format("The Observer is at %.*s\n", (int)cop_to_bytes(url).len,
                            cop_to_bytes(url).data));
}

static cop_term start(cop_term type, cop_term args)
{
    cop_term server, children, answer;

    (void)type;
    (void)args;
    if (!cop__obs_settings_read(&cop__obs_settings)) return COP("{:error, :bad_settings}");
    cop_logger_add_handler(COP(":observer"), COP_DEBUG_LEVEL, cop__obs_log_handler, NULL);
    if (cop__obs_settings.port != 0 && !is_port_free()) {
        children = COP("[Observer.Sampler]");
    } else {
        server = server_spec();
        children = cop_build("[Observer.Sampler, server]", server);
    }
    answer =
        cop_supervisor_start_link(children, COP("[strategy: :one_for_one, name: " SUPERVISOR "]"));
    tell_url();
    return answer;
}

static void stop(cop_term state)
{
    (void)state;
    cop_trace(NULL, 0);
    cop_logger_remove_handler(COP(":observer"));
}

/* --- The module ------------------------------------------------------------------------------- */

/* The first visit needs the access token, if there is one. */
static cop_term with_token(cop_term url)
{
    cop_bytes text = cop_to_bytes(url);

    if (cop__obs_settings.token[0] == '\0') return url;
    return cop_format("%.*s/?token=%s", (int)text.len, text.data, cop__obs_settings.token);
}

cop_term cop_observer_start(void)
{
    cop_term answer = cop_application_ensure_all_started(&cop_observer_application), url, reason;

    if (cop_match(answer, "{:error, reason}", reason)) return answer;
    if (cop_match(answer, "{:ok, []}")) tell_url(); /* it ran already */
    url = cop_observer_url();
    if (!cop_is_binary(url)) return COP("{:error, :not_listening}");
    (void)cop__obs_browser_open(with_token(url));
    return cop_tuple(COP(":ok"), url);
}

cop_term cop_observer_stop(void)
{
    cop_application_stop(COP(":observer"));
    return cop_ok();
}

static const struct cop_function functions[] = {
    COP_EXPORT(
        "start()", cop_observer_start,
        "Starts the Observer, prints where it is, and opens it in a browser where there is one."),
    COP_EXPORT("stop()", cop_observer_stop, "Stops it."),
    COP_EXPORT("url()", cop_observer_url, "Where the page is, or nil."),
    COP_EXPORT("handle_request(request)", handle, "Answers one HTTP request: for its server."),
    COP_EXPORT_END};

const struct cop_module cop_observer_module = {
    .size = sizeof(struct cop_module),
    .name = ":observer",
    .doc = "The running system in the browser.",
    .functions = functions,
};

static const struct cop_module *const modules[] = {&cop_observer_module, &cop__obs_sampler_module,
                                                   NULL};
static const struct cop_application *const needs[] = {&cop_http_server_application, NULL};

const struct cop_application cop_observer_application = {
    .size = sizeof(struct cop_application),
    .name = "observer",
    .description = "The running system in the browser",
    .version = "0.1.0",
    .modules = modules,
    .applications = needs,
    .registered = "[" SUPERVISOR ", " SERVER ", Observer.Sampler]",
    .start = start,
    .stop = stop,
};
