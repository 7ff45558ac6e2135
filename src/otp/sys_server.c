/* SPDX-License-Identifier: Apache-2.0 */
/* System messages: what every behaviour answers beside its own requests (SYS-03 to 15).
 * The client's side is sys.c, the debug options are sys_debug.c. */
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/sys_debug.h"

#include "coppice/node.h"

bool cop__is_system(cop_term msg)
{
    return cop_is_tuple(msg) && cop_tuple_size(msg) == 3 &&
           cop_identical(cop_elem(msg, 0), COP(":system")) && cop_is_tuple(cop_elem(msg, 1)) &&
           cop_tuple_size(cop_elem(msg, 1)) == 2;
}

bool cop__is_parent_exit(cop_term msg, cop_pid parent)
{
    return cop_is_tuple(msg) && cop_tuple_size(msg) == 3 &&
           cop_identical(cop_elem(msg, 0), COP(":EXIT")) && cop_is_pid(cop_elem(msg, 1)) &&
           cop_pid_equal(cop_to_pid(cop_elem(msg, 1)), parent);
}

static bool while_suspended(cop_term msg, void *arg)
{
    const struct cop_sys *sys = arg;

    return cop__is_system(msg) || cop__is_parent_exit(msg, sys->parent);
}

cop_term cop__sys_receive(const struct cop_sys *sys)
{
    struct cop_sys copy = *sys;
    cop_term msg;

    cop_receive_if(while_suspended, &copy, &msg, COP_INFINITY);
    return msg;
}

/* --- Debug options ---------------------------------------------------------------------------- */

static cop_term debug_of(const struct cop_sys *sys)
{
    return cop__sys_is_debugged(sys) ? cop_kept_term(sys->debug) : cop_empty_list();
}

cop_term cop__sys_events(const struct cop_sys *sys)
{
    return cop__debug_log(debug_of(sys));
}

static void set_debug(struct cop_sys *sys, cop_term debug)
{
    if (cop_is_empty_list(debug))
        cop_drop(&sys->debug);
    else
        cop_replace(&sys->debug, debug);
}

void cop__sys_debug(struct cop_sys *sys, cop_term options)
{
    COP__TEXT(text);

    if (cop_list_len(options) >= 0) {
        set_debug(sys, cop__debug_options(options));
        return;
    }
    cop__text_add_term(&text, sys->kind->name(sys->server));
    cop__text_add(&text, ": ignoring erroneous debug options - ");
    cop__text_add_term(&text, options);
    cop_log(COP_ERROR, "%s", text.data);
}

void cop_sys_event(cop_sys *sys, cop_term event)
{
    if (!cop__sys_is_debugged(sys)) return;
    set_debug(sys, cop__debug_event(debug_of(sys), sys->kind->name(sys->server), event));
}

/* --- State ------------------------------------------------------------------------------------ */

/* {:error, {:callback_failed, {:gen_server, function}, {class, reason}}} */
static cop_term callback_failed(cop_term function, const struct cop_outcome *outcome)
{
    cop_term class_ = outcome->class_ == COP_CLASS_ERROR  ? COP(":error")
                      : outcome->class_ == COP_CLASS_EXIT ? COP(":exit")
                                                          : COP(":throw");
    cop_term reason = outcome->value;

    return cop_build("{:error, {:callback_failed, {:gen_server, function}, {class_, reason}}}",
                     function, class_, reason);
}

static cop_term get_state(void *arg)
{
    struct cop_sys *sys = arg;

    return sys->kind->get_state(sys->server);
}

struct replacement {
    struct cop_sys *sys;
    cop_term fun;
};

/* A state that stays as it is suits all, also those that take no other (SYS-04). */
static cop_term replace_state(void *arg)
{
    struct replacement *r = arg;
    cop_term old = get_state(r->sys), state = cop_call_fun(r->fun, &old, 1);

    if (!cop_identical(state, old)) r->sys->kind->replace_state(r->sys->server, state);
    return state;
}

static cop_term tried(cop_try_fn fn, void *arg, cop_term function)
{
    struct cop_outcome outcome;

    if (!cop_try(fn, arg, &outcome)) return callback_failed(function, &outcome);
    return cop_tuple(cop_ok(), outcome.value);
}

/* A text of ASCII as a list of characters, as Erlang shows texts in a status. */
static cop_term charlist(cop_bytes text)
{
    cop_term list = cop_empty_list();

    for (size_t i = text.len; i > 0; i--)
        list = cop_cons((int)(unsigned char)text.data[i - 1], list);
    return list;
}

#define CHARLIST(text) charlist((cop_bytes){text, sizeof(text) - 1})

