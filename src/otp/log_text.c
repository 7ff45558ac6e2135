/* SPDX-License-Identifier: Apache-2.0 */
/* The words of crashes in the log: of servers (LOG-05 to 08, 12), in Elixir's form; those of any
 * process that proc_lib started are in crash_report.c. Which of them are wanted is asked here;
 * where they go is the log's business (node.h). */
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/log_erlang.h"
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

/* Why a server or task ended, with its stack. As with Elixir's logger, not the class decides: what
 * could have been raised is told as an exception, all else as a reason. A reason without a stack of
 * its own was returned; it may hold an error with its stack. */
static void add_ending(struct cop__text *text, enum cop_class class_, cop_term reason,
                       cop_term stack)
{
    bool was_raised = class_ == COP_CLASS_ERROR || !cop_is_empty_list(stack) ||
                      cop__reason_is_error(reason, &reason, &stack);

    if (was_raised && !cop_match(cop__exception_of(reason, stack), "%{__struct__: ErlangError}")) {
        cop__add_banner(text, COP_CLASS_ERROR, reason, stack);
    } else {
        cop__text_add(text, "** (stop) ");
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

    if (cop_logger_form() != COP_FORM_ELIXIR) {
        cop__log_terminating_erlang(crash);
        return;
    }
    cop__text_add(&text, "GenServer ");
    cop__text_add_term(&text, crash->name);
    cop__text_add(&text, " terminating\n");
    add_ending(&text, crash->class_, crash->reason, crash->stack);
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

void cop__log_task(cop_term starter, cop_term mfa, const struct cop_outcome *outcome)
{
    cop_term module = cop_elem(mfa, 0), function = cop_elem(mfa, 1), args = cop_elem(mfa, 2);
    cop_term fun, fun_args, reason = outcome->value;
    COP__TEXT(text);

    if (cop_match(mfa, "{:erlang, :apply, [fun, fun_args]}", fun, fun_args) &&
        cop_is_fun(fun, (int)cop_list_len(fun_args)))
        args = fun_args;
    else
        fun = cop_capture(module, function, (int)cop_list_len(args));
    if (outcome->class_ == COP_CLASS_THROW) reason = cop_tuple(COP(":nocatch"), reason);
    if (cop_logger_form() != COP_FORM_ELIXIR) {
        cop__log_task_erlang(starter, fun, args,
                             outcome->class_ == COP_CLASS_EXIT ? reason
                                                               : cop_tuple(reason, outcome->stack));
        return;
    }
    cop__text_add_format(&text, "Task ");
    cop__text_add_term(&text, cop_pid_term(cop_self()));
    cop__text_add(&text, " started from ");
    cop__text_add_term(&text, starter);
    cop__text_add(&text, " terminating\n");
    add_ending(&text, outcome->class_, reason, outcome->stack);
    cop__text_add(&text, "\nFunction: ");
    cop__text_add_term(&text, fun);
    cop__text_add(&text, "\n    Args: ");
    cop__text_add_term(&text, args);
    log_text(&text);
}
