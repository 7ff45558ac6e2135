/* SPDX-License-Identifier: Apache-2.0 */
/* PartitionSupervisor: a Supervisor whose module makes a table of its name and equal children. Each
 * child is started by start_child/5 below, in the supervisor's process, which notes where it is:
 *
 *   {partition, pid}          a row for each that was started
 *   {:partitions, now, most}  how many keys go to, and how many there are specifications for
 */
#include "coppice/partition_supervisor.h"

#include "coppice/ets.h"
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "coppice/supervisor.h"
#include "otp/standard_modules.h"
#include "otp/sup_options.h"

#define PARTITIONS_MAX 65536 /* as Registry's: each is a specification */

/* --- Options ---------------------------------------------------------------------------------- */

static COP_NORETURN void refuse(const char *words, cop_term value)
{
    cop_bytes text = cop_to_bytes(cop_inspect(value));

    cop_raise("ArgumentError", "%s, got: %.*s", words, (int)text.len, text.data);
}

static cop_term required(cop_term options, cop_term key)
{
    cop_term value = cop_keyword_get(options, key, cop_nil());
    cop_bytes text = cop_to_bytes(cop_inspect(key));

    if (cop_match(value, "nil"))
        cop_raise("ArgumentError", "the %.*s option must be given to PartitionSupervisor",
                  (int)text.len, text.data);
    return value;
}

static int64_t partitions_option(cop_term options)
{
    cop_term value = cop_keyword_get(options, COP(":partitions"), cop_int(cop_schedulers()));
    int64_t partitions;

    if (!cop_match(value, "partitions", partitions) || partitions < 1)
        refuse("the :partitions option must be a positive integer", value);
    if (partitions > PARTITIONS_MAX) cop_error(COP(":system_limit"));
    return partitions;
}

/* nil: none is given. */
static cop_term with_arguments_option(cop_term options)
{
    cop_term value = cop_keyword_get(options, COP(":with_arguments"), cop_nil());

    if (!cop_match(value, "nil") && !cop_is_fun(value, 2))
        refuse("the :with_arguments option must be a function that receives two arguments, the "
               "current call arguments and the partition",
               value);
    return value;
}

static cop_term name_option(cop_term options)
{
    cop_term name = required(options, COP(":name"));

    if (!cop_is_atom(name)) refuse("the :name option must be an atom", name);
    return name;
}

/* The arguments with which this partition is started. */
static cop_term arguments_of(cop_term with_arguments, cop_term args, int64_t partition)
{
    cop_term both[] = {args, cop_int(partition)};

    if (cop_match(with_arguments, "nil")) return args;
    args = cop_call_fun(with_arguments, both, 2);
    if (cop_list_len(args) < 0) {
        cop_bytes text = cop_to_bytes(cop_inspect(args));

        cop_raise("RuntimeError",
                  "the call to the function in :with_arguments must return a list, got: %.*s",
                  (int)text.len, text.data);
    }
    return args;
}

/* The specifications of all partitions, made of that of one (PSU-01). */
static cop_term children_of(cop_term spec, cop_term name, int64_t partitions,
                            cop_term with_arguments)
{
    cop_term module, function, args, children = cop_empty_list();

    if (!cop_match(spec, "%{start: {module, function, args}}", module, function, args))
        refuse("the :child_spec option must have a start function with its arguments", spec);
    if (cop_is_none(cop_map_get(spec, COP(":modules"), cop_none())))
        spec = cop_map_put(spec, COP(":modules"), cop_list(module));
    for (int64_t i = partitions - 1; i >= 0; i--) {
        cop_term own = arguments_of(with_arguments, args, i);
        cop_term start = cop_build("{PartitionSupervisor, :start_child,"
                                   " [module, function, own, name, i]}",
                                   module, function, own, name, i);
        cop_term child = cop_map_put(spec, COP(":id"), i);

        children = cop_cons(cop_map_put(child, COP(":start"), start), children);
    }
    return children;
}

/* --- In the supervisor ------------------------------------------------------------------------ */

static cop_term init(cop_term arg)
{
    cop_term name, partitions, value;

    cop_expect(arg, "{name, partitions, value}", name, partitions, value);
    cop_ets_new(name, COP("[:named_table, :public, {:read_concurrency, true}]"));
    cop_ets_insert(name, cop_tuple(COP(":partitions"), partitions, partitions));
    return value;
}

