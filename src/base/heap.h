/* SPDX-License-Identifier: Apache-2.0 */
/* A priority queue whose nodes are members of their items: the least key first, equal keys in the
 * order of their pushes. A node knows its place, so any node can be removed in O(log n): made for
 * timers. (Heaps of terms are elsewhere: src/term/heap.h.)
 *
 *     struct timer { struct cop__heap_node node; ... };
 *
 *     cop__heap_queue_push(&queue, &timer->node, deadline_ns);
 *     node = cop__heap_queue_pop(&queue);
 *     timer = COP_HEAP_ENTRY(node, struct timer, node);
 *
 * Owns an array of pointers, nothing when empty; the nodes are the caller's. All zero is an empty
 * queue, and a node that is all zero is in no queue. A node must not move while it is in one. Not
 * to be used by two threads at once. */
#ifndef COP_BASE_HEAP_H
#define COP_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cop__heap_node {
    int64_t key;  /* valid while it is in a queue */
    uint64_t seq; /* number of its push */
    size_t place; /* 1 and up: index + 1 in the queue's slots; 0: in no queue */
};

/* The key stands beside the pointer: comparing seldom touches a node. */
struct cop__heap_slot {
    int64_t key;
    struct cop__heap_node *node;
};

struct cop__heap_queue {
    struct cop__heap_slot *slots; /* a parent's key is never behind its four children's */
    size_t len;
    size_t cap;
    uint64_t pushes; /* ever; the next node's seq */
};

/* The item whose member `member` is at node. */
#define COP_HEAP_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void cop__heap_queue_init(struct cop__heap_queue *queue)
{
    *queue = (struct cop__heap_queue){0};
}

/* Takes all nodes out and frees what the queue owns. */
void cop__heap_queue_fini(struct cop__heap_queue *queue);

static inline size_t cop__heap_queue_len(const struct cop__heap_queue *queue)
{
    return queue->len;
}

static inline bool cop__heap_node_is_queued(const struct cop__heap_node *node)
{
    return node->place != 0;
}

/* Puts in a node that is in no queue. */
void cop__heap_queue_push(struct cop__heap_queue *queue, struct cop__heap_node *node, int64_t key);

/* The first node, or NULL. It stays. */
static inline struct cop__heap_node *cop__heap_queue_peek(const struct cop__heap_queue *queue)
{
    return queue->len > 0 ? queue->slots[0].node : NULL;
}

/* Takes out the first node and returns it, or NULL. */
struct cop__heap_node *cop__heap_queue_pop(struct cop__heap_queue *queue);

/* Takes out a node that is in this queue. */
void cop__heap_queue_remove(struct cop__heap_queue *queue, struct cop__heap_node *node);

/* For assertions and tests: is everything in order? O(n). */
bool cop__heap_queue_is_valid(const struct cop__heap_queue *queue);

#endif
