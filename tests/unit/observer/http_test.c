/* SPDX-License-Identifier: Apache-2.0 */
/* The Observer by real HTTP, on a port of its own: streams, what strangers send, many streams, a
 * viewer that stops reading, and the server killed with streams open. The client is this thread,
 * which is no process. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int port;

static cop_next read_port(cop_term arg)
{
    int64_t n;

    (void)arg;
    cop_expect(cop_http_server_port(COP("Observer.Server")), "n", n);
    port = (int)n;
    return cop_end();
}

static int up(void **state)
{
    (void)state;
    if (observer_up(NULL) != 0) return -1;
    return cop_run(read_port, cop_nil(), NULL, 0) ? 0 : -1;
}

/* --- A client --------------------------------------------------------------------------------- */

static int connect_to(int to)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)to),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

static void send_text(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0) return; /* refused meanwhile: the answer tells */
        text += n;
        len -= (size_t)n;
    }
}

/* Reads until the text has all of these words or the connection ends; returns its length. */
static size_t read_until(int fd, char *text, size_t size, const char *word)
{
    size_t len = 0;

    text[0] = '\0';
    while (len + 1 < size && (word == NULL || strstr(text, word) == NULL)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&p, 1, 20000) <= 0) fail_msg("nothing came; so far: %s", text);
        n = recv(fd, text + len, size - 1 - len, 0);
        if (n <= 0) break;
        len += (size_t)n;
        text[len] = '\0';
    }
    return len;
}

static char answer[1 << 20];

