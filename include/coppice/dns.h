/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts and their addresses, by the machine's resolver (getaddrinfo), which also knows
 * /etc/hosts. Nobody is held up meanwhile but the caller.
 *
 *     cop_dns_getaddr(cop_string("localhost"), COP(":inet"), 1000)      {:ok, {127, 0, 0, 1}}
 *
 * A host is a string, a character list, an atom or an address, which stands for itself. Errors are
 * {:error, reason}: :nxdomain (there is no such name, or it has no address of this kind),
 * :try_again (no answer from a server), :timeout, :einval (no name at all), :enomem, or :eagain:
 * some 32 questions wait for an answer already. */
#ifndef COPPICE_DNS_H
#define COPPICE_DNS_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* One address, or all: {:ok, address}, {:ok, [address]}, the preferred ones first. family: :inet or
 * :inet6. A time that is over gives up waiting, not the resolver's work. Switches. */
COP_API cop_term cop_dns_getaddr(cop_term host, cop_term family, int64_t timeout_ms);
COP_API cop_term cop_dns_getaddrs(cop_term host, cop_term family, int64_t timeout_ms);
/* The name of an address: {:ok, name}, a string. Switches. */
COP_API cop_term cop_dns_getname(cop_term address, int64_t timeout_ms);

COP_END_DECLS

#endif
