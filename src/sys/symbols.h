/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at an address of this program: by elfutils, from the symbols and the debug
 * information of the program and its libraries. */
#ifndef COP_SYS_SYMBOLS_H
#define COP_SYS_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct cop__symbol {
    uintptr_t address;  /* given: a return address */
    char function[128]; /* "" if it is not known, as the others */
    char file[192];
    int line; /* 0 */
};
/* Fills in what is known of len symbols. Takes long the first time, since debug information is read
 * then, and needs a large stack: not on that of a process. Any thread. */
void cop__symbols_find(struct cop__symbol *symbols, size_t len);

#endif
