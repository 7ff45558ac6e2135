/* SPDX-License-Identifier: Apache-2.0 */
/* System messages: what every behaviour answers beside its own requests (SYS-03 to 08, 15). The
 * client's side is sys.c. */
#include "otp/exception.h"
#include "otp/gen.h"

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
    const struct cop__sys *sys = arg;

    return cop__is_system(msg) || cop__is_parent_exit(msg, sys->parent);
}

cop_term cop__sys_receive(const struct cop__sys *sys)
{
    struct cop__sys copy = *sys;
    cop_term msg;

    cop_receive_if(while_suspended, &copy, &msg, COP_INFINITY);
    return msg;
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
    struct cop__sys *sys = arg;

    return sys->hooks->get_state(sys->server);
}

struct replacement {
    struct cop__sys *sys;
    cop_term fun;
};

static cop_term replace_state(void *arg)
{
    struct replacement *r = arg;
    cop_term state = get_state(r->sys);

    state = cop_call_fun(r->fun, &state, 1);
    r->sys->hooks->replace_state(r->sys->server, state);
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

/* {:status, pid, {:module, :gen_server}, [dictionary, state, parent, [], misc]} (SYS-05) */
static cop_term status(struct cop__sys *sys)
{
    cop_term run = sys->is_suspended ? COP(":suspended") : COP(":running");
    cop_term parent = cop_pid_term(sys->parent), shown = cop_nil();
    struct cop_outcome outcome;
    COP__TEXT(header);
    cop_term general, misc;

    if (cop_try(get_state, sys, &outcome)) shown = outcome.value;
    cop__text_add(&header, "Status for generic server ");
    cop__text_add_term(&header, sys->hooks->name(sys->server));
    general = cop_list(cop_tuple(CHARLIST("Status"), run), cop_tuple(CHARLIST("Parent"), parent),
                       cop_tuple(CHARLIST("Logged events"), cop_empty_list()));
    misc = cop_list(cop_tuple(COP(":header"), charlist((cop_bytes){header.data, header.len})),
                    cop_tuple(COP(":data"), general),
                    cop_tuple(COP(":data"), cop_list(cop_tuple(CHARLIST("State"), shown))));
    return cop_tuple(COP(":status"), cop_self(), COP("{:module, :gen_server}"),
                     cop_list(cop_dictionary(), run, parent, cop_empty_list(), misc));
}

/* --- Requests --------------------------------------------------------------------------------- */

bool cop__sys_handle(struct cop__sys *sys, cop_term msg, cop_term *ret_reason)
{
    cop_term from = cop_elem(msg, 1), request = cop_elem(msg, 2), reason, fun;

    if (cop_match(request, "{:terminate, reason}", reason)) {
        cop__reply(from, cop_ok());
        *ret_reason = reason;
        return false;
    }
    if (cop_match(request, ":get_state")) {
        cop__reply(from, tried(get_state, sys, COP(":system_get_state")));
    } else if (cop_match(request, "{:replace_state, fun}", fun)) {
        struct replacement r = {sys, fun};

        cop__reply(from, tried(replace_state, &r, COP(":system_replace_state")));
    } else if (cop_match(request, ":get_status")) {
        cop__reply(from, status(sys));
    } else if (cop_match(request, ":suspend")) {
        sys->is_suspended = true;
        cop__reply(from, cop_ok());
    } else if (cop_match(request, ":resume")) {
        sys->is_suspended = false;
        cop__reply(from, cop_ok());
    } else {
        cop__reply(from, cop_tuple(COP(":error"), cop_tuple(COP(":unknown_system_msg"), request)));
    }
    return true;
}
