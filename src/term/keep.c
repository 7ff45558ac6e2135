/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping and dropping (keep.h says what is copied and what is shared).
 *
 * What is to be kept falls into units: the term itself, and each node of a large map in it that is
 * not kept yet. Each unit becomes one block, made through a log as in copy.c:
 *
 *   scan    the boxes of the unit, up to nodes and to what is shared; count the references
 *   copy    into the new block; references to shared blocks are counted
 *   nodes   each becomes a job: the word that shall hold it, and the reference, are filled later
 *
 * A node that has become a block keeps a stand-in for its header, which tells where, until all jobs
 * are done: so one that is met again, in another version of the map, is shared. */
#include "term/keep.h"
#include "base/alloc.h"
#include "term/log.h"

#include <string.h>

#define WHOLE_WORDS 32 /* a message up to this is kept whole: less than the overhead of a copy */

/* A node that shall become a block, and where it is referred to. */
struct job {
    uint64_t *node;
    struct cop__block *parent;
    uint32_t word; /* of the parent, from its first box */
    uint32_t ref;
};

/* A kept block that a unit refers to. */
struct shared {
    struct cop__block *block;
};

struct keeping {
    struct cop__heap *heap;
    struct job *jobs;
    size_t jobs_len;
    size_t jobs_cap;
    struct cop__log_entry *done; /* nodes that are blocks, with their headers */
    size_t done_len;
    size_t done_cap;
    struct shared *shared; /* blocks that the current unit refers to */
    size_t shared_len;
    size_t shared_cap;
    size_t nodes; /* references of the current unit to nodes that are or will be blocks */
};

/* Makes room for one more item of an array that starts as NULL. */
static void *array_room(void *items, size_t len, size_t *cap, size_t item_size)
{
    size_t old = *cap;

    if (len < old) return items;
    *cap = old == 0 ? 16 : old * 2;
    return cop__realloc(items, old * item_size, *cap * item_size);
}

/* --- Stand-ins for headers of nodes that are blocks
 * ----------------------------------------------- */

static uint64_t moved(const uint64_t *copy)
{
    return (uint64_t)(uintptr_t)copy << 6 |
           (uint64_t)COP__STORAGE_BLOCK << COP__HEADER_STORAGE_SHIFT | COP__BOX_FORWARD;
}

static bool is_moved(uint64_t header)
{
    return cop__header_kind(header) == COP__BOX_FORWARD &&
           cop__header_storage(header) == COP__STORAGE_BLOCK;
}

static uint64_t *moved_to(uint64_t header)
{
    return (uint64_t *)(uintptr_t)(header >> 6);
}

/* --- Messages
 * ------------------------------------------------------------------------------------- */

/* The words of a term that lies in one message. */
static size_t words_below(uint64_t *box)
{
    struct cop__log log;
    size_t words;

    cop__log_init(&log);
    cop__log_add(&log, box, *box);
    cop__log_scan(&log);
    words = log.words;
    cop__log_restore(&log);
    cop__log_fini(&log);
    return words;
}

/* A block that can be shared as it is: kept already, or a small message. (Small messages hold no
 * nodes, so a node's block does not become kept between a unit's scan and its copy.) */
static bool is_shareable(struct cop__block *block)
{
    if (block->words <= WHOLE_WORDS) block->flags |= COP__BLOCK_KEPT;
    return (block->flags & COP__BLOCK_KEPT) != 0;
}

/* --- One unit
 * --------------------------------------------------------------------------------------- */

static void scan_word(struct keeping *k, struct cop__log *log, uint64_t word)
{
    uint64_t *box;
    uint64_t header;
    struct cop__block *block;

    if ((word & COP__TAG_MASK) != COP__TAG_BOX) return;
    box = cop__log_box(word);
    header = *box;
    if (cop__header_storage(header) == COP__STORAGE_IMMORTAL) return;
    if (cop__header_kind(header) == COP__BOX_FORWARD) {
        k->nodes += is_moved(header);
        return;
    }
    if (cop__header_storage(header) == COP__STORAGE_BLOCK) {
        block = cop__block_of(box);
        if (is_shareable(block)) {
            if (block->flags & COP__BLOCK_RECORDED) return;
            block->flags |= COP__BLOCK_RECORDED;
            k->shared = array_room(k->shared, k->shared_len, &k->shared_cap, sizeof(struct shared));
            k->shared[k->shared_len++].block = block;
            return;
        }
    }
    if (cop__header_kind(header) == COP__BOX_NODE)
        k->nodes++;
    else
        cop__log_add(log, box, header);
}

