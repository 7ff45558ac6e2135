/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to sockets besides sending and receiving: closing, owners, options, addresses. */
#include "io/reason.h"
#include "io/tcp_socket.h"

#include <errno.h>

static cop_term error(cop_term reason)
{
    return cop_tuple(COP(":error"), reason);
}

/* --- Closing ---------------------------------------------------------------------------------- */

cop_term cop_tcp_close(cop_term socket)
{
    cop_term answer;
    struct cop__handle *h = cop__tcp_enter(NULL, socket, &answer);
    if (h == NULL) return cop_ok();
    cop__handle_close(h);
    cop__port_leave();
    return cop_ok();
}

cop_term cop_tcp_shutdown(cop_term socket, cop_term how)
{
    cop_term answer;
    bool is_both = cop_identical(how, COP(":read_write"));
    bool is_write = is_both || cop_identical(how, COP(":write"));
    bool is_read = is_both || cop_identical(how, COP(":read"));
    if (!is_write && !is_read) cop_error(COP(":badarg"));
    struct cop__handle *h = cop__tcp_enter(&cop__tcp_kind, socket, &answer);
    if (h == NULL) return answer;
    struct cop__tcp *t = cop__tcp_of(h);
    if (is_write) cop__tcp_out_shut(h);
    if (is_read && t->end == 0) {
        /* Nothing more is taken from the kernel, nor from what was read ahead. */
        t->end = COP__TCP_EOF;
        cop__tcp_in_free(t);
        cop__tcp_want(h);
        cop__tcp_deliver(h);
    }
    cop__tcp_leave(h);
    return cop_ok();
}

/* --- Owners ----------------------------------------------------------------------------------- */

/* {:tcp, socket, data} and the like, of this socket? */
static bool is_message_of(cop_term message, void *arg)
{
    const cop_ref *socket = arg;
    if (!cop_is_tuple(message) || cop_tuple_size(message) < 2 || cop_tuple_size(message) > 3)
        return false;
    cop_term tag = cop_elem(message, 0);
    cop_term ref = cop_elem(message, 1);
    return cop_is_reference(ref) && cop_ref_equal(cop_to_ref(ref), *socket) &&
           (cop_identical(tag, COP(":tcp")) || cop_identical(tag, COP(":tcp_closed")) ||
            cop_identical(tag, COP(":tcp_error")) || cop_identical(tag, COP(":tcp_passive")));
}

/* Nothing is delivered while the messages that the old owner has are on their way to the new one.
 * The lock is not held meanwhile, since the caller may die of what it receives then; its end closes
 * the socket as ever. */
static cop_term give(struct cop__handle *h, uint64_t owner)
{
    struct cop__tcp *t = h->kind == &cop__tcp_kind ? cop__tcp_of(h) : NULL;
    cop_ref ref = cop__handle_ref(h);
    uint64_t id = h->id;
    if (!cop__port_adopt(owner)) return error(COP(":badarg"));
    if (t != NULL) {
        t->is_held = true;
        cop__handle_unlock(h);
        cop__port_forward(is_message_of, &ref, owner);
        pthread_mutex_lock(&h->lock);
        if (!cop__handle_is(h, id)) return error(COP(":closed")); /* by another process */
        t->is_held = false;
    }
    bool is_given = cop__handle_give(h, owner);
    if (t != NULL) {
        cop__tcp_deliver(h);
        cop__tcp_resume(h);
    }
    return is_given ? cop_ok() : error(COP(":badarg"));
}

cop_term cop_tcp_controlling_process(cop_term socket, cop_pid owner)
{
    cop_term answer;
    if (owner.node != 0) return error(COP(":badarg"));
    struct cop__handle *h = cop__tcp_enter(NULL, socket, &answer);
    if (h == NULL) return answer;
    if (h->owner != cop__port_self())
        answer = error(COP(":not_owner"));
    else
        answer = h->owner == owner.id ? cop_ok() : give(h, owner.id);
    cop__tcp_leave(h);
    return answer;
}

/* --- Options ---------------------------------------------------------------------------------- */

#define SETTABLE                                                                                   \
    (~(1U << COP__TCP_BACKLOG) & ~(1U << COP__TCP_REUSEADDR) & ((1U << COP__TCP_OPTIONS) - 1))

static struct cop__tcp_options *options_of(struct cop__handle *h)
{
    return h->kind == &cop__tcp_kind ? &cop__tcp_of(h)->options
                                     : &((struct cop__listener *)h->data)->options;
}

/* A number for active that leaves none is told. */
static void tell_passive(struct cop__handle *h, cop_term options)
{
    if (cop__tcp_of(h)->options.active != 0) return;
    if (cop_is_integer(cop_keyword_get(options, COP(":active"), cop_nil())))
        cop__port_send(h->owner, cop_tuple(COP(":tcp_passive"), cop__handle_ref(h)));
}

cop_term cop_tcp_set_options(cop_term socket, cop_term options)
{
    cop_term answer;
    unsigned given;
    struct cop__handle *h = cop__tcp_enter(NULL, socket, &answer);
    if (h == NULL) return answer;
    struct cop__tcp_options o = *options_of(h);
    if (!cop__tcp_options_read(options, SETTABLE, &o, &given)) {
        cop__tcp_leave(h);
        cop_error(COP(":badarg"));
    }
    *options_of(h) = o;
    int rc = cop__tcp_options_apply(h->fd, given, &o);
    if (h->kind == &cop__tcp_kind) {
        if ((given & 1U << COP__TCP_ACTIVE) != 0) tell_passive(h, options);
        cop__tcp_deliver(h);
        cop__tcp_resume(h);
    }
    cop__tcp_leave(h);
    return rc == 0 ? cop_ok() : cop__io_error(rc);
}

cop_term cop_tcp_get_options(cop_term socket, cop_term names)
{
    cop_term answer;
    cop_term list = cop_empty_list();
    if (cop_list_len(names) < 0) cop_error(COP(":badarg"));
    struct cop__handle *h = cop__tcp_enter(NULL, socket, &answer);
    if (h == NULL) return answer;
    const struct cop__tcp_options o = *options_of(h);
    cop__tcp_leave(h);
    for (; !cop_is_empty_list(names); names = cop_tail(names)) {
        cop_term value = cop__tcp_option_value(&o, cop_head(names));
        if (cop_is_none(value)) return error(COP(":einval"));
        list = cop_cons(cop_tuple(cop_head(names), value), list);
    }
    return cop_tuple(cop_ok(), cop_list_reverse(list));
}

/* --- Addresses -------------------------------------------------------------------------------- */

cop_term cop__tcp_name(struct cop__handle *h, cop__tcp_name_fn fn, int *ret_error)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    int rc = fn(h->fd, (struct sockaddr *)&address, &size);
    if (ret_error != NULL) *ret_error = rc == 0 ? 0 : errno;
    return rc == 0 ? cop__address_term(&address, size) : cop_nil();
}

static cop_term name(cop_term socket, cop__tcp_name_fn fn)
{
    cop_term answer;
    int rc;
    struct cop__handle *h = cop__tcp_enter(NULL, socket, &answer);
    if (h == NULL) return answer;
    cop_term value = cop__tcp_name(h, fn, &rc);
    cop__tcp_leave(h);
    return rc == 0 ? cop_tuple(cop_ok(), value) : cop__io_error(rc);
}

cop_term cop_tcp_sockname(cop_term socket)
{
    return name(socket, getsockname);
}

cop_term cop_tcp_peername(cop_term socket)
{
    return name(socket, getpeername);
}
