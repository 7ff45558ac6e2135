/* SPDX-License-Identifier: Apache-2.0 */
/* /api/ports: sockets, watched descriptors and OS processes, with who owns them. */
#include "observer.h"

#include "coppice/port.h"

#include <string.h>

/* "127.0.0.1:4040"; nil of anything else. */
static cop_term address_text(cop_term address)
{
    cop_bytes host;
    int64_t port;

    if (!cop_match(address, "{host, port}", host, port)) return cop_nil();
    return cop_format("%.*s:%lld", (int)host.len, host.data, (long long)port);
}

static cop_term part(cop_term port, const char *name)
{
    return cop_map_get(port, cop_atom(name), cop_nil());
}

/* The program at the other end of a pipe: its owner stands for it and bears its name. */
static cop_term command_of(cop_term kind, cop_term owner)
{
    bool is_program = cop_match(kind, ":os_process") && cop_is_map(owner);

    return is_program ? cop_map_get(owner, COP(":label"), cop_nil()) : cop_nil();
}

static cop_term port_map(cop_term port)
{
    cop_term id = cop__obs_ref(part(port, "port")), kind = part(port, "kind");
    cop_term owner = cop__obs_process(part(port, "owner")), state = part(port, "state");
    cop_term local = address_text(part(port, "local")), remote = address_text(part(port, "remote"));
    cop_term input = part(port, "input"), output = part(port, "output"), fd = part(port, "fd");
    cop_term queue = part(port, "queue_size"), buffered = part(port, "buffered");
    cop_term accepted = part(port, "accepted"), os_pid = part(port, "os_pid");
    cop_term command = command_of(kind, owner), stream = part(port, "stream");

    return cop_build("%{id: id, kind: kind, owner: owner, state: state, local: local,"
                     " remote: remote, bytes_in: input, bytes_out: output, queue: queue,"
                     " buffered: buffered, accepted: accepted, fd: fd, os_pid: os_pid,"
                     " command: command, stream: stream}",
                     id, kind, owner, state, local, remote, input, output, queue, buffered,
                     accepted, fd, os_pid, command, stream);
}

/* What the page shows as the place: the command, else the other end, else the own. */
static cop_term place_of(cop_term map)
{
    static const char *const parts[] = {"command", "remote", "local"};
    cop_term text = cop_nil();

    for (size_t i = 0; i < 3 && !cop_is_binary(text); i++)
        text = part(map, parts[i]);
    return text;
}

static cop_term value_of(cop_term map, const char *column)
{
    if (strcmp(column, "owner") == 0) return cop__obs_called(part(map, "owner"));
    if (strcmp(column, "owner_pid") == 0) return cop__obs_pid_in(part(map, "owner"));
    if (strcmp(column, "where") == 0) return place_of(map);
    return part(map, column);
}

cop_term cop__obs_ports(const struct cop__obs_request *r)
{
    static const char *const columns[] = {"owner",    "id",        "kind",  "where",  "state",
                                          "bytes_in", "bytes_out", "queue", "stream", NULL};
    static const char *const searched[] = {"command", "remote",    "local", "id",
                                           "owner",   "owner_pid", NULL};
    static const struct cop__obs_listing listing = {"ports", columns, searched, value_of};
    cop_bytes kind = cop__obs_text(r, "kind", "");
    cop_term ports = cop_ports(), list = cop_empty_list();

    for (; !cop_is_empty_list(ports); ports = cop_tail(ports)) {
        cop_bytes text = cop_atom_text(part(cop_head(ports), "kind"));

        if (kind.len > 0 && (text.len != kind.len || memcmp(text.data, kind.data, kind.len) != 0))
            continue;
        list = cop_cons(port_map(cop_head(ports)), list);
    }
    return cop__obs_list(r, &listing, cop_list_reverse(list));
}

struct cop__obs_io cop__obs_io_now(void)
{
    struct cop__obs_io io = {0, 0, 0};
    cop_term ports = cop_ports();
    int64_t n;

    for (; !cop_is_empty_list(ports); ports = cop_tail(ports)) {
        io.ports++;
        if (cop_match(part(cop_head(ports), "input"), "n", n)) io.in += (uint64_t)n;
        if (cop_match(part(cop_head(ports), "output"), "n", n)) io.out += (uint64_t)n;
    }
    return io;
}
