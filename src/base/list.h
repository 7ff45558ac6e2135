/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked list through a member of its items. Head and members are of one type; a list is a
 * ring through its head.
 *
 *     struct job { int n; struct cop__list jobs; };
 *     struct cop__list head;
 *     struct job *job;
 *
 *     cop__list_init(&head);
 *     cop__list_push_back(&head, &job->jobs);
 *     COP_LIST_FOR (job, &head, jobs) use(job->n);
 *
 * Owns nothing: the items belong to whoever made them. Not to be used by two threads at once.
 * A head must not be copied or moved while it is linked; a member that is all zero (or was removed)
 * is in no list. */
#ifndef COP_BASE_LIST_H
#define COP_BASE_LIST_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

struct cop__list {
    struct cop__list *next; /* of a head: the first item; of an item in no list: NULL */
    struct cop__list *prev; /* of a head: the last item; of an item in no list: NULL */
};

/* The item whose member `member` is at node. */
#define COP_LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Walks the items of a list from first to last. item is a pointer variable of the items' type. The
 * list must not change meanwhile. */
#define COP_LIST_FOR(item, head, member)                                                           \
    for (struct cop__list *item##_node = (head)->next;                                             \
         item##_node != (head) &&                                                                  \
         ((item) = COP_LIST_ENTRY(item##_node, __typeof__(*(item)), member), true);                \
         item##_node = item##_node->next)

/* The same, and the body may remove and free the item that it was given (no other). */
#define COP_LIST_FOR_SAFE(item, head, member)                                                      \
    for (struct cop__list *item##_node = (head)->next, *item##_after = item##_node->next;          \
         item##_node != (head) &&                                                                  \
         ((item) = COP_LIST_ENTRY(item##_node, __typeof__(*(item)), member), true);                \
         item##_node = item##_after, item##_after = item##_node->next)

/* Makes head an empty list. */
static inline void cop__list_init(struct cop__list *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool cop__list_is_empty(const struct cop__list *head)
{
    return head->next == head;
}

/* Is an item in a list? */
static inline bool cop__list_is_linked(const struct cop__list *node)
{
    return node->next != NULL;
}

static inline void cop__list_insert_between(struct cop__list *before, struct cop__list *node,
                                            struct cop__list *after)
{
    COP_ASSERT(before->next == after && after->prev == before);
    node->prev = before;
    node->next = after;
    before->next = node;
    after->prev = node;
}

static inline void cop__list_push_back(struct cop__list *head, struct cop__list *node)
{
    cop__list_insert_between(head->prev, node, head);
}

static inline void cop__list_push_front(struct cop__list *head, struct cop__list *node)
{
    cop__list_insert_between(head, node, head->next);
}

/* Takes node out of the list that it is in. */
static inline void cop__list_remove(struct cop__list *node)
{
    COP_ASSERT(node->next && node->next->prev == node && node->prev->next == node);
    node->next->prev = node->prev;
    node->prev->next = node->next;
    node->next = NULL;
    node->prev = NULL;
}

/* The first node, or NULL. */
static inline struct cop__list *cop__list_first(const struct cop__list *head)
{
    return cop__list_is_empty(head) ? NULL : head->next;
}

/* The last node, or NULL. */
static inline struct cop__list *cop__list_last(const struct cop__list *head)
{
    return cop__list_is_empty(head) ? NULL : head->prev;
}

/* Takes out the first node and returns it, or NULL. */
static inline struct cop__list *cop__list_pop_front(struct cop__list *head)
{
    struct cop__list *node = cop__list_first(head);

    if (node) cop__list_remove(node);
    return node;
}

/* Moves all of from to the end of to; from becomes empty. */
static inline void cop__list_splice_back(struct cop__list *to, struct cop__list *from)
{
    if (cop__list_is_empty(from)) return;
    COP_ASSERT(to != from);
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    cop__list_init(from);
}

#endif
