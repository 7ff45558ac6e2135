/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server, asked by a client of plain sockets. */
#include "support/process_test.h"
#include "support/raw_client.h"

#include "coppice.h"

#include <stdlib.h>
#include <unistd.h>

/* --- The handler ------------------------------------------------------------------------------ */

static cop_term stream_numbers(cop_term request)
{
    cop_expect(cop_http_server_send_chunked(request, 200, COP("[{\"content-type\", \"text/x\"}]")),
               ":ok");
    for (int i = 1; i <= 3; i++)
        cop_expect(cop_http_server_chunk(request, cop_format("n%d\n", i)), ":ok");
    cop_expect(cop_http_server_chunk(request, cop_string("")), ":ok");
    cop_expect(cop_http_server_finish(request), ":ok");
    cop_expect(cop_http_server_finish(request), "{:error, :closed}");
    cop_expect(cop_http_server_chunk(request, cop_string("late")), "{:error, :closed}");
    return COP(":done");
}

static cop_term handle(cop_term request)
{
    cop_term part;

    if (cop_match(request, "%{request_path: \"/stream\"}")) return stream_numbers(request);
    if (cop_match(request, "%{request_path: \"/cut\"}")) {
        cop_expect(cop_http_server_send_chunked(request, 200, COP("[]")), ":ok");
        cop_expect(cop_http_server_chunk(request, cop_string("beginning")), ":ok");
        cop_exit(COP(":oops"));
    }
    if (cop_match(request, "%{request_path: \"/crash\"}")) cop_exit(COP(":oops"));
    if (cop_match(request, "%{request_path: \"/nothing\"}")) return COP(":nothing");
    if (cop_match(request, "%{request_path: \"/bad\"}"))
        return COP("{200, [{\"a\", \"b\\r\\nc: d\"}], \"\"}");
    if (cop_match(request, "%{path_info: [\"part\", part]}", part))
        return cop_tuple(200, cop_empty_list(), cop_map_get(request, part, cop_nil()));
    if (cop_match(request, "%{path_info: [\"inspect\", part]}", part)) {
        part = cop_map_get(request, cop_atom_existing(cop_to_bytes(part)), cop_nil());
        return cop_tuple(200, COP("[{\"x-mark\", \"1\"}]"),
                         cop_inspect_with(part, (struct cop_inspect_opts){0, 0}));
    }
    if (cop_match(request, "%{request_path: \"/twice\"}")) {
        cop_expect(cop_http_server_send_resp(request, 201, COP("[]"), cop_string("one")), ":ok");
        part = cop_http_server_send_resp(request, 202, COP("[]"), cop_string("two"));
        cop_send(COP(":test_of_http_server"), part);
        return COP("{203, [], \"three\"}");
    }
    return COP("{404, [], \"not here\"}");
}

static const struct cop_function functions[] = {COP_EXPORT("handle(request)", handle, "Handles."),
                                                COP_EXPORT_END};
static const struct cop_module handler_module = {
    .size = sizeof(struct cop_module), .name = "Handler", .functions = functions};

/* --- Help ------------------------------------------------------------------------------------- */

static bool has(cop_term text, const char *part)
{
    cop_bytes t = cop_to_bytes(text);

    return memmem(t.data, t.len, part, strlen(part)) != NULL;
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        cop_term text_ = (text);                                                                   \
        if (!has(text_, part)) cop_assert_equal("a text with " part, text_);                       \
    } while (0)

/* A server under the test's supervisor; options are added to the handler. */
static cop_pid start_server(cop_term options)
{
    cop_pid server;

    cop_module_register(&handler_module);
    cop_module_register(&cop_http_server_module);
    if (cop_is_none(cop_keyword_get(options, COP(":handler"), cop_none())))
        options = cop_cons(COP("{:handler, &Handler.handle/1}"), options);
    cop_expect(cop_start_supervised(cop_build("{HttpServer, options}", options), cop_empty_list()),
               "{:ok, server}", server);
    return server;
}

static int64_t port_of(cop_pid server)
{
    return cop_to_int(cop_http_server_port(cop_pid_term(server)));
}

