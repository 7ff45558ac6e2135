/* SPDX-License-Identifier: Apache-2.0 */
/* UDP sockets: see udp.h. A handle whose datagrams are read by the loop's thread while it is
 * active, and by who waits for them while it is not; so what nobody wants stays in the kernel. */
#include "coppice/udp.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "io/inet.h"
#include "io/iodata.h"
#include "io/reason.h"
#include "io/tcp_socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Datagrams in a row for one event, so that others on the loop are not kept waiting. */
#define READS_MAX  16
/* How long a name may take. */
#define NAME_MS    8000
#define BUFFER_MAX (64 << 20)

struct udp {
    int32_t active; /* as of tcp_socket.h */
    bool is_held;   /* between two owners: nothing is delivered */
    int family;
    uint64_t bytes_in;
    uint64_t bytes_out;
};

static struct udp *udp_of(struct cop__handle *h)
{
    return h->data;
}

/* --- Active ----------------------------------------------------------------------------------- */

static bool is_active(struct cop__handle *h)
{
    return udp_of(h)->active != 0 && !udp_of(h)->is_held;
}

static void count_down(struct cop__handle *h, cop_term socket)
{
    struct udp *u = udp_of(h);
    if (u->active == COP__TCP_ONCE)
        u->active = 0;
    else if (u->active > 0 && --u->active == 0)
        cop__port_send(h->owner, cop_tuple(COP(":udp_passive"), socket));
}

/* One datagram to the owner. False: there is none. */
static bool deliver_one(struct cop__handle *h)
{
    union cop__inet from = {0};
    socklen_t size = sizeof(from);
    cop_term socket = cop_ref_term(cop__handle_ref(h));
    ssize_t n = recvfrom(h->fd, h->loop->scratch, COP__SCRATCH, 0, &from.any, &size);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n < 0) {
        cop__port_send(h->owner, cop_tuple(COP(":udp_error"), socket, cop__io_reason(errno)));
    } else {
        udp_of(h)->bytes_in += (uint64_t)n;
        cop__port_send(h->owner,
                       cop_tuple(COP(":udp"), socket, cop__inet_term(&from), cop__inet_port(&from),
                                 cop_binary(h->loop->scratch, (size_t)n)));
    }
    count_down(h, socket);
    return true;
}

static bool udp_ready(struct cop__handle *h, unsigned events)
{
    unsigned wanted = h->wanted & ~events;
    if ((events & COP__IO_WRITE) != 0) cop__handle_announce(h, COP__IO_WRITE);
    if ((events & COP__IO_READ) != 0) {
        if (cop__handle_is_awaited(h, COP__IO_READ)) cop__handle_announce(h, COP__IO_READ);
        for (int i = 0; i < READS_MAX && is_active(h) && deliver_one(h); i++)
            continue;
        if (is_active(h)) wanted |= COP__IO_READ;
    }
    h->wanted = (uint8_t)wanted;
    return true;
}

static bool udp_drain(struct cop__handle *h)
{
    (void)h;
    return false;
}

static void udp_dispose(struct cop__handle *h)
{
    cop__free(h->data, sizeof(struct udp));
}

static cop_term udp_info(struct cop__handle *h, cop_term list)
{
    const struct udp *u = udp_of(h);
    const struct cop__tcp_options o = {.active = u->active};
    cop_term active = cop__tcp_option_value(&o, COP(":active"));
    cop_term remote = cop__tcp_name(h, getpeername, NULL);
    cop_term local = cop__tcp_name(h, getsockname, NULL);
    list = cop_cons(cop_tuple(COP(":active"), active), list);
    list = cop_cons(cop_tuple(COP(":output"), cop_uint(u->bytes_out)), list);
    list = cop_cons(cop_tuple(COP(":input"), cop_uint(u->bytes_in)), list);
    list = cop_cons(cop_tuple(COP(":remote"), remote), list);
    return cop_cons(cop_tuple(COP(":local"), local), list);
}

static const struct cop__handle_kind udp_kind = {
    .name = "udp",
    .ready = udp_ready,
    .drain = udp_drain,
    .dispose = udp_dispose,
    .info = udp_info,
};

/* --- Options ---------------------------------------------------------------------------------- */

struct options {
    union cop__inet address;
    bool has_address;
    int family;
    int32_t active;
    /* of the kernel: -1: not given */
    int reuseaddr;
    int broadcast;
    int v6only;
    int recbuf;
    int sndbuf;
};

