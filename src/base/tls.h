/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local pointers, read and written so that no compiler keeps their address over a switch of
 * stacks: gcc and clang take the address of a thread-local for constant within a function, but a
 * function may go on on another thread. The assembly asks the thread register anew each time, and
 * may therefore stand in functions that are inlined anywhere.
 *
 *     COP__TLS_DECLARE(struct cache, cop__alloc_cache)     in a header
 *     COP__TLS_DEFINE(struct cache, cop__alloc_cache);     in one file; NULL in a new thread
 *     cop__alloc_cache_get(), cop__alloc_cache_set(cache)  the calling thread's */
#ifndef COP_BASE_TLS_H
#define COP_BASE_TLS_H

#if !defined(__x86_64__)
#error "thread-locals that are safe over a switch are written for x86-64 only so far"
#endif

/* NOLINTBEGIN(bugprone-macro-parentheses): names and types, not values */
#define COP__TLS_MODEL __attribute__((tls_model("initial-exec"), visibility("hidden")))

#define COP__TLS_DECLARE(type, name)                                                               \
    extern __thread type *name COP__TLS_MODEL;                                                     \
    static inline type *name##_get(void)                                                           \
    {                                                                                              \
        type *value;                                                                               \
        __asm__ volatile("movq " #name "@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0"                \
                         : "=r"(value));                                                           \
        return value;                                                                              \
    }                                                                                              \
    static inline void name##_set(type *value)                                                     \
    {                                                                                              \
        type *at;                                                                                  \
        __asm__ volatile("movq " #name "@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)"                \
                         : "=&r"(at)                                                               \
                         : "r"(value)                                                              \
                         : "memory");                                                              \
    }

/* Optimizers of whole programs do not see the assembly's use of the name. */
#if defined(__clang__)
#define COP__TLS_KEPT __attribute__((used))
#else
#define COP__TLS_KEPT __attribute__((used, externally_visible))
#endif
#define COP__TLS_DEFINE(type, name) COP__TLS_KEPT __thread type *name COP__TLS_MODEL
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
