/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator between threads: blocks that are made here and freed there, and what a thread that
 * ends leaves behind. */
#include "base/alloc.h"

#include "base/alloc_class.h"
#include "base/rand.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define THREADS           4
#define BLOCKS_PER_THREAD 30000
#define QUEUE_LEN         256

/* Blocks on their way to one thread. Everything under the lock. */
struct mailbox {
    pthread_mutex_t lock;
    struct parcel *parcels[QUEUE_LEN];
    int len;
};

/* What is in a block: itself, so that two owners of one block would notice. */
struct parcel {
    size_t size;
    uint64_t check; /* of all bytes that follow, and the size */
    unsigned char bytes[];
};

static struct mailbox mailboxes[THREADS];

static struct parcel *parcel_new(struct cop__rand *rand)
{
    uint64_t range = cop__rand_below(rand, 20) == 0 ? 40000 : 400;
    size_t size = sizeof(struct parcel) + cop__rand_below(rand, range);
    struct parcel *parcel = cop__alloc(size);
    uint64_t fill = cop__rand_next(rand);

    parcel->size = size;
    parcel->check = fill;
    memset(parcel->bytes, (int)(fill & 0xff), size - sizeof *parcel);
    return parcel;
}

static bool parcel_open(struct parcel *parcel)
{
    bool is_whole = true;

    for (size_t i = 0; i < parcel->size - sizeof *parcel; i++) {
        is_whole &= parcel->bytes[i] == (unsigned char)parcel->check;
    }
    cop__free(parcel, parcel->size);
    return is_whole;
}

/* Opens all that came to a thread. Returns whether all was whole. */
static bool open_all(struct mailbox *mailbox)
{
    bool is_whole = true;

    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->len > 0)
        is_whole &= parcel_open(mailbox->parcels[--mailbox->len]);
    pthread_mutex_unlock(&mailbox->lock);
    return is_whole;
}

/* Sends a parcel to another thread, or opens it here if that one's mailbox is full. */
static bool post(struct mailbox *mailbox, struct parcel *parcel)
{
    bool is_posted = false;

    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->len < QUEUE_LEN) {
        mailbox->parcels[mailbox->len++] = parcel;
        is_posted = true;
    }
    pthread_mutex_unlock(&mailbox->lock);
    return is_posted || parcel_open(parcel);
}

/* What a thread of a test is told and tells. */
struct worker {
    unsigned number;
    bool is_well;
};

static void *exchange(void *of_thread)
{
    struct worker *worker = of_thread;
    unsigned self = worker->number;
    struct cop__rand rand;
    bool is_whole = true;

    cop__rand_seed(&rand, self);
    for (int i = 0; i < BLOCKS_PER_THREAD; i++) {
        uint64_t to = cop__rand_below(&rand, THREADS);

        is_whole &= post(&mailboxes[to], parcel_new(&rand));
        if (i % 64 == 0) is_whole &= open_all(&mailboxes[self]);
    }
    if (self % 2 == 0) cop__alloc_thread_exit(); /* the others leave it to the destructor */
    worker->is_well = is_whole;
    return NULL;
}

static void run_threads(void *(*fn)(void *))
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS] = {{0}};

    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, fn, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].is_well);
    }
}

static void test_threads_pass_blocks_to_each_other(void **state)
{
    struct cop__alloc_stats before = cop__alloc_stats_read();
    struct cop__alloc_stats after;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_mutex_init(&mailboxes[i].lock, NULL), 0);
    }
    run_threads(exchange);
    for (int i = 0; i < THREADS; i++)
        assert_true(open_all(&mailboxes[i]));
    after = cop__alloc_stats_read();
    assert_true(after.live_blocks == before.live_blocks);
    assert_true(after.allocated_bytes == before.allocated_bytes);
}

#define HOARD 5000

