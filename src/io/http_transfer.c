/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface by sockets: it says which descriptors it waits for, and they are put
 * into an epoll set; it says when it wants to be called next. Its callbacks note what comes, and
 * nothing of ours runs inside of it. */
#include "io/http_transfer.h"

#include "base/alloc.h"
#include "base/check.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* What of a stream is kept for its owner before the peer has to wait. */
#define STREAM_PIECE 65536
/* Rounds of one run, and descriptors of a round. */
#define ROUNDS_MAX   16
#define READY_MAX    32

struct cop__http_transfers {
    CURLM *multi;
    int epoll_fd;
    int64_t due_ms; /* when libcurl is to be called whatever comes; -1: never */
    struct cop__list all;
    struct cop__list events;
};

void cop__http_order_fini(struct cop__http_order *order)
{
    cop__buf_fini(&order->method);
    cop__buf_fini(&order->url);
    cop__buf_fini(&order->headers);
    cop__buf_fini(&order->body);
    cop__buf_fini(&order->cacertfile);
}

void cop__http_transfer_tell(struct cop__http_transfer *t)
{
    if (!cop__list_is_linked(&t->events)) cop__list_push_back(&t->of->events, &t->events);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Callbacks of libcurl --------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct cop__http_transfers *ts = arg;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(ts->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (known == NULL) (void)curl_multi_assign(ts->multi, fd, ts);
    if (epoll_ctl(ts->epoll_fd, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0)
        return 0;
    return -1;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct cop__http_transfers *ts = arg;

    (void)multi;
    ts->due_ms = ms < 0 ? -1 : now_ms() + ms;
    return 0;
}

static void append_text(struct cop__buf *to, const char *text, size_t size)
{
    cop__buf_append(to, text, size);
    cop__buf_append_char(to, '\0');
}

/* One line of an answer's head: the last one counts, since redirects and 100 Continue have their
 * own. */
static size_t on_header(char *line, size_t one, size_t size, void *arg)
{
    struct cop__http_transfer *t = arg;
    const char *colon = memchr(line, ':', size);
    size_t name_len = colon != NULL ? (size_t)(colon - line) : 0;
    size_t from = name_len + 1;
    size_t end = size;

    (void)one;
    if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        cop__buf_clear(&t->headers);
        return size;
    }
    if (colon == NULL) return size;
    while (end > from && strchr("\r\n \t", line[end - 1]) != NULL)
        end--;
    while (from < end && (line[from] == ' ' || line[from] == '\t'))
        from++;
    append_text(&t->headers, line, name_len);
    append_text(&t->headers, line + from, end - from);
    return size;
}

static void note_head(struct cop__http_transfer *t)
{
    if (t->has_head) return;
    t->has_head = true;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
    cop__http_transfer_tell(t);
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    struct cop__http_transfer *t = arg;

    (void)one;
    note_head(t);
    if (t->order.is_stream && t->body.len >= STREAM_PIECE) {
        t->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (t->order.body_max >= 0 && size > (size_t)t->order.body_max - t->body.len) {
        t->end = COP__HTTP_END_TOO_LARGE;
        return 0;
    }
    cop__buf_append(&t->body, data, size);
    if (t->order.is_stream) cop__http_transfer_tell(t);
    return size;
}

/* --- How it ended ----------------------------------------------------------------------------- */

static bool is_connected(const struct cop__http_transfer *t)
{
    curl_off_t us = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
    return us > 0;
}

static enum cop__http_end end_of(struct cop__http_transfer *t, CURLcode code)
{
    long error = 0;

    switch (code) {
    case CURLE_OK: return COP__HTTP_END_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return COP__HTTP_END_NXDOMAIN;
    case CURLE_OPERATION_TIMEDOUT:
        return is_connected(t) ? COP__HTTP_END_TIMEOUT : COP__HTTP_END_CONNECT_TIMEOUT;
    case CURLE_TOO_MANY_REDIRECTS: return COP__HTTP_END_REDIRECTS;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE: return COP__HTTP_END_CLOSED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER: return COP__HTTP_END_TLS;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of a URL, or what came has no status line */
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &error);
        return is_connected(t) && error == 0 ? COP__HTTP_END_BAD_RESPONSE : COP__HTTP_END_BAD_URL;
    case CURLE_URL_MALFORMAT: return COP__HTTP_END_BAD_URL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return COP__HTTP_END_BAD_RESPONSE;
    case CURLE_COULDNT_CONNECT:
        (void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
        t->error = (int)error;
        return error > 0 ? COP__HTTP_END_SYSTEM : COP__HTTP_END_OTHER;
    default: return COP__HTTP_END_OTHER;
    }
}

static void ended(struct cop__http_transfer *t, CURLcode code)
{
    if (code == CURLE_OK) note_head(t);
    if (t->end == COP__HTTP_END_NONE) t->end = end_of(t, code);
    if (t->text[0] == '\0') strncpy(t->text, curl_easy_strerror(code), sizeof(t->text) - 1);
    cop__http_transfer_tell(t);
}

/* --- One transfer ----------------------------------------------------------------------------- */

static struct curl_slist *append_header(struct curl_slist *list, const char *name,
                                        const char *value)
{
    struct cop__buf line = {0};
    struct curl_slist *longer;

    /* An empty value is said by a semicolon: a colon would take the header out. */
    cop__buf_append_fmt(&line, *value != '\0' ? "%s: %s" : "%s;", name, value);
    longer = curl_slist_append(list, cop__buf_cstr(&line));
    COP_CHECK(longer != NULL, "out of memory");
    cop__buf_fini(&line);
    return longer;
}

static void set_headers(struct cop__http_transfer *t)
{
    const struct cop__buf *given = &t->order.headers;
    struct curl_slist *list = NULL;
    bool has_type = false;

    for (size_t at = 0; at < given->len;) {
        const char *name = given->data + at;
        const char *value = name + strlen(name) + 1;

        has_type = has_type || strcasecmp(name, "content-type") == 0;
        list = append_header(list, name, value);
        at = (size_t)(value - given->data) + strlen(value) + 1;
    }
    /* What libcurl would say by itself, and is not true. */
    if (!has_type) list = curl_slist_append(list, "Content-Type:");
    list = curl_slist_append(list, "Expect:");
    COP_CHECK(list != NULL, "out of memory");
    t->list = list;
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, list);
}

static void set_method(struct cop__http_transfer *t)
{
    const char *method = cop__buf_cstr(&t->order.method);

    if (t->order.has_body) {
        (void)curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->order.body.len);
        (void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS,
                               t->order.body.len > 0 ? t->order.body.data : "");
    }
    if (strcmp(method, "HEAD") == 0)
        (void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, t->order.has_body ? "POST" : "GET") != 0)
        (void)curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_limits(struct cop__http_transfer *t)
{
    const struct cop__http_order *o = &t->order;

    (void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
    (void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
                           o->connect_timeout_ms > 0 ? (long)o->connect_timeout_ms : 2000000000L);
    (void)curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, o->redirects_max > 0 ? 1L : 0L);
    (void)curl_easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)o->redirects_max);
    (void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, o->verifies ? 1L : 0L);
    (void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, o->verifies ? 2L : 0L);
    if (o->cacertfile.len > 0) (void)curl_easy_setopt(t->easy, CURLOPT_CAINFO, o->cacertfile.data);
}

