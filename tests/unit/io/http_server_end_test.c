/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of an HTTP server and of its clients: what is sent before, what is not waited for. */
#include "support/process_test.h"
#include "support/raw_client.h"

#include "coppice.h"
#include "coppice/sys.h"

#include <sys/socket.h>
#include <unistd.h>

/* More than the kernels of both sides take. */
#define LARGE 20000000

/* In three pieces, the others after the client's end was told. */
static cop_term answer_in_pieces(cop_term request)
{
    cop_ref ref;

    cop_expect(cop_http_server_send_chunked(request, 200, COP("[]")), ":ok");
    cop_expect(cop_http_server_chunk(request, COP("\"small\"")), ":ok");
    cop_expect(request, "%{ref: ref}", ref);
    cop_assert_receive_within(5000, "{:http_closed, ^ref}", ref);
    cop_expect(cop_http_server_chunk(request, COP("\"small\"")), ":ok");
    cop_expect(cop_http_server_chunk(request, COP("\"small\"")), ":ok");
    cop_send(COP(":test_of_http_server"), COP(":told"));
    return COP(":done");
}

static cop_term handle(cop_term request)
{
    char *body;

    if (cop_match(request, "%{request_path: \"/slow\"}")) cop_sleep(20);
    if (cop_match(request, "%{request_path: \"/pieces\"}")) return answer_in_pieces(request);
    if (!cop_match(request, "%{request_path: \"/large\"}")) return COP("{200, [], \"small\"}");
    body = cop_alloc(LARGE);
    memset(body, 'x', LARGE);
    cop_expect(cop_http_server_send_resp(request, 200, COP("[]"), cop_binary(body, LARGE)), ":ok");
    cop_send(COP(":test_of_http_server"), COP(":answered"));
    return COP(":done");
}

static const struct cop_function functions[] = {COP_EXPORT("handle(request)", handle, "Handles."),
                                                COP_EXPORT_END};
static const struct cop_module handler_module = {
    .size = sizeof(struct cop_module), .name = "Handler", .functions = functions};

/* A server under the test's supervisor. */
static cop_pid start(cop_term spec, cop_term overrides, int64_t *ret_port)
{
    cop_pid server;

    cop_module_register(&handler_module);
    cop_module_register(&cop_http_server_module);
    cop_register(COP(":test_of_http_server"), cop_self());
    cop_expect(cop_start_supervised(spec, overrides), "{:ok, server}", server);
    *ret_port = cop_to_int(cop_http_server_port(cop_pid_term(server)));
    return server;
}

static cop_pid start_server(cop_term overrides, int64_t *ret_port)
{
    return start(COP("{HttpServer, handler: &Handler.handle/1}"), overrides, ret_port);
}

/* --- Ordered ends ----------------------------------------------------------------------------- */

