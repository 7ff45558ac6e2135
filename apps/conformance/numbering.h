/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFORMANCE_NUMBERING_H
#define CONFORMANCE_NUMBERING_H

#include <coppice.h>

/* The text with pids and references replaced by #PID<n> and #Ref<n>. seen remembers who is who. */
cop_term number_ids(cop_dict *seen, cop_term text);

#endif
