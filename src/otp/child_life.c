/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a child by its {module, function, arguments}, and ending it: ask, wait, kill. */
#include "otp/child_life.h"

#include "base/check.h"
#include "otp/gen.h"

/* How long an EXIT is waited for whose sender was found dead: it comes in no time. */
#define EXIT_UNDER_WAY_MS 1000

/* --- Start ------------------------------------------------------------------------------------ */

struct start_call {
    cop_term module;
    cop_term function;
    cop_term args;
};

static cop_term apply_start(void *arg)
{
    const struct start_call *call = arg;

    return cop_apply(call->module, call->function, call->args);
}

static struct cop__start failed(cop_term reason)
{
    return (struct cop__start){.kind = COP__START_FAILED, .reason = reason};
}

/* SUP-13: the answers of a start function. */
static struct cop__start judge(cop_term answer)
{
    struct cop__start start = {.kind = COP__START_STARTED, .answer = answer};
    cop_pid pid;
    cop_term reason;

    if (cop_match(answer, "{:ok, pid}", pid) || cop_match(answer, "{:ok, pid, _}", pid))
        start.pid = pid;
    else if (cop_match(answer, ":ignore"))
        start.kind = COP__START_IGNORED;
    else if (cop_match(answer, "{:error, reason}", reason))
        return failed(reason);
    else
        return failed(answer);
    return start;
}

struct cop__start cop__child_start(cop_term start, cop_term extra, struct cop_mailbox mailbox,
                                   bool dynamic)
{
    struct start_call call;
    struct cop_outcome outcome;
    bool is_fine;

    call.module = cop_elem(start, 0);
    call.function = cop_elem(start, 1);
    call.args = cop_elem(start, 2);
    if (!cop_is_empty_list(extra)) call.args = cop_list_append(extra, call.args);
    cop__mailbox_give(mailbox);
    is_fine = cop_try(apply_start, &call, &outcome);
    cop__mailbox_take_back();
    if (is_fine) return judge(outcome.value);
    if (dynamic) return failed(cop_outcome_reason(&outcome));
    /* `catch`, by which a supervisor calls, takes a throw for a returned value. */
    if (outcome.class_ == COP_CLASS_THROW) return judge(outcome.value);
    return failed(cop_tuple(COP(":EXIT"), cop_outcome_reason(&outcome)));
}

void cop__let_die(void)
{
    cop_yield();
}

/* --- End -------------------------------------------------------------------------------------- */

int64_t cop__receive_limit(int64_t ms)
{
    return ms > (int64_t)UINT32_MAX ? (int64_t)UINT32_MAX : ms;
}

static bool is_down(cop_term msg, void *arg)
{
    cop_ref ref = *(const cop_ref *)arg;

    return cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

static bool is_exit(cop_term msg, void *arg)
{
    cop_pid pid = *(const cop_pid *)arg;

    return cop_match(msg, "{:EXIT, ^pid, _}", pid);
}

/* The reason in the DOWN of monitor, or cop_none() if it did not come in time. */
static cop_term wait_down(cop_ref monitor, int64_t timeout_ms)
{
    cop_term msg;

    if (!cop_receive_ref(monitor, is_down, &monitor, &msg, timeout_ms)) return cop_none();
    return cop_elem(msg, 4);
}

static bool is_linked(cop_pid pid)
{
    cop_term links = cop_elem(cop_process_info(cop_self(), COP(":links")), 1);

    while (!cop_is_empty_list(links) && !cop_identical(cop_head(links), cop_pid_term(pid)))
        links = cop_tail(links);
    return !cop_is_empty_list(links);
}

/* The EXIT of such a process is in the mailbox or, where it ended just now, still under way;
 * while it is, the link stands. Where there is neither, it unlinked itself, which is known by
 * now because that was before its end. */
cop_term cop__late_reason(cop_pid pid)
{
    int64_t limit = is_linked(pid) ? EXIT_UNDER_WAY_MS : 0;
    cop_term msg;

    return cop_receive_if(is_exit, &pid, &msg, limit) ? cop_elem(msg, 2) : COP(":noproc");
}

/* Gives up the link to the dead pid and takes its EXIT (SUP-52). One that was dead before it was
 * asked has left its reason there only (SUP-49). */
static cop_term take_exit(cop_pid pid, cop_ref monitor, cop_term reason)
{
    cop_term msg;

    if (cop_match(reason, ":noproc")) reason = cop__late_reason(pid);
    cop_unlink(pid);
    cop_receive_ref(monitor, is_exit, &pid, &msg, 0);
    return reason;
}

cop_term cop__child_stop(cop_pid pid, int64_t shutdown)
{
    cop_ref monitor = cop_monitor(pid);
    cop_term reason = cop_none();

    if (shutdown != COP__SHUTDOWN_BRUTAL_KILL) {
        cop_exit_process(pid, COP(":shutdown"));
        reason = wait_down(monitor, cop__receive_limit(shutdown));
    }
    if (cop_is_none(reason)) {
        cop_exit_process(pid, COP(":kill"));
        reason = wait_down(monitor, COP_INFINITY);
    }
    COP_CHECK(!cop_is_none(reason));
    return take_exit(pid, monitor, reason);
}
