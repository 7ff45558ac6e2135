/* SPDX-License-Identifier: Apache-2.0 */
/* The table of atoms: text to index and back, for all threads, for ever.
 *
 * A look-up takes no lock: it reads a hash table that is only added to. An insert takes the table's
 * mutex; when the table gets full, a larger one is published and the old one is left to those who
 * still read it. Who misses an atom in an old table looks again under the mutex. */
#ifndef COPPICE_TERM_ATOM_H
#define COPPICE_TERM_ATOM_H

#include "term/types.h"

#define COP__ATOM_CHARS_MAX 255     /* code points of an atom's text */
#define COP__ATOM_COUNT_MAX 1048576 /* atoms */

/* Atoms that there are. */
size_t cop__atom_count(void);
/* Bytes that the atoms and their table take. */
size_t cop__atom_memory(void);
/* The text of an atom, terminated by 0 as well. */
cop_bytes cop__atom_bytes(uint32_t index);
/* The hash of the atom's text: does not depend on the order in which atoms were made. */
uint64_t cop__atom_hash(uint32_t index);
/* True if an atom's text is this one. */
bool cop__atom_is_text(cop_term atom, const char *text);

/* The number of code points, or -1 if the bytes are not UTF-8. */
int64_t cop__utf8_len(cop_bytes text);

#endif
