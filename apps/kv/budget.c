/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Budget, a gen_server. It watches whoever holds anything. What is held is told whole each time,
 * not by how much it has changed: so one that was started again knows as soon as it is told. */
#include "budget.h"

#include "settings.h"

struct budget {
    cop_dict *shares; /* pid -> {bytes, monitor} */
    int64_t held;
};

bool kv_budget_hold(size_t bytes)
{
    return cop_match(cop_gen_server_call(COP("KV.Budget"),
                                         cop_tuple(COP(":hold"), cop_self(), (int64_t)bytes),
                                         COP_CALL_TIMEOUT),
                     ":ok");
}

static cop_term start_link(cop_term options)
{
    return cop_gen_server_start_link(&kv_budget, cop_nil(), options);
}

static cop_result init(cop_term arg)
{
    struct budget *b = cop_alloc(sizeof(*b));

    (void)arg;
    b->shares = cop_dict_new();
    b->held = 0;
    return cop_started(b);
}

/* What pid holds, and the monitor of it; 0 if it holds nothing. */
static int64_t share_of(struct budget *b, cop_term pid, cop_ref *ret_monitor)
{
    cop_term share = cop_dict_get(b->shares, pid);
    int64_t bytes;
    cop_ref monitor;

    if (cop_is_none(share)) return 0;
    cop_expect(share, "{bytes, monitor}", bytes, monitor);
    *ret_monitor = monitor;
    return bytes;
}

static bool hold(struct budget *b, cop_term pid, int64_t bytes)
{
    struct kv_settings settings;
    char why[200];
    cop_ref monitor;
    int64_t old = share_of(b, pid, &monitor);

    if (!kv_settings_read(&settings, why)) cop_raise("RuntimeError", "%s", why);
    if (bytes > old && b->held - old + bytes > settings.pending_max) return false;
    b->held += bytes - old;
    if (old == 0 && bytes > 0) monitor = cop_monitor(pid);
    if (bytes > 0) {
        cop_dict_put(b->shares, pid, cop_tuple(bytes, monitor));
    } else if (old > 0) {
        cop_dict_remove(b->shares, pid);
        (void)cop_demonitor(monitor, true);
    }
    return true;
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term pid;
    int64_t bytes;

    (void)from;
    if (cop_match(request, "{:hold, pid, bytes}", pid, bytes))
        return cop_reply(hold(state, pid, bytes) ? COP(":ok") : COP(":full"));
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct budget *b = state;
    cop_term pid;
    cop_ref monitor;

    if (!cop_match(message, "{:DOWN, _, :process, pid, _}", pid)) return cop_no_clause(message);
    b->held -= share_of(b, pid, &monitor);
    cop_dict_remove(b->shares, pid);
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    const struct budget *b = state;

    return cop_tuple(b->held, cop_map_from_list(cop_dict_to_list(b->shares)));
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts a budget. Options: `:name`."),
    COP_EXPORT_END};

const struct cop_module kv_budget = {
    .size = sizeof(struct cop_module),
    .name = "KV.Budget",
    .doc = "How many bytes connections hold of commands that are not complete.",
    .functions = functions,
    .gen_server = &callbacks,
    .child_spec = ""};
