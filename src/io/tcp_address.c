/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: IPv4, IPv6 and Unix, from text and back. */
#include "coppice/dns.h"

#include "io/inet.h"
#include "io/reason.h"
#include "io/tcp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static void add(struct cop__addresses *all, const void *address, socklen_t size)
{
    if (all->len == COP__ADDRESSES) return;
    memcpy(&all->at[all->len].address, address, size);
    all->at[all->len++].size = size;
}

/* A path, or "@" and an abstract name. */
static cop_term find_unix(const char *path, struct cop__addresses *all)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof(un.sun_path)) return cop__io_error(ENAMETOOLONG);
    memcpy(un.sun_path, path, len);
    if (path[0] == '@') un.sun_path[0] = 0;
    size_t size = offsetof(struct sockaddr_un, sun_path) + len + (path[0] != '@');
    add(all, &un, (socklen_t)size);
    return cop_ok();
}

static bool find_numeric(const char *host, uint16_t port, struct cop__addresses *all)
{
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, host, &in4.sin_addr) == 1) {
        add(all, &in4, sizeof(in4));
        return true;
    }
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        add(all, &in6, sizeof(in6));
        return true;
    }
    return false;
}

/* Any address: IPv6's, which takes IPv4 too; a machine without it has the other. */
static void find_any(uint16_t port, struct cop__addresses *all)
{
    find_numeric("::", port, all);
    find_numeric("0.0.0.0", port, all);
}

/* The addresses of a family are added; *ret_answer is what the resolver said. */
static void find_family(const char *host, cop_term family, uint16_t port, int64_t until_ms,
                        struct cop__addresses *all, cop_term *ret_answer)
{
    int64_t left = until_ms < 0 ? COP_INFINITY : until_ms - cop_monotonic_ms();
    cop_term list;
    if (until_ms >= 0 && left < 0) left = 0;
    *ret_answer = cop_dns_getaddrs(cop_string(host), family, left);
    if (!cop_match(*ret_answer, "{:ok, list}", list)) return;
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        union cop__inet address;
        if (!cop__inet_from(cop_head(list), AF_INET, &address)) continue;
        cop__inet_set_port(&address, port);
        add(all, &address, cop__inet_size(&address));
    }
}

static cop_term find_name(const char *host, uint16_t port, int64_t until_ms,
                          struct cop__addresses *all)
{
    cop_term answer, other;
    find_family(host, COP(":inet"), port, until_ms, all, &answer);
    find_family(host, COP(":inet6"), port, until_ms, all, &other);
    if (all->len > 0) return cop_ok();
    return cop_match(answer, "{:ok, _}") ? COP("{:error, :nxdomain}") : answer;
}

cop_term cop__addresses_find(const char *host, int port, int64_t until_ms,
                             struct cop__addresses *ret)
{
    ret->len = 0;
    if (port < 0 || port > 65535) cop_error(COP(":badarg"));
    if (host == NULL) {
        find_any((uint16_t)port, ret);
        return cop_ok();
    }
    if (host[0] == '/' || host[0] == '@') return find_unix(host, ret);
    if (find_numeric(host, (uint16_t)port, ret)) return cop_ok();
    return find_name(host, (uint16_t)port, until_ms, ret);
}

static cop_term unix_term(const struct sockaddr_un *un, socklen_t size)
{
    size_t len = size - offsetof(struct sockaddr_un, sun_path);
    char path[sizeof(un->sun_path)];
    if (size <= offsetof(struct sockaddr_un, sun_path)) return cop_tuple("", 0);
    memcpy(path, un->sun_path, len);
    if (path[0] == 0)
        path[0] = '@';
    else
        len = strnlen(path, len);
    return cop_tuple(cop_binary(path, len), 0);
}

cop_term cop__address_term(const struct sockaddr_storage *address, socklen_t size)
{
    char text[INET6_ADDRSTRLEN];
    if (address->ss_family == AF_UNIX) return unix_term((const void *)address, size);
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const void *)address;
        inet_ntop(AF_INET, &in4->sin_addr, text, sizeof(text));
        return cop_tuple(cop_string(text), ntohs(in4->sin_port));
    }
    const struct sockaddr_in6 *in6 = (const void *)address;
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
    return cop_tuple(cop_string(text), ntohs(in6->sin6_port));
}