static void *hoard_and_free(void *of_thread)
{
    const struct worker *worker = of_thread;
    void **blocks = cop__alloc(HOARD * sizeof *blocks);

    for (int i = 0; i < HOARD; i++)
        blocks[i] = cop__alloc(96);
    for (int i = 0; i < HOARD; i++)
        cop__free(blocks[i], 96);
    cop__free(blocks, HOARD * sizeof *blocks);
    if (worker->number % 2 == 0) {
        cop__alloc_thread_exit();
        cop__alloc_thread_exit();      /* twice is harmless */
        cop__free(cop__alloc(96), 96); /* and so is another allocation, which makes a new cache */
    }
    return NULL;
}

/* One thread after another: what each leaves is enough for the next, however it ends. */
static void test_what_a_thread_leaves_is_used_by_the_next(void **state)
{
    uint64_t chunk_bytes = 0;

    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        struct worker worker = {.number = round};
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, hoard_and_free, &worker), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        if (round == 0) chunk_bytes = cop__alloc_stats_read().chunk_bytes;
    }
    assert_true(cop__alloc_stats_read().chunk_bytes == chunk_bytes);
    assert_int_equal(chunk_bytes == 0, COP__ALLOC_IS_MALLOC);
}

/* A thread that only allocates and one that only frees: the blocks go round, so memory stays
 * bounded by what is under way. */
#define UNDER_WAY 1000
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void *blocks[UNDER_WAY];
    int len;
    bool is_over;
} conveyor = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *only_free(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&conveyor.lock);
    while (!conveyor.is_over || conveyor.len > 0) {
        while (conveyor.len > 0)
            cop__free(conveyor.blocks[--conveyor.len], 48);
        pthread_cond_broadcast(&conveyor.changed);
        if (!conveyor.is_over) pthread_cond_wait(&conveyor.changed, &conveyor.lock);
    }
    pthread_mutex_unlock(&conveyor.lock);
    return NULL;
}

static void test_a_giver_and_a_taker_share_memory(void **state)
{
    enum { ROUNDS = 200 };
    pthread_t thread;
    uint64_t before = cop__alloc_stats_read().chunk_bytes;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, only_free, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_mutex_lock(&conveyor.lock);
        while (conveyor.len > 0)
            pthread_cond_wait(&conveyor.changed, &conveyor.lock);
        while (conveyor.len < UNDER_WAY)
            conveyor.blocks[conveyor.len++] = cop__alloc(48);
        pthread_cond_broadcast(&conveyor.changed);
        pthread_mutex_unlock(&conveyor.lock);
    }
    pthread_mutex_lock(&conveyor.lock);
    conveyor.is_over = true;
    pthread_cond_broadcast(&conveyor.changed);
    pthread_mutex_unlock(&conveyor.lock);
    pthread_join(thread, NULL);
    /* 200,000 blocks of 48 bytes went through; unshared they would be 9 MiB. */
    assert_true(cop__alloc_stats_read().chunk_bytes - before <= (uint64_t)1024 * 1024);
}

/* Statistics are read while others allocate: nothing torn, nothing absurd. */
static void *allocate_and_read(void *of_thread)
{
    struct worker *worker = of_thread;

    worker->is_well = true;
    for (int i = 0; i < 300; i++) {
        void *blocks[50];

        for (int k = 0; k < 50; k++)
            blocks[k] = cop__alloc(32);
        worker->is_well &= cop__alloc_stats_read().allocated_bytes < ((uint64_t)1 << 32);
        for (int k = 0; k < 50; k++)
            cop__free(blocks[k], 32);
    }
    return NULL;
}

static void test_statistics_may_be_read_at_any_time(void **state)
{
    (void)state;
    run_threads(allocate_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_pass_blocks_to_each_other),
        cmocka_unit_test(test_what_a_thread_leaves_is_used_by_the_next),
        cmocka_unit_test(test_a_giver_and_a_taker_share_memory),
        cmocka_unit_test(test_statistics_may_be_read_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
