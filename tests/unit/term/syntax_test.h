/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the syntax share: a heap to build in, and terms written as text. */
#ifndef TESTS_UNIT_TERM_SYNTAX_TEST_H
#define TESTS_UNIT_TERM_SYNTAX_TEST_H

#include "support/cmocka_all.h"

#include "coppice/syntax.h"
#include "term/heap.h"

#include <stdio.h>
#include <string.h>

static struct cop__heap test_heap;

static inline int open_heap(void **state)
{
    (void)state;
    cop__heap_set_current(&test_heap);
    return 0;
}

static inline int close_heap(void **state)
{
    (void)state;
    cop__heap_fini(&test_heap);
    cop__heap_set_current(NULL);
    return 0;
}

static inline cop_bytes bytes_of(const char *text)
{
    cop_bytes bytes = {text, strlen(text)};
    return bytes;
}

/* The term that a literal stands for; the test fails if it is none. */
static inline cop_term term_of(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse(bytes_of(text), &t, &error)) {
        fail_msg("%s: %d:%d: %s", text, error.line, error.column, error.text);
    }
    return t;
}

static inline cop_term quoted_of(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_quote(bytes_of(text), &t, &error)) {
        fail_msg("%s: %d:%d: %s", text, error.line, error.column, error.text);
    }
    return t;
}

static inline const char *shown(cop_term t)
{
    static char text[4][4096];
    static int next;
    char *at = text[next++ % 4];
    cop_bytes bytes = cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 0}));

    (void)snprintf(at, sizeof(text[0]), "%.*s", (int)bytes.len, bytes.data);
    return at;
}

static inline void check_same(cop_term got, cop_term expected)
{
    if (!cop_identical(got, expected)) {
        fail_msg("got      %s\nexpected %s", shown(got), shown(expected));
    }
}

#endif
