/* SPDX-License-Identifier: Apache-2.0 */
/* The terms are made on a pile: leaves are put on it, and now and then some of the topmost are put
 * together to one. */
#include "support/gen_term.h"

#include <math.h>
#include <string.h>

#define PILE_LEN 64

void gen_term_init(struct gen_term *gen, uint64_t seed, unsigned without)
{
    cop__rand_seed(&gen->rand, seed);
    gen->without = without;
}

size_t gen_below(struct gen_term *gen, size_t bound)
{
    return bound == 0 ? 0 : (size_t)cop__rand_below(&gen->rand, bound);
}

static cop_term gen_integer(struct gen_term *gen)
{
    static const int64_t edges[] = {
        INT64_MAX,         INT64_MIN,        (INT64_C(1) << 60) - 1, -(INT64_C(1) << 60),
        INT64_C(1) << 60,  INT64_C(1) << 53, -(INT64_C(1) << 53),    (INT64_C(1) << 53) + 1,
        (INT64_C(1) << 62)};

    switch (gen_below(gen, 8)) {
    case 0: return cop_int(edges[gen_below(gen, sizeof(edges) / sizeof(edges[0]))]);
    case 1: return cop_uint(UINT64_MAX - gen_below(gen, 2));
    case 2: return cop_int((int64_t)cop__rand_next(&gen->rand));
    default: return cop_int((int64_t)gen_below(gen, 12) - 4);
    }
}

static cop_term gen_float(struct gen_term *gen)
{
    static const double edges[] = {0.0,     -0.0,
                                   1.0,     -1.0,
                                   1.5,     9007199254740992.0,
                                   1e16,    1e-320,
                                   1.0e300, 2.2250738585072014e-308,
                                   0.1,     -4.0};
    double value;
    uint64_t bits;

    if (gen_below(gen, 3) > 0) {
        return cop_float(edges[gen_below(gen, sizeof(edges) / sizeof(edges[0]))]);
    }
    do {
        bits = cop__rand_next(&gen->rand);
        memcpy(&value, &bits, sizeof(value));
    } while (!isfinite(value));
    return cop_float(value);
}

static cop_term gen_atom(struct gen_term *gen)
{
    static const char *const texts[] = {"nil",
                                        "true",
                                        "false",
                                        "ok",
                                        "a",
                                        "b",
                                        "hello world",
                                        "Elixir.KV.Bucket",
                                        "\xc3\xa9t\xc3\xa9",
                                        "$gen_call",
                                        "",
                                        "do",
                                        "A",
                                        "+",
                                        "x?"};

    return cop_atom(texts[gen_below(gen, sizeof(texts) / sizeof(texts[0]))]);
}

static cop_term gen_binary(struct gen_term *gen)
{
    char data[200];
    size_t size = gen_below(gen, 4) == 0 ? gen_below(gen, sizeof(data)) : gen_below(gen, 5);
    bool is_text = gen_below(gen, 2) == 0;

    for (size_t i = 0; i < size; i++) {
        data[i] = (char)(is_text ? ' ' + gen_below(gen, 95) : gen_below(gen, 256));
    }
    return cop_binary(data, size);
}

static cop_term gen_id(struct gen_term *gen)
{
    cop_pid pid = {1 + gen_below(gen, 5), 0, 0};
    cop_ref ref = {{1 + gen_below(gen, 3), gen_below(gen, 3), 0}, 0, 0};
    bool is_far = gen_below(gen, 3) == 0;

    pid.node = ref.node = is_far ? (uint32_t)(1 + gen_below(gen, 2)) : 0;
    pid.creation = ref.creation = is_far ? 7 : 0;
    ref.id[2] = is_far ? gen_below(gen, 2) : 0;
    return gen_below(gen, 2) == 0 ? cop_pid_term(pid) : cop_ref_term(ref);
}

cop_term gen_term_leaf(struct gen_term *gen)
{
    switch (gen_below(gen, 9)) {
    case 0: return gen_float(gen);
    case 1:
    case 2: return gen_atom(gen);
    case 3:
    case 4: return gen_binary(gen);
    case 5: return cop_empty_list();
    case 6:
        if (!(gen->without & GEN_TERM_NO_IDS)) return gen_id(gen);
        return gen_integer(gen);
    case 7:
        if (gen->without & GEN_TERM_NO_CAPTURES) return gen_atom(gen);
        return cop_capture(cop_atom("Elixir.Map"), cop_atom(gen_below(gen, 2) ? "get" : "put"),
                           (int)gen_below(gen, 4));
    default: return gen_integer(gen);
    }
}

static cop_term gen_map(struct gen_term *gen, const cop_term *items, size_t len)
{
    cop_term map = cop_map_new();

    for (size_t i = 0; i + 1 < len; i += 2)
        map = cop_map_put(map, items[i], items[i + 1]);
    if (gen_below(gen, 6) == 0) { /* beyond what is a row */
        size_t more = 28 + gen_below(gen, 40);
        int64_t first = (int64_t)gen_below(gen, 3);

        for (size_t i = 0; i < more; i++) {
            map = cop_map_put(map, first + (int64_t)i, len > 0 ? items[i % len] : cop_nil());
        }
    }
    return map;
}

/* One term that holds these. */
static cop_term gen_compound(struct gen_term *gen, const cop_term *items, size_t len)
{
    switch (gen_below(gen, 5)) {
    case 0: return cop_list_from(items, len);
    case 1:
        if (len < 2 || gen->without & GEN_TERM_NO_IMPROPER) return cop_list_from(items, len);
        return cop_cons(items[0], items[1]);
    case 2: return gen_map(gen, items, len);
    case 3:
        if (gen->without & GEN_TERM_NO_CAPTURES) return cop_tuple_from(items, len);
        return cop_capture_bound(cop_atom("Elixir.Map"), cop_atom("get"), 1,
                                 cop_cons(cop_tuple(cop_atom("&"), 1), cop_list_from(items, len)));
    default: return cop_tuple_from(items, len);
    }
}

cop_term gen_term(struct gen_term *gen, size_t size)
{
    cop_term pile[PILE_LEN];
    size_t len = 0;

    if (size <= 1) return gen_term_leaf(gen);
    for (size_t i = 0; i < size; i++) {
        pile[len++] = gen_term_leaf(gen);
        while (len == PILE_LEN || gen_below(gen, 3) == 0) {
            size_t some = gen_below(gen, (len < 5 ? len : 5) + 1);

            if (len == PILE_LEN && some < 2) some = 2;
            pile[len - some] = gen_compound(gen, pile + len - some, some);
            len = len - some + 1;
            if (len == PILE_LEN) continue;
        }
    }
    return len == 1 ? pile[0] : gen_compound(gen, pile, len);
}
