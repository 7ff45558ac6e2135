/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from uint64_t to uint64_t; any key, 0 too. For ids, and for pointers as values.
 *
 * All zero is an empty map, and an empty map owns no memory: it comes with the first key and goes
 * with the last. A map of up to three keys takes 80 bytes. It grows and shrinks by itself; a put,
 * get or remove is O(1) in the mean.
 *
 * Not to be used by two threads at once. Pointers to values hold until the next put or remove. The
 * order of a walk depends on the seed of the hashes (hash.h): nothing that can be seen may. */
#ifndef COP_BASE_MAP64_H
#define COP_BASE_MAP64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cop__map64_entry {
    uint64_t key; /* 0: free, except in the last entry, which is for the key 0 alone */
    uint64_t value;
};

struct cop__map64 {
    struct cop__map64_entry *entries; /* 2^cap_log2 of them and one more; NULL while empty */
    uint32_t len;                     /* keys, 0 included */
    uint8_t cap_log2;
    bool has_zero; /* is the key 0 there? */
};

/* for each entry of a map, in no order: struct cop__map64_entry *entry; the map must not change,
 * but entry->value may. */
#define COP_MAP_FOR(entry, map)                                                                    \
    for ((entry) = cop__map64_next(map, NULL); (entry); (entry) = cop__map64_next(map, entry))

static inline void cop__map64_init(struct cop__map64 *map)
{
    *map = (struct cop__map64){0};
}

/* Frees what the map owns; it is empty then and may be used again. */
void cop__map64_fini(struct cop__map64 *map);

static inline size_t cop__map64_len(const struct cop__map64 *map)
{
    return map->len;
}

/* The place of the key's value, or NULL. */
uint64_t *cop__map64_get(const struct cop__map64 *map, uint64_t key);

/* Sets the value of a key. Returns true if the key is new. */
bool cop__map64_put(struct cop__map64 *map, uint64_t key, uint64_t value);

/* Takes a key out. Returns whether it was there; then its value is in *ret_value, if asked for. */
bool cop__map64_remove(struct cop__map64 *map, uint64_t key, uint64_t *ret_value);

/* The entry after this one, or the first (NULL). NULL after the last. */
struct cop__map64_entry *cop__map64_next(const struct cop__map64 *map,
                                         const struct cop__map64_entry *entry);

/* For assertions and tests: does every key stand where a get finds it? O(n). */
bool cop__map64_is_valid(const struct cop__map64 *map);

#endif
