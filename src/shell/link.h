/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the node to terminals, by number: a process that knows a number may be killed at
 * any time, so the connection itself lies in a table and belongs to two holders, the thread that
 * reads from it and the console that it serves. Whoever is last closes it. */
#ifndef COP_SHELL_LINK_H
#define COP_SHELL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cop__link_kind {
    COP__LINK_NEW,
    COP__LINK_CONSOLE,
    COP__LINK_RPC,
    COP__LINK_STOP /* waits for the end of the program: never shut before */
};

/* A connection with one holder; fd belongs to it. With is_direct what is printed goes to standard
 * output by itself: the console of a pipe, which must keep its order with what the program prints.
 * -1: there are 32 already, and fd is closed. */
int64_t cop__link_open(int fd, bool is_direct);
void cop__link_be(int64_t link, enum cop__link_kind kind);
/* Has one holder more, one fewer. The last one closes it. May wait as below. */
void cop__link_join(int64_t link);
void cop__link_leave(int64_t link);
/* As cop__wire_write(); waits while the other side does not read, so a process calls it through
 * cop_blocking(). */
bool cop__link_write(int64_t link, char kind, const char *text, size_t len);
/* Ends it for both sides: who waits in a read or a write comes back. */
void cop__link_shut(int64_t link);
/* Before the node stops: tells all but those of LINK_STOP, and shuts them. */
void cop__links_shut_all(void);

#endif
