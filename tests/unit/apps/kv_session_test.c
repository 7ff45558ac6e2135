/* SPDX-License-Identifier: Apache-2.0 */
/* Both protocols, without sockets: what is answered to what is said, however it is cut. */
#include "kv_talk.h"

#include "../../../apps/kv/turn.h"

#include <coppice/sys.h>

/* Takes the bucket away, so that the tests do not see each other's. */
static void forget(const char *name)
{
    cop_term bucket;

    if (cop_match(kv_registry_lookup(COP("KV.Registry"), cop_string(name)), "{:ok, bucket}",
                  bucket))
        cop_agent_stop(bucket, COP(":normal"), COP_INFINITY);
}

#define CHECK(protocol, said, answers)                                                             \
    do {                                                                                           \
        forget("b");                                                                               \
        forget("0");                                                                               \
        forget("1");                                                                               \
        cop_assert_equal(answers, talk_answers(protocol, said));                                   \
    } while (0)

/* --- Lines ------------------------------------------------------------------------------------ */

static void lines_of_the_guide(void)
{
    CHECK(KV_LINES, "CREATE b\r\n", "OK\r\n");
    CHECK(KV_LINES,
          "CREATE b\r\nPUT b milk 1\r\nPUT b eggs 3\r\nGET b milk\r\nDELETE b eggs\r\n"
          "GET b eggs\r\n",
          "OK\r\nOK\r\nOK\r\n1\r\nOK\r\nOK\r\n\r\nOK\r\n");
    CHECK(KV_LINES, "UNKNOWN shopping\r\n", "UNKNOWN COMMAND\r\n");
    CHECK(KV_LINES, "GET b eggs\r\n", "NOT FOUND\r\n");
    CHECK(KV_LINES, "PUT b eggs 1\r\nDELETE b eggs\r\nSUBSCRIBE b\r\n",
          "NOT FOUND\r\nNOT FOUND\r\nNOT FOUND\r\n");
}

static void lines_have_any_white_space(void)
{
    CHECK(KV_LINES, " \tCREATE\t\v b  \nPUT  b\f k\tv\nGET b k\n", "OK\r\nOK\r\nv\r\nOK\r\n");
    CHECK(KV_LINES, "\n \r\nCREATE\nCREATE b c\nPUT b k\nPUT b k v w\nGET b\nDELETE b\ncreate b\n",
          "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\n"
          "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\n"
          "UNKNOWN COMMAND\r\n");
}

/* Commands of two buckets, and those of none, are answered in their order. */
static void lines_are_answered_in_order(void)
{
    CHECK(KV_LINES,
          "CREATE b\nCREATE 1\nPUT b k x\nPUT 1 k y\nGET b k\nwhat\nGET 1 k\nGET none k\nGET b k\n",
          "OK\r\nOK\r\nOK\r\nOK\r\nx\r\nOK\r\nUNKNOWN COMMAND\r\ny\r\nOK\r\nNOT FOUND\r\n"
          "x\r\nOK\r\n");
}

static void a_line_that_is_too_long_ends_it(void)
{
    char text[220];
    struct talk t;

    memset(text, 'x', sizeof(text));
    talk_begin(&t, KV_LINES);
    talk_say(&t, text, 200);
    cop_assert(!t.is_over);
    talk_say(&t, "\n", 1);
    cop_assert(!t.is_over);
    cop_assert_equal("UNKNOWN COMMAND\r\n", cop_binary(t.said, t.len));
    talk_say(&t, text, 201);
    cop_assert(t.is_over);
    cop_assert_equal("UNKNOWN COMMAND\r\nERROR\r\n", cop_binary(t.said, t.len));
}

/* A bucket that ends between two commands is not found by the second. */
static void a_bucket_that_is_gone_is_not_found(void)
{
    struct talk t;

    forget("b");
    talk_begin(&t, KV_LINES);
    talk_say(&t, "CREATE b\nPUT b k v\n", 19);
    forget("b");
    talk_say(&t, "GET b k\n", 8);
    cop_assert_equal("OK\r\nOK\r\nNOT FOUND\r\n", cop_binary(t.said, t.len));
}

