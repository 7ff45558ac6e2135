/* SPDX-License-Identifier: Apache-2.0 */
/* bad_input_test.c is linked into several programs, with the modules of each. */
#ifndef TESTS_BAD_INPUT_H
#define TESTS_BAD_INPUT_H

/* Registers the modules that are to be called and that do not register themselves. */
void bad_input_register(void);

#endif
