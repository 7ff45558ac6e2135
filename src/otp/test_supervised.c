/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor of a test, and children under it (EXU-01 to 04). */
#include "coppice/gen_server.h"
#include "coppice/supervisor.h"
#include "otp/test.h"

/* Effectively without a limit of restarts: a test kills what it wants to. */
static cop_pid start_supervisor(void)
{
    cop_pid supervisor;

    cop_expect(cop_supervisor_start_link(
                   cop_empty_list(),
                   COP("[strategy: :one_for_one, max_restarts: 1000000, max_seconds: 1]")),
               "{:ok, supervisor}", supervisor);
    return supervisor;
}

static cop_term supervisor(void)
{
    int64_t address = (intptr_t)start_supervisor;

    return cop_gen_server_call(cop__test_guard(), cop_build("{:run, address}", address),
                               COP_INFINITY);
}

cop_term cop_start_supervised(cop_term child, cop_term overrides)
{
    cop_term spec = cop_supervisor_child_spec(child, overrides);

    return cop_supervisor_start_child(supervisor(), spec);
}

cop_term cop_stop_supervised(cop_term id)
{
    cop_term sup = supervisor(), answer = cop_supervisor_terminate_child(sup, id);

    /* The specification of a temporary child went with the child. */
    if (cop_identical(answer, cop_ok())) cop_supervisor_delete_child(sup, id);
    return answer;
}
