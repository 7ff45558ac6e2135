/* SPDX-License-Identifier: Apache-2.0 */
/* The supervision trees as they stand: asked level by level, put together from the leaves up, so
 * that neither needs recursion. A supervisor that does not answer in time is "busy"; when several
 * do not, the later ones are not waited for. */
#include "observer.h"

#define NODES_MAX 20000
#define WAIT_MS   2000 /* for all supervisors of an answer */
#define NOBODY    SIZE_MAX

struct node {
    cop_pid pid;
    size_t parent;
    int64_t depth;
    cop_term row; /* of cop_supervisor_status(); of a root {id, ...} as well */
    cop_term status;
    cop_term children; /* built from the last to the first */
    bool is_expanded;
};

struct forest {
    struct node *nodes;
    size_t len;
    size_t cap;
    int64_t depth_max;
    int64_t children_max;
    int64_t offset; /* of the first root's children */
    int64_t until_ms;
};

/* --- Asking ----------------------------------------------------------------------------------- */

static void add(struct forest *f, cop_pid pid, size_t parent, cop_term row)
{
    if (f->len == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 64;
        struct node *nodes = cop_alloc(cap * sizeof *nodes);

        for (size_t i = 0; i < f->len; i++)
            nodes[i] = f->nodes[i];
        cop_free(f->nodes);
        f->nodes = nodes;
        f->cap = cap;
    }
    f->nodes[f->len++] = (struct node){.pid = pid,
                                       .parent = parent,
                                       .depth = parent == NOBODY ? 0 : f->nodes[parent].depth + 1,
                                       .row = row,
                                       .status = cop_nil(),
                                       .children = cop_empty_list()};
}

static void add_root(struct forest *f, cop_pid pid, cop_term id)
{
    cop_term none = cop_nil();

    add(f, pid, NOBODY, cop_build("{id, pid, :running, :root, none, none, none}", id, pid, none));
}

/* Asks the supervisor at this place for its children, if it is one and may be asked. */
static void expand(struct forest *f, size_t at)
{
    const struct node *n = &f->nodes[at];
    int64_t left = f->until_ms - cop_monotonic_ms();
    int64_t max = n->depth < f->depth_max && f->len < NODES_MAX ? f->children_max : 0;
    cop_term children, row, status;
    cop_pid pid;

    if (cop_is_no_pid(n->pid)) return;
    status = cop_supervisor_status(cop_pid_term(n->pid), at == 0 ? f->offset : 0, max,
                                   left <= 0                ? 0
                                   : left < COP__OBS_ASK_MS ? left
                                                            : COP__OBS_ASK_MS);
    f->nodes[at].status = status;
    f->nodes[at].is_expanded = n->depth < f->depth_max && f->len < NODES_MAX;
    if (!cop_match(status, "%{children: children}", children)) return;
    while (cop_match(children, "[row | children]", row, children)) {
        if (!cop_match(row, "{_, pid, _, _, _, _, _}", pid)) pid = cop_no_pid();
        add(f, pid, at, row);
    }
}

static struct forest forest_new(int64_t depth, int64_t children, int64_t offset)
{
    return (struct forest){.depth_max = depth,
                           .children_max = children,
                           .offset = offset,
                           .until_ms = cop_monotonic_ms() + WAIT_MS};
}

static void expand_all(struct forest *f)
{
    for (size_t i = 0; i < f->len; i++)
        expand(f, i);
}

/* --- Putting together ------------------------------------------------------------------------- */

/* {strategy, ...} of a supervisor; nil of a worker, :busy of one that did not answer. */
static cop_term supervisor_map(const struct forest *f, size_t at)
{
    const struct node *n = &f->nodes[at];
    cop_term status = n->status, children = n->is_expanded ? n->children : cop_nil();
    cop_term strategy, max, seconds, restarts, total, count;
    int64_t offset = at == 0 ? f->offset : 0;

    if (cop_match(status, ":busy")) return status;
    if (!cop_match(status,
                   "%{strategy: strategy, max_restarts: max, max_seconds: seconds,"
                   " restarts: restarts, restarts_total: total, count: count}",
                   strategy, max, seconds, restarts, total, count))
        return cop_nil();
    return cop_build("%{strategy: strategy, max_restarts: max, max_seconds: seconds,"
                     " restarts: restarts, restarts_total: total, count: count, offset: offset,"
                     " children: children}",
                     strategy, max, seconds, restarts, total, count, offset, children);
}

static cop_term module_of(cop_term modules, const struct cop_process_row *row)
{
    cop_term module;

    if (row != NULL && cop_match(row->initial_call, "{:supervisor, module, _}", module))
        return cop_inspect(module);
    return cop_match(modules, "[module]", module) ? cop_inspect(module) : cop_nil();
}

