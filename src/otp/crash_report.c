/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a process that proc_lib has started and that ends by an exception of its own
 * (PLB-15 to 17, LOG-18): who it was, what it died of, what it had, and who stood beside it. The
 * form is Elixir's.
 *
 * A neighbour is who is linked to it, directly or by way of other neighbours, and does not trap
 * exits: it goes down with the crash. */
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/log_erlang.h"
#include "otp/log_settings.h"

#include "coppice/node.h"

#include <string.h>

#define NEIGHBOURS_MAX 15
#define MESSAGES_MAX   51 /* one more than is shown */

/* --- Fields ----------------------------------------------------------------------------------- */

/* One line of a report: an item of process_info and what it is called. */
struct field {
    const char *label;
    const char *item; /* NULL: messages, the first ones */
};
/* With details (PLB-16). */
static const struct field own_fields[] = {
    {"Message Queue Length", "message_queue_len"},
    {"Messages", NULL},
    {"Links", "links"},
    {"Dictionary", "dictionary"},
    {"Trapping Exits", "trap_exit"},
    {"Status", "status"},
    {"Heap Size", "heap_size"},
    {"Stack Size", "stack_size"},
    {"Reductions", "reductions"},
};
static const struct field neighbour_fields[] = {
    {"Message Queue Length", "message_queue_len"},
    {"Links", "links"},
    {"Trapping Exits", "trap_exit"},
    {"Status", "status"},
    {"Heap Size", "heap_size"},
    {"Stack Size", "stack_size"},
    {"Reductions", "reductions"},
    {"Current Stacktrace", "current_stacktrace"},
};

static bool is_proc_lib_key(cop_term key)
{
    return cop_identical(key, COP(":\"$ancestors\"")) ||
           cop_identical(key, COP(":\"$initial_call\""));
}

/* The dictionary without what proc_lib put there. */
static cop_term users_part(cop_term dictionary)
{
    cop_term kept = cop_empty_list(), key, value, rest = dictionary;

    while (cop_match(rest, "[{key, value} | rest]", key, value, rest)) {
        if (!is_proc_lib_key(key)) kept = cop_cons(cop_tuple(key, value), kept);
    }
    return cop_list_reverse(kept);
}

struct question {
    cop_pid pid;
    cop_term item;
};

static cop_term ask(void *arg)
{
    const struct question *q = arg;

    return cop_process_info(q->pid, q->item);
}

/* The value of an item of process_info; cop_none() for the dead. */
static cop_term info(cop_pid pid, const char *item)
{
    struct question question = {pid, cop_atom(item)};
    struct cop_outcome outcome;

    if (!cop_try(ask, &question, &outcome) || !cop_is_tuple(outcome.value)) return cop_none();
    return cop_elem(outcome.value, 1);
}

/* A new line with this indent, and what it is called. */
static void add_label(struct cop__text *text, int indent, const char *label)
{
    cop__text_add(text, "\n");
    cop__text_add_spaces(text, indent);
    cop__text_add_format(text, "%s: ", label);
}

static void add_field(struct cop__text *text, int indent, cop_pid pid, const struct field *field)
{
    cop_term value = field->item == NULL ? cop_messages(MESSAGES_MAX) : info(pid, field->item);

    if (cop_is_none(value)) return;
    if (field->item != NULL && strcmp(field->item, "dictionary") == 0) value = users_part(value);
    add_label(text, indent, field->label);
    cop__text_add_term(text, value);
}

/* A line with a function, {mod, fun, arity} or a name as a text; none if it is not known. */
static void add_call(struct cop__text *text, int indent, const char *label, cop_term call)
{
    cop_term m, f, a;

    if (cop_match(call, "{m, f, a}", m, f, a)) {
        add_label(text, indent, label);
        cop__text_add_call(text, m, f, a);
    } else if (cop_is_binary(call)) {
        add_label(text, indent, label);
        cop__text_add_bytes(text, cop_to_bytes(call));
    }
}

/* The pid, behind the name if it has one. */
static void add_name(struct cop__text *text, cop_pid pid)
{
    cop_term name = info(pid, "registered_name");
    bool has_name = cop_is_atom(name);

    if (has_name) {
        cop__text_add_term(text, name);
        cop__text_add(text, " (");
    }
    cop__text_add_term(text, cop_pid_term(pid));
    if (has_name) cop__text_add(text, ")");
}

static void add_ancestors(struct cop__text *text, int indent, cop_term dictionary)
{
    add_label(text, indent, "Ancestors");
    cop__text_add_term(text, cop_keyword_get(dictionary, COP(":\"$ancestors\""), cop_empty_list()));
}

/* --- Neighbours ------------------------------------------------------------------------------- */

/* Who was found: the first is the process itself, which is none of them. */
struct neighbours {
    cop_pid found[NEIGHBOURS_MAX + 1];
    size_t len;
};

static bool is_found(const struct neighbours *n, cop_pid pid)
{
    for (size_t i = 0; i < n->len; i++) {
        if (cop_pid_equal(n->found[i], pid)) return true;
    }
    return false;
}

/* Adds those that the found ones are linked to, until there are no more or enough. */
static void find_neighbours(struct neighbours *n)
{
    n->found[0] = cop_self();
    n->len = 1;
    for (size_t at = 0; at < n->len; at++) {
        cop_term links = info(n->found[at], "links");

        if (!cop_is_list(links)) continue;
        for (; !cop_is_empty_list(links) && n->len <= NEIGHBOURS_MAX; links = cop_tail(links)) {
            cop_pid pid = cop_to_pid(cop_head(links));

            if (pid.node == 0 && !is_found(n, pid) &&
                cop_identical(info(pid, "trap_exit"), cop_false()))
                n->found[n->len++] = pid;
        }
    }
}

