/* SPDX-License-Identifier: Apache-2.0 */
/* The process that drives libcurl. The transfers are the data of a handle, as the HTTP server's
 * daemon is (http_server_process.c): they go with the process, and who touches them is in the
 * runtime and has the handle's lock. */
#include "io/http_client.h"

#include "base/check.h"
#include "base/cleanup.h"
#include "coppice/gen_server.h"
#include "coppice/pattern.h"
#include "io/handle.h"
#include "io/http_message.h"
#include "io/http_transfer.h"
#include "io/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct client {
    cop_ref handle;
    struct cop__handle *entered; /* between enter() and leave() */
};

/* --- The handle ------------------------------------------------------------------------------- */

static bool client_ready(struct cop__handle *h, unsigned events)
{
    h->wanted &= (uint8_t)~events;
    cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), COP(":readable")));
    return true;
}

static void client_dispose(struct cop__handle *h)
{
    if (h->data != NULL) cop__http_transfers_free(h->data);
    h->data = NULL;
}

static bool client_drain(struct cop__handle *h)
{
    client_dispose(h);
    return false;
}

static cop_term client_info(struct cop__handle *h, cop_term list)
{
    return cop_cons(cop_tuple(COP(":transfers"), cop__http_transfers_len(h->data)), list);
}

static const struct cop__handle_kind client_kind = {.name = "http",
                                                    .ready = client_ready,
                                                    .drain = client_drain,
                                                    .dispose = client_dispose,
                                                    .info = client_info};

static struct cop__http_transfers *enter(struct client *c)
{
    cop__port_enter();
    c->entered = cop__handle_find(&client_kind, c->handle);
    COP_CHECK(c->entered != NULL, "an HTTP client without its handle");
    return c->entered->data;
}

static void leave(struct client *c)
{
    cop__handle_unlock(c->entered);
    cop__port_leave();
}

static int open_handle(struct client *c)
{
    struct cop__http_transfers *ts = cop__http_transfers_new();
    int error = -EMFILE;

    if (ts == NULL) return error;
    cop__port_enter();
    int fd = fcntl(cop__http_transfers_fd(ts), F_DUPFD_CLOEXEC, 0);
    struct cop__handle *h = fd >= 0 ? cop__handle_open(&client_kind, fd, ts, &error) : NULL;
    if (h != NULL) {
        error = 0;
        c->handle = cop__handle_ref(h);
        cop__handle_want(h, COP__IO_READ);
        cop__handle_unlock(h);
    } else {
        if (fd >= 0) close(fd);
        cop__http_transfers_free(ts);
    }
    cop__port_leave();
    return error;
}

static cop_result init(cop_term arg)
{
    struct client *c = cop_alloc(sizeof(*c));
    int error = open_handle(c);

    (void)arg;
    return error == 0 ? cop_started(c) : cop_fail(cop__io_reason(error));
}

/* --- Orders ----------------------------------------------------------------------------------- */

static void take_text(struct cop__buf *to, cop_bytes text)
{
    cop__buf_append(to, text.data, text.len);
    (void)cop__buf_cstr(to);
}

/* Fills an order from what the caller has checked. False: it has not. */
static bool read_order(cop_term texts, cop_term numbers, struct cop__http_order *o)
{
    cop_bytes method;
    cop_bytes url;
    cop_bytes cacertfile;
    cop_term headers;
    cop_term body;
    int64_t timeout;
    int64_t connect;
    int64_t body_max;
    int redirects;
    bool verify;

    if (!cop_match(texts, "{method, url, headers, body, cacertfile}", method, url, headers, body,
                   cacertfile) ||
        !cop_match(numbers, "{timeout, connect, body_max, redirects, verify}", timeout, connect,
                   body_max, redirects, verify))
        return false;
    o->timeout_ms = timeout;
    o->connect_timeout_ms = connect;
    o->body_max = body_max;
    o->redirects_max = redirects;
    o->verifies = verify;
    take_text(&o->method, method);
    take_text(&o->url, url);
    take_text(&o->cacertfile, cacertfile);
    o->has_body = cop_is_binary(body);
    if (o->has_body) take_text(&o->body, cop_to_bytes(body));
    return cop__http_headers(headers, &o->headers);
}

