/* SPDX-License-Identifier: Apache-2.0 */
#include "term_test.h"

#include "../base/death.h"
#include "term/atom.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void assert_text(cop_term atom, const char *text)
{
    cop_bytes bytes = cop_atom_text(atom);

    assert_int_equal(bytes.len, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.len);
}

static void fixed_atoms_have_their_words(void **state)
{
    (void)state;
    assert_int_equal(cop_atom("nil").word, cop_nil().word);
    assert_int_equal(cop_atom("true").word, cop_true().word);
    assert_int_equal(cop_atom("false").word, cop_false().word);
    assert_int_equal(cop_atom("ok").word, cop_ok().word);
    assert_int_equal(cop_atom("$gen_call").word, cop__atom(COP_ATOM_gen_call).word);
    for (uint32_t i = 0; i < COP__ATOM_FIXED; i++) {
        /* A text that stands twice would give another index here. */
        assert_int_equal(cop_atom_from(cop__atom_bytes(i)).word, cop__atom(i).word);
    }
}

static void the_same_text_is_the_same_atom(void **state)
{
    cop_bytes unknown = {"an atom that nobody made", 24};
    size_t count = cop__atom_count();
    cop_term a;

    (void)state;
    assert_true(cop_is_none(cop_atom_existing(unknown)));
    assert_int_equal(cop__atom_count(), count);
    a = cop_atom("atom_test");
    assert_int_equal(cop_atom("atom_test").word, a.word);
    assert_int_equal(cop_atom_existing((cop_bytes){"atom_test", 9}).word, a.word);
    assert_int_equal(cop__atom_count(), count + 1);
    assert_text(a, "atom_test");
    assert_text(cop_atom(""), "");
    assert_true(cop__atom_is_text(a, "atom_test"));
    assert_false(cop__atom_is_text(a, "atom_tes"));
}

static void repeat(char *text, const char *part, size_t times)
{
    size_t size = strlen(part);

    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, part, size);
    text[times * size] = 0;
}

static void too_long(void)
{
    char text[600];

    repeat(text, "\xc3\xa9", 256);
    cop_atom(text);
}

static void not_utf8(void)
{
    cop_atom("\xc3(");
}

static void texts_are_limited_utf8(void **state)
{
    char text[600];

    (void)state;
    repeat(text, "\xc3\xa9", 255);
    assert_text(cop_atom(text), text);
    assert_int_equal(cop__utf8_len((cop_bytes){text, 510}), 255);
    assert_true(dies_saying(too_long, "system_limit"));
    assert_true(dies_saying(not_utf8, "badarg"));
}

#define THREADS       4
#define ATOMS_PER_RUN 5000

static void *make_atoms(void *arg)
{
    cop_term *words = arg;
    char text[32];

    for (int i = 0; i < ATOMS_PER_RUN; i++) {
        snprintf(text, sizeof(text), "threads_%d", i);
        words[i] = cop_atom(text);
        if (!cop__atom_is_text(words[i], text)) return NULL;
    }
    return arg;
}

/* Several tables are outgrown meanwhile. */
static void threads_agree(void **state)
{
    static cop_term words[THREADS][ATOMS_PER_RUN];
    size_t count = cop__atom_count();
    pthread_t threads[THREADS];
    void *result;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, make_atoms, words[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        assert_non_null(result);
        assert_memory_equal(words[i], words[0], sizeof(words[0]));
    }
    assert_int_equal(cop__atom_count(), count + ATOMS_PER_RUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_atoms_have_their_words),
        cmocka_unit_test(the_same_text_is_the_same_atom),
        cmocka_unit_test(texts_are_limited_utf8),
        cmocka_unit_test(threads_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
