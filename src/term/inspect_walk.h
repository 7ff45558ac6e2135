/* SPDX-License-Identifier: Apache-2.0 */
/* What inspect.c asks inspect_struct.c. */
#ifndef COPPICE_TERM_INSPECT_WALK_H
#define COPPICE_TERM_INSPECT_WALK_H

#include "term/inspect.h"

/* Whether a map is shown as a struct: then the text of its module's atom and the list of
 * {field, value} to show. */
bool cop__struct_fields(cop_term map, cop_bytes *ret_name, cop_term *ret_fields);
/* Whether a map is a range: then its first, last and step. */
bool cop__range_parts(cop_term map, cop_term ret_parts[3]);

#endif
