/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing: a key stands at its home (the low bits of its hash) or in
 * the run of keys that follows. A removed key leaves no mark; the keys behind it move up where that
 * brings them nearer to their homes, so lookups never slow down with age.
 *
 * At most three quarters of the entries are in use, so there always is a free one to stop a search;
 * below an eighth the map shrinks. Key 0 marks a free entry and has a place of its own at the
 * end. */
#include "base/map64.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/hash.h"

#include <string.h>

#define CAP_LOG2_MIN 2
#define CAP_LOG2_MAX 31

static inline size_t cap_of(const struct cop__map64 *map)
{
    return (size_t)1 << map->cap_log2;
}

/* Keys in probed entries. */
static inline size_t probed_len(const struct cop__map64 *map)
{
    return map->len - map->has_zero;
}

static inline size_t size_of(unsigned cap_log2)
{
    return (((size_t)1 << cap_log2) + 1) * sizeof(struct cop__map64_entry);
}

/* Where key stands, or the free entry where it would be put. key is not 0. */
static inline struct cop__map64_entry *find(const struct cop__map64 *map, uint64_t key)
{
    size_t mask = cap_of(map) - 1;
    size_t at = cop__hash_u64(key) & mask;

    while (map->entries[at].key != key && map->entries[at].key != 0)
        at = (at + 1) & mask;
    return &map->entries[at];
}

/* The same keys in 2^cap_log2 entries, which must be enough. */
static void resize(struct cop__map64 *map, unsigned cap_log2)
{
    struct cop__map64 old = *map;

    COP_CHECK(cap_log2 <= CAP_LOG2_MAX, "map of %u keys", map->len);
    map->cap_log2 = (uint8_t)cap_log2;
    map->entries = cop__alloc_zeroed(size_of(cap_log2));
    if (!old.entries) return;
    for (size_t i = 0; i < cap_of(&old); i++) {
        if (old.entries[i].key != 0) *find(map, old.entries[i].key) = old.entries[i];
    }
    map->entries[cap_of(map)] = old.entries[cap_of(&old)];
    cop__free(old.entries, size_of(old.cap_log2));
}

void cop__map64_fini(struct cop__map64 *map)
{
    cop__free(map->entries, size_of(map->cap_log2));
    cop__map64_init(map);
}

uint64_t *cop__map64_get(const struct cop__map64 *map, uint64_t key)
{
    struct cop__map64_entry *entry;

    if (map->len == 0) return NULL;
    if (key == 0) return map->has_zero ? &map->entries[cap_of(map)].value : NULL;
    entry = find(map, key);
    return entry->key != 0 ? &entry->value : NULL;
}

static bool put_zero(struct cop__map64 *map, uint64_t value)
{
    bool is_new = !map->has_zero;

    map->entries[cap_of(map)].value = value;
    map->has_zero = true;
    map->len += is_new;
    return is_new;
}

bool cop__map64_put(struct cop__map64 *map, uint64_t key, uint64_t value)
{
    struct cop__map64_entry *entry;

    if (!map->entries) resize(map, CAP_LOG2_MIN);
    if (key == 0) return put_zero(map, value);
    entry = find(map, key);
    if (entry->key != 0) {
        entry->value = value;
        return false;
    }
    if (probed_len(map) + 1 > cap_of(map) / 4 * 3) {
        resize(map, map->cap_log2 + 1u);
        entry = find(map, key);
    }
    *entry = (struct cop__map64_entry){.key = key, .value = value};
    map->len++;
    COP_ASSERT_SLOW(cop__map64_is_valid(map));
    return true;
}

/* Frees the entry at hole and closes the gap: a later key of the run moves into it unless its home
 * lies behind the hole. */
static void close_gap(struct cop__map64 *map, size_t hole)
{
    size_t mask = cap_of(map) - 1;

    for (size_t at = (hole + 1) & mask; map->entries[at].key != 0; at = (at + 1) & mask) {
        size_t home = cop__hash_u64(map->entries[at].key) & mask;

        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->entries[hole] = map->entries[at];
            hole = at;
        }
    }
    map->entries[hole].key = 0;
}

bool cop__map64_remove(struct cop__map64 *map, uint64_t key, uint64_t *ret_value)
{
    uint64_t *value = cop__map64_get(map, key);

    if (!value) return false;
    if (ret_value) *ret_value = *value;
    map->len--;
    if (key == 0)
        map->has_zero = false;
    else
        close_gap(map, (size_t)(find(map, key) - map->entries));
    if (map->len == 0) {
        cop__map64_fini(map);
    } else if (map->cap_log2 > CAP_LOG2_MIN && probed_len(map) < cap_of(map) / 8) {
        resize(map, map->cap_log2 - 1u);
    }
    COP_ASSERT_SLOW(cop__map64_is_valid(map));
    return true;
}

struct cop__map64_entry *cop__map64_next(const struct cop__map64 *map,
                                         const struct cop__map64_entry *entry)
{
    size_t at = entry ? (size_t)(entry - map->entries) + 1 : 0;

    if (map->len == 0) return NULL;
    for (; at < cap_of(map); at++) {
        if (map->entries[at].key != 0) return &map->entries[at];
    }
    return at == cap_of(map) && map->has_zero ? &map->entries[at] : NULL;
}

bool cop__map64_is_valid(const struct cop__map64 *map)
{
    size_t count = map->has_zero;

    if (!map->entries) return map->len == 0 && !map->has_zero;
    for (size_t i = 0; i < cap_of(map); i++) {
        if (map->entries[i].key == 0) continue;
        count++;
        if (find(map, map->entries[i].key) != &map->entries[i]) return false;
    }
    return count == map->len && probed_len(map) <= cap_of(map) / 4 * 3;
}