/* Reading takes no turn of the bucket, in a turn that writes nothing before. */
static void reading_does_not_wait_for_the_bucket(void)
{
    struct talk t;
    cop_term bucket;

    forget("b");
    talk_begin(&t, KV_LINES);
    talk_say(&t, "CREATE b\nPUT b k v\n", 19);
    talk_say(&t, "PUT b k w\nGET b k\n", 18); /* behind what is written in the same turn */
    talk_say(&t, "GET b k\n", 8);             /* the session learns of the table */
    cop_assert_equal("OK\r\nOK\r\nOK\r\nw\r\nOK\r\nw\r\nOK\r\n", cop_binary(t.said, t.len));
    t.len = 0;
    bucket = kv_bucket_called(COP("KV.Registry"), "b");
    cop_sys_suspend(bucket, COP_CALL_TIMEOUT);
    talk_say(&t, "GET b k\nGET b none\n", 19);
    cop_assert_equal("w\r\nOK\r\n\r\nOK\r\n", cop_binary(t.said, t.len));
    cop_sys_resume(bucket, COP_CALL_TIMEOUT);
}

/* What a session knows of one bucket it does not tell of another. */
static void reading_is_from_the_bucket_that_is_named(void)
{
    CHECK(KV_LINES, "CREATE b\nCREATE 1\nPUT b k x\nPUT 1 k y\nwhat\nGET b k\nGET 1 k\nGET b k\n",
          "OK\r\nOK\r\nOK\r\nOK\r\nUNKNOWN COMMAND\r\nx\r\nOK\r\ny\r\nOK\r\nx\r\nOK\r\n");
}

static void answer_is_not_for_us(struct kv_session *session, cop_term answer)
{
    (void)session;
    cop_raise("RuntimeError", "%s", cop_to_bytes(cop_inspect(answer)).data);
}

/* A bucket may end between the look for it and the reading. */
static void a_bucket_may_end_before_it_is_read(void)
{
    struct talk t;
    struct kv_turn turn = {.session = &t.session};
    cop_term bucket;

    forget("b");
    talk_begin(&t, KV_LINES);
    talk_say(&t, "CREATE b\nPUT b k v\n", 19);
    talk_say(&t, "GET b k\n", 8);
    bucket = kv_bucket_called(COP("KV.Registry"), "b");
    forget("b");
    t.len = 0;
    kv_turn_read(&turn, cop_to_pid(bucket), cop_string("k"), answer_is_not_for_us);
    kv_out_flush(kv_turn_out(&turn));
    cop_assert_equal("NOT FOUND\r\n", cop_binary(t.said, t.len));
}

static void subscribers_are_told(void)
{
    struct talk t;
    cop_term event;

    forget("b");
    talk_begin(&t, KV_LINES);
    talk_say(&t, "CREATE b\nSUBSCRIBE b\n", 21);
    cop_assert_equal("OK\r\n", cop_binary(t.said, t.len));
    cop_assert_equal("OK\r\nOK\r\n", talk_answers(KV_LINES, "PUT b milk 3\nDELETE b milk\n"));
    t.len = 0;
    while (cop_receive(&event, 0))
        cop_assert(kv_session_event(&t.session, event) == KV_WAIT);
    cop_assert_equal("milk SET TO 3\r\nmilk DELETED\r\n", cop_binary(t.said, t.len));
    t.len = 0;
    kv_bucket_put(kv_bucket_called(COP("KV.Registry"), "b"), COP(":eggs"), COP("[1]"));
    cop_assert(cop_receive(&event, 0));
    cop_assert(kv_session_event(&t.session, event) == KV_WAIT);
    cop_assert_equal(":eggs SET TO [1]\r\n", cop_binary(t.said, t.len));
    t.len = 0;
    cop_assert(kv_session_event(&t.session, COP("{:dropped}")) == KV_OVER);
    cop_assert_equal("ERROR\r\n", cop_binary(t.said, t.len));
}

/* --- Browsers --------------------------------------------------------------------------------- */

/* What is said ends the session: of the commands before it there are these answers, and those
 * behind it are not done. */
static void check_http(enum kv_protocol protocol, const char *said, const char *answers)
{
    struct talk t;

    talk_begin(&t, protocol);
    talk_say(&t, said, strlen(said));
    cop_assert(t.is_over);
    cop_assert_equal(answers, cop_binary(t.said, t.len));
}

