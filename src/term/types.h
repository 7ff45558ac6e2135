/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of terms: read this first. What a word means, what stands in a box, who frees it.
 *
 * A term is one word; its low three bits tell what it is:
 *
 *     63                                           3 2 1 0
 *    +----------------------------------------------+-----+
 *    | address of a box (8-byte aligned, not 0)     | 000 |
 *    | small integer, 61 bits, signed               | 001 |
 *    | index of an atom (atom.h)                    | 010 |
 *    | id of a local pid: generation << 28 | slot   | 011 |
 *    | 0: the empty list                            | 100 |
 *    +----------------------------------------------+-----+
 *
 * A box is a header and `arity` words after it:
 *
 *     63            37 36            10 9   7  6   5     4 3   0
 *    +----------------+----------------+-----+----+-------+-----+
 *    | place       27 | arity       27 |extra| -  |storage|kind |
 *    +----------------+----------------+-----+----+-------+-----+
 *
 *   kind     enum cop__box.
 *   storage  REGION: in a chunk of a heap, gone at the heap's reset (heap.h).
 *            BLOCK: in a struct cop__block, a message or a kept term (copy.h, keep.h).
 *            IMMORTAL: a literal; any thread may read it, nothing copies or frees it.
 *   extra    BINARY: bytes of the last word that are not used. BIGINT: 1 if negative.
 *   arity    the words that follow, so that the size of every box is 1 + arity.
 *   place    BLOCK: words from the block's header to this box. REGION: the generation of the chunk
 *            in builds with COP_DEBUG, else 0.
 *
 * Terms are immutable and acyclic: a box refers to older boxes only. A box in a region may refer to
 * anything that lives at least as long; one in a block refers to the same block, to blocks in this
 * block's list of references, and to immortal ones. */
#ifndef COPPICE_TERM_TYPES_H
#define COPPICE_TERM_TYPES_H

#include "coppice/memory.h"
#include "coppice/term.h"
#include <stdatomic.h>

_Static_assert(sizeof(void *) == 8, "a term holds an address or a word");
_Static_assert(sizeof(cop_term) == 8, "a term is one word");
_Static_assert((int64_t)-1 >> 1 == -1, "shifts of negative numbers are arithmetic");
_Static_assert(sizeof(double) == 8, "a float's box has one word");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "not tried on big endian machines");

/* --- Words ------------------------------------------------------------------------------------ */

enum cop__tag {
    COP__TAG_BOX = 0,
    COP__TAG_INT = 1,
    COP__TAG_ATOM = 2,
    COP__TAG_PID = 3,
    COP__TAG_EMPTY = 4,
};
#define COP__TAG_BITS  3
#define COP__TAG_MASK  ((uint64_t)7)
#define COP__SMALL_MAX ((INT64_C(1) << 60) - 1)
#define COP__SMALL_MIN (-(INT64_C(1) << 60))

_Static_assert(COP__ATOM_WORD(5) == (5U << COP__TAG_BITS | COP__TAG_ATOM), "as term.h has it");
_Static_assert(COP__EMPTY_LIST_WORD == COP__TAG_EMPTY, "as term.h has it");

static inline unsigned cop__tag(cop_term t)
{
    return (unsigned)(t.word & COP__TAG_MASK);
}
static inline bool cop__is_box(cop_term t)
{
    return (t.word & COP__TAG_MASK) == COP__TAG_BOX;
}
static inline bool cop__is_small(cop_term t)
{
    return (t.word & COP__TAG_MASK) == COP__TAG_INT;
}
static inline bool cop__is_atom(cop_term t)
{
    return (t.word & COP__TAG_MASK) == COP__TAG_ATOM;
}
static inline bool cop__is_local_pid(cop_term t)
{
    return (t.word & COP__TAG_MASK) == COP__TAG_PID;
}
static inline bool cop__fits_small(int64_t value)
{
    return value >= COP__SMALL_MIN && value <= COP__SMALL_MAX;
}
/* value must fit. */
static inline cop_term cop__small(int64_t value)
{
    return cop__term((uint64_t)value << COP__TAG_BITS | COP__TAG_INT);
}
static inline int64_t cop__small_value(cop_term t)
{
    return (int64_t)t.word >> COP__TAG_BITS;
}

