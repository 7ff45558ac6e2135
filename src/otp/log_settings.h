/* SPDX-License-Identifier: Apache-2.0 */
/* Which reports about crashes are wanted (coppice/sys.h). Runs on: any thread. */
#ifndef COP_OTP_LOG_SETTINGS_H
#define COP_OTP_LOG_SETTINGS_H

#include "coppice/sys.h"

bool cop__log_details_on(void); /* cop_log_details */
bool cop__log_sasl_on(void);    /* cop_log_sasl_reports */

#endif
