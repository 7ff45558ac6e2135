/* SPDX-License-Identifier: Apache-2.0 */
/* The size classes of the allocator: pure arithmetic, private to alloc.c and its test.
 *
 * Up to 128 bytes a class every 16 bytes; from there to 32 KiB four classes to each doubling, so
 * that rounding up wastes a fifth at most. */
#ifndef COP_BASE_ALLOC_CLASS_H
#define COP_BASE_ALLOC_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#define COP__ALLOC_FINE_CLASSES 8 /* those every 16 bytes */
#define COP__ALLOC_CLASSES      40
#define COP__ALLOC_SMALL_MAX    ((size_t)32 * 1024)

/* 1 if malloc shall do it all. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define COP__ALLOC_IS_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COP__ALLOC_IS_MALLOC 1
#endif
#ifndef COP__ALLOC_IS_MALLOC
#define COP__ALLOC_IS_MALLOC 0
#endif

/* Has the size a class? */
static inline bool cop__alloc_is_small(size_t size)
{
    return !COP__ALLOC_IS_MALLOC && size <= COP__ALLOC_SMALL_MAX;
}

/* The class whose blocks have size bytes or, just, more. size <= COP__ALLOC_SMALL_MAX. */
static inline unsigned cop__alloc_class_of(size_t size)
{
    /* By 16 bytes up to 1 KiB, where most blocks are: a table predicts better than branches. */
    static const unsigned char near[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  8,  9,  9,  10, 10, 11, 11, 12, 12, 12, 12, 13, 13,
        13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16, 16, 17, 17, 17, 17,
        17, 17, 17, 17, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19,
    };
    size_t last = size - (size != 0); /* the highest offset that is used */
    unsigned doubling;

    if (__builtin_expect(last < 1024, 1)) return near[last / 16];
    doubling = 63 - (unsigned)__builtin_clzl(last); /* last is in [2^doubling, 2^(doubling+1)) */
    return COP__ALLOC_FINE_CLASSES + (doubling - 7) * 4 + ((last >> (doubling - 2)) & 3);
}

/* The bytes of a class's blocks. */
static inline size_t cop__alloc_class_size(unsigned class)
{
    unsigned coarse;

    if (class < COP__ALLOC_FINE_CLASSES) return ((size_t) class + 1) * 16;
    coarse = class - COP__ALLOC_FINE_CLASSES;
    return (size_t)(5 + coarse % 4) << (5 + coarse / 4);
}

#endif
