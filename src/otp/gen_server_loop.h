/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two sides of GenServer: what a starting server is told. */
#ifndef COP_OTP_GEN_SERVER_LOOP_H
#define COP_OTP_GEN_SERVER_LOOP_H

#include "otp/gen.h"

/* What cop__gen_server_init needs, as a term. name was checked; nil: none. */
cop_term cop__gen_server_boot(const struct cop_gen_start *start, cop_term arg, cop_term name);
/* The first function of a server (cop__init_fn). */
cop_next cop__gen_server_init(cop_pid starter, cop_term boot);

#endif
