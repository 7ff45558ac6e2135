/* SPDX-License-Identifier: Apache-2.0 */
/* The scans of both protocols: which commands are in a text, however it is cut; and patterns. */
#include "support/cmocka_all.h"

#include "../../../apps/kv/scan.h"
#include "../../../apps/kv/store.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 4096

static const struct kv_limits limits = {.line = 40, .bulk = 30, .words = 6, .command = 80};

/* The words of all commands in a text, as text of their own: "[GET][k]\n". */
struct found {
    char text[4 * TEXT_MAX];
    size_t len;
};

static void add(struct found *f, const char *data, size_t len)
{
    assert_true(f->len + len < sizeof(f->text));
    memcpy(f->text + f->len, data, len);
    f->len += len;
}

static void add_words(struct found *f, const struct kv_words *words)
{
    for (size_t i = 0; i < words->len; i++) {
        add(f, "[", 1);
        add(f, words->items[i].data, words->items[i].len);
        add(f, "]", 1);
    }
    add(f, "\n", 1);
}

static enum kv_scan next(bool is_resp, struct kv_line_scan *line, struct kv_resp_scan *resp,
                         cop_bytes input, size_t *ret_len, char *ret_why)
{
    return is_resp ? kv_resp_scan(resp, input, &limits, ret_len, ret_why)
                   : kv_line_scan(line, input, &limits, ret_len);
}

/* Scans text, of which the first cut bytes come at first, and the rest in steps. */
static void scan_all(bool is_resp, const char *text, size_t len, size_t cut, size_t step,
                     struct found *f)
{
    struct kv_line_scan line = {0};
    struct kv_resp_scan resp = {0};
    struct kv_words words;
    size_t at = 0, size;
    char why[64] = "";

    f->len = 0;
    for (size_t have = cut;; have = have + step < len ? have + step : len) {
        enum kv_scan found;

        while ((found = next(is_resp, &line, &resp, (cop_bytes){text + at, have - at}, &size,
                             why)) == KV_SCAN_COMMAND) {
            cop_bytes command = {text + at, size};

            assert_true(size > 0 && size <= have - at);
            kv_words_init(&words);
            if (is_resp && !kv_resp_words(command, &words)) add(f, "quotes", 6);
            if (!is_resp) kv_line_words(command, &words);
            add_words(f, &words);
            kv_words_free(&words);
            at += size;
        }
        if (found == KV_SCAN_BAD) {
            add(f, "bad ", 4);
            add(f, why, strlen(why));
            return;
        }
        if (have == len) break;
    }
    add(f, "left ", 5);
    add(f, text + at, len - at);
}

static void check(bool is_resp, const char *text, size_t len, const char *expected)
{
    static struct found whole, cut;

    scan_all(is_resp, text, len, len, 1, &whole);
    if (expected) {
        whole.text[whole.len] = 0;
        assert_string_equal(whole.text, expected);
    }
    for (size_t i = 0; i <= len; i++) {
        scan_all(is_resp, text, len, i, i == 0 ? 1 : len, &cut);
        assert_int_equal(cut.len, whole.len);
        assert_memory_equal(cut.text, whole.text, whole.len);
    }
}

#define LINES(text, expected) check(false, text, sizeof(text) - 1, expected)
#define RESP(text, expected)  check(true, text, sizeof(text) - 1, expected)
#define TEN                   "0123456789"

static void lines(void **state)
{
    (void)state;
    LINES("", "left ");
    LINES("GET b k\r\nPUT", "[GET][b][k]\nleft PUT");
    LINES(" \t\v\f\r a\xff\tb \n\n\r\n", "[a\xff][b]\n\n\nleft ");
    LINES("1 2 3 4 5 6 7 8 9 10\n", "[1][2][3][4][5][6][7][8][9][10]\nleft ");
    LINES(TEN TEN TEN TEN "\n", "[" TEN TEN TEN TEN "]\nleft ");
    LINES(TEN TEN TEN TEN, "left " TEN TEN TEN TEN);
    LINES("a\n" TEN TEN TEN TEN "x", "[a]\nbad ");
}

static void arrays(void **state)
{
    (void)state;
    RESP("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPI", "[GET][k]\nleft *1\r\n$4\r\nPI");
    RESP("*0\r\n*-1\r\n*1\r\n$0\r\n\r\n", "\n\n[]\nleft ");
    RESP("*1\r\n$4\r\n\r\n*$\r\n", "[\r\n*$]\nleft ");
    RESP("*6\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n",
         "[a][b][c][d][e][f]\nleft ");
    RESP("*7\r\n", "bad Protocol error: invalid multibulk length");
    RESP("*\r\n", "bad Protocol error: invalid multibulk length");
    RESP("*-\r\n", "bad Protocol error: invalid multibulk length");
    RESP("*1x\r\n", "bad Protocol error: invalid multibulk length");
    RESP("*1\rx", "bad Protocol error: invalid multibulk length");
    RESP("*9999999999999999999999\r\n", "bad Protocol error: invalid multibulk length");
    RESP("*" TEN TEN TEN "12", "bad Protocol error: invalid multibulk length");
    RESP("*" TEN TEN TEN "1", "left *" TEN TEN TEN "1");
    RESP("*1\r\n$30\r\n", "left *1\r\n$30\r\n");
    RESP("*1\r\n$31\r\n", "bad Protocol error: invalid bulk length");
    RESP("*1\r\n$-1\r\n", "bad Protocol error: invalid bulk length");
    RESP("*1\r\nGET", "bad Protocol error: expected '$', got 'G'");
    RESP("*3\r\n$30\r\n" TEN TEN TEN "\r\n$30\r\n", "left *3\r\n$30\r\n" TEN TEN TEN "\r\n$30\r\n");
    RESP("*3\r\n$30\r\n" TEN TEN TEN "\r\n$5\r\n01234\r\n$30\r\n",
         "bad Protocol error: too big command");
}