static void scan_unit(struct keeping *k, struct cop__log *log)
{
    k->nodes = 0;
    k->shared_len = 0;
    for (size_t at = 0; at < log->len; at++) {
        const uint64_t *box = log->entries[at].box;
        uint64_t header = log->entries[at].header;
        size_t first = cop__header_first_term(header);
        size_t end = 1 + cop__header_arity(header);

        if (first == 0) continue;
        for (size_t i = first; i < end; i++)
            scan_word(k, log, box[i]);
    }
}

/* A word of a copy still refers to a box that is neither immortal nor shared: says to which
 * copy. */
static uint64_t copy_word(struct keeping *k, struct cop__block *block, const uint64_t *copy,
                          uint32_t *ref)
{
    uint64_t *box;
    uint64_t header;

    if ((*copy & COP__TAG_MASK) != COP__TAG_BOX) return *copy;
    box = cop__log_box(*copy);
    header = *box;
    if (is_moved(header)) {
        struct cop__block *node = cop__block_of(moved_to(header));

        node->count++;
        cop__block_refs(block)[(*ref)++] = node;
        return (uint64_t)(uintptr_t)moved_to(header);
    }
    if (cop__header_kind(header) == COP__BOX_FORWARD) {
        return (uint64_t)(uintptr_t)(cop__block_words(block) + cop__forward_offset(header));
    }
    if (cop__header_kind(header) == COP__BOX_NODE &&
        cop__header_storage(header) != COP__STORAGE_IMMORTAL &&
        !(cop__header_storage(header) == COP__STORAGE_BLOCK &&
          cop__block_of(box)->flags & COP__BLOCK_KEPT)) {
        k->jobs = array_room(k->jobs, k->jobs_len, &k->jobs_cap, sizeof(struct job));
        k->jobs[k->jobs_len++] =
            (struct job){box, block, (uint32_t)(copy - cop__block_words(block)), (*ref)++};
    }
    return *copy;
}

static void copy_unit(struct keeping *k, const struct cop__log *log, struct cop__block *block)
{
    size_t index = 0;
    uint32_t ref = 0;

    for (size_t at = 0; at < log->len; at++) {
        uint64_t header = log->entries[at].header;
        uint64_t *copy = cop__block_put_box(block, index, log->entries[at].box, header);
        size_t first = cop__header_first_term(header);
        size_t end = 1 + cop__header_arity(header);

        index += end;
        if (first == 0) continue;
        for (size_t i = first; i < end; i++)
            copy[i] = copy_word(k, block, &copy[i], &ref);
    }
    for (size_t i = 0; i < k->shared_len; i++) {
        k->shared[i].block->flags &= (uint16_t)~COP__BLOCK_RECORDED;
        k->shared[i].block->count++;
        cop__block_refs(block)[ref++] = k->shared[i].block;
    }
    COP_ASSERT(ref == block->refs);
}

/* Puts back all headers and frees the lists. */
static void keeping_fini(struct keeping *k)
{
    for (size_t i = 0; i < k->done_len; i++)
        *k->done[i].box = k->done[i].header;
    cop__free(k->jobs, k->jobs_cap * sizeof(*k->jobs));
    cop__free(k->done, k->done_cap * sizeof(*k->done));
    cop__free(k->shared, k->shared_cap * sizeof(*k->shared));
}

/* A unit is too large for a block. Blocks that were made for other units stay until the owner
 * ends. */
static COP_NORETURN COP_COLD void too_large(struct keeping *k, struct cop__log *log)
{
    for (size_t i = 0; i < k->shared_len; i++)
        k->shared[i].block->flags &= (uint16_t)~COP__BLOCK_RECORDED;
    cop__log_restore(log);
    cop__log_fini(log);
    keeping_fini(k);
    cop__term_fail("system_limit", cop_none());
}

/* Makes the block of one unit, which begins with this box. Its count is 1: the caller's. */
static struct cop__block *keep_unit(struct keeping *k, uint64_t *box)
{
    struct cop__log log;
    struct cop__block *block;

    cop__log_init(&log);
    cop__log_add(&log, box, *box);
    scan_unit(k, &log);
    if (log.words > COP__PLACE_MAX - sizeof(*block) / sizeof(uint64_t)) too_large(k, &log);
    block = cop__block_new(cop_none(), 0, log.words, k->nodes + k->shared_len);
    copy_unit(k, &log, block);
    block->term = cop__box_term(cop__block_words(block));
    block->flags = COP__BLOCK_KEPT;
#ifdef COP_DEBUG
    block->label = k->heap->label;
    block->number = k->heap->number;
#endif
    cop__block_list(k->heap, block);
    cop__log_restore(&log);
    cop__log_fini(&log);
    return block;
}

