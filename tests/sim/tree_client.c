/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of a tree: see tree.h. */
#include "tree.h"

#define STEPS_MAX 10
#define TIES_MAX  8

/* A monitor or link, and what came of it. */
struct tie {
    int life;
    cop_ref ref; /* of a monitor */
    bool is_ended;
    int count; /* DOWN or EXIT messages */
};
struct client {
    struct tie watches[TIES_MAX];
    int watch_count;
    struct tie links[TIES_MAX];
    int link_count;
};

static cop_pid pid_of(int life)
{
    return tree.lives[life].pid;
}

static bool is_exit_of(cop_term msg, void *arg)
{
    cop_pid pid = *(cop_pid *)arg;
    return cop_match(msg, "{:EXIT, ^pid, _}", pid);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term random_request(int life)
{
    int ms = tree_below(60);
    switch (tree_below(5)) {
    case 0: return tree.has_sleeps ? cop_build("{:sleep, ms}", ms) : COP(":ping");
    case 1: return cop_build("{:later, ms}", ms);
    case 2: {
        cop_term reason = tree_random_reason();
        tree.lives[life].is_hit = true;
        return cop_build("{:stop, reason}", reason);
    }
    default: return COP(":ping");
    }
}

struct call {
    int life;
    cop_term request;
    int64_t timeout_ms;
};

static cop_term try_call(void *arg)
{
    struct call *c = arg;
    return cop_gen_server_call(cop_pid_term(pid_of(c->life)), c->request, c->timeout_ms);
}

static void call(int life)
{
    struct cop_outcome o;
    struct call c = {life, random_request(life), 1 + tree_below(50)};
    int64_t before = cop_monotonic_ms();
    bool has_answer = cop_try(try_call, &c, &o);
    if (cop_monotonic_ms() - before > c.timeout_ms) tree_fail("a call took longer than allowed");
    if (!has_answer && o.class_ != COP_CLASS_EXIT) tree_fail("a call raised something else");
    if (!has_answer && cop_match(o.value, "{:timeout, _}") &&
        cop_monotonic_ms() - before != c.timeout_ms)
        tree_fail("a call gave up early");
}

/* --- Monitors and links ----------------------------------------------------------------------- */

static void watch(struct client *c, int life)
{
    if (c->watch_count == TIES_MAX) return;
    c->watches[c->watch_count++] = (struct tie){.life = life, .ref = cop_monitor(pid_of(life))};
}

static void unwatch(struct client *c)
{
    if (c->watch_count == 0) return;
    struct tie *t = &c->watches[tree_below(c->watch_count)];
    cop_demonitor(t->ref, true);
    t->is_ended = true;
}

static struct tie *link_with(struct client *c, int life)
{
    for (int i = 0; i < c->link_count; i++) {
        if (c->links[i].life == life) return &c->links[i];
    }
    if (c->link_count == TIES_MAX) return NULL;
    c->links[c->link_count] = (struct tie){.life = life, .is_ended = true};
    return &c->links[c->link_count++];
}

/* Once only: the answer to a second one, to a process that has died meanwhile, is one more EXIT. */
static void make_link(struct client *c, int life)
{
    struct tie *t = link_with(c, life);
    if (t == NULL || !t->is_ended) return;
    t->is_ended = false;
    cop_link(pid_of(life));
}

static void remove_link(struct client *c)
{
    cop_term msg;
    if (c->link_count == 0) return;
    struct tie *t = &c->links[tree_below(c->link_count)];
    cop_pid pid = pid_of(t->life);
    cop_unlink(pid);
    t->is_ended = true;
    while (cop_receive_if(is_exit_of, &pid, &msg, 0))
        continue;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void step(struct client *c)
{
    int life = tree_below(tree.life_count);
    bool is_worker = tree.nodes[tree.lives[life].node].kind == WORKER;
    switch (tree_below(7)) {
    case 0:
    case 1:
        if (is_worker) call(life);
        break;
    case 2: watch(c, life); break;
    case 3: unwatch(c); break;
    case 4: make_link(c, life); break;
    case 5: remove_link(c); break;
    default: cop_sleep(tree_below(10));
    }
}

static void count(struct client *c, cop_term msg)
{
    cop_ref ref;
    cop_pid pid;
    bool is_down = cop_match(msg, "{:DOWN, ref, :process, pid, _}", ref, pid);
    if (is_down) {
        for (int i = 0; i < c->watch_count; i++) {
            if (!cop_ref_equal(c->watches[i].ref, ref)) continue;
            c->watches[i].count++;
            return;
        }
    } else if (cop_match(msg, "{:EXIT, pid, _}", pid)) {
        for (int i = 0; i < c->link_count; i++) {
            if (!cop_pid_equal(pid_of(c->links[i].life), pid)) continue;
            c->links[i].count++;
            return;
        }
    }
    tree_fail("a client got a message that nobody owes it");
}

static void check(const struct tie *t, const char *what)
{
    int due = !t->is_ended && tree.lives[t->life].is_dead;
    if (t->count != due)
        tree_fail("a client got %d %s of a life of %d instead of %d", t->count, what,
                  tree.lives[t->life].node, due);
}

static cop_next client(cop_term arg)
{
    struct client *c = cop_alloc(sizeof(*c));
    cop_term msg;
    (void)arg;
    cop_trap_exit(true);
    for (int i = 1 + tree_below(STEPS_MAX); i > 0; i--)
        step(c);
    while (cop_receive(&msg, COP_INFINITY) && !cop_match(msg, ":finish"))
        count(c, msg);
    for (int i = 0; i < c->watch_count; i++)
        check(&c->watches[i], "DOWNs");
    for (int i = 0; i < c->link_count; i++)
        check(&c->links[i], "EXITs");
    return cop_end();
}

cop_pid tree_client(void)
{
    return cop_spawn(client, cop_nil(), &(struct cop_spawn_opts){.link = true});
}
