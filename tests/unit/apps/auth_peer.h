/* SPDX-License-Identifier: Apache-2.0 */
/* An auth service that is the test itself: a listening socket whose connections the test's thread
 * takes and answers, each when it likes. */
#ifndef AUTH_PEER_H
#define AUTH_PEER_H

#include <stddef.h>

/* Listens on a free port and sets AUTH_SERVICE_URL. */
void auth_open(void);
void auth_close(void);
/* "http://127.0.0.1:4711/rules" */
const char *auth_url(void);

/* Waits for a GET /rules and returns its connection. */
int auth_take(void);
/* Answers it and closes the connection. */
void auth_answer(int fd, int status, const char *body);
/* Sends the beginning of an answer only, and closes the connection. */
void auth_cut_off(int fd);
/* Whether nobody has connected. */
int auth_is_idle(void);

/* A body with the one client "billing", who may ask "invoices" and the service `last`. */
const char *auth_rules(const char *last);

#endif
