/* SPDX-License-Identifier: Apache-2.0 */
/* The application controller: the process, registered as :application_controller, that knows which
 * applications run. It answers
 *
 *   {:load, app}         :ok, {:error, {:already_loaded, app}} or {:error, reason}
 *   {:unload, app}       :ok, {:error, {:not_loaded | :running, app}}
 *   {:start, app, type}  :ok, {:error, {:already_started, app}} or {:error, reason}; loads it
 *   {:stop, app}         :ok or {:error, {:not_started, app}}
 *   :stop_all            :ok
 *   :which               [{app, description, version}]
 *
 * Starting an application does not keep it from other requests; stopping one does. */
#ifndef COP_OTP_APPLICATION_CONTROLLER_H
#define COP_OTP_APPLICATION_CONTROLLER_H

#include "coppice/application.h"

/* Starts the controller if it does not run. Switches. */
void cop__application_controller_ensure(void);

/* Appends what Elixir says about the end of an application (LOG-20): the reason, where that is the
 * result of a start function the call and its result. */
cop_term cop__application_reason_words(cop_term reason);

#endif
