/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP server: a process that listens on a port and has each request answered by a process.
 *
 *     static cop_term handle(cop_term request)
 *     {
 *         cop_bytes name;
 *
 *         if (!cop_match(request, "%{method: \"GET\", path_info: [\"hello\", name]}", name))
 *             return COP("{404, [], \"\"}");
 *         return cop_tuple(200, COP("[{\"content-type\", \"text/plain\"}]"),
 *                          cop_format("hello %.*s\n", (int)name.len, name.data));
 *     }
 *     ...
 *     {HttpServer, name: Hello.Web, port: 4000, handler: &Hello.handle/1}    as a child
 *
 * The module is HttpServer; it belongs to the library application :http_server
 * (cop_http_server_application), which whoever uses it lists among its applications.
 *
 * **A request** is a map, the same words as Plug's:
 *     method        "GET"                      path_info     ["rules", "1"], decoded
 *     request_path  "/rules/1", decoded        query_params  %{"k" => "v"}; a name alone is ""
 *     req_headers   %{"host" => "..."}: names in lower case, values of one name joined with ", "
 *     body          a binary                   remote_ip     "127.0.0.1"
 *     ref           a reference                server        the server's pid
 *
 * **The answer.** handler is a capture of arity 1: it is called with the request in a process of
 * its own, linked to the server, and returns {status, headers, body}. headers is a list of pairs of
 * strings, body a binary. It may also answer by the functions below; then what it returns is not
 * looked at. A handler that fails, or returns without an answer, gives the client status 500, or if
 * a stream has begun a connection that is cut off. If handler is a pid or a name, that process gets
 * {:http_request, request} and answers when it likes, it or anybody who has the request; if it is
 * not there, the answer is 503.
 *
 * **Streams** (server-sent events, large bodies): cop_http_server_send_chunked() once, then
 * cop_http_server_chunk() for each piece, which waits while the client is slow, then
 * cop_http_server_finish(). A stream belongs to the process that began it: it ends with that, as
 * finished if the process ended normally, else cut off. When the client goes away first, its owner
 * gets the message {:http_closed, ref}, and chunk answers {:error, :closed} when the network has
 * told that nobody takes the stream. A client that says no more but reads on (half a close, as of
 * `nc -N`) looks the same at first: whose stream has an end may send all of it.
 *
 * Bounds: bodies, headers, connections and the time that a client may be idle. HEAD is answered as
 * GET without the body. A server that is stopped in order hears nobody new and sends answers that
 * are complete; when its supervisor waits no longer, or it is killed, it closes all connections.
 * The port is free then.
 */
#ifndef COPPICE_HTTP_SERVER_H
#define COPPICE_HTTP_SERVER_H

#include "coppice/application.h"

COP_BEGIN_DECLS

/* The module HttpServer and the library application :http_server that brings it. */
COP_API extern const struct cop_module cop_http_server_module;
COP_API extern const struct cop_application cop_http_server_application;

/* Starts a server: {:ok, pid} or {:error, reason}, such as :eaddrinuse, :eacces. options is a
 * keyword list:
 *   handler          required: a capture of arity 1, a pid or a name
 *   address          "127.0.0.1", also {127, 0, 0, 1} or a name; :any or "::" for all
 *   port             0: a free one (cop_http_server_port)
 *   name             of the server, as in cop_gen_server_start_link
 *   body_max         bytes of a request's body (1048576); above: status 413
 *   header_max       bytes of a request's line and headers (16384); above: 431, 414
 *   connections_max  (1000); further ones wait to be accepted
 *   idle_timeout     milliseconds, in whole seconds rounded up, without a byte from a client whose
 *                    request is not complete, or who does not read (60000)
 *   buffer_max       bytes of a stream that wait for the client before chunk waits (65536)
 *   errors           %{status => {headers, body}}: what is answered where no handler does, of
 *                    413, 500 and 503; plain text where it is not said
 * Exits: ArgumentError for a wrong option. Switches. */
COP_API cop_term cop_http_server_start_link(cop_term options);
/* The port that the server (a pid or name) listens on. Exits: as a call. Switches. */
COP_API cop_term cop_http_server_port(cop_term server);

/* --- Answering a request; any process that has it may ------------------------------------------
 *
 * Exits: ArgumentError for a status outside of 200 to 599, and for headers that are no list
 * of pairs of strings, or have control characters in them. */

/* Answers: :ok, or {:error, :closed} if the client is gone or the request was answered before. Sets
 * content-length. The body is sent as it is: give a content-type. Switches. */
COP_API cop_term cop_http_server_send_resp(cop_term request, int status, cop_term headers,
                                           cop_term body);
/* Begins a stream that belongs to the caller. Returns as send_resp does. Switches. */
COP_API cop_term cop_http_server_send_chunked(cop_term request, int status, cop_term headers);
/* Sends a piece of it: :ok when no more than buffer_max wait to be sent, else it waits for that;
 * {:error, :closed} if the client or the server is gone or the stream has ended. An empty piece
 * sends nothing. Switches. */
COP_API cop_term cop_http_server_chunk(cop_term request, cop_term data);
/* Ends the stream: :ok or {:error, :closed}. The client gets all of it. Switches. */
COP_API cop_term cop_http_server_finish(cop_term request);

COP_END_DECLS

#endif
