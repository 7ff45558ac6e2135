/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "coppice/json.h"

#include <stdlib.h>

static cop_term start_looked_at(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(
        COP("[%{id: :agent, start: {Agent, :start_link, [&Map.new/0, [name: Look.Agent]]}},"
            " {DynamicSupervisor, name: Look.Dynamic}]"),
        COP("[strategy: :one_for_one, max_restarts: 100, max_seconds: 7, name: Look.Top]"));
}

static const struct cop_application *const needs[] = {&cop_observer_application, NULL};
static const struct cop_application looked_at = {.size = sizeof looked_at,
                                                 .name = "looked_at",
                                                 .description = "<b>words</b>",
                                                 .version = "9.9",
                                                 .applications = needs,
                                                 .start = start_looked_at};

static cop_next start_all(cop_term arg)
{
    (void)arg;
    cop_expect(cop_application_ensure_all_started(&looked_at), "{:ok, _}");
    return cop_end();
}

static cop_next stop_all(cop_term arg)
{
    (void)arg;
    cop_application_stop_all();
    return cop_end();
}

int observer_up(const char *const *environment)
{
    static const char *const names[] = {"OBSERVER_ADDRESS", "OBSERVER_TOKEN", "OBSERVER_READ_ONLY"};
    char why[1024];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    setenv("OBSERVER_PORT", "0", 1);
    for (; environment != NULL && *environment != NULL; environment += 2)
        setenv(environment[0], environment[1], 1);
    if (cop_node_start(NULL) != 0) return -1;
    if (!cop_run(start_all, cop_nil(), why, sizeof why)) {
        print_error("%s\n", why);
        return -1;
    }
    cop__obs_settings.port = 4000; /* as the requests name it, wherever it listens */
    /* Tests ask as fast as they can; guard_test.c has the limits. */
    cop__obs_settings.requests_a_second = cop__obs_settings.changes_a_second = 1000000;
    return 0;
}

int observer_down(void **state)
{
    (void)state;
    cop_run(stop_all, cop_nil(), NULL, 0);
    cop_node_stop();
    return 0;
}

/* --- Requests --------------------------------------------------------------------------------- */

static cop_term segments_of(const char *path, size_t len)
{
    cop_term list = cop_empty_list();
    size_t from = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && path[i] != '/') continue;
        if (i > from) list = cop_cons(cop_binary(path + from, i - from), list);
        from = i + 1;
    }
    return cop_list_reverse(list);
}

/* a=1&b=2, nothing encoded. */
static cop_term query_of(const char *text)
{
    cop_term map = cop_map_new();

    while (*text != '\0') {
        size_t len = strcspn(text, "&"), name = strcspn(text, "=&");
        size_t value = name < len ? name + 1 : len;

        map = cop_map_put(map, cop_binary(text, name), cop_binary(text + value, len - value));
        text += len + (text[len] == '&');
    }
    return map;
}

cop_term request_of(const char *method, const char *path, cop_term query, cop_term headers,
                    const char *body)
{
    cop_term segments = segments_of(path, strcspn(path, "?")), verb = cop_string(method);
    cop_term text = cop_string(body);

    return cop_build("%{method: verb, path_info: segments, query_params: query,"
                     " req_headers: headers, body: text}",
                     verb, segments, query, headers, text);
}

cop_term ask(const char *path)
{
    const char *query = strchr(path, '?');

    return cop__obs_answer(request_of("GET", path, query_of(query != NULL ? query + 1 : ""),
                                      COP("%{\"host\" => \"127.0.0.1:4000\"}"), ""));
}

cop_term ask_post(const char *path, const char *body)
{
    cop_term token = cop_string(cop__obs_settings.page_token);

    return cop__obs_answer(request_of("POST", path, cop_map_new(),
                                      cop_build("%{\"host\" => \"127.0.0.1:4000\","
                                                " \"origin\" => \"http://127.0.0.1:4000\","
                                                " \"content-type\" => \"application/json\","
                                                " \"x-observer-token\" => token}",
                                                token),
                                      body));
}

int64_t status_of(cop_term answer)
{
    int64_t status;

    cop_expect(answer, "{status, _, _}", status);
    return status;
}

cop_term json_of(cop_term answer)
{
    cop_term body, value;

    cop_expect(answer, "{200, _, body}", body);
    cop_expect(cop_json_decode(body), "{:ok, value}", value);
    return value;
}

cop_term kind_of_error(cop_term answer)
{
    cop_term body, kind;

    cop_expect(answer, "{_, _, body}", body);
    cop_expect(cop_json_decode(body), "{:ok, %{\"error\" => %{\"kind\" => kind}}}", kind);
    return kind;
}

cop_term pid_text(cop_term name)
{
    return cop__obs_pid(cop_pid_term(cop_whereis(name)));
}

const char *path_of(const char *format, cop_term text)
{
    static char path[256]; /* of the one test that runs */
    cop_bytes bytes = cop_to_bytes(text);
    const char *rest = strchr(format, '*');

    snprintf(path, sizeof path, "%.*s%.*s%s", (int)(rest - format), format, (int)bytes.len,
             bytes.data, rest + 1);
    return path;
}
