/* SPDX-License-Identifier: Apache-2.0 */
/* Enum: positions, parts, and several enumerables side by side. */
#include "otp/stdlib.h"
#include "otp/stdlib_enum.h"
#include "otp/text.h"

/* --- Positions -------------------------------------------------------------------------------- */

struct place {
    int64_t left;
    cop_term element;
};

static bool stop_at_place(void *state, cop_term element)
{
    struct place *place = state;

    if (place->left-- > 0) return true;
    place->element = element;
    return false;
}

/* The element at index, counted from the end if negative; fallback if there is none. Asked by this
 * function of Enum. */
static cop_term element_at(cop_term enumerable, cop_term index, cop_term fallback,
                           const char *function)
{
    struct place place = {.element = fallback};

    if (!cop__is_int64(index, &place.left)) cop__raise_no_clause(function);
    if (place.left < 0) {
        enumerable = cop__enumerate(enumerable);
        place.left += cop_list_len(enumerable);
        if (place.left < 0) return fallback;
    }
    cop__each(enumerable, stop_at_place, &place);
    return place.element;
}

cop_term cop__enum_at_or(cop_term enumerable, cop_term index, cop_term fallback)
{
    return element_at(enumerable, index, fallback, "Enum.at/3");
}

cop_term cop__enum_at(cop_term enumerable, cop_term index)
{
    return cop__enum_at_or(enumerable, index, cop_nil());
}

cop_term cop__enum_fetch(cop_term enumerable, cop_term index)
{
    cop_term found = element_at(enumerable, index, cop_none(), "Enum.fetch/2");

    return cop_is_none(found) ? COP(":error") : cop_tuple(cop_ok(), found);
}

cop_term cop__enum_fetch_or_raise(cop_term enumerable, cop_term index)
{
    cop_term found = element_at(enumerable, index, cop_none(), "Enum.fetch!/2");

    if (cop_is_none(found)) cop_raise("Enum.OutOfBoundsError", "out of bounds error");
    return found;
}

static cop_term with_index(cop_term enumerable, int64_t i)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        done = cop_cons(cop_tuple(cop_head(l), i++), done);
    return cop_list_reverse(done);
}

cop_term cop__enum_with_index(cop_term enumerable)
{
    return with_index(enumerable, 0);
}

/* from is the first position, or a function that is given each element and its position. */
cop_term cop__enum_with_index_from(cop_term enumerable, cop_term from)
{
    cop_term done = cop_empty_list();
    int64_t first;

    if (cop__is_int64(from, &first)) return with_index(enumerable, first);
    if (!cop_is_fun(from, 2)) cop__raise_no_clause("Enum.with_index/2");
    for (cop_term l = with_index(enumerable, 0); !cop_is_empty_list(l); l = cop_tail(l))
        done = cop_cons(cop__call2(from, cop_elem(cop_head(l), 0), cop_elem(cop_head(l), 1)), done);
    return cop_list_reverse(done);
}

/* --- Parts ------------------------------------------------------------------------------------ */

struct taking {
    cop_term done;
    int64_t left;
};

static bool take_one(void *state, cop_term element)
{
    struct taking *t = state;

    t->done = cop_cons(element, t->done);
    return --t->left > 0;
}

static cop_term skip(cop_term list, int64_t n)
{
    for (; n > 0 && !cop_is_empty_list(list); n--)
        list = cop_tail(list);
    return list;
}

/* The first n >= 0 elements. */
static cop_term take_first(cop_term enumerable, int64_t n)
{
    struct taking t = {.done = cop_empty_list(), .left = n};

    if (n > 0) cop__each(enumerable, take_one, &t);
    return cop_list_reverse(t.done);
}

/* The first n elements; of a negative n the last. */
cop_term cop__enum_take(cop_term enumerable, cop_term amount)
{
    int64_t n;

    if (!cop__is_int64(amount, &n)) cop__raise_no_clause("Enum.take/2");
    if (n >= 0) return take_first(enumerable, n);
    enumerable = cop__enumerate(enumerable);
    return skip(enumerable, cop_list_len(enumerable) + n);
}

cop_term cop__enum_drop(cop_term enumerable, cop_term amount)
{
    cop_term l = cop__enumerate(enumerable);
    int64_t n;

    if (!cop__is_int64(amount, &n)) cop__raise_no_clause("Enum.drop/2");
    return n >= 0 ? skip(l, n) : take_first(l, cop_list_len(l) + n);
}