static void run_job(struct keeping *k, struct job job)
{
    uint64_t header = *job.node;
    struct cop__block *block;

    if (is_moved(header)) { /* since the job was made */
        block = cop__block_of(moved_to(header));
        block->count++;
    } else {
        block = keep_unit(k, job.node);
        k->done = array_room(k->done, k->done_len, &k->done_cap, sizeof(struct cop__log_entry));
        k->done[k->done_len++] = (struct cop__log_entry){job.node, header};
        *job.node = moved(cop__block_words(block));
    }
    cop__block_words(job.parent)[job.word] = (uint64_t)(uintptr_t)cop__block_words(block);
    cop__block_refs(job.parent)[job.ref] = block;
}

static cop_term keep_copy(struct cop__heap *heap, uint64_t *box)
{
    struct keeping k = {.heap = heap};
    struct cop__block *block = keep_unit(&k, box);

    while (k.jobs_len > 0)
        run_job(&k, k.jobs[--k.jobs_len]);
    keeping_fini(&k);
    return block->term;
}

/* --- Handles
 * ---------------------------------------------------------------------------------------- */

/* A term that has a block, or shall get one: not an immediate, not immortal, not nothing. */
static bool is_mortal(cop_term t)
{
    return cop__is_box(t) && t.word != 0 &&
           cop__header_storage(*cop__box(t)) != COP__STORAGE_IMMORTAL;
}

cop_kept cop__keep(struct cop__heap *heap, cop_term t)
{
    uint64_t *box;
    struct cop__block *block;

    if (!is_mortal(t)) return (cop_kept){t};
    box = cop__log_box(t.word);
    if (cop__header_storage(*box) == COP__STORAGE_BLOCK) {
        block = cop__block_of(box);
        if (is_shareable(block) || block->term.word == t.word ||
            words_below(box) * 2 >= block->words) {
            block->flags |= COP__BLOCK_KEPT;
            block->count++;
            return (cop_kept){t};
        }
    }
    return (cop_kept){keep_copy(heap, box)};
}

void cop__drop_now(struct cop__heap *heap, cop_kept *kept)
{
    cop_term t = kept->term_;

    kept->term_ = cop_none();
    if (is_mortal(t)) cop__block_unref(heap, cop__block_of(cop__box(t)));
}

void cop__drop(struct cop__heap *heap, cop_kept *kept)
{
    cop_term t = kept->term_;
    struct cop__drop *drop;

    kept->term_ = cop_none();
    if (!is_mortal(t)) return;
    drop = (struct cop__drop *)(void *)cop__heap_words(heap, sizeof(*drop) / sizeof(uint64_t));
    drop->block = cop__block_of(cop__box(t));
    drop->next = heap->drops;
    heap->drops = drop;
}

void cop__replace(struct cop__heap *heap, cop_kept *kept, cop_term t)
{
    cop_kept old = *kept;

    *kept = cop__keep(heap, t); /* before the drop: t may share the old one's parts */
    cop__drop(heap, &old);
}

cop_kept cop_keep(cop_term t)
{
    return cop__keep(cop__heap_need(), t);
}

cop_term cop_kept_term(cop_kept kept)
{
    return kept.term_;
}

void cop_drop(cop_kept *kept)
{
    if (is_mortal(kept->term_))
        cop__drop(cop__heap_need(), kept);
    else
        kept->term_ = cop_none();
}

void cop_replace(cop_kept *kept, cop_term t)
{
    cop__replace(cop__heap_need(), kept, t);
}

/* --- Counts
 * ----------------------------------------------------------------------------------------- */

void cop__block_list(struct cop__heap *heap, struct cop__block *block)
{
    COP_ASSERT(!(block->flags & COP__BLOCK_LISTED));
    block->flags |= COP__BLOCK_LISTED;
    block->link = &heap->kept;
    block->next = heap->kept;
    if (heap->kept) heap->kept->link = &block->next;
    heap->kept = block;
    heap->owned_bytes += cop__block_size(block);
}

static void unlist(struct cop__heap *heap, struct cop__block *block)
{
    COP_ASSERT(block->flags & COP__BLOCK_LISTED && *block->link == block);
    *block->link = block->next;
    if (block->next) block->next->link = block->link;
    block->flags &= (uint16_t)~COP__BLOCK_LISTED;
    heap->owned_bytes -= cop__block_size(block);
}

void cop__block_unref(struct cop__heap *heap, struct cop__block *block)
{
    struct cop__block *dead = NULL; /* through next: a stack of blocks without owner */

    COP_ASSERT(block->count > 0 && block->flags & COP__BLOCK_KEPT);
    if (--block->count > 0) return;
    unlist(heap, block);
    block->next = NULL;
    dead = block;
    while (dead) {
        block = dead;
        dead = block->next;
        for (uint32_t i = 0; i < block->refs; i++) {
            struct cop__block *ref = cop__block_refs(block)[i];

            COP_ASSERT(ref->count > 0);
            if (--ref->count > 0) continue;
            unlist(heap, ref);
            ref->next = dead;
            dead = ref;
        }
        cop__block_free(block);
    }
}
