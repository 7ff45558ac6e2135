/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the test support. */
#ifndef COP_OTP_TEST_H
#define COP_OTP_TEST_H

#include "coppice/test.h"

/* The guard of the test that the caller is. Exits: RuntimeError in any other process. */
cop_pid cop__test_guard(void);
/* Runs in the guard, once: starts the supervisor of the test, linked. */
typedef cop_pid (*cop__test_fn)(void);

#endif
