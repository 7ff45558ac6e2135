/* SPDX-License-Identifier: Apache-2.0 */
/* Options of sockets: from keyword lists, to the kernel, and back. */
#include "io/tcp_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* Erlang's range for active n. */
#define ACTIVE_MIN (-32768)
#define ACTIVE_MAX 32767
/* Bounds of sizes: what fits the fields, and sense. */
#define SIZE_LEAST 1
#define SIZE_MOST  0x7fffffff

const struct cop__tcp_options cop__tcp_defaults = {
    .line_max = 65536,
    .buffer = 65536,
    .backlog = 1024,
    .send_timeout = COP_INFINITY,
    .chomp = true,
    .reuseaddr = true,
    .nodelay = true,
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const cop_bytes names[COP__TCP_OPTIONS] = {
    [COP__TCP_PACKET] = NAME("packet"),
    [COP__TCP_LINE_MAX] = NAME("line_max"),
    [COP__TCP_CHOMP] = NAME("chomp"),
    [COP__TCP_ACTIVE] = NAME("active"),
    [COP__TCP_BACKLOG] = NAME("backlog"),
    [COP__TCP_REUSEADDR] = NAME("reuseaddr"),
    [COP__TCP_NODELAY] = NAME("nodelay"),
    [COP__TCP_KEEPALIVE] = NAME("keepalive"),
    [COP__TCP_SHOW_ECONNRESET] = NAME("show_econnreset"),
    [COP__TCP_SEND_TIMEOUT] = NAME("send_timeout"),
    [COP__TCP_BUFFER] = NAME("buffer"),
};

/* COP__TCP_OPTIONS: there is none. */
static enum cop__tcp_option option_of(cop_term name)
{
    unsigned i = 0;
    if (!cop_is_atom(name)) return COP__TCP_OPTIONS;
    cop_bytes text = cop_atom_text(name);
    while (i < COP__TCP_OPTIONS &&
           (names[i].len != text.len || memcmp(names[i].data, text.data, text.len) != 0))
        i++;
    return (enum cop__tcp_option)i;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static bool read_bool(cop_term value, bool *ret)
{
    if (!cop_is_boolean(value)) return false;
    *ret = cop_to_bool(value);
    return true;
}

static bool read_int(cop_term value, int64_t min, int64_t max, int64_t *ret)
{
    int64_t n;
    if (!cop_match(value, "n", n) || n < min || n > max) return false;
    *ret = n;
    return true;
}

static bool read_size(cop_term value, uint32_t *ret)
{
    int64_t n;
    if (!read_int(value, SIZE_LEAST, SIZE_MOST, &n)) return false;
    *ret = (uint32_t)n;
    return true;
}

bool cop__tcp_active(cop_term value, int32_t *active)
{
    int64_t n;
    if (cop_is_boolean(value)) {
        *active = cop_to_bool(value) ? COP__TCP_ALWAYS : 0;
    } else if (cop_identical(value, COP(":once"))) {
        *active = COP__TCP_ONCE;
    } else {
        if (!read_int(value, ACTIVE_MIN, ACTIVE_MAX, &n)) return false;
        int64_t left = *active < 0 ? 0 : *active;
        if (left + n > ACTIVE_MAX) return false;
        *active = left + n < 0 ? 0 : (int32_t)(left + n);
    }
    return true;
}

static bool read_packet(cop_term value, bool *is_line)
{
    *is_line = cop_identical(value, COP(":line"));
    return *is_line || cop_identical(value, COP(":raw")) || cop_identical(value, COP("0"));
}

static bool read_backlog(cop_term value, int32_t *backlog)
{
    int64_t n;
    if (!read_int(value, 0, 65535, &n)) return false;
    *backlog = (int32_t)n;
    return true;
}

static bool read_one(struct cop__tcp_options *o, enum cop__tcp_option option, cop_term value)
{
    switch (option) {
    case COP__TCP_PACKET: return read_packet(value, &o->is_line);
    case COP__TCP_LINE_MAX: return read_size(value, &o->line_max);
    case COP__TCP_CHOMP: return read_bool(value, &o->chomp);
    case COP__TCP_ACTIVE: return cop__tcp_active(value, &o->active);
    case COP__TCP_BACKLOG: return read_backlog(value, &o->backlog);
    case COP__TCP_REUSEADDR: return read_bool(value, &o->reuseaddr);
    case COP__TCP_NODELAY: return read_bool(value, &o->nodelay);
    case COP__TCP_KEEPALIVE: return read_bool(value, &o->keepalive);
    case COP__TCP_SHOW_ECONNRESET: return read_bool(value, &o->show_econnreset);
    case COP__TCP_BUFFER: return read_size(value, &o->buffer);
    case COP__TCP_SEND_TIMEOUT:
        if (!cop_identical(value, COP(":infinity")))
            return read_int(value, 0, 4294967295, &o->send_timeout);
        o->send_timeout = COP_INFINITY;
        return true;
    case COP__TCP_OPTIONS: break;
    }
    return false;
}

bool cop__tcp_options_read(cop_term list, unsigned allowed, struct cop__tcp_options *o,
                           unsigned *ret_given)
{
    unsigned given = 0;
    for (; cop_is_list(list) && !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term pair = cop_head(list);
        if (!cop_is_tuple(pair) || cop_tuple_size(pair) != 2) return false;
        enum cop__tcp_option option = option_of(cop_elem(pair, 0));
        if (option == COP__TCP_OPTIONS || (allowed & 1U << option) == 0 ||
            !read_one(o, option, cop_elem(pair, 1)))
            return false;
        given |= 1U << option;
    }
    *ret_given = given;
    return cop_is_empty_list(list);
}

/* --- The kernel ------------------------------------------------------------------------------- */

static int set_flag(int fd, int level, int name, bool on)
{
    int value = on;
    if (setsockopt(fd, level, name, &value, sizeof(value)) == 0) return 0;
    return errno == ENOPROTOOPT || errno == EOPNOTSUPP ? 0 : -errno;
}

int cop__tcp_options_apply(int fd, unsigned given, const struct cop__tcp_options *o)
{
    int rc = 0;
    if ((given & 1U << COP__TCP_REUSEADDR) != 0)
        rc = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, o->reuseaddr);
    if (rc == 0 && (given & 1U << COP__TCP_NODELAY) != 0)
        rc = set_flag(fd, IPPROTO_TCP, TCP_NODELAY, o->nodelay);
    if (rc == 0 && (given & 1U << COP__TCP_KEEPALIVE) != 0)
        rc = set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, o->keepalive);
    return rc;
}

