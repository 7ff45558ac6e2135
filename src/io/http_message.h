/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP messages as terms: a request as the map that handlers get, and the headers of an answer. */
#ifndef COP_IO_HTTP_MESSAGE_H
#define COP_IO_HTTP_MESSAGE_H

#include "base/buf.h"
#include "coppice/process.h"

struct cop__http_head;

/* The map of http_server.h. */
cop_term cop__http_request_term(const struct cop__http_head *head, cop_pid server, cop_ref ref);
/* Names and values in turn, each ended by a zero byte, as a list of pairs; names in lower case. */
cop_term cop__http_header_list(const struct cop__buf *headers);
/* Appends a list of pairs of strings, each name and value ended by a zero byte. False: it is none,
 * a name is no token, or a value has control characters. */
bool cop__http_headers(cop_term list, struct cop__buf *to);

#endif
