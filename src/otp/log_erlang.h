/* SPDX-License-Identifier: Apache-2.0 */
/* Reports in Erlang's form (LOG-03, 04, 07, 10, 16, 17, 19): for who reads logs with tools made for
 * that. Used in place of Elixir's where cop_logger_form() says so. */
#ifndef COP_OTP_LOG_ERLANG_H
#define COP_OTP_LOG_ERLANG_H

#include "coppice/logger.h"
#include "otp/gen.h"
#include "otp/text.h"

/* t in Erlang's syntax. */
void cop__text_add_erlang(struct cop__text *text, cop_term t);
/* Appends a line with a name and a term: "    reason: killed". */
void cop__text_add_field(struct cop__text *text, const char *name, cop_term t);
/* Logs a report under its title, "SUPERVISOR REPORT". */
void cop__log_report(enum cop_level level, const char *title, const struct cop__text *text);

/* "** Generic server NAME terminating" (LOG-07), "** Task PID terminating" (LOG-10). */
void cop__log_terminating_erlang(const struct cop__crash *crash);
void cop__log_task_erlang(cop_term starter, cop_term fun, cop_term args, cop_term reason);

#endif
