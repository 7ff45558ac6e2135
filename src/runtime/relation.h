/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of links, monitors, watchers: found by key, walked by age. The holder of the process
 * alone. */
#ifndef COP_RUNTIME_RELATION_H
#define COP_RUNTIME_RELATION_H

#include "runtime/types.h"

/* NULL if there is none. */
struct cop__relation *cop__relation_find(struct cop__relations *set, uint64_t key);
/* A new one, zeroed but for its keys; there must be none with this key. */
struct cop__relation *cop__relation_add(struct cop__relations *set, uint64_t key, uint64_t peer);
void cop__relation_remove(struct cop__proc *p, struct cop__relations *set, struct cop__relation *r);
/* The oldest, or NULL. */
struct cop__relation *cop__relation_first(const struct cop__relations *set);

#define COP__RELATION_FOR(r, set)                                                                  \
    if ((set)->by_age.next != NULL)                                                                \
        COP_LIST_FOR (r, &(set)->by_age, by_age)

#endif
