/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on tables as terms, {:insert, table, object}, so that a test can have another process
 * do them, or look at how they fail. */
#ifndef COP_TESTS_ETS_OPS_H
#define COP_TESTS_ETS_OPS_H

#include "support/check_process.h"

#include "coppice/ets.h"

/* Does it; its value, or the reason of the error that it raised. For puppet_call(), too. */
cop_term attempt(cop_term op);

/* The same where it stands: TRY("{:lookup, t, 1}", t). */
#define TRY(...) attempt(cop_build(__VA_ARGS__))

#endif
