/* SPDX-License-Identifier: Apache-2.0 */
/* Stacktraces: which calls by name a process is in (coppice/error.h). */
#ifndef COP_RUNTIME_STACKTRACE_H
#define COP_RUNTIME_STACKTRACE_H

#include "runtime/types.h"

/* The stacktrace of p, the calling process, in its region. place: where it raises, NULL if that is
 * not known; pattern: of a cop_expect that failed there, or NULL. */
cop_term cop__stacktrace(const struct cop__proc *p, const struct cop_place *place,
                         const char *pattern);

#endif
