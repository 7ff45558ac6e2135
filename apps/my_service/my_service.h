/* SPDX-License-Identifier: Apache-2.0 */
/* MyService: a service among many that knows which client may ask which service. The rules are the
 * auth service's; a short-lived worker loads them at the start and whenever they are said to have
 * changed, and they are kept in a file, so that a service that starts without an auth service goes
 * by the last ones.
 *
 *     MyService.Supervisor, rest_for_one; owns the table that questions are answered from
 *      +-- MyService.Rules          puts what was loaded into the file and the table
 *      +-- MyService                MyService.start(): a supervisor
 *      |    +-- AuthDataLoaderSup   a DynamicSupervisor
 *      |         +-- AuthDataLoader   one load: ask, save, end
 *      +-- MyService.Events         loads at the start, at SIGHUP and at POST; one load at a time
 *      +-- MyService.Web            HTTP: POST /events/auth-rules-changed, GET /rules
 *
 * The modules MyService, AuthDataLoaderSup and AuthDataLoader are also there as Lesson_11.MyService
 * and so on, as in the lesson that this service grew from: the supervisor has another name, so that
 * both can be used beside each other, and the loaders have none, so that several may run. */
#ifndef MY_SERVICE_H
#define MY_SERVICE_H

#include <coppice.h>

extern const struct cop_application my_service;
extern const struct cop_module my_service_supervisor;
extern const struct cop_module my_service_module;
extern const struct cop_module auth_data_loader_sup;
extern const struct cop_module auth_data_loader;
extern const struct cop_module my_service_rules;
extern const struct cop_module my_service_events;
extern const struct cop_module my_service_web;
extern const struct cop_module lesson_11_my_service;
extern const struct cop_module lesson_11_auth_data_loader_sup;
extern const struct cop_module lesson_11_auth_data_loader;

/* --- MyService -------------------------------------------------------------------------------- */

/* Starts a supervisor with AuthDataLoaderSup: {:ok, pid} or {:error, reason}. Switches. */
cop_term my_service_start(void);
/* Has the rules loaded: {:ok, pid} of the worker that does it, {:error, {:already_started, pid}} if
 * one does already. Switches. */
cop_term my_service_update_auth_rules(void);
/* Whether the rules allow it. Sends no message. Exits: badarg if the application does not run, as
 * the next three. */
bool my_service_is_allowed(cop_term client, cop_term service);
/* [{client, [service]}] in the order of the auth service; [] before there were any. */
cop_term my_service_rules_list(void);
/* The number of the load that the rules come from, growing; nil before there was one. */
cop_term my_service_version(void);
/* When they were loaded: "2026-11-21T11:20:00.123Z", or nil. */
cop_term my_service_loaded_at(void);

/* --- The loader ------------------------------------------------------------------------------- */

/* Starts the worker; url_list: [url]. Under its fixed name there is one at a time: a second start
 * is {:error, {:already_started, pid}}. */
cop_term auth_data_loader_start_link(cop_term url_list);
/* Starts the supervisor under its module's name. */
cop_term auth_data_loader_sup_start_link(cop_term arg);
/* Starts a worker with the url of the settings. A worker that failed and waits for its next try
 * gives way to it. Switches. */
cop_term auth_data_loader_sup_start_child(void);

/* What these do for the modules of both names. */
cop_term loader_tree_start(const struct cop_module *sup);
cop_term loader_sup_start_link(const struct cop_module *sup, cop_term arg);
cop_term loader_sup_init(cop_term arg);
cop_term loader_sup_start_child(const struct cop_module *sup, const struct cop_module *loader);
extern const struct cop_gen_server loader_callbacks;

/* --- Rules ------------------------------------------------------------------------------------ */

/* Makes the table; it belongs to the caller. */
void my_service_rules_make_table(void);
cop_term my_service_rules_start_link(cop_term arg);
/* Stores the rules, whose text from the auth service is body, and puts them in force at one stroke:
 * {:ok, version}, or {:error, reason} with one of store.h's; then the former stay. Switches. */
cop_term my_service_rules_save(cop_term rules, cop_term body);
/* What a text from the auth service says: {:ok, [{client, [service]}]}, {:error, {:invalid_json,
 * why}} or {:error, {:wrong_shape, place}}, place a text such as "rules[3].client". */
cop_term my_service_rules_read(cop_term body);

/* --- Events ----------------------------------------------------------------------------------- */

cop_term my_service_events_start_link(cop_term arg);
/* Somebody (a text for the log) says that the rules have changed. They will be asked for after this
 * call, also if a load runs that has asked before. Returns :ok. */
cop_term my_service_events_changed(cop_term who);

/* Answers a request to the service's own port. */
cop_term my_service_web_handle(cop_term request);

/* --- Settings: the application's (:my_service), else the environment's, else a default ------ */

/* auth_service_url, AUTH_SERVICE_URL: where GET gives the rules, a binary that ends in /rules. */
cop_term my_service_url(void);
/* db, MY_SERVICE_DB: the path of the file. The default is my_service.db in STATE_DIRECTORY (what
 * systemd gives a service), else in coppice below XDG_STATE_HOME or ~/.local/state. */
cop_term my_service_db(void);
/* port, MY_SERVICE_PORT: 4050; 0 is a free one. */
int my_service_port(void);
/* address, MY_SERVICE_ADDRESS: "127.0.0.1". */
cop_term my_service_address(void);
/* backoff of a loader that failed, a keyword list (supervisor.h). */
cop_term my_service_backoff(void);

#endif
