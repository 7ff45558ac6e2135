/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_input.h"

#include "coppice/http.h"
#include "coppice/http_server.h"
#include "coppice/json.h"
#include "coppice/module.h"

void bad_input_register(void)
{
    cop_module_register(&cop_json_module);
    cop_module_register(&cop_http_module);
    cop_module_register(&cop_http_server_module);
}
