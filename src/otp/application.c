/* SPDX-License-Identifier: Apache-2.0 */
/* Application as its users see it: what is started with what, and the calls. */
#include "coppice/application.h"

#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "otp/application_controller.h"
#include "otp/application_env.h"
#include "otp/standard_modules.h"
#include "otp/text.h"

static cop_term call(cop_term request)
{
    cop__application_controller_ensure();
    return cop_gen_server_call(COP(":application_controller"), request, COP_INFINITY);
}

/* --- Order of starting ------------------------------------------------------------------------ */

/* An application on the way from the root to where the walk is. */
struct visit {
    struct visit *above;
    const struct cop_application *application;
    size_t next; /* of its applications, the first not visited */
};

/* A set of the applications that the walk has met, and behind each other those it has left: an
 * application is left after all that it needs. */
struct walk {
    cop_dict *met;
    cop_term order; /* addresses, last first */
    struct visit *at;
};

static void enter(struct walk *walk, const struct cop_application *application)
{
    struct visit *visit;

    if (cop_dict_has(walk->met, cop_atom(application->name))) return;
    cop_dict_put(walk->met, cop_atom(application->name), cop_true());
    visit = cop_alloc(sizeof(*visit));
    visit->application = application;
    visit->above = walk->at;
    walk->at = visit;
}

static void leave(struct walk *walk)
{
    struct visit *visit = walk->at;

    walk->order = cop_cons((int64_t)(uintptr_t)visit->application, walk->order);
    walk->at = visit->above;
    cop_free(visit);
}

/* Depth first, in the order of the lists (APP-06): the addresses of all, what is needed first. */
static cop_term order_of(const struct cop_application *root)
{
    struct walk walk = {.met = cop_dict_new(), .order = cop_empty_list()};

    enter(&walk, root);
    while (walk.at) {
        const struct cop_application *const *needs = walk.at->application->applications;

        if (needs && needs[walk.at->next])
            enter(&walk, needs[walk.at->next++]);
        else
            leave(&walk);
    }
    cop_dict_delete(walk.met);
    return cop_list_reverse(walk.order);
}

/* --- Starting and stopping -------------------------------------------------------------------- */

static void load(const struct cop_application *application)
{
    for (const struct cop_module *const *m = application->modules; m && *m; m++)
        cop_module_register(*m);
    cop__application_env_load(application);
}

/* started: names, last first. */
static void stop_again(cop_term started)
{
    for (; !cop_is_empty_list(started); started = cop_tail(started))
        cop_application_stop(cop_head(started));
}

/* APP-13: in a program that owns its main too, the node's stop is an ordered one. */
static cop_next stop_with_node(cop_term arg)
{
    (void)arg;
    cop_application_stop_all();
    return cop_end();
}

cop_term cop_application_ensure_all_started_as(const struct cop_application *application,
                                               cop_term type)
{
    cop_term started = cop_empty_list();

    cop__standard_modules_register();
    cop_node_at_stop(stop_with_node);
    if (!cop_match(type, ":permanent") && !cop_match(type, ":transient") &&
        !cop_match(type, ":temporary"))
        cop_error(COP(":badarg"));
    for (cop_term rest = order_of(application); !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_term address = cop_head(rest);
        const struct cop_application *next =
            (const struct cop_application *)(uintptr_t)cop_to_int(address);
        cop_term name = cop_atom(next->name);
        cop_term answer, reason;

        load(next);
        answer = call(cop_tuple(COP(":start"), address, type));
        if (cop_match(answer, ":ok")) {
            started = cop_cons(name, started);
        } else if (!cop_match(answer, "{:error, {:already_started, _}}")) {
            cop_expect(answer, "{:error, reason}", reason);
            stop_again(started);
            return cop_build("{:error, {name, reason}}", name, reason);
        }
    }
    return cop_tuple(cop_ok(), cop_list_reverse(started));
}

cop_term cop_application_ensure_all_started(const struct cop_application *application)
{
    return cop_application_ensure_all_started_as(application, COP(":temporary"));
}

cop_term cop_application_stop(cop_term name)
{
    return call(cop_tuple(COP(":stop"), name));
}

cop_term cop_application_stop_all(void)
{
    if (cop_is_no_pid(cop_whereis(COP(":application_controller")))) return cop_ok();
    return call(COP(":stop_all"));
}

cop_term cop_application_which(void)
{
    return call(COP(":which"));
}

/* --- Words ------------------------------------------------------------------------------------ */

cop_term cop__application_reason_words(cop_term reason)
{
    cop_term why, module, args, inner;
    COP__TEXT(text);

    if (cop_match(reason, "{:bad_return, {{module, :start, args}, {:EXIT, why}}}", module, args,
                  why)) {
        cop__text_add_call(&text, module, COP(":start"), args);
        cop__text_add(&text, " returned an error: ");
    } else if (cop_match(reason, "{:bad_return, {{module, :start, args}, why}}", module, args,
                         why)) {
        cop__text_add_call(&text, module, COP(":start"), args);
        cop__text_add(&text, " returned a bad value: ");
        cop__text_add_term(&text, why);
        return cop__text_binary(&text);
    } else if (cop_match(reason, "{why, {module, :start, args}}", why, module, args)) {
        if (cop_match(why, "{:EXIT, inner}", inner)) why = inner;
        cop__text_add_call(&text, module, COP(":start"), args);
        cop__text_add(&text, " returned an error: ");
    } else {
        why = reason;
    }
    cop__text_add_bytes(&text, cop_to_bytes(cop_format_exit(why)));
    return cop__text_binary(&text);
}

/* --- The module ------------------------------------------------------------------------------- */

static cop_term get_env_2(cop_term name, cop_term key)
{
    return cop_application_get_env(name, key, cop_nil());
}

static const struct cop_function functions[] = {
    COP_EXPORT("stop(app)", cop_application_stop, "Stops an application."),
    COP_EXPORT("started_applications()", cop_application_which,
               "[{app, description, version}], the last started first."),
    COP_EXPORT("get_env(app, key)", get_env_2, "The value of key, or nil."),
    COP_EXPORT("get_env(app, key, default)", cop_application_get_env,
               "The value of key, or default."),
    COP_EXPORT("put_env(app, key, value)", cop_application_put_env, "Sets the value of key."),
    COP_EXPORT_END};

const struct cop_module cop__application_module = {
    .size = sizeof(struct cop_module),
    .name = "Application",
    .doc = "Named parts of a program, started and stopped in order.",
    .functions = functions,
};
