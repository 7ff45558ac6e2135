/* SPDX-License-Identifier: Apache-2.0 */
/* The two processes above an application's top supervisor (APP-20):
 *
 *   controller   one for all, knows what runs               application_controller.c
 *   master       group leader of all that the application starts
 *   starter      ran start(), is the parent of the top supervisor, runs prep_stop() and stop()
 *
 * A master sends its controller {:started, master, :ok | {:error, reason}} and ends when the
 * application has ended, with the application's reason; all processes of its group are gone
 * then. */
#ifndef COP_OTP_APPLICATION_MASTER_H
#define COP_OTP_APPLICATION_MASTER_H

#include "coppice/application.h"

/* Starts a master that answers to the caller; *ret_monitor watches it. */
cop_pid cop__application_master_start(const struct cop_application *application,
                                      cop_ref *ret_monitor);
/* Asks for the ordered end (APP-10), for which the monitor then stands. */
void cop__application_master_stop(cop_pid master);

#endif
