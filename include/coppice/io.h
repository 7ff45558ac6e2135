/* SPDX-License-Identifier: Apache-2.0 */
/* Where printed text goes: devices, which are processes that print for others (PRC-12).
 *
 * What IO.puts and cop_io_write() print goes to the caller's group leader if that is a device, else
 * to the node's standard device if there is one, else to standard output. The console is a device,
 * and what is started from it has it as group leader, so that each of several consoles shows what
 * was called from it.
 *
 * A device gets requests as messages, in OTP's I/O protocol, and answers each one:
 *     {:io_request, from, ref, {:put_chars, :unicode, text}}    {:io_reply, ref, :ok}
 *     {:io_request, from, ref, {:get_line, :unicode, prompt}}   {:io_reply, ref, line or :eof} */
#ifndef COPPICE_IO_H
#define COPPICE_IO_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* Makes the caller a device until it ends; a standard one also prints for all who have no other.
 * False: there are 64 devices, or a standard one already. */
COP_API bool cop_io_attach(bool is_standard);

/* Prints a binary. A device that is gone is no failure: standard output takes it. Switches: until
 * it is printed. */
COP_API void cop_io_write(cop_term text);
/* IO.gets: a line with its end, or :eof. prompt: a binary. Without a device: :eof. Switches. */
COP_API cop_term cop_io_get_line(cop_term prompt);

COP_END_DECLS

#endif
