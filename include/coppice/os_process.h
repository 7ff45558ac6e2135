/* SPDX-License-Identifier: Apache-2.0 */
/* OS processes: programs that run as children of the node, each with a process that stands for it.
 *
 *     cop_expect(cop_os_process_start_link(COP("\"redis-server\""), COP("[\"--port\", \"0\"]"),
 *                                          COP("[stdout: :log]")),
 *                "{:ok, pid}", pid);
 *
 * or under a supervisor {OsProcess, {"redis-server", ["--port", "0"], [id: :redis]}}. Whoever knows
 * processes knows these: the program's end is the end of the process, its stop is a stop.
 *
 * **How it ends.** Status 0: `normal`. Another: {:exit_status, n}. By a signal: {:signal,
 * :sigsegv}. After the option timeout: `timeout`. So a supervisor restarts it by its usual rules.
 * When the process is stopped (by its supervisor, by cop_os_process_stop(), by the end of its
 * parent), the program's whole process group gets stop_signal, and SIGKILL when the time is up:
 * that of the supervisor's shutdown, otherwise kill_after. When the process is killed, they are
 * killed at once. When the program ends, what is left of its group is killed; and so is everything
 * when the node ends, however that comes. A program that leaves its group leaves all this.
 *
 * **Output** goes to the log, a line an event, or to an owner, who asks for it or is sent it, as
 * with a socket (tcp.h):
 *   passive   cop_os_process_read() waits for the next piece.
 *   active    messages to the owner: {:os_process, pid, {:stdout, data}}, {:stderr, data}, and
 *             {:os_process, pid, {:stdout, :eof}} at its end. Active once or for n messages, it is
 *             passive again after them and says {:os_process_passive, pid}.
 * While nobody asks, the program's pipe fills, and it waits: a flood costs no memory. After the
 * program's end the process waits until the owner has taken all that there was, or has ended.
 *
 * **Errors** of a start: {:error, reason} with :enoent (there is no such program), :eacces,
 * :enoexec, {:cd, :enoent} (no such directory), {:limits, reason}, :emfile, :enfile, :eagain,
 * :enomem, :e2big, or {:guardian, reason}, which says that no program can be started at all. */
#ifndef COPPICE_OS_PROCESS_H
#define COPPICE_OS_PROCESS_H

#include "coppice/module.h"

COP_BEGIN_DECLS

/* Starts a program. program: a path, or a name that is looked for in PATH; args: a list of strings,
 * or of atoms, numbers. {:ok, pid} once it runs, or {:error, reason}. options, a keyword list:
 *   cd            the directory that it starts in (that of the node)
 *   env           a list of {"NAME", "value"}, added to the node's variables; nil takes one out
 *   stdin         :pipe, :null or :inherit (:pipe)
 *   stdout        :log, :owner, :null or :inherit (:log); stderr: the same, or :stdout
 *   owner         the pid that output is for; the process ends with it (the caller)
 *   active        false, true, :once or n (false)
 *   packet        :raw or :line, for the owner; lines come without their ends (:raw)
 *   line_max      bytes; a longer line comes in pieces (65536)
 *   limits        [memory: bytes, cpu: seconds, files: n, file_size: bytes, stack: bytes,
 *                 core: bytes]
 *   timeout       milliseconds that it may run, or :infinity (:infinity)
 *   stop_signal   :sigterm or another
 *   kill_after    milliseconds from there to SIGKILL (5000)
 *   name          of the process
 * Exits: ArgumentError for options that are none. Switches. */
COP_API cop_term cop_os_process_start_link(cop_term program, cop_term args, cop_term options);
COP_API cop_term cop_os_process_start(cop_term program, cop_term args, cop_term options);
/* Stops it as above, and waits for its end: :ok. Exits: as cop_gen_server_stop(). Switches. */
COP_API cop_term cop_os_process_stop(cop_term process, cop_term reason, int64_t timeout_ms);

/* Runs a program to its end: {:ok, {output, status}}, status 128 + n after signal n, or {:error,
 * reason}. Options as above but for stdout, owner, active, packet; stderr also :stdout, default
 * :inherit. More of them: input, which is sent to its stdin (else that is :null); output_max, bytes
 * (16777216), above which it is killed: {:error, :emsgsize}. After timeout: {:error, :timeout}.
 * Switches. */
COP_API cop_term cop_os_process_run(cop_term program, cop_term args, cop_term options);

/* Writes a binary, or a list of binaries, bytes and such lists, to the program's stdin. Waits until
 * the pipe has taken all of it: a program that does not read slows its sender down. :ok, {:error,
 * :closed} after close_stdin, or {:error, :epipe} if the program has closed it. Exits: as a call,
 * if the time is over or the process is no more. Switches. */
COP_API cop_term cop_os_process_send(cop_term process, cop_term data, int64_t timeout_ms);
/* Closes stdin when all that was sent before is written: the program reads its end. :ok.
 * Switches. */
COP_API cop_term cop_os_process_close_stdin(cop_term process);
/* The next piece of output for the owner, who is passive: {:ok, {:stdout, data}}, {:ok, {:stderr,
 * data}}, {:error, :eof} when there will be none, {:error, :timeout}, after which nothing is lost.
 * Switches. */
COP_API cop_term cop_os_process_read(cop_term process, int64_t timeout_ms);
/* Changes active: `[active: :once]`. A number n adds to what is left. :ok. Switches. */
COP_API cop_term cop_os_process_set_options(cop_term process, cop_term options);
/* Sends a signal, :sighup or 1, to its process group: :ok. Exits: ArgumentError if it is none.
 * Switches. */
COP_API cop_term cop_os_process_signal(cop_term process, cop_term signal);
/* A map: program, args, os_pid, owner, active, bytes read of stdout and stderr, bytes written to
 * stdin. Switches. */
COP_API cop_term cop_os_process_info(cop_term process);

/* The module OsProcess: these functions for the console and for child specifications. Known to
 * every node. */
COP_API extern const struct cop_module cop_os_process;

COP_END_DECLS

#define cop_os_process_send(process, data, timeout_ms)                                             \
    cop_os_process_send(cop_term_of(process), cop_term_of(data), timeout_ms)

#endif
