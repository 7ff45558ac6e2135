/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask and who may change something: each rule from both sides, without a socket. */
#include "fixture.h"

#include <stdlib.h>

#define OWN_HOST "\"host\" => \"127.0.0.1:4000\""

static cop_term get(const char *path, cop_term headers)
{
    return cop__obs_answer(request_of("GET", path, cop_map_new(), headers, ""));
}

static cop_term post(const char *path, cop_term headers, const char *body)
{
    return cop__obs_answer(request_of("POST", path, cop_map_new(), headers, body));
}

static bool fails(cop_term answer, int64_t status, const char *kind)
{
    return status_of(answer) == status && cop_identical(kind_of_error(answer), cop_string(kind));
}

/* --- On this machine -------------------------------------------------------------------------- */

static int up(void **state)
{
    (void)state;
    return observer_up(NULL);
}

PROCESS_TEST(hosts_of_this_machine_only)
{
    cop_assert(status_of(get("/api/session", COP("%{\"host\" => \"127.0.0.1:4000\"}"))) == 200);
    cop_assert(status_of(get("/api/session", COP("%{\"host\" => \"localhost:4000\"}"))) == 200);
    cop_assert(status_of(get("/api/session", COP("%{\"host\" => \"[::1]:4000\"}"))) == 200);
    cop_assert(
        fails(get("/api/session", COP("%{\"host\" => \"evil.example:4000\"}")), 403, "bad_host"));
    cop_assert(fails(get("/api/session", COP("%{\"host\" => \"127.0.0.1.evil.example\"}")), 403,
                     "bad_host"));
    cop_assert(
        fails(get("/api/session", COP("%{\"host\" => \"127.0.0.1:4000@evil\"}")), 403, "bad_host"));
    cop_assert(fails(get("/api/session", COP("%{}")), 403, "bad_host"));
    cop_assert(fails(get("/api/session", COP("%{\"host\" => \"\"}")), 403, "bad_host"));
    /* The same names on another port. */
    cop_assert(
        fails(get("/api/session", COP("%{\"host\" => \"127.0.0.1:4001\"}")), 403, "bad_host"));
    cop_assert(
        fails(get("/api/session", COP("%{\"host\" => \"localhost:40000\"}")), 403, "bad_host"));
    cop_assert(fails(get("/api/session", COP("%{\"host\" => \"localhost\"}")), 403, "bad_host"));
    /* The page and its files as well; health alone is everybody's. */
    cop_assert(fails(get("/", COP("%{\"host\" => \"evil.example\"}")), 403, "bad_host"));
    cop_assert(fails(get("/metrics", COP("%{\"host\" => \"evil.example\"}")), 403, "bad_host"));
    cop_assert(fails(get("/api/events", COP("%{\"host\" => \"evil.example\"}")), 403, "bad_host"));
    cop_assert(status_of(get("/healthz", COP("%{\"host\" => \"evil.example\"}"))) == 200);
}

static cop_term get_from_site(const char *path, const char *site)
{
    cop_term text = cop_string(site);

    return get(path, cop_build("%{" OWN_HOST ", \"sec-fetch-site\" => text}", text));
}

PROCESS_TEST(other_sites_pages_ask_nothing)
{
    cop_assert(fails(get_from_site("/api/session", "cross-site"), 403, "bad_origin"));
    cop_assert(fails(get_from_site("/api/session", "same-site"), 403, "bad_origin"));
    cop_assert(fails(get_from_site("/api/events", "cross-site"), 403, "bad_origin"));
    cop_assert(status_of(get_from_site("/api/session", "same-origin")) == 200);
    cop_assert(status_of(get_from_site("/api/session", "none")) == 200);
    /* A link to the page may stand anywhere. */
    cop_assert(status_of(get_from_site("/", "cross-site")) == 200);
}

/* The port that the system chose is asked for. */
PROCESS_TEST(a_free_port_is_the_servers_own)
{
    cop_term server = COP("Observer.Server"), port = cop_http_server_port(server);
    cop_term right = cop_format("127.0.0.1:%d", (int)cop_to_int(port)), request;

    cop__obs_settings.port = 0;
    request = request_of("GET", "/api/session", cop_map_new(),
                         cop_build("%{\"host\" => right}", right), "");
    request = cop_map_put(request, COP(":server"), server);
    cop_assert(status_of(cop__obs_answer(request)) == 200);
    request = cop_map_put(request, COP(":req_headers"), COP("%{\"host\" => \"127.0.0.1:1\"}"));
    cop_assert(fails(cop__obs_answer(request), 403, "bad_host"));
    cop__obs_settings.port = 4000;
}

#define BODY "{\"level\": \"debug\"}"

