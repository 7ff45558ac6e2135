/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "support/cmocka_all.h"

#include <string.h>

static bool is_scalar(uint32_t code)
{
    return code < 0xd800 || (code > 0xdfff && code < 0x110000);
}

static void test_each_code_point_there_and_back(void **state)
{
    char previous[COP__UTF8_MAX + 1] = "";

    (void)state;
    for (uint32_t code = 0; code < 0x110100; code++) {
        char bytes[COP__UTF8_MAX + 1] = {0};
        uint32_t back = UINT32_MAX;
        size_t len = cop__utf8_encode(code, bytes);

        if (!is_scalar(code)) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(len, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        assert_int_equal(cop__utf8_decode(bytes, len, &back), len);
        assert_int_equal(back, code);
        if (code > 1)
            assert_true(strcmp(previous, bytes) < 0); /* order of bytes is that of codes */
        memcpy(previous, bytes, sizeof bytes);
        /* Cut short, it is nothing. */
        back = 7;
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(cop__utf8_decode(bytes, cut, &back), 0);
        }
        assert_int_equal(back, 7);
    }
    assert_int_equal(cop__utf8_encode(UINT32_MAX, previous), 0);
}

static void test_known_texts(void **state)
{
    static const char text[] = "z\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb3";
    static const uint32_t codes[] = {'z', 0xe9, 0x20ac, 0x1f333};
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint32_t code;

        at += cop__utf8_decode(text + at, sizeof text - 1 - at, &code);
        assert_int_equal(code, codes[i]);
    }
    assert_int_equal(at, sizeof text - 1);
    assert_true(cop__utf8_valid(text, sizeof text - 1));
    assert_false(cop__utf8_valid(text, sizeof text - 2));
}

/* Well-formed sequences as the Unicode standard tabulates them (table 3-7): the second byte's range
 * depends on the first. Returns the length, or 0. */
static size_t tabulated_len(const unsigned char *at, size_t len)
{
    static const unsigned char rows[][5] = {
        /* first from, to; second from, to; length */
        {0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        const unsigned char *r = rows[row];

        if (at[0] < r[0] || at[0] > r[1]) continue;
        if (r[4] == 1) return 1;
        if (len < r[4] || at[1] < r[2] || at[1] > r[3]) return 0;
        for (size_t i = 2; i < r[4]; i++) {
            if (at[i] < 0x80 || at[i] > 0xbf) return 0;
        }
        return r[4];
    }
    return 0;
}

static void test_all_beginnings_against_the_standards_table(void **state)
{
    static const unsigned char tails[] = {0x00, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};

    (void)state;
    for (int first_two = 0; first_two < 0x10000; first_two++) {
        for (int tail = 0; tail < 64; tail++) {
            const unsigned char bytes[4] = {(unsigned char)(first_two >> 8),
                                            (unsigned char)first_two, tails[tail / 8],
                                            tails[tail % 8]};
            uint32_t code;

            assert_int_equal(cop__utf8_decode(bytes, 4, &code), tabulated_len(bytes, 4));
        }
    }
}

static void test_valid_finds_an_error_anywhere(void **state)
{
    char text[40];

    (void)state;
    assert_true(cop__utf8_valid(NULL, 0));
    for (size_t len = 1; len < sizeof text; len++) {
        memset(text, 'a', sizeof text);
        assert_true(cop__utf8_valid(text, len));
        for (size_t at = 0; at < len; at++) {
            text[at] = (char)0xff;
            assert_false(cop__utf8_valid(text, len));
            text[at] = 'a';
        }
        /* A sequence that the end cuts. */
        text[len - 1] = (char)0xc3;
        text[len] = (char)0xa9;
        assert_false(cop__utf8_valid(text, len));
        assert_true(len + 1 > sizeof text || cop__utf8_valid(text, len + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_point_there_and_back),
        cmocka_unit_test(test_known_texts),
        cmocka_unit_test(test_all_beginnings_against_the_standards_table),
        cmocka_unit_test(test_valid_finds_an_error_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