struct cop__http_transfer *cop__http_transfer_start(struct cop__http_transfers *ts,
                                                    struct cop__http_order *order)
{
    struct cop__http_transfer *t = cop__alloc_zeroed(sizeof(*t));

    t->of = ts;
    t->order = *order;
    *order = (struct cop__http_order){0};
    cop__list_push_back(&ts->all, &t->all);
    t->easy = curl_easy_init();
    COP_CHECK(t->easy != NULL, "out of memory");
    (void)curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    (void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->text);
    (void)curl_easy_setopt(t->easy, CURLOPT_URL, cop__buf_cstr(&t->order.url));
    (void)curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "coppice");
    /* No signals for timeouts, and nobody waits for the thread that asks for a host's address. */
    (void)curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    set_method(t);
    set_headers(t);
    set_limits(t);
    CURLMcode code = curl_multi_add_handle(ts->multi, t->easy);
    COP_CHECK(code == CURLM_OK, "curl_multi_add_handle: %s", curl_multi_strerror(code));
    return t;
}

void cop__http_transfer_go_on(struct cop__http_transfer *t)
{
    if (!t->is_paused) return;
    t->is_paused = false;
    (void)curl_easy_pause(t->easy, CURLPAUSE_CONT);
}

void cop__http_transfer_free(struct cop__http_transfer *t)
{
    (void)curl_multi_remove_handle(t->of->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->list);
    cop__list_remove(&t->all);
    if (cop__list_is_linked(&t->events)) cop__list_remove(&t->events);
    cop__http_order_fini(&t->order);
    cop__buf_fini(&t->headers);
    cop__buf_fini(&t->body);
    cop__free(t, sizeof(*t));
}

