/* SPDX-License-Identifier: Apache-2.0 */
/* The applications that the program knows, by name: a table of the program, read by any thread and
 * without a message. The controller writes what changes: which are loaded, and their masters. */
#ifndef COP_OTP_APPLICATION_TABLE_H
#define COP_OTP_APPLICATION_TABLE_H

#include "coppice/application.h"

/* NULL if the name, an atom, is not known. */
const struct cop_application *cop__application_find(cop_term name);
bool cop__application_is_loaded(cop_term name);
/* Of a known one. */
void cop__application_set_loaded(cop_term name, bool loaded);
/* The process that is the group leader of its processes; none: cop_no_pid(). */
void cop__application_set_master(cop_term name, cop_pid master);
/* The top of its tree, once that is started; forgotten with the master. */
void cop__application_set_top(cop_term name, cop_pid top);
/* The name of the application with this master, or cop_none(). */
cop_term cop__application_of_master(cop_pid master);
/* The name of the loaded application that lists the module with this name, or cop_none(). */
cop_term cop__application_of_module(cop_term module);
/* The names of all that are loaded. */
cop_term cop__applications_loaded(void);
/* The term that stands in a field of the struct, in Elixir syntax; []: it is NULL. Exits: badarg if
 * it is none. */
cop_term cop__application_text(const char *text);
/* The characters of a UTF-8 text, as a list; NULL is an empty text. */
cop_term cop__application_charlist(const char *text);

#endif
