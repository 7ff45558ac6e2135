/* SPDX-License-Identifier: Apache-2.0 */
/* The table is one reserved range of address space; slots get memory when they are first used and
 * keep it, so a lookup needs no lock: it reads the slot's pid and compares. A slot's pid changes
 * only while its inbox is closed. */
#include "runtime/proc_table.h"

/* Slots beyond the limit, for the runtime's own processes: a full node can still be stopped. */
#define RESERVE 16
/* So many freed slots wait before the oldest is used again. */
#define REST    1024

struct cop__proc_table cop__proc_table;

static struct {
    size_t size;  /* bytes */
    uint32_t max; /* slots 1 to max */
    pthread_mutex_t lock;
    struct cop__proc *free_first; /* under the lock */
    struct cop__proc **free_last;
    uint32_t free_len;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

void cop__proc_table_init(int processes_max)
{
    table.max = (uint32_t)processes_max;
    table.size = ((size_t)table.max + RESERVE + 1) * sizeof(struct cop__proc);
    cop__proc_table.slots = cop__os_reserve(table.size);
    COP_CHECK(cop__proc_table.slots != NULL, "no address space for %d processes", processes_max);
    atomic_store_explicit(&cop__proc_table.used, 0, memory_order_relaxed);
    table.free_first = NULL;
    table.free_last = &table.free_first;
    table.free_len = 0;
}

void cop__proc_table_fini(void)
{
    cop__os_release(cop__proc_table.slots, table.size);
    cop__proc_table.slots = NULL;
    atomic_store_explicit(&cop__proc_table.used, 0, memory_order_relaxed);
}

void cop__proc_table_abandon(void)
{
    cop__san_keep(cop__proc_table.slots,
                  (cop__proc_slots() + (size_t)1) * sizeof(struct cop__proc));
    cop__proc_table.slots = NULL;
    atomic_store_explicit(&cop__proc_table.used, 0, memory_order_relaxed);
}

uint32_t cop__proc_slots(void)
{
    return atomic_load_explicit(&cop__proc_table.used, memory_order_acquire);
}

struct cop__proc *cop__proc_slot(uint32_t index)
{
    return &cop__proc_table.slots[index];
}

uint32_t cop__proc_count(void)
{
    pthread_mutex_lock(&table.lock);
    uint32_t count =
        atomic_load_explicit(&cop__proc_table.used, memory_order_relaxed) - table.free_len;
    pthread_mutex_unlock(&table.lock);
    return count;
}

uint32_t cop__proc_max(void)
{
    return table.max;
}

struct cop__proc *cop__proc_alloc(bool reserve)
{
    struct cop__proc *p = NULL;
    uint32_t max = table.max + (reserve ? RESERVE : 0);
    pthread_mutex_lock(&table.lock);
    uint32_t used = atomic_load_explicit(&cop__proc_table.used, memory_order_relaxed);
    bool may_have_more = used - table.free_len < max;
    if (may_have_more && (table.free_len > REST || (used >= max && table.free_len > 0))) {
        p = table.free_first;
        table.free_first = p->next;
        if (p->next == NULL) table.free_last = &table.free_first;
        table.free_len--;
    } else if (may_have_more && used < max) {
        p = &cop__proc_table.slots[used + 1];
        atomic_store_explicit(&p->inbox, COP__INBOX_CLOSED, memory_order_relaxed);
        atomic_store_explicit(&p->pid, used + 1, memory_order_relaxed);
        atomic_store_explicit(&cop__proc_table.used, used + 1, memory_order_release);
    }
    pthread_mutex_unlock(&table.lock);
    if (p != NULL) p->next = NULL;
    return p;
}

uint64_t cop__proc_open(struct cop__proc *p)
{
    /* Release: who pushes over EMPTY sees the whole process. */
    atomic_store_explicit(&p->inbox, COP__INBOX_EMPTY, memory_order_release);
    return cop__proc_id(p);
}

void cop__proc_free(struct cop__proc *p)
{
    uint64_t id = cop__proc_id(p);
    COP_ASSERT(atomic_load_explicit(&p->inbox, memory_order_relaxed) == COP__INBOX_CLOSED);
    /* Release: who sees it free sees all signals of its end sent (cop_processes). */
    atomic_store_explicit(&p->status, COP__STATUS_FREE, memory_order_release);
    pthread_mutex_lock(&table.lock);
    atomic_store_explicit(&p->pid, id + (UINT64_C(1) << COP__SLOT_BITS), memory_order_relaxed);
    p->next = NULL;
    *table.free_last = p;
    table.free_last = &p->next;
    table.free_len++;
    pthread_mutex_unlock(&table.lock);
}
