/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client as its users call it: what they ask for is checked here, in their process. */
#include "coppice/http.h"

#include "base/cleanup.h"
#include "coppice/gen_server.h"
#include "coppice/pattern.h"
#include "coppice/supervisor.h"
#include "io/http_client.h"
#include "io/http_message.h"

#include <string.h>

/* --- Options ---------------------------------------------------------------------------------- */

struct options {
    cop_term headers;
    cop_term body; /* nil: none */
    cop_term cacertfile;
    int64_t timeout;
    int64_t connect_timeout;
    int64_t body_max;
    int64_t redirects_max;
    bool verify;
};

static COP_NORETURN void refuse_option(cop_term option)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(option, 500));

    cop_raise("ArgumentError", "no option of an HTTP request, or not a value for it: %.*s",
              (int)text.len, text.data);
}

static bool take_number(cop_term value, int64_t min, int64_t max, int64_t *ret)
{
    int64_t n;

    if (!cop_match(value, "n", n) || n < min || n > max) return false;
    *ret = n;
    return true;
}

static bool take_time(cop_term value, int64_t *ret_ms)
{
    if (take_number(value, 1, INT32_MAX, ret_ms)) return true;
    *ret_ms = 0;
    return cop_match(value, ":infinity");
}

static bool is_file_name(cop_term t)
{
    return cop_is_binary(t) && memchr(cop_to_bytes(t).data, '\0', cop_to_bytes(t).len) == NULL;
}

static bool take_option(struct options *o, cop_term key, cop_term value)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};

    if (cop_match(key, ":headers")) {
        o->headers = value;
        return cop__http_headers(value, &flat);
    }
    if (cop_match(key, ":body")) {
        o->body = value;
        return cop_is_binary(value);
    }
    if (cop_match(key, ":cacertfile")) {
        o->cacertfile = value;
        return is_file_name(value);
    }
    if (cop_match(key, ":verify")) {
        o->verify = cop_identical(value, cop_true());
        return cop_is_boolean(value);
    }
    if (cop_match(key, ":timeout")) return take_time(value, &o->timeout);
    if (cop_match(key, ":connect_timeout")) return take_time(value, &o->connect_timeout);
    if (cop_match(key, ":body_max")) return take_number(value, 0, INT64_MAX, &o->body_max);
    if (cop_match(key, ":redirects_max")) return take_number(value, 0, 1000, &o->redirects_max);
    return false;
}

static struct options read_options(cop_term list)
{
    struct options o = {.headers = cop_empty_list(),
                        .body = cop_nil(),
                        .cacertfile = COP("\"\""),
                        .timeout = 30000,
                        .connect_timeout = 5000,
                        .body_max = 8388608,
                        .redirects_max = 5,
                        .verify = true};

    if (!cop_is_keyword(list)) refuse_option(list);
    for (; !cop_is_empty_list(list); list = cop_tail(list))
        if (!take_option(&o, cop_elem(cop_head(list), 0), cop_elem(cop_head(list), 1)))
            refuse_option(cop_head(list));
    return o;
}

/* --- Requests --------------------------------------------------------------------------------- */

/* The method as a string: :get is "GET". */
static cop_term method_text(cop_term method)
{
    cop_bytes text = cop_is_atom(method)     ? cop_atom_text(method)
                     : cop_is_binary(method) ? cop_to_bytes(method)
                                             : (cop_bytes){0};
    char upper[32];

    if (text.len == 0 || text.len > sizeof(upper))
        cop_raise("ArgumentError", "not a method of HTTP");
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-')
            cop_raise("ArgumentError", "not a method of HTTP");
        upper[i] = (char)(cop_is_atom(method) && c >= 'a' ? c - 'a' + 'A' : c);
    }
    return cop_binary(upper, text.len);
}

static bool is_url(cop_term url)
{
    cop_bytes text = cop_to_bytes(url);

    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f) return false;
    return text.len > 0;
}

static cop_term ask_client(cop_term what)
{
    cop_pid client = cop_whereis(COP("Http.Client"));
    cop_term answer;

    if (cop_is_no_pid(client))
        cop_raise("RuntimeError", "the HTTP client does not run: the application :http is to be "
                                  "among those that your application lists");
    answer = cop_gen_server_receive_response(
        cop_gen_server_send_request(cop_pid_term(client), what), COP_INFINITY);
    return cop_match(answer, "{:reply, answer}", answer) ? answer : COP("{:error, :closed}");
}

static cop_term send_order(cop_term kind, cop_term method, cop_term url, cop_term list)
{
    struct options o = read_options(list);
    cop_term name = method_text(method);
    bool is_stream = cop_match(kind, ":stream");
    cop_term texts = cop_tuple(name, url, o.headers, o.body, o.cacertfile);
    cop_term numbers = cop_tuple(o.timeout, o.connect_timeout, is_stream ? -1 : o.body_max,
                                 o.redirects_max, o.verify);

    if (!is_url(url)) return COP("{:error, :bad_url}");
    return ask_client(cop_tuple(kind, texts, numbers));
}

