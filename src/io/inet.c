/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of IPv4 and IPv6, from terms and back. */
#include "io/inet.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "coppice/dns.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t cop__inet_size(const union cop__inet *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->in6) : sizeof(address->in4);
}

int cop__inet_port(const union cop__inet *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->in6.sin6_port
                                                    : address->in4.sin_port);
}

void cop__inet_set_port(union cop__inet *address, int port)
{
    in_port_t wire = htons((uint16_t)port);
    if (address->any.sa_family == AF_INET6)
        address->in6.sin6_port = wire;
    else
        address->in4.sin_port = wire;
}

cop_term cop__inet_term(const union cop__inet *address)
{
    cop_term parts[8];
    if (address->any.sa_family == AF_INET) {
        uint32_t bits = ntohl(address->in4.sin_addr.s_addr);
        for (int i = 0; i < 4; i++)
            parts[i] = cop_int(bits >> (24 - 8 * i) & 0xff);
        return cop_tuple_from(parts, 4);
    }
    const uint8_t *bytes = address->in6.sin6_addr.s6_addr;
    for (size_t i = 0; i < 8; i++)
        parts[i] = cop_int(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    return cop_tuple_from(parts, 8);
}

/* --- From terms ------------------------------------------------------------------------------- */

static bool from_tuple(cop_term t, union cop__inet *ret)
{
    size_t size = cop_tuple_size(t);
    int64_t most = size == 4 ? 255 : 65535;
    uint32_t bits = 0;
    if (size != 4 && size != 8) return false;
    for (size_t i = 0; i < size; i++) {
        int64_t n;
        cop_term part = cop_elem(t, i);
        if (!cop_match(part, "n", n) || n < 0 || n > most) return false;
        if (size == 4) {
            bits = bits << 8 | (uint32_t)n;
        } else {
            ret->in6.sin6_addr.s6_addr[2 * i] = (uint8_t)(n >> 8);
            ret->in6.sin6_addr.s6_addr[2 * i + 1] = (uint8_t)n;
        }
    }
    if (size == 4) ret->in4.sin_addr.s_addr = htonl(bits);
    ret->any.sa_family = size == 4 ? AF_INET : AF_INET6;
    return true;
}

static bool from_text(cop_term t, union cop__inet *ret)
{
    char text[INET6_ADDRSTRLEN];
    cop_term string = cop__inet_text(t);
    if (cop_is_none(string)) return false;
    cop_bytes b = cop_to_bytes(string);
    if (b.len >= sizeof(text)) return false;
    memcpy(text, b.data, b.len);
    text[b.len] = 0;
    ret->any.sa_family = AF_INET;
    if (inet_pton(AF_INET, text, &ret->in4.sin_addr) == 1) return true;
    memset(ret, 0, sizeof(*ret));
    ret->any.sa_family = AF_INET6;
    return inet_pton(AF_INET6, text, &ret->in6.sin6_addr) == 1;
}

bool cop__inet_from(cop_term t, int family, union cop__inet *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (cop_is_tuple(t)) return from_tuple(t, ret);
    bool is_loopback = cop_match(t, ":loopback");
    if (!is_loopback && !cop_match(t, ":any")) return from_text(t, ret);
    ret->any.sa_family = (sa_family_t)family;
    if (is_loopback && family == AF_INET6) ret->in6.sin6_addr = in6addr_loopback;
    if (is_loopback && family == AF_INET) ret->in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return true;
}

/* A character list as UTF-8. */
static cop_term text_of_list(cop_term t)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf text = {0};
    for (; cop_is_list(t) && !cop_is_empty_list(t); t = cop_tail(t)) {
        int64_t c;
        cop_term head = cop_head(t);
        if (!cop_match(head, "c", c) || c <= 0 || c > 0x10ffff || text.len > 1024)
            return cop_none();
        cop__buf_append_utf8(&text, (uint32_t)c);
    }
    return cop_is_empty_list(t) ? cop_binary(text.data, text.len) : cop_none();
}

cop_term cop__inet_text(cop_term t)
{
    cop_bytes text = {NULL, 0};
    if (cop_is_list(t)) return text_of_list(t);
    if (cop_is_binary(t))
        text = cop_to_bytes(t);
    else if (cop_is_atom(t))
        text = cop_atom_text(t);
    else
        return cop_none();
    return memchr(text.data, 0, text.len) != NULL ? cop_none() : cop_binary(text.data, text.len);
}

bool cop__inet_find(cop_term host, int family, int64_t timeout_ms, union cop__inet *ret,
                    cop_term *ret_reason)
{
    cop_term address, reason;
    if (cop__inet_from(host, family, ret)) return true;
    cop_term answer =
        cop_dns_getaddr(host, family == AF_INET6 ? COP(":inet6") : COP(":inet"), timeout_ms);
    if (cop_match(answer, "{:ok, address}", address)) return cop__inet_from(address, family, ret);
    cop_expect(answer, "{:error, reason}", reason);
    *ret_reason = reason;
    return false;
}
