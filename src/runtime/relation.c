/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/relation.h"

#include "term/keep.h"

static struct cop__relation *entry(struct cop__list *node)
{
    return COP_LIST_ENTRY(node, struct cop__relation, by_age);
}

struct cop__relation *cop__relation_find(struct cop__relations *set, uint64_t key)
{
    if (set->count == 0) return NULL;
    if (set->count > COP__RELATIONS_LINEAR) {
        uint64_t *found = cop__map64_get(&set->index, key);
        return found != NULL ? (struct cop__relation *)(uintptr_t)*found : NULL;
    }
    /* The newest first: calls monitor, and demonitor soon after. */
    for (struct cop__list *n = set->by_age.prev; n != &set->by_age; n = n->prev)
        if (entry(n)->key == key) return entry(n);
    return NULL;
}

/* The set has grown past what is searched one by one: index all of it. */
static void index_all(struct cop__relations *set)
{
    struct cop__relation *r;
    COP_LIST_FOR (r, &set->by_age, by_age)
        cop__map64_put(&set->index, r->key, (uintptr_t)r);
}

struct cop__relation *cop__relation_add(struct cop__relations *set, uint64_t key, uint64_t peer)
{
    COP_ASSERT_SLOW(cop__relation_find(set, key) == NULL);
    struct cop__relation *r = cop__alloc_zeroed(sizeof(*r));
    r->key = key;
    r->peer = peer;
    if (set->by_age.next == NULL) cop__list_init(&set->by_age);
    cop__list_push_back(&set->by_age, &r->by_age);
    set->count++;
    if (set->count == COP__RELATIONS_LINEAR + 1)
        index_all(set);
    else if (set->count > COP__RELATIONS_LINEAR)
        cop__map64_put(&set->index, key, (uintptr_t)r);
    return r;
}

void cop__relation_remove(struct cop__proc *p, struct cop__relations *set, struct cop__relation *r)
{
    if (set->count > COP__RELATIONS_LINEAR) {
        if (set->count == COP__RELATIONS_LINEAR + 1)
            cop__map64_fini(&set->index);
        else
            cop__map64_remove(&set->index, r->key, NULL);
    }
    cop__list_remove(&r->by_age);
    set->count--;
    if (!cop_is_none(r->tag.term_)) cop__drop_now(&p->heap, &r->tag);
    cop__free(r, sizeof(*r));
}

struct cop__relation *cop__relation_first(const struct cop__relations *set)
{
    if (set->count == 0) return NULL;
    return entry(set->by_age.next);
}
