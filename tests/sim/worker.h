/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the property program: each does random things to the others. */
#ifndef COP_TESTS_SIM_WORKER_H
#define COP_TESTS_SIM_WORKER_H

#include "world.h"

/* Started with its number. Waits for :go; does its steps; sends {:idle, number} to the process
 * named :driver; then only receives, and answers :check with {:checked, number}. One with a limit
 * (they all trap) is told :go and :check by exit signals, which it cannot lose. */
cop_next worker(cop_term arg);

#endif
