/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: Erlang's ets (ETS). Rows of terms that all processes of the node can reach.
 *
 *     cop_term hits = cop_ets_new(COP(":hits"), COP("[:named_table, :public]"));
 *     cop_ets_insert(hits, cop_build("{key, 0}", key));
 *     cop_ets_update_counter(hits, key, cop_int(1));
 *     cop_match(cop_ets_lookup(hits, key), "[{_, n}]", n);
 *
 * A table belongs to the process that made it and goes with it, before anybody hears of its death
 * (ETS-04, SIG-07). No message is sent: the caller reads and writes itself, readers beside each
 * other, and what one call does to one object is seen as a whole or not at all (ETS-15). Objects
 * are copied in and out: a term that was read lives as any other until the callback returns.
 *
 * For all functions:
 *   table:    what cop_ets_new() returned, a reference, or the name of a named table. A reference
 *             may be stored anywhere (cop_to_ref, cop_ref_term); a table that is gone is not
 *             mistaken for another.
 *   Runs on:  a process. Switches: no, foldl and foldr excepted.
 *   Exits:    error badarg as in OTP: no such table, no right to read or write it (ETS-03), an
 *             object that is no tuple or shorter than keypos (ETS-08), any argument of a wrong
 *             kind. Nothing has changed then.
 *
 * Keys are compared with ===, in an ordered_set with == (ETS-02). */
#ifndef COPPICE_ETS_H
#define COPPICE_ETS_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* --- Tables ----------------------------------------------------------------------------------- */

/* A new table of the caller: its name if options have :named_table, else its reference. name is an
 * atom. Options, a list (ETS-01): :set, :ordered_set, :bag or :duplicate_bag; :public, :protected
 * or :private; :named_table; {:keypos, n}; {:heir, pid, data}, {:heir, :none}. The last of a kind
 * counts. {:read_concurrency, bool}, {:write_concurrency, bool or :auto},
 * {:decentralized_counters, bool} and :compressed are accepted, shown by info, and change nothing
 * (ETS-16). Exits: badarg also for a name that is taken (ETS-06), and in a cleanup handler of a
 * process that was killed while its code ran, which is dead already; system_limit past 1048576
 * tables of the node. */
COP_API cop_term cop_ets_new(cop_term name, cop_term options);
/* delete/1: the table goes with all its rows. Needs the right to write. */
COP_API void cop_ets_delete(cop_term table);
/* The reference of the table that has this name, or :undefined. */
COP_API cop_term cop_ets_whereis(cop_term name);
/* A list of all tables: names of the named ones, references of the others. */
COP_API cop_term cop_ets_all(void);
/* Gives a named table another name, which is returned. Of others only info's name changes. Needs
 * the right to write. */
COP_API cop_term cop_ets_rename(cop_term table, cop_term name);
/* Sets the heir: {:heir, pid, data} or {:heir, :none}, also in a list. Exits: badarg also unless
 * the caller is the owner, and for every other option (ETS-16). */
COP_API void cop_ets_setopts(cop_term table, cop_term options);
/* Makes pid the owner; it gets {:"ETS-TRANSFER", table, from, data}. Exits: badarg also unless the
 * caller is the owner and pid another living process of this node (ETS-05). */
COP_API void cop_ets_give_away(cop_term table, cop_pid pid, cop_term data);
/* A keyword list of what is known about the table (ETS-14), or :undefined if there is none; memory
 * is in words. Also for tables that the caller may not read. */
COP_API cop_term cop_ets_info(cop_term table);
/* One value of it, also :safe_fixed, :safe_fixed_monotonic_time, :fixed; :undefined if there is no
 * such table. Exits: badarg for an unknown item. */
COP_API cop_term cop_ets_info_item(cop_term table, cop_term item);
/* On: cop_ets_next() accepts keys that are gone meanwhile, until the caller has said off as often
 * as on, or ends (ETS-12). A traversal in one go needs it only where others delete. */
COP_API void cop_ets_safe_fixtable(cop_term table, bool on);

/* --- Objects ---------------------------------------------------------------------------------- */

/* Inserts an object, a tuple, or each of a list of objects. In a set or ordered_set it replaces the
 * one with the same key; a bag does not take the same object twice. A list is inserted as a whole:
 * nobody sees a part of it, and none if one of it is wrong (ETS-07). */
COP_API void cop_ets_insert(cop_term table, cop_term objects);
/* The same if no key of the objects is in the table; else nothing is inserted and the result is
 * false. */
COP_API bool cop_ets_insert_new(cop_term table, cop_term objects);
/* The list of the objects with this key; of a bag in the order of their insertion (ETS-09). */
COP_API cop_term cop_ets_lookup(cop_term table, cop_term key);
/* Element pos, from 1, of the object with this key; of a bag a list. Exits: badarg also if there is
 * no such object, or an object without such an element. */
COP_API cop_term cop_ets_lookup_element(cop_term table, cop_term key, int64_t pos);
/* The same, but fallback if there is no such object. */
COP_API cop_term cop_ets_lookup_element_or(cop_term table, cop_term key, int64_t pos,
                                           cop_term fallback);
/* Whether there is an object with this key. */
COP_API bool cop_ets_member(cop_term table, cop_term key);
/* Takes the objects with this key out and returns them as cop_ets_lookup() would. */
COP_API cop_term cop_ets_take(cop_term table, cop_term key);
/* delete/2: removes the objects with this key, if there are any. */
COP_API void cop_ets_delete_key(cop_term table, cop_term key);
/* Removes all that are the same (===) as object. */
COP_API void cop_ets_delete_object(cop_term table, cop_term object);
COP_API void cop_ets_delete_all_objects(cop_term table);