/* {:status, pid, {:module, module}, [dictionary, state, parent, debug, misc]} (SYS-05) */
/* What a supervisor adds to its status, known by its initial call: [{:supervisor, [{~c"Callback",
 * module}]}]; [] in all others. */
static cop_term callback_of_supervisor(void)
{
    cop_term module;

    if (!cop_match(cop_get(COP(":\"$initial_call\"")), "{:supervisor, module, 1}", module))
        return cop_empty_list();
    return cop_list(
        cop_tuple(COP(":supervisor"), cop_list(cop_tuple(CHARLIST("Callback"), module))));
}

static cop_term status(struct cop_sys *sys)
{
    cop_term run = sys->is_suspended ? COP(":suspended") : COP(":running");
    cop_term parent = cop_pid_term(sys->parent), state = cop_nil();
    cop_term events = cop__sys_events(sys), module = sys->kind->module(sys->server);
    struct cop_outcome outcome;
    COP__TEXT(header);
    cop_term general, misc;

    if (cop_try(get_state, sys, &outcome)) state = outcome.value;
    if (sys->kind->format_status != NULL) sys->kind->format_status(sys->server, &state, &events);
    cop__text_add(&header, "Status for generic server ");
    cop__text_add_term(&header, sys->kind->name(sys->server));
    general = cop_list(cop_tuple(CHARLIST("Status"), run), cop_tuple(CHARLIST("Parent"), parent),
                       cop_tuple(CHARLIST("Logged events"), events));
    misc = cop_list(cop_tuple(COP(":header"), charlist((cop_bytes){header.data, header.len})),
                    cop_tuple(COP(":data"), general),
                    cop_tuple(COP(":data"), cop_list(cop_tuple(CHARLIST("State"), state))));
    misc = cop_list_append(misc, callback_of_supervisor());
    return cop_tuple(COP(":status"), cop_self(), cop_tuple(COP(":module"), module),
                     cop_list(cop_dictionary(), run, parent, debug_of(sys), misc));
}

/* --- Code change ------------------------------------------------------------------------------ */

struct change {
    struct cop_sys *sys;
    cop_term old_version;
    cop_term extra;
};

static cop_term change_code(void *arg)
{
    const struct change *c = arg;

    return c->sys->kind->change_code(c->sys->server, c->old_version, c->extra);
}

/* :ok or {:error, why}; an exception is a value here, as OTP's `catch` has it. */
static cop_term changed(struct change *change)
{
    struct cop_outcome outcome;

    if (!cop_try(change_code, change, &outcome)) {
        if (outcome.class_ == COP_CLASS_ERROR)
            outcome.value = cop_tuple(outcome.value, outcome.stack);
        if (outcome.class_ != COP_CLASS_THROW)
            outcome.value = cop_tuple(COP(":EXIT"), outcome.value);
    }
    if (cop_identical(outcome.value, cop_ok())) return cop_ok();
    return cop_tuple(COP(":error"), outcome.value);
}

/* --- Requests --------------------------------------------------------------------------------- */

static cop_term debug_command(struct cop_sys *sys, cop_term command)
{
    cop_term debug = debug_of(sys);
    cop_term answer = cop__debug_command(&debug, command, sys->kind->name(sys->server));

    set_debug(sys, debug);
    return answer;
}

/* What is answered to all requests but terminate. */
static cop_term answer(struct cop_sys *sys, cop_term request)
{
    cop_term a, b;

    if (cop_match(request, ":get_state")) return tried(get_state, sys, COP(":system_get_state"));
    if (cop_match(request, "{:replace_state, a}", a)) {
        struct replacement r = {sys, a};

        return tried(replace_state, &r, COP(":system_replace_state"));
    }
    if (cop_match(request, ":get_status")) return status(sys);
    if (cop_match(request, "{:debug, a}", a)) return debug_command(sys, a);
    if (sys->is_suspended && cop_match(request, "{:change_code, _, a, b}", a, b))
        return changed(&(struct change){sys, a, b});
    if (cop_match(request, ":suspend")) {
        sys->is_suspended = true;
    } else if (cop_match(request, ":resume")) {
        sys->is_suspended = false;
    } else {
        return cop_tuple(COP(":error"), cop_tuple(COP(":unknown_system_msg"), request));
    }
    return cop_ok();
}

bool cop__sys_handle(struct cop_sys *sys, cop_term msg, cop_term *ret_reason)
{
    cop_term from = cop_elem(msg, 1), request = cop_elem(msg, 2), reason;

    if (cop_match(request, "{:terminate, reason}", reason)) {
        cop__reply(from, cop_ok());
        *ret_reason = reason;
        return false;
    }
    cop__reply(from, answer(sys, request));
    return true;
}
