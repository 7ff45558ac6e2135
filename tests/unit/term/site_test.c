/* SPDX-License-Identifier: Apache-2.0 */
/* COP, cop_match, cop_expect and cop_build: types of variables, nothing written unless all matches,
 * the race of first users, wrong sites. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coppice/pattern.h"
#include "syntax_test.h"
#include "term/site.h"
#include "term/types.h"

static void literals_are_immortal_and_shared(void **state)
{
    cop_term first = cop_none();

    (void)state;
    for (int i = 0; i < 2; i++) {
        cop_term t = COP("{:ready, [retries: 3], \"text\"}");
        check_same(t, term_of("{:ready, [retries: 3], \"text\"}"));
        assert_int_equal(cop__header_storage(*cop__box(t)), COP__STORAGE_IMMORTAL);
        assert_int_equal(cop__header_storage(*cop__box(cop_elem(t, 1))), COP__STORAGE_IMMORTAL);
        if (i == 1) assert_int_equal(t.word, first.word);
        first = t;
        cop__heap_reset(&test_heap);
    }
    assert_int_equal(COP(":ok").word, cop_ok().word);
    assert_int_equal(COP("nil").word, cop_nil().word);
    assert_int_equal(COP("[]").word, cop_empty_list().word);
}

/* A literal needs no region: cop_whereis(COP("Name")) is allowed to any thread. */
static void literals_need_no_heap(void **state)
{
    cop_term t;

    (void)state;
    cop__heap_set_current(NULL);
    t = COP("{KV.Registry, 1.5}");
    assert_null(cop__heap_current());
    cop__heap_set_current(&test_heap);
    check_same(t, term_of("{KV.Registry, 1.5}"));
}

static void binds_by_name(void **state)
{
    cop_term key = cop_none();
    int64_t n = 0;

    (void)state;
    assert_true(cop_match(term_of("{:put, \"eggs\", 3}"), "{:put, key, n}", n, key));
    check_same(key, cop_string("eggs"));
    assert_int_equal(n, 3);
    assert_false(cop_match(term_of("{:get, \"eggs\"}"), "{:put, key, n}", key, n));
}

static void writes_only_when_all_matches(void **state)
{
    cop_term key = cop_ok();
    int64_t n = 7;

    (void)state;
    assert_false(cop_match(term_of("{:put, 1, :x}"), "{:put, key, n}", key, n));
    assert_false(cop_match(term_of("{1, 2, 3}"), "{key, n, 4}", key, n));
    check_same(key, cop_ok());
    assert_int_equal(n, 7);
}

#define CHECK_TYPE(type, text, good, value)                                                        \
    do {                                                                                           \
        type v;                                                                                    \
        bool matched = cop_match(term_of(text), "{:v, v}", v);                                     \
        assert_int_equal(matched, good);                                                           \
        if (matched) assert_true(v == (value));                                                    \
    } while (0)

static void types_decide_what_matches(void **state)
{
    (void)state;
    CHECK_TYPE(int64_t, "{:v, 9223372036854775807}", true, INT64_MAX);
    CHECK_TYPE(int64_t, "{:v, -9223372036854775808}", true, INT64_MIN);
    CHECK_TYPE(int64_t, "{:v, 9223372036854775808}", false, 0);
    CHECK_TYPE(int64_t, "{:v, 1.0}", false, 0);
    CHECK_TYPE(long long, "{:v, 5}", true, 5);
    CHECK_TYPE(int, "{:v, -2147483648}", true, INT32_MIN);
    CHECK_TYPE(int, "{:v, 2147483648}", false, 0);
    CHECK_TYPE(double, "{:v, 2.5}", true, 2.5);
    CHECK_TYPE(double, "{:v, 2}", true, 2.0);
    CHECK_TYPE(double, "{:v, :x}", false, 0.0);
    CHECK_TYPE(bool, "{:v, true}", true, true);
    CHECK_TYPE(bool, "{:v, false}", true, false);
    CHECK_TYPE(bool, "{:v, nil}", false, false);
}

static void pids_references_and_bytes(void **state)
{
    cop_pid pid = {.id = 5};
    cop_ref ref = {.id = {1, 2, 0}};
    cop_from from = {.client = pid, .tag = ref, .is_alias = true};
    cop_term t = cop_tuple(pid, ref, from, "abc");
    cop_pid got_pid = cop_no_pid();
    cop_ref got_ref = {0};
    cop_from got_from;
    cop_bytes bytes;

    (void)state;
    assert_true(
        cop_match(t, "{got_pid, got_ref, got_from, bytes}", got_pid, got_ref, got_from, bytes));
    assert_true(cop_pid_equal(got_pid, pid));
    assert_true(cop_ref_equal(got_ref, ref));
    assert_true(got_from.is_alias && cop_ref_equal(got_from.tag, ref));
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.data, "abc", 3);
    assert_false(cop_match(t, "{got_ref, _, _, _}", got_ref));
    assert_false(cop_match(t, "{got_from, _, _, _}", got_from));
    assert_false(cop_match(t, "{bytes, _, _, _}", bytes));
    assert_true(cop_match(t, "{^pid, ^ref, _, \"a\" <> bytes}", pid, ref, bytes));
    assert_int_equal(bytes.len, 2);
    got_pid.id = 6;
    assert_false(cop_match(t, "{^got_pid, _, _, _}", got_pid));
}

