/* SPDX-License-Identifier: Apache-2.0 */
/* Application as its users see it: what is started with what, and the calls. */
#include "coppice/application.h"

#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "otp/application_controller.h"
#include "otp/application_table.h"
#include "otp/standard_modules.h"
#include "otp/text.h"

static cop_term call(cop_term request)
{
    cop__application_controller_ensure();
    return cop_gen_server_call(COP(":application_controller"), request, COP_INFINITY);
}

/* APP-13: in a program that owns its main too, the node's stop is an ordered one. */
static cop_next stop_with_node(cop_term arg)
{
    (void)arg;
    cop_application_stop_all();
    return cop_end();
}

/* --- One -------------------------------------------------------------------------------------- */

static cop_term atom_of(cop_term name)
{
    if (!cop_is_atom(name)) cop_error(COP(":badarg"));
    return name;
}

cop_term cop_application_load(cop_term name)
{
    return call(cop_tuple(COP(":load"), atom_of(name)));
}

cop_term cop_application_unload(cop_term name)
{
    return call(cop_tuple(COP(":unload"), atom_of(name)));
}

cop_term cop_application_start(cop_term name, cop_term type)
{
    cop__standard_modules_register();
    cop_node_at_stop(stop_with_node);
    return call(cop_tuple(COP(":start"), atom_of(name), type));
}

cop_term cop_application_ensure_started(cop_term name, cop_term type)
{
    cop_term answer = cop_application_start(name, type);

    return cop_match(answer, "{:error, {:already_started, _}}") ? cop_ok() : answer;
}

/* --- Order of starting ------------------------------------------------------------------------ */

/* An application on the way from the root to where the walk is. */
struct visit {
    struct visit *above;
    cop_term name;
    cop_term needs; /* names, those not visited yet */
};

/* A set of the applications that the walk has met, and behind each other those it has left: an
 * application is left after all that it needs. */
struct walk {
    cop_dict *met;
    cop_term order; /* names, last first */
    struct visit *at;
};

/* What is started before an application, in order; nothing for one that is not known, which will be
 * found out when it is to be started. */
static cop_term needs_of(cop_term name)
{
    const struct cop_application *application = cop__application_find(name);
    const struct cop_application *const *needs = application ? application->applications : NULL;
    const char *const *optional = application ? application->optional_applications : NULL;
    cop_term names = cop_empty_list();

    for (; needs && *needs; needs++)
        names = cop_cons(cop_atom((*needs)->name), names);
    for (; optional && *optional; optional++) {
        if (cop__application_find(cop_atom(*optional)))
            names = cop_cons(cop_atom(*optional), names);
    }
    return cop_list_reverse(names);
}

static void enter(struct walk *walk, cop_term name)
{
    struct visit *visit;

    if (cop_dict_has(walk->met, name)) return;
    cop_dict_put(walk->met, name, cop_true());
    visit = cop_alloc(sizeof(*visit));
    visit->name = name;
    visit->needs = needs_of(name);
    visit->above = walk->at;
    walk->at = visit;
}

static void leave(struct walk *walk)
{
    struct visit *visit = walk->at;

    walk->order = cop_cons(visit->name, walk->order);
    walk->at = visit->above;
    cop_free(visit);
}

/* Depth first, in the order of the lists (APP-06): what is needed first. Nothing for what runs. */
static cop_term order_of(cop_term names)
{
    struct walk walk = {.met = cop_dict_new(), .order = cop_empty_list()};

    for (cop_term runs = cop_application_which(); !cop_is_empty_list(runs); runs = cop_tail(runs))
        cop_dict_put(walk.met, cop_elem(cop_head(runs), 0), cop_true());
    for (; !cop_is_empty_list(names); names = cop_tail(names)) {
        enter(&walk, atom_of(cop_head(names)));
        while (walk.at) {
            cop_term next = walk.at->needs;

            if (cop_is_empty_list(next)) {
                leave(&walk);
            } else {
                walk.at->needs = cop_tail(next);
                enter(&walk, cop_head(next));
            }
        }
    }
    cop_dict_delete(walk.met);
    return cop_list_reverse(walk.order);
}

