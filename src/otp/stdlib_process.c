/* SPDX-License-Identifier: Apache-2.0 */
/* Process and Node. */
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"
#include "otp/stdlib_timer.h"

static cop_pid pid_arg(cop_term t)
{
    if (!cop_is_pid(t)) cop__raise_argument(1, "not a pid");
    return cop_to_pid(t);
}

static cop_ref ref_arg(cop_term t)
{
    if (!cop_is_reference(t)) cop__raise_argument(1, "not a reference");
    return cop_to_ref(t);
}

/* --- Life ------------------------------------------------------------------------------------- */

static cop_term is_alive(cop_term pid)
{
    return cop_bool(cop_is_alive(pid_arg(pid)));
}

static cop_term exit_process(cop_term pid, cop_term reason)
{
    cop_exit_process(pid_arg(pid), reason);
    return cop_true();
}

static cop_term sleep_for(cop_term time)
{
    int64_t ms = cop__timeout(time);

    if (ms < COP_INFINITY) cop__raise_no_clause("Process.sleep/1");
    if (ms == COP_INFINITY) {
        for (;;)
            cop_sleep(INT32_MAX);
    }
    cop_sleep(ms);
    return cop_ok();
}

static cop_term priority_term(enum cop_priority priority)
{
    switch (priority) {
    case COP_PRIORITY_LOW: return COP(":low");
    case COP_PRIORITY_HIGH: return COP(":high");
    case COP_PRIORITY_MAX: return COP(":max");
    case COP_PRIORITY_NORMAL: break;
    }
    return COP(":normal");
}

bool cop__priority_from(cop_term t, enum cop_priority *ret)
{
    for (int i = COP_PRIORITY_NORMAL; i <= COP_PRIORITY_MAX; i++) {
        if (!cop_identical(priority_term((enum cop_priority)i), t)) continue;
        *ret = (enum cop_priority)i;
        return true;
    }
    return false;
}

static cop_term set_priority(cop_term value)
{
    enum cop_priority priority;

    if (!cop__priority_from(value, &priority))
        cop__raise_argument(2, "invalid value for this process flag");
    return priority_term(cop_set_priority(priority));
}

static cop_term flag(cop_term name, cop_term value)
{
    if (cop_identical(name, COP(":trap_exit"))) {
        if (!cop_is_boolean(value)) cop__raise_argument(2, "invalid value for this process flag");
        return cop_bool(cop_trap_exit(cop_to_bool(value)));
    }
    if (cop_identical(name, COP(":priority"))) return set_priority(value);
    cop__raise_argument(1, "invalid process flag");
}

static cop_term link_to(cop_term pid)
{
    cop_link(pid_arg(pid));
    return cop_true();
}

static cop_term unlink_from(cop_term pid)
{
    cop_unlink(pid_arg(pid));
    return cop_true();
}

static cop_term subscribe_mailboxes(void)
{
    cop_mailbox_subscribe(cop_self());
    return cop_ok();
}

static cop_term unsubscribe_mailboxes(void)
{
    return cop_bool(cop_mailbox_unsubscribe(cop_self()));
}

/* --- Monitors, aliases ------------------------------------------------------------------------ */

static cop_term monitor(cop_term process)
{
    if (!cop_is_pid(process) && !cop_is_atom(process) && !cop_is_tuple(process))
        cop__raise_argument(2, "not a pid");
    return cop_ref_term(cop_monitor(process));
}

/* Whether a list of options has this one. */
static bool has_option(cop_term options, cop_term option)
{
    for (; cop_is_list(options) && !cop_is_empty_list(options); options = cop_tail(options))
        if (cop_identical(cop_head(options), option)) return true;
    return false;
}

/* An error if the argument at this position is no list of these atoms. */
static void check_options(cop_term options, int position, cop_term known)
{
    cop__options_arg(options, position);
    for (; !cop_is_empty_list(options); options = cop_tail(options))
        if (!has_option(known, cop_head(options)))
            cop__raise_argument(position, "invalid option in list");
}

static cop_term demonitor_with(cop_term ref, cop_term options)
{
    cop_ref monitor = ref_arg(ref);

    check_options(options, 2, COP("[:flush, :info]"));
    return cop_bool(cop_demonitor(monitor, has_option(options, COP(":flush"))) ||
                    !has_option(options, COP(":info")));
}

