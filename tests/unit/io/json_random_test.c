/* SPDX-License-Identifier: Apache-2.0 */
/* JSON over generated terms and texts: what was encoded is decoded to the same, and another reader
 * (jansson) takes and refuses the same texts and finds the same in them. */
#include "support/process_test.h"

#include "coppice/json.h"
#include "support/gen_term.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define ROUNDS 3000

/* What t is once it went through JSON: keys and atoms are strings. False: it does not go through.
 * Small terms only: it calls itself. NOLINTNEXTLINE(misc-no-recursion): terms of some 12 leaves. */
static bool expected_of(cop_term t, cop_term *ret)
{
    cop_term done = cop_empty_list();
    cop_term item;
    cop_term key;

    *ret = t;
    switch (cop_kind(t)) {
    case COP_KIND_ATOM:
        if (cop_is_boolean(t) || cop_identical(t, cop_nil())) return true;
        *ret = cop_binary(cop_atom_text(t).data, cop_atom_text(t).len);
        return true;
    case COP_KIND_INTEGER:
    case COP_KIND_FLOAT: return true;
    case COP_KIND_BINARY: return cop_identical(cop_elem(cop_json_encode(t), 0), cop_ok());
    case COP_KIND_LIST:
        if (cop_list_len(t) < 0) return false;
        for (; !cop_is_empty_list(t); t = cop_tail(t)) {
            if (!expected_of(cop_head(t), &item)) return false;
            done = cop_cons(item, done);
        }
        *ret = cop_list_reverse(done);
        return true;
    case COP_KIND_MAP:
        done = cop_map_new();
        for (cop_term l = cop_map_to_list(t); !cop_is_empty_list(l); l = cop_tail(l)) {
            if (!expected_of(cop_elem(cop_head(l), 0), &key)) return false;
            if (!cop_is_binary(key) && !cop_is_number(key) && !cop_is_atom(key)) return false;
            if (!cop_is_binary(key)) key = cop_inspect(key);
            if (!expected_of(cop_elem(cop_head(l), 1), &item)) return false;
            if (!cop_map_has(done, key)) done = cop_map_put(done, key, item);
        }
        *ret = done;
        return true;
    default: return false;
    }
}

PROCESS_TEST(decodes_what_was_encoded)
{
    struct gen_term gen;
    int went = 0;

    gen_term_init(&gen, 20260101, GEN_TERM_ALL);
    for (int i = 0; i < ROUNDS; i++) {
        cop_term t = gen_term(&gen, 1 + gen_below(&gen, 12));
        cop_term answer = cop_json_encode(t);
        cop_term expected;

        if (!expected_of(t, &expected)) {
            cop_assert_match(answer, "{:error, _}");
            continue;
        }
        went++;
        cop_assert_match(answer, "{:ok, _}");
        cop_assert_equal(cop_tuple(cop_ok(), expected), cop_json_decode(cop_elem(answer, 1)));
    }
    cop_assert(went > ROUNDS / 20);
}

/* --- The other reader's opinion --------------------------------------------------------------- */

/* NOLINTNEXTLINE(misc-no-recursion): texts of some hundred bytes. */
static cop_term term_of_jansson(json_t *value)
{
    cop_term done = cop_empty_list();
    const char *key;
    json_t *item;
    size_t i;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        done = cop_map_new();
        json_object_foreach(value, key, item) done = cop_map_put(done, key, term_of_jansson(item));
        return done;
    case JSON_ARRAY:
        json_array_foreach(value, i, item) done = cop_cons(term_of_jansson(item), done);
        return cop_list_reverse(done);
    case JSON_STRING: return cop_binary(json_string_value(value), json_string_length(value));
    case JSON_INTEGER: return cop_int(json_integer_value(value));
    case JSON_REAL: return cop_float(json_real_value(value));
    case JSON_TRUE: return cop_true();
    case JSON_FALSE: return cop_false();
    default: return cop_nil();
    }
}

/* A text that is nearly JSON: a right one with some bytes changed. */
static cop_term gen_text(struct gen_term *gen)
{
    static const char bytes[] = "{}[]:,\"\\0123456789.eE+-truefalsnl \n\x01\xc3\xa9ub/";
    char text[400];
    size_t len = 0;

    while (len == 0) {
        cop_term answer = cop_json_encode(gen_term(gen, 1 + gen_below(gen, 20)));
        cop_bytes encoded;

        if (!cop_match(answer, "{:ok, encoded}", encoded) || encoded.len >= sizeof(text)) continue;
        memcpy(text, encoded.data, encoded.len);
        len = encoded.len;
    }
    for (size_t n = gen_below(gen, 4); n > 0 && len > 0; n--) {
        size_t at = gen_below(gen, len);

        if (gen_below(gen, 2) == 0)
            text[at] = bytes[gen_below(gen, sizeof(bytes) - 1)];
        else
            memmove(text + at, text + at + 1, --len - at);
    }
    return cop_binary(text, len);
}

/* Where jansson is known to differ: integers above 64 bits, and a key twice or with a zero byte. */
static bool is_known_difference(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
    case json_error_duplicate_key:
    case json_error_null_byte_in_key: return true;
    default: return false;
    }
}

PROCESS_TEST(agrees_with_another_reader)
{
    struct gen_term gen;
    int taken = 0;
    int refused = 0;

    gen_term_init(&gen, 4711, GEN_TERM_NO_IDS | GEN_TERM_NO_CAPTURES | GEN_TERM_NO_IMPROPER);
    for (int i = 0; i < ROUNDS; i++) {
        cop_term text = gen_text(&gen);
        cop_bytes bytes = cop_to_bytes(text);
        cop_term answer = cop_json_decode(text);
        json_error_t error;
        json_t *other =
            json_loadb(bytes.data, bytes.len,
                       JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

        if (other == NULL && is_known_difference(&error)) continue;
        if (other == NULL) {
            cop_assert_match(cop_tuple(text, answer), "{_, {:error, _}}");
            refused++;
        } else {
            cop_assert_equal(cop_tuple(text, cop_ok(), term_of_jansson(other)),
                             cop_tuple(text, cop_elem(answer, 0), cop_elem(answer, 1)));
            json_decref(other);
            taken++;
        }
    }
    cop_assert(taken > ROUNDS / 10);
    cop_assert(refused > ROUNDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decodes_what_was_encoded),
                                       cmocka_unit_test(agrees_with_another_reader)};

    return cmocka_run_group_tests(tests, node_up, node_down);
}
