/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP client. The transfers of a node are done by one process of the application :http, which
 * whoever uses this lists among its applications.
 *
 *     cop_term answer = cop_http_get(cop_string("http://127.0.0.1:4001/rules"), COP("[]"));
 *     if (cop_match(answer, "{:ok, %{status: 200, body: body}}", body)) ...
 *
 * Any status is {:ok, %{status: 200, headers: [{"content-type", "..."}], body: "..."}}: names of
 * headers in lower case, in the order in which they came. A request belongs to the process that
 * made it: it is cancelled when that ends. What may go wrong is {:error, reason}:
 *     :econnrefused, :ehostunreach, ...   the operating system's, when connecting
 *     :nxdomain                           no such host, or proxy
 *     :connect_timeout, :timeout          no connection in time; not all of the answer in time
 *     :closed                             the connection ended before the answer did
 *     {:tls, text}                        no secure connection: text says why
 *     :too_many_redirects, :body_too_large
 *     :bad_url, :bad_response             no URL of HTTP; what came is no answer of HTTP
 *     {:http, text}                       something else, in words
 *
 * options is a keyword list:
 *     headers          [{"accept", "..."}]           body           a binary
 *     timeout          of all, ms or :infinity (30000)
 *     connect_timeout  ms or :infinity (5000)
 *     redirects_max    (5); 0: a redirect is the answer
 *     body_max         bytes of the answer (8388608)
 *     verify           false: take any certificate (true)
 *     cacertfile       certificates to trust instead of the system's
 * Proxies are those of the environment (http_proxy, https_proxy, no_proxy). An unknown option is an
 * ArgumentError, and a RuntimeError says that the application is not started. All functions here
 * switch. The console has them as Http.get(url, options), ... */
#ifndef COPPICE_HTTP_H
#define COPPICE_HTTP_H

#include "coppice/application.h"

COP_BEGIN_DECLS

/* The module Http and the application :http that brings it. */
COP_API extern const struct cop_module cop_http_module;
COP_API extern const struct cop_application cop_http_application;

/* Sends a request and waits for the answer. method is an atom (:get) or a string ("PROPFIND"), url
 * a string. */
COP_API cop_term cop_http_request(cop_term method, cop_term url, cop_term options);
/* The usual ones. */
COP_API cop_term cop_http_get(cop_term url, cop_term options);
COP_API cop_term cop_http_post(cop_term url, cop_term body, cop_term options);
COP_API cop_term cop_http_put(cop_term url, cop_term body, cop_term options);
COP_API cop_term cop_http_delete(cop_term url, cop_term options);
/* The value of a header in an answer (%{headers: ...}), its name in lower case, or nil. */
COP_API cop_term cop_http_header(cop_term answer, const char *name);

/* Sends a request and returns {:ok, ref} at once; body_max does not count. The answer comes as
 *     {:http, ref, {:head, status, headers}}    then any number of
 *     {:http, ref, {:data, binary}}             each after the one before was answered by
 *                                               cop_http_next(), so that no more than one waits
 *     {:http, ref, :done}                       or {:http, ref, {:error, reason}}, at any time */
COP_API cop_term cop_http_stream(cop_term method, cop_term url, cop_term options);
/* Asks for more data of a stream of the caller's: :ok. */
COP_API cop_term cop_http_next(cop_ref ref);
/* Ends a stream of the caller's: :ok; afterwards no message of it is in the caller's mailbox. */
COP_API cop_term cop_http_cancel(cop_ref ref);

COP_END_DECLS

#endif
