/* SPDX-License-Identifier: Apache-2.0 */
/* The environments of applications: key and value, for each application (APP-16, 18). */
#ifndef COP_OTP_APPLICATION_ENV_H
#define COP_OTP_APPLICATION_ENV_H

#include "coppice/application.h"

/* Takes over the defaults of an application; they replace values set before, but for persistent
 * ones. False, and nothing happens, if they are no keyword list. */
bool cop__application_env_load(const struct cop_application *application);
/* Forgets all values; persistent ones come back at the next load. */
void cop__application_env_unload(cop_term name);

#endif