/* --- Back ------------------------------------------------------------------------------------- */

static cop_term active_term(int32_t active)
{
    if (active == COP__TCP_ALWAYS) return cop_true();
    if (active == COP__TCP_ONCE) return COP(":once");
    return active == 0 ? cop_false() : cop_int(active);
}

cop_term cop__tcp_option_value(const struct cop__tcp_options *o, cop_term name)
{
    switch (option_of(name)) {
    case COP__TCP_PACKET: return o->is_line ? COP(":line") : COP(":raw");
    case COP__TCP_LINE_MAX: return cop_int(o->line_max);
    case COP__TCP_CHOMP: return cop_bool(o->chomp);
    case COP__TCP_ACTIVE: return active_term(o->active);
    case COP__TCP_BACKLOG: return cop_int(o->backlog);
    case COP__TCP_REUSEADDR: return cop_bool(o->reuseaddr);
    case COP__TCP_NODELAY: return cop_bool(o->nodelay);
    case COP__TCP_KEEPALIVE: return cop_bool(o->keepalive);
    case COP__TCP_SHOW_ECONNRESET: return cop_bool(o->show_econnreset);
    case COP__TCP_BUFFER: return cop_int(o->buffer);
    case COP__TCP_SEND_TIMEOUT:
        return o->send_timeout < 0 ? COP(":infinity") : cop_int(o->send_timeout);
    case COP__TCP_OPTIONS: break;
    }
    return cop_none();
}
