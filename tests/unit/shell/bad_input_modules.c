/* SPDX-License-Identifier: Apache-2.0 */
#include "../otp/bad_input.h"

#include "coppice/module.h"
#include "shell/console.h"

void bad_input_register(void)
{
    cop_module_register(&cop__helpers_module);
}
