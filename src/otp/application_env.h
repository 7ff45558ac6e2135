/* SPDX-License-Identifier: Apache-2.0 */
/* The environments of applications: key and value, for each application (APP-16, 18). */
#ifndef COP_OTP_APPLICATION_ENV_H
#define COP_OTP_APPLICATION_ENV_H

#include "coppice/application.h"

/* Takes over the defaults of an application, at the first time; they replace values set before.
 * Exits: ArgumentError if they are no keyword list. */
void cop__application_env_load(const struct cop_application *application);

#endif