/* --- All of them ------------------------------------------------------------------------------ */

static void init_curl(void)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_ALL);

    COP_CHECK(code == CURLE_OK, "curl_global_init: %s", curl_easy_strerror(code));
}

struct cop__http_transfers *cop__http_transfers_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct cop__http_transfers *ts;

    if (epoll_fd < 0) return NULL;
    pthread_once(&once, init_curl);
    ts = cop__alloc_zeroed(sizeof(*ts));
    ts->epoll_fd = epoll_fd;
    ts->due_ms = -1;
    cop__list_init(&ts->all);
    cop__list_init(&ts->events);
    ts->multi = curl_multi_init();
    COP_CHECK(ts->multi != NULL, "out of memory");
    (void)curl_multi_setopt(ts->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(ts->multi, CURLMOPT_SOCKETDATA, ts);
    (void)curl_multi_setopt(ts->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(ts->multi, CURLMOPT_TIMERDATA, ts);
    return ts;
}

void cop__http_transfers_free(struct cop__http_transfers *ts)
{
    struct cop__http_transfer *t;

    COP_LIST_FOR_SAFE(t, &ts->all, all)
    cop__http_transfer_free(t);
    (void)curl_multi_cleanup(ts->multi);
    close(ts->epoll_fd);
    cop__free(ts, sizeof(*ts));
}

int cop__http_transfers_fd(const struct cop__http_transfers *ts)
{
    return ts->epoll_fd;
}

int64_t cop__http_transfers_len(const struct cop__http_transfers *ts)
{
    int64_t len = 0;

    for (const struct cop__list *at = ts->all.next; at != &ts->all; at = at->next)
        len++;
    return len;
}

/* Calls libcurl for each descriptor that is ready and for its timer. False: there was nothing. */
static bool run_once(struct cop__http_transfers *ts)
{
    struct epoll_event ready[READY_MAX];
    int len = epoll_wait(ts->epoll_fd, ready, READY_MAX, 0);
    bool is_due = ts->due_ms >= 0 && ts->due_ms <= now_ms();
    int running;

    for (int i = 0; i < len; i++) {
        int what = ((ready[i].events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                   ((ready[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                   ((ready[i].events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);

        (void)curl_multi_socket_action(ts->multi, ready[i].data.fd, what, &running);
    }
    if (is_due) {
        ts->due_ms = -1;
        (void)curl_multi_socket_action(ts->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return len > 0 || is_due;
}

int64_t cop__http_transfers_run(struct cop__http_transfers *ts)
{
    bool goes_on = true;
    int64_t ms;
    CURLMsg *message;
    int left;

    for (int i = 0; goes_on && i < ROUNDS_MAX; i++)
        goes_on = run_once(ts);
    while ((message = curl_multi_info_read(ts->multi, &left)) != NULL) {
        struct cop__http_transfer *t = NULL;

        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        if (message->msg == CURLMSG_DONE) ended(t, message->data.result);
    }
    if (goes_on) return 0;
    if (ts->due_ms < 0) return -1;
    ms = ts->due_ms - now_ms();
    return ms > 0 ? ms : 0;
}

struct cop__http_transfer *cop__http_transfers_event(struct cop__http_transfers *ts)
{
    struct cop__http_transfer *t;

    if (cop__list_is_empty(&ts->events)) return NULL;
    t = COP_LIST_ENTRY(ts->events.next, struct cop__http_transfer, events);
    cop__list_remove(&t->events);
    return t;
}

struct cop__http_transfer *cop__http_transfers_find(struct cop__http_transfers *ts, cop_ref ref)
{
    struct cop__http_transfer *t;

    COP_LIST_FOR (t, &ts->all, all)
        if (t->order.is_stream && cop_ref_equal(t->ref, ref)) return t;
    return NULL;
}

struct cop__http_transfer *cop__http_transfers_find_monitor(struct cop__http_transfers *ts,
                                                            cop_ref monitor)
{
    struct cop__http_transfer *t;

    COP_LIST_FOR (t, &ts->all, all)
        if (cop_ref_equal(t->monitor, monitor)) return t;
    return NULL;
}