static cop_term start_child(cop_term module, cop_term function, cop_term args, cop_term name,
                            cop_term partition)
{
    cop_term answer = cop_apply(module, function, args);
    cop_pid pid;

    if (cop_match(answer, "{:ok, pid}", pid) || cop_match(answer, "{:ok, pid, _}", pid))
        cop_ets_insert(name, cop_tuple(partition, pid));
    return answer;
}

/* --- What users call -------------------------------------------------------------------------- */

cop_term cop_partition_supervisor_start_link(cop_term options)
{
    cop_term name, spec, with_arguments, sup_options, children, value, never;
    int64_t partitions;

    cop__standard_modules_register();
    if (!cop_is_keyword(options))
        cop_raise("ArgumentError", "expected the options of a supervisor as a keyword list");
    name = name_option(options);
    spec = required(options, COP(":child_spec"));
    partitions = partitions_option(options);
    with_arguments = with_arguments_option(options);
    never = cop_keyword_get(options, COP(":auto_shutdown"), COP(":never"));
    if (!cop_match(never, ":never")) refuse("the :auto_shutdown option must be :never", never);
    children = children_of(cop_supervisor_child_spec(spec, cop_empty_list()), name, partitions,
                           with_arguments);
    /* The first of a key counts. */
    sup_options = cop_list_append(options, COP("[strategy: :one_for_one]"));
    value = cop_supervisor_init(children, sup_options);
    return cop_supervisor_start_link_module(
        &cop__partition_supervisor_module,
        cop_build("{name, partitions, value}", name, partitions, value),
        cop_list(cop_tuple(COP(":name"), name)));
}

static cop_term read_partitions(void *name)
{
    return cop_head(cop_ets_lookup(*(cop_term *)name, COP(":partitions")));
}

/* {:partitions, now, most}; no table, no supervisor: it exits with {:noproc, {.., function, ..}}.
 */
static cop_term partitions_of(cop_term name, cop_term function)
{
    struct cop_outcome outcome;
    cop_term args = cop_list(name);

    if (!cop_is_atom(name) || !cop_try(read_partitions, &name, &outcome))
        cop_exit(cop_build("{:noproc, {PartitionSupervisor, function, args}}", function, args));
    return outcome.value;
}

int64_t cop_partition_supervisor_partitions(cop_term name)
{
    return cop_to_int(cop_elem(partitions_of(name, COP(":partitions")), 1));
}

/* PSU-03 */
static int64_t partition_of(cop_term key, int64_t partitions)
{
    int64_t number;

    if (!cop_match(key, "number", number)) return (int64_t)(cop_hash(key) % (uint64_t)partitions);
    number %= partitions;
    return number < 0 ? -number : number;
}

cop_pid cop_partition_supervisor_whereis(cop_term name, cop_term key)
{
    int64_t partitions = cop_partition_supervisor_partitions(name);
    cop_term pid;

    if (partitions == 0) {
        cop_bytes text = cop_to_bytes(cop_inspect(name));

        cop_raise("ArgumentError", "PartitionSupervisor %.*s has zero partitions", (int)text.len,
                  text.data);
    }
    pid = cop_ets_lookup_element_or(name, cop_int(partition_of(key, partitions)), 2,
                                    COP(":undefined"));
    return cop_is_pid(pid) ? cop_to_pid(pid) : cop_no_pid();
}

int64_t cop_partition_supervisor_resize(cop_term name, int64_t partitions)
{
    int64_t former, most;

    cop_expect(partitions_of(name, COP(":resize!")), "{_, former, most}", former, most);
    if (partitions < 0 || partitions > most)
        cop_raise("ArgumentError",
                  "the number of partitions to resize to must be a number between 0 and %lld, got: "
                  "%lld",
                  (long long)most, (long long)partitions);
    /* Keys go to what runs: fewer are told before the rest is stopped, more when they are there. */
    if (partitions < former) cop_ets_insert(name, cop_tuple(COP(":partitions"), partitions, most));
    for (int64_t i = former - 1; i >= partitions; i--)
        cop_supervisor_terminate_child(name, cop_int(i));
    for (int64_t i = former; i < partitions; i++)
        cop_supervisor_restart_child(name, cop_int(i));
    if (partitions > former) cop_ets_insert(name, cop_tuple(COP(":partitions"), partitions, most));
    return former;
}

