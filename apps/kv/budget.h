/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Budget: how many bytes all connections together may hold of commands that are not complete
 * yet. Each alone is bounded by its protocol's limits; a thousand that each send half of a large
 * string are bounded here. A connection that ends, in whatever way, gives back what it held. */
#ifndef KV_BUDGET_H
#define KV_BUDGET_H

#include <coppice.h>

extern const struct cop_module kv_budget;

/* The caller holds so many bytes from now on, whatever it held before. False: that is more than
 * before, and more than is left; it still holds what it held. Exits: as a call, if there is no
 * KV.Budget. Switches. */
bool kv_budget_hold(size_t bytes);

#endif
