/* SPDX-License-Identifier: Apache-2.0 */
/* errno for code that may go on on another thread: an accessor that the compiler cannot take for
 * constant (base.h maps errno to it). */
#define COP_KEEP_ERRNO
#include "coppice/base.h"

__attribute__((noinline)) int *cop__errno(void)
{
    int *location = &errno;
    __asm__ volatile("" : "+r"(location)::"memory");
    return location;
}
