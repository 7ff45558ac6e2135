/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules Application and :application share. */
#ifndef COP_OTP_APPLICATION_CONFIG_H
#define COP_OTP_APPLICATION_CONFIG_H

#include "coppice/application.h"

/* As :temporary ones. */
cop_term cop__application_start(cop_term app);
cop_term cop__application_ensure_started(cop_term app);
cop_term cop__application_ensure_all_started(cop_term apps);
/* Sets one value, for ever if the options say persistent: true; :ok. */
cop_term cop__application_put(cop_term app, cop_term key, cop_term value, cop_term options);
/* Sets [{app, [{key, value}]}], all or nothing; :ok. Exits: ArgumentError in OTP's words if a name
 * is no atom, parameters are no list, or something stands there twice (APP-17). */
cop_term cop__application_put_all(cop_term config, bool lasts);
/* Whether options, those of put_env, say persistent: true. */
bool cop__application_lasts(cop_term options);
/* Whether key is one of cop_application_spec(). */
bool cop__application_is_spec_key(cop_term key);

#endif
