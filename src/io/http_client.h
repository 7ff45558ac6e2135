/* SPDX-License-Identifier: Apache-2.0 */
/* The process of the HTTP client. It takes these calls, whose parts are checked by the caller:
 *
 *     {:request, texts, numbers}     the answer of cop_http_request(), when it is there
 *     {:stream, texts, numbers}      {:ok, ref}; the caller owns the stream
 *     {:next, ref}, {:cancel, ref}   :ok
 *
 * texts: {method, url, headers, body or nil, cacertfile}. numbers: {timeout, connect_timeout,
 * body_max, redirects_max, verify}, with 0, 0 and -1 for "without limit". */
#ifndef COP_IO_HTTP_CLIENT_H
#define COP_IO_HTTP_CLIENT_H

#include "coppice/module.h"

extern const struct cop_module cop__http_client_module;

#endif
