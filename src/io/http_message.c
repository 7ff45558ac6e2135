/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_message.h"

#include "base/cleanup.h"
#include "coppice/pattern.h"
#include "io/http_daemon.h"

#include <ctype.h>
#include <string.h>

/* --- A request -------------------------------------------------------------------------------- */

static cop_term binary_of(const struct cop__buf *b)
{
    return cop_binary(b->len > 0 ? b->data : "", b->len);
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Text with %XX: a percent sign that begins none stands for itself. */
static cop_term decoded(const char *text, size_t len)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf plain = {0};

    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;

        unsigned char escaped = (unsigned char)((unsigned)high << 4 | (unsigned)low);

        cop__buf_append(&plain, low >= 0 ? (const char *)&escaped : text + i, 1);
        if (low >= 0) i += 2;
    }
    return binary_of(&plain);
}

/* The parts of a path between slashes, empty ones left out. */
static cop_term parts_of(const struct cop__buf *path)
{
    cop_term parts = cop_empty_list();
    size_t from = 0;

    for (size_t i = 0; i <= path->len; i++) {
        if (i < path->len && path->data[i] != '/') continue;
        if (i > from) parts = cop_cons(decoded(path->data + from, i - from), parts);
        from = i + 1;
    }
    return cop_list_reverse(parts);
}

/* The next text of a buffer of such that are ended by zero bytes. */
static bool next_text(const struct cop__buf *b, size_t *at, const char **ret_text)
{
    if (*at >= b->len) return false;
    *ret_text = b->data + *at;
    *at += strlen(*ret_text) + 1;
    return true;
}

static cop_term query_of(const struct cop__buf *query)
{
    cop_term map = cop_map_new();
    const char *name;
    const char *value;

    for (size_t at = 0; next_text(query, &at, &name) && next_text(query, &at, &value);)
        map = cop_map_put(map, decoded(name, strlen(name)), decoded(value, strlen(value)));
    return map;
}

static cop_term lower_case(const char *text)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf lower = {0};

    for (; *text != '\0'; text++)
        cop__buf_append_char(&lower, (char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text));
    return binary_of(&lower);
}

static cop_term headers_of(const struct cop__buf *headers)
{
    cop_term map = cop_map_new();
    const char *name;
    const char *text;

    for (size_t at = 0; next_text(headers, &at, &name) && next_text(headers, &at, &text);) {
        cop_term key = lower_case(name);
        cop_term before = cop_map_get(map, key, cop_none());
        cop_bytes old = cop_is_none(before) ? (cop_bytes){0} : cop_to_bytes(before);

        map =
            cop_map_put(map, key,
                        cop_is_none(before) ? cop_string(text)
                                            : cop_format("%.*s, %s", (int)old.len, old.data, text));
    }
    return map;
}

cop_term cop__http_header_list(const struct cop__buf *headers)
{
    cop_term list = cop_empty_list();
    const char *name;
    const char *text;

    for (size_t at = 0; next_text(headers, &at, &name) && next_text(headers, &at, &text);)
        list = cop_cons(cop_tuple(lower_case(name), text), list);
    return cop_list_reverse(list);
}

cop_term cop__http_request_term(const struct cop__http_head *head, cop_pid server, cop_ref ref)
{
    cop_term method = binary_of(&head->method);
    cop_term path = decoded(head->path.data, head->path.len);
    cop_term parts = parts_of(&head->path);
    cop_term query = query_of(&head->query);
    cop_term headers = headers_of(&head->headers);
    cop_term body = binary_of(&head->body);
    cop_term peer = binary_of(&head->peer);

    return cop_build("%{method: method, request_path: path, path_info: parts,"
                     " query_params: query, req_headers: headers, body: body, remote_ip: peer,"
                     " server: server, ref: ref}",
                     method, path, parts, query, headers, body, peer, server, ref);
}

/* --- An answer -------------------------------------------------------------------------------- */

static bool is_token(cop_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.data[i]) &&
            memchr("!#$%&'*+-.^_`|~", name.data[i], 15) == NULL)
            return false;
    return name.len > 0;
}

static bool is_value(cop_bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f) return false;
    return true;
}

bool cop__http_headers(cop_term list, struct cop__buf *to)
{
    if (!cop_is_list(list) || cop_list_len(list) < 0) return false;
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_bytes name;
        cop_bytes value;

        if (!cop_match(cop_head(list), "{name, value}", name, value)) return false;
        if (!is_token(name) || !is_value(value)) return false;
        cop__buf_append(to, name.data, name.len);
        cop__buf_append_char(to, '\0');
        cop__buf_append(to, value.data, value.len);
        cop__buf_append_char(to, '\0');
    }
    return true;
}
