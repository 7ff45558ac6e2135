/* SPDX-License-Identifier: Apache-2.0 */
/* AuthService: says by HTTP which client may ask which service, and behaves badly on request, so
 * that those who ask it can be tried.
 *
 *     AuthService.Supervisor, one_for_one
 *      +-- AuthService.Switch   how GET /rules is answered, and how often it was asked
 *      +-- AuthService.Web      an HttpServer
 *
 *     GET /rules         the rules' file, or what the mode says
 *     GET /requests      {"rules": n}: how often /rules was asked
 *     GET /mode          {"mode": "ok"}
 *     POST /mode/NAME    changes it: ok, slow, error500, broken_json, wrong_shape, cut_off */
#ifndef AUTH_SERVICE_H
#define AUTH_SERVICE_H

#include <coppice.h>

/* Its environment: address, port, rules (the path of a file, or nil: some rules of its own), mode
 * (an atom), delay (milliseconds that slow takes). */
extern const struct cop_application auth_service;
extern const struct cop_module auth_service_switch;
extern const struct cop_module auth_service_web;

/* The mode of this name as an atom, or cop_none(). */
cop_term auth_service_mode_named(cop_bytes name);
/* The mode now. Switches, as all below. */
cop_term auth_service_mode(void);
/* :ok. */
cop_term auth_service_set_mode(cop_term mode);
/* Counts a request for the rules and returns the mode. */
cop_term auth_service_count(void);
/* How many there were. */
cop_term auth_service_requests(void);

#endif
