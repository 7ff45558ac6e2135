/* SPDX-License-Identifier: Apache-2.0 */
/* CLIENT over real sockets: who is connected, and who is to go. */
#include "kv_server_support.h"

/* Says CLIENT and these words. */
static void say_client(cop_term r, const char *words)
{
    cop_assert_equal(cop_ok(), cop_tcp_send(r, cop_format("CLIENT %s\r\n", words)));
}

/* The text that is the answer to it. */
static cop_bytes client(cop_term r, const char *words)
{
    say_client(r, words);
    return hear_bulk(r);
}

/* A client with a name, of the database 3. */
static cop_term called(const char *name)
{
    cop_term r = connect_redis();

    cop_assert_equal(cop_ok(),
                     cop_tcp_send(r, cop_format("SELECT 3\r\nCLIENT SETNAME %s\r\n", name)));
    hear(r, "+OK\r\n+OK\r\n");
    return r;
}

/* "127.0.0.1:1234" */
static cop_term address(cop_term name)
{
    cop_bytes host;
    int port;

    cop_assert_match(name, "{:ok, {host, port}}", host, port);
    return cop_format("%.*s:%d", (int)host.len, host.data, port);
}

static const char *text_of(cop_term binary)
{
    cop_bytes bytes = cop_to_bytes(binary);
    char *text = cop_alloc(bytes.len + 1);

    memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
    return text;
}

static int64_t id_of(cop_term r)
{
    cop_bytes line = client(r, "INFO");

    cop_assert(line.len > 3 && memcmp(line.data, "id=", 3) == 0);
    return strtoll(text_of(cop_binary(line.data + 3, line.len - 3)), NULL, 10);
}

/* A client's line without the numbers that a test cannot know: of its descriptor, and its ages. */
static cop_term line_of(cop_term r, const char *name)
{
    return cop_format("id=%lld addr=%s laddr=%s fd= name=%s age= idle= flags=N db=3 sub=0 psub=0 "
                      "ssub=0 multi=-1 user=default redir=-1 resp=2\n",
                      (long long)id_of(r), text_of(address(cop_tcp_sockname(r))),
                      text_of(address(cop_tcp_peername(r))), name);
}

/* The lines, without those numbers. */
static cop_term plain(cop_bytes lines)
{
    char *to = cop_alloc(lines.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < lines.len; i++) {
        to[len++] = lines.data[i];
        if ((len >= 4 && memcmp(to + len - 4, " fd=", 4) == 0) ||
            (len >= 5 && memcmp(to + len - 5, " age=", 5) == 0) ||
            (len >= 6 && memcmp(to + len - 6, " idle=", 6) == 0))
            while (i + 1 < lines.len && lines.data[i + 1] >= '0' && lines.data[i + 1] <= '9')
                i++;
    }
    return cop_binary(to, len);
}

/* By their ids, and each of those that are asked for. Clients of lines are not among them. */
static void clients_are_listed(void)
{
    cop_term lines = connect_lines(), a = called("a"), b = called("b");
    const char *line_a = text_of(line_of(a, "a")), *line_b = text_of(line_of(b, "b"));
    int64_t id_a = id_of(a), id_b = id_of(b);

    cop_assert(id_a < id_b);
    cop_assert_equal(line_a, plain(client(a, "INFO")));
    cop_assert_equal(line_b, plain(client(b, "INFO")));
    cop_assert_equal(cop_format("%s%s", line_a, line_b), plain(client(b, "LIST")));
    cop_assert_equal(cop_format("%s%s", line_a, line_b), plain(client(a, "LIST TYPE normal")));
    cop_assert_equal("", plain(client(a, "LIST TYPE pubsub")));
    cop_assert_equal(cop_format("%s%s", line_b, line_a),
                     plain(client(a, text_of(cop_format("LIST ID %lld 999999 %lld", (long long)id_b,
                                                        (long long)id_a)))));
    cop_tcp_close(lines);
    cop_tcp_close(a);
    close_and_wait(b);
}

/* In the third version it is a text for people. */
static void versions_are_shown(void)
{
    cop_term r = connect_redis();
    cop_bytes said;

    say(r, "HELLO 3\r\nCLIENT INFO\r\nQUIT\r\n");
    cop_assert_match(cop_tcp_recv(r, 300, WAIT_MS), "{:ok, said}", said);
    cop_assert(memmem(said.data, said.len, "\r\ntxt:id=", 9) != NULL);
    cop_tcp_close(r);
    wait_for_connections(0);
}

static void kill_by_id(cop_term r, cop_term other, const char *more, const char *answer)
{
    int64_t id = id_of(other);

    say_client(r, text_of(cop_format("KILL ID %lld%s", (long long)id, more)));
    hear(r, answer);
}

static void clients_are_killed(void)
{
    cop_term lines = connect_lines(), a = called("a"), b = called("b"), c = called("c");

    kill_by_id(a, b, "", ":1\r\n");
    hear_end(b);
    wait_for_connections(3);
    say_client(a, text_of(cop_format("KILL %s", text_of(address(cop_tcp_sockname(c))))));
    hear(a, "+OK\r\n");
    hear_end(c);
    wait_for_connections(2);
    say_client(a, "KILL 127.0.0.1:1");
    hear(a, "-ERR No such client\r\n");
    say(lines, "WHAT\n");
    hear(lines, "UNKNOWN COMMAND\r\n");
    cop_tcp_close(a);
    close_and_wait(lines);
}

/* Whoever kills is spared unless it says otherwise, and hears the answer then. */
static void who_kills_is_spared(void)
{
    cop_term a = called("a"), b = called("b"), c = called("c");
    const char *from_b = text_of(address(cop_tcp_sockname(b)));
    const char *to = text_of(address(cop_tcp_peername(a)));

    kill_by_id(a, a, "", ":0\r\n");
    say_client(a, text_of(cop_format("KILL ADDR %s TYPE pubsub", from_b)));
    hear(a, ":0\r\n");
    say_client(a, text_of(cop_format("KILL ADDR %s LADDR %s USER default", from_b, to)));
    hear(a, ":1\r\n");
    hear_end(b);
    say_client(a, text_of(cop_format("KILL LADDR %s", to)));
    hear(a, ":1\r\n");
    hear_end(c);
    kill_by_id(a, a, " SKIPME no", ":1\r\n");
    hear_end(a);
    wait_for_connections(0);
    a = called("a");
    say_client(a, text_of(cop_format("KILL %s", text_of(address(cop_tcp_sockname(a))))));
    hear(a, "+OK\r\n");
    hear_end(a);
    wait_for_connections(0);
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(clients_are_listed), TEST(versions_are_shown),
                                       TEST(clients_are_killed), TEST(who_kills_is_spared)};
    return cmocka_run_group_tests(tests, server_up, kv_group_teardown);
}
