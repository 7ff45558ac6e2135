/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask, and who may change something.
 *
 * A page of a stranger that the user has open must neither read nor change anything here. It
 * cannot read: no answer allows another origin. It cannot pretend to be this server by a name
 * that it lets point here (DNS rebinding): without an access token only the names of this
 * machine's own address with the server's port are taken as Host; with one, the browser has no
 * cookie for the stranger's name. It cannot make the node work for nothing, where the browser
 * tells whose page asks: nothing below /api/ answers another site. It cannot send a changing
 * request: that needs the page's token, which it cannot read, in a header that a browser sends
 * across origins only after asking, and the right Origin. */
#include "observer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define COOKIE "coppice_observer="

bool cop__obs_same(cop_bytes a, const char *b)
{
    return a.data != NULL && a.len == strlen(b) && memcmp(a.data, b, a.len) == 0;
}

/* In a time that does not tell how much of it is right. */
static bool is_secret(cop_bytes given, const char *secret)
{
    size_t len = strlen(secret);
    unsigned char differs = given.len != len;

    for (size_t i = 0; i < len; i++)
        differs |=
            (unsigned char)secret[i] ^ (unsigned char)(i < given.len ? given.data[i] : ~secret[i]);
    return given.data != NULL && !differs;
}

cop_bytes cop__obs_header(const struct cop__obs_request *r, const char *name)
{
    cop_term headers = cop_map_get(r->all, COP(":req_headers"), cop_map_new());
    cop_term value = cop_map_get(headers, cop_string(name), cop_none());

    return cop_is_none(value) ? (cop_bytes){NULL, 0} : cop_to_bytes(value);
}

/* --- Rates ------------------------------------------------------------------------------------ */

/* How many came in this second. */
struct meter {
    pthread_mutex_t lock;
    int64_t since_ms;
    int count;
};

static bool is_too_fast(struct meter *m, int max)
{
    int64_t now = cop_monotonic_ms();
    bool too_fast;

    pthread_mutex_lock(&m->lock);
    if (now - m->since_ms >= 1000 || now < m->since_ms) {
        m->since_ms = now;
        m->count = 0;
    }
    too_fast = ++m->count > max;
    pthread_mutex_unlock(&m->lock);
    return too_fast;
}

void cop__obs_guard_rate(void)
{
    static struct meter meter = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int max = cop__obs_settings.requests_a_second;

    if (is_too_fast(&meter, max))
        cop__obs_fail(429, "too_many", "at most %d requests a second", max);
}

/* --- Host ------------------------------------------------------------------------------------- */

/* Where this server listens. Switches if that is a port that the system chose. */
static int64_t own_port(const struct cop__obs_request *r)
{
    cop_term server = cop_map_get(r->all, COP(":server"), cop_nil());

    if (cop__obs_settings.port != 0) return cop__obs_settings.port;
    return cop_to_int(cop_http_server_port(server));
}

/* "NAME:PORT"; a browser leaves out the port of the scheme, which is 80. */
static bool is_at(cop_bytes host, const char *name, int64_t port)
{
    char text[sizeof cop__obs_settings.address + 24];

    snprintf(text, sizeof text, "%s:%lld", name, (long long)port);
    return cop__obs_same(host, text) || (port == 80 && cop__obs_same(host, name));
}

static bool is_own_host(cop_bytes host, int64_t port)
{
    return is_at(host, "127.0.0.1", port) || is_at(host, "localhost", port) ||
           is_at(host, "[::1]", port) || is_at(host, cop__obs_settings.address, port);
}

/* --- Site ------------------------------------------------------------------------------------- */

/* A browser says so of what another page asks for; other programs say nothing. */
static bool is_of_another_site(const struct cop__obs_request *r)
{
    cop_bytes site = cop__obs_header(r, "sec-fetch-site");

    return cop__obs_same(site, "cross-site") || cop__obs_same(site, "same-site");
}

/* --- Access ----------------------------------------------------------------------------------- */

/* The value of our cookie among others. */
static cop_bytes cookie_of(cop_bytes cookies)
{
    const char *at = cookies.data, *end = at + cookies.len;

    while (at != NULL && at < end) {
        const char *next = memchr(at, ';', (size_t)(end - at));
        size_t len = (size_t)((next != NULL ? next : end) - at);

        if (len > strlen(COOKIE) && memcmp(at, COOKIE, strlen(COOKIE)) == 0)
            return (cop_bytes){at + strlen(COOKIE), len - strlen(COOKIE)};
        at = next == NULL ? end : next + 1;
        while (at < end && *at == ' ')
            at++;
    }
    return (cop_bytes){NULL, 0};
}

static bool has_access(const struct cop__obs_request *r)
{
    cop_bytes bearer = cop__obs_header(r, "authorization");
    cop_bytes cookie = cookie_of(cop__obs_header(r, "cookie"));

    if (bearer.len > 7 && memcmp(bearer.data, "Bearer ", 7) == 0)
        return is_secret((cop_bytes){bearer.data + 7, bearer.len - 7}, cop__obs_settings.token);
    return is_secret(cookie, cop__obs_settings.token) ||
           (cop_match(r->path, "[]") &&
            is_secret(cop__obs_text(r, "token", ""), cop__obs_settings.token));
}

void cop__obs_guard(const struct cop__obs_request *r)
{
    bool needs_token = cop__obs_settings.token[0] != '\0';

    if (!needs_token && !is_own_host(cop__obs_header(r, "host"), own_port(r)))
        cop__obs_fail(403, "bad_host", "the Host is not this server");
    if (cop_match(r->path, "[\"api\" | _]") && is_of_another_site(r))
        cop__obs_fail(403, "bad_origin", "another site's page asks");
    if (needs_token && !has_access(r))
        cop__obs_fail(401, "unauthorized", "the access token is missing or wrong");
}

/* --- Changes ---------------------------------------------------------------------------------- */

static bool is_own_origin(cop_bytes origin, cop_bytes host)
{
    static const char scheme[] = "http://";

    return origin.data != NULL && host.data != NULL && host.len > 0 &&
           origin.len == strlen(scheme) + host.len &&
           memcmp(origin.data, scheme, strlen(scheme)) == 0 &&
           memcmp(origin.data + strlen(scheme), host.data, host.len) == 0;
}

void cop__obs_guard_change(const struct cop__obs_request *r)
{
    static const char json[] = "application/json";
    static struct meter meter = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int max = cop__obs_settings.changes_a_second;
    cop_bytes type = cop__obs_header(r, "content-type");

    if (cop__obs_settings.is_read_only)
        cop__obs_fail(403, "read_only", "this Observer changes nothing");
    if (!is_own_origin(cop__obs_header(r, "origin"), cop__obs_header(r, "host")))
        cop__obs_fail(403, "bad_origin", "the Origin is not this server");
    if (!is_secret(cop__obs_header(r, "x-observer-token"), cop__obs_settings.page_token))
        cop__obs_fail(403, "bad_token", "the page's token is missing or wrong");
    if (type.len < strlen(json) || memcmp(type.data, json, strlen(json)) != 0)
        cop__obs_fail(415, "unsupported", "the body must be application/json");
    if (is_too_fast(&meter, max))
        cop__obs_fail(429, "too_many", "at most %d changes a second", max);
}
