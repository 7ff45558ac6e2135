/* SPDX-License-Identifier: Apache-2.0 */
/* Journals: bounded lists of events (introspect.h). What is noted there, and when, is told in
 * journal_hooks.c.
 *
 * An event is a block with its term; the oldest goes when there are too many, or too many bytes, or
 * when it is too old. An event that comes above the rate of a journal takes its number and no
 * place. One mutex a journal; nothing is called while it is held that could take another. */
#include "runtime/introspect.h"
#include "runtime/proc.h"
#include "runtime/timer.h"

#include <time.h>

struct entry { /* the prefix of a block */
    struct entry *next;
    uint64_t number;
    int64_t time_us;
    struct cop__block *block;
};

struct journal {
    pthread_mutex_t lock;
    uint32_t count_max;
    uint32_t rate_max; /* events a second */
    size_t bytes_max;
    int64_t age_max_us;  /* 0: any */
    struct entry *first; /* oldest; under the lock, as the rest */
    struct entry *last;
    uint32_t count;
    size_t bytes;
    uint64_t newest;    /* number */
    int64_t until_ms;   /* it closes then; COP_INFINITY: never */
    int64_t since_us;   /* when it was opened last, or the newest was dropped */
    int64_t window_ms;  /* when the second began in which ... */
    uint32_t in_window; /* ... so many came */
};

#define MIB ((size_t)1 << 20)
#define JOURNAL(count, rate, bytes, age)                                                           \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .count_max = (count), .rate_max = (rate),               \
        .bytes_max = (bytes), .age_max_us = (age)                                                  \
    }
static struct journal journals[COP_JOURNALS] = {
    [COP_JOURNAL_PROCESSES] = JOURNAL(4096, 20000, 2 * MIB, 0),
    [COP_JOURNAL_TREE] = JOURNAL(20000, 20000, 8 * MIB, INT64_C(3600000000)),
    [COP_JOURNAL_CRASHES] = JOURNAL(256, 100, 8 * MIB, 0),
    [COP_JOURNAL_MESSAGES] = JOURNAL(5000, 1000, 4 * MIB, 0),
    [COP_JOURNAL_LOG] = JOURNAL(1000, 5000, 8 * MIB, 0),
};
_Atomic bool cop__journal_open[COP_JOURNALS];

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- Opening ---------------------------------------------------------------------------------- */

void cop_journal_open(enum cop_journal journal, int64_t ms)
{
    struct journal *j = &journals[journal];
    bool is_for_ever = ms == COP_INFINITY || ms > COP_TIMER_MAX_MS;
    int64_t until = is_for_ever ? COP_INFINITY : cop_monotonic_ms() + ms;
    pthread_mutex_lock(&j->lock);
    bool is_open = atomic_load_explicit(&cop__journal_open[journal], memory_order_relaxed);
    bool is_longer = until == COP_INFINITY || (j->until_ms != COP_INFINITY && until > j->until_ms);
    if (!is_open) j->since_us = now_us();
    if (!is_open || is_longer) j->until_ms = until;
    atomic_store_explicit(&cop__journal_open[journal], true, memory_order_relaxed);
    pthread_mutex_unlock(&j->lock);
}

/* Closes it if its time is over. The lock is held. */
static bool is_open_still(enum cop_journal journal)
{
    const struct journal *j = &journals[journal];
    if (!atomic_load_explicit(&cop__journal_open[journal], memory_order_relaxed)) return false;
    if (j->until_ms == COP_INFINITY || cop_monotonic_ms() < j->until_ms) return true;
    atomic_store_explicit(&cop__journal_open[journal], false, memory_order_relaxed);
    return false;
}

bool cop_journal_is_open(enum cop_journal journal)
{
    struct journal *j = &journals[journal];
    if (!cop__journal_wants(journal)) return false;
    pthread_mutex_lock(&j->lock);
    bool is_open = is_open_still(journal);
    pthread_mutex_unlock(&j->lock);
    return is_open;
}

