/* SPDX-License-Identifier: Apache-2.0 */
/* What can be switched on in a running server to see what it does: trace, log, log_to_file,
 * statistics, and functions of the user's (SYS-10 to 14).
 *
 * The options are one kept list, newest first, each {kind, data}:
 *     {:trace, true}      {:log, {max, len, events, newest first}}      {:log_to_file, pid}
 *     {:statistics, {start, reductions, in, out}}
 *     {id, {fun, state}}  {fun, state}
 * A server without any has nothing kept, and pays one comparison a message. */
#ifndef COP_OTP_SYS_DEBUG_H
#define COP_OTP_SYS_DEBUG_H

#include "coppice/module.h"

/* The list that the start option debug: options asks for; what is no such option is passed over. */
cop_term cop__debug_options(cop_term options);
/* Does what a request {:debug, command} asks for: the new list in *debug, and the answer. */
cop_term cop__debug_command(cop_term *debug, cop_term command, cop_term name);
/* Something has happened in the server called name: tells all options. The new list. */
cop_term cop__debug_event(cop_term debug, cop_term name, cop_term event);
/* The events in the log, oldest first. */
cop_term cop__debug_log(cop_term debug);

/* sys_file.c: a process that writes what it is sent to a file of this name, as long as the caller
 * lives; nil if the file cannot be opened. Switches. */
cop_term cop__log_file_open(cop_term name);

#endif