static cop_result begin(struct client *c, cop_term texts, cop_term numbers, bool is_stream,
                        cop_from from)
{
    COP_CLEANUP(cop__http_order_fini) struct cop__http_order order = {.is_stream = is_stream};
    struct cop__http_transfer *t;
    cop_ref monitor;
    cop_ref ref = cop_make_ref();

    if (!read_order(texts, numbers, &order)) return cop_reply(COP("{:error, :bad_url}"));
    monitor = cop_monitor(from.client);
    t = cop__http_transfer_start(enter(c), &order);
    t->from = from;
    t->ref = ref;
    t->monitor = monitor;
    t->is_asked = true;
    leave(c);
    return is_stream ? cop_reply(cop_tuple(cop_ok(), ref)) : cop_noreply();
}

/* --- What comes of them ----------------------------------------------------------------------- */

/* What is told of a transfer, as far as it outlives the lock. */
struct news {
    enum { NEWS_NONE, NEWS_NOTHING, NEWS_HEAD, NEWS_DATA, NEWS_END } kind;
    enum cop__http_end end;
    int error;
    long status;
    bool is_stream;
    char text[COP__HTTP_TEXT_MAX];
    struct cop__buf headers;
    struct cop__buf body;
    cop_from from;
    cop_ref ref;
    cop_ref monitor;
};

static void news_fini(struct news *n)
{
    cop__buf_fini(&n->headers);
    cop__buf_fini(&n->body);
}

static void take_buf(struct cop__buf *to, struct cop__buf *from)
{
    *to = *from;
    *from = (struct cop__buf){0};
}

/* What is next to be told of t. Entered. */
static void examine(struct cop__http_transfer *t, struct news *n)
{
    bool is_stream = t->order.is_stream;

    if (is_stream && t->has_head && !t->has_told_head) {
        n->kind = NEWS_HEAD;
        t->has_told_head = true;
        take_buf(&n->headers, &t->headers);
    } else if (is_stream && t->body.len > 0) {
        if (!t->is_asked) return;
        n->kind = NEWS_DATA;
        t->is_asked = false;
        take_buf(&n->body, &t->body);
        cop__http_transfer_go_on(t);
    } else if (t->end != COP__HTTP_END_NONE) {
        n->kind = NEWS_END;
        take_buf(&n->headers, &t->headers);
        take_buf(&n->body, &t->body);
    }
}

/* Takes the next news; NEWS_NOTHING: none of this transfer, but there may be others. */
static void take_news(struct client *c, struct news *n)
{
    struct cop__http_transfer *t = cop__http_transfers_event(enter(c));

    if (t != NULL) {
        n->kind = NEWS_NOTHING;
        n->is_stream = t->order.is_stream;
        n->status = t->status;
        n->from = t->from;
        n->ref = t->ref;
        n->monitor = t->monitor;
        examine(t, n);
        n->end = t->end;
        n->error = t->error;
        memcpy(n->text, t->text, sizeof(n->text));
        if (n->kind == NEWS_END)
            cop__http_transfer_free(t);
        else if (n->kind != NEWS_NOTHING)
            cop__http_transfer_tell(t);
    }
    leave(c);
}

static cop_term binary_of(const struct cop__buf *b)
{
    return cop_binary(b->len > 0 ? b->data : "", b->len);
}

static cop_term reason_of(const struct news *n)
{
    switch (n->end) {
    case COP__HTTP_END_SYSTEM: return cop__io_reason(-n->error);
    case COP__HTTP_END_NXDOMAIN: return COP(":nxdomain");
    case COP__HTTP_END_CONNECT_TIMEOUT: return COP(":connect_timeout");
    case COP__HTTP_END_TIMEOUT: return COP(":timeout");
    case COP__HTTP_END_CLOSED: return COP(":closed");
    case COP__HTTP_END_TLS: return cop_tuple(COP(":tls"), (const char *)n->text);
    case COP__HTTP_END_REDIRECTS: return COP(":too_many_redirects");
    case COP__HTTP_END_TOO_LARGE: return COP(":body_too_large");
    case COP__HTTP_END_BAD_URL: return COP(":bad_url");
    case COP__HTTP_END_BAD_RESPONSE: return COP(":bad_response");
    case COP__HTTP_END_NONE:
    case COP__HTTP_END_OK:
    case COP__HTTP_END_OTHER: break;
    }
    return cop_tuple(COP(":http"), (const char *)n->text);
}

/* {:ok, answer} or {:error, reason}. */
static cop_term answer_of(const struct news *n)
{
    cop_term headers;
    cop_term body;
    int64_t status = n->status;

    if (n->end != COP__HTTP_END_OK) return cop_tuple(COP(":error"), reason_of(n));
    headers = cop__http_header_list(&n->headers);
    body = binary_of(&n->body);
    return cop_build("{:ok, %{status: status, headers: headers, body: body}}", status, headers,
                     body);
}