static bool read_flag(cop_term value, int *ret)
{
    if (!cop_is_boolean(value)) return false;
    *ret = cop_to_bool(value);
    return true;
}

static bool read_size(cop_term value, int *ret)
{
    int64_t n;
    if (!cop_match(value, "n", n) || n <= 0 || n > BUFFER_MAX) return false;
    *ret = (int)n;
    return true;
}

/* Of those that can be changed later, too. */
static bool read_changeable(cop_term name, cop_term value, struct options *o)
{
    if (cop_match(name, ":active")) return cop__tcp_active(value, &o->active);
    if (cop_match(name, ":broadcast")) return read_flag(value, &o->broadcast);
    if (cop_match(name, ":recbuf")) return read_size(value, &o->recbuf);
    if (cop_match(name, ":sndbuf")) return read_size(value, &o->sndbuf);
    return false;
}

static bool read_at_opening(cop_term name, cop_term value, struct options *o)
{
    if (cop_match(name, ":reuseaddr")) return read_flag(value, &o->reuseaddr);
    if (cop_match(name, ":ipv6_v6only")) return read_flag(value, &o->v6only);
    if (cop_match(name, ":mode")) return cop_match(value, ":binary");
    if (!cop_match(name, ":ip") && !cop_match(name, ":ifaddr")) return false;
    if (!cop__inet_from(value, o->family == 0 ? AF_INET : o->family, &o->address)) return false;
    o->has_address = true;
    return true;
}

static bool read_word(cop_term word, struct options *o)
{
    if (cop_match(word, ":inet"))
        o->family = AF_INET;
    else if (cop_match(word, ":inet6"))
        o->family = AF_INET6;
    else
        return cop_match(word, ":binary");
    return true;
}

/* Reads options over what *o has; false: some is none. */
static bool options_read(cop_term list, bool is_opening, struct options *o)
{
    for (; cop_is_list(list) && !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term name, value;
        cop_term head = cop_head(list);
        bool is_right =
            cop_match(head, "{name, value}", name, value)
                ? read_changeable(name, value, o) || (is_opening && read_at_opening(name, value, o))
                : is_opening && read_word(head, o);
        if (!is_right) return false;
    }
    return cop_is_empty_list(list);
}

/* 0 or a negative error number. */
static int options_apply(int fd, const struct options *o)
{
    const struct {
        int level;
        int name;
        int value;
    } rows[] = {{SOL_SOCKET, SO_REUSEADDR, o->reuseaddr},
                {SOL_SOCKET, SO_BROADCAST, o->broadcast},
                {SOL_SOCKET, SO_RCVBUF, o->recbuf},
                {SOL_SOCKET, SO_SNDBUF, o->sndbuf},
                {IPPROTO_IPV6, IPV6_V6ONLY, o->v6only}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].value >= 0 &&
            setsockopt(fd, rows[i].level, rows[i].name, &rows[i].value, sizeof(rows[i].value)) != 0)
            return -errno;
    return 0;
}

static const struct options defaults = {
    .reuseaddr = -1, .broadcast = -1, .v6only = -1, .recbuf = -1, .sndbuf = -1};

/* --- Opening and closing ---------------------------------------------------------------------- */