PROCESS_TEST(a_change_needs_token_origin_and_type)
{
    cop_term t = cop_string(cop__obs_settings.page_token);
    const char *path = "/api/log/level";

    cop_assert(status_of(post(path,
                              cop_build("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4000\","
                                        " \"content-type\" => \"application/json; charset=utf-8\","
                                        " \"x-observer-token\" => t}",
                                        t),
                              BODY)) == 200);
    cop_assert(fails(post(path,
                          cop_build("%{" OWN_HOST ", \"content-type\" => \"application/json\","
                                    " \"x-observer-token\" => t}",
                                    t),
                          BODY),
                     403, "bad_origin"));
    cop_assert(fails(post(path,
                          cop_build("%{" OWN_HOST ", \"origin\" => \"http://evil.example\","
                                    " \"content-type\" => \"application/json\","
                                    " \"x-observer-token\" => t}",
                                    t),
                          BODY),
                     403, "bad_origin"));
    cop_assert(fails(post(path,
                          cop_build("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4001\","
                                    " \"content-type\" => \"application/json\","
                                    " \"x-observer-token\" => t}",
                                    t),
                          BODY),
                     403, "bad_origin"));
    cop_assert(fails(post(path,
                          cop_build("%{" OWN_HOST ", \"origin\" => \"null\","
                                    " \"content-type\" => \"application/json\","
                                    " \"x-observer-token\" => t}",
                                    t),
                          BODY),
                     403, "bad_origin"));
    cop_assert(fails(post(path,
                          COP("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4000\","
                              " \"content-type\" => \"application/json\"}"),
                          BODY),
                     403, "bad_token"));
    cop_assert(fails(post(path,
                          COP("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4000\","
                              " \"content-type\" => \"application/json\","
                              " \"x-observer-token\" => \"00000000000000000000000000000000\"}"),
                          BODY),
                     403, "bad_token"));
    cop_assert(fails(post(path,
                          COP("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4000\","
                              " \"content-type\" => \"application/json\","
                              " \"x-observer-token\" => \"\"}"),
                          BODY),
                     403, "bad_token"));
    /* What a form of another page could send. */
    cop_assert(fails(post(path,
                          cop_build("%{" OWN_HOST ", \"origin\" => \"http://127.0.0.1:4000\","
                                    " \"content-type\" => \"text/plain\","
                                    " \"x-observer-token\" => t}",
                                    t),
                          BODY),
                     415, "unsupported"));
}

PROCESS_TEST(bodies_are_bounded_and_checked)
{
    static char large[65536 + 3];

    memset(large, ' ', sizeof large - 1);
    large[0] = '{';
    large[65535] = '}';
    large[65536] = '\0';
    cop_assert(status_of(ask_post("/api/trace", large)) == 400); /* read, but without pids */
    large[65536] = ' ';
    cop_assert(fails(ask_post("/api/trace", large), 413, "too_large"));
    cop_assert(fails(ask_post("/api/trace", ""), 400, "bad_request"));
    cop_assert(fails(ask_post("/api/trace", "{\"pids\": ["), 400, "bad_request"));
    cop_assert(fails(ask_post("/api/trace", "[]"), 400, "bad_request"));
    cop_assert(fails(ask_post("/api/trace", "[[[[[[[[1]]]]]]]]"), 400, "bad_request"));
    cop_assert(fails(ask_post("/api/log/level", "{\"level\": 5}"), 400, "bad_request"));
    cop_assert(fails(ask_post(path_of("/api/processes/*/send", pid_text(COP("Look.Agent"))),
                              "{\"message\": \"{:unclosed\"}"),
                     400, "bad_request"));
    cop_assert(fails(ask_post("/api/nothing", "{}"), 404, "not_found"));
}

/* Asks until the answer is 429, or count times in one second: how many were not refused. */
static int64_t answered(cop_term (*fn)(void), int count)
{
    int64_t begun = cop_monotonic_ms(), passed = 0;

    for (int i = 0; i < count && cop_monotonic_ms() - begun < 1000; i++) {
        if (status_of(fn()) == 429) break;
        passed++;
    }
    return passed;
}

static cop_term change(void)
{
    return ask_post("/api/trace", "{\"pids\": []}");
}

static cop_term look(void)
{
    return ask("/api/session");
}

/* So many, and then none, until the second is over. The first turn may meet the end of a second,
 * with what came before in it. */
static void check_measure(cop_term (*fn)(void), int64_t max)
{
    cop_sleep(1001);
    cop_assert(answered(fn, (int)max + 1) == max);
    cop_assert(fails(fn(), 429, "too_many"));
    cop_sleep(1001);
    cop_assert(status_of(fn()) == 200);
}

