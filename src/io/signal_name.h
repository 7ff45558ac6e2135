/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals, as terms. */
#ifndef COP_IO_SIGNAL_NAME_H
#define COP_IO_SIGNAL_NAME_H

#include "coppice/term.h"

/* :sigterm for SIGTERM. */
cop_term cop__signal_name(int number);
/* The number of :sigterm, or of 15; 0 if there is no such signal. */
int cop__signal_number(cop_term signal);

#endif
