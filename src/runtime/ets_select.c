/* SPDX-License-Identifier: Apache-2.0 */
/* match, select and their kin (ETS-13): a specification is run over the rows, under their locks;
 * what it gives is copied out. Where it says the key, only that is looked at.
 *
 * A continuation is {:"$ets", table, specification, limit, key, age}: the last two are the place of
 * the last result, so that nothing has to be kept for it. */
#include "runtime/ets.h"
#include "term/match_spec.h"

/* What a walk does with the results. */
enum use { GATHER, COUNT, DELETE, REPLACE };

struct query {
    struct cop__spec spec;
    struct cop__heap *heap;
    enum use use;
    int64_t limit; /* of results; 0: none */
    int64_t len;   /* results so far; true ones, for COUNT and DELETE; replaced ones */
    cop_term list; /* GATHER: the newest first */
};

static void query_fini(struct query *q)
{
    cop__spec_fini(&q->spec);
}

static void query_init(struct query *q, cop_term clauses, enum use use)
{
    const struct cop__spec_env env = {cop__pid_word(cop__ets_self()), cop__node_name()};
    q->heap = cop__heap_need();
    q->use = use;
    q->limit = 0;
    q->len = 0;
    q->list = cop_empty_list();
    if (!cop__spec_compile(&q->spec, clauses, &env)) cop__ets_badarg();
}

/* A specification of one clause without guards. */
static cop_term simple_spec(cop_term pattern, cop_term result)
{
    return cop_list(cop_tuple(pattern, cop_empty_list(), cop_list(result)));
}

/* The result takes the place of the row, if it has the same key (keeps_key() has seen to it). */
static void replace(struct query *q, struct cop__ets *t, struct cop__ets_row *row,
                    struct cop__ets_hold *hold, cop_term result)
{
    uint32_t keypos = cop__ets_keypos(t);
    if (!cop__is_tuple(result) || cop__tuple_len(result) < keypos ||
        !cop_identical(cop__tuple_items(result)[keypos - 1], cop__ets_key(t, row)))
        cop__ets_badarg();
    cop__ets_swap(t, row, cop__ets_row_new(result, row->order));
    cop__ets_discard(hold, row);
    q->len++;
}

static enum cop__ets_visit look(void *arg, struct cop__ets *t, struct cop__ets_row *row,
                                struct cop__ets_hold *hold)
{
    struct query *q = arg;
    struct cop__share share = {cop__ets_block(row), NULL};
    cop_term result = cop__spec_run(&q->spec, q->heap, cop__ets_object(row), &share);
    if (cop_is_none(result)) return COP__ETS_KEEP;
    bool is_true = result.word == cop_true().word;
    switch (q->use) {
    case GATHER:
        q->list = cop__cons(q->heap, result, q->list);
        q->len++;
        return q->len == q->limit ? COP__ETS_STOP : COP__ETS_KEEP;
    case COUNT: q->len += is_true ? 1 : 0; return COP__ETS_KEEP;
    case DELETE: q->len += is_true ? 1 : 0; return is_true ? COP__ETS_DELETE : COP__ETS_KEEP;
    case REPLACE: replace(q, t, row, hold, result); return COP__ETS_KEEP;
    }
    COP_UNREACHABLE();
}

/* Runs the query from a place on. True: the end was reached. */
static bool query_run(struct query *q, cop_term table, struct cop__ets_place *place)
{
    enum cop__ets_access access =
        q->use == GATHER || q->use == COUNT ? COP__ETS_READ : COP__ETS_WRITE;
    uint64_t id;
    const struct cop__ets *t = cop__ets_peek(table, &id);
    cop_term key = cop_none();
    /* The rows of a key have one place each only in a walk. */
    if (q->limit == 0 || !cop__ets_is_bag(t)) key = cop__spec_key(&q->spec, cop__ets_keypos(t));
    if (cop_is_none(key) || !cop_is_none(place->key))
        return cop__ets_walk(table, access, place, look, q);
    cop__ets_walk_key(table, access, key, look, q);
    return true;
}

/* --- All at once ------------------------------------------------------------------------------ */

cop_term cop_ets_select(cop_term table, cop_term spec)
{
    COP_CLEANUP(query_fini) struct query q = {0};
    struct cop__ets_place place = {cop_none(), 0, 0};
    query_init(&q, spec, GATHER);
    query_run(&q, table, &place);
    return cop__ets_in_order(table, q.list);
}

cop_term cop_ets_match(cop_term table, cop_term pattern)
{
    return cop_ets_select(table, simple_spec(pattern, COP(":\"$$\"")));
}

cop_term cop_ets_match_object(cop_term table, cop_term pattern)
{
    return cop_ets_select(table, simple_spec(pattern, COP(":\"$_\"")));
}

static int64_t run_for_number(cop_term table, cop_term spec, enum use use)
{
    COP_CLEANUP(query_fini) struct query q = {0};
    struct cop__ets_place place = {cop_none(), 0, 0};
    query_init(&q, spec, use);
    query_run(&q, table, &place);
    return q.len;
}

int64_t cop_ets_select_count(cop_term table, cop_term spec)
{
    return run_for_number(table, spec, COUNT);
}

int64_t cop_ets_select_delete(cop_term table, cop_term spec)
{
    return run_for_number(table, spec, DELETE);
}

