/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and replies: how a client waits for a server (GEN-39 to 48, 52).
 *
 * The client watches the server with a monitor that is also an alias, and sends the alias along as
 * the address for the reply. The first reply ends both; when the client gives up, one demonitor
 * does. A DOWN or a reply that comes after that is dropped by the runtime; a reply that came before
 * counts as the result. */
#include "otp/gen.h"
#include "otp/call_cycle.h"
#include "otp/exception.h"

static bool is_ref(cop_term t, const cop_ref *ref)
{
    return cop_is_reference(t) && cop_ref_equal(cop_to_ref(t), *ref);
}

/* {[:alias | ref], reply} */
static bool is_reply(cop_term msg, void *ref)
{
    cop_term tag;

    if (!cop_is_tuple(msg) || cop_tuple_size(msg) != 2) return false;
    tag = cop_elem(msg, 0);
    return cop_is_list(tag) && !cop_is_empty_list(tag) && is_ref(cop_tail(tag), ref);
}

/* {:DOWN, ref, :process, pid, reason} */
static bool is_down(cop_term msg, void *ref)
{
    return cop_is_tuple(msg) && cop_tuple_size(msg) == 5 && is_ref(cop_elem(msg, 1), ref);
}

static bool is_reply_or_down(cop_term msg, void *ref)
{
    return is_reply(msg, ref) || is_down(msg, ref);
}

static cop_term from_of(cop_ref ref)
{
    return cop_from_term((cop_from){.client = cop_self(), .tag = ref, .is_alias = true});
}

/* Waits for the reply or the DOWN. cop_none(): one of them is in *ret_msg; else why not. A wait
 * that becomes long is looked at for circles (call_cycle.h). */
static cop_term await(cop_ref *ref, cop_pid server, cop_term request, int64_t timeout_ms,
                      cop_term *ret_msg)
{
    bool may_be_long = timeout_ms == COP_INFINITY || timeout_ms > COP__CYCLE_MS;
    int64_t first_ms = may_be_long ? COP__CYCLE_MS : timeout_ms;
    cop_term why;
    COP__LONG_CALL(call);

    if (cop_receive_ref(*ref, is_reply_or_down, ref, ret_msg, first_ms)) return cop_none();
    if (!may_be_long) return COP(":timeout");
    why = cop__long_call_begin(&call, server, request);
    if (!cop_is_none(why)) return why;
    if (timeout_ms != COP_INFINITY) timeout_ms -= COP__CYCLE_MS;
    if (cop_receive_ref(*ref, is_reply_or_down, ref, ret_msg, timeout_ms)) return cop_none();
    return COP(":timeout");
}

bool cop__request(cop_term label, cop_pid server, cop_term request, int64_t timeout_ms,
                  cop_term *ret)
{
    cop_ref ref = cop_monitor_with(cop_pid_term(server), COP_ALIAS_REPLY_DEMONITOR, cop_none());
    cop_term msg, why;

    cop_send(cop_pid_term(server), cop_tuple(label, from_of(ref), request));
    why = await(&ref, server, request, timeout_ms, &msg);
    if (!cop_is_none(why)) {
        cop_demonitor(ref, true);
        if (!cop_receive_ref(ref, is_reply, &ref, &msg, 0)) {
            *ret = why;
            return false;
        }
    } else if (cop_tuple_size(msg) == 5) {
        *ret = cop_elem(msg, 4);
        return false;
    }
    *ret = cop_elem(msg, 1);
    return true;
}

bool cop__stop(cop_pid server, cop_term reason, int64_t timeout_ms, cop_term *ret)
{
    cop_ref ref = cop_monitor_with(cop_pid_term(server), COP_ALIAS_DEMONITOR, cop_none());
    int64_t end = timeout_ms == COP_INFINITY ? 0 : cop_monotonic_ms() + timeout_ms;
    cop_term msg, request = cop_tuple(COP(":terminate"), reason);

    cop_send(cop_pid_term(server), cop_tuple(COP(":system"), from_of(ref), request));
    while (cop_receive_ref(ref, is_reply_or_down, &ref, &msg, timeout_ms)) {
        if (cop_tuple_size(msg) == 5) {
            *ret = cop_elem(msg, 4);
            return cop_identical(*ret, reason);
        }
        /* The server has read it; it is its end that counts. */
        if (timeout_ms == COP_INFINITY) continue;
        timeout_ms = end - cop_monotonic_ms();
        if (timeout_ms < 0) timeout_ms = 0;
    }
    cop_demonitor(ref, true);
    cop_receive_ref(ref, is_reply, &ref, &msg, 0);
    *ret = COP(":timeout");
    return false;
}

void cop__reply(cop_term from, cop_term reply)
{
    cop_term tag = cop_elem(from, 1);

    if (cop_is_list(tag) && !cop_is_empty_list(tag) && cop_is_reference(cop_tail(tag)))
        cop_send(cop_tail(tag), cop_tuple(tag, reply));
    else
        cop_send(cop_elem(from, 0), cop_tuple(tag, reply));
}

void cop__exit_call(cop_term why, cop_term module, cop_term function, cop_term args)
{
    cop_exit(cop_tuple(why, cop_tuple(module, function, args)));
}

cop_term cop__timeout_term(int64_t timeout_ms, cop_term module, const char *function, int arity)
{
    if (timeout_ms < COP_INFINITY) cop__raise_function_clause(module, function, arity);
    return timeout_ms == COP_INFINITY ? COP(":infinity") : cop_int(timeout_ms);
}
