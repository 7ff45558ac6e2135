/* SPDX-License-Identifier: Apache-2.0 */
/* Reports in Erlang's form: of servers and tasks. Those of supervisors and of proc_lib's processes
 * stand beside their Elixir forms. */
#include "otp/log_erlang.h"

#include "otp/exception.h"

#define TERM_MAX 8192

void cop__text_add_erlang(struct cop__text *text, cop_term t)
{
    cop__text_add_bytes(text, cop_to_bytes(cop_inspect_erlang(t, TERM_MAX)));
}

void cop__text_add_field(struct cop__text *text, const char *name, cop_term t)
{
    cop__text_add_format(text, "    %s: ", name);
    cop__text_add_erlang(text, t);
    cop__text_add(text, "\n");
}

void cop__log_report(enum cop_level level, const char *title, const struct cop__text *text)
{
    cop_term metadata = cop_map_put(cop_map_new(), COP(":report"), title);

    cop_logger_put(level, (cop_bytes){text->data, text->len}, metadata);
}

static void add_line(struct cop__text *text, const char *words, cop_term t)
{
    cop__text_add(text, words);
    cop__text_add_erlang(text, t);
    cop__text_add(text, "\n");
}

/* "words term." */
static void add_sentence(struct cop__text *text, const char *words, cop_term t)
{
    cop__text_add(text, words);
    cop__text_add_erlang(text, t);
    cop__text_add(text, ".");
}

/* The stack of the client, an empty one too, or cop_none() if it is dead. */
static cop_term client_stack(const struct cop__crash *crash)
{
    cop_term stack, row = cop_process_info(cop_to_pid(crash->client), COP(":current_stacktrace"));

    return cop_match(row, "{_, stack}", stack) ? stack : cop_none();
}

static void log_terminating_on_a_line(const struct cop__crash *crash, cop_term reason)
{
    COP__TEXT(text);

    cop__text_add(&text, "Generic server ");
    cop__text_add_erlang(&text, crash->name);
    add_sentence(&text, " terminating. Reason: ", reason);
    add_sentence(&text, " Last message: ", crash->last);
    add_sentence(&text, " State: ", crash->state);
    if (!cop_is_none(crash->client)) {
        cop_term stack = client_stack(crash);

        cop__text_add(&text, " Client ");
        cop__text_add_erlang(&text, crash->client);
        if (cop_is_none(stack))
            cop__text_add(&text, " is dead.");
        else
            add_sentence(&text, " stacktrace: ", stack);
    }
    cop__log_report(COP_ERROR, "ERROR REPORT", &text);
}

void cop__log_terminating_erlang(const struct cop__crash *crash)
{
    cop_term reason = crash->reason, stack;
    COP__TEXT(text);

    if (crash->class_ == COP_CLASS_ERROR) reason = cop_tuple(reason, crash->stack);
    if (cop_logger_form() == COP_FORM_ERLANG_LINE) {
        log_terminating_on_a_line(crash, reason);
        return;
    }
    cop__text_add(&text, "** Generic server ");
    cop__text_add_erlang(&text, crash->name);
    cop__text_add(&text, " terminating \n");
    add_line(&text, "** Last message in was ", crash->last);
    add_line(&text, "** When Server state == ", crash->state);
    add_line(&text, "** Reason for termination ==\n** ", reason);
    if (!cop_is_none(crash->client)) {
        cop__text_add(&text, "** Client ");
        cop__text_add_erlang(&text, crash->client);
        stack = client_stack(crash);
        if (!cop_is_none(stack))
            add_line(&text, " stacktrace\n** ", stack);
        else
            cop__text_add(&text, " is dead\n");
    }
    cop__log_report(COP_ERROR, "ERROR REPORT", &text);
}

void cop__log_task_erlang(cop_term starter, cop_term fun, cop_term args, cop_term reason)
{
    COP__TEXT(text);

    cop__text_add(&text, "** Task ");
    cop__text_add_erlang(&text, cop_pid_term(cop_self()));
    cop__text_add(&text, " terminating\n");
    add_line(&text, "** Started from ", starter);
    add_line(&text, "** When function  == ", fun);
    add_line(&text, "**      arguments == ", args);
    add_line(&text, "** Reason for termination == \n** ", reason);
    cop__log_report(COP_ERROR, "ERROR REPORT", &text);
}
