/* SPDX-License-Identifier: Apache-2.0 */
#include "io/reason.h"

#include <stddef.h>
#include <uv.h>

cop_term cop__io_reason(int error)
{
    char name[64];
    size_t len = 0;

    if (uv_err_name_r(error, name, sizeof(name)) == NULL) return cop_atom("unknown");
    for (; name[len] != '\0'; len++)
        if (name[len] >= 'A' && name[len] <= 'Z') name[len] = (char)(name[len] | 0x20);
    return cop_atom(name);
}
