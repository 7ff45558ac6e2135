/* SPDX-License-Identifier: Apache-2.0 */
/* A random tree: see tree.h. */
#include "tree.h"

#include <stdio.h>

#define DEPTH_MAX 3

int tree_below(int bound)
{
    uint64_t z = (tree.random += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (int)((z ^ (z >> 31)) % (uint64_t)bound);
}

static int new_node(int parent, enum kind kind)
{
    if (tree.node_count == NODES_MAX) return NONE;
    if (parent != NONE && tree.nodes[parent].child_count == CHILDREN_MAX) return NONE;
    int i = tree.node_count++;
    struct node *n = &tree.nodes[i];
    *n = (struct node){.kind = kind, .parent = parent, .life = NONE, .supervisor = NONE};
    if (parent != NONE) {
        struct node *p = &tree.nodes[parent];
        p->children[p->child_count++] = i;
    }
    return i;
}

static void plan_restart(struct node *n)
{
    static const int shutdowns[] = {0, 10, 30, 200, 5000, SHUTDOWN_INFINITY, SHUTDOWN_BRUTAL};
    int r = tree_below(6);
    n->restart = r < 3 ? PERMANENT : r < 5 ? TRANSIENT : TEMPORARY;
    if (n->kind == WORKER || tree_below(4) == 0)
        n->shutdown = shutdowns[tree_below(sizeof(shutdowns) / sizeof(shutdowns[0]))];
    else
        n->shutdown = SHUTDOWN_INFINITY;
}

int tree_plan_worker(int supervisor)
{
    int i = new_node(supervisor, WORKER);
    if (i == NONE) return NONE;
    struct node *n = &tree.nodes[i];
    plan_restart(n);
    n->traps = tree_below(2) == 0;
    n->has_name = tree_below(3) == 0;
    n->has_table = tree_below(4) == 0;
    if (tree_below(3) == 0) {
        n->bad_start = START_IGNORE + (enum start)tree_below(3);
        n->bad_from = tree_below(4) == 0 ? 0 : 1 + tree_below(3);
        n->bad_count = 1 + tree_below(6);
    }
    if (tree.has_sleeps && tree_below(3) == 0) n->init_ms = tree_below(20);
    /* Never as long as a shutdown value: which comes first would be luck. */
    if (tree.has_sleeps && tree_below(2) == 0) n->terminate_ms = 1 + tree_below(9) * 10 + 5;
    return i;
}

static void plan_supervisor(int i, int depth)
{
    struct node *n = &tree.nodes[i];
    plan_restart(n);
    n->strategy = (enum strategy)tree_below(3);
    n->max_restarts = tree_below(5) + (i == 0 ? tree_below(20) : 0);
    n->max_seconds = 1 + tree_below(5);
    if (n->kind == DYNAMIC) return;
    int count = 1 + tree_below(4);
    for (int k = 0; k < count; k++) {
        int child;
        if (depth < DEPTH_MAX - 1 && tree_below(3) == 0) {
            child = new_node(i, tree_below(3) == 0 ? DYNAMIC : STATIC);
            if (child != NONE) plan_supervisor(child, depth + 1);
        } else {
            child = tree_plan_worker(i);
            /* A first start that fails ends the whole tree: now and then only. */
            if (child != NONE && tree.nodes[child].bad_from == 0 && tree_below(4) != 0)
                tree.nodes[child].bad_count = 0;
        }
        if (child != NONE) tree.nodes[child].is_initial = true;
    }
}

void tree_plan(void)
{
    tree.node_count = 0;
    tree.life_count = 0;
    tree.manual = NONE;
    tree.has_sleeps = tree_below(2) == 0;
    plan_supervisor(new_node(NONE, STATIC), 0);
}

cop_term tree_name(int node)
{
    char text[24];
    snprintf(text, sizeof(text), "tree_%d", node);
    return cop_atom(text);
}

cop_term tree_spec(int id)
{
    static const char *const restarts[] = {"permanent", "transient", "temporary"};
    const struct node *n = &tree.nodes[id];
    cop_term restart = cop_atom(restarts[n->restart]);
    cop_term type = n->kind == WORKER ? COP(":worker") : COP(":supervisor");
    cop_term shutdown = n->shutdown == SHUTDOWN_INFINITY ? COP(":infinity")
                        : n->shutdown == SHUTDOWN_BRUTAL ? COP(":brutal_kill")
                                                         : cop_int(n->shutdown);
    return cop_build("%{id: id, start: {Sim.Tree, :start, [id]}, restart: restart,"
                     " shutdown: shutdown, type: type}",
                     id, restart, shutdown, type);
}