/* A request whose answer is complete, and is not read. */
static int leave_a_large_answer(int64_t port)
{
    int fd = raw_connect(port);

    cop_assert(raw_send(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert_receive_within(20000, ":answered");
    return fd;
}

static cop_term stop_server(cop_term server)
{
    return cop_gen_server_stop(server, COP(":shutdown"), 20000);
}

/* No more is heard, but what was answered comes whole. */
PROCESS_TEST(a_stopped_server_sends_what_is_complete)
{
    int64_t port;
    cop_pid server = start_server(COP("[]"), &port);
    cop_term task;
    cop_bytes answer;
    int fd = leave_a_large_answer(port);

    task = cop_task_async(cop_task_fun(stop_server, cop_pid_term(server)));
    while (raw_can_connect(port))
        cop_sleep(1);
    cop_assert(cop_is_alive(server));
    answer = cop_to_bytes(raw_read(fd, NULL));
    cop_assert(answer.len > LARGE + 4);
    cop_assert(memcmp(answer.data + answer.len - LARGE - 4, "\r\n\r\nx", 5) == 0);
    cop_assert_equal(cop_ok(), cop_task_await(task, 20000));
    close(fd);
}

/* A client that takes nothing holds the server up for as long as its supervisor waits. */
PROCESS_TEST(a_stopped_server_has_its_time)
{
    int64_t port;
    cop_pid server = start_server(COP("[shutdown: 50]"), &port);
    int fd = leave_a_large_answer(port);

    cop_assert_equal(cop_ok(), cop_stop_supervised(COP("HttpServer")));
    cop_assert(!cop_seems_alive(server));
    cop_assert(cop_to_bytes(raw_read(fd, NULL)).len < LARGE);
    close(fd);
}

static cop_term answer_asked(cop_term request)
{
    return cop_http_server_send_resp(request, 200, COP("[]"), COP("\"asked\""));
}

/* Waits until so many messages lie in a process' mailbox. */
static void await_queue(cop_pid pid, int64_t len)
{
    int64_t n = -1;

    while (n != len) {
        cop_yield();
        cop_expect(cop_process_info(pid, COP(":message_queue_len")), "{_, n}", n);
    }
}

/* An answer that the server has not taken yet when its end is asked for is sent, too. */
PROCESS_TEST(a_stopped_server_takes_what_has_been_said)
{
    cop_pid self = cop_self();
    int64_t port;
    cop_pid server = start(cop_build("{HttpServer, handler: self}", self), COP("[]"), &port);
    cop_term request, answering;
    int fd = raw_connect(port);
    cop_bytes answer;

    cop_assert(raw_send(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert_receive_within(5000, "{:http_request, request}", request);
    cop_sys_suspend(cop_pid_term(server), 5000);
    answering = cop_task_async(cop_task_fun(answer_asked, request));
    await_queue(server, 1);
    cop_assert_equal(cop_ok(), stop_server(cop_pid_term(server)));
    cop_assert_equal(cop_ok(), cop_task_await(answering, 20000));
    answer = cop_to_bytes(raw_read(fd, NULL));
    cop_assert(memmem(answer.data, answer.len, "\r\n\r\nasked", 9) != NULL);
    close(fd);
}

/* --- Half-closed connections ------------------------------------------------------------------ */

/* A client that says no more in the middle of a request, at once with its last bytes or after them,
 * is let go; not after the time that clients may be idle. */
PROCESS_TEST(half_a_request_that_ends_is_not_waited_for)
{
    static const char *const halves[] = {
        "",
        "GET /x HT",
        "GET /x HTTP/1.1\r\nHost: h\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
        "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    int64_t port;

    start_server(COP("[]"), &port);
    for (size_t i = 0; i < 2 * sizeof(halves) / sizeof(halves[0]); i++) {
        int fd = raw_connect(port);

        if (halves[i / 2][0] != '\0') cop_assert(raw_send(fd, halves[i / 2]));
        if (i % 2 == 1) cop_sleep(20);
        cop_assert(shutdown(fd, SHUT_WR) == 0);
        cop_assert(raw_is_closed(fd));
        close(fd);
    }
}

/* The second of two requests may come in half. */
PROCESS_TEST(a_whole_request_before_it_is_answered)
{
    static const char text[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /y HT";
    int64_t port;
    int fd;
    cop_bytes answer;

    start_server(COP("[]"), &port);
    fd = raw_connect(port);
    cop_assert(raw_send(fd, text));
    cop_assert(shutdown(fd, SHUT_WR) == 0);
    answer = cop_to_bytes(raw_read(fd, NULL));
    cop_assert(memmem(answer.data, answer.len, "\r\n\r\nsmall", 9) != NULL);
    close(fd);
}

/* A client may say no more as soon as its request is whole, as `nc -N` does: it is answered, also
 * if that takes a while. */
PROCESS_TEST(whole_requests_that_end_are_answered)
{
    static const char *const wholes[] = {
        "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
        "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /slow HTTP/1.1\r\nHost: h\r\n\r\n",
    };
    int64_t port;

    start_server(COP("[]"), &port);
    for (size_t i = 0; i < 3 * sizeof(wholes) / sizeof(wholes[0]); i++) {
        int fd = raw_connect(port);
        cop_bytes answer;

        cop_assert(raw_send(fd, wholes[i / 3]));
        if (i % 3 > 0) cop_sleep(i % 3 == 1 ? 1 : 10);
        cop_assert(shutdown(fd, SHUT_WR) == 0);
        answer = cop_to_bytes(raw_read(fd, NULL));
        cop_assert(answer.len > 9 && memcmp(answer.data + answer.len - 9, "\r\n\r\nsmall", 9) == 0);
        close(fd);
    }
}

/* Also one that is more than the kernels take. */
PROCESS_TEST(large_answers_come_after_half_a_close)
{
    int64_t port;
    int fd;
    cop_bytes answer;

    start_server(COP("[]"), &port);
    fd = raw_connect(port);
    cop_assert(raw_send(fd, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert(shutdown(fd, SHUT_WR) == 0);
    answer = cop_to_bytes(raw_read(fd, NULL));
    cop_assert(answer.len > LARGE + 4);
    close(fd);
}

/* The owner of a stream is told that its client says no more, and may go on. */
PROCESS_TEST(streams_may_go_on_after_half_a_close)
{
    int64_t port;
    int fd;
    cop_bytes answer;

    start_server(COP("[]"), &port);
    fd = raw_connect(port);
    cop_assert(raw_send(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n"));
    cop_assert(shutdown(fd, SHUT_WR) == 0);
    answer = cop_to_bytes(raw_read(fd, NULL));
    cop_assert(memmem(answer.data, answer.len,
                      "\r\n\r\n5\r\nsmall\r\n5\r\nsmall\r\n5\r\nsmall\r\n0\r\n\r\n", 39) != NULL);
    cop_assert_received(":told");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_server_sends_what_is_complete),
        cmocka_unit_test(a_stopped_server_has_its_time),
        cmocka_unit_test(a_stopped_server_takes_what_has_been_said),
        cmocka_unit_test(half_a_request_that_ends_is_not_waited_for),
        cmocka_unit_test(a_whole_request_before_it_is_answered),
        cmocka_unit_test(whole_requests_that_end_are_answered),
        cmocka_unit_test(large_answers_come_after_half_a_close),
        cmocka_unit_test(streams_may_go_on_after_half_a_close),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