static cop_term demonitor(cop_term ref)
{
    return demonitor_with(ref, cop_empty_list());
}

static cop_term alias(void)
{
    return cop_ref_term(cop_alias(COP_ALIAS_EXPLICIT));
}

static cop_term alias_with(cop_term options)
{
    check_options(options, 1, COP("[:explicit_unalias, :reply]"));
    return cop_ref_term(
        cop_alias(has_option(options, COP(":reply")) ? COP_ALIAS_REPLY : COP_ALIAS_EXPLICIT));
}

static cop_term unalias(cop_term ref)
{
    return cop_bool(cop_unalias(ref_arg(ref)));
}

/* --- Names ------------------------------------------------------------------------------------ */

static cop_term whereis(cop_term name)
{
    cop_pid pid;

    if (!cop_is_atom(name)) cop__raise_argument(1, "not an atom");
    pid = cop_whereis(name);
    return cop_is_no_pid(pid) ? cop_nil() : cop_pid_term(pid);
}

static cop_term register_name(cop_term pid, cop_term name)
{
    if (!cop_is_atom(name) || cop_is_boolean(name) || cop_identical(name, cop_nil()) ||
        cop_identical(name, COP(":undefined")))
        cop__raise_no_clause("Process.register/2");
    cop_register(name, pid_arg(pid));
    return cop_true();
}

static cop_term unregister(cop_term name)
{
    if (!cop_is_atom(name) || cop_is_no_pid(cop_whereis(name))) cop__raise_argument(1, "not a pid");
    cop_unregister(name);
    return cop_true();
}

/* --- Messages ------------------------------------------------------------------------- */

static cop_term send_with(cop_term to, cop_term message, cop_term options)
{
    check_options(options, 3, COP("[:noconnect, :nosuspend]"));
    (void)cop__kernel_send(to, message);
    return cop_ok();
}

/* --- Dictionary, information ------------------------------------------------------------------ */

static cop_term info_of(cop_term pid, cop_term items)
{
    return cop_process_info(pid_arg(pid), items);
}

/* What is shown of a process when nothing special is asked for. */
static cop_term info(cop_term pid)
{
    cop_term all = cop_process_info(
        pid_arg(pid), COP("[:registered_name, :current_function, :initial_call, :status,"
                          " :message_queue_len, :links, :dictionary, :trap_exit, :priority,"
                          " :group_leader, :total_heap_size, :heap_size, :stack_size,"
                          " :reductions]"));

    if (cop_is_list(all) && cop_match(all, "[{:registered_name, []} | _]")) return cop_tail(all);
    return all;
}

static cop_term get_or(cop_term key, cop_term fallback)
{
    for (cop_term l = cop_dictionary(); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_identical(cop_elem(cop_head(l), 0), key)) return cop_elem(cop_head(l), 1);
    return fallback;
}

/* The keys whose value is this, or all. */
static cop_term keys_where(cop_term value)
{
    cop_term keys = cop_empty_list();

    for (cop_term l = cop_dictionary(); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (cop_is_none(value) || cop_identical(cop_elem(cop_head(l), 1), value))
            keys = cop_cons(cop_elem(cop_head(l), 0), keys);
    }
    return cop_list_reverse(keys);
}

static cop_term get_keys(void)
{
    return keys_where(cop_none());
}

static cop_term group_leader(void)
{
    return cop_pid_term(cop_group_leader());
}

static cop_term set_group_leader(cop_term pid, cop_term leader)
{
    cop_set_group_leader(pid_arg(leader), pid_arg(pid));
    return cop_true();
}

static cop_term set_label(cop_term label)
{
    cop_set_label(label);
    return cop_ok();
}

