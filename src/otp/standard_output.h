/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output, as IO and traces write to it. */
#ifndef COP_OTP_STANDARD_OUTPUT_H
#define COP_OTP_STANDARD_OUTPUT_H

#include "coppice/term.h"

/* Writes all of text, beside the schedulers: a terminal or pipe may not take it at once. What
 * cannot be written is lost. Switches. */
void cop__stdout_write(cop_bytes text);
/* The same for any file. */
void cop__file_write(int fd, cop_bytes text);

#endif
