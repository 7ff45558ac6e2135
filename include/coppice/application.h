/* SPDX-License-Identifier: Apache-2.0 */
/* Application: a named part of a program with its modules, its dependencies and the supervisor at
 * its top (APP). cop_main() (node.h) runs one. */
#ifndef COPPICE_APPLICATION_H
#define COPPICE_APPLICATION_H

#include "coppice/module.h"

struct cop_application {
    size_t size;      /* sizeof(struct cop_application) */
    const char *name; /* "kv": the atom :kv */
    const char *description;
    const char *version;
    const struct cop_module *const *modules; /* ended by NULL; NULL: none */
    /* started before; ended by NULL; NULL: none */
    const struct cop_application *const *applications;
    /* Starts the top supervisor: {:ok, pid}, {:ok, pid, state} or {:error, reason} (APP-04). NULL:
     * a library, which starts trivially. */
    cop_term (*start)(cop_term type, cop_term args);
    cop_term (*prep_stop)(cop_term state); /* may change the state; NULL: none */
    void (*stop)(cop_term state);          /* after all processes are gone; NULL: none */
    const char *env; /* defaults, a keyword list in Elixir syntax: "[port: 4040]"; NULL: none */
};

COP_BEGIN_DECLS

/* Starts the application and those that it needs (APP-06): {:ok, [started]} or {:error, {app,
 * reason}}, then nothing of it is left running. Switches. */
COP_API cop_term cop_application_ensure_all_started(const struct cop_application *application);
/* The same with a type, which says what follows when one of them ends by itself (APP-08):
 * :permanent, the node stops with status 1; :transient, the same unless it ended normally;
 * :temporary, nothing. */
COP_API cop_term cop_application_ensure_all_started_as(const struct cop_application *application,
                                                       cop_term type);
/* Stops it by request (APP-09, 10): :ok or {:error, {:not_started, app}}. Switches. */
COP_API cop_term cop_application_stop(cop_term name);
/* Stops all, the last started first, each in the times that its children have: the ordered end of a
 * node (APP-13). Returns :ok. Switches. */
COP_API cop_term cop_application_stop_all(void);
/* [{app, description, version}], the last started first (APP-15); texts are character lists. */
COP_API cop_term cop_application_which(void);
/* The value of key in the application's environment, or fallback (APP-16). Sends no message
 * (APP-18). Runs on: any thread, inside a region. */
COP_API cop_term cop_application_get_env(cop_term name, cop_term key, cop_term fallback);
/* Sets it; :ok. The value is data that can be written down: one with pids or references in it is an
 * ArgumentError. Runs on: as above. */
COP_API cop_term cop_application_put_env(cop_term name, cop_term key, cop_term value);

COP_END_DECLS

#endif
