/* SPDX-License-Identifier: Apache-2.0 */
/* The words of crashes in the log: of servers (LOG-05 to 08, 12) and of any process that proc_lib
 * started (LOG-18, PLB-15 to 16), in Elixir's form. Which of them are wanted is asked here; where
 * they go is the log's business (node.h). */
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/log_settings.h"

#include "coppice/node.h"

bool cop__is_normal(cop_term reason)
{
    if (cop_is_atom(reason))
        return cop_identical(reason, COP(":normal")) || cop_identical(reason, COP(":shutdown"));
    return cop_match(reason, "{:shutdown, _}");
}

/* The name of a process, its pid if it has none, cop_none() if it is dead. */
static cop_term name_of(cop_pid pid)
{
    cop_term info = cop_process_info(pid, COP(":registered_name")), name;

    if (!cop_match(info, "{:registered_name, name}", name)) return cop_none();
    return cop_is_atom(name) ? name : cop_pid_term(pid);
}

cop_term cop__self_name(void)
{
    cop_term name = name_of(cop_self());

    return cop_is_none(name) ? cop_pid_term(cop_self()) : name;
}

static void log_text(const struct cop__text *text)
{
    cop_log(COP_ERROR, "%s", text->data);
}

/* "** (RuntimeError) oops" with the stack for an error, "** (stop) ..." for an exit. */
static void add_reason(struct cop__text *text, const char *exit_words, enum cop_class class_,
                       cop_term reason, cop_term stack)
{
    cop_term raised;

    if (class_ == COP_CLASS_EXIT && cop__reason_is_error(reason, &raised, &stack)) {
        class_ = COP_CLASS_ERROR;
        reason = raised;
    }
    if (class_ != COP_CLASS_EXIT) {
        cop__add_banner(text, class_, reason, stack);
    } else {
        cop__text_add(text, exit_words);
        cop__add_exit(text, reason);
    }
    cop__add_stack(text, stack, 4);
}

static void add_client(struct cop__text *text, cop_term client)
{
    cop_term name = name_of(cop_to_pid(client));

    cop__text_add(text, "\nClient ");
    cop__text_add_term(text, cop_is_none(name) ? client : name);
    cop__text_add(text, cop_is_none(name) ? " is dead" : " is alive");
}

void cop__log_terminating(const struct cop__crash *crash)
{
    COP__TEXT(text);

    cop__text_add(&text, "GenServer ");
    cop__text_add_term(&text, crash->name);
    cop__text_add(&text, " terminating\n");
    add_reason(&text, "** (stop) ", crash->class_, crash->reason, crash->stack);
    cop__text_add(&text, "\nLast message");
    if (!cop_is_none(crash->client)) {
        cop__text_add(&text, " (from ");
        cop__text_add_term(&text, crash->client);
        cop__text_add(&text, ")");
    }
    cop__text_add(&text, ": ");
    cop__text_add_term(&text, crash->last);
    if (cop__log_details_on()) {
        cop__text_add(&text, "\nState: ");
        cop__text_add_term(&text, crash->state);
        if (!cop_is_none(crash->client)) add_client(&text, crash->client);
    }
    log_text(&text);
}

/* --- Crash reports ---------------------------------------------------------------------------- */

/* The rows of a report that process_info gives, in order (PLB-16). */
static const struct {
    const char *label;
    const char *item;
} details[] = {
    {"Message Queue Length", "message_queue_len"},
    {"Messages", "messages"},
    {"Links", "links"},
    {"Dictionary", "dictionary"},
    {"Trapping Exits", "trap_exit"},
    {"Status", "status"},
    {"Heap Size", "heap_size"},
    {"Stack Size", "stack_size"},
    {"Reductions", "reductions"},
};

/* The dictionary without what proc_lib put there. */
static cop_term users_part(cop_term dictionary)
{
    cop_term kept = cop_empty_list(), key, value, rest = dictionary;

    while (cop_match(rest, "[{key, value} | rest]", key, value, rest)) {
        if (!cop_identical(key, COP(":\"$ancestors\"")) &&
            !cop_identical(key, COP(":\"$initial_call\"")))
            kept = cop_cons(cop_tuple(key, value), kept);
    }
    return cop_list_reverse(kept);
}

static cop_term info_try(void *arg)
{
    cop_term item = *(cop_term *)arg, value = cop_elem(cop_process_info(cop_self(), item), 1);

    return cop_identical(item, COP(":dictionary")) ? users_part(value) : value;
}

static void add_details(struct cop__text *text)
{
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        cop_term item = cop_atom(details[i].item);
        struct cop_outcome outcome;

        if (!cop_try(info_try, &item, &outcome)) continue;
        cop__text_add_format(text, "\n%s: ", details[i].label);
        cop__text_add_term(text, outcome.value);
    }
}

void cop__log_crash(enum cop_class class_, cop_term reason, cop_term stack)
{
    cop_term m, f, a;
    COP__TEXT(text);

    if (!cop__log_sasl_on() || (class_ == COP_CLASS_EXIT && cop__is_normal(reason))) return;
    cop__text_add(&text, "Process ");
    cop__text_add_term(&text, cop__self_name());
    cop__text_add(&text, " terminating\n");
    add_reason(&text, "** (exit) ", class_, reason, stack);
    if (cop_match(cop_get(COP(":\"$initial_call\"")), "{m, f, a}", m, f, a)) {
        cop__text_add(&text, "\nInitial Call: ");
        cop__text_add_call(&text, m, f, a);
    }
    cop__text_add(&text, "\nAncestors: ");
    cop__text_add_term(&text, cop_ancestors());
    if (cop__log_details_on()) add_details(&text);
    log_text(&text);
}