static const struct cop_function process_functions[] = {
    COP_EXPORT("alias()", alias, "A reference by which messages reach the caller."),
    COP_EXPORT("alias(options)", alias_with, "The same; [:reply]: for one message."),
    COP_EXPORT("alive?(pid)", is_alive, "Whether pid is a process that lives."),
    COP_EXPORT("cancel_timer(timer)", cop__cancel_timer, "Milliseconds that were left, or false."),
    COP_EXPORT("cancel_timer(timer, options)", cop__cancel_timer_with,
               "The same; async: true sends the result as a message, info: false gives none."),
    COP_EXPORT("delete(key)", cop_erase, "Takes key out of the process dictionary."),
    COP_EXPORT("demonitor(ref)", demonitor, "Stops watching."),
    COP_EXPORT("demonitor(ref, options)", demonitor_with,
               "The same; :flush takes the message that may be there, :info tells."),
    COP_EXPORT("exit(pid, reason)", exit_process, "Sends an exit signal."),
    COP_EXPORT("flag(name, value)", flag, "Sets :trap_exit or :priority; returns the old value."),
    COP_EXPORT("get()", cop_dictionary, "The process dictionary."),
    COP_EXPORT("get(key)", cop_get, "The value of key in the process dictionary, or nil."),
    COP_EXPORT("get(key, default)", get_or, "The same, or default."),
    COP_EXPORT("get_keys()", get_keys, "The keys of the process dictionary."),
    COP_EXPORT("get_keys(value)", keys_where, "Those that have this value."),
    COP_EXPORT("group_leader()", group_leader, "The group leader of the caller."),
    COP_EXPORT("group_leader(pid, leader)", set_group_leader, "Sets that of a process."),
    COP_EXPORT("info(pid)", info, "What is known of a process, or nil."),
    COP_EXPORT("info(pid, items)", info_of, "One item, or a list of items, of a process."),
    COP_EXPORT("link(pid)", link_to, "Links the caller with pid."),
    COP_EXPORT("list()", cop_processes, "All processes of this node."),
    COP_EXPORT("monitor(process)", monitor, "Watches a pid or name: one {:DOWN, ...} at its end."),
    COP_EXPORT("put(key, value)", cop_put, "Sets key in the process dictionary."),
    COP_EXPORT("read_timer(timer)", cop__read_timer, "Milliseconds that are left, or false."),
    COP_EXPORT("register(pid, name)", register_name, "Gives a process a name."),
    COP_EXPORT("registered()", cop_registered, "All names of processes."),
    COP_EXPORT("send(dest, message, options)", send_with, "Sends message; :ok."),
    COP_EXPORT("send_after(dest, message, time)", cop__send_after,
               "Sends after so many ms: a timer."),
    COP_EXPORT("send_after(dest, message, time, options)", cop__send_after_with,
               "The same; abs: true: time is a point of System.monotonic_time(:millisecond)."),
    COP_EXPORT("set_label(label)", set_label, "Says what the caller is, for tools."),
    COP_EXPORT("sleep(time)", sleep_for, "Waits so many milliseconds, or for :infinity."),
    COP_EXPORT("spawn(fun, options)", cop__kernel_spawn_opt,
               "Starts a process: :link, :monitor, priority: level, mailbox: limit."),
    COP_EXPORT("spawn(module, function, args, options)", cop__kernel_spawn_opt_mfa,
               "The same of a named function."),
    COP_EXPORT(
        "subscribe_mailboxes()", subscribe_mailboxes,
        "The caller gets {:mailbox, :high | :low, pid, length, dropped} of limited mailboxes."),
    COP_EXPORT("unalias(alias)", unalias, "Ends an alias; true if it was one."),
    COP_EXPORT("unlink(pid)", unlink_from, "Takes the link with pid away."),
    COP_EXPORT("unregister(name)", unregister, "Takes a name away."),
    COP_EXPORT("unsubscribe_mailboxes()", unsubscribe_mailboxes,
               "Not any more; false if it was not subscribed."),
    COP_EXPORT("whereis(name)", whereis, "The process of this name, or nil."),
    COP_EXPORT_END};

const struct cop_module cop__process_module = {.size = sizeof(struct cop_module),
                                               .name = "Process",
                                               .doc = "Processes.",
                                               .functions = process_functions};

static cop_term node_list(void)
{
    return cop_empty_list();
}

static cop_term node_is_alive(void)
{
    return cop_false();
}

static const struct cop_function node_functions[] = {
    COP_EXPORT("alive?()", node_is_alive, "Whether this node has a name."),
    COP_EXPORT("list()", node_list, "The nodes that this one is connected to."),
    COP_EXPORT("self()", cop__kernel_node, "The name of this node."), COP_EXPORT_END};

const struct cop_module cop__node_module = {.size = sizeof(struct cop_module),
                                            .name = "Node",
                                            .doc = "Nodes.",
                                            .functions = node_functions};
