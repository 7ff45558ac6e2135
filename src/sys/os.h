/* SPDX-License-Identifier: Apache-2.0 */
/* All that the runtime asks of the operating system: threads, parking, the clock, pages.
 * Implemented by linux.c; nothing above calls the system for these by itself. Runs on: any
 * thread. */
#ifndef COP_SYS_OS_H
#define COP_SYS_OS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where errno of the calling thread lies; not declared const, as the C library's accessor is. */
int *cop__os_errno(void);

/* Nanoseconds of a clock that never goes back. */
int64_t cop__os_now_ns(void);

/* A place where one thread sleeps and any thread wakes it. A wake before the sleep is not lost: the
 * next sleep returns at once. A sleep without limit returns for a wake only: cop_run() counts on
 * that. */
struct cop__os_parker {
    _Atomic uint32_t token; /* 1: a wake is due; any thread sets, the sleeper clears */
};
/* Sleeps until woken, or until now_ns reaches deadline_ns (negative: no limit). */
void cop__os_park(struct cop__os_parker *p, int64_t deadline_ns);
void cop__os_unpark(struct cop__os_parker *p);
/* The halves of these, for a thread that can also sleep elsewhere: sets the token (false: a wake
 * was due already), wakes the sleeper, takes the token (true: it was set). seq_cst, all. */
bool cop__os_token_set(struct cop__os_parker *p);
void cop__os_token_wake(struct cop__os_parker *p);
bool cop__os_token_take(struct cop__os_parker *p);

/* Starts a thread with all signals blocked. 0 or a negative error number. */
int cop__os_thread_start(pthread_t *ret, void *(*fn)(void *), void *arg, const char *name);
int cop__os_cores(void);
/* Memory of the program that is in RAM, in bytes; 0 if it cannot be told. */
uint64_t cop__os_resident_bytes(void);
/* A number that nobody can foretell. */
uint64_t cop__os_random(void);
/* Ends the calling thread's doings without ending it: its stack may still be somebody's. */
__attribute__((noreturn)) void cop__os_sleep_for_ever(void);
/* Gives the core to another thread that wants it. */
void cop__os_yield(void);
/* One iteration of a loop that waits for another core. */
static inline void cop__os_relax(void)
{
    __builtin_ia32_pause();
}

/* Address space of size bytes, readable and writable, not yet backed by memory; NULL if there is
 * none. */
void *cop__os_reserve(size_t size);
void cop__os_release(void *base, size_t size);
/* Makes the pages at base trap. Costs no mapping each where the kernel can (Linux 6.13), else
 * splits the mapping. False if neither works (vm.max_map_count is reached). */
bool cop__os_guard(void *base, size_t size);
/* Gives the memory back, keeps the address space; guards stay. */
void cop__os_forget(void *base, size_t size);

#endif