static void http_requests_end_a_session(void)
{
    forget("b");
    check_http(KV_LINES, "POST / HTTP/1.1\r\n\r\nCREATE b\r\n", "");
    check_http(KV_LINES, "post\nCREATE b\n", "");
    check_http(KV_LINES, "WHAT\nhOST: localhost\nCREATE b\n", "UNKNOWN COMMAND\r\n");
    check_http(KV_LINES, "GET / HTTP/1.1\r\nCREATE b\n", "");
    check_http(KV_RESP, "POST / HTTP/1.1\r\nSELECT 1\r\n", "");
    check_http(KV_RESP, "PING\r\nhost:\r\nPING\r\n", "+PONG\r\n");
    check_http(KV_RESP, "*1\r\n$4\r\nPost\r\nPING\r\n", "");
    cop_assert_equal(COP(":error"), kv_registry_lookup(COP("KV.Registry"), cop_string("b")));
}

static void what_is_like_http_does_not(void)
{
    CHECK(KV_LINES, "POSTS\nHost\nGET b HTTP\nGET b xHTTP/\nPUT b HTTP/1.1 1\n",
          "UNKNOWN COMMAND\r\nUNKNOWN COMMAND\r\nNOT FOUND\r\nNOT FOUND\r\nNOT FOUND\r\n");
    CHECK(KV_RESP, "GET HTTP/1.1\r\nSET POST Host:\r\nGET POST\r\n",
          "$-1\r\n+OK\r\n$5\r\nHost:\r\n");
}

/* --- RESP ------------------------------------------------------------------------------------- */

static void redis_keys_and_values(void)
{
    CHECK(KV_RESP, "SET a 1\r\nGET a\r\nGET b\r\nDEL a b\r\nGET a\r\n",
          "+OK\r\n$1\r\n1\r\n$-1\r\n:1\r\n$-1\r\n");
    CHECK(KV_RESP, "MSET a 1 b 2\r\nMGET a x b\r\nEXISTS a a x\r\nDBSIZE\r\nFLUSHDB\r\nDBSIZE\r\n",
          "+OK\r\n*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n:2\r\n:2\r\n+OK\r\n:0\r\n");
    CHECK(KV_RESP,
          "INCR n\r\nINCR n\r\nSET n x\r\nINCR n\r\nSET n 9223372036854775807\r\nINCR n\r\n",
          ":1\r\n:2\r\n+OK\r\n-ERR value is not an integer or out of range\r\n+OK\r\n"
          "-ERR increment or decrement would overflow\r\n");
    CHECK(KV_RESP, "SET k v NX\r\nSET k w nx\r\nSET q w XX\r\nSET k w xx\r\nGET k\r\n",
          "+OK\r\n$-1\r\n$-1\r\n+OK\r\n$1\r\nw\r\n");
    CHECK(KV_RESP, "SET abc 1\r\nSET abd 2\r\nKEYS a?c\r\nKEYS x*\r\n",
          "+OK\r\n+OK\r\n*1\r\n$3\r\nabc\r\n*0\r\n");
}

static void redis_binary_safe(void)
{
    static const char set[] = "*3\r\n$3\r\nset\r\n$4\r\n\r\n\0a\r\n$3\r\n\xff\0\n\r\n";
    static const char get[] = "*2\r\n$3\r\nGET\r\n$4\r\n\r\n\0a\r\n";
    static const char answers[] = "+OK\r\n$3\r\n\xff\0\n\r\n";
    struct talk t;

    forget("0");
    talk_begin(&t, KV_RESP);
    talk_say(&t, set, sizeof(set) - 1);
    talk_say(&t, get, sizeof(get) - 1);
    cop_assert_equal(cop_binary(answers, sizeof(answers) - 1), cop_binary(t.said, t.len));
}

static void redis_times(void)
{
    CHECK(KV_RESP,
          "SET k v\r\nTTL k\r\nEXPIRE k 100\r\nTTL k\r\nSET k v EX 50\r\nTTL k\r\nSET k v\r\nTTL "
          "k\r\n"
          "SET k v PX 20000\r\nTTL k\r\nINCR k\r\nTTL k\r\nEXPIRE k 0\r\nTTL k\r\nEXPIRE k 1\r\n",
          "+OK\r\n:-1\r\n:1\r\n:100\r\n+OK\r\n:50\r\n+OK\r\n:-1\r\n+OK\r\n:20\r\n"
          "-ERR value is not an integer or out of range\r\n:20\r\n:1\r\n:-2\r\n:0\r\n");
    CHECK(KV_RESP, "SET n 1 EX 100\r\nINCR n\r\nTTL n\r\n", "+OK\r\n:2\r\n:100\r\n");
}

