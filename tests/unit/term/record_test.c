/* SPDX-License-Identifier: Apache-2.0 */
/* COP_RECORD: a struct, a matcher and a builder of one pattern; where the fields lie. */
#include "coppice/pattern.h"
#include "syntax_test.h"
#include "term/site.h"

COP_RECORD(put, "{:put, key, n}", cop_term key, int64_t n);
COP_RECORD(mixed, "{a, b, c, d, e, f, g, h}", bool a, int64_t b, int c, cop_pid d, bool e,
           cop_ref f, bool g, cop_from h);
COP_RECORD(rest, "{i, %{j: j, k: [k]}, l}", double i, cop_bytes j, _Bool k, long l);

static void matches_and_builds(void **state)
{
    struct put p = {.n = 9};
    struct put q;

    (void)state;
    assert_true(put_match(term_of("{:put, \"eggs\", 3}"), &p));
    check_same(p.key, cop_string("eggs"));
    assert_int_equal(p.n, 3);
    check_same(put_build(&p), term_of("{:put, \"eggs\", 3}"));
    assert_true(put_match(put_build(&p), &q));
    assert_int_equal(q.n, 3);
}

static void writes_only_when_it_matches(void **state)
{
    struct put p = {.key = cop_ok(), .n = 9};

    (void)state;
    assert_false(put_match(term_of("{:put, \"eggs\", :x}"), &p));
    assert_false(put_match(cop_ok(), &p));
    check_same(p.key, cop_ok());
    assert_int_equal(p.n, 9);
}

static void all_types(void **state)
{
    struct mixed m = {.a = true,
                      .b = INT64_MIN,
                      .c = -3,
                      .d = {.id = 12},
                      .e = false,
                      .f = {.id = {1, 2, 0}},
                      .g = true,
                      .h = {.client = {.id = 13}, .tag = {.id = {3, 4, 0}}}};
    struct mixed n = {0};
    struct rest r = {.i = 0.25, .j = {"bytes", 5}, .k = true, .l = 1L << 62};
    struct rest s = {0};

    (void)state;
    assert_true(mixed_match(mixed_build(&m), &n));
    assert_true(n.a && !n.e && n.g);
    assert_true(n.b == m.b && n.c == m.c);
    assert_true(cop_pid_equal(n.d, m.d) && cop_ref_equal(n.f, m.f));
    assert_true(cop_pid_equal(n.h.client, m.h.client) && cop_ref_equal(n.h.tag, m.h.tag));
    assert_true(rest_match(rest_build(&r), &s));
    assert_true(s.i == r.i && s.k && s.l == r.l);
    assert_int_equal(s.j.len, 5);
    assert_memory_equal(s.j.data, "bytes", 5);
}

/* The offsets that are computed from the declarations are those of the compiler. */
static void fields_lie_where_the_compiler_puts_them(void **state)
{
    static const struct {
        struct cop__site site;
        char text[2];
        char names[100];
        char file[2];
    } record = {{COP__SITE_MAGIC, 1, 2, 100, 2, COP__USE_RECORD, 8, {0}},
                "x",
                "bool a, int64_t b, int c, cop_pid d, bool e, cop_ref f, bool g, cop_from h",
                "f"};
    struct cop__site site = record.site;
    char copy[sizeof(record)];
    struct cop__site_vars vars;
    struct cop_parse_error error;
    const size_t expected[] = {offsetof(struct mixed, a), offsetof(struct mixed, b),
                               offsetof(struct mixed, c), offsetof(struct mixed, d),
                               offsetof(struct mixed, e), offsetof(struct mixed, f),
                               offsetof(struct mixed, g), offsetof(struct mixed, h)};

    (void)state;
    site.names_size = (uint16_t)(strlen(record.names) + 1);
    memcpy(copy, &record, sizeof(record));
    memcpy(copy, &site, sizeof(site));
    assert_true(cop__site_vars((const struct cop__site *)(const void *)copy, &vars, &error));
    assert_int_equal(vars.count, 8);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(vars.offsets[i], expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_and_builds),
        cmocka_unit_test(writes_only_when_it_matches),
        cmocka_unit_test(all_types),
        cmocka_unit_test(fields_lie_where_the_compiler_puts_them),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
