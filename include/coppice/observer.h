/* SPDX-License-Identifier: Apache-2.0 */
/* The Observer: the running system in the browser, served by the node itself (docs/observer.md).
 *
 * It is a library of its own, coppice::observer, over the public headers. A program that wants it
 * links that and lists the application among those that it needs:
 *
 *     static const struct cop_application *const needs[] = {&cop_observer_application, NULL};
 *
 * Its settings come from the environment: OBSERVER_PORT (4000; 0: any free one), OBSERVER_ADDRESS
 * (127.0.0.1), OBSERVER_TOKEN (required for any address that others reach), OBSERVER_READ_ONLY=1.
 * If the port is taken the program runs all the same, without the page, and the log says so. */
#ifndef COPPICE_OBSERVER_H
#define COPPICE_OBSERVER_H

#include "coppice/application.h"

COP_BEGIN_DECLS

/* The application :observer, and its module of that name for the console. */
COP_API extern const struct cop_application cop_observer_application;
COP_API extern const struct cop_module cop_observer_module;

/* :observer.start(): starts the application with what it needs, unless it runs, and prints where
 * the page is: {:ok, "http://127.0.0.1:4000"} or {:error, reason}. Switches. */
COP_API cop_term cop_observer_start(void);
/* :observer.stop(): :ok. Switches. */
COP_API cop_term cop_observer_stop(void);
/* Where the page is, a binary, or nil if nothing listens. Switches. */
COP_API cop_term cop_observer_url(void);

COP_END_DECLS

#endif
