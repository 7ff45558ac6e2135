/* SPDX-License-Identifier: Apache-2.0 */
/* Local names: for each atom the pid that is registered under it. A look-up is one load. */
#ifndef COP_RUNTIME_NAME_H
#define COP_RUNTIME_NAME_H

#include "runtime/types.h"

/* The pid's number, or 0. Any thread. */
uint64_t cop__name_lookup(uint32_t atom);
/* At the end of p, before anybody hears of it (NAM-05). */
void cop__name_release(struct cop__proc *p);
void cop__names_fini(void);

#endif