PROCESS_TEST(requests_come_in_measure)
{
    struct cop__obs_settings s, before = cop__obs_settings;

    cop_assert(cop__obs_settings_read(&s));
    cop_assert(s.requests_a_second == 500 && s.changes_a_second == 20);
    cop__obs_settings.changes_a_second = 5;
    check_measure(change, 5);
    cop__obs_settings.changes_a_second = before.changes_a_second;
    cop__obs_settings.requests_a_second = 7;
    check_measure(look, 7);
    /* Who wants to know that the node is there may always. */
    while (status_of(look()) != 429)
        continue;
    cop_assert(status_of(ask("/healthz")) == 200);
    cop_assert(status_of(ask("/metrics")) == 200);
    cop__obs_settings = before;
}

PROCESS_TEST(other_methods)
{
    cop_term headers = COP("%{" OWN_HOST "}");

    cop_assert(
        fails(cop__obs_answer(request_of("DELETE", "/api/session", cop_map_new(), headers, "")),
              405, "method_not_allowed"));
    cop_assert(fails(cop__obs_answer(request_of("PUT", "/", cop_map_new(), headers, "")), 405,
                     "method_not_allowed"));
    cop_assert(status_of(cop__obs_answer(
                   request_of("HEAD", "/api/session", cop_map_new(), headers, ""))) == 200);
}

static bool has_header(cop_term answer, const char *name, const char *value)
{
    cop_term headers = cop_elem(answer, 1), n = cop_string(name), v = cop_string(value), pair;

    while (cop_match(headers, "[pair | headers]", pair, headers)) {
        if (cop_match(pair, "{^n, ^v}", n, v)) return true;
    }
    return false;
}

PROCESS_TEST(all_answers_have_the_headers)
{
    static const char *const paths[] = {"/api/session", "/", "/healthz", "/metrics", "/api/no"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        cop_term answer = ask(paths[i]);

        cop_assert(has_header(answer, "x-content-type-options", "nosniff"));
        cop_assert(has_header(answer, "referrer-policy", "no-referrer"));
        cop_assert(has_header(answer, "x-frame-options", "DENY"));
        cop_assert(has_header(
            answer, "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
            " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
            " frame-ancestors 'none'"));
    }
    cop_assert(has_header(ask("/api/session"), "content-type", "application/json; charset=utf-8"));
    cop_assert(has_header(ask("/api/session"), "cache-control", "no-store"));
}

PROCESS_TEST(markup_stays_text)
{
    cop_term row, processes, name = cop_atom("<img src=x onerror=alert(1)>");
    cop_term quoted = cop_inspect(name), found;

    cop_register(name, cop_self());
    cop_set_label(COP("\"</script><script>alert(1)</script>\""));
    cop_expect(json_of(ask("/api/processes?filter=onerror")), "%{\"processes\" => processes}",
               processes);
    cop_expect(processes, "[row]", row);
    cop_expect(row, "%{\"name\" => found, \"label\" => \"</script><script>alert(1)</script>\"}",
               found);
    cop_assert_equal(found, quoted);
    cop_unregister(name);
}

/* --- Read-only, and with an access token ------------------------------------------------------ */

static int up_read_only(void **state)
{
    static const char *const environment[] = {"OBSERVER_READ_ONLY", "1", NULL};

    (void)state;
    return observer_up(environment);
}

PROCESS_TEST(read_only_changes_nothing)
{
    cop_term agent = pid_text(COP("Look.Agent"));

    cop_expect(json_of(ask("/api/session")), "%{\"read_only\" => true}");
    cop_assert(fails(ask_post(path_of("/api/processes/*/kill", agent), "{}"), 403, "read_only"));
    cop_assert(fails(ask_post("/api/trace", "{\"pids\": []}"), 403, "read_only"));
    cop_assert_equal(pid_text(COP("Look.Agent")), agent);
}

static int up_with_token(void **state)
{
    static const char *const environment[] = {"OBSERVER_TOKEN", "secret-of-8", NULL};

    (void)state;
    return observer_up(environment);
}