/* The atoms of atoms.def: COP_ATOM_normal is an index, cop__atom(COP_ATOM_normal) the term. */
enum cop__atom_index {
#define COP__ATOM(name)          COP_ATOM_##name,
#define COP__ATOM_AS(name, text) COP_ATOM_##name,
#include "term/atoms.def"
#undef COP__ATOM
#undef COP__ATOM_AS
    COP__ATOM_FIXED /* how many there are */
};
static inline cop_term cop__atom(uint32_t index)
{
    return cop__term(COP__ATOM_WORD(index));
}
static inline uint32_t cop__atom_index(cop_term t)
{
    return (uint32_t)(t.word >> COP__TAG_BITS);
}
/* True if t is the atom with this index: cop__is(t, COP_ATOM_normal). */
static inline bool cop__is(cop_term t, uint32_t index)
{
    return t.word == COP__ATOM_WORD(index);
}

/* id is 60 bits and not 0. */
static inline cop_term cop__local_pid(uint64_t id)
{
    return cop__term(id << COP__TAG_BITS | COP__TAG_PID);
}
static inline uint64_t cop__local_pid_id(cop_term t)
{
    return t.word >> COP__TAG_BITS;
}

/* --- Boxes ------------------------------------------------------------------------------------ */

/* What the words after the header are. From TUPLE on they hold terms. */
enum cop__box {
    COP__BOX_INT64,   /* the value: an integer beyond 61 bits that fits int64 */
    COP__BOX_FLOAT,   /* the double; finite */
    COP__BOX_BIGINT,  /* digits to base 2^64 of the magnitude, lowest first; does not fit int64 */
    COP__BOX_BINARY,  /* up to COP__INLINE_MAX bytes; unused ones of the last word are 0 */
    COP__BOX_COUNTED, /* struct cop__counted *, next box of the owner's list */
    COP__BOX_REF,     /* id[0], id[1] of a local one; else also id[2], creation << 32 | node */
    COP__BOX_PID,     /* of another node: id, creation << 32 | node */
    COP__BOX_TUPLE,   /* the elements */
    COP__BOX_CONS,    /* head, tail */
    COP__BOX_MAP,     /* up to COP__FLAT_MAX keys in exact order, then as many values */
    COP__BOX_CAPTURE, /* module, function, arity as small integer, arguments or nil */
    COP__BOX_TREE,    /* a map above COP__FLAT_MAX keys: size as a number, root node */
    COP__BOX_NODE,    /* bitmaps as a number, then key, value, ... and child nodes (map.h) */
    COP__BOX_FORWARD = 15, /* instead of a header while a copy is made (copy.c) */
};
#define COP__INLINE_MAX 64 /* bytes of a binary that is copied; larger ones are counted */
#define COP__FLAT_MAX   32 /* keys of a map that is two sorted rows; larger ones are trees */

enum cop__storage {
    COP__STORAGE_REGION,
    COP__STORAGE_BLOCK,
    COP__STORAGE_IMMORTAL,
};

#define COP__HEADER_STORAGE_SHIFT 4
#define COP__HEADER_MARK          ((uint64_t)1 << 6)
#define COP__HEADER_EXTRA_SHIFT   7
#define COP__HEADER_ARITY_SHIFT   10
#define COP__HEADER_PLACE_SHIFT   37
#define COP__ARITY_MAX            ((uint64_t)(1 << 27) - 1) /* words in a box, hence 1 GiB */
#define COP__PLACE_MAX            ((uint64_t)(1 << 27) - 1)
#define COP__TUPLE_MAX            ((size_t)(1 << 24) - 1) /* elements, as in OTP */

