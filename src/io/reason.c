/* SPDX-License-Identifier: Apache-2.0 */
#include "io/reason.h"

#include "coppice/pattern.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

cop_term cop__io_reason(int error)
{
    char name[64];
    int number = error < 0 ? -error : error;
    const char *known = strerrorname_np(number);

    if (known != NULL)
        (void)snprintf(name, sizeof(name), "%s", known);
    else
        (void)uv_err_name_r(-number, name, sizeof(name));
    for (size_t i = 0; name[i] != '\0'; i++)
        if (name[i] >= 'A' && name[i] <= 'Z') name[i] = (char)(name[i] | 0x20);
    return cop_atom(name);
}

cop_term cop__io_error(int error)
{
    return cop_tuple(COP(":error"), cop__io_reason(error));
}
