/* SPDX-License-Identifier: Apache-2.0 */
/* A node with the Observer on a free port and a small tree to look at. */
#ifndef COP_TESTS_OBSERVER_FIXTURE_H
#define COP_TESTS_OBSERVER_FIXTURE_H

#include "coppice.h"
#include "coppice/sys.h"
#include "observer/observer.h"
#include "support/process_test.h"

/* Node, Observer, and the application :looked_at with Look.Top over Look.Agent (id :agent) and
 * Look.Dynamic. environment: "NAME=value" pairs, ended by NULL; NULL: none. */
int observer_up(const char *const *environment);
int observer_down(void **state);

/* The answer to a request without a socket. Headers that a browser on this machine would send are
 * there; with a body it is a POST with all that one needs. */
cop_term ask(const char *path);
cop_term ask_post(const char *path, const char *body);
/* Its parts. */
int64_t status_of(cop_term answer);
cop_term json_of(cop_term answer);
/* {"error": {"kind"}} of an answer, as text. */
cop_term kind_of_error(cop_term answer);
/* A request map with these headers, a map; query as a map. */
cop_term request_of(const char *method, const char *path, cop_term query, cop_term headers,
                    const char *body);
/* "0.1.0" of a registered name. */
cop_term pid_text(cop_term name);
/* A path with the text in the place of its star. */
const char *path_of(const char *format, cop_term text);

#endif