/* The socket, bound, or a negative error number. */
static int open_bound(const struct options *o)
{
    int fd = socket(o->address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int rc = options_apply(fd, o);
    if (rc == 0 && bind(fd, &o->address.any, cop__inet_size(&o->address)) != 0) rc = -errno;
    if (rc == 0) return fd;
    (void)close(fd);
    return rc;
}

/* The caller has entered. */
static cop_term open_entered(const struct options *o)
{
    int error = 0;
    int fd = open_bound(o);
    if (fd < 0) return cop__io_error(fd);
    struct udp *u = cop__alloc_zeroed(sizeof(*u));
    *u = (struct udp){.active = o->active, .family = o->address.any.sa_family};
    struct cop__handle *h = cop__handle_open(&udp_kind, fd, u, &error);
    if (h == NULL) {
        cop__free(u, sizeof(*u));
        (void)close(fd);
        return cop__io_error(error);
    }
    cop_term socket = cop_ref_term(cop__handle_ref(h));
    if (is_active(h)) cop__handle_want(h, COP__IO_READ);
    cop__handle_unlock(h);
    return cop_tuple(cop_ok(), socket);
}

cop_term cop_udp_open(int port, cop_term options)
{
    struct options o = defaults;
    if (port < 0 || port > 65535 || !options_read(options, true, &o)) cop_error(COP(":badarg"));
    if (!o.has_address)
        (void)cop__inet_from(COP(":any"), o.family == 0 ? AF_INET : o.family, &o.address);
    else if (o.family != 0 && o.family != o.address.any.sa_family)
        cop_error(COP(":badarg"));
    cop__inet_set_port(&o.address, port);
    cop__port_enter();
    cop_term answer = open_entered(&o);
    cop__port_leave();
    return answer;
}

/* The open socket, entered and locked; NULL, neither: *ret_error is what to answer. */
static struct cop__handle *enter(cop_term socket, cop_term *ret_error)
{
    if (!cop__is_handle(socket)) cop_error(COP(":badarg"));
    cop__port_enter();
    struct cop__handle *h = cop__handle_find(&udp_kind, cop_to_ref(socket));
    if (h != NULL) return h;
    *ret_error = COP("{:error, :closed}");
    cop__port_leave();
    return NULL;
}

static void leave(struct cop__handle *h)
{
    cop__handle_unlock(h);
    cop__port_leave();
}

cop_term cop_udp_close(cop_term socket)
{
    cop_term answer;
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return cop_ok();
    cop__handle_close(h);
    cop__port_leave();
    return cop_ok();
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* The family of an open socket, or 0 and what to answer. */
static int family_of(cop_term socket, cop_term *ret_error)
{
    struct cop__handle *h = enter(socket, ret_error);
    if (h == NULL) return 0;
    int family = udp_of(h)->family;
    leave(h);
    return family;
}

/* Where a socket sends to. False: *ret_error is what to answer. Switches: may. */
static bool find_peer(cop_term socket, cop_term host, int port, union cop__inet *ret,
                      cop_term *ret_error)
{
    cop_term reason = cop_nil();
    if (port < 0 || port > 65535) cop_error(COP(":badarg"));
    int family = family_of(socket, ret_error);
    if (family == 0) return false;
    if (!cop__inet_find(host, family, NAME_MS, ret, &reason)) {
        *ret_error = cop_tuple(COP(":error"), reason);
        return false;
    }
    cop__inet_set_port(ret, port);
    return true;
}

/* Locked before and after. */
static cop_term send_locked(struct cop__handle *h, const union cop__inet *to, cop_bytes data)
{
    uint64_t id = h->id;
    for (;;) {
        ssize_t n = sendto(h->fd, data.data, data.len, MSG_NOSIGNAL, to == NULL ? NULL : &to->any,
                           to == NULL ? 0 : cop__inet_size(to));
        if (n >= 0) {
            udp_of(h)->bytes_out += (uint64_t)n;
            return cop_ok();
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return cop__io_error(errno);
        cop__handle_want(h, h->wanted | COP__IO_WRITE);
        (void)cop__handle_wait(h, COP__IO_WRITE);
        if (!cop__handle_is(h, id)) return COP("{:error, :closed}");
    }
}

cop_term cop_udp_send(cop_term socket, cop_term address, int port, cop_term data)
{
    union cop__inet to;
    cop_term answer;
    cop_term bytes = cop__iodata_binary(data);
    bool is_connected = cop_match(address, "nil");
    if (cop_is_none(bytes)) cop_error(COP(":badarg"));
    if (!is_connected && !find_peer(socket, address, port, &to, &answer)) return answer;
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    answer = send_locked(h, is_connected ? NULL : &to, cop_to_bytes(bytes));
    leave(h);
    return answer;
}

cop_term cop_udp_connect(cop_term socket, cop_term address, int port)
{
    union cop__inet to;
    cop_term answer;
    if (!find_peer(socket, address, port, &to, &answer)) return answer;
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    int rc = connect(h->fd, &to.any, cop__inet_size(&to));
    answer = rc == 0 ? cop_ok() : cop__io_error(errno);
    leave(h);
    return answer;
}

/* --- Receiving -------------------------------------------------------------------------------- */

/* The next datagram, an error, or cop_none(). The buffer is as large as what waits: by asking
 * first. */
static cop_term take(struct cop__handle *h)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf data = {0};
    union cop__inet from = {0};
    socklen_t size = sizeof(from);
    ssize_t n = recv(h->fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
    if (n >= 0)
        n = recvfrom(h->fd, cop__buf_reserve(&data, (size_t)n + 1), (size_t)n + 1, 0, &from.any,
                     &size);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? cop_none() : cop__io_error(errno);
    udp_of(h)->bytes_in += (uint64_t)n;
    return cop_tuple(cop_ok(), cop_tuple(cop__inet_term(&from), cop__inet_port(&from),
                                         cop_binary(data.data, (size_t)n)));
}

/* Locked before and after. */
static cop_term recv_locked(struct cop__handle *h, int64_t timeout_ms)
{
    uint64_t id = h->id;
    bool is_in_time = timeout_ms != 0;
    cop_term got = take(h);
    cop__port_deadline(timeout_ms);
    while (cop_is_none(got) && is_in_time) {
        cop__handle_want(h, h->wanted | COP__IO_READ);
        is_in_time = cop__handle_wait(h, COP__IO_READ);
        got = cop__handle_is(h, id) ? take(h) : COP("{:error, :closed}");
    }
    cop__port_deadline(COP_INFINITY);
    return cop_is_none(got) ? COP("{:error, :timeout}") : got;
}

cop_term cop_udp_recv(cop_term socket, int64_t timeout_ms)
{
    cop_term answer;
    if (timeout_ms < -1) cop_error(COP(":badarg"));
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    answer = udp_of(h)->active != 0 ? cop__io_error(EINVAL) : recv_locked(h, timeout_ms);
    leave(h);
    return answer;
}

/* --- Owners, options, addresses --------------------------------------------------------------- */

static bool is_message_of(cop_term message, void *arg)
{
    const cop_ref *socket = arg;
    cop_ref ref;
    return (cop_match(message, "{:udp, ref, _, _, _}", ref) ||
            cop_match(message, "{:udp_passive, ref}", ref) ||
            cop_match(message, "{:udp_error, ref, _}", ref)) &&
           cop_ref_equal(ref, *socket);
}

/* As TCP's: see tcp_control.c. */
cop_term cop_udp_controlling_process(cop_term socket, cop_pid owner)
{
    cop_term answer;
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    cop_ref ref = cop__handle_ref(h);
    if (h->owner != cop__port_self()) {
        leave(h);
        return COP("{:error, :not_owner}");
    }
    bool is_given = owner.node == 0 && cop__port_adopt(owner.id);
    if (is_given) {
        uint64_t id = h->id;
        udp_of(h)->is_held = true;
        cop__handle_unlock(h);
        cop__port_forward(is_message_of, &ref, owner.id);
        pthread_mutex_lock(&h->lock);
        if (!cop__handle_is(h, id)) { /* closed by another process */
            leave(h);
            return COP("{:error, :closed}");
        }
        udp_of(h)->is_held = false;
        is_given = cop__handle_give(h, owner.id);
        if (is_active(h)) cop__handle_want(h, h->wanted | COP__IO_READ);
    }
    leave(h);
    return is_given ? cop_ok() : COP("{:error, :badarg}");
}

cop_term cop_udp_set_options(cop_term socket, cop_term options)
{
    cop_term answer;
    struct options o = defaults;
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    o.active = udp_of(h)->active;
    if (!options_read(options, false, &o)) {
        leave(h);
        cop_error(COP(":badarg"));
    }
    int rc = options_apply(h->fd, &o);
    udp_of(h)->active = o.active;
    /* A number that takes away all that was left says so, as the last message would have. */
    if (o.active == 0 && cop_is_integer(cop_keyword_get(options, COP(":active"), cop_nil())))
        cop__port_send(h->owner, cop_tuple(COP(":udp_passive"), socket));
    if (is_active(h)) cop__handle_want(h, h->wanted | COP__IO_READ);
    leave(h);
    return rc == 0 ? cop_ok() : cop__io_error(rc);
}

typedef int (*name_fn)(int fd, struct sockaddr *address, socklen_t *size);

static cop_term name_of(cop_term socket, name_fn fn)
{
    cop_term answer;
    union cop__inet address = {0};
    socklen_t size = sizeof(address);
    struct cop__handle *h = enter(socket, &answer);
    if (h == NULL) return answer;
    int rc = fn(h->fd, &address.any, &size);
    answer = rc != 0 ? cop__io_error(errno)
                     : cop_tuple(cop_ok(),
                                 cop_tuple(cop__inet_term(&address), cop__inet_port(&address)));
    leave(h);
    return answer;
}

static int get_sockname(int fd, struct sockaddr *address, socklen_t *size)
{
    return getsockname(fd, address, size);
}

static int get_peername(int fd, struct sockaddr *address, socklen_t *size)
{
    return getpeername(fd, address, size);
}

cop_term cop_udp_sockname(cop_term socket)
{
    return name_of(socket, get_sockname);
}

cop_term cop_udp_peername(cop_term socket)
{
    return name_of(socket, get_peername);
}