PROCESS_TEST(the_access_token_opens)
{
    cop_term answer;

    cop_assert(fails(ask("/api/session"), 401, "unauthorized"));
    cop_assert(fails(ask("/"), 401, "unauthorized"));
    cop_assert(fails(ask("/metrics"), 401, "unauthorized"));
    cop_assert(fails(ask("/api/session?token=secret-of-8"), 401, "unauthorized"));
    cop_assert(status_of(ask("/healthz")) == 200);
    cop_assert(status_of(get("/api/session",
                             COP("%{\"authorization\" => \"Bearer secret-of-8\"}"))) == 200);
    cop_assert(fails(get("/api/session", COP("%{\"authorization\" => \"Bearer secret-of-9\"}")),
                     401, "unauthorized"));
    cop_assert(fails(get("/api/session", COP("%{\"authorization\" => \"Bearer secret-of-\"}")), 401,
                     "unauthorized"));
    cop_assert(fails(get("/api/session", COP("%{\"authorization\" => \"Bearer secret-of-88\"}")),
                     401, "unauthorized"));
    cop_assert(fails(get("/api/session", COP("%{\"authorization\" => \"secret-of-8\"}")), 401,
                     "unauthorized"));
    cop_assert(status_of(get("/api/session",
                             COP("%{\"cookie\" => \"a=b; coppice_observer=secret-of-8; c=d\"}"))) ==
               200);
    cop_assert(fails(get("/api/session", COP("%{\"cookie\" => \"coppice_observer=\"}")), 401,
                     "unauthorized"));
    cop_assert(fails(get("/api/session", COP("%{\"cookie\" => \"xcoppice_observer=secret-of-8\"}")),
                     401, "unauthorized"));
    answer = ask("/?token=secret-of-8");
    cop_assert(status_of(answer) == 302);
    cop_assert(has_header(answer, "location", "/"));
    cop_assert(has_header(answer, "set-cookie",
                          "coppice_observer=secret-of-8; HttpOnly; SameSite=Strict; Path=/"));
    cop_assert(fails(ask("/?token=wrong"), 401, "unauthorized"));
}

/* --- Settings --------------------------------------------------------------------------------- */

static bool reads(const char *name, const char *value, struct cop__obs_settings *ret)
{
    bool ok;

    setenv(name, value, 1);
    ok = cop__obs_settings_read(ret);
    unsetenv(name);
    return ok;
}

static void drop_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

PROCESS_TEST(settings_are_checked)
{
    struct cop__obs_settings s;

    cop_log_to(drop_log, NULL, COP_DEBUG_LEVEL);
    unsetenv("OBSERVER_PORT");
    cop_assert(cop__obs_settings_read(&s));
    cop_assert(s.port == 4000 && s.is_loopback && !s.is_read_only);
    cop_assert(strcmp(s.address, "127.0.0.1") == 0 && s.token[0] == '\0');
    cop_assert(reads("OBSERVER_PORT", "65535", &s) && s.port == 65535);
    cop_assert(!reads("OBSERVER_PORT", "65536", &s));
    cop_assert(!reads("OBSERVER_PORT", "-1", &s));
    cop_assert(!reads("OBSERVER_PORT", "40x", &s));
    cop_assert(reads("OBSERVER_ADDRESS", "::1", &s) && s.is_loopback);
    cop_assert(!reads("OBSERVER_ADDRESS", "0.0.0.0", &s)); /* without a token */
    setenv("OBSERVER_TOKEN", "seven77", 1);
    cop_assert(!reads("OBSERVER_ADDRESS", "0.0.0.0", &s));
    setenv("OBSERVER_TOKEN", "eight888", 1);
    cop_assert(reads("OBSERVER_ADDRESS", "0.0.0.0", &s) && !s.is_loopback);
    unsetenv("OBSERVER_TOKEN");
    cop_assert(!reads("OBSERVER_TOKEN", "with space", &s));
    cop_assert(!reads("OBSERVER_TOKEN", "with;semicolon", &s));
    cop_assert(!reads("OBSERVER_READ_ONLY", "0", &s) || !s.is_read_only);
    cop_assert(reads("OBSERVER_READ_ONLY", "yes", &s) && s.is_read_only);
    setenv("OBSERVER_PORT", "0", 1);
    cop_log_flush();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

int main(void)
{
    const struct CMUnitTest local[] = {
        cmocka_unit_test(hosts_of_this_machine_only),
        cmocka_unit_test(other_sites_pages_ask_nothing),
        cmocka_unit_test(a_free_port_is_the_servers_own),
        cmocka_unit_test(a_change_needs_token_origin_and_type),
        cmocka_unit_test(bodies_are_bounded_and_checked),
        cmocka_unit_test(requests_come_in_measure),
        cmocka_unit_test(other_methods),
        cmocka_unit_test(all_answers_have_the_headers),
        cmocka_unit_test(markup_stays_text),
        cmocka_unit_test(settings_are_checked),
    };
    const struct CMUnitTest closed[] = {
        cmocka_unit_test_setup_teardown(read_only_changes_nothing, up_read_only, observer_down),
        cmocka_unit_test_setup_teardown(the_access_token_opens, up_with_token, observer_down),
    };
    int failed = cmocka_run_group_tests(local, up, observer_down);

    return failed + cmocka_run_group_tests(closed, NULL, NULL);
}