static void add_neighbour(struct cop__text *text, cop_pid pid)
{
    cop_term dictionary = info(pid, "dictionary");

    if (!cop_is_list(dictionary)) return; /* it has died meanwhile, or is busy */
    cop__text_add(text, "\n    ");
    add_name(text, pid);
    add_call(text, 8, "Initial Call", info(pid, "initial_call"));
    add_call(text, 8, "Current Call", info(pid, "current_function"));
    add_ancestors(text, 8, dictionary);
    if (!cop__log_details_on()) return;
    for (size_t i = 0; i < sizeof neighbour_fields / sizeof neighbour_fields[0]; i++)
        add_field(text, 8, pid, &neighbour_fields[i]);
}

/* --- In Erlang's form ------------------------------------------------------------------------- */

static void add_fields_erlang(struct cop__text *text, cop_pid pid, const char *const *items)
{
    for (; *items != NULL; items++) {
        cop_term value = info(pid, *items);

        if (!cop_is_none(value)) cop__text_add_field(text, *items, value);
    }
}

static void add_neighbour_erlang(struct cop__text *text, cop_pid pid)
{
    static const char *const items[] = {
        "registered_name", "message_queue_len", "links",      "trap_exit",          "status",
        "heap_size",       "stack_size",        "reductions", "current_stacktrace", NULL};

    cop__text_add(text, "  neighbour:\n");
    cop__text_add_field(text, "pid", cop_pid_term(pid));
    add_fields_erlang(text, pid, items);
}

static void add_initial_call_erlang(struct cop__text *text, cop_term call)
{
    cop_term m, f, a;

    if (!cop_match(call, "{m, f, a}", m, f, a)) return;
    cop__text_add(text, "    initial call: ");
    cop__text_add_erlang(text, m);
    cop__text_add(text, ":");
    cop__text_add_erlang(text, f);
    cop__text_add(text, "/");
    cop__text_add_erlang(text, a);
    cop__text_add(text, "\n");
}

/* LOG-19 */
static void log_crash_erlang(enum cop_class class_, cop_term reason, cop_term stack,
                             cop_term dictionary)
{
    static const char *const classes[] = {[COP_CLASS_ERROR] = "exception error",
                                          [COP_CLASS_EXIT] = "exception exit",
                                          [COP_CLASS_THROW] = "exception throw"};
    static const char *const last[] = {"trap_exit",  "status",     "heap_size",
                                       "stack_size", "reductions", NULL};
    cop_pid self = cop_self();
    struct neighbours neighbours;
    COP__TEXT(text);

    cop__text_add(&text, "  crasher:\n");
    add_initial_call_erlang(&text,
                            cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    cop__text_add_field(&text, "pid", cop_pid_term(self));
    cop__text_add_field(&text, "registered_name", info(self, "registered_name"));
    cop__text_add_field(&text, classes[class_],
                        cop_is_empty_list(stack) ? reason : cop_tuple(reason, stack));
    cop__text_add_field(&text, "ancestors", cop_ancestors());
    cop__text_add_field(&text, "message_queue_len", info(self, "message_queue_len"));
    cop__text_add_field(&text, "messages", cop_messages(MESSAGES_MAX));
    cop__text_add_field(&text, "links", info(self, "links"));
    cop__text_add_field(&text, "dictionary", users_part(dictionary));
    add_fields_erlang(&text, self, last);
    cop__text_add(&text, "  neighbours:\n");
    find_neighbours(&neighbours);
    for (size_t i = 1; i < neighbours.len; i++)
        add_neighbour_erlang(&text, neighbours.found[i]);
    cop__log_report(COP_ERROR, "CRASH REPORT", &text);
}

/* --- The report ------------------------------------------------------------------------------- */

void cop__log_crash(enum cop_class class_, cop_term reason, cop_term stack)
{
    cop_pid self = cop_self();
    cop_term dictionary, label;
    struct neighbours neighbours;
    COP__TEXT(text);

    if (!cop__log_sasl_on() || (class_ == COP_CLASS_EXIT && cop__is_normal(reason))) return;
    dictionary = cop_dictionary();
    if (cop_logger_form() != COP_FORM_ELIXIR) {
        log_crash_erlang(class_, reason, stack, dictionary);
        return;
    }
    label = info(self, "label");
    cop__text_add(&text, "Process ");
    add_name(&text, self);
    cop__text_add(&text, " terminating\n");
    cop__add_banner(&text, class_, reason, stack);
    cop__add_stack(&text, stack, 4);
    add_call(&text, 0, "Initial Call",
             cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    if (!cop_identical(label, cop_nil())) {
        add_label(&text, 0, "Process Label");
        cop__text_add_term(&text, label);
    }
    add_ancestors(&text, 0, dictionary);
    if (cop__log_details_on()) {
        for (size_t i = 0; i < sizeof own_fields / sizeof own_fields[0]; i++)
            add_field(&text, 0, self, &own_fields[i]);
    }
    find_neighbours(&neighbours);
    if (neighbours.len > 1) cop__text_add(&text, "\nNeighbours:");
    for (size_t i = 1; i < neighbours.len; i++)
        add_neighbour(&text, neighbours.found[i]);
    cop_log(COP_ERROR, "%s", text.data);
}
