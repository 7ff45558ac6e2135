/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a tree: see tree.h. */
#include "tree.h"

cop_term tree_random_reason(void)
{
    switch (tree_below(6)) {
    case 0: return COP(":normal");
    case 1: return COP(":shutdown");
    case 2: return COP("{:shutdown, :why}");
    case 3: return COP("{:bad, 1}");
    default: return COP(":boom");
    }
}

/* --- The watcher ------------------------------------------------------------------------------ */

/* state: {monitor => life}. */
static bool watch(void *state, cop_term msg)
{
    cop_dict *lives = state;
    cop_term reason, of;
    cop_ref ref;
    cop_pid pid;
    int life;
    if (cop_match(msg, "{:born, life, pid, ref}", life, pid, ref)) {
        cop_dict_put(lives, cop_ref_term(cop_monitor(pid)), cop_int(life));
        cop_send(ref, cop_tuple(COP(":watched"), ref));
        return true;
    }
    if (!cop_match(msg, "{:DOWN, ref, :process, _, reason}", ref, reason)) return false;
    of = cop_dict_remove(lives, cop_ref_term(ref));
    if (cop_is_none(of))
        tree_fail("the watcher got a DOWN that it did not ask for");
    else
        tree_died((int)cop_to_int(of), reason);
    return true;
}

static cop_next watcher(cop_term arg)
{
    cop_dict *lives = cop_dict_new();
    cop_register(COP(":tree_watcher"), cop_self());
    cop_send(arg, COP(":watching"));
    cop_receive_loop(watch, lives); /* until :finish */
    if (cop_dict_size(lives) > 0) tree_fail("the watcher never got a DOWN");
    cop_dict_delete(lives);
    return cop_end();
}

void tree_watch(void)
{
    cop_term msg;
    cop_spawn(watcher, cop_pid_term(cop_self()), &(struct cop_spawn_opts){.link = true});
    cop_receive(&msg, COP_INFINITY);
    cop_expect(msg, ":watching");
}

static bool is_watched(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;
    return cop_match(msg, "{:watched, ^ref}", ref);
}

/* The caller is born: it goes on when the watcher watches. */
static int live(int node)
{
    cop_term msg;
    int life = tree_born(node);
    cop_ref ref = cop_alias(COP_ALIAS_REPLY);
    cop_send(COP(":tree_watcher"), cop_tuple(COP(":born"), life, cop_self(), ref));
    cop_receive_ref(ref, is_watched, &ref, &msg, COP_INFINITY);
    return life;
}

/* --- Workers ---------------------------------------------------------------------------------- */

struct worker {
    int node;
    int life;
};

static void make_table(int node)
{
    cop_term table = cop_ets_new(tree_name(node), COP("[:named_table]"));
    cop_ets_insert(table, cop_tuple(COP(":row"), cop_self()));
}

static cop_result init(cop_term arg)
{
    struct worker *w = cop_alloc(sizeof(*w));
    w->node = (int)cop_to_int(arg);
    struct node *n = &tree.nodes[w->node];
    int number = n->starts;
    if (n->traps) cop_trap_exit(true);
    w->life = live(w->node);
    if (n->has_table && tree_may_have_table(w->life)) make_table(w->node);
    if (n->init_ms > 0) cop_sleep(n->init_ms);
    if (number < n->bad_from || number >= n->bad_from + n->bad_count) return cop_started(w);
    switch (n->bad_start) {
    case START_IGNORE: return cop_ignore();
    case START_STOP: return cop_stop(COP(":no_start"));
    case START_EXIT: cop_exit(COP(":no_start"));
    case START_OK: break;
    }
    return cop_started(w);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term reason;
    int ms;
    (void)state;
    if (cop_match(request, ":ping")) return cop_reply(COP(":pong"));
    if (cop_match(request, "{:sleep, ms}", ms)) {
        cop_sleep(ms);
        return cop_reply(COP(":slept"));
    }
    if (cop_match(request, "{:later, ms}", ms)) {
        cop_send_after(ms, cop_pid_term(cop_self()), cop_build("{:reply, from}", from));
        return cop_noreply();
    }
    if (cop_match(request, "{:stop, reason}", reason))
        return cop_stop_reply(reason, COP(":stopping"));
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term msg)
{
    cop_term reason;
    cop_from from;
    cop_pid pid;
    int ms;
    (void)state;
    if (cop_match(msg, "{:stop, reason}", reason)) return cop_stop(reason);
    if (cop_match(msg, "{:exit, reason}", reason)) cop_exit(reason);
    if (cop_match(msg, "{:stop_after, ms, reason}", ms, reason))
        cop_send_after(ms, cop_pid_term(cop_self()), cop_build("{:stop, reason}", reason));
    if (cop_match(msg, "{:reply, from}", from)) cop_gen_server_reply(from, COP(":late"));
    if (cop_match(msg, "{:link, pid}", pid)) cop_link(pid);
    return cop_noreply();
}

