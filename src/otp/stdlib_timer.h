/* SPDX-License-Identifier: Apache-2.0 */
/* Timers as Process has them; the module :timer stands beside them. */
#ifndef COP_OTP_STDLIB_TIMER_H
#define COP_OTP_STDLIB_TIMER_H

#include "coppice/term.h"

cop_term cop__send_after(cop_term to, cop_term message, cop_term time);
cop_term cop__send_after_with(cop_term to, cop_term message, cop_term time, cop_term options);
cop_term cop__cancel_timer(cop_term timer);
cop_term cop__cancel_timer_with(cop_term timer, cop_term options);
cop_term cop__read_timer(cop_term timer);

#endif