static void inline_commands(void **state)
{
    (void)state;
    RESP("PING\r\n  \r\nSET k  v\n", "[PING]\n\n[SET][k][v]\nleft ");
    RESP("a \"b c\" 'd e' \"\" ''\n", "[a][b c][d e][][]\nleft ");
    RESP("\"\\n\\r\\t\\a\\b\\x41\\x4g\\\"\\q\" '\\n\\''\n", "[\n\r\t\a\bAx4g\"q][\\n']\nleft ");
    RESP("a\"b\" c\n", "[ab][c]\nleft ");
    RESP("\"a\nb\n", "quotes\n[b]\nleft ");
    RESP("'a\n\"a\"b\n", "quotes\nquotes\nleft ");
    RESP(TEN TEN TEN TEN "\n" TEN TEN TEN TEN "x\n",
         "[" TEN TEN TEN TEN "]\nbad Protocol error: too big inline request");
}

/* Any bytes: what is found does not depend on how they are cut. */
static void any_bytes(void **state)
{
    static const char *const parts[] = {"*2\r\n", "$3\r\n", "GET", "\r\n", "$1\r\nk\r\n", "\n",
                                        " ",      "\"",     "'",   "*",    "\\x4",        "$"};
    uint64_t seed = 1;
    char text[200];

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t len = 0;

        for (int i = 0; i < 12; i++) {
            const char *part;

            seed = seed * 6364136223846793005U + 1442695040888963407U;
            part = parts[(seed >> 33) % (sizeof(parts) / sizeof(parts[0]))];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        check(true, text, len, NULL);
        check(false, text, len, NULL);
    }
}

static bool glob(const char *pattern, const char *text)
{
    return kv_glob_match((cop_bytes){pattern, strlen(pattern)}, (cop_bytes){text, strlen(text)});
}

static void patterns(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*b*", "abc", true},
        {"a*c*e", "abcde", true},
        {"a*c*f", "abcde", false},
        {"h?llo", "hello", true},
        {"h?llo", "hllo", false},
        {"h[ae]llo", "hallo", true},
        {"h[ae]llo", "hillo", false},
        {"h[^e]llo", "hallo", true},
        {"h[^e]llo", "hello", false},
        {"[a-c]x", "bx", true},
        {"[c-a]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"[\\]]", "]", true},
        {"[abc", "b", true},
        {"a\\", "a\\", true},
        {"**a**", "xxaxx", true},
        {"?", "", false},
        {"*a", "aaab", false},
        {"a?", "a", false},
        {"a", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (glob(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s and %s", cases[i].pattern, cases[i].text);
}

/* A pattern of stars does not take for ever. */
static void a_bad_pattern_is_quick(void **state)
{
    char pattern[64], text[4001];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "a*", 2);
    memcpy(pattern + sizeof(pattern) - 2, "b", 2);
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    assert_false(glob(pattern, text));
}

/* Redis' rule; what it says was asked of it: tests/scenario/kv_errors.in. */
static void integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"7", 7},
                {"-1", -1},
                {"10", 10},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      "-0",
                                      "00",
                                      "01",
                                      "-01",
                                      "1 ",
                                      " 1",
                                      "1.0",
                                      "1e1",
                                      "a",
                                      "0x1",
                                      "1a",
                                      "--1",
                                      "/",
                                      ":",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551617",
                                      "99999999999999999999"};
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(kv_to_int((cop_bytes){good[i].text, strlen(good[i].text)}, &value));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (kv_to_int((cop_bytes){bad[i], strlen(bad[i])}, &value)) fail_msg("%s", bad[i]);
    assert_false(kv_to_int((cop_bytes){"1\0", 2}, &value));
}

static int begin(void **state)
{
    *state = NULL;
    return cop_node_start(NULL);
}

static int end(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

static int open_region(void **state)
{
    *state = cop_region_open();
    return 0;
}

static int close_region(void **state)
{
    cop_region_close(*state);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, open_region, close_region)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines),     TEST(arrays),   TEST(inline_commands),
        TEST(any_bytes), TEST(patterns), TEST(a_bad_pattern_is_quick),
        TEST(integers),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
