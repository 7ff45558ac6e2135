/* SPDX-License-Identifier: Apache-2.0 */
/* A heap with four children a slot: half as deep as with two, and four slots are one cache line. */
#include "base/heap.h"

#include "base/alloc.h"
#include "base/check.h"

#define CHILDREN 4
#define CAP_MIN  8

static inline bool is_before(struct cop__heap_slot a, struct cop__heap_slot b)
{
    if (a.key != b.key) return a.key < b.key;
    return a.node->seq < b.node->seq;
}

static inline void put_at(struct cop__heap_queue *queue, size_t at, struct cop__heap_slot slot)
{
    queue->slots[at] = slot;
    slot.node->place = at + 1;
}

/* Puts slot where it belongs, on the way from at to the root; the slot at `at` is free. */
static void sift_up(struct cop__heap_queue *queue, size_t at, struct cop__heap_slot slot)
{
    while (at > 0) {
        size_t parent = (at - 1) / CHILDREN;

        if (!is_before(slot, queue->slots[parent])) break;
        put_at(queue, at, queue->slots[parent]);
        at = parent;
    }
    put_at(queue, at, slot);
}

/* Puts slot where it belongs, on the way from at to the leaves; the slot at `at` is free. */
static void sift_down(struct cop__heap_queue *queue, size_t at, struct cop__heap_slot slot)
{
    for (;;) {
        size_t child = at * CHILDREN + 1;
        size_t end = child + CHILDREN < queue->len ? child + CHILDREN : queue->len;
        size_t least = child;

        if (child >= queue->len) break;
        for (child++; child < end; child++) {
            if (is_before(queue->slots[child], queue->slots[least])) least = child;
        }
        if (!is_before(queue->slots[least], slot)) break;
        put_at(queue, at, queue->slots[least]);
        at = least;
    }
    put_at(queue, at, slot);
}

static void set_cap(struct cop__heap_queue *queue, size_t cap)
{
    queue->slots =
        cop__realloc(queue->slots, queue->cap * sizeof *queue->slots, cap * sizeof *queue->slots);
    queue->cap = cap;
}

void cop__heap_queue_fini(struct cop__heap_queue *queue)
{
    for (size_t i = 0; i < queue->len; i++)
        queue->slots[i].node->place = 0;
    cop__free(queue->slots, queue->cap * sizeof *queue->slots);
    cop__heap_queue_init(queue);
}

void cop__heap_queue_push(struct cop__heap_queue *queue, struct cop__heap_node *node, int64_t key)
{
    COP_CHECK(node->place == 0, "node is in a queue already");
    if (queue->len == queue->cap) set_cap(queue, queue->cap ? queue->cap * 2 : CAP_MIN);
    node->key = key;
    node->seq = queue->pushes++;
    queue->len++;
    sift_up(queue, queue->len - 1, (struct cop__heap_slot){.key = key, .node = node});
    COP_ASSERT_SLOW(cop__heap_queue_is_valid(queue));
}

/* After a removal: gives memory back when three quarters of it are unused. */
static void shrink(struct cop__heap_queue *queue)
{
    if (queue->len == 0) {
        cop__free(queue->slots, queue->cap * sizeof *queue->slots);
        queue->slots = NULL;
        queue->cap = 0;
    } else if (queue->cap > CAP_MIN && queue->len <= queue->cap / 4) {
        set_cap(queue, queue->cap / 2);
    }
}

void cop__heap_queue_remove(struct cop__heap_queue *queue, struct cop__heap_node *node)
{
    size_t at = node->place - 1;
    struct cop__heap_slot last;

    COP_CHECK(node->place > 0 && at < queue->len && queue->slots[at].node == node,
              "node is not in this queue");
    last = queue->slots[--queue->len];
    node->place = 0;
    /* The last slot fills the gap; it may belong above it as well as below. */
    if (last.node != node) {
        if (at > 0 && is_before(last, queue->slots[(at - 1) / CHILDREN]))
            sift_up(queue, at, last);
        else
            sift_down(queue, at, last);
    }
    shrink(queue);
    COP_ASSERT_SLOW(cop__heap_queue_is_valid(queue));
}

struct cop__heap_node *cop__heap_queue_pop(struct cop__heap_queue *queue)
{
    struct cop__heap_node *node = cop__heap_queue_peek(queue);

    if (node) cop__heap_queue_remove(queue, node);
    return node;
}

bool cop__heap_queue_is_valid(const struct cop__heap_queue *queue)
{
    if (queue->len > queue->cap) return false;
    for (size_t i = 0; i < queue->len; i++) {
        const struct cop__heap_slot *slot = &queue->slots[i];

        if (slot->node->place != i + 1 || slot->node->key != slot->key) return false;
        if (i > 0 && is_before(*slot, queue->slots[(i - 1) / CHILDREN])) return false;
    }
    return true;
}
