/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of IPv4 and IPv6 as terms: {127, 0, 0, 1}. */
#ifndef COP_IO_INET_H
#define COP_IO_INET_H

#include "coppice/term.h"

#include <netinet/in.h>
#include <sys/socket.h>

union cop__inet {
    struct sockaddr any;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

/* The size of an address of its kind. */
socklen_t cop__inet_size(const union cop__inet *address);
/* {a, b, c, d}, or eight numbers. */
cop_term cop__inet_term(const union cop__inet *address);
int cop__inet_port(const union cop__inet *address);
void cop__inet_set_port(union cop__inet *address, int port);
/* The address that a tuple, or a string or character list with one, stands for; also :any and
 * :loopback, of the family (AF_INET or AF_INET6). False: it is none. */
bool cop__inet_from(cop_term t, int family, union cop__inet *ret);
/* The text that a string, a character list or an atom has: cop_none() for none, or one with a 0. */
cop_term cop__inet_text(cop_term t);
/* The same, but a name is looked up: 0, or a reason in *ret_reason. Switches: may. */
bool cop__inet_find(cop_term host, int family, int64_t timeout_ms, union cop__inet *ret,
                    cop_term *ret_reason);

#endif
