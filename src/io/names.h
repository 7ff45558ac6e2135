/* SPDX-License-Identifier: Apache-2.0 */
/* Names of error numbers and signals, as terms. */
#ifndef COP_IO_NAMES_H
#define COP_IO_NAMES_H

#include "coppice/term.h"

/* :enoent for ENOENT; error may be negative. */
cop_term cop__error_name(int error);
/* {:error, :enoent}. */
cop_term cop__error(int error);

/* :sigterm for SIGTERM. */
cop_term cop__signal_name(int number);
/* The number of :sigterm, or of 15; 0 if there is no such signal. */
int cop__signal_number(cop_term signal);

#endif
