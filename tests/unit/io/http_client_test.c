/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server that behaves badly on request. */
#include "support/process_test.h"
#include "support/scripted_server.h"

#include "coppice.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct scripted_server *server;

static int up(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    return cop_node_start(NULL);
}

static int server_up(void **state)
{
    (void)state;
    server = scripted_start();
    return 0;
}

static int server_down(void **state)
{
    (void)state;
    scripted_stop(server);
    return 0;
}

static cop_term url_of(const char *path)
{
    return cop_format("http://127.0.0.1:%d%s", scripted_port(server), path);
}

static void start_client(void)
{
    cop_expect(cop_application_ensure_all_started(&cop_http_application), "{:ok, _}");
}

static cop_term get_with(const char *path, cop_term options)
{
    start_client();
    return cop_http_get(url_of(path), options);
}

static cop_term get(const char *path)
{
    return get_with(path, COP("[]"));
}

static bool has(cop_term text, const char *part)
{
    cop_bytes t = cop_to_bytes(text);

    return memmem(t.data, t.len, part, strlen(part)) != NULL;
}

/* Beside the schedulers: the server has so many connections open. */
struct wanted {
    int connections;
    bool is_so;
};

static void count_connections(void *arg)
{
    struct wanted *w = arg;

    w->is_so = scripted_has_connections(server, w->connections);
}

static bool has_connections(int n)
{
    struct wanted w = {.connections = n};

    cop_blocking(count_connections, &w);
    return w.is_so;
}

/* --- Answers ---------------------------------------------------------------------------------- */

PROCESS_TEST(an_answer_has_status_headers_and_body)
{
    cop_term answer;

    cop_assert_equal(COP("{:ok, %{status: 200, headers: [{\"x-server\", \"scripted\"},"
                         " {\"content-length\", \"4\"}], body: \"fine\"}}"),
                     get("/ok"));
    cop_assert_equal(
        COP("{:ok, %{status: 200, headers: [{\"transfer-encoding\", \"chunked\"}, {\"x-a\", \"1\"},"
            " {\"x-a\", \"2\"}], body: \"onetwo\"}}"),
        get("/chunked"));
    cop_assert_match(get("/status/500"), "{:ok, %{status: 500, body: \"status\"}}");
    cop_assert_match(get("/bytes/0"), "{:ok, %{status: 200, body: \"\"}}");
    cop_assert_match(get("/bytes/3000000"), "{:ok, answer}", answer);
    cop_assert_equal(3000000, cop_to_bytes(cop_map_get(answer, COP(":body"), cop_nil())).len);
    cop_assert_equal("3000000", cop_http_header(answer, "content-length"));
    cop_assert_equal(cop_nil(), cop_http_header(answer, "content-type"));
}

static cop_term echo_of(cop_term answer)
{
    cop_term body;

    cop_expect(answer, "{:ok, %{status: 200, body: body}}", body);
    return body;
}

PROCESS_TEST(a_request_is_sent_as_it_is_said)
{
    cop_term url;
    cop_term text;

    start_client();
    url = url_of("/echo");
    text = echo_of(cop_http_get(url, COP("[headers: [{\"x-one\", \"1\"}, {\"x-none\", \"\"}]]")));
    cop_assert(has(text, "GET /echo HTTP/1.1\r\n") && has(text, "\r\nx-one: 1\r\n"));
    cop_assert(has(text, "\r\nx-none:\r\n"));
    text = echo_of(cop_http_post(url, cop_string("a=1"), COP("[]")));
    cop_assert(has(text, "POST /echo ") && has(text, "\r\nContent-Length: 3\r\n"));
    cop_assert(has(text, "\r\n\r\na=1") && !has(text, "Content-Type"));
    text =
        echo_of(cop_http_put(url, cop_string(""), COP("[headers: [{\"content-type\", \"x/y\"}]]")));
    cop_assert(has(text, "PUT /echo ") && has(text, "\r\nContent-Length: 0\r\n"));
    cop_assert(has(text, "\r\ncontent-type: x/y\r\n"));
    text = echo_of(cop_http_delete(url, COP("[]")));
    cop_assert(has(text, "DELETE /echo "));
    text = echo_of(cop_http_request(cop_string("Odd"), url, COP("[body: \"b\\0c\"]")));
    cop_assert(has(text, "Odd /echo ") && has(text, "\r\nContent-Length: 3\r\n"));
    cop_assert_match(cop_http_request(COP(":head"), url_of("/ok"), COP("[timeout: 2000]")),
                     "{:ok, %{status: 200, body: \"\"}}");
}

