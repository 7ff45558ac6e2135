/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output and error, which may not take the bytes at once. */
#ifndef COP_OTP_STANDARD_OUTPUT_H
#define COP_OTP_STANDARD_OUTPUT_H

#include "coppice/term.h"

/* Writes all of text, beside the schedulers: a terminal or pipe may not take it at once. What
 * cannot be written is lost. Switches. */
void cop__file_write(int fd, cop_bytes text);

#endif