static void redis_databases(void)
{
    CHECK(KV_RESP,
          "SET k zero\r\nSELECT 1\r\nGET k\r\nSET k one\r\nSELECT 0\r\nGET k\r\nSELECT 16\r\n"
          "SELECT -1\r\nSELECT x\r\n",
          "+OK\r\n+OK\r\n$-1\r\n+OK\r\n+OK\r\n$4\r\nzero\r\n-ERR DB index is out of range\r\n"
          "-ERR DB index is out of range\r\n-ERR value is not an integer or out of range\r\n");
    /* They are buckets like any other. */
    cop_assert_equal("one\r\nOK\r\n", talk_answers(KV_LINES, "GET 1 k\r\n"));
}

static void redis_connection(void)
{
    CHECK(KV_RESP, "PING\r\nping x\r\nECHO \"a\\tb\"\r\nQUIT\r\nPING\r\n",
          "+PONG\r\n$1\r\nx\r\n$3\r\na\tb\r\n+OK\r\n");
    CHECK(KV_RESP, "CLIENT GETNAME\r\nCLIENT SETNAME me\r\nCLIENT GETNAME\r\nCLIENT ID\r\n",
          "$-1\r\n+OK\r\n$2\r\nme\r\n:7\r\n");
    CHECK(KV_RESP, "CONFIG GET sa*\r\nCOMMAND COUNT\r\nCOMMAND DOCS\r\nINFO x\r\n",
          "*2\r\n$4\r\nsave\r\n$0\r\n\r\n:21\r\n*0\r\n$0\r\n\r\n");
    CHECK(KV_RESP, "COMMAND INFO nothing expire\r\nHELLO 3 AUTH default x SETNAME y\r\n",
          "*2\r\n*-1\r\n*6\r\n$6\r\nexpire\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:1\r\n:1\r\n"
          "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:"
          "3\r\n$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n"
          "$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n");
    CHECK(KV_RESP, "HELLO 3\r\nINFO x\r\n",
          "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:"
          "3\r\n$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n"
          "$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n=4\r\ntxt:\r\n");
    CHECK(KV_RESP, "HELLO 3\r\nGET k\r\nMGET k\r\nCONFIG GET save\r\nHELLO 2\r\n",
          "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:"
          "3\r\n"
          "$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
          "$7\r\nmodules\r\n*0\r\n_\r\n*1\r\n_\r\n%1\r\n$4\r\nsave\r\n$0\r\n\r\n"
          "*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:"
          "2\r\n"
          "$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
          "$7\r\nmodules\r\n*0\r\n");
}

