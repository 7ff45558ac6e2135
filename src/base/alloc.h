/* SPDX-License-Identifier: Apache-2.0 */
/* Memory in blocks whose size the owner knows.
 *
 * Blocks of up to 32 KiB come in size classes. Each thread keeps two piles of free blocks a class
 * and takes from them and gives to them without a lock; a full pile that is too many goes to a
 * stack of the class that all threads share, and comes from there, whole. So a thread that only
 * allocates and one that only frees feed each other at the price of a lock once a pile. Larger
 * blocks are malloc's.
 *
 * Owns:     a block belongs to whoever allocated it until cop__free() with the same size.
 * Runs on:  any thread, also inside a process: nothing of the thread is held when a call returns,
 *           so a caller may go on on another thread between two calls, and any thread may free. Not
 *           in signal handlers.
 * Memory:   out of memory ends the program with a report, for we could not go on in any state worth
 *           having; only cop__try_alloc(), for sizes that a user asked for, may return NULL. Memory
 *           of the classes is kept for reuse and not given back to the system.
 *
 * Builds with AddressSanitizer, ThreadSanitizer or MemorySanitizer use malloc for all, so that they
 * see each block. COP_DEBUG builds fill freed blocks with 0xDD, and check the size at each free
 * and, before a block is used again, that nobody wrote to it. */
#ifndef COP_BASE_ALLOC_H
#define COP_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* At least size bytes, aligned to 16, not initialised. Never NULL, also for size 0. */
void *cop__alloc(size_t size) __attribute__((malloc, noinline, returns_nonnull, alloc_size(1)));

/* The same, filled with zeros. */
void *cop__alloc_zeroed(size_t size)
    __attribute__((malloc, noinline, returns_nonnull, alloc_size(1)));

/* The same as cop__alloc(), but NULL when there is no memory. */
void *cop__try_alloc(size_t size)
    __attribute__((malloc, noinline, warn_unused_result, alloc_size(1)));

/* Moves a block to one of new_size bytes; contents are kept as far as both reach. block may be NULL
 * with old_size 0. Never NULL. */
void *cop__realloc(void *block, size_t old_size, size_t new_size)
    __attribute__((noinline, returns_nonnull, warn_unused_result, alloc_size(3)));

/* Gives a block back. size is the one it was allocated with; NULL is ignored. */
void cop__free(void *block, size_t size) __attribute__((noinline));

/* Gives the calling thread's piles to the other threads: a thread that ends should call this last.
 * Threads that do not are seen to by a destructor of theirs. Allocating afterwards is allowed. */
void cop__alloc_thread_exit(void);

/* What is in use. Exact when no thread allocates or frees meanwhile; else near. */
struct cop__alloc_stats {
    uint64_t live_blocks;     /* allocated and not freed, large ones included */
    uint64_t allocated_bytes; /* their sizes, rounded up to their classes */
    uint64_t large_blocks;    /* of these: blocks over 32 KiB */
    uint64_t large_bytes;
    uint64_t chunk_bytes; /* taken from the system for the classes, in use or not */
};
struct cop__alloc_stats cop__alloc_stats_read(void);

/* For tests: the nth cop__try_alloc() from now on fails (1: the next one), once. 0: none. */
void cop__alloc_fail_nth(uint64_t nth);

#endif
