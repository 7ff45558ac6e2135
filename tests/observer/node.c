/* SPDX-License-Identifier: Apache-2.0 */
/* The program that the browser tests look at: the key-value store with an Observer beside it, and
 * Churn, which has many processes start and end. */
#include "../../apps/kv/kv.h"

#include "coppice/observer.h"

#define TURN_MS  10
#define LIVE_MAX 200 /* children at a time */

static const struct cop_application *const needs[] = {&cop_observer_application, &kv, NULL};

/* --- Churn ------------------------------------------------------------------------------------ */

struct churn {
    int64_t a_second;
    int64_t owed; /* thousandths of a start */
    int64_t at_ms;
};

static void start_child(void)
{
    cop_dynamic_supervisor_start_child(
        COP("Churn.Pool"),
        COP("%{id: :x, start: {Agent, :start_link, [&Map.new/0]}, restart: :temporary}"));
}

/* Ends the oldest children until so many are left. */
static void end_children(int64_t left)
{
    cop_term children = cop_dynamic_supervisor_which_children(COP("Churn.Pool")), child;
    int64_t count = cop_list_len(children);

    for (; count > left && cop_match(children, "[{_, child, _, _} | children]", child, children);
         count--)
        cop_exit_process(cop_to_pid(child), COP(":kill"));
}

static bool turn(void *state, cop_term msg)
{
    struct churn *c = state;
    int64_t now = cop_monotonic_ms(), n;

    if (cop_match(msg, "{:run, n}", n)) {
        c->a_second = n;
        if (n == 0) end_children(0);
    }
    if (!cop_match(msg, ":turn")) return true;
    /* A node that has had no time does not make up for more than a tenth of a second. */
    c->owed += c->a_second * (now - c->at_ms < 100 ? now - c->at_ms : 100);
    c->at_ms = now;
    for (; c->owed >= 1000; c->owed -= 1000)
        start_child();
    if (c->a_second > 0) end_children(LIVE_MAX);
    cop_send_after(TURN_MS, cop_pid_term(cop_self()), COP(":turn"));
    return true;
}

static cop_next churn(cop_term arg)
{
    struct churn *c = cop_alloc(sizeof *c);

    (void)arg;
    cop_register(COP("Churn"), cop_self());
    cop_init_ack(cop_tuple(cop_ok(), cop_self()));
    cop_send(cop_self(), COP(":turn"));
    cop_receive_loop(turn, c);
    return cop_end();
}

static cop_term start_churn(cop_term arg)
{
    (void)arg;
    return cop_proc_lib_start(churn, cop_nil(), &(struct cop_proc_lib_opts){.link = true});
}

static cop_term run(cop_term a_second)
{
    return cop_send(COP("Churn"), cop_tuple(COP(":run"), a_second));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", start_churn, "Starts the process that does it."),
    COP_EXPORT("run(a_second)", run, "So many processes start and end a second; 0: none."),
    COP_EXPORT_END};
static const struct cop_module churn_module = {.size = sizeof(struct cop_module),
                                               .name = "Churn",
                                               .doc = "Processes that start and end.",
                                               .functions = functions,
                                               .child_spec = ""};

/* --- The application -------------------------------------------------------------------------- */

static cop_term start(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(COP("[{DynamicSupervisor, name: Churn.Pool}, Churn]"),
                                     COP("[strategy: :one_for_one, name: Watched.Supervisor]"));
}

static const struct cop_module *const modules[] = {&churn_module, NULL};

static const struct cop_application watched = {.size = sizeof(struct cop_application),
                                               .name = "watched",
                                               .description = "The store, and who looks at it",
                                               .version = "0.1.0",
                                               .modules = modules,
                                               .applications = needs,
                                               .start = start};

int main(int argc, char **argv)
{
    return cop_main(argc, argv, &watched);
}
