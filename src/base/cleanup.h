/* SPDX-License-Identifier: Apache-2.0 */
/* Release at the end of a scope, for code inside the library.
 *
 *     COP_CLEANUP(cop__buf_fini) struct cop__buf text = {0};
 *     COP_CLEANUP_POINTER(struct thing, thing_free);          at file level: makes thing_free_at
 *     COP_CLEANUP(thing_free_at) struct thing *t = thing_new();
 *     ...
 *     return COP_TAKE(t);                                     ownership leaves: nothing is freed
 *
 * On a process's stack the release also runs when an exit unwinds it, but not after a fault: what
 * must never be lost is registered with the process instead. One function uses this or goto, not
 * both. */
#ifndef COP_BASE_CLEANUP_H
#define COP_BASE_CLEANUP_H

#include <stddef.h>

/* fn(&variable) is called when the variable goes out of scope. */
#define COP_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Defines fn_at(type **), which calls fn on a pointer that is not NULL. */
#define COP_CLEANUP_POINTER(type, fn)                                                              \
    static inline void fn##_at(__typeof__(type) **pointer)                                         \
    {                                                                                              \
        if (*pointer) fn(*pointer);                                                                \
    }                                                                                              \
    struct cop__cleanup_needs_semicolon

/* The value of a pointer variable, which becomes NULL. */
#define COP_TAKE(variable)                                                                         \
    (__extension__({                                                                               \
        __typeof__(variable) *taken_from_ = &(variable);                                           \
        __typeof__(variable) taken_ = *taken_from_;                                                \
        *taken_from_ = NULL;                                                                       \
        taken_;                                                                                    \
    }))

#endif