/* The header of a box in a region; storage and place of others are set by whoever copies it
 * there. */
static inline uint64_t cop__header(enum cop__box kind, size_t arity)
{
    return (uint64_t)kind | (uint64_t)arity << COP__HEADER_ARITY_SHIFT;
}
static inline enum cop__box cop__header_kind(uint64_t header)
{
    return (enum cop__box)(header & 15);
}
static inline enum cop__storage cop__header_storage(uint64_t header)
{
    return (enum cop__storage)(header >> COP__HEADER_STORAGE_SHIFT & 3);
}
static inline unsigned cop__header_extra(uint64_t header)
{
    return (unsigned)(header >> COP__HEADER_EXTRA_SHIFT & 7);
}
static inline size_t cop__header_arity(uint64_t header)
{
    return (size_t)(header >> COP__HEADER_ARITY_SHIFT & COP__ARITY_MAX);
}
static inline uint64_t cop__header_place(uint64_t header)
{
    return header >> COP__HEADER_PLACE_SHIFT;
}

#ifdef COP_DEBUG
/* Stops the program if t lies in memory that was given up. */
void cop__box_check(cop_term t);
#endif

/* The words of a boxed term: the header is word 0. */
static inline const uint64_t *cop__box(cop_term t)
{
#ifdef COP_DEBUG
    cop__box_check(t);
#endif
    return (const uint64_t *)(uintptr_t)t.word;
}
static inline cop_term cop__box_term(const uint64_t *box)
{
    return cop__term((uint64_t)(uintptr_t)box);
}
/* True if t is a box of this kind. */
static inline bool cop__is_kind(cop_term t, enum cop__box kind)
{
    return cop__is_box(t) && t.word != 0 && cop__header_kind(*cop__box(t)) == kind;
}
/* The first word of a box that is a term; 0 if it holds none. The terms go on to its end. */
static inline size_t cop__header_first_term(uint64_t header)
{
    enum cop__box kind = cop__header_kind(header);

    return kind < COP__BOX_TUPLE ? 0 : kind < COP__BOX_TREE ? 1 : 2;
}

/* --- Reading without checks of kind: for code that has looked
 * ---------------------------------- */

static inline bool cop__is_tuple(cop_term t)
{
    return cop__is_kind(t, COP__BOX_TUPLE);
}
/* A tuple with this many elements. */
static inline bool cop__is_tuple_of(cop_term t, size_t len)
{
    return cop__is_kind(t, COP__BOX_TUPLE) && cop__header_arity(*cop__box(t)) == len;
}
static inline size_t cop__tuple_len(cop_term tuple)
{
    return cop__header_arity(*cop__box(tuple));
}
static inline const cop_term *cop__tuple_items(cop_term tuple)
{
    return (const cop_term *)(cop__box(tuple) + 1);
}
/* A list with a first cell. */
static inline bool cop__is_cons(cop_term t)
{
    return cop__is_kind(t, COP__BOX_CONS);
}
static inline cop_term cop__cons_head(cop_term cons)
{
    return cop__term(cop__box(cons)[1]);
}
static inline cop_term cop__cons_tail(cop_term cons)
{
    return cop__term(cop__box(cons)[2]);
}

/* --- Counted binaries ------------------------------------------------------------------------- */

/* The bytes of a large binary: shared by all processes that have it, never changed. Each box that
 * refers to it counts once and is in the list of its region or block, which gives the count
 * back. */
struct cop__counted {
    _Atomic(uint64_t) count;
    size_t size; /* of data */
    char data[];
};

/* --- Errors ----------------------------------------------------------------------------------- */

/* Ends the calling process with an error: reason is an atom's text (`badarg`, `badarith`,
 * `system_limit`), culprit the term that was wrong (cop_none() if none), for the report. The
 * runtime brings the real one; the weak one of heap.c prints and aborts. */
COP_NORETURN COP_COLD void cop__term_fail(const char *reason, cop_term culprit);

#endif
