/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of the tree campaign: see tree.h. */
#include "campaign.h"
#include "tree.h"

#include <string.h>

#define STEPS_MAX   8
#define CLIENTS_MAX 3
#define REST_MS     700 /* longer than anything in a tree sleeps at once */
#define RESTS_MAX   400

static cop_pid clients[CLIENTS_MAX];
static int client_count;

/* Until nothing has happened for a while of virtual time. */
static void settle(void)
{
    for (int i = 0; i < RESTS_MAX; i++) {
        int64_t before = tree.events;
        cop_sleep(REST_MS);
        if (tree.events == before) return;
    }
    tree_fail("the tree does not come to rest");
}

static int random_life(void)
{
    for (int i = 0; i < 20; i++) {
        int life = tree_below(tree.life_count);
        if (!tree.lives[life].is_dead) return life;
    }
    return NONE;
}

/* --- Storms: some things at once -------------------------------------------------------------- */

static cop_term try_stop(void *arg)
{
    cop_pid *pid = arg;
    return cop_supervisor_stop(cop_pid_term(*pid), tree_random_reason(), COP_INFINITY);
}

static cop_next stop_in_background(cop_term arg)
{
    struct cop_outcome o;
    cop_pid pid = cop_to_pid(arg);
    cop_try(try_stop, &pid, &o); /* it may end otherwise, too */
    return cop_end();
}

static void hit_supervisor(int life)
{
    switch (tree_below(6)) {
    case 0:
    case 1: cop_exit_process(tree.lives[life].pid, COP(":kill")); break;
    case 2: cop_spawn(stop_in_background, cop_pid_term(tree.lives[life].pid), NULL); break;
    default: /* only the root obeys: the driver is its parent (SUP-55, 72) */
        cop_exit_process(tree.lives[life].pid, tree_random_reason());
        if (tree.lives[life].node != 0) return;
    }
    tree.lives[life].is_hit = true;
}

static void hit_worker(int life)
{
    cop_pid pid = tree.lives[life].pid;
    cop_term reason = tree_random_reason();
    int ms = tree_below(500);
    int other = random_life();
    tree.lives[life].is_hit = true;
    switch (tree_below(8)) {
    case 0:
    case 1: cop_exit_process(pid, COP(":kill")); break;
    case 2: cop_exit_process(pid, reason); break;
    case 3:
    case 4: cop_send(pid, cop_build("{:stop, reason}", reason)); break;
    case 5: cop_send(pid, cop_build("{:exit, reason}", reason)); break;
    case 6: cop_send(pid, cop_build("{:stop_after, ms, reason}", ms, reason)); break;
    default:
        if (other == NONE || tree.nodes[tree.lives[other].node].kind != WORKER) return;
        tree.lives[other].is_hit = true;
        cop_send(pid, cop_tuple(COP(":link"), tree.lives[other].pid));
    }
}

static void storm(void)
{
    while (client_count < CLIENTS_MAX && tree_below(2) == 0)
        clients[client_count++] = tree_client();
    for (int i = 1 + tree_below(4); i > 0; i--) {
        int life = random_life();
        if (life == NONE) return;
        if (tree.nodes[tree.lives[life].node].kind == WORKER)
            hit_worker(life);
        else if (tree_below(3) == 0)
            hit_supervisor(life);
        if (tree_below(2) == 0) cop_sleep(tree_below(40));
    }
}

/* --- Calls to a supervisor at rest (SUP-68 to 71) --------------------------------------------- */

static void check_started(cop_term answer, struct node *n)
{
    cop_pid pid;
    bool is_right = n->outcome == STARTED   ? cop_match(answer, "{:ok, pid}", pid)
                    : n->outcome == IGNORED ? cop_match(answer, "{:ok, :undefined}")
                                            : cop_match(answer, "{:error, _}");
    if (!is_right) tree_fail("a call that starts a child answers something else");
}

