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
    /* The following may be left out. Texts are terms in Elixir syntax; NULL: []. */
    const char *args;       /* of start: "[:fast]" */
    const char *registered; /* names of its processes: "[KV.Registry]" */
    /* Names of applications that are started before if the program knows them, ended by NULL. */
    const char *const *optional_applications;
    /* After start, start_phase(phase, type, args) is called for each pair of this keyword list, in
     * order (APP-19): "[connect: [], serve: [4040]]". :ok, or {:error, reason} which ends it. */
    const char *start_phases;
    cop_term (*start_phase)(cop_term phase, cop_term type, cop_term args); /* NULL: no phases */
    /* For cop_main(). What the program, and its node, is called; NULL: name. */
    const char *program;
    /* Lines that the command `help` shows behind the options; NULL: none. */
    const char *settings;
    /* Parts of this one: loaded and unloaded with it, and not started, which is its own business
     * (APP-01); ended by NULL; NULL: none. */
    const struct cop_application *const *included_applications;
};

COP_BEGIN_DECLS

/* Makes an application and those that it needs known by their names; they live for ever. Two of the
 * same name are a fatal mistake. Whoever is started by its struct is known, too. Runs on: any
 * thread. */
COP_API void cop_application_register(const struct cop_application *application);
/* :ok, {:error, {:already_loaded, app}} or {:error, reason}: its modules and its environment are
 * there (APP-02). An unknown name is {:error, {~c"no such file or directory", ~c"app.app"}}, as in
 * OTP. Switches, as all below. */
COP_API cop_term cop_application_load(cop_term name);
/* :ok, {:error, {:running, app}} or {:error, {:not_loaded, app}}. */
COP_API cop_term cop_application_unload(cop_term name);
/* Starts one, loads it if need be: :ok, {:error, {:not_started, dependency}}, {:error,
 * {:already_started, app}} or {:error, reason} (APP-03 to 05). type: see below. */
COP_API cop_term cop_application_start(cop_term name, cop_term type);
/* The same, and :ok if it runs (APP-06). */
COP_API cop_term cop_application_ensure_started(cop_term name, cop_term type);
/* Starts these applications, a name or a list, and all that they need first: {:ok, [started]} or
 * {:error, {app, reason}}; then those that it started are stopped again (APP-06). */
COP_API cop_term cop_application_ensure_started_all(cop_term names, cop_term type);
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
 * node (APP-13). The application that needs more than the milliseconds in shutdown_timeout of
 * :kernel's environment, :infinity by default, is killed at its master, and the next one stopped.
 * Returns :ok. Switches. */
COP_API cop_term cop_application_stop_all(void);
/* [{app, description, version}], the last started first (APP-15); texts are character lists. */
COP_API cop_term cop_application_which(void);
/* The running ones in the order of their starts: [{app, description, version, master, top}], texts
 * as binaries; top is the process at the top of its tree, nil while that starts. A library, which
 * has no process, is not among them. Asks nobody: no controller that is busy keeps it waiting. Runs
 * on: any thread, inside a region. */
COP_API cop_term cop_application_trees(void);
/* The same of all that are loaded, in no order. */
COP_API cop_term cop_application_loaded(void);
/* The description of a loaded application as a keyword list, or nil (APP-01). */
COP_API cop_term cop_application_spec(cop_term name);
/* The name of the application to which a process (by its group leader) or a module belongs, or nil
 * (APP-23). */
COP_API cop_term cop_application_of(cop_term pid_or_module);
/* The value of key in the application's environment, or fallback (APP-16). Sends no message
 * (APP-18). Runs on: any thread, inside a region. */
COP_API cop_term cop_application_get_env(cop_term name, cop_term key, cop_term fallback);
/* Sets it; :ok. The value is data that can be written down: one with pids or references in it is an
 * ArgumentError. Runs on: as above. */
COP_API cop_term cop_application_put_env(cop_term name, cop_term key, cop_term value);
/* The same, and each load of the application sets it again. */
COP_API cop_term cop_application_put_env_persistent(cop_term name, cop_term key, cop_term value);
/* {:ok, value} or :error; :ok, also for what is not there; [{key, value}]. As get_env. */
COP_API cop_term cop_application_fetch_env(cop_term name, cop_term key);
COP_API cop_term cop_application_delete_env(cop_term name, cop_term key);
COP_API cop_term cop_application_get_all_env(cop_term name);

COP_END_DECLS

#endif
