/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that are filtered, sorted and cut into pages here, so that a page of the browser gets as
 * many rows as it shows: parameters filter, sort, order, offset and limit. */
#include "observer.h"

#include <stdlib.h>
#include <string.h>

struct row {
    cop_term map;
    cop_term key;
    size_t place;
};

/* --- Filtering -------------------------------------------------------------------------------- */

static bool contains(cop_term text, cop_bytes what)
{
    cop_bytes t = cop_is_binary(text) ? cop_to_bytes(text) : (cop_bytes){NULL, 0};

    for (size_t at = 0; at + what.len <= t.len; at++) {
        if (strncasecmp(t.data + at, what.data, what.len) == 0) return true;
    }
    return false;
}

static bool matches(const struct cop__obs_listing *l, cop_term map, cop_bytes what)
{
    if (what.len == 0) return true;
    for (size_t i = 0; l->searched[i] != NULL; i++) {
        if (contains(l->value(map, l->searched[i]), what)) return true;
    }
    return false;
}

/* --- Sorting ---------------------------------------------------------------------------------- */

/* Rows without a value come last, equal ones stay as they were: whatever the order. */
static int compare(const void *a, const void *b, void *arg)
{
    const struct row *x = a, *y = b;
    bool no_x = cop_match(x->key, "nil"), no_y = cop_match(y->key, "nil");
    int order = no_x || no_y ? 0 : cop_compare(x->key, y->key);

    if (no_x != no_y) return no_x ? 1 : -1;
    if (order == 0) return (x->place > y->place) - (x->place < y->place);
    return *(const bool *)arg ? -order : order;
}

static const char *sort_column(const struct cop__obs_listing *l, const struct cop__obs_request *r)
{
    cop_bytes wanted = cop__obs_text(r, "sort", l->columns[0]);

    for (size_t i = 0; l->columns[i] != NULL; i++) {
        if (cop__obs_same(wanted, l->columns[i])) return l->columns[i];
    }
    cop__obs_fail(400, "bad_request", "there is no such column to sort by");
}

bool cop__obs_is_falling(const struct cop__obs_request *r, const char *fallback)
{
    cop_bytes order = cop__obs_text(r, "order", fallback);

    if (!cop__obs_same(order, "asc") && !cop__obs_same(order, "desc"))
        cop__obs_fail(400, "bad_request", "order must be asc or desc");
    return cop__obs_same(order, "desc");
}

/* --- The page --------------------------------------------------------------------------------- */

cop_term cop__obs_list(const struct cop__obs_request *r, const struct cop__obs_listing *l,
                       cop_term all)
{
    int64_t offset = cop__obs_number(r, "offset", 0, 0, 100000000);
    int64_t max = cop__obs_number(r, "limit", 100, 0, 1000), count = cop_list_len(all);
    const char *column = sort_column(l, r);
    bool falling = cop__obs_is_falling(r, "asc");
    cop_bytes what = cop__obs_text(r, "filter", "");
    struct row *rows = cop_alloc(((size_t)count + 1) * sizeof *rows);
    cop_term shown = cop_empty_list(), answer;
    int64_t matched = 0, end;

    for (; !cop_is_empty_list(all); all = cop_tail(all)) {
        cop_term map = cop_head(all);

        if (!matches(l, map, what)) continue;
        rows[matched] = (struct row){map, l->value(map, column), (size_t)matched};
        matched++;
    }
    qsort_r(rows, (size_t)matched, sizeof *rows, compare, &falling);
    end = offset + max < matched ? offset + max : matched;
    for (int64_t i = end; i > offset; i--)
        shown = cop_cons(rows[i - 1].map, shown);
    cop_free(rows);
    answer = cop_build("%{count: count, matched: matched, offset: offset}", count, matched, offset);
    return cop_map_put(answer, cop_atom(l->name), shown);
}