static void restart_child(cop_term sup, int node, bool is_known)
{
    struct node *n = &tree.nodes[node];
    bool may_start = is_known && tree_running(node) == NONE;
    if (may_start) tree.manual = node;
    cop_term answer = cop_supervisor_restart_child(sup, cop_int(node));
    if (may_start) {
        check_started(answer, n);
        n->is_stopped = n->outcome == FAILED;
    } else if (!cop_identical(answer,
                              is_known ? COP("{:error, :running}") : COP("{:error, :not_found}"))) {
        tree_fail("restart_child of %d answers something else", node);
    }
}

static void delete_child(cop_term sup, int node, bool is_known)
{
    bool may_go = is_known && tree_running(node) == NONE;
    cop_term answer = cop_supervisor_delete_child(sup, cop_int(node));
    if (!cop_identical(answer, may_go     ? cop_ok()
                               : is_known ? COP("{:error, :running}")
                                          : COP("{:error, :not_found}")))
        tree_fail("delete_child of %d answers something else", node);
    if (may_go) tree.nodes[node].is_listed = false;
}

static void terminate_child(cop_term sup, int node, bool is_known)
{
    tree.nodes[node].is_stopped = is_known;
    cop_term answer = cop_supervisor_terminate_child(sup, cop_int(node));
    if (!cop_identical(answer, is_known ? cop_ok() : COP("{:error, :not_found}")))
        tree_fail("terminate_child of %d answers something else", node);
}

static void add_child(cop_term sup, struct node *s)
{
    int node = tree_plan_worker((int)(s - tree.nodes));
    if (node == NONE) return;
    struct node *n = &tree.nodes[node];
    cop_term spec = tree_spec(node);
    tree.manual = node;
    n->is_listed = true;
    if (s->kind == STATIC) {
        check_started(cop_supervisor_start_child(sup, spec), n);
        if (n->outcome == FAILED) n->is_listed = false; /* SUP-21 */
    } else {
        cop_dynamic_supervisor_start_child(sup, spec);
        if (n->outcome != STARTED) n->is_listed = false; /* DYN-13 */
    }
}

/* Dynamic supervisors begin with some children, too. */
static void populate(void)
{
    for (int life = 0; life < tree.life_count; life++) {
        struct node *s = &tree.nodes[tree.lives[life].node];
        if (s->kind != DYNAMIC || tree.lives[life].is_dead) continue;
        for (int i = tree_below(5); i > 0; i--)
            add_child(cop_pid_term(tree.lives[life].pid), s);
    }
}

static void add_known_child(cop_term sup, int node)
{
    int running = tree_running(node);
    cop_term answer = cop_supervisor_start_child(sup, tree_spec(node));
    cop_pid pid = running == NONE ? cop_no_pid() : tree.lives[running].pid;
    if (!cop_identical(answer, running == NONE
                                   ? COP("{:error, :already_present}")
                                   : cop_build("{:error, {:already_started, pid}}", pid)))
        tree_fail("start_child of the known %d answers something else", node);
}

static void terminate_dynamic(cop_term sup, int node)
{
    int running = tree_running(node);
    cop_pid pid = running == NONE ? cop_self() : tree.lives[running].pid;
    tree.nodes[node].is_stopped = running != NONE;
    if (running != NONE) tree.nodes[node].is_listed = false;
    cop_term answer = cop_dynamic_supervisor_terminate_child(sup, pid);
    if (!cop_identical(answer, running != NONE ? cop_ok() : COP("{:error, :not_found}")))
        tree_fail("terminate_child of the dynamic %d answers something else", node);
}

static void manage_static(cop_term sup, struct node *s, int node)
{
    const struct node *n = &tree.nodes[node];
    bool is_known = n->is_listed && (n->restart != TEMPORARY || tree_running(node) != NONE);
    switch (tree_below(5)) {
    case 0: terminate_child(sup, node, is_known); break;
    case 1: restart_child(sup, node, is_known); break;
    case 2: delete_child(sup, node, is_known); break;
    case 3:
        if (is_known) add_known_child(sup, node);
        break;
    default: add_child(sup, s);
    }
}

