/* SPDX-License-Identifier: Apache-2.0 */
/* Which reports about crashes are wanted: two switches of the whole program, read and written
 * relaxed by any thread, since nothing hangs on their order. */
#include "otp/log_settings.h"

#include "coppice/logger.h"

static bool details = true;
static bool sasl;

bool cop_log_details(bool on)
{
    return __atomic_exchange_n(&details, on, __ATOMIC_RELAXED);
}

bool cop_log_sasl_reports(bool on)
{
    return __atomic_exchange_n(&sasl, on, __ATOMIC_RELAXED);
}

bool cop__log_details_on(void)
{
    return __atomic_load_n(&details, __ATOMIC_RELAXED) && cop_logger_enabled(COP_DEBUG_LEVEL);
}

bool cop__log_sasl_on(void)
{
    return __atomic_load_n(&sasl, __ATOMIC_RELAXED) || cop_logger_form() != COP_FORM_ELIXIR;
}
