/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisors log: reports about children and unexpected messages, in Elixir's words
 * (LOG-13 to 17, 21). Reports are made only where cop_log_sasl_reports(true) asked for them, as
 * in Elixir. */
#ifndef COP_OTP_SUP_REPORT_H
#define COP_OTP_SUP_REPORT_H

#include "otp/children.h"

/* errorContext (SUP-63). */
enum cop__sup_context {
    COP__START_ERROR,
    COP__CHILD_TERMINATED,
    COP__CAUSED_SHUTDOWN,
    COP__SHUTDOWN_ERROR
};

struct cop__sup;

/* Logs an error about a child, as it is now. */
void cop__sup_report(const struct cop__sup *sup, enum cop__sup_context context, cop_term reason,
                     const struct cop__child *child);
/* Logs that so many children of the same specification ended unexpectedly with the same reason,
 * when they were asked to (SUP-54). */
void cop__sup_report_together(const struct cop__sup *sup, cop_term reason,
                              const struct cop__child *template, int64_t number);
/* Logs that a child was started (SUP-19, LOG-17). */
void cop__sup_report_progress(const struct cop__sup *sup, const struct cop__child *child);
/* Logs a message that nobody should send (LOG-21). who: "Supervisor" or "DynamicSupervisor". */
void cop__sup_report_unexpected(const char *who, cop_term msg);

#endif
