/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks: an arena of address space cut into stacks with guards, a pool for the node and a small
 * cache for each thread. A pooled stack holds a parked dispatch loop and can be switched to as it
 * is. */
#ifndef COP_RUNTIME_STACK_H
#define COP_RUNTIME_STACK_H

#include "runtime/types.h"

#define COP__STACK_SIZE ((size_t)64 << 10)

/* Before the first and after the last use of the node. dispatch is what runs on every new stack. */
void cop__stacks_init(void (*dispatch)(void *post));
void cop__stacks_fini(void);
/* Instead of fini, when threads still stand on some: forgets them all. */
void cop__stacks_abandon(void);

/* A stack of at least size bytes (0: the usual) that is ready to be switched to. */
struct cop__stack *cop__stack_get(struct cop__thread *t, size_t size);
/* A parked stack goes back: into the thread's cache, or the pool, where its memory is given
 * back. */
void cop__stack_put(struct cop__thread *t, struct cop__stack *s);
/* A thread that ends gives its cache to the pool. */
void cop__stack_flush(struct cop__thread *t);
/* How many stacks exist, and how many of them have no guard. */
uint64_t cop__stack_count(uint64_t *ret_unguarded);

#endif
