/* SPDX-License-Identifier: Apache-2.0 */
/* Names of servers: atoms, and terms that a module of the user's looks up ({:via, module,
 * term}). */
#include "otp/exception.h"
#include "otp/gen.h"

#define LOCAL_NODE ":nonode@nohost"

static bool is_via(cop_term name, cop_term *ret_module, cop_term *ret_term)
{
    cop_term module, term;

    if (!cop_match(name, "{:via, module, term}", module, term) || !cop_is_atom(module))
        return false;
    *ret_module = module;
    *ret_term = term;
    return true;
}

void cop__name_check(cop_term name)
{
    cop_term module, term;
    COP__TEXT(shown);

    if (cop_is_atom(name) || is_via(name, &module, &term)) return;
    cop__text_add_term(&shown, name);
    if (cop_match(name, "{:global, _}"))
        cop_raise("ArgumentError",
                  "names of the form {:global, term} need a connected node, got: %s", shown.data);
    cop_raise("ArgumentError",
              "expected :name option to be one of the following:\n\n"
              "  * nil\n  * atom\n  * {:global, term}\n  * {:via, module, term}\n\nGot: %s\n",
              shown.data);
}

cop_term cop__server_locate(cop_term server)
{
    cop_term module, term, found;
    cop_pid pid = cop_no_pid();

    if (cop_is_pid(server)) return server;
    if (cop_is_atom(server)) {
        pid = cop_whereis(server);
    } else if (is_via(server, &module, &term)) {
        found = cop_apply(module, COP(":whereis_name"), cop_list(term));
        if (cop_is_pid(found)) return found;
    } else if (cop_match(server, "{:global, _}")) {
        return cop_nil();
    } else if (cop_match(server, "{term, module}", term, module) && cop_is_atom(term) &&
               cop_is_atom(module)) {
        if (!cop_identical(module, COP(LOCAL_NODE))) return server;
        pid = cop_whereis(term);
    } else {
        cop__raise_function_clause(COP("GenServer"), "whereis", 1);
    }
    return cop_pid_term(pid);
}

cop_pid cop__server_where(cop_term server)
{
    cop_term found = cop__server_locate(server);

    return cop_is_pid(found) ? cop_to_pid(found) : cop_no_pid();
}

cop_pid cop__server_to_ask(cop_term server, cop_term *ret_why)
{
    cop_term found = cop__server_locate(server);

    *ret_why = COP(":noproc");
    if (cop_is_tuple(found)) *ret_why = cop_tuple(COP(":nodedown"), cop_elem(found, 1));
    if (!cop_is_pid(found)) return cop_no_pid();
    if (!cop_pid_equal(cop_to_pid(found), cop_self())) return cop_to_pid(found);
    *ret_why = COP(":calling_self");
    return cop_no_pid();
}

/* A message by the send function of a name's module. */
static cop_term send_via(void *arg)
{
    const cop_term *parts = arg;

    return cop_apply(parts[0], COP(":send"), cop_list(parts[1], parts[2]));
}

void cop__server_send(cop_term server, cop_term msg)
{
    cop_term parts[] = {cop_nil(), cop_nil(), msg};
    struct cop_outcome outcome;
    cop_pid pid;

    if (is_via(server, &parts[0], &parts[1])) {
        cop_try(send_via, parts, &outcome);
        return;
    }
    pid = cop__server_where(server);
    if (!cop_is_no_pid(pid)) cop_send(pid, msg);
}

static cop_term register_self(void *name)
{
    cop_register(*(cop_term *)name, cop_self());
    return cop_nil();
}

bool cop__name_take(cop_term name)
{
    cop_term module, term, answer;
    struct cop_outcome outcome;

    if (cop_is_atom(name)) return cop_try(register_self, &name, &outcome);
    if (!is_via(name, &module, &term)) return false;
    answer = cop_apply(module, COP(":register_name"), cop_list(term, cop_self()));
    return cop_identical(answer, COP(":yes"));
}

void cop__name_give_back(cop_term name)
{
    cop_term module, term;

    if (is_via(name, &module, &term)) cop_apply(module, COP(":unregister_name"), cop_list(term));
}
