/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the operating system: Elixir's System.trap_signal, Erlang's os:set_signal.
 *
 *     cop_system_trap_signal(COP(":sighup"), COP(":reload"), COP("&Mod.reload/0"));
 *
 * The signals are :sighup, :sigterm, :sigusr1, :sigusr2 and :sigalrm. The node takes SIGTERM by
 * itself, for its ordered end, and ignores SIGPIPE; the others only when they are asked for here.
 * What the program had before comes back when the node stops. A node that was started with
 * no_signals (node.h) takes none. A signal that comes again before it was told is told once. */
#ifndef COPPICE_OS_SIGNAL_H
#define COPPICE_OS_SIGNAL_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* os:set_signal(signal, option); :ok.
 *   :handle   each signal is a message {:notify, signal} to the process that is registered as
 *             :erl_signal_server; without one it does nothing, but SIGTERM ends the node
 *   :ignore   nothing happens
 *   :default  as it was before the node started; SIGTERM ends the node in order
 * Exits: badarg for another signal or option, and on a node with no_signals. */
COP_API cop_term cop_os_set_signal(cop_term signal, cop_term option);

/* Has fun, a function without arguments that returns :ok, called at each such signal: {:ok, id}, or
 * {:error, :already_registered} if the signal has one of that id. All run in :erl_signal_server,
 * one after the other, the last one added first; so they should be short. One that fails, or
 * returns anything else, is logged and taken off. After those of SIGTERM the node ends in order.
 * {:error, :not_sup} on a node with no_signals and for signals that are the library's own. Exits:
 * FunctionClauseError for an unknown signal or another fun. Switches. */
COP_API cop_term cop_system_trap_signal(cop_term signal, cop_term id, cop_term fun);
/* Takes it off: :ok or {:error, :not_found}. After the last of a signal that is :default again.
 * Switches. */
COP_API cop_term cop_system_untrap_signal(cop_term signal, cop_term id);

COP_END_DECLS

#endif
