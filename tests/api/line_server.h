/* SPDX-License-Identifier: Apache-2.0 */
/* The line server of line_server.c, which tells its parent {:listening, port}. */
#ifndef COP_TESTS_API_LINE_SERVER_H
#define COP_TESTS_API_LINE_SERVER_H

#include <coppice.h>

/* passive: connections ask for their lines; else they get them as messages. */
cop_pid line_server_start(bool passive);

#endif
