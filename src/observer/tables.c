/* SPDX-License-Identifier: Apache-2.0 */
/* /api/tables: the list, and the contents of one in pages, read-only and under OTP's rules: a
 * private table is its owner's alone. */
#include "observer.h"

#include <string.h>

#define LOOK_MAX 100000 /* rows that a question looks through */

static cop_term id_text(cop_term table)
{
    return cop__obs_ref(cop_ets_info_item(table, COP(":id")));
}

/* nil if the table is gone. */
static cop_term table_map(cop_term table)
{
    cop_term info = cop_ets_info(table), id = id_text(table), name, type, protection, owner, heir;
    int64_t size, words, keypos;
    bool named, readable;

    if (!cop_is_list(info)) return cop_nil();
    name = cop_inspect(cop_keyword_get(info, COP(":name"), cop_nil()));
    type = cop_keyword_get(info, COP(":type"), cop_nil());
    protection = cop_keyword_get(info, COP(":protection"), cop_nil());
    owner = cop__obs_process(cop_keyword_get(info, COP(":owner"), cop_nil()));
    heir = cop__obs_process(cop_keyword_get(info, COP(":heir"), cop_nil()));
    if (cop_match(cop_keyword_get(info, COP(":heir"), cop_nil()), ":none")) heir = cop_nil();
    named = cop_to_bool(cop_keyword_get(info, COP(":named_table"), cop_false()));
    size = cop_to_int(cop_keyword_get(info, COP(":size"), cop_int(0)));
    words = cop_to_int(cop_keyword_get(info, COP(":memory"), cop_int(0))) * 8;
    keypos = cop_to_int(cop_keyword_get(info, COP(":keypos"), cop_int(1)));
    readable = !cop_match(protection, ":private");
    return cop_build("%{id: id, name: name, named: named, type: type, protection: protection,"
                     " size: size, memory: words, owner: owner, keypos: keypos, heir: heir,"
                     " readable: readable}",
                     id, name, named, type, protection, size, words, owner, keypos, heir, readable);
}

static cop_term value_of(cop_term map, const char *column)
{
    cop_term owner = cop_map_get(map, COP(":owner"), cop_nil());

    if (strcmp(column, "owner") == 0) return cop__obs_called(owner);
    if (strcmp(column, "owner_pid") == 0) return cop__obs_pid_in(owner);
    return cop_map_get(map, cop_atom(column), cop_nil());
}

cop_term cop__obs_tables(const struct cop__obs_request *r)
{
    static const char *const columns[] = {"name",       "size",  "memory", "type",
                                          "protection", "owner", "id",     NULL};
    static const char *const searched[] = {"name", "id", "owner", "owner_pid", NULL};
    static const struct cop__obs_listing listing = {"tables", columns, searched, value_of};
    bool readable_only = cop__obs_same(cop__obs_text(r, "readable", ""), "true");
    cop_term all = cop_ets_all(), list = cop_empty_list();
    int64_t bytes = 0, size;
    bool readable;

    for (; !cop_is_empty_list(all); all = cop_tail(all)) {
        cop_term map = table_map(cop_head(all));

        if (!cop_match(map, "%{readable: readable, memory: size}", readable, size)) continue;
        bytes += size;
        if (readable || !readable_only) list = cop_cons(map, list);
    }
    return cop_map_put(cop__obs_list(r, &listing, cop_list_reverse(list)), COP(":memory"), bytes);
}

/* --- Contents --------------------------------------------------------------------------------- */

static bool is_text(cop_term text, cop_bytes wanted)
{
    cop_bytes t;

    if (!cop_is_binary(text)) return false;
    t = cop_to_bytes(text);
    return t.len == wanted.len && memcmp(t.data, wanted.data, t.len) == 0;
}

/* The table with this id, or this name as it is printed. */
static cop_term find(cop_bytes id)
{
    cop_term all = cop_ets_all();

    for (; !cop_is_empty_list(all); all = cop_tail(all)) {
        cop_term table = cop_head(all);

        if (is_text(id_text(table), id) || (cop_is_atom(table) && is_text(cop_inspect(table), id)))
            return table;
    }
    cop__obs_fail(404, "not_found", "there is no such table");
}

struct page {
    cop_term table;
    cop_bytes filter;
    int64_t keypos;
    int64_t offset;
    int64_t limit;
    int64_t matched;
    int64_t looked;
    cop_term rows; /* last first */
};

static cop_term row_map(const struct page *p, cop_term object)
{
    cop_term elements = cop_empty_list(), key = cop_nil();
    size_t size = cop_tuple_size(object);

    for (size_t i = size; i > 0; i--) {
        if (i <= COP__OBS_LIST_MAX)
            elements =
                cop_cons(cop__obs_term(cop_elem(object, i - 1), COP__OBS_TERM_MAX), elements);
    }
    if (p->keypos >= 1 && (size_t)p->keypos <= size)
        key = cop__obs_term(cop_elem(object, (size_t)p->keypos - 1), COP__OBS_TERM_MAX);
    return cop_build("%{key: key, elements: elements}", key, elements);
}

static void take(struct page *p, cop_term object)
{
    p->looked++;
    if (p->filter.len > 0) {
        cop_bytes text = cop_to_bytes(cop_inspect_within(object, COP__OBS_TERM_MAX));

        if (text.len < p->filter.len ||
            memmem(text.data, text.len, p->filter.data, p->filter.len) == NULL)
            return;
    }
    p->matched++;
    if (p->matched > p->offset && p->matched <= p->offset + p->limit)
        p->rows = cop_cons(row_map(p, object), p->rows);
}

static cop_term read_page(void *arg)
{
    struct page *p = arg;
    cop_term found = cop_ets_match_object_limit(p->table, COP(":_"), 100), objects, more;

    while (cop_match(found, "{objects, more}", objects, more) && p->looked < LOOK_MAX) {
        for (; !cop_is_empty_list(objects); objects = cop_tail(objects))
            take(p, cop_head(objects));
        found = cop_ets_continue(more);
    }
    return cop_nil();
}

cop_term cop__obs_table(const struct cop__obs_request *r, cop_bytes id)
{
    cop_term table = find(id), map = table_map(table), rows;
    struct page p = {.table = table,
                     .filter = cop__obs_text(r, "filter", ""),
                     .offset = cop__obs_number(r, "offset", 0, 0, LOOK_MAX),
                     .limit = cop__obs_number(r, "limit", 100, 0, 1000),
                     .rows = cop_empty_list()};
    struct cop_outcome outcome;
    bool readable, partial;
    int64_t matched, size, offset = p.offset;

    if (!cop_match(map, "%{readable: readable, size: size}", readable, size))
        cop__obs_fail(404, "not_found", "the table is gone");
    if (!readable) cop__obs_fail(403, "forbidden", "a private table is its owner's alone");
    p.keypos = cop_to_int(cop_map_get(map, COP(":keypos"), cop_int(1)));
    if (!cop_try(read_page, &p, &outcome))
        cop__obs_fail(404, "not_found", "the table went while it was read");
    matched = p.filter.len == 0 && size > p.matched ? size : p.matched;
    partial = p.looked >= LOOK_MAX;
    rows = cop_list_reverse(p.rows);
    return cop_build("%{table: map, matched: matched, offset: offset, partial: partial,"
                     " rows: rows}",
                     map, matched, offset, partial, rows);
}