static cop_term get(int64_t port, const char *path)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
                   path);
    return raw_exchange(port, text);
}

/* --- Requests and answers --------------------------------------------------------------------- */

PROCESS_TEST(answers_what_the_handler_returns)
{
    int64_t port = port_of(start_server(COP("[]")));
    cop_term answer = get(port, "/inspect/method");

    assert_has(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "\r\nx-mark: 1\r\n");
    assert_has(answer, "\r\nContent-Length: 5\r\n");
    assert_has(answer, "\r\n\r\n\"GET\"");
    assert_has(get(port, "/else"), "HTTP/1.1 404 Not Found\r\n");
}

PROCESS_TEST(a_request_has_its_parts)
{
    int64_t port = port_of(start_server(COP("[]")));

    assert_has(get(port, "/inspect/request_path?a=1"), "\"/inspect/request_path\"");
    assert_has(get(port, "//inspect/path%5Finfo/"), "[\"inspect\", \"path_info\"]");
    assert_has(get(port, "/inspect/query_params?a=1&b=%2f+%zz&c&%64="),
               "%{\"a\" => \"1\", \"b\" => \"/ %zz\", \"c\" => \"\", \"d\" => \"\"}");
    assert_has(get(port, "/inspect/query_params?a=%00b"), "%{\"a\" => <<0, 98>>}");
    assert_has(get(port, "/inspect/remote_ip"), "\"127.0.0.1\"");
    assert_has(raw_exchange(port, "PUT /inspect/req_headers HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: "
                                  "2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
               "%{\"connection\" => \"close\", \"content-length\" => \"0\", \"host\" => \"h\", "
               "\"x-a\" => \"1, 2\"}");
    assert_has(raw_exchange(port, "POST /inspect/body HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                                  "Content-Length: 3\r\n\r\na\r\n"),
               "\"a\\r\\n\"");
    assert_has(raw_exchange(port,
                            "POST /inspect/body HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
               "\"abc\"");
}

/* What cop_ports() tells of a server. */
static int64_t connections_of(cop_pid server)
{
    int64_t connections;

    for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_match(cop_head(l),
                      "%{kind: :http_server, owner: ^server, connections: connections}", server,
                      connections))
            return connections;
    return -1;
}

PROCESS_TEST(a_connection_serves_many_requests)
{
    cop_pid server = start_server(COP("[]"));
    int fd = raw_connect(port_of(server));

    for (int i = 0; i < 3; i++) {
        cop_assert(raw_send(fd, "GET /inspect/method HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_has(raw_read(fd, "\"GET\""), "200 OK");
    }
    cop_assert_equal(1, connections_of(server));
    cop_assert(raw_send(fd, "HEAD /inspect/method HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /else HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_term both = raw_read(fd, "not here");
    assert_has(both, "Content-Length: 6\r\n"); /* of "HEAD" in quotes, which is not sent */
    cop_assert(!has(both, "\"HEAD\""));
    close(fd);
}

PROCESS_TEST(large_answers_are_whole)
{
    cop_pid self = cop_self();
    int64_t port = port_of(start_server(cop_build("[handler: self, body_max: 5_000_000]", self)));
    char *bytes = cop_alloc(4000000);
    int fd = raw_connect(port);
    cop_term request;
    cop_term body;

    for (size_t i = 0; i < 4000000; i++)
        bytes[i] = (char)('a' + i * 7 % 26);
    cop_assert(raw_send(fd, "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                            "Content-Length: 4000000\r\n\r\n"));
    cop_assert(raw_send_bytes(fd, bytes, 4000000));
    cop_assert_receive_within(5000, "{:http_request, request}", request);
    body = cop_map_get(request, COP(":body"), cop_nil());
    cop_assert_equal(cop_binary(bytes, 4000000), body);
    cop_assert_equal(cop_ok(), cop_http_server_send_resp(request, 200, COP("[]"), body));
    body = raw_read(fd, NULL);
    close(fd);
    cop_bytes answer = cop_to_bytes(body);
    cop_assert(answer.len > 4000000);
    cop_assert(memcmp(answer.data + answer.len - 4000000, bytes, 4000000) == 0);
}

PROCESS_TEST(a_handler_answers_once)
{
    int64_t port = port_of(start_server(COP("[]")));
    cop_term answer;

    cop_register(COP(":test_of_http_server"), cop_self());
    answer = get(port, "/twice");
    assert_has(answer, "HTTP/1.1 201 Created\r\n");
    assert_has(answer, "\r\n\r\none");
    cop_assert(!has(answer, "two") && !has(answer, "three"));
    cop_assert_receive_within(5000, "{:error, :closed}");
}

struct asked {
    int64_t port;
    const char *path;
};

static cop_term get_logged(void *arg)
{
    const struct asked *asked = arg;
    cop_term answer = get(asked->port, asked->path);

    assert_has(answer, "HTTP/1.1 500 Internal Server Error\r\n");
    assert_has(answer, "Something went wrong.");
    return cop_nil();
}

PROCESS_TEST(a_handler_that_fails_is_500)
{
    cop_pid server = start_server(COP("[]"));
    struct asked crash = {port_of(server), "/crash"};
    struct asked nothing = {port_of(server), "/nothing"};
    struct asked bad = {port_of(server), "/bad"};

    assert_has(cop_capture_log(get_logged, &crash),
               "HTTP request GET /crash: its handler has ended without an answer: :oops");
    assert_has(cop_capture_log(get_logged, &nothing),
               "HTTP request GET /nothing: its handler has ended without an answer: normal");
    assert_has(cop_capture_log(get_logged, &bad), "headers are a list of pairs of strings");
    cop_assert(cop_is_alive(server));
}

/* What the server answers by itself is said by its owner, where that is wanted. */
PROCESS_TEST(own_words_for_errors)
{
    cop_pid server =
        start_server(COP("[body_max: 10, errors: %{413 => {[{\"x-why\", \"size\"}], \"{413}\"},"
                         " 500 => {[{\"x-why\", \"crash\"}], \"{500}\"}}]"));
    int64_t port = port_of(server);
    cop_term answer;

    answer = raw_exchange(port, "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 11\r\n"
                                "Connection: close\r\n\r\n12345678901");
    assert_has(answer, "HTTP/1.1 413 ");
    assert_has(answer, "x-why: size\r\n");
    assert_has(answer, "\r\n\r\n{413}");
    answer = get(port, "/crash");
    assert_has(answer, "HTTP/1.1 500 ");
    assert_has(answer, "x-why: crash\r\n");
    assert_has(answer, "\r\n\r\n{500}");
}

/* --- A process as handler --------------------------------------------------------------------- */

static cop_next client(cop_term arg)
{
    int64_t port;
    cop_pid to;

    cop_expect(arg, "{to, port}", to, port);
    cop_send(to, cop_tuple(COP(":answer"), get(port, "/x")));
    return cop_end();
}

static cop_next handle_and_die(cop_term arg)
{
    cop_term message;

    (void)arg;
    (void)cop_receive(&message, COP_INFINITY);
    return cop_end();
}

PROCESS_TEST(a_process_gets_requests_as_messages)
{
    cop_pid self = cop_self();
    int64_t port = port_of(start_server(cop_build("[handler: self]", self)));
    cop_term request;
    cop_term answer;

    (void)cop_spawn(client, cop_build("{self, port}", self, port), NULL);
    cop_assert_receive_within(5000, "{:http_request, request}", request);
    cop_assert_match(request, "%{method: \"GET\", request_path: \"/x\", body: \"\"}");
    cop_assert_equal(cop_ok(),
                     cop_http_server_send_resp(request, 200, COP("[]"), cop_string("me")));
    cop_assert_receive_within(5000, "{:answer, answer}", answer);
    assert_has(answer, "\r\n\r\nme");
    cop_assert_equal(COP("{:error, :closed}"),
                     cop_http_server_send_resp(request, 200, COP("[]"), cop_string("again")));
}

PROCESS_TEST(nobody_to_answer_is_503)
{
    int64_t port = port_of(start_server(COP("[handler: :nobody_of_this_name]")));

    assert_has(get(port, "/x"), "HTTP/1.1 503 Service Unavailable\r\n");
}

static cop_next end_at_once(cop_term arg)
{
    (void)arg;
    return cop_end();
}

PROCESS_TEST(a_dead_process_is_503_too)
{
    cop_ref ref;
    cop_pid dead = cop_spawn(end_at_once, cop_nil(),
                             &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    int64_t port;

    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :normal}", ref);
    port = port_of(start_server(cop_build("[handler: dead]", dead)));
    assert_has(get(port, "/x"), "HTTP/1.1 503 Service Unavailable\r\n");
}

/* One that dies with the request in its hands has failed. */
PROCESS_TEST(a_process_that_dies_is_500)
{
    cop_pid self = cop_self();
    cop_pid asker;
    cop_pid handler = cop_spawn(handle_and_die, cop_nil(), NULL);
    int64_t port = port_of(start_server(cop_build("[handler: handler]", handler)));
    cop_term answer;

    asker = cop_spawn(client, cop_build("{self, port}", self, port), NULL);
    cop_assert(!cop_is_no_pid(asker));
    cop_assert_receive_within(5000, "{:answer, answer}", answer);
    assert_has(answer, "HTTP/1.1 500 Internal Server Error\r\n");
}

/* --- Streams ---------------------------------------------------------------------------------- */

PROCESS_TEST(a_stream_comes_in_pieces)
{
    cop_term answer = get(port_of(start_server(COP("[]"))), "/stream");

    assert_has(answer, "HTTP/1.1 200 OK\r\n");
    assert_has(answer, "content-type: text/x\r\n");
    assert_has(answer, "\r\n\r\n3\r\nn1\n\r\n3\r\nn2\n\r\n3\r\nn3\n\r\n0\r\n\r\n");
}

/* Chunked, a client sees whether a stream is whole. */
PROCESS_TEST(a_stream_whose_owner_fails_is_cut_off)
{
    int fd = raw_connect(port_of(start_server(COP("[]"))));
    cop_term answer;

    cop_assert(raw_send(fd, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    answer = raw_read(fd, "\r\n0\r\n\r\n");
    assert_has(answer, "Transfer-Encoding: chunked\r\n");
    assert_has(answer, "\r\n0\r\n\r\n");
    cop_assert(raw_send(fd, "GET /cut HTTP/1.1\r\nHost: h\r\n\r\n"));
    answer = raw_read(fd, NULL);
    cop_assert(!has(answer, "\r\n0\r\n\r\n"));
    close(fd);
}

/* What has begun a stream in the test: the request. */
static cop_term begin_stream(cop_pid server, int *ret_fd)
{
    cop_term request;

    *ret_fd = raw_connect(port_of(server));
    cop_assert(raw_send(*ret_fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert_receive_within(5000, "{:http_request, request}", request);
    cop_assert_equal(cop_ok(), cop_http_server_send_chunked(request, 200, COP("[]")));
    return request;
}

/* A piece that does not fit into the buffers on its way comes whole all the same. */
PROCESS_TEST(a_large_piece_of_a_stream_is_whole)
{
    cop_pid self = cop_self();
    cop_pid server = start_server(cop_build("[handler: self, buffer_max: 400000]", self));
    char *piece = cop_alloc(300001);
    int fd;
    cop_term request = begin_stream(server, &fd);
    cop_bytes read;
    size_t found = 0;

    memset(piece, '~', 300000);
    cop_assert_equal(cop_ok(), cop_http_server_chunk(request, cop_binary(piece, 300000)));
    cop_assert_equal(cop_ok(), cop_http_server_chunk(request, cop_string("!")));
    cop_assert_equal(cop_ok(), cop_http_server_finish(request));
    read = cop_to_bytes(raw_read(fd, "\r\n0\r\n\r\n"));
    for (size_t i = 0; i < read.len; i++)
        found += read.data[i] == '~';
    cop_assert_equal(300000, found);
    close(fd);
    cop_refute_receive("{:http_closed, _}"); /* it has ended before */
}

PROCESS_TEST(the_owner_is_told_when_the_client_goes)
{
    cop_pid self = cop_self();
    cop_pid server = start_server(cop_build("[handler: self]", self));
    int fd;
    cop_term request = begin_stream(server, &fd), answer;
    cop_ref ref = cop_to_ref(cop_map_get(request, COP(":ref"), cop_nil()));

    cop_assert_equal(cop_ok(), cop_http_server_chunk(request, cop_string("x")));
    assert_has(raw_read(fd, "x"), "x");
    close(fd);
    cop_assert_receive_within(5000, "{:http_closed, ^ref}", ref);
    /* The network tells that nobody takes what is sent. */
    while (cop_match((answer = cop_http_server_chunk(request, cop_string("y"))), ":ok"))
        cop_yield();
    cop_assert_equal(COP("{:error, :closed}"), answer);
    cop_refute_receive("{:http_closed, _}"); /* it was told */
}

/* Adds to a stream until it is told to wait, and tells how often it was not. */
static cop_next fill(cop_term arg)
{
    cop_term request = cop_elem(arg, 1);
    char piece[1000] = {0};

    for (int64_t i = 1;; i++) {
        cop_term answer = cop_http_server_chunk(request, cop_binary(piece, sizeof(piece)));

        cop_send(cop_elem(arg, 0), cop_tuple(COP(":sent"), i, answer));
        if (!cop_identical(answer, cop_ok())) return cop_end();
    }
}

static int64_t sent_until_quiet(void)
{
    int64_t sent = 0;
    cop_term message;

    while (cop_receive(&message, 300))
        cop_expect(message, "{:sent, sent, :ok}", sent);
    return sent;
}

/* Who adds to a stream waits for a client that does not read, and goes on when it does. */
PROCESS_TEST(a_slow_client_slows_its_stream_down)
{
    cop_pid self = cop_self();
    cop_pid server = start_server(cop_build("[handler: self, buffer_max: 10000]", self));
    int fd;
    cop_term request = begin_stream(server, &fd);
    cop_pid filler = cop_spawn(fill, cop_build("{self, request}", self, request), NULL);
    int64_t before = sent_until_quiet();
    char *data = cop_alloc(65536);
    cop_term last;

    cop_assert(before >= 10);
    for (int i = 0; i < 40; i++)
        cop_assert(read(fd, data, 65536) > 0);
    cop_assert(sent_until_quiet() > before);
    close(fd);
    cop_assert_receive_within(5000, "{:sent, _, {:error, :closed}}");
    cop_ref ref = cop_monitor(filler);
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, last}", ref, last);
}

/* --- Limits ----------------------------------------------------------------------------------- */

static cop_term post_sized(int64_t port, size_t size, bool chunked)
{
    char *text = cop_alloc(size + 300);
    int at = sprintf(text, "POST /inspect/method HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");

    if (chunked)
        at += sprintf(text + at, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", size);
    else
        at += sprintf(text + at, "Content-Length: %zu\r\n\r\n", size);
    memset(text + at, 'x', size);
    (void)sprintf(text + at + size, chunked ? "\r\n0\r\n\r\n" : "");
    return raw_exchange(port, text);
}

PROCESS_TEST(bodies_have_a_limit)
{
    int64_t port = port_of(start_server(COP("[body_max: 5000]")));

    assert_has(post_sized(port, 5000, false), "200 OK");
    assert_has(post_sized(port, 5001, false), "HTTP/1.1 413 ");
    assert_has(post_sized(port, 5000, true), "200 OK");
    assert_has(post_sized(port, 5001, true), "HTTP/1.1 413 ");
    assert_has(post_sized(port, 500000, true), "HTTP/1.1 413 ");
    /* What is announced is refused before it is sent. */
    assert_has(raw_exchange(port, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5001\r\n\r\n"),
               "HTTP/1.1 413 ");
}

PROCESS_TEST(heads_have_a_limit)
{
    int64_t port = port_of(start_server(COP("[header_max: 4096]")));
    char *text = cop_alloc(20000);
    int at = sprintf(text, "GET /else HTTP/1.1\r\nConnection: close\r\nX: ");

    memset(text + at, 'x', 1000);
    memcpy(text + at + 1000, "\r\n\r\n", 5);
    assert_has(raw_exchange(port, text), "HTTP/1.1 404 ");
    memset(text + at, 'x', 8000);
    memcpy(text + at + 8000, "\r\n\r\n", 5);
    assert_has(raw_exchange(port, text), "HTTP/1.1 431 ");
}

PROCESS_TEST(an_idle_client_is_sent_away)
{
    int fd = raw_connect(port_of(start_server(COP("[idle_timeout: 1]"))));

    cop_assert(raw_send(fd, "GET / HT"));
    cop_assert(raw_is_closed(fd));
    close(fd);
}

/* The connection above the limit is served when another one has ended. */
PROCESS_TEST(connections_have_a_limit)
{
    int64_t port = port_of(start_server(COP("[connections_max: 2]")));
    int fds[3];

    for (int i = 0; i < 3; i++)
        fds[i] = raw_connect(port);
    for (int i = 0; i < 2; i++) {
        cop_assert(raw_send(fds[i], "GET /else HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_has(raw_read(fds[i], "not here"), "404");
    }
    cop_assert(raw_send(fds[2], "GET /else HTTP/1.1\r\nHost: h\r\n\r\n"));
    close(fds[0]);
    assert_has(raw_read(fds[2], "not here"), "404");
    close(fds[1]);
    close(fds[2]);
}

PROCESS_TEST(rubbish_gets_an_answer_or_an_end)
{
    cop_pid server = start_server(COP("[]"));
    int64_t port = port_of(server);

    assert_has(raw_exchange(port, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
               "HTTP/1.1 400 ");
    int fd = raw_connect(port);
    cop_assert(raw_send(fd, "\x01\x02\x03\r\n\r\n"));
    cop_assert(raw_is_closed(fd));
    close(fd);
    fd = raw_connect(port);
    cop_assert(raw_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf"));
    close(fd);
    assert_has(get(port, "/else"), "404");
    cop_assert(cop_is_alive(server));
}

/* --- Starting and ending ---------------------------------------------------------------------- */

static cop_term start_with(void *options)
{
    return cop_http_server_start_link(*(cop_term *)options);
}

PROCESS_TEST(a_start_can_fail)
{
    int64_t port = port_of(start_server(COP("[]")));
    cop_term wrong[] = {
        COP("[]"),
        COP("[handler: 1]"),
        COP("[handler: &Handler.handle/2]"),
        COP("[handler: :x, port: 65536]"),
        COP("[handler: :x, port: -1]"),
        COP("[handler: :x, address: 1]"),
        COP("[handler: :x, no_option: 1]"),
        COP("[handler: :x, idle_timeout: 0]"),
        COP("[handler: :x, errors: %{404 => {[], \"\"}}]"),
        COP("[handler: :x, errors: %{500 => \"\"}]"),
        COP("[handler: :x, errors: %{500 => {[{\"a:b\", \"\"}], \"\"}}]"),
        COP(":rubbish"),
    };

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, :eaddrinuse}"),
                     cop_http_server_start_link(cop_build("[handler: :x, port: port]", port)));
    cop_assert_equal(
        COP("{:error, :nxdomain}"),
        cop_http_server_start_link(COP("[handler: :x, address: \"no.such.invalid\"]")));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cop_assert_match(cop_assert_raises(start_with, &wrong[i]), "%{__struct__: ArgumentError}");
}

static cop_term answer_wrongly(void *arg)
{
    return cop_http_server_send_resp(COP("%{}"), *(int *)arg, COP("[]"), cop_string(""));
}

PROCESS_TEST(wrong_answers_are_argument_errors)
{
    int ok = 200;

    cop_assert_match(cop_assert_raises(answer_wrongly, &ok), "%{__struct__: ArgumentError}");
}

PROCESS_TEST(addresses_are_those_of_sockets)
{
    static const char *const addresses[] = {"{127, 0, 0, 1}", ":loopback", ":any", "\"0.0.0.0\"",
                                            "\"127.0.0.1\""};
    struct cop_parse_error error;
    cop_term address;
    cop_pid server;

    cop_module_register(&cop_http_server_module);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        cop_assert(cop_parse((cop_bytes){addresses[i], strlen(addresses[i])}, &address, &error));
        cop_expect(
            cop_http_server_start_link(cop_build("[handler: :nobody, address: address]", address)),
            "{:ok, server}", server);
        assert_has(get(port_of(server), "/"), "HTTP/1.1 503 ");
        cop_gen_server_stop(cop_pid_term(server), COP(":normal"), 5000);
    }
    cop_assert_match(cop_http_server_start_link(COP("[handler: :x, address: {1, 2}]")),
                     "{:error, :einval}");
}

/* A server that is killed with a request in work and a stream open ends them, and its port is free
 * when that is known: the one that the supervisor starts anew gets it. */
PROCESS_TEST(a_killed_server_leaves_nothing)
{
    cop_pid self = cop_self();
    cop_pid server =
        start_server(cop_build("[name: :killed_server, handler: self, port: 0]", self));
    int64_t port = port_of(server);
    cop_ref ref = cop_monitor(server);
    int stream;
    int waiting = raw_connect(port);
    cop_term request = begin_stream(server, &stream);

    cop_assert(raw_send(waiting, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert_receive_within(5000, "{:http_request, _}");
    cop_exit_process(server, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :killed}", ref);
    cop_assert(!raw_can_connect(port));
    cop_assert(raw_is_closed(stream));
    cop_assert(raw_is_closed(waiting));
    close(stream);
    close(waiting);
    cop_assert_equal(COP("{:error, :closed}"), cop_http_server_chunk(request, cop_string("x")));
}

/* What handles requests ends with the server. */
PROCESS_TEST(a_stopped_server_ends_in_order)
{
    cop_pid server = start_server(COP("[]"));
    int64_t port = port_of(server);
    int fd = raw_connect(port);

    cop_assert(raw_send(fd, "GET /else HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_has(raw_read(fd, "not here"), "404");
    cop_assert_equal(cop_ok(), cop_stop_supervised(COP("HttpServer")));
    cop_assert(raw_is_closed(fd));
    cop_assert(!raw_can_connect(port));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_what_the_handler_returns),
        cmocka_unit_test(a_request_has_its_parts),
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(large_answers_are_whole),
        cmocka_unit_test(a_handler_answers_once),
        cmocka_unit_test(a_handler_that_fails_is_500),
        cmocka_unit_test(own_words_for_errors),
        cmocka_unit_test(a_process_gets_requests_as_messages),
        cmocka_unit_test(nobody_to_answer_is_503),
        cmocka_unit_test(a_dead_process_is_503_too),
        cmocka_unit_test(a_process_that_dies_is_500),
        cmocka_unit_test(a_stream_comes_in_pieces),
        cmocka_unit_test(a_stream_whose_owner_fails_is_cut_off),
        cmocka_unit_test(a_large_piece_of_a_stream_is_whole),
        cmocka_unit_test(the_owner_is_told_when_the_client_goes),
        cmocka_unit_test(a_slow_client_slows_its_stream_down),
        cmocka_unit_test(bodies_have_a_limit),
        cmocka_unit_test(heads_have_a_limit),
        cmocka_unit_test(an_idle_client_is_sent_away),
        cmocka_unit_test(connections_have_a_limit),
        cmocka_unit_test(rubbish_gets_an_answer_or_an_end),
        cmocka_unit_test(a_start_can_fail),
        cmocka_unit_test(wrong_answers_are_argument_errors),
        cmocka_unit_test(addresses_are_those_of_sockets),
        cmocka_unit_test(a_killed_server_leaves_nothing),
        cmocka_unit_test(a_stopped_server_ends_in_order),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
