/* SPDX-License-Identifier: Apache-2.0 */
/* What may be sent: a binary, or a list of binaries, bytes and such lists. */
#ifndef COP_IO_IODATA_H
#define COP_IO_IODATA_H

#include "base/buf.h"
#include "coppice/term.h"

/* The bytes as one binary, data itself if it is one; cop_none() if it is no such data. The depth of
 * lists has no bound. */
cop_term cop__iodata_binary(cop_term data);
/* The same, appended to a buffer. False: it is no such data, and some of it may be there. */
bool cop__iodata_append(struct cop__buf *bytes, cop_term data);

#endif
