/* SPDX-License-Identifier: Apache-2.0 */
/* A merge sort that can be interrupted (tree_sort.h). */
#include "term/tree_sort.h"
#include "base/alloc.h"
#include "base/check.h"

#include <string.h>

struct pair {
    uint64_t key;
    uint64_t value;
};

struct cop__tree_sort {
    size_t len;           /* pairs of each tree */
    struct pair *rows[2]; /* of each tree; sorted up to `tree`, taken apart at the end */
    struct pair *room;    /* what is merged now */
    uint64_t *columns;    /* keys, values, keys, values: when all is sorted */
    /* The merge in progress, of rows[tree] into room. */
    int tree;
    size_t width;   /* of the sorted runs */
    size_t begin;   /* of the two runs that are merged now */
    size_t i;       /* next of the left run */
    size_t j;       /* next of the right run */
    bool has_asked; /* the outcome that comes is of i and j */
};

static struct pair *row_of(cop_term map, size_t len)
{
    struct pair *row = cop__alloc(len * sizeof(*row));
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;
    size_t at = 0;

    while (cop_map_next(&it, &key, &value))
        row[at++] = (struct pair){key.word, value.word};
    COP_ASSERT(at == len);
    return row;
}

struct cop__tree_sort *cop__tree_sort_new(cop_term a, cop_term b)
{
    struct cop__tree_sort *sort = cop__alloc_zeroed(sizeof(*sort));

    sort->len = cop_map_size(a);
    sort->rows[0] = row_of(a, sort->len);
    sort->rows[1] = row_of(b, sort->len);
    sort->room = cop__alloc(sort->len * sizeof(*sort->room));
    sort->width = 1;
    sort->j = 1;
    return sort;
}

void cop__tree_sort_free(struct cop__tree_sort *sort)
{
    size_t size = sort->len * sizeof(struct pair);

    cop__free(sort->rows[0], size);
    cop__free(sort->rows[1], size);
    cop__free(sort->room, size);
    cop__free(sort->columns, 2 * size);
    cop__free(sort, sizeof(*sort));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* All runs of this width are merged: on with the next width, or the next tree. */
static void next_round(struct cop__tree_sort *sort)
{
    struct pair *merged = sort->room;

    sort->room = sort->rows[sort->tree];
    sort->rows[sort->tree] = merged;
    sort->width *= 2;
    if (sort->width >= sort->len) {
        sort->width = 1;
        sort->tree++;
    }
    sort->begin = 0;
}

static void columns_make(struct cop__tree_sort *sort)
{
    sort->columns = cop__alloc(4 * sort->len * sizeof(uint64_t));
    for (size_t tree = 0; tree < 2; tree++) {
        uint64_t *keys = sort->columns + 2 * tree * sort->len;

        for (size_t i = 0; i < sort->len; i++) {
            keys[i] = sort->rows[tree][i].key;
            keys[sort->len + i] = sort->rows[tree][i].value;
        }
    }
}

bool cop__tree_sort_step(struct cop__tree_sort *sort, int outcome, const uint64_t **ret_a,
                         const uint64_t **ret_b)
{
    while (sort->tree < 2) {
        struct pair *row = sort->rows[sort->tree];
        size_t middle = least(sort->begin + sort->width, sort->len);
        size_t end = least(sort->begin + 2 * sort->width, sort->len);

        while (sort->i < middle || sort->j < end) {
            size_t to = sort->i + sort->j - middle;
            bool is_left = sort->j == end;

            if (sort->i < middle && sort->j < end) {
                if (!sort->has_asked) {
                    sort->has_asked = true;
                    *ret_a = &row[sort->i].key;
                    *ret_b = &row[sort->j].key;
                    return true;
                }
                sort->has_asked = false;
                is_left = outcome <= 0;
            }
            sort->room[to] = is_left ? row[sort->i++] : row[sort->j++];
        }
        sort->begin = end;
        if (end == sort->len) next_round(sort);
        sort->i = sort->begin;
        sort->j = least(sort->begin + sort->width, sort->len);
    }
    if (!sort->columns) columns_make(sort);
    return false;
}

const uint64_t *cop__tree_sort_keys(const struct cop__tree_sort *sort, int tree)
{
    return sort->columns + 2 * (size_t)tree * sort->len;
}

const uint64_t *cop__tree_sort_values(const struct cop__tree_sort *sort, int tree)
{
    return cop__tree_sort_keys(sort, tree) + sort->len;
}

size_t cop__tree_sort_len(const struct cop__tree_sort *sort)
{
    return sort->len;
}