struct place {
    struct {
        cop_term name;
    } in;
};

static void variables_may_be_members(void **state)
{
    struct place here;
    struct place *there = &here;
    const int64_t limit = 10;

    (void)state;
    assert_true(cop_match(term_of("{:a, 10}"), "{name, ^limit}", here.in.name, limit));
    check_same(here.in.name, cop_atom("a"));
    assert_true(cop_match(term_of(":b"), "name", there->in.name));
    check_same(here.in.name, cop_atom("b"));
    assert_false(cop_match(term_of("{:a, 11}"), "{name, ^limit}", here.in.name, limit));
}

static void matches_without_variables(void **state)
{
    (void)state;
    assert_true(cop_match(cop_ok(), ":ok"));
    assert_true(cop_match(term_of("{:ok, 1, [2]}"), "{:ok, _, [_x]}"));
    assert_false(cop_match(term_of("{:ok}"), "{:error}"));
    cop_expect(cop_ok(), ":ok");
}

static void sites_nest(void **state)
{
    int64_t n = 0;

    (void)state;
    assert_true(cop_match(COP("{:n, 4}"), "{:n, n}", n));
    assert_true(cop_match(cop_build("{:n, n}", n), "{:n, 4}"));
}

static void builds_by_name(void **state)
{
    cop_term key = cop_string("k");
    int64_t n = -5;
    double f = 0.5;
    bool yes = true;
    cop_pid pid = {.id = 77};
    cop_bytes bytes = {"xyz", 3};

    (void)state;
    check_same(cop_build("{:put, key, [n: n]}", n, key), term_of("{:put, \"k\", [n: -5]}"));
    check_same(cop_build("[f, yes | bytes]", f, yes, bytes), term_of("[0.5, true | \"xyz\"]"));
    check_same(cop_build("%{key => {n, n}, 1 => {}}", key, n),
               term_of("%{\"k\" => {-5, -5}, 1 => {}}"));
    check_same(cop_build("pid", pid), cop_pid_term(pid));
    check_same(cop_build("key <> \"!\" <> bytes", key, bytes), cop_string("k!xyz"));
    check_same(cop_build("&Map.get(&1, key)", key), term_of("&Map.get(&1, \"k\")"));
    check_same(cop_build("&f(&1, {key, &1}, n)", key, n), term_of("&f(&1, {\"k\", &1}, -5)"));
    check_same(cop_build("{:constant, [1]}"), term_of("{:constant, [1]}"));
}

/* A bound value that looks like a hole is a value. */
static void values_are_no_holes(void **state)
{
    cop_term x = term_of("{:&, 1}");

    (void)state;
    check_same(cop_build("&f(&1, x)", x), term_of("&f(&1, {:&, 1})"));
}

/* A template with more terms than fit a short stack. */
static void wide_templates(void **state)
{
    int n = 1;
    cop_term t = cop_build("[n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,"
                           "n,n,n,n,n,n,n,n,n,n]",
                           n);

    (void)state;
    assert_int_equal(cop_list_len(t), 45);
}

/* --- Threads ---------------------------------------------------------------------------------- */

#define THREADS 4

static pthread_barrier_t barrier;

static void *first_use(void *arg)
{
    struct cop__heap heap = {0};
    bool *ok = arg;
    int64_t n = 0;
    int64_t a = 1;

    cop__heap_set_current(&heap);
    pthread_barrier_wait(&barrier);
    *ok = cop_match(cop_build("{:first, [a, \"text\"]}", a), "{:first, [n, \"text\"]}", n) &&
          n == 1 && cop_identical(COP("{:shared, \"x\"}"), cop_tuple(cop_atom("shared"), "x"));
    cop__heap_set_current(NULL);
    cop__heap_fini(&heap);
    return NULL;
}

static void threads_may_be_first_together(void **state)
{
    pthread_t threads[THREADS];
    bool ok[THREADS] = {false};

    (void)state;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, first_use, &ok[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(ok[i]);
    }
    pthread_barrier_destroy(&barrier);
}

/* --- Wrong sites ------------------------------------------------------------------------------ */

struct made {
    struct cop__site site;
    char texts[300];
};