/* The whole answer to a request that asks for the end of the connection. */
static const char *asked(const char *request)
{
    int fd = connect_to(port);

    send_text(fd, request);
    read_until(fd, answer, sizeof answer, NULL);
    close(fd);
    return answer;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The same of what may be no request at all: it ends with the client's half. */
static void sent_and_shut(const char *text)
{
    int fd = connect_to(port);

    send_text(fd, text);
    shutdown(fd, SHUT_WR);
    read_until(fd, answer, sizeof answer, NULL);
    close(fd);
    assert_false(begins(answer, "HTTP/1.1 200"));
}

static void sent_and_left(const char *text)
{
    int fd = connect_to(port);

    send_text(fd, text);
    close(fd);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nConnection: close\r\n\r\n"

static int open_stream(const char *topics)
{
    char request[256];
    int fd = connect_to(port);

    snprintf(request, sizeof request,
             "GET /api/events?topics=%s HTTP/1.1\r\nHost: localhost:4000\r\n\r\n", topics);
    send_text(fd, request);
    return fd;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void answers_come_over_the_wire(void **state)
{
    (void)state;
    assert_true(begins(asked(GET("/healthz")), "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
    assert_true(begins(asked(GET("/api/session")), "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "\"token\":\""));
    assert_null(strcasestr(answer, "access-control-allow"));
    assert_true(begins(asked(GET("/api/processes?filter=Look%2EAgent")), "HTTP/1.1 200 "));
    assert_non_null(strstr(answer, "\"matched\":1"));
    assert_true(begins(asked("GET /api/session HTTP/1.1\r\nHost: evil.example\r\n"
                             "Connection: close\r\n\r\n"),
                       "HTTP/1.1 403 "));
    assert_true(begins(asked("POST /api/trace HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nOrigin: "
                             "http://evil.example\r\nContent-Length: 2\r\nConnection: "
                             "close\r\n\r\n{}"),
                       "HTTP/1.1 403 "));
    assert_true(begins(asked(GET("/api/processes/0.1%00.0")), "HTTP/1.1 4"));
    assert_true(begins(asked(GET("/assets/..%2f..%2fetc%2fpasswd")), "HTTP/1.1 404 "));
    assert_null(strstr(answer, "root:"));
}

static void rubbish_is_refused(void **state)
{
    static const char long_body[] = "POST /api/trace HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n"
                                    "Content-Length: 70000\r\nConnection: close\r\n\r\n";
    static char large[200000];

    (void)state;
    sent_and_shut("\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03\r\n\r\n");
    sent_and_shut("GET\r\n\r\n");
    sent_and_left("\r\n\r\n\r\n\r\n");
    sent_and_left(
        "POST /api/trace HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nContent-Length: 100\r\n\r\n{");
    memset(large, 'a', sizeof large - 1);
    memcpy(large, "GET /", 5);
    memcpy(large + sizeof large - 50, " HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n", 36);
    asked(large);
    assert_false(begins(answer, "HTTP/1.1 200"));
    memcpy(large, "GET / HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nX-Long: ", 46);
    asked(large);
    assert_false(begins(answer, "HTTP/1.1 200"));
    memset(large, ' ', 80000);
    large[70200] = '\0';
    memcpy(large, long_body, strlen(long_body));
    assert_true(begins(asked(large), "HTTP/1.1 413 "));
    /* What the server says by itself has the shape and the headers of all answers. */
    assert_non_null(strcasestr(answer, "\r\ncontent-security-policy: default-src 'none'"));
    assert_non_null(strstr(answer, "\r\n\r\n{\"error\":{"));
    assert_non_null(strstr(answer, "\"kind\":\"too_large\""));
    /* It has stayed as it was. */
    assert_true(begins(asked(GET("/healthz")), "HTTP/1.1 200 "));
}

/* --- Streams ---------------------------------------------------------------------------------- */

static cop_next kill_agent(cop_term arg)
{
    (void)arg;
    cop_exit_process(cop_whereis(COP("Look.Agent")), COP(":kill"));
    return cop_end();
}

static void a_stream_tells_what_happens(void **state)
{
    int fd = open_stream("system,load,tree,crashes,log,processes");

    (void)state;
    read_until(fd, answer, sizeof answer, "event: system");
    assert_true(begins(answer, "HTTP/1.1 200 "));
    assert_non_null(strcasestr(answer, "content-type: text/event-stream"));
    assert_non_null(strstr(answer, "event: hello\ndata: {"));
    cop_run(kill_agent, cop_nil(), NULL, 0);
    read_until(fd, answer, sizeof answer, "\"event\":\"start\"");
    read_until(fd, answer, sizeof answer, "event: load");
    close(fd);
}

static void events_of_a_kill_are_all_there(void **state)
{
    int fd = open_stream("tree,crashes");

    (void)state;
    read_until(fd, answer, sizeof answer, "event: hello");
    cop_run(kill_agent, cop_nil(), NULL, 0);
    read_until(fd, answer, sizeof answer, "event: crash");
    close(fd);
    assert_non_null(strstr(answer, "event: tree\ndata: {\"events\":[{"));
    assert_non_null(strstr(answer, "\"event\":\"exit\""));
    assert_non_null(strstr(answer, "\"event\":\"restart\""));
    assert_non_null(strstr(answer, "\"words\":\"killed\""));
}

static void unknown_topics_are_refused(void **state)
{
    (void)state;
    assert_true(begins(asked(GET("/api/events?topics=system,rubbish")), "HTTP/1.1 400 "));
    assert_true(begins(asked(GET("/api/events?topics=log&level=loud")), "HTTP/1.1 400 "));
}

static void wait_for_streams(int left)
{
    /* Slots come free as the server notices that its viewers are gone. */
    for (int i = 0; i < 400; i++) {
        int fd = open_stream("load");
        bool is_open;

        read_until(fd, answer, sizeof answer, "\r\n\r\n");
        is_open = begins(answer, "HTTP/1.1 200 ");
        close(fd);
        if (is_open) return;
        poll(NULL, 0, 50);
    }
    fail_msg("no stream came free (%d)", left);
}

/* Both ends of each connection are here. */
static void allow_files(rlim_t wanted)
{
    struct rlimit limit;

    assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* So many viewers at once: 64 of them are served, the others told so as their turn comes (the
 * server talks to 256 at a time). */
static void only_so_many_streams(void **state)
{
    enum { MANY = 1000 };
    static struct pollfd fds[MANY];
    int open = 0, refused = 0;

    (void)state;
    allow_files(3000);
    for (int i = 0; i < MANY; i++)
        fds[i] = (struct pollfd){.fd = open_stream("load"), .events = POLLIN};
    while (open + refused < MANY) {
        if (poll(fds, MANY, 60000) <= 0) fail_msg("%d open, %d refused", open, refused);
        for (int i = 0; i < MANY; i++) {
            if (fds[i].revents == 0) continue;
            read_until(fds[i].fd, answer, sizeof answer, "\r\n\r\n");
            if (begins(answer, "HTTP/1.1 200 ")) {
                open++;
                fds[i].events = 0; /* it stays */
            } else {
                assert_true(begins(answer, "HTTP/1.1 503 "));
                refused++;
                close(fds[i].fd);
                fds[i].fd = -1;
            }
        }
    }
    assert_int_equal(64, open);
    assert_int_equal(MANY - 64, refused);
    assert_true(begins(asked(GET("/healthz")), "HTTP/1.1 200 ")); /* others are served */
    for (int i = 0; i < MANY; i++)
        if (fds[i].fd >= 0) close(fds[i].fd);
    wait_for_streams(MANY);
}

static cop_next make_noise(cop_term arg)
{
    static const char words[] = "a line of the log that nobody reads: ........................";

    (void)arg;
    for (int i = 0; i < 20000; i++) {
        cop_log(COP_DEBUG_LEVEL, "%d %s%s%s%s", i, words, words, words, words);
        if (i % 500 == 0) cop_sleep(1);
    }
    return cop_end();
}

static void drop_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

static void a_viewer_that_stops_reading_holds_nobody_up(void **state)
{
    int size = 4096, slow = connect_to(port);
    struct cop_node_figures before, after;

    (void)state;
    setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    send_text(slow,
              "GET /api/events?topics=log,system,load,tree HTTP/1.1\r\nHost: localhost:4000\r\n"
              "\r\n");
    cop_log_to(drop_log, NULL, COP_DEBUG_LEVEL);
    cop_read_node(&before);
    cop_run(make_noise, cop_nil(), NULL, 0);
    assert_true(begins(asked(GET("/api/log?limit=5")), "HTTP/1.1 200 "));
    cop_read_node(&after);
    /* What it has not read is not kept: bounded by the journals (8 MiB) and one buffer. */
    assert_true(after.memory_allocated < before.memory_allocated + (32 << 20));
    close(slow);
    cop_log_flush();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

/* --- The server dies -------------------------------------------------------------------------- */

static cop_next kill_server(cop_term arg)
{
    cop_pid old = cop_whereis(COP("Observer.Server"));

    (void)arg;
    cop_exit_process(old, COP(":kill"));
    while (cop_is_no_pid(cop_whereis(COP("Observer.Server"))) ||
           cop_pid_equal(cop_whereis(COP("Observer.Server")), old))
        cop_sleep(1);
    return cop_end();
}

static void killing_the_server_closes_its_streams_only(void **state)
{
    int fds[10];

    (void)state;
    for (int i = 0; i < 10; i++) {
        fds[i] = open_stream("tree,load");
        read_until(fds[i], answer, sizeof answer, "event: hello");
    }
    assert_true(cop_run(kill_server, cop_nil(), NULL, 0));
    for (int i = 0; i < 10; i++) {
        read_until(fds[i], answer, sizeof answer, NULL); /* to its end */
        close(fds[i]);
    }
    assert_true(cop_run(read_port, cop_nil(), NULL, 0));
    assert_true(begins(asked(GET("/api/session")), "HTTP/1.1 200 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_over_the_wire),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(a_stream_tells_what_happens),
        cmocka_unit_test(events_of_a_kill_are_all_there),
        cmocka_unit_test(unknown_topics_are_refused),
        cmocka_unit_test(only_so_many_streams),
        cmocka_unit_test(a_viewer_that_stops_reading_holds_nobody_up),
        cmocka_unit_test(killing_the_server_closes_its_streams_only),
    };

    return cmocka_run_group_tests(tests, up, observer_down);
}
