/* SPDX-License-Identifier: Apache-2.0 */
/* What the operating system refuses, as the atom that OTP has for it. */
#ifndef COP_IO_REASON_H
#define COP_IO_REASON_H

#include "coppice/term.h"

/* :econnrefused for -ECONNREFUSED, or ECONNREFUSED: an error number of errno.h, or of libuv. */
cop_term cop__io_reason(int error);
/* {:error, :econnrefused} */
cop_term cop__io_error(int error);

#endif