static struct made make_site(enum cop__use use, const char *text, const char *names, int count,
                             uint8_t type)
{
    struct made m = {.site = {.magic = COP__SITE_MAGIC, .line = 12, .use = (uint8_t)use}};
    size_t len = strlen(text) + 1;

    memcpy(m.texts, text, len);
    memcpy(m.texts + len, names, strlen(names) + 1);
    memcpy(m.texts + len + strlen(names) + 1, "file.c", 7);
    m.site.text_size = (uint16_t)len;
    m.site.names_size = (uint16_t)(strlen(names) + 1);
    m.site.file_size = 7;
    m.site.count = (uint8_t)count;
    memset(m.site.types, type, sizeof(m.site.types));
    return m;
}

static void check_site(enum cop__use use, const char *text, const char *names, int count,
                       const char *says)
{
    struct made m = make_site(use, text, names, count, COP__TYPE_TERM);
    struct cop_parse_error error = {.text = ""};
    bool ok = cop__site_verify(&m.site, &error);

    if (ok != (says == NULL) || (says != NULL && strstr(error.text, says) == NULL)) {
        fail_msg("\"%s\", %s\ngot      %s\nexpected %s", text, names, ok ? "right" : error.text,
                 says == NULL ? "right" : says);
    }
}

static void verifies_sites(void **state)
{
    (void)state;
    check_site(COP__USE_MATCH, "{:ok, x}", "x", 1, NULL);
    check_site(COP__USE_MATCH, "{:ok, x}", "s->x", 1, NULL);
    check_site(COP__USE_MATCH, "{:ok, x}", "y", 1, "no variable \"x\" follows the pattern");
    check_site(COP__USE_MATCH, "{:ok, x}", "x, y", 2, "the text does not name the variable y");
    check_site(COP__USE_MATCH, "{x, y}", "x, x", 2, "the variable x follows the text twice");
    check_site(COP__USE_MATCH, "{x, ^x}", "x", 1, "a name is both bound and pinned");
    check_site(COP__USE_MATCH, "{^x, x}", "x", 1, "a name is both bound and pinned");
    check_site(COP__USE_MATCH, "{:ok, x", "x", 1, "missing terminator: }");
    check_site(COP__USE_MATCH, "{:ok, x}", "f(x)", 1, "names no variable");
    check_site(COP__USE_MATCH, "{:ok, x}", "x", 2, "1 variables are named, 2 were expected");
    check_site(COP__USE_LITERAL, "{:ok, x}", "", 0, "a literal was expected, found the variable x");
    check_site(COP__USE_LITERAL, "", "", 0, "a term was expected, found nothing");
    check_site(COP__USE_BUILD, "{:ok, x}", "x", 1, NULL);
    check_site(COP__USE_BUILD, "{:ok, _}", "x", 1, "no variable \"_\" follows the text");
    check_site(COP__USE_BUILD, "{:ok, f(x)}", "x", 1, "found the call f/1");
    check_site(COP__USE_RECORD, "{:put, key, n}", "cop_term key, int64_t n", 2, NULL);
    check_site(COP__USE_RECORD, "{:put, key, n}", "cop_term key, float n", 2, "the type float");
    check_site(COP__USE_RECORD, "{:put, key, ^n}", "cop_term key, int n", 2, "a record cannot pin");
    check_site(COP__USE_RECORD, "{:put, key}", "cop_term key, int n", 2,
               "does not name the variable n");
    check_site(COP__USE_RECORD, "{:put, key, _}", "cop_term key", 1, "no variable \"_\"");
}

/* Runs body in a child; returns what it wrote to stderr, and that it was ended by abort(). */
static const char *death(void (*body)(void))
{
    static char text[2000];
    int ends[2];
    int status;
    ssize_t got;
    size_t len = 0;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(ends[1], 2);
        body();
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return text;
}

static void use_wrong_pattern(void)
{
    struct made m = make_site(COP__USE_MATCH, "{:ok, x", "", 0, COP__TYPE_TERM);
    void *cache = NULL;

    (void)cop__match(&cache, &m.site, cop_ok(), NULL);
}

static void a_wrong_pattern_ends_the_program(void **state)
{
    const char *text = death(use_wrong_pattern);

    (void)state;
    assert_non_null(strstr(text, "file.c:12: wrong pattern"));
    assert_non_null(strstr(text, "{:ok, x"));
    assert_non_null(strstr(text, "1:8: missing terminator: }"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_immortal_and_shared),
        cmocka_unit_test(literals_need_no_heap),
        cmocka_unit_test(binds_by_name),
        cmocka_unit_test(writes_only_when_all_matches),
        cmocka_unit_test(types_decide_what_matches),
        cmocka_unit_test(pids_references_and_bytes),
        cmocka_unit_test(variables_may_be_members),
        cmocka_unit_test(matches_without_variables),
        cmocka_unit_test(sites_nest),
        cmocka_unit_test(builds_by_name),
        cmocka_unit_test(values_are_no_holes),
        cmocka_unit_test(wide_templates),
        cmocka_unit_test(threads_may_be_first_together),
        cmocka_unit_test(verifies_sites),
        cmocka_unit_test(a_wrong_pattern_ends_the_program),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
