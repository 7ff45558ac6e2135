/* SPDX-License-Identifier: Apache-2.0 */
/* The table of atoms (atom.h says how it is shared).
 *
 *   entries: pages of 1024 pointers each, by index, never moved
 *   table:   open addressing, index + 1 in each taken slot, 0 in a free one; at most half full
 *
 * An index is stored into the table after its entry, with release; readers load it with acquire. */
#include "term/atom.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/utf8.h"

#include <pthread.h>
#include <string.h>

#define PAGE_LEN  1024
#define PAGE_MAX  (COP__ATOM_COUNT_MAX / PAGE_LEN)
#define TABLE_MIN 1024 /* slots; a power of two */
_Static_assert(COP__ATOM_FIXED <= PAGE_LEN, "the fixed atoms stand in the first page");
_Static_assert(COP__ATOM_FIXED * 2 <= TABLE_MIN, "and fit the first table");

struct entry {
    uint64_t hash;
    uint32_t len; /* bytes */
    char text[];  /* and a final 0 */
};

struct table {
    struct table *older; /* the one before: others may still read it */
    size_t mask;         /* slots - 1 */
    _Atomic(uint32_t) slots[];
};

static const char *const fixed_texts[COP__ATOM_FIXED] = {
#define COP__ATOM(name)          #name,
#define COP__ATOM_AS(name, text) text,
#include "term/atoms.def"
#undef COP__ATOM
#undef COP__ATOM_AS
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* who adds */
static _Atomic(struct table *) current_table; /* NULL until the first atom is asked for */
/* Each page is written under the lock before an index in it is known to anybody. */
static _Atomic(struct entry **) pages[PAGE_MAX];
static _Atomic(uint32_t) count;
static _Atomic(size_t) memory; /* bytes of entries, pages and tables; written under the lock */

/* --- Under the lock --------------------------------------------------------------------------- */

static struct entry *entry_at(uint32_t index)
{
    struct entry **page = atomic_load_explicit(&pages[index / PAGE_LEN], memory_order_acquire);

    return page[index % PAGE_LEN];
}

static struct table *table_new(size_t slots)
{
    size_t size = sizeof(struct table) + slots * sizeof(_Atomic(uint32_t));
    struct table *table = cop__alloc_zeroed(size);

    atomic_fetch_add_explicit(&memory, size, memory_order_relaxed);
    table->mask = slots - 1;
    return table;
}

static void table_put(struct table *table, uint64_t hash, uint32_t index)
{
    size_t at = hash & table->mask;

    while (atomic_load_explicit(&table->slots[at], memory_order_relaxed) != 0) {
        at = (at + 1) & table->mask;
    }
    atomic_store_explicit(&table->slots[at], index + 1, memory_order_release);
}

/* Adds an atom that is not there. */
static uint32_t add(struct table **table, cop_bytes text, uint64_t hash)
{
    uint32_t index = atomic_load_explicit(&count, memory_order_relaxed);
    struct entry **page = atomic_load_explicit(&pages[index / PAGE_LEN], memory_order_relaxed);
    struct entry *entry = cop__alloc(sizeof(*entry) + text.len + 1);

    entry->hash = hash;
    entry->len = (uint32_t)text.len;
    if (text.len > 0) memcpy(entry->text, text.data, text.len);
    entry->text[text.len] = 0;
    atomic_fetch_add_explicit(&memory, sizeof(*entry) + text.len + 1, memory_order_relaxed);
    if (!page) {
        page = cop__alloc_zeroed(PAGE_LEN * sizeof(struct entry *));
        atomic_fetch_add_explicit(&memory, PAGE_LEN * sizeof(struct entry *), memory_order_relaxed);
        atomic_store_explicit(&pages[index / PAGE_LEN], page, memory_order_release);
    }
    page[index % PAGE_LEN] = entry;
    atomic_store_explicit(&count, index + 1, memory_order_release);
    if ((size_t)index * 2 >= (*table)->mask) {
        struct table *larger = table_new(((*table)->mask + 1) * 2);

        for (uint32_t i = 0; i < index; i++)
            table_put(larger, entry_at(i)->hash, i);
        /* The old one is left as it is. All old ones together are not larger than the newest. */
        larger->older = *table;
        table_put(larger, hash, index);
        atomic_store_explicit(&current_table, larger, memory_order_release);
        *table = larger;
    } else {
        table_put(*table, hash, index);
    }
    return index;
}

/* The table, with the fixed atoms in it. */
static struct table *table_ready(void)
{
    struct table *table = atomic_load_explicit(&current_table, memory_order_acquire);

    if (table) return table;
    table = table_new(TABLE_MIN);
    for (uint32_t i = 0; i < COP__ATOM_FIXED; i++) {
        cop_bytes text = {fixed_texts[i], strlen(fixed_texts[i])};

        add(&table, text, cop__hash_bytes(text.data, text.len));
    }
    atomic_store_explicit(&current_table, table, memory_order_release);
    return table;
}

/* --- Without it ------------------------------------------------------------------------------- */

static bool table_find(struct table *table, cop_bytes text, uint64_t hash, uint32_t *ret_index)
{
    for (size_t at = hash & table->mask;; at = (at + 1) & table->mask) {
        /* Acquire; pairs with table_put(): the entry was written before. */
        uint32_t index = atomic_load_explicit(&table->slots[at], memory_order_acquire);
        const struct entry *entry;

        if (index == 0) return false;
        entry = entry_at(index - 1);
        if (entry->hash == hash && entry->len == text.len &&
            (text.len == 0 || memcmp(entry->text, text.data, text.len) == 0)) {
            *ret_index = index - 1;
            return true;
        }
    }
}

static const struct entry *entry_of(uint32_t index)
{
    if (!atomic_load_explicit(&current_table, memory_order_acquire)) {
        pthread_mutex_lock(&lock);
        table_ready();
        pthread_mutex_unlock(&lock);
    }
    COP_ASSERT(index < atomic_load_explicit(&count, memory_order_acquire));
    return entry_at(index);
}

/* Finds the atom, adds it if asked to. False: it is not there, and was not to be added. */
static bool find_or_add(cop_bytes text, bool may_add, uint32_t *ret_index)
{
    uint64_t hash = cop__hash_bytes(text.data, text.len);
    struct table *table = atomic_load_explicit(&current_table, memory_order_acquire);
    bool is_full = false;
    bool is_there;

    if (table && table_find(table, text, hash, ret_index)) return true;
    pthread_mutex_lock(&lock);
    table = table_ready();
    is_there = table_find(table, text, hash, ret_index);
    if (!is_there && may_add) {
        is_full = atomic_load_explicit(&count, memory_order_relaxed) >= COP__ATOM_COUNT_MAX;
        if (!is_full) *ret_index = add(&table, text, hash);
    }
    pthread_mutex_unlock(&lock);
    if (is_full) cop__term_fail("system_limit", cop_none());
    return is_there || may_add;
}

size_t cop__atom_count(void)
{
    entry_of(0);
    return atomic_load_explicit(&count, memory_order_acquire);
}

size_t cop__atom_memory(void)
{
    return atomic_load_explicit(&memory, memory_order_relaxed);
}

cop_bytes cop__atom_bytes(uint32_t index)
{
    const struct entry *entry = entry_of(index);

    return (cop_bytes){entry->text, entry->len};
}

uint64_t cop__atom_hash(uint32_t index)
{
    return entry_of(index)->hash;
}

bool cop__atom_is_text(cop_term atom, const char *text)
{
    cop_bytes bytes;

    if (!cop__is_atom(atom)) return false;
    bytes = cop__atom_bytes(cop__atom_index(atom));
    return strlen(text) == bytes.len && memcmp(bytes.data, text, bytes.len) == 0;
}

int64_t cop__utf8_len(cop_bytes text)
{
    int64_t len = 0;
    uint32_t code;

    for (size_t at = 0; at < text.len; len++) {
        size_t size = cop__utf8_decode(text.data + at, text.len - at, &code);

        if (size == 0) return -1;
        at += size;
    }
    return len;
}

/* --- Public ----------------------------------------------------------------------------------- */

bool cop_is_atom(cop_term t)
{
    return cop__is_atom(t);
}

bool cop_is_boolean(cop_term t)
{
    return cop__is(t, COP_ATOM_true) || cop__is(t, COP_ATOM_false);
}

cop_term cop_bool(bool value)
{
    return value ? cop_true() : cop_false();
}

bool cop_to_bool(cop_term t)
{
    if (!cop_is_boolean(t)) cop__term_fail("badarg", t);
    return cop__is(t, COP_ATOM_true);
}

cop_term cop_atom_from(cop_bytes text)
{
    uint32_t index;
    cop_term atom = cop_atom_existing(text);
    int64_t chars;

    if (!cop_is_none(atom)) return atom;
    chars = cop__utf8_len(text);
    if (chars < 0) cop__term_fail("badarg", cop_none());
    if (chars > COP__ATOM_CHARS_MAX) cop__term_fail("system_limit", cop_none());
    find_or_add(text, true, &index);
    return cop__atom(index);
}

cop_term cop_atom(const char *text)
{
    return cop_atom_from((cop_bytes){text, strlen(text)});
}

cop_term cop_atom_existing(cop_bytes text)
{
    uint32_t index;

    if (text.len > (size_t)COP__ATOM_CHARS_MAX * COP__UTF8_MAX) return cop_none();
    if (!find_or_add(text, false, &index)) return cop_none();
    return cop__atom(index);
}

cop_bytes cop_atom_text(cop_term atom)
{
    if (!cop__is_atom(atom)) cop__term_fail("badarg", atom);
    return cop__atom_bytes(cop__atom_index(atom));
}
