/* SPDX-License-Identifier: Apache-2.0 */
/* The demo: all systems of this repository on one node.
 *
 *     :kv             the key-value system
 *     :auth_service   a program of its own, apps/auth_service, as a supervised child; none if
 *                     AUTH_SERVICE_URL names another
 *     :my_service     loads its rules from there
 *     :observer       all of it in the browser */
#ifndef DEMO_H
#define DEMO_H

#include <coppice.h>

extern const struct cop_application demo_auth_service;
extern const struct cop_module demo_auth_service_module;

#endif
