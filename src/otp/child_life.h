/* SPDX-License-Identifier: Apache-2.0 */
/* The start and the end of one child, as Supervisor and DynamicSupervisor share them. */
#ifndef COP_OTP_CHILD_LIFE_H
#define COP_OTP_CHILD_LIFE_H

#include "otp/children.h"

enum cop__start_kind { COP__START_STARTED, COP__START_IGNORED, COP__START_FAILED };

/* What came of a start call. */
struct cop__start {
    enum cop__start_kind kind;
    cop_pid pid;     /* STARTED */
    cop_term answer; /* STARTED: {:ok, pid} or {:ok, pid, info}, as it was returned */
    cop_term reason; /* FAILED */
};

/* Calls start = {module, function, arguments} with extra before the arguments, in the caller, which
 * becomes the child's parent (SUP-13, DYN-10). The process that it starts through proc_lib gets
 * mailbox. Whatever else it returns or raises is a failure; exceptions are told as {:EXIT, reason},
 * or with dynamic as the reason itself (DYN-12). Switches. */
struct cop__start cop__child_start(cop_term start, cop_term extra, struct cop_mailbox mailbox,
                                   bool dynamic);

/* Before a restart: lets those run whom the death has woken. They end by their links to the dead,
 * if that was a supervisor, and their names must be free for its next life. */
void cop__let_die(void);

/* Ends a process that the caller is linked to, in the time that it has, and waits for its death
 * (SUP-51, 52). Returns the reason with which it died; leaves neither DOWN nor EXIT behind.
 * Switches. */
cop_term cop__child_stop(cop_pid pid, int64_t shutdown);

/* The reason of a process that a monitor has found dead already, from the EXIT of its link; takes
 * that. :noproc if the process had unlinked itself. Switches. */
cop_term cop__late_reason(cop_pid pid);
/* Milliseconds that a receive takes: those beyond its range wait as long as it can. */
int64_t cop__receive_limit(int64_t ms);

#endif