static void terminate(void *state, cop_term reason)
{
    const struct worker *w = state;
    tree_terminates(w->life, reason);
    if (tree.nodes[w->node].terminate_ms > 0) cop_sleep(tree.nodes[w->node].terminate_ms);
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_info = handle_info,
    .terminate = terminate,
};
static const struct cop_module worker_module = {
    .size = sizeof(struct cop_module), .name = "Sim.Worker", .gen_server = &callbacks};

/* --- Supervisors ------------------------------------------------------------------------------ */

static cop_term supervisor_init(cop_term arg)
{
    static const char *const strategies[] = {"one_for_one", "one_for_all", "rest_for_one"};
    int i = (int)cop_to_int(arg);
    const struct node *n = &tree.nodes[i];
    cop_term children = cop_empty_list();
    cop_term strategy =
        n->kind == DYNAMIC ? COP(":one_for_one") : cop_atom(strategies[n->strategy]);
    int restarts = n->max_restarts;
    int seconds = n->max_seconds;
    cop_term flags = cop_build("[strategy: strategy, max_restarts: restarts, max_seconds: seconds]",
                               strategy, restarts, seconds);
    live(i);
    if (n->kind == DYNAMIC) return cop_dynamic_supervisor_init(flags);
    for (int k = n->child_count; k-- > 0;) {
        if (tree.nodes[n->children[k]].is_initial)
            children = cop_cons(tree_spec(n->children[k]), children);
    }
    return cop_supervisor_init(children, flags);
}

static const struct cop_module supervisor_module = {.size = sizeof(struct cop_module),
                                                    .name = "Sim.Supervisor",
                                                    .supervisor_init = supervisor_init};

/* --- Starting --------------------------------------------------------------------------------- */

static cop_term start_node(int i)
{
    const struct node *n = &tree.nodes[i];
    if (n->kind == STATIC)
        return cop_supervisor_start_link_module(&supervisor_module, cop_int(i), cop_empty_list());
    if (n->kind == DYNAMIC)
        return cop_dynamic_supervisor_start_link_module(&supervisor_module, cop_int(i),
                                                        cop_empty_list());
    cop_term options = cop_empty_list();
    if (n->has_name) {
        cop_term name = tree_name(i);
        options = cop_build("[name: name]", name);
    }
    return cop_gen_server_start_link(&worker_module, cop_int(i), options);
}

/* The start function of all specifications. */
static cop_term start(cop_term id)
{
    int i = (int)cop_to_int(id);
    tree_attempt_begins(i);
    cop_term answer = start_node(i);
    tree_attempt_ends(i, answer);
    return answer;
}

cop_term tree_start_root(void)
{
    tree.nodes[0].is_listed = true;
    return start_node(0);
}

static const struct cop_function functions[] = {COP_EXPORT("start(id)", start, "Starts a node."),
                                                COP_EXPORT_END};
const struct cop_module tree_module = {
    .size = sizeof(struct cop_module), .name = "Sim.Tree", .functions = functions};
