/* SPDX-License-Identifier: Apache-2.0 */
/* What Erlang's modules of sockets have in common: gen_tcp, gen_udp, inet. */
#ifndef COP_OTP_STDLIB_INET_H
#define COP_OTP_STDLIB_INET_H

#include "coppice/process.h"

/* Room for the text of an address, or the name of a host. */
#define COP__ADDRESS_MAX 256

/* The text of an address: of {127, 0, 0, 1} or eight numbers, {:local, path}, a string, an atom or
 * a character list. Exits: badarg. */
void cop__socket_address(cop_term address, char *text);
/* Without what changes nothing here; the address that an option names goes to text, which may be
 * NULL. Exits: badarg. */
cop_term cop__socket_options(cop_term options, char *text);
/* A port, and a time in milliseconds or :infinity. Exits: badarg. */
int cop__port_arg(cop_term port);
int64_t cop__timeout_arg(cop_term timeout);

#endif
