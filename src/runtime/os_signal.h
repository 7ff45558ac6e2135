/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the operating system, inside: what the node's start and end do about them. */
#ifndef COP_RUNTIME_OS_SIGNAL_H
#define COP_RUNTIME_OS_SIGNAL_H

#include <stdbool.h>

/* Takes SIGTERM and SIGPIPE; with wanted false nothing, and set_signal is refused. */
void cop__os_signals_take(bool wanted);
/* Signals that come from now on are told to nobody; processes may go. */
void cop__os_signals_quiet(void);
/* Gives all signals back that were taken. */
void cop__os_signals_give_back(void);

#endif
