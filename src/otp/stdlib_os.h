/* SPDX-License-Identifier: Apache-2.0 */
/* What System has about signals of the operating system. */
#ifndef COP_OTP_STDLIB_OS_H
#define COP_OTP_STDLIB_OS_H

#include "coppice/module.h"

/* System.trap_signal/2: the id is a new reference. */
cop_term cop__trap_signal(cop_term signal, cop_term fun);

#endif