/* --- Starting and stopping -------------------------------------------------------------------- */

/* started: names, last first. */
static void stop_again(cop_term started)
{
    for (; !cop_is_empty_list(started); started = cop_tail(started))
        cop_application_stop(cop_head(started));
}

cop_term cop_application_ensure_started_all(cop_term names, cop_term type)
{
    cop_term started = cop_empty_list();

    if (cop_is_atom(names)) names = cop_list(names);
    if (cop_list_len(names) < 0) cop_error(COP(":badarg"));
    for (cop_term rest = order_of(names); !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_term name = cop_head(rest), reason;
        cop_term answer = cop_application_start(name, type);

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

cop_term cop_application_ensure_all_started_as(const struct cop_application *application,
                                               cop_term type)
{
    if (!cop_match(type, ":permanent") && !cop_match(type, ":transient") &&
        !cop_match(type, ":temporary"))
        cop_error(COP(":badarg"));
    cop_application_register(application);
    return cop_application_ensure_started_all(cop_atom(application->name), type);
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

/* --- Descriptions ----------------------------------------------------------------------------- */

cop_term cop_application_loaded(void)
{
    cop_term names = cop__applications_loaded(), rows = cop_empty_list();

    for (; !cop_is_empty_list(names); names = cop_tail(names)) {
        const struct cop_application *application = cop__application_find(cop_head(names));

        rows =
            cop_cons(cop_tuple(cop_head(names), cop__application_charlist(application->description),
                               cop__application_charlist(application->version)),
                     rows);
    }
    return rows;
}

static cop_term names_of_modules(const struct cop_application *application)
{
    cop_term names = cop_empty_list();

    for (const struct cop_module *const *m = application->modules; m && *m; m++)
        names = cop_cons(cop_module_name(*m), names);
    return cop_list_reverse(names);
}

static cop_term names_of(const struct cop_application *const *applications)
{
    cop_term names = cop_empty_list();

    for (; applications && *applications; applications++)
        names = cop_cons(cop_atom((*applications)->name), names);
    return cop_list_reverse(names);
}

static cop_term optional_names(const struct cop_application *application)
{
    const char *const *optional = application->optional_applications;
    cop_term names = cop_empty_list();

    for (; optional && *optional; optional++)
        names = cop_cons(cop_atom(*optional), names);
    return cop_list_reverse(names);
}

cop_term cop_application_spec(cop_term name)
{
    const struct cop_application *a = cop__application_find(atom_of(name));
    cop_term description, version, modules, registered, included, optional, needs, mod, phases;

    if (!a || !cop__application_is_loaded(name)) return cop_nil();
    description = cop__application_charlist(a->description);
    version = cop__application_charlist(a->version);
    modules = names_of_modules(a);
    registered = cop__application_text(a->registered);
    included = names_of(a->included_applications);
    optional = optional_names(a);
    needs = cop_list_append(names_of(a->applications), optional);
    mod = a->start ? cop_tuple(name, cop__application_text(a->args)) : cop_empty_list();
    phases = a->start_phases ? cop__application_text(a->start_phases) : COP(":undefined");
    return cop_build("[description: description, id: [], vsn: version, modules: modules,"
                     " maxP: :infinity, maxT: :infinity, registered: registered,"
                     " included_applications: included, optional_applications: optional,"
                     " applications: needs, mod: mod, start_phases: phases]",
                     description, version, modules, registered, included, optional, needs, mod,
                     phases);
}

cop_term cop_application_of(cop_term pid_or_module)
{
    cop_term name = cop_none(), leader;

    if (cop_is_atom(pid_or_module))
        name = cop__application_of_module(pid_or_module);
    else if (cop_match(cop_process_info(cop_to_pid(pid_or_module), COP(":group_leader")),
                       "{:group_leader, leader}", leader) &&
             cop_is_pid(leader))
        name = cop__application_of_master(cop_to_pid(leader));
    return cop_is_none(name) ? cop_nil() : name;
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