/* The words are those of a real redis-server 7.0.15, asked the same. */
static void redis_errors(void)
{
    static const char *const cases[][2] = {
        {"FOO a b", "ERR unknown command 'FOO', with args beginning with: 'a' 'b' "},
        {"\"\"", "ERR unknown command '', with args beginning with: "},
        {"GET", "ERR wrong number of arguments for 'get' command"},
        {"PING a b", "ERR wrong number of arguments for 'ping' command"},
        {"MSET a b c", "ERR wrong number of arguments for 'mset' command"},
        {"DBSIZE x", "ERR wrong number of arguments for 'dbsize' command"},
        {"SET a b EX 0", "ERR invalid expire time in 'set' command"},
        {"SET a b EX 99999999999999999", "ERR invalid expire time in 'set' command"},
        {"SET a b EX abc", "ERR value is not an integer or out of range"},
        {"SET a b FOO", "ERR syntax error"},
        {"SET a b NX XX", "ERR syntax error"},
        {"SET a b EX 10 PX 3", "ERR syntax error"},
        {"SET a b EX", "ERR syntax error"},
        {"EXPIRE a x", "ERR value is not an integer or out of range"},
        {"EXPIRE a 99999999999999999", "ERR invalid expire time in 'expire' command"},
        {"FLUSHDB x", "ERR syntax error"},
        {"CONFIG GET", "ERR wrong number of arguments for 'config|get' command"},
        {"CONFIG FOO", "ERR unknown subcommand 'FOO'. Try CONFIG HELP."},
        {"CONFIG", "ERR wrong number of arguments for 'config' command"},
        {"CLIENT ID x", "ERR wrong number of arguments for 'client|id' command"},
        {"CLIENT SETNAME", "ERR wrong number of arguments for 'client|setname' command"},
        {"COMMAND COUNT x", "ERR wrong number of arguments for 'command|count' command"},
        {"SELECT 01", "ERR value is not an integer or out of range"},
        {"SELECT 2147483648", "ERR value is out of range, value must between -2147483648 and "
                              "2147483647"},
        {"SET a b EX 010", "ERR value is not an integer or out of range"},
        {"EXPIRE a -0", "ERR value is not an integer or out of range"},
        {"CLIENT \"\"", "ERR unknown subcommand ''. Try CLIENT HELP."},
        {"CLIENT FOO", "ERR unknown subcommand 'FOO'. Try CLIENT HELP."},
        {"COMMAND FOO", "ERR unknown subcommand 'FOO'. Try COMMAND HELP."},
        {"CLIENT SETNAME \"a b\"",
         "ERR Client names cannot contain spaces, newlines or special characters."},
        {"HELLO 4", "NOPROTO unsupported protocol version"},
        {"HELLO x", "ERR Protocol version is not an integer or out of range"},
        {"HELLO 3 FOO", "ERR Syntax error in HELLO option 'FOO'"},
        {"HELLO 3 AUTH a b", "WRONGPASS invalid username-password pair or user is disabled."},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char said[200], answer[200];

        (void)snprintf(said, sizeof(said), "%s\r\nPING\r\n", cases[i][0]);
        (void)snprintf(answer, sizeof(answer), "-%s\r\n+PONG\r\n", cases[i][1]);
        cop_assert_equal(answer, talk_answers(KV_RESP, said));
    }
}