PROCESS_TEST(redirects_are_followed_up_to_a_limit)
{
    cop_assert_match(get("/redirect/5"), "{:ok, %{status: 200, body: \"fine\"}}");
    cop_assert_equal(get("/ok"), get("/redirect/1"));
    cop_assert_equal(COP("{:error, :too_many_redirects}"), get("/redirect/6"));
    cop_assert_match(get_with("/redirect/1", COP("[redirects_max: 1]")), "{:ok, %{status: 200}}");
    cop_assert_equal(COP("{:error, :too_many_redirects}"),
                     get_with("/redirect/2", COP("[redirects_max: 1]")));
    cop_assert_match(get_with("/redirect/1", COP("[redirects_max: 0]")), "{:ok, %{status: 302}}");
    cop_assert_equal(COP("{:error, :bad_url}"), get("/to/file:///etc/passwd"));
}

PROCESS_TEST(bodies_have_a_limit)
{
    cop_assert_match(get_with("/bytes/1000", COP("[body_max: 1000]")), "{:ok, _}");
    cop_assert_equal(COP("{:error, :body_too_large}"),
                     get_with("/bytes/1001", COP("[body_max: 1000]")));
    cop_assert_equal(COP("{:error, :body_too_large}"), get("/endless"));
}

/* --- Failures --------------------------------------------------------------------------------- */

/* A port of 127.0.0.1 where nobody listens: bound, so that nobody else gets it. */
static int dead_port(int *ret_fd, int backlog)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cop_assert(bind(*ret_fd, (struct sockaddr *)&at, sizeof(at)) == 0);
    if (backlog >= 0) cop_assert(listen(*ret_fd, backlog) == 0);
    cop_assert(getsockname(*ret_fd, (struct sockaddr *)&at, &size) == 0);
    return ntohs(at.sin_port);
}

PROCESS_TEST(failures_have_names)
{
    int fd;
    int port = dead_port(&fd, -1);

    start_client();
    cop_assert_equal(COP("{:error, :econnrefused}"),
                     cop_http_get(cop_format("http://127.0.0.1:%d/", port), COP("[]")));
    close(fd);
    cop_assert_equal(COP("{:error, :nxdomain}"),
                     cop_http_get(cop_string("http://no-such-host.invalid/"), COP("[]")));
    cop_assert_equal(COP("{:error, :closed}"), get("/cut"));
    cop_assert_equal(COP("{:error, :closed}"), get("/close"));
    cop_assert_equal(COP("{:error, :bad_response}"), get("/garbage"));
    cop_assert_equal(COP("{:error, :bad_url}"), cop_http_get(cop_string("ftp://x/"), COP("[]")));
    cop_assert_equal(COP("{:error, :bad_url}"), cop_http_get(cop_string("http://a b/"), COP("[]")));
    cop_assert_equal(COP("{:error, :bad_url}"), cop_http_get(cop_string(""), COP("[]")));
    cop_assert_match(cop_http_get(cop_format("https://127.0.0.1:%d/ok", scripted_port(server)),
                                  COP("[timeout: 2000]")),
                     "{:error, _}");
}

PROCESS_TEST(time_is_limited)
{
    int64_t before = cop_monotonic_ms();

    cop_assert_equal(COP("{:error, :timeout}"), get_with("/slow", COP("[timeout: 100]")));
    cop_assert_equal(COP("{:error, :timeout}"), get_with("/stall", COP("[timeout: 100]")));
    cop_assert(cop_monotonic_ms() - before >= 200);
}

