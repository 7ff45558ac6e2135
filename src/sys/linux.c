/* SPDX-License-Identifier: Apache-2.0 */
/* os.h for Linux: futexes to park, mmap and madvise for pages. */
#define _GNU_SOURCE
#include "sys/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Debian 12's headers do not have it yet. */
#define COP_MADV_GUARD_INSTALL 102

__attribute__((noinline)) int *cop__os_errno(void)
{
    int *location = &errno;
    __asm__ volatile("" : "+r"(location)::"memory");
    return location;
}

int64_t cop__os_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void cop__os_park(struct cop__os_parker *p, int64_t deadline_ns)
{
    /* Acquire: pairs with the release in cop__os_unpark(). */
    while (atomic_exchange_explicit(&p->token, 0, memory_order_acquire) == 0) {
        struct timespec ts;
        if (deadline_ns >= 0) {
            ts.tv_sec = deadline_ns / 1000000000;
            ts.tv_nsec = deadline_ns % 1000000000;
        }
        /* WAIT_BITSET takes an absolute time of the monotonic clock. */
        long rc = syscall(SYS_futex, &p->token, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0,
                          deadline_ns >= 0 ? &ts : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
        if (rc != 0 && errno == ETIMEDOUT) {
            atomic_exchange_explicit(&p->token, 0, memory_order_acquire);
            return;
        }
    }
}

bool cop__os_token_set(struct cop__os_parker *p)
{
    return atomic_exchange_explicit(&p->token, 1, memory_order_seq_cst) == 0;
}

void cop__os_token_wake(struct cop__os_parker *p)
{
    syscall(SYS_futex, &p->token, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

bool cop__os_token_take(struct cop__os_parker *p)
{
    return atomic_exchange_explicit(&p->token, 0, memory_order_seq_cst) == 1;
}

void cop__os_unpark(struct cop__os_parker *p)
{
    if (cop__os_token_set(p)) cop__os_token_wake(p);
}

int cop__os_thread_start(pthread_t *ret, void *(*fn)(void *), void *arg, const char *name)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(ret, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0) return -rc;
    pthread_setname_np(*ret, name);
    return 0;
}

uint64_t cop__os_random(void)
{
    uint64_t number;
    /* So few bytes come whole or, before the kernel has gathered any, not at all. */
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) == (ssize_t)sizeof(number)) return number;
    return (uint64_t)cop__os_now_ns();
}

int cop__os_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
    return 1;
}

void cop__os_sleep_for_ever(void)
{
    for (;;)
        pause();
}

void cop__os_yield(void)
{
    sched_yield();
}

uint64_t cop__os_resident_bytes(void)
{
    char text[64];
    unsigned long long pages = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    /* The second number; the first is the address space. */
    const char *second = strchr(text, ' ');
    if (second != NULL) pages = strtoull(second, NULL, 10);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void *cop__os_reserve(size_t size)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return NULL;
    /* A huge page for a stack of which one page is used would cost 512 times as much. */
    madvise(base, size, MADV_NOHUGEPAGE);
    return base;
}

void cop__os_release(void *base, size_t size)
{
    munmap(base, size);
}

bool cop__os_guard(void *base, size_t size)
{
    static _Atomic bool no_guard_install; /* any thread sets it once, after a first EINVAL */
    if (!atomic_load_explicit(&no_guard_install, memory_order_relaxed)) {
        if (madvise(base, size, COP_MADV_GUARD_INSTALL) == 0) return true;
        atomic_store_explicit(&no_guard_install, true, memory_order_relaxed);
    }
    return mprotect(base, size, PROT_NONE) == 0;
}

void cop__os_forget(void *base, size_t size)
{
    madvise(base, size, MADV_DONTNEED);
}
