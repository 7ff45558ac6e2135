/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka and what must come before it. */
#ifndef COP_TESTS_CMOCKA_ALL_H
#define COP_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