static cop_term message_of(const struct news *n)
{
    int64_t status = n->status;
    cop_term part;

    if (n->kind == NEWS_HEAD) {
        part = cop__http_header_list(&n->headers);
        return cop_build("{:head, status, part}", status, part);
    }
    if (n->kind == NEWS_DATA) return cop_tuple(COP(":data"), binary_of(&n->body));
    if (n->end == COP__HTTP_END_OK) return COP(":done");
    return cop_tuple(COP(":error"), reason_of(n));
}

/* Tells the next news. False: there were none. */
static bool tell_news(struct client *c)
{
    COP_CLEANUP(news_fini) struct news n = {0};

    take_news(c, &n);
    if (n.kind == NEWS_NONE) return false;
    if (n.kind == NEWS_NOTHING) return true;
    if (n.kind == NEWS_END) cop_demonitor(n.monitor, true);
    if (n.is_stream)
        cop_send(n.from.client, cop_tuple(COP(":http"), n.ref, message_of(&n)));
    else
        cop_gen_server_reply(n.from, answer_of(&n));
    return true;
}

/* Has libcurl do what there is to do, and tells of it. The last word of each callback. */
static cop_result go_on(struct client *c, cop_result result)
{
    bool has_told;
    int64_t ms;

    do {
        ms = cop__http_transfers_run(enter(c));
        leave(c);
        has_told = false;
        while (tell_news(c))
            has_told = true;
    } while (has_told);
    return ms < 0 ? result : cop_then_timeout(result, ms);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

/* The stream's owner wants more. */
static void next(struct client *c, cop_ref ref, cop_pid owner)
{
    struct cop__http_transfer *t = cop__http_transfers_find(enter(c), ref);

    if (t != NULL && cop_pid_equal(t->from.client, owner)) {
        t->is_asked = true;
        cop__http_transfer_tell(t);
    }
    leave(c);
}

static void cancel(struct client *c, cop_ref ref, cop_pid owner)
{
    struct cop__http_transfer *t = cop__http_transfers_find(enter(c), ref);
    cop_ref monitor = ref;

    if (t != NULL && cop_pid_equal(t->from.client, owner)) {
        monitor = t->monitor;
        cop__http_transfer_free(t);
    }
    leave(c);
    if (!cop_ref_equal(monitor, ref)) cop_demonitor(monitor, true);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct client *c = state;
    cop_term texts;
    cop_term numbers;
    cop_ref ref;

    if (cop_match(request, "{:request, texts, numbers}", texts, numbers))
        return go_on(c, begin(c, texts, numbers, false, from));
    if (cop_match(request, "{:stream, texts, numbers}", texts, numbers))
        return go_on(c, begin(c, texts, numbers, true, from));
    if (cop_match(request, "{:next, ref}", ref)) {
        next(c, ref, from.client);
        return go_on(c, cop_reply(cop_ok()));
    }
    if (cop_match(request, "{:cancel, ref}", ref)) {
        cancel(c, ref, from.client);
        return go_on(c, cop_reply(cop_ok()));
    }
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct client *c = state;
    struct cop__http_transfer *t;
    cop_ref ref;

    if (cop_match(message, "{:fd, ref, :readable}", ref) && cop_ref_equal(ref, c->handle)) {
        (void)enter(c);
        cop__handle_want(c->entered, COP__IO_READ);
        leave(c);
    } else if (cop_match(message, "{:DOWN, ref, :process, _, _}", ref)) {
        t = cop__http_transfers_find_monitor(enter(c), ref);
        if (t != NULL) cop__http_transfer_free(t);
        leave(c);
    }
    return go_on(c, cop_noreply());
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info};

static cop_term start_link(cop_term options)
{
    /* A TLS handshake takes more of a stack than there is by default. */
    cop_term all = cop_cons(COP("{:spawn_opt, [stack_size: 262144]}"), options);

    return cop_gen_server_start_link(&cop__http_client_module, cop_nil(), all);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts the process of the HTTP client."),
    COP_EXPORT_END};

const struct cop_module cop__http_client_module = {.size = sizeof(struct cop_module),
                                                   .name = "Http.Client",
                                                   .doc = "Does the transfers of the HTTP client.",
                                                   .functions = functions,
                                                   .gen_server = &callbacks,
                                                   .child_spec = ""};
