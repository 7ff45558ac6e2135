/* SPDX-License-Identifier: Apache-2.0 */
/* The fixtures that the scenarios use, as the reference has them for a real Elixir node. */
#ifndef CONFORMANCE_FIXTURES_H
#define CONFORMANCE_FIXTURES_H

#include <coppice.h>

/* Recorder: keeps, in order of arrival, the events that probes report. */
extern const struct cop_module recorder_module;
cop_term recorder_start_link(cop_term opts);
/* Appends one event. Never fails, also when no recorder runs. */
cop_term recorder_add(cop_term event);

/* Probe: a GenServer whose every callback can be told what to do. */
extern const struct cop_module probe_module;

#endif