/* A listener whose queue is full takes no connection. */
PROCESS_TEST(connecting_has_a_time_of_its_own)
{
    int fd;
    int port = dead_port(&fd, 0);
    int fillers[4];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
    }
    start_client();
    cop_assert_equal(COP("{:error, :connect_timeout}"),
                     cop_http_get(cop_format("http://127.0.0.1:%d/", port),
                                  COP("[connect_timeout: 100, timeout: 20000]")));
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(fd);
}

static cop_term get_now(void *arg)
{
    return cop_http_get(url_of("/ok"), *(cop_term *)arg);
}

PROCESS_TEST(wrong_options_are_argument_errors)
{
    cop_term wrong[] = {
        COP("[timeout: 0]"),
        COP("[timeout: :never]"),
        COP("[connect_timeout: -1]"),
        COP("[redirects_max: -1]"),
        COP("[body_max: -1]"),
        COP("[verify: 1]"),
        COP("[cacertfile: 1]"),
        COP("[headers: [{\"a b\", \"\"}]]"),
        COP("[headers: [{\"a\", \"\\r\\n\"}]]"),
        COP("[body: 1]"),
        COP("[nothing: 1]"),
        COP(":rubbish"),
    };

    start_client();
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cop_assert_match(cop_assert_raises(get_now, &wrong[i]), "%{__struct__: ArgumentError}");
}

PROCESS_TEST(a_client_that_does_not_run_says_so)
{
    cop_term none = COP("[]");
    cop_term text;

    start_client();
    cop_expect(cop_application_stop(COP(":http")), ":ok");
    cop_assert_match(cop_assert_raises(get_now, &none),
                     "%{__struct__: RuntimeError, message: text}", text);
    cop_assert(has(text, "the application :http"));
}

/* --- Ownership -------------------------------------------------------------------------------- */

static cop_next ask_slowly(cop_term arg)
{
    (void)cop_http_get(arg, COP("[timeout: :infinity]"));
    return cop_end();
}

/* What cop_ports() tells of the client. */
static int64_t transfers(void)
{
    int64_t transfers;

    for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_match(cop_head(l), "%{kind: :http, transfers: transfers}", transfers))
            return transfers;
    return -1;
}

/* A request ends with who made it, and so does its connection. */
PROCESS_TEST(a_dead_owner_cancels_its_request)
{
    cop_pid asker;

    start_client();
    asker = cop_spawn(ask_slowly, url_of("/slow"), NULL);
    cop_assert(has_connections(1));
    cop_assert_equal(1, transfers());
    cop_exit_process(asker, COP(":kill"));
    cop_assert(has_connections(0));
    cop_assert_equal(0, transfers());
}

/* Killed with requests in work, the client's process ends them; another one serves. */
PROCESS_TEST(a_killed_client_leaves_nothing)
{
    cop_pid client;
    cop_ref ref;

    start_client();
    for (int i = 0; i < 3; i++)
        (void)cop_spawn(ask_slowly, url_of("/slow"), NULL);
    cop_assert(has_connections(3));
    client = cop_whereis(COP("Http.Client"));
    ref = cop_monitor(client);
    cop_exit_process(client, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :killed}", ref);
    cop_assert(has_connections(0));
    while (cop_is_no_pid(cop_whereis(COP("Http.Client"))))
        cop_yield();
    cop_assert_match(get("/ok"), "{:ok, _}");
}

static cop_next ask_for(cop_term arg)
{
    cop_term answer = cop_http_get(cop_elem(arg, 1), COP("[]"));

    cop_send(cop_elem(arg, 0), cop_tuple(COP(":answer"), answer));
    return cop_end();
}

PROCESS_TEST(many_at_once)
{
    cop_pid self = cop_self();
    cop_term url = url_of("/bytes/1000");

    start_client();
    for (int i = 0; i < 100; i++)
        (void)cop_spawn(ask_for, cop_tuple(self, url), NULL);
    for (int i = 0; i < 100; i++)
        cop_assert_receive_within(10000, "{:answer, {:ok, %{status: 200}}}");
}

