/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a process: regions, kept terms, dictionaries, plain blocks.
 *
 * **The rule.** Every term that you can see in a callback is valid until it returns. What a
 * callback builds or receives lies in a region that goes when the callback returns; a
 * cop_receive_loop() gives each turn a region of its own. What shall live longer is kept (cop_keep)
 * or put into a cop_dict. Never store a cop_term in a struct that outlives the callback: builds
 * with checks (COP_DEBUG) stop at the first use of such a term and tell where it was built.
 *
 * All that a process makes here is its own and is gone when it ends. */
#ifndef COPPICE_MEMORY_H
#define COPPICE_MEMORY_H

#include "coppice/term.h"

COP_BEGIN_DECLS

/* --- Kept terms ------------------------------------------------------------------------------- */

/* A term that its owner has kept. A type of its own, so that it is not taken for a cop_term that
 * goes with the callback. Immutable and counted; belongs to the process that kept it. */
typedef struct cop_kept {
    cop_term term_;
} cop_kept;

/* Keeps t: copies what is not kept yet, shares what is. To be dropped once.
 * A term-valued state is cheap this way: keeping cop_map_put(cop_kept_term(k), ...) costs O(log
 * n). */
COP_API cop_kept cop_keep(cop_term t) COP_GIVES;
/* The term, valid until the callback returns in which it is dropped. */
COP_API cop_term cop_kept_term(cop_kept kept);
/* Gives it up; *kept becomes nothing (dropping that is allowed). Takes effect when the current
 * callback returns, so terms from it stay valid until then. */
COP_API void cop_drop(cop_kept *kept COP_TAKES);
/* Drops what *kept was and keeps t in its place. */
COP_API void cop_replace(cop_kept *kept, cop_term t);

/* --- Dictionaries: mutable maps from terms to terms, both kept -------------------------------- */

typedef struct cop_dict cop_dict;
/* An empty dictionary of the calling process. */
COP_API cop_dict *cop_dict_new(void) COP_GIVES;
COP_API void cop_dict_delete(cop_dict *dict COP_TAKES); /* NULL is allowed */
/* The number of keys. */
COP_API size_t cop_dict_size(const cop_dict *dict);
/* The value of key, or cop_none(). */
COP_API cop_term cop_dict_get(const cop_dict *dict, cop_term key);
COP_API bool cop_dict_has(const cop_dict *dict, cop_term key);
COP_API void cop_dict_put(cop_dict *dict, cop_term key, cop_term value);
/* Removes key and returns its value (valid until the callback returns), or cop_none(). */
COP_API cop_term cop_dict_remove(cop_dict *dict, cop_term key);
/* All pairs as a list of {key, value}, order unspecified. */
COP_API cop_term cop_dict_to_list(const cop_dict *dict);

#define cop_dict_get(dict, key)        cop_dict_get(dict, cop_term_of(key))
#define cop_dict_has(dict, key)        cop_dict_has(dict, cop_term_of(key))
#define cop_dict_put(dict, key, value) cop_dict_put(dict, cop_term_of(key), cop_term_of(value))
#define cop_dict_remove(dict, key)     cop_dict_remove(dict, cop_term_of(key))

/* --- Plain blocks ----------------------------------------------------------------------------- */

/* size bytes of zeros, owned by the process. Exits: error system_limit when there is no memory. */
COP_API void *cop_alloc(size_t size) COP_GIVES;
COP_API void cop_free(void *block COP_TAKES); /* NULL is allowed */

/* --- Regions for other threads ---------------------------------------------------------------- */

/* A thread that is no process builds terms inside a region of its own:
 *
 *     cop_region *r = cop_region_open();
 *     cop_send(COP("KV.Registry"), cop_build("{:event, n}", n));
 *     cop_region_close(r);
 *
 * Regions of a thread nest: the last opened is closed first. Runs on: any thread but a process. */
typedef struct cop_region cop_region;
COP_API cop_region *cop_region_open(void) COP_GIVES;
COP_API void cop_region_close(cop_region *region COP_TAKES);

COP_END_DECLS

#endif