cop_term cop__enum_slice(cop_term enumerable, cop_term start, cop_term amount)
{
    cop_term l;
    int64_t from;
    int64_t n;

    if (!cop__is_int64(start, &from) || !cop__is_int64(amount, &n) || n < 0)
        cop__raise_no_clause("Enum.slice/3");
    l = cop__enumerate(enumerable);
    if (from < 0) from += cop_list_len(l);
    return take_first(skip(l, from), n);
}

/* Every step-th element. */
static cop_term thinned(cop_term list, int64_t step)
{
    cop_term done = cop_empty_list();

    for (; !cop_is_empty_list(list); list = skip(list, step))
        done = cop_cons(cop_head(list), done);
    return cop_list_reverse(done);
}

/* A range without a step that counts down, as 1..-1, is one that counts up. */
cop_term cop__enum_slice_range(cop_term enumerable, cop_term range)
{
    cop_term l = cop__enumerate(enumerable);
    struct cop__range r;
    int64_t len;

    if (!cop__is_range(range, &r)) cop__raise_no_clause("Enum.slice/2");
    if (r.step == -1 && r.first > r.last) r.step = 1;
    if (r.step < 0) {
        cop_bytes text = cop_to_bytes(cop_inspect(range));

        cop_raise("ArgumentError",
                  "Enum.slice/2 does not accept ranges with negative steps, got: %.*s",
                  (int)text.len, text.data);
    }
    len = cop_list_len(l);
    if (r.first < 0) r.first = r.first + len > 0 ? r.first + len : 0;
    if (r.last < 0) r.last += len;
    if (r.last >= len) r.last = len - 1;
    return r.first > r.last ? cop_empty_list()
                            : thinned(take_first(skip(l, r.first), r.last - r.first + 1), r.step);
}

cop_term cop__enum_split(cop_term enumerable, cop_term amount)
{
    cop_term l = cop__enumerate(enumerable);
    int64_t n;

    if (!cop__is_int64(amount, &n)) cop__raise_no_clause("Enum.split/2");
    if (n < 0) n += cop_list_len(l);
    return cop_tuple(take_first(l, n), skip(l, n));
}

cop_term cop__enum_chunk_by(cop_term enumerable, cop_term fun)
{
    cop_term chunks = cop_empty_list();
    cop_term chunk = cop_empty_list();
    cop_term before = cop_none();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term key = cop__call1(fun, cop_head(l));

        if (!cop_is_none(before) && !cop_identical(before, key)) {
            chunks = cop_cons(cop_list_reverse(chunk), chunks);
            chunk = cop_empty_list();
        }
        chunk = cop_cons(cop_head(l), chunk);
        before = key;
    }
    if (!cop_is_empty_list(chunk)) chunks = cop_cons(cop_list_reverse(chunk), chunks);
    return cop_list_reverse(chunks);
}

/* Parts of count elements, each beginning `step` after the one before. A last one that is shorter
 * is filled up with elements of leftover, or left out if that is :discard. */
cop_term cop__enum_chunk_every_leftover(cop_term enumerable, cop_term count, cop_term step,
                                        cop_term leftover)
{
    cop_term chunks = cop_empty_list();
    cop_term l;
    int64_t len;
    int64_t n;

    if (!cop__is_int64(count, &len) || !cop__is_int64(step, &n) || len <= 0 || n <= 0)
        cop__raise_no_clause("Enum.chunk_every/4");
    for (l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = skip(l, n)) {
        cop_term chunk = take_first(l, len);
        int64_t missing = len - cop_list_len(chunk);

        if (missing == 0) {
            chunks = cop_cons(chunk, chunks);
            continue;
        }
        if (!cop_identical(leftover, COP(":discard")))
            chunks = cop_cons(cop_list_append(chunk, take_first(leftover, missing)), chunks);
        break;
    }
    return cop_list_reverse(chunks);
}

cop_term cop__enum_chunk_every_step(cop_term enumerable, cop_term count, cop_term step)
{
    return cop__enum_chunk_every_leftover(enumerable, count, step, cop_empty_list());
}

cop_term cop__enum_chunk_every(cop_term enumerable, cop_term count)
{
    return cop__enum_chunk_every_step(enumerable, count, count);
}

/* --- Side by side ----------------------------------------------------------------------------- */

/* The lists' heads as a list, and their tails. False: one of them is at its end. */
static bool next_row(cop_term *lists, cop_term *ret_row)
{
    cop_term tails = cop_empty_list();
    cop_term row = cop_empty_list();

    for (cop_term l = *lists; !cop_is_empty_list(l); l = cop_tail(l)) {
        if (cop_is_empty_list(cop_head(l))) return false;
        row = cop_cons(cop_head(cop_head(l)), row);
        tails = cop_cons(cop_tail(cop_head(l)), tails);
    }
    *lists = cop_list_reverse(tails);
    *ret_row = cop_list_reverse(row);
    return true;
}