static void manage(void)
{
    int life = random_life();
    if (life == NONE || tree.nodes[tree.lives[life].node].kind == WORKER) return;
    struct node *s = &tree.nodes[tree.lives[life].node];
    cop_term sup = cop_pid_term(tree.lives[life].pid);
    int node = s->child_count == 0 ? NONE : s->children[tree_below(s->child_count)];
    if (node == NONE || tree_below(3) == 0)
        add_child(sup, s);
    else if (s->kind == DYNAMIC)
        terminate_dynamic(sup, node);
    else
        manage_static(sup, s, node);
}

/* --- The whole -------------------------------------------------------------------------------- */

static bool is_exit_of(cop_term msg, void *arg)
{
    cop_pid pid = *(cop_pid *)arg;
    return cop_match(msg, "{:EXIT, ^pid, _}", pid);
}

static void finish_clients(void)
{
    cop_term msg;
    for (int i = 0; i < client_count; i++) {
        cop_send(clients[i], COP(":finish"));
        cop_receive_if(is_exit_of, &clients[i], &msg, COP_INFINITY);
        if (!cop_match(msg, "{:EXIT, _, :normal}")) tree_fail("a client has crashed");
    }
    client_count = 0;
}

/* The root is linked to the driver: its end is one EXIT. */
static void end_root(cop_pid root)
{
    cop_term msg;
    if (tree_running(0) != NONE) {
        tree.lives[tree.nodes[0].life].is_hit = true;
        switch (tree_below(3)) {
        case 0: cop_exit_process(root, COP(":kill")); break;
        case 1: cop_exit_process(root, COP(":shutdown")); break; /* its parent says so */
        default: cop_spawn(stop_in_background, cop_pid_term(root), NULL);
        }
        settle();
    }
    cop_receive(&msg, COP_INFINITY);
    if (!cop_match(msg, "{:EXIT, ^root, _}", root)) tree_fail("the root gave no EXIT");
}

static void disturb(void)
{
    for (int i = 1 + tree_below(STEPS_MAX); i > 0 && tree_running(0) != NONE; i--) {
        cop_sleep(tree_below(2) == 0 ? 0 : tree_below(3000));
        bool is_calm = tree_below(3) == 0;
        tree_tell("--- %s", is_calm ? "a call" : "a storm");
        if (is_calm)
            manage();
        else
            storm();
        settle();
        tree_check_at_rest();
        finish_clients();
        if (tree.has_failed) return;
    }
}

static int processes_now(void)
{
    return (int)cop_list_len(cop_processes());
}

static cop_next driver(cop_term arg)
{
    cop_term msg;
    cop_pid root;
    int processes = processes_now();
    int names = (int)cop_list_len(cop_registered());
    int tables = (int)cop_list_len(cop_ets_all());
    (void)arg;
    cop_module_register(&tree_module);
    cop_trap_exit(true);
    tree_plan();
    tree_watch();
    cop_term answer = tree_start_root();
    settle();
    if (cop_match(answer, "{:ok, root}", root)) {
        tree_check_at_rest();
        populate();
        settle();
        disturb();
        if (!tree.has_failed) end_root(root);
    } /* else nothing is left of it, no EXIT either (PLB-08) */
    tree_check_nothing_left();
    cop_send(COP(":tree_watcher"), COP(":finish"));
    cop_receive(&msg, COP_INFINITY);
    cop_sleep(1);
    if (!tree.has_failed && cop_receive(&msg, 0)) tree_fail("the driver has a message left");
    if (processes_now() != processes) tree_fail("processes are left");
    if (cop_list_len(cop_registered()) != names) tree_fail("names are left");
    if (cop_list_len(cop_ets_all()) != tables) tree_fail("tables are left");
    return cop_end();
}

static void prepare(int64_t seed)
{
    tree.random = (uint64_t)seed * 7919;
    tree.has_failed = false;
    tree.events = 0;
    client_count = 0;
}

static const char *failure(void)
{
    return tree.has_failed ? tree.failure : NULL;
}

static void no_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

int main(int argc, char **argv)
{
    static const struct campaign campaign = {"tree", SEEDS_FILE, prepare, driver, failure};
    cop_log_to(no_log, NULL, COP_ERROR);
    return campaign_main(&campaign, argc, argv);
}