void cop_ets_match_delete(cop_term table, cop_term pattern)
{
    run_for_number(table, simple_spec(pattern, cop_true()), DELETE);
}

/* --- In pieces -------------------------------------------------------------------------------- */

/* {results, continuation}, {results, :"$end_of_table"} or :"$end_of_table". */
static cop_term run_piece(cop_term table, cop_term spec, int64_t limit,
                          struct cop__ets_place *place)
{
    COP_CLEANUP(query_fini) struct query q = {0};
    query_init(&q, spec, GATHER);
    q.limit = limit;
    bool is_end = query_run(&q, table, place);
    if (is_end && q.len == 0) return COP(":\"$end_of_table\"");
    cop_term results = cop__ets_in_order(table, q.list);
    if (is_end) return cop_tuple(results, COP(":\"$end_of_table\""));
    return cop_tuple(
        results, cop_tuple(COP(":\"$ets\""), table, spec, limit, place->key, cop_uint(place->age)));
}

cop_term cop_ets_select_limit(cop_term table, cop_term spec, int64_t limit)
{
    struct cop__ets_place place = {cop_none(), 0, 0};
    if (limit < 1) cop__ets_badarg();
    return run_piece(table, spec, limit, &place);
}

cop_term cop_ets_match_limit(cop_term table, cop_term pattern, int64_t limit)
{
    return cop_ets_select_limit(table, simple_spec(pattern, COP(":\"$$\"")), limit);
}

cop_term cop_ets_match_object_limit(cop_term table, cop_term pattern, int64_t limit)
{
    return cop_ets_select_limit(table, simple_spec(pattern, COP(":\"$_\"")), limit);
}

cop_term cop_ets_continue(cop_term continuation)
{
    cop_term table;
    cop_term spec;
    cop_term key;
    cop_term age;
    int64_t limit;
    if (cop_match(continuation, ":\"$end_of_table\"")) return continuation;
    if (!cop_match(continuation, "{:\"$ets\", table, spec, limit, key, age}", table, spec, limit,
                   key, age) ||
        limit < 1 || !cop_is_integer(age))
        cop__ets_badarg();
    struct cop__ets_place place = {key, cop_hash(key), 0};
    int64_t number = 0;
    if (cop__is_small(age)) number = cop__small_value(age);
    place.age = (uint64_t)number;
    return run_piece(table, spec, limit, &place);
}

/* --- Replacing -------------------------------------------------------------------------------- */

/* Whether an expression gives the key of the object that matches the pattern, for certain: before
 * anything is replaced. */
static bool is_key(cop_term expr, cop_term pattern, uint32_t keypos)
{
    cop_term constant;
    int64_t pos;
    cop_term whole;
    if (cop_match(expr, "{:element, pos, whole}", pos, whole))
        return pos == (int64_t)keypos &&
               (cop_match(whole, ":\"$_\"") ||
                (cop__spec_variable(whole) >= 0 && whole.word == pattern.word));
    if (!cop__is_tuple(pattern) || cop__tuple_len(pattern) < keypos) return false;
    cop_term key = cop__tuple_items(pattern)[keypos - 1];
    if (cop__spec_variable(key) >= 0) return key.word == expr.word;
    if (cop_match(expr, "{:const, constant}", constant)) expr = constant;
    return (!cop__is_box(key) || cop__header_first_term(*cop__box(key)) == 0) &&
           cop_identical(expr, key);
}

static bool keeps_key(cop_term clause, uint32_t keypos)
{
    cop_term pattern = cop__tuple_items(clause)[0];
    cop_term body = cop__tuple_items(clause)[2];
    cop_term constant;
    while (cop__is_cons(cop__cons_tail(body)))
        body = cop__cons_tail(body);
    cop_term result = cop__cons_head(body);
    if (cop_match(result, ":\"$_\"")) return true;
    if (cop__spec_variable(result) >= 0) return result.word == pattern.word;
    if (cop_match(result, "{:const, constant}", constant))
        return cop__is_tuple(constant) && cop__tuple_len(constant) >= keypos &&
               is_key(cop_tuple(COP(":const"), cop__tuple_items(constant)[keypos - 1]), pattern,
                      keypos);
    if (!cop__is_tuple_of(result, 1)) return false;
    cop_term made = cop__tuple_items(result)[0];
    return cop__is_tuple(made) && cop__tuple_len(made) >= keypos &&
           is_key(cop__tuple_items(made)[keypos - 1], pattern, keypos);
}

int64_t cop_ets_select_replace(cop_term table, cop_term spec)
{
    COP_CLEANUP(query_fini) struct query q = {0};
    struct cop__ets_place place = {cop_none(), 0, 0};
    uint64_t id;
    query_init(&q, spec, REPLACE);
    const struct cop__ets *t = cop__ets_peek(table, &id);
    uint8_t type = atomic_load_explicit(&t->type, memory_order_relaxed);
    if (type == COP__ETS_BAG) cop__ets_badarg();
    for (cop_term at = spec; cop__is_cons(at); at = cop__cons_tail(at))
        if (!keeps_key(cop__cons_head(at), cop__ets_keypos(t))) cop__ets_badarg();
    query_run(&q, table, &place);
    return q.len;
}
