/* SPDX-License-Identifier: Apache-2.0 */
/* The part of check_test that is compiled as a build without COP_DEBUG. */
#ifndef TEST_BASE_CHECK_OFF_H
#define TEST_BASE_CHECK_OFF_H

/* How often the conditions of assertions that fail were evaluated. */
int evaluations_when_off(void);

/* A check that fails. */
void check_when_off(void);

#endif