/* --- Streams ---------------------------------------------------------------------------------- */

PROCESS_TEST(a_stream_comes_as_messages)
{
    cop_term data;
    cop_ref ref;
    size_t size = 0;

    start_client();
    cop_expect(cop_http_stream(COP(":get"), url_of("/bytes/300000"), COP("[]")), "{:ok, ref}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:head, 200, [{\"x-server\", _}, _]}}", ref);
    while (size < 300000) {
        cop_assert_receive_within(5000, "{:http, ^ref, {:data, data}}", ref, data);
        size += cop_to_bytes(data).len;
        cop_http_next(ref);
    }
    cop_assert_equal(300000, size);
    cop_assert_receive_within(5000, "{:http, ^ref, :done}", ref);
    cop_expect(cop_http_stream(COP(":get"), url_of("/cut"), COP("[]")), "{:ok, ref}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:head, 200, _}}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:data, \"half\"}}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:error, :closed}}", ref);
}

static cop_next meddle(cop_term ref)
{
    (void)cop_http_next(cop_to_ref(ref));
    (void)cop_http_cancel(cop_to_ref(ref));
    return cop_end();
}

/* The next data come when they are asked for, and a stream can be given up. */
PROCESS_TEST(a_stream_waits_for_its_owner)
{
    cop_bytes data;
    cop_ref ref;

    start_client();
    cop_expect(cop_http_stream(COP(":get"), url_of("/endless"), COP("[]")), "{:ok, ref}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:head, 200, _}}", ref);
    cop_assert_receive_within(5000, "{:http, ^ref, {:data, _}}", ref);
    (void)cop_spawn(meddle, cop_ref_term(ref), NULL); /* it is not the owner */
    cop_refute_receive("{:http, ^ref, _}", ref);
    cop_assert_equal(cop_ok(), cop_http_next(ref));
    cop_assert_receive_within(5000, "{:http, ^ref, {:data, data}}", ref, data);
    cop_assert(data.len >= 65536 && data.len < 131072); /* so much and no more has waited */
    cop_assert_equal(cop_ok(), cop_http_next(ref));
    cop_assert_equal(cop_ok(), cop_http_cancel(ref));
    cop_refute_receive("{:http, ^ref, _}", ref);
    cop_assert(has_connections(0));
    cop_assert_equal(cop_ok(), cop_http_cancel(ref));
}

/* --- Proxies, TLS ----------------------------------------------------------------------------- */

PROCESS_TEST(the_environment_names_the_proxy)
{
    cop_term text = cop_format("http://127.0.0.1:%d", scripted_port(server));
    char proxy[64];

    start_client();
    (void)snprintf(proxy, sizeof(proxy), "%.*s", (int)cop_to_bytes(text).len,
                   cop_to_bytes(text).data);
    setenv("http_proxy", proxy, 1);
    /* A proxy is asked for the whole URL, which is none of the paths that the server knows. */
    cop_assert_equal(COP("{:error, :closed}"),
                     cop_http_get(cop_string("http://elsewhere.invalid/ok"), COP("[]")));
    cop_assert_equal(1, scripted_requests(server));
    setenv("no_proxy", "elsewhere.invalid", 1);
    cop_assert_equal(COP("{:error, :nxdomain}"),
                     cop_http_get(cop_string("http://elsewhere.invalid/ok"), COP("[]")));
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, server_up, server_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_has_status_headers_and_body),
        TEST(a_request_is_sent_as_it_is_said),
        TEST(redirects_are_followed_up_to_a_limit),
        TEST(bodies_have_a_limit),
        TEST(failures_have_names),
        TEST(time_is_limited),
        TEST(connecting_has_a_time_of_its_own),
        TEST(wrong_options_are_argument_errors),
        TEST(a_client_that_does_not_run_says_so),
        TEST(a_dead_owner_cancels_its_request),
        TEST(a_killed_client_leaves_nothing),
        TEST(many_at_once),
        TEST(a_stream_comes_as_messages),
        TEST(a_stream_waits_for_its_owner),
        TEST(the_environment_names_the_proxy),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
