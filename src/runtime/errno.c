/* SPDX-License-Identifier: Apache-2.0 */
/* errno for code that may go on on another thread: base.h maps it to this. */
#include "coppice/base.h"
#include "sys/os.h"

int *cop__errno(void)
{
    return cop__os_errno();
}