/* After these nobody knows where the next command begins. */
static void redis_protocol_errors(void)
{
    static const char *const cases[][2] = {
        {"*x\r\n", "invalid multibulk length"},
        {"*301\r\n", "invalid multibulk length"},
        {"*01\r\n", "invalid multibulk length"},
        {"*1\r\n+x", "expected '$', got '+'"},
        {"*1\r\n\r\n", "expected '$', got ' '"},
        {"*1\r\n$x\r\n", "invalid bulk length"},
        {"*1\r\n$-1\r\n", "invalid bulk length"},
        {"*1\r\n$1001\r\n", "invalid bulk length"},
        {"*5\r\n$4\r\nMGET\r\n$1000\r\n", NULL},
        {"GET \"a\r\n", "unbalanced quotes in request"},
        {"ECHO \"a\"b\r\n", "unbalanced quotes in request"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct talk t;

        talk_begin(&t, KV_RESP);
        talk_say(&t, cases[i][0], strlen(cases[i][0]));
        if (cases[i][1] == NULL) {
            cop_assert_equal("", cop_binary(t.said, t.len));
            cop_assert(!t.is_over);
            continue;
        }
        cop_assert_equal(cop_format("-ERR Protocol error: %s\r\n", cases[i][1]),
                         cop_binary(t.said, t.len));
        cop_assert(t.is_over);
    }
}

/* --- However it is cut ------------------------------------------------------------------------ */

/* Cut at each place, and into single bytes, a text has the answers that it has in one piece. */
static void check_cuts(enum kv_protocol protocol, const char *text, size_t len)
{
    cop_term whole;
    struct talk t;

    forget("0");
    talk_begin(&t, protocol);
    talk_say(&t, text, len);
    whole = cop_binary(t.said, t.len);
    for (size_t cut = 0; cut <= len; cut++) {
        forget("0");
        talk_begin(&t, protocol);
        if (cut == 0) {
            for (size_t i = 0; i < len; i++)
                talk_say(&t, text + i, 1);
        } else {
            talk_say(&t, text, cut);
            talk_say(&t, text + cut, len - cut);
        }
        cop_assert_equal(whole, cop_binary(t.said, t.len));
        cop_assert_equal(0, t.session.pending_capacity);
    }
}

static void cuts_change_nothing(void)
{
    static const char lines[] = "CREATE 0\r\nPUT 0 milk 1\n\nGET 0 milk\r\nGET 0 x\r\nfoo\n";
    static const char resp[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\nb\r\r\nGET k\r\n*0\r\n\r\n"
                               "PING \"a b\"\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$3\r\nFOO\r\n";

    check_cuts(KV_LINES, lines, sizeof(lines) - 1);
    check_cuts(KV_RESP, resp, sizeof(resp) - 1);
}

/* --- Room ------------------------------------------------------------------------------------- */

/* What is kept of a large command is told, as it grows, and given back when it is whole. Small ones
 * are not worth a word. */
static void what_is_kept_is_told(void)
{
    char piece[2000];
    struct talk t;

    memset(piece, 'x', sizeof(piece));
    talk_begin(&t, KV_RESP);
    t.session.limits.bulk = t.session.limits.command = 100000;
    talk_room = SIZE_MAX;
    talk_holds = 0;
    talk_say(&t, "*2\r\n$4\r\nECHO\r\n$16000\r\n", 22);
    talk_say(&t, piece, sizeof(piece));
    cop_assert_equal(0, talk_holds);
    cop_assert(t.session.pending_capacity <= KV_PENDING_FREE);
    for (int i = 1; i < 8; i++)
        talk_say(&t, piece, sizeof(piece));
    cop_assert_equal(t.session.pending_capacity, t.session.held);
    cop_assert(t.session.held >= 16000 && t.session.held < 2 * 16100);
    cop_assert(talk_holds > 0 && talk_holds < 4);
    talk_holds = 0;
    talk_say(&t, "\r\n", 2);
    cop_assert_equal(1, talk_holds);
    cop_assert_equal(0, t.session.held);
    cop_assert_equal(8 + 16000 + 2, t.len);
}

static void without_room_a_session_is_over(void)
{
    char piece[5000];
    struct talk t;

    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 2; i++) {
        talk_begin(&t, i == 0 ? KV_LINES : KV_RESP);
        t.session.limits.line = t.session.limits.bulk = t.session.limits.command = 100000;
        talk_room = 0;
        const char *begin = i == 0 ? "WHAT\nWHAT" : "PING\r\n*1\r\n$9000\r\n";
        talk_say(&t, begin, strlen(begin));
        cop_assert(!t.is_over);
        talk_say(&t, piece, sizeof(piece));
        cop_assert(t.is_over);
        cop_assert_equal(i == 0 ? "UNKNOWN COMMAND\r\nERROR\r\n"
                                : "+PONG\r\n-ERR too much is held of commands that are not "
                                  "complete\r\n",
                         cop_binary(t.said, t.len));
    }
    talk_room = SIZE_MAX;
}

/* --- Much ------------------------------------------------------------------------------------- */

/* A pipeline of more commands than a turn takes is answered in order, in few pieces. */
static void pipelines_are_answered_in_few_pieces(void)
{
    char text[300 * 8 + 1];
    size_t len = 0;
    struct talk t;

    forget("0");
    for (int i = 0; i < 300; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "INCR n\r\n");
    talk_begin(&t, KV_RESP);
    talk_say(&t, text, len);
    cop_assert_equal(3, t.sends);
    cop_assert(t.len > 12 && memcmp(t.said + t.len - 12, ":299\r\n:300\r\n", 12) == 0);
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(lines_of_the_guide),
                                       TEST(lines_have_any_white_space),
                                       TEST(lines_are_answered_in_order),
                                       TEST(a_line_that_is_too_long_ends_it),
                                       TEST(what_is_kept_is_told),
                                       TEST(without_room_a_session_is_over),
                                       TEST(a_bucket_that_is_gone_is_not_found),
                                       TEST(reading_does_not_wait_for_the_bucket),
                                       TEST(reading_is_from_the_bucket_that_is_named),
                                       TEST(a_bucket_may_end_before_it_is_read),
                                       TEST(subscribers_are_told),
                                       TEST(http_requests_end_a_session),
                                       TEST(what_is_like_http_does_not),
                                       TEST(redis_keys_and_values),
                                       TEST(redis_binary_safe),
                                       TEST(redis_times),
                                       TEST(redis_databases),
                                       TEST(redis_connection),
                                       TEST(redis_errors),
                                       TEST(redis_protocol_errors),
                                       TEST(cuts_change_nothing),
                                       TEST(pipelines_are_answered_in_few_pieces)};
    return cmocka_run_group_tests(tests, kv_group_setup, kv_group_teardown);
}
