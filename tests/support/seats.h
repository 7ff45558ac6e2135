/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of an order on one scheduler. On a busy machine a thread that was not let run looks
 * like a process that runs long, whose seat another thread gets: then the order is luck. */
#ifndef TESTS_SUPPORT_SEATS_H
#define TESTS_SUPPORT_SEATS_H

/* Nodes that start after it take no seat away. */
void keep_seats(void);

#endif
