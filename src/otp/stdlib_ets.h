/* SPDX-License-Identifier: Apache-2.0 */
/* The words for a badarg of :ets. */
#ifndef COP_OTP_STDLIB_ETS_H
#define COP_OTP_STDLIB_ETS_H

#include "coppice/term.h"

/* Raises an ArgumentError that says what is wrong with these arguments of :ets.NAME, if that can be
 * seen; else returns. */
void cop__ets_explain(const char *name, const cop_term *args, int arity);

#endif
