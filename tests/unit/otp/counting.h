/* SPDX-License-Identifier: Apache-2.0 */
/* A process for cop_proc_lib_start() that takes a name, counts its messages at its top level, and
 * ends when it is told to. */
#ifndef COP_TESTS_COUNTING_H
#define COP_TESTS_COUNTING_H

#include "coppice/proc_lib.h"

/* Acknowledges its start with its pid. Each message is a pid, which gets {:count, n}; or {:die,
 * reason}, which ends it. */
cop_next start_counting(cop_term name);

#endif
