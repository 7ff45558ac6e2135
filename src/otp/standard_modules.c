/* SPDX-License-Identifier: Apache-2.0 */
/* The registration of the modules about supervision, once a program. */
#include "otp/standard_modules.h"

#include "coppice/os_process.h"
#include "otp/registry_state.h"
#include "otp/stdlib.h"
#include "otp/task_process.h"

void cop__standard_modules_register(void)
{
    static bool done; /* release when written, acquire when read: the tables are seen then */

    if (__atomic_load_n(&done, __ATOMIC_ACQUIRE)) return;
    cop_module_register(&cop__supervisor_module);
    cop_module_register(&cop__erlang_supervisor_module);
    cop_module_register(&cop__dynamic_supervisor_module);
    cop_module_register(&cop__partition_supervisor_module);
    cop_module_register(&cop__application_module);
    cop_module_register(&cop__erlang_application_module);
    cop_module_register(&cop__logger_module);
    cop_module_register(&cop__task_module);
    cop_module_register(&cop__task_supervised_module);
    cop_module_register(&cop__task_supervisor_module);
    cop_module_register(&cop__registry_module);
    cop_module_register(&cop__registry_supervisor_module);
    cop_module_register(&cop__registry_partition_module);
    cop_module_register(&cop_os_process);
    cop__stdlib_register();
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
}
