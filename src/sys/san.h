/* SPDX-License-Identifier: Apache-2.0 */
/* What the sanitizers must be told of own-made stacks; nothing in other builds.
 *
 * A fiber belongs to a stack, not to a process or a thread. A switch is
 *     cop__san_leave(&from, &to);  cop__ctx_switch(...);  cop__san_arrive(&me);
 * where the first line runs on the old stack, just before, and the last on the new one, first
 * thing. */
#ifndef COP_SYS_SAN_H
#define COP_SYS_SAN_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define COP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COP_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define COP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COP_TSAN 1
#endif
#endif
#ifndef COP_ASAN
#define COP_ASAN 0
#endif
#ifndef COP_TSAN
#define COP_TSAN 0
#endif

#if defined(__clang__)
#define COP_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define COP_NO_SANITIZE                                                                            \
    __attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

/* One stack, as the sanitizers know it. */
struct cop__san {
    const void *bottom; /* lowest address */
    size_t size;
    void *fake_stack; /* ASan's, while the stack is parked */
    void *fiber;      /* TSan's */
};

#if COP_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if COP_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* A new stack, before its first use. */
static inline void cop__san_stack_new(struct cop__san *s, const void *bottom, size_t size)
{
    s->bottom = bottom;
    s->size = size;
    s->fake_stack = NULL;
    s->fiber = NULL;
#if COP_ASAN
    /* What stood at these addresses before may have been given back with frames on it. */
    __asan_unpoison_memory_region(bottom, size);
#endif
#if COP_TSAN
    s->fiber = __tsan_create_fiber(0);
#endif
}

/* The stack that the calling thread came with. */
static inline void cop__san_stack_native(struct cop__san *s)
{
    s->bottom = NULL; /* told by the first arrival of another stack */
    s->size = 0;
    s->fake_stack = NULL;
    s->fiber = NULL;
#if COP_TSAN
    s->fiber = __tsan_get_current_fiber();
#endif
}

static inline void cop__san_stack_free(struct cop__san *s)
{
#if COP_TSAN
    if (s->fiber != NULL) __tsan_destroy_fiber(s->fiber);
#endif
    s->fiber = NULL;
}

static inline void cop__san_leave(struct cop__san *from, struct cop__san *to)
{
    (void)from;
    (void)to;
#if COP_ASAN
    __sanitizer_start_switch_fiber(&from->fake_stack, to->bottom, to->size);
#endif
#if COP_TSAN
    /* Flag 0: the switch synchronizes, since one thread runs both sides (style.md 5.2). */
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* from may be NULL; a native stack that is left for the first time learns its bounds here. */
static inline void cop__san_arrive(struct cop__san *me, struct cop__san *from)
{
    (void)me;
    (void)from;
#if COP_ASAN
    const void *bottom = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(me->fake_stack, &bottom, &size);
    if (from != NULL && from->bottom == NULL) {
        from->bottom = bottom;
        from->size = size;
    }
#endif
}

/* Before a jump that leaves frames without returning through them. */
static inline void cop__san_no_return(void)
{
#if COP_ASAN
    __asan_handle_no_return();
#endif
}

/* Memory that stays with threads which cannot be ended: what it points to is no leak. */
static inline void cop__san_keep(const void *base, size_t size)
{
    (void)base;
    (void)size;
#if COP_ASAN
    __lsan_register_root_region(base, size);
#endif
}

#endif
