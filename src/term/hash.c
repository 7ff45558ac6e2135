/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of terms: equal for identical terms. A walk with a stack of rows of terms still to come;
 * maps have one shape for the same content, so they need no special care. */
#include "term/hash.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/hash.h"
#include "term/atom.h"
#include "term/number.h"

#include <stdatomic.h>
#include <string.h>

#define INLINE_ROWS 24

static uint64_t seed = COP__HASH_FIXED;
static _Atomic int pins; /* relaxed: who pins and who sets the seed are ordered otherwise */

bool cop__term_seed_set(uint64_t number)
{
    uint64_t wanted = cop__hash_seed(number);

    if (atomic_load_explicit(&pins, memory_order_relaxed) == 0) seed = wanted;
    return seed == wanted;
}

void cop__term_seed_pin(void)
{
    atomic_fetch_add_explicit(&pins, 1, memory_order_relaxed);
}

void cop__term_seed_unpin(void)
{
    atomic_fetch_sub_explicit(&pins, 1, memory_order_relaxed);
}

/* --- The walk --------------------------------------------------------------------------------- */

static inline uint64_t of_bytes(const void *bytes, size_t len)
{
    return cop__hash_bytes_with(seed, bytes, len);
}

struct row {
    const uint64_t *at;
    size_t len;
};

/* A number that keeps kinds apart whose contents may agree. */
static uint64_t of_kind(enum cop__box kind, uint64_t content)
{
    return cop__hash_combine((uint64_t)kind + 1, content);
}

static uint64_t hash_box(const uint64_t *box)
{
    uint64_t header = *box;
    enum cop__box kind = cop__header_kind(header);
    size_t arity = cop__header_arity(header);
    cop_bytes bytes;
    double value;

    switch (kind) {
    case COP__BOX_FLOAT:
        value = cop__float_value(cop__box_term(box));
        if (value == 0.0) value = 0.0; /* -0.0 is identical to it */
        return of_kind(kind, of_bytes(&value, sizeof(value)));
    case COP__BOX_BINARY:
    case COP__BOX_COUNTED:
        bytes = cop_to_bytes(cop__box_term(box));
        return of_kind(COP__BOX_BINARY, of_bytes(bytes.data, bytes.len));
    case COP__BOX_INT64:
    case COP__BOX_BIGINT:
    case COP__BOX_REF:
    case COP__BOX_PID:
        return of_kind(kind, of_bytes(box + 1, arity * sizeof(*box)) + cop__header_extra(header));
    case COP__BOX_NODE: return of_kind(kind, cop__hash_u64(box[1]));
    default: return of_kind(kind, arity);
    }
}

static inline uint64_t hash_immediate(cop_term t)
{
    /* An atom's index tells when it was first used; that of its text tells nothing. */
    return cop__hash_u64_with(seed, cop__is_atom(t) ? cop__atom_hash(cop__atom_index(t)) : t.word);
}

static __attribute__((noinline)) uint64_t hash_deep(const uint64_t *box)
{
    struct row inline_rows[INLINE_ROWS];
    struct row *rows = inline_rows;
    size_t cap = INLINE_ROWS;
    size_t len = 0;
    uint64_t hash = hash_box(box);

    for (;;) {
        size_t first = cop__header_first_term(*box);

        if (first > 0 && cop__header_arity(*box) >= first) {
            if (COP_UNLIKELY(len == cap)) {
                struct row *larger = cop__alloc(2 * cap * sizeof(*rows));

                memcpy(larger, rows, cap * sizeof(*rows));
                if (rows != inline_rows) cop__free(rows, cap * sizeof(*rows));
                rows = larger;
                cap *= 2;
            }
            rows[len++] = (struct row){box + first, cop__header_arity(*box) + 1 - first};
        }
        box = NULL;
        while (!box && len > 0) {
            cop_term t = cop__term(*rows[len - 1].at++);

            if (--rows[len - 1].len == 0) len--;
            if (cop__is_box(t)) box = cop__box(t);
            hash = cop__hash_combine(hash, box ? hash_box(box) : hash_immediate(t));
        }
        if (!box) break;
    }
    if (rows != inline_rows) cop__free(rows, cap * sizeof(*rows));
    return hash;
}

uint64_t cop_hash(cop_term t)
{
    const uint64_t *box;

    if (!cop__is_box(t)) return hash_immediate(t);
    box = cop__box(t);
    return cop__header_first_term(*box) == 0 ? hash_box(box) : hash_deep(box);
}