static cop_term node_map(const struct forest *f, size_t at)
{
    const struct node *n = &f->nodes[at];
    cop_term id, state, type, restart, modules, left, name = cop_nil(), label = cop_nil();
    cop_term status = cop_nil(), queue = cop_nil(), memory = cop_nil(), pid = cop_nil();
    cop_term supervisor = supervisor_map(f, at), module;
    struct cop_process_row row;
    bool is_alive = !cop_is_no_pid(n->pid) && cop_read_process(n->pid, &row);

    cop_expect(n->row, "{id, _, state, type, restart, modules, left}", id, state, type, restart,
               modules, left);
    if (cop_match(type, ":root"))
        type = cop_match(supervisor, "nil") ? COP(":worker") : COP(":supervisor");
    if (!cop_is_no_pid(n->pid)) pid = cop__obs_pid(cop_pid_term(n->pid));
    if (is_alive) {
        name = cop__obs_name(row.name);
        if (cop_is_binary(row.label)) label = cop__obs_utf8(row.label);
        status = cop_string(cop__obs_status(row.status));
        queue = cop_int(row.queue);
        memory = cop_uint(row.memory);
    }
    module = module_of(modules, is_alive ? &row : NULL);
    return cop_build("%{pid: pid, name: name, label: label, id: id, type: type, restart: restart,"
                     " state: state, next_start_ms: left, status: status, module: module,"
                     " queue: queue, memory: memory, supervisor: supervisor}",
                     pid, name, label, id, type, restart, state, left, status, module, queue,
                     memory, supervisor);
}

/* The roots, in order. */
static cop_term assemble(struct forest *f)
{
    cop_term roots = cop_empty_list();

    for (size_t i = f->len; i > 0; i--) {
        struct node *n = &f->nodes[i - 1];
        cop_term map = node_map(f, i - 1);

        if (n->parent == NOBODY)
            roots = cop_cons(map, roots);
        else
            f->nodes[n->parent].children = cop_cons(map, f->nodes[n->parent].children);
    }
    return roots;
}

/* --- The questions ---------------------------------------------------------------------------- */

cop_term cop__obs_tree(cop_pid pid, int64_t depth, int64_t children, int64_t offset)
{
    struct forest f = forest_new(depth, children, offset);
    struct cop_process_row row;

    if (!cop_read_process(pid, &row)) cop__obs_fail(404, "not_found", "the process has ended");
    add_root(&f, pid, cop_nil());
    expand_all(&f);
    return cop_head(assemble(&f));
}

static cop_term text_of(cop_term atom)
{
    cop_bytes text = cop_atom_text(atom);

    return cop_binary(text.data, text.len);
}

static cop_term root_of(cop_pid top, int64_t depth, int64_t children)
{
    struct cop_process_row row;

    return cop_is_no_pid(top) || !cop_read_process(top, &row)
               ? cop_nil()
               : cop__obs_tree(top, depth, children, 0);
}

cop_term cop__obs_applications(int64_t depth, int64_t children)
{
    cop_term apps = cop_application_trees(), list = cop_empty_list();
    cop_term name, description, version, master, top, root;

    while (cop_match(apps, "[{name, description, version, master, top} | apps]", name, description,
                     version, master, top, apps)) {
        cop_pid pid = cop_is_pid(top) ? cop_to_pid(top) : cop_no_pid();

        root = root_of(pid, depth, children);
        name = text_of(name);
        master = cop__obs_pid(master);
        list = cop_cons(cop_build("%{name: name, description: description, version: version,"
                                  " master: master, root: root}",
                                  name, description, version, master, root),
                        list);
    }
    list = cop_list_reverse(list);
    return cop_build("%{applications: list}", list);
}

/* {pid, supervisor, id, type, name} of each that runs, parents before their children. */
cop_term cop__obs_tree_now(void)
{
    struct forest f = forest_new(100, NODES_MAX, 0);
    cop_term apps = cop_application_trees(), rows = cop_empty_list(), name;
    struct cop_process_row row;
    cop_pid top;

    while (cop_match(apps, "[{name, _, _, _, top} | apps]", name, top, apps))
        add_root(&f, top, text_of(name));
    expand_all(&f);
    for (size_t i = f.len; i > 0; i--) {
        const struct node *n = &f.nodes[i - 1];
        cop_pid pid = n->pid;
        cop_term id, type, above = cop_nil();

        if (cop_is_no_pid(pid) || !cop_read_process(pid, &row)) continue;
        cop_expect(n->row, "{id, _, _, type, _, _, _}", id, type);
        if (cop_match(type, ":root")) type = COP(":supervisor");
        if (n->parent != NOBODY) above = cop_pid_term(f.nodes[n->parent].pid);
        name = cop__obs_name(row.name);
        rows =
            cop_cons(cop_build("{pid, above, id, type, name}", pid, above, id, type, name), rows);
    }
    return rows;
}