/* Adds to integers of the object with this key, and returns what they are then (ETS-11). op: an
 * integer (added to the element behind the key), {pos, incr}, {pos, incr, threshold, set}: past the
 * threshold, upwards for incr >= 0 and else downwards, the element becomes set; or a list of such
 * tuples, for which a list is returned. All of it is one step for everybody else. Exits: badarg
 * also for a bag, a missing object, an element that is missing, no integer or the key. */
COP_API cop_term cop_ets_update_counter(cop_term table, cop_term key, cop_term op);
/* The same, but a missing object is made from fallback, with this key in its place, first. */
COP_API cop_term cop_ets_update_counter_or(cop_term table, cop_term key, cop_term op,
                                           cop_term fallback);
/* Sets elements of the object with this key: {pos, value} or a list of them; false if there is no
 * such object. Exits: badarg also for a bag, a missing element and the key's own. */
COP_API bool cop_ets_update_element(cop_term table, cop_term key, cop_term values);

/* --- From key to key -------------------------------------------------------------------------- */

/* Keys in the order of an ordered_set, or in a fixed order without meaning; :"$end_of_table" at the
 * end. last is first and prev is next for tables that are no ordered_set. Exits: next and prev of a
 * key that is not in the table: badarg, unless that is an ordered_set or fixed (ETS-12). */
COP_API cop_term cop_ets_first(cop_term table);
COP_API cop_term cop_ets_last(cop_term table);
COP_API cop_term cop_ets_next(cop_term table, cop_term key);
COP_API cop_term cop_ets_prev(cop_term table, cop_term key);
/* The list of all objects. This and all functions below see each object that stays exactly once,
 * and those that come or go meanwhile or not. */
COP_API cop_term cop_ets_tab2list(cop_term table);
/* fun(object, acc) for each object, from the first and from the last. Switch: if fun does. */
COP_API cop_term cop_ets_foldl(cop_term fun, cop_term acc, cop_term table);
COP_API cop_term cop_ets_foldr(cop_term fun, cop_term acc, cop_term table);

/* --- Patterns --------------------------------------------------------------------------------- */

/* A pattern (ETS-13) is a term in which :_ stands for anything and :"$1", :"$2" ... for variables:
 * the same one twice must be the same (===) term. A map in it matches maps that have its keys. A
 * specification is a list of {pattern, [guard], [body]}: the first clause that matches and whose
 * guards are all true counts, and the last body is the result. In guards and bodies "$1" is the
 * variable's value, :"$_" the object, :"$$" the list of the variables' values, {{a, b}} a tuple,
 * {:const, x} x itself, {:op, ...} one of
 *   is_atom is_binary is_boolean is_float is_function is_integer is_list is_map is_number is_pid
 *   is_reference is_tuple is_map_key is_record
 *   and or xor not andalso orelse  == /= =:= =/= < =< > >=
 *   + - * div rem abs band bor bxor bnot bsl bsr max min
 *   element hd tl length size tuple_size byte_size map_size map_get self node
 * A guard that fails is false; a body that fails is the atom :EXIT. Exits: badarg also for a wrong
 * specification. Where the pattern gives the key, only that key is looked at. */

/* The list of the variables' values of each object that matches, as lists. */
COP_API cop_term cop_ets_match(cop_term table, cop_term pattern);
/* The list of the objects that match. */
COP_API cop_term cop_ets_match_object(cop_term table, cop_term pattern);
/* The list of the results of the specification. */
COP_API cop_term cop_ets_select(cop_term table, cop_term spec);
/* The same with at most limit results: {results, continuation} or :"$end_of_table". */
COP_API cop_term cop_ets_match_limit(cop_term table, cop_term pattern, int64_t limit);
COP_API cop_term cop_ets_match_object_limit(cop_term table, cop_term pattern, int64_t limit);
COP_API cop_term cop_ets_select_limit(cop_term table, cop_term spec, int64_t limit);
/* match/1, match_object/1, select/1: goes on where a continuation ended. Of :"$end_of_table" that
 * is :"$end_of_table". */
COP_API cop_term cop_ets_continue(cop_term continuation);
/* How many objects the specification gives true for. */
COP_API int64_t cop_ets_select_count(cop_term table, cop_term spec);
/* Deletes the objects for which the specification gives true, and tells how many. */
COP_API int64_t cop_ets_select_delete(cop_term table, cop_term spec);
/* Replaces each object that matches by the result, which must have the same key, and tells how
 * many. Exits: badarg also for a bag and a result that is no object with the same key. */
COP_API int64_t cop_ets_select_replace(cop_term table, cop_term spec);
/* Deletes the objects that match. */
COP_API void cop_ets_match_delete(cop_term table, cop_term pattern);

COP_END_DECLS

/* Called through these macros, the functions take C values as keys. */
#define cop_ets_lookup(table, key)              cop_ets_lookup(table, cop_term_of(key))
#define cop_ets_member(table, key)              cop_ets_member(table, cop_term_of(key))
#define cop_ets_take(table, key)                cop_ets_take(table, cop_term_of(key))
#define cop_ets_delete_key(table, key)          cop_ets_delete_key(table, cop_term_of(key))
#define cop_ets_lookup_element(table, key, pos) cop_ets_lookup_element(table, cop_term_of(key), pos)
#define cop_ets_update_counter(table, key, op)                                                     \
    cop_ets_update_counter(table, cop_term_of(key), cop_term_of(op))

#endif