cop_term cop__enum_zip(cop_term enumerables)
{
    cop_term lists = cop_empty_list();
    cop_term done = cop_empty_list();
    cop_term row;

    for (cop_term l = cop__enumerate(enumerables); !cop_is_empty_list(l); l = cop_tail(l))
        lists = cop_cons(cop__enumerate(cop_head(l)), lists);
    lists = cop_list_reverse(lists);
    while (!cop_is_empty_list(lists) && next_row(&lists, &row))
        done = cop_cons(cop__list_to_tuple(row), done);
    return cop_list_reverse(done);
}

cop_term cop__enum_zip_with(cop_term enumerable, cop_term other, cop_term fun)
{
    cop_term a = cop__enumerate(enumerable);
    cop_term b = cop__enumerate(other);
    cop_term done = cop_empty_list();

    cop__fun_arg(fun, 2, "Enum.zip_with/3");
    for (; !cop_is_empty_list(a) && !cop_is_empty_list(b); a = cop_tail(a), b = cop_tail(b))
        done = cop_cons(cop__call2(fun, cop_head(a), cop_head(b)), done);
    return cop_list_reverse(done);
}

cop_term cop__enum_zip_two(cop_term enumerable, cop_term other)
{
    return cop__enum_zip(cop_list(enumerable, other));
}

cop_term cop__enum_unzip(cop_term enumerable)
{
    cop_term firsts = cop_empty_list();
    cop_term seconds = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!cop_is_tuple(cop_head(l)) || cop_tuple_size(cop_head(l)) != 2)
            cop__raise_no_clause("Enum.unzip/1");
        firsts = cop_cons(cop_elem(cop_head(l), 0), firsts);
        seconds = cop_cons(cop_elem(cop_head(l), 1), seconds);
    }
    return cop_tuple(cop_list_reverse(firsts), cop_list_reverse(seconds));
}

/* --- Joined ----------------------------------------------------------------------------------- */

cop_term cop__enum_concat(cop_term enumerables)
{
    cop_term lists = cop_empty_list();
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerables); !cop_is_empty_list(l); l = cop_tail(l))
        lists = cop_cons(cop__enumerate(cop_head(l)), lists);
    for (; !cop_is_empty_list(lists); lists = cop_tail(lists))
        done = cop_list_append(cop_head(lists), done);
    return done;
}

cop_term cop__enum_concat_two(cop_term enumerable, cop_term other)
{
    return cop_list_append(cop__enumerate(enumerable), cop__enumerate(other));
}

cop_term cop__enum_intersperse(cop_term enumerable, cop_term separator)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!cop_is_empty_list(done)) done = cop_cons(separator, done);
        done = cop_cons(cop_head(l), done);
    }
    return cop_list_reverse(done);
}

cop_term cop__enum_join_with(cop_term enumerable, cop_term joiner)
{
    COP__TEXT(text);
    bool is_first = true;

    if (!cop_is_binary(joiner)) cop__raise_no_clause("Enum.join/2");
    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!is_first) cop__text_add_bytes(&text, cop_to_bytes(joiner));
        cop__text_add_bytes(&text, cop_to_bytes(cop__to_string(cop_head(l))));
        is_first = false;
    }
    return cop__text_binary(&text);
}

cop_term cop__enum_join(cop_term enumerable)
{
    return cop__enum_join_with(enumerable, COP("\"\""));
}

static cop_term into_binary(cop_term l, cop_term binary)
{
    COP__TEXT(text);

    cop__text_add_bytes(&text, cop_to_bytes(binary));
    for (; !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!cop_is_binary(cop_head(l)))
            cop__raise_no_clause("Collectable.BitString.-into/1-fun-0-/2");
        cop__text_add_bytes(&text, cop_to_bytes(cop_head(l)));
    }
    return cop__text_binary(&text);
}

/* Into a list or a binary (behind what it holds), or a map. */
cop_term cop__enum_into(cop_term enumerable, cop_term collectable)
{
    cop_term l = cop__enumerate(enumerable);

    if (cop_is_list(collectable)) return cop_list_append(collectable, l);
    if (cop_is_binary(collectable)) return into_binary(l, collectable);
    if (!cop_is_map(collectable)) cop__raise_protocol("Collectable", collectable);
    for (; !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!cop_is_tuple(cop_head(l)) || cop_tuple_size(cop_head(l)) != 2)
            cop_error(COP(":badarg"));
        collectable = cop_map_put(collectable, cop_elem(cop_head(l), 0), cop_elem(cop_head(l), 1));
    }
    return collectable;
}