cop_term cop_http_request(cop_term method, cop_term url, cop_term options)
{
    return send_order(COP(":request"), method, url, options);
}

cop_term cop_http_get(cop_term url, cop_term options)
{
    return cop_http_request(COP(":get"), url, options);
}

static cop_term with_body(cop_term body, cop_term options)
{
    return cop_cons(cop_tuple(COP(":body"), body), options);
}

cop_term cop_http_post(cop_term url, cop_term body, cop_term options)
{
    return cop_http_request(COP(":post"), url, with_body(body, options));
}

cop_term cop_http_put(cop_term url, cop_term body, cop_term options)
{
    return cop_http_request(COP(":put"), url, with_body(body, options));
}

cop_term cop_http_delete(cop_term url, cop_term options)
{
    return cop_http_request(COP(":delete"), url, options);
}

cop_term cop_http_header(cop_term answer, const char *name)
{
    cop_term list = cop_map_get(answer, COP(":headers"), cop_empty_list());
    cop_bytes key;

    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        key = cop_to_bytes(cop_elem(cop_head(list), 0));
        if (key.len == strlen(name) && memcmp(key.data, name, key.len) == 0)
            return cop_elem(cop_head(list), 1);
    }
    return cop_nil();
}

/* --- Streams ---------------------------------------------------------------------------------- */

cop_term cop_http_stream(cop_term method, cop_term url, cop_term options)
{
    return send_order(COP(":stream"), method, url, options);
}

cop_term cop_http_next(cop_ref ref)
{
    (void)ask_client(cop_tuple(COP(":next"), ref));
    return cop_ok();
}

static bool is_of_stream(cop_term message, void *arg)
{
    const cop_ref ref = *(const cop_ref *)arg;

    return cop_match(message, "{:http, ^ref, _}", ref);
}

cop_term cop_http_cancel(cop_ref ref)
{
    cop_term message;

    (void)ask_client(cop_tuple(COP(":cancel"), ref));
    while (cop_receive_if(is_of_stream, &ref, &message, 0))
        continue;
    return cop_ok();
}

/* --- The module and the application ----------------------------------------------------------- */

static cop_term get_1(cop_term url)
{
    return cop_http_get(url, cop_empty_list());
}

static cop_term post_2(cop_term url, cop_term body)
{
    return cop_http_post(url, body, cop_empty_list());
}

static cop_term put_2(cop_term url, cop_term body)
{
    return cop_http_put(url, body, cop_empty_list());
}

static cop_term delete_1(cop_term url)
{
    return cop_http_delete(url, cop_empty_list());
}

static cop_term next_1(cop_term ref)
{
    return cop_http_next(cop_to_ref(ref));
}

static cop_term cancel_1(cop_term ref)
{
    return cop_http_cancel(cop_to_ref(ref));
}

static const struct cop_function functions[] = {
    COP_EXPORT("get(url)", get_1, "{:ok, %{status: s, headers: h, body: b}} or {:error, reason}."),
    COP_EXPORT("get(url, options)", cop_http_get,
               "The same with options: `:headers`, `:timeout`, `:connect_timeout`,\n"
               "`:redirects_max`, `:body_max`, `:verify`, `:cacertfile`."),
    COP_EXPORT("post(url, body)", post_2, "Sends a body by POST."),
    COP_EXPORT("post(url, body, options)", cop_http_post, "The same with options."),
    COP_EXPORT("put(url, body)", put_2, "Sends a body by PUT."),
    COP_EXPORT("put(url, body, options)", cop_http_put, "The same with options."),
    COP_EXPORT("delete(url)", delete_1, "Sends DELETE."),
    COP_EXPORT("delete(url, options)", cop_http_delete, "The same with options."),
    COP_EXPORT("request(method, url, options)", cop_http_request,
               "Any method, an atom or a string; option `:body`."),
    COP_EXPORT("stream(method, url, options)", cop_http_stream,
               "{:ok, ref}; the answer comes as messages {:http, ref, part}."),
    COP_EXPORT("next(ref)", next_1, "Asks for the next data of a stream."),
    COP_EXPORT("cancel(ref)", cancel_1, "Ends a stream."),
    COP_EXPORT_END};

const struct cop_module cop_http_module = {.size = sizeof(struct cop_module),
                                           .name = "Http",
                                           .doc = "HTTP client.",
                                           .functions = functions};

static cop_term start(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(COP("[{Http.Client, name: Http.Client}]"),
                                     COP("[strategy: :one_for_one, name: Http.Supervisor]"));
}

static const struct cop_module *const modules[] = {&cop_http_module, &cop__http_client_module,
                                                   NULL};

const struct cop_application cop_http_application = {.size = sizeof(struct cop_application),
                                                     .name = "http",
                                                     .description = "HTTP client",
                                                     .version = "0.1.0",
                                                     .modules = modules,
                                                     .registered = "[Http.Client, Http.Supervisor]",
                                                     .start = start};
