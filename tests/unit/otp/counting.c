/* SPDX-License-Identifier: Apache-2.0 */
/* The process that counts. */
#include "counting.h"

static cop_next counts(void *state)
{
    int *count = state;
    cop_term msg;

    cop_receive(&msg, 0);
    if (cop_match(msg, "{:die, msg}", msg)) cop_exit(msg);
    ++*count;
    cop_send(cop_to_pid(msg), cop_tuple(COP(":count"), *count));
    return cop_hibernate(counts, state);
}

cop_next start_counting(cop_term name)
{
    cop_register(name, cop_self());
    cop_init_ack(cop_pid_term(cop_self()));
    return cop_hibernate(counts, cop_alloc(sizeof(int)));
}