cop_term cop_partition_supervisor_which_children(cop_term name)
{
    return cop_supervisor_which_children(name);
}

cop_term cop_partition_supervisor_count_children(cop_term name)
{
    return cop_supervisor_count_children(name);
}

cop_term cop_partition_supervisor_stop(cop_term name, cop_term reason, int64_t timeout_ms)
{
    return cop_supervisor_stop(name, reason, timeout_ms);
}

/* --- The module ------------------------------------------------------------------------------- */

static cop_term child_spec(cop_term options)
{
    cop_term id = cop_keyword_get(options, COP(":name"), COP("PartitionSupervisor"));

    return cop_build("%{id: id, start: {PartitionSupervisor, :start_link, [options]},"
                     " type: :supervisor}",
                     id, options);
}

static cop_term partitions(cop_term name)
{
    return cop_int(cop_partition_supervisor_partitions(name));
}

static cop_term resize(cop_term name, cop_term number)
{
    return cop_int(cop_partition_supervisor_resize(name, cop_to_int(number)));
}

static cop_term stop_1(cop_term name)
{
    return cop_supervisor_stop(name, COP(":normal"), COP_INFINITY);
}

static cop_term stop_2(cop_term name, cop_term reason)
{
    return cop_supervisor_stop(name, reason, COP_INFINITY);
}

static cop_term stop_3(cop_term name, cop_term reason, cop_term timeout)
{
    return cop_supervisor_stop(name, reason, cop__sup_timeout(timeout));
}

static cop_term whereis_name(cop_term address)
{
    cop_term name, key;
    cop_pid pid;

    cop_expect(address, "{name, key}", name, key);
    pid = cop_partition_supervisor_whereis(name, key);
    return cop_is_no_pid(pid) ? COP(":undefined") : cop_pid_term(pid);
}

static cop_term send_to(cop_term address, cop_term msg)
{
    cop_term pid = whereis_name(address);

    if (!cop_is_pid(pid)) cop_error(COP(":badarg"));
    cop_send(cop_to_pid(pid), msg);
    return msg;
}

/* PSU-06 */
static cop_term register_name(cop_term address, cop_term pid)
{
    (void)address;
    (void)pid;
    cop_raise("RuntimeError", "{:via, PartitionSupervisor, _} cannot be given on registration");
}

static const struct cop_function functions[] = {
    COP_EXPORT("child_spec(options)", child_spec, "The specification of such a supervisor."),
    COP_EXPORT("start_link(options)", cop_partition_supervisor_start_link,
               "Starts equal children: name, child_spec, partitions, with_arguments."),
    COP_EXPORT("start_child(module, function, args, name, partition)", start_child,
               "Starts a partition; for the supervisor itself."),
    COP_EXPORT("partitions(name)", partitions, "How many partitions there are."),
    COP_EXPORT("resize!(name, partitions)", resize,
               "Stops partitions or starts them again; how many there were."),
    COP_EXPORT("which_children(name)", cop_partition_supervisor_which_children,
               "[{partition, pid, type, modules}], the last first."),
    COP_EXPORT("count_children(name)", cop_partition_supervisor_count_children,
               "How many children there are, and how many of each kind."),
    COP_EXPORT("whereis_name({name, key})", whereis_name, "The process of a key."),
    COP_EXPORT("send({name, key}, message)", send_to, "Sends to the process of a key."),
    COP_EXPORT("register_name({name, key}, pid)", register_name, "Not possible: raises."),
    COP_EXPORT("stop(name)", stop_1, "Stops the partitions, then the supervisor."),
    COP_EXPORT("stop(name, reason)", stop_2, "The same, with this reason."),
    COP_EXPORT("stop(name, reason, timeout)", stop_3, "The same, waiting so long."),
    COP_EXPORT_END};

const struct cop_module cop__partition_supervisor_module = {
    .size = sizeof(struct cop_module),
    .name = "PartitionSupervisor",
    .doc = "Several equal processes behind one name; a key chooses among them.",
    .functions = functions,
    .supervisor_init = init,
};