int64_t cop_journal_since(enum cop_journal journal)
{
    struct journal *j = &journals[journal];
    pthread_mutex_lock(&j->lock);
    int64_t since = is_open_still(journal) ? j->since_us : 0;
    pthread_mutex_unlock(&j->lock);
    return since;
}

/* --- Noting ----------------------------------------------------------------------------------- */

static void drop_oldest(struct journal *j)
{
    struct entry *e = j->first;
    j->first = e->next;
    if (j->first == NULL) j->last = NULL;
    j->count--;
    j->bytes -= cop__block_size(e->block);
    cop__block_free(e->block);
}

/* The lock is held. */
static void make_room(struct journal *j, int64_t now)
{
    while (j->first != NULL && (j->count > j->count_max || j->bytes > j->bytes_max ||
                                (j->age_max_us != 0 && j->first->time_us < now - j->age_max_us))) {
        if (j->first->time_us > j->since_us) j->since_us = j->first->time_us;
        drop_oldest(j);
    }
}

/* Whether one more may come in this second. The lock is held. */
static bool admit(struct journal *j)
{
    int64_t now = cop_monotonic_ms();
    if (now - j->window_ms >= 1000 || now < j->window_ms) {
        j->window_ms = now;
        j->in_window = 0;
    }
    return j->in_window++ < j->rate_max;
}

bool cop__journal_admits(enum cop_journal journal)
{
    struct journal *j = &journals[journal];
    pthread_mutex_lock(&j->lock);
    bool is_open = is_open_still(journal);
    bool is_admitted = is_open && admit(j);
    if (is_open && !is_admitted) j->newest++;
    pthread_mutex_unlock(&j->lock);
    return is_admitted;
}

void cop__journal_add(enum cop_journal journal, cop_term event)
{
    struct journal *j = &journals[journal];
    struct cop__block *block = cop__pack(event, sizeof(struct entry));
    struct entry *e = cop__block_prefix(block);
    *e = (struct entry){.time_us = now_us(), .block = block};
    pthread_mutex_lock(&j->lock);
    e->number = ++j->newest;
    if (j->last != NULL)
        j->last->next = e;
    else
        j->first = e;
    j->last = e;
    j->count++;
    j->bytes += cop__block_size(block);
    make_room(j, e->time_us);
    pthread_mutex_unlock(&j->lock);
}

void cop_journal_put(enum cop_journal journal, cop_term event)
{
    if (cop__journal_wants(journal) && cop__journal_admits(journal))
        cop__journal_add(journal, event);
}

/* --- Reading ---------------------------------------------------------------------------------- */

cop_term cop_journal_read(enum cop_journal journal, uint64_t after, size_t max)
{
    struct journal *j = &journals[journal];
    cop_term list = cop_empty_list();
    uint64_t count = 0;
    pthread_mutex_lock(&j->lock);
    make_room(j, now_us());
    if (after > j->newest) after = 0; /* of an earlier node */
    uint64_t next = j->newest;
    for (const struct entry *e = j->first; e != NULL; e = e->next) {
        if (e->number <= after) continue;
        if (count == max) {
            next = e->number - 1;
            break;
        }
        cop_term event = cop__copy(cop__heap_current(), e->block->term);
        list = cop_cons(cop_tuple(cop_uint(e->number), cop_int(e->time_us), event), list);
        count++;
    }
    pthread_mutex_unlock(&j->lock);
    return cop_tuple(cop_uint(next), cop_uint(next - after - count), cop_list_reverse(list));
}

uint64_t cop_journal_newest(enum cop_journal journal)
{
    struct journal *j = &journals[journal];
    pthread_mutex_lock(&j->lock);
    uint64_t newest = j->newest;
    pthread_mutex_unlock(&j->lock);
    return newest;
}

void cop__journals_fini(void)
{
    for (int i = 0; i < COP_JOURNALS; i++) {
        struct journal *j = &journals[i];
        pthread_mutex_lock(&j->lock);
        atomic_store_explicit(&cop__journal_open[i], false, memory_order_relaxed);
        while (j->first != NULL)
            drop_oldest(j);
        j->newest = 0;
        j->in_window = 0;
        pthread_mutex_unlock(&j->lock);
    }
}
