/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "death.h"
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <string.h>

static void expect_text(struct cop__buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_string_equal(cop__buf_cstr(buf), text);
    assert_int_equal(buf->len, strlen(text)); /* the zero does not count */
}

static void test_an_empty_buffer(void **state)
{
    struct cop__buf buf = {0};
    uint64_t live = cop__alloc_stats_read().live_blocks;
    size_t len = 1;
    size_t size = 1;

    (void)state;
    cop__buf_append(&buf, NULL, 0);
    cop__buf_append_str(&buf, "");
    assert_null(buf.data);
    assert_null(cop__buf_take(&buf, &len, &size));
    assert_int_equal(len, 0);
    assert_int_equal(size, 0);
    expect_text(&buf, "");
    assert_true(cop__alloc_stats_read().live_blocks == live + 1);
    cop__buf_fini(&buf);
    cop__buf_fini(&buf);
    assert_true(cop__alloc_stats_read().live_blocks == live);
}

static void test_appends(void **state)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf buf = {0};

    (void)state;
    cop__buf_append_str(&buf, "ab");
    cop__buf_append(&buf, "cdef", 2);
    cop__buf_append_char(&buf, '!');
    expect_text(&buf, "abcd!");
    cop__buf_append_str(&buf, "?"); /* over the zero */
    expect_text(&buf, "abcd!?");
    cop__buf_clear(&buf);
    expect_text(&buf, "");
    cop__buf_append_char(&buf, '\0');
    assert_int_equal(buf.len, 1);
    memcpy(cop__buf_reserve(&buf, 3), "xyz", 3);
    buf.len += 3;
    assert_memory_equal(buf.data, "\0xyz", 4);
}

static void test_numbers(void **state)
{
    static const int64_t ints[] = {0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN, 1000000007};
    static const uint64_t uints[] = {0, 9, 10, 99, 100, UINT64_MAX, UINT64_MAX / 10, 1000000000};
    COP_CLEANUP(cop__buf_fini) struct cop__buf buf = {0};
    char expected[64];

    (void)state;
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        cop__buf_clear(&buf);
        cop__buf_append_int(&buf, ints[i]);
        snprintf(expected, sizeof expected, "%" PRId64, ints[i]);
        expect_text(&buf, expected);
    }
    for (size_t i = 0; i < sizeof uints / sizeof uints[0]; i++) {
        cop__buf_clear(&buf);
        cop__buf_append_uint(&buf, uints[i]);
        snprintf(expected, sizeof expected, "%" PRIu64, uints[i]);
        expect_text(&buf, expected);
    }
}

static void test_code_points(void **state)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf buf = {0};

    (void)state;
    cop__buf_append_utf8(&buf, 'a');
    cop__buf_append_utf8(&buf, 0xe9);
    cop__buf_append_utf8(&buf, 0x1f333);
    expect_text(&buf, "a\xc3\xa9\xf0\x9f\x8c\xb3");
    cop__buf_clear(&buf);
    cop__buf_append_utf8(&buf, 0xd800); /* a surrogate */
    expect_text(&buf, "\xef\xbf\xbd");
}

/* Each length of a formatted piece, at each fill of the buffer near its end: what fits exactly,
 * what is one too long, and what needs a second pass. */
static void test_formatted_pieces_of_all_lengths(void **state)
{
    (void)state;
    for (int before = 0; before < 70; before += 3) {
        for (int len = 0; len < 300; len++) {
            struct cop__buf buf = {0};
            char expected[400];

            for (int i = 0; i < before; i++)
                cop__buf_append_char(&buf, 'b');
            cop__buf_append_fmt(&buf, "%0*d|%s", len, 7, "end");
            snprintf(expected, sizeof expected, "%0*d|end", len, 7);
            assert_int_equal(buf.len, (size_t)before + strlen(expected));
            assert_string_equal(cop__buf_cstr(&buf) + before, expected);
            cop__buf_fini(&buf);
        }
    }
}

static void test_growth_keeps_the_bytes(void **state)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf buf = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        cop__buf_append_char(&buf, (char)(i % 251));
    assert_int_equal(buf.len, 100000);
    assert_int_equal(buf.cap, 131072);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], (char)(i % 251));
}

static void test_take(void **state)
{
    struct cop__buf buf = {0};
    uint64_t live = cop__alloc_stats_read().live_blocks;
    size_t len;
    size_t size;
    char *bytes;

    (void)state;
    cop__buf_append_str(&buf, "kept");
    bytes = cop__buf_take(&buf, &len, &size);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "kept", 4);
    cop__buf_append_str(&buf, "other"); /* does not disturb it */
    assert_memory_equal(bytes, "kept", 4);
    cop__buf_fini(&buf);
    cop__free(bytes, size);
    assert_true(cop__alloc_stats_read().live_blocks == live);
}

static void ask_for_too_much(void)
{
    struct cop__buf buf = {0};

    cop__buf_append_char(&buf, 'a');
    cop__buf_reserve(&buf, SIZE_MAX);
}

static void test_sizes_do_not_overflow(void **state)
{
    (void)state;
    assert_true(dies_saying(ask_for_too_much, "buffer of 1 bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_formatted_pieces_of_all_lengths),
        cmocka_unit_test(test_growth_keeps_the_bytes),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_sizes_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
