/* SPDX-License-Identifier: Apache-2.0 */
/* Terms: the values that processes send to each other. Immutable, one word, passed by value.
 *
 * An atom, a small integer, a local pid and the empty list are the word itself; everything else is
 * a word that points to a box in a region (memory.h). Builders put their result into the current
 * region, and the result may share parts with the arguments. The words are those of Elixir:
 * strings are UTF-8 binaries, nil, true and false are atoms, `cop_inspect` prints as inspect/1.
 *
 * All functions here run on a process, or on any thread inside a region of its own (memory.h). */
#ifndef COPPICE_TERM_H
#define COPPICE_TERM_H

#include "coppice/base.h"

/* One term. The struct keeps the compiler from mixing it up with an integer. */
typedef struct cop_term {
    uint64_t word;
} cop_term;

/* A process identifier of any node; may be stored anywhere for any time. node is 0 here. */
typedef struct cop_pid {
    uint64_t id;
    uint32_t node;
    uint32_t creation;
} cop_pid;

/* A reference; may be stored anywhere for any time. A local one embeds its creator's pid. */
typedef struct cop_ref {
    uint64_t id[3];
    uint32_t node;
    uint32_t creation;
} cop_ref;

/* Who waits for the reply of a call: for cop_gen_server_reply(), from any process at any time. */
typedef struct cop_from {
    cop_pid client;
    cop_ref tag;
    bool is_alias; /* tag is an alias of the client: GEN-17 */
} cop_from;

/* The bytes of a binary or the text of an atom: borrowed from the term, not terminated by 0. */
typedef struct cop_bytes {
    const char *data;
    size_t len;
} cop_bytes;

enum cop_kind {
    COP_KIND_INTEGER,
    COP_KIND_FLOAT,
    COP_KIND_ATOM,
    COP_KIND_REFERENCE,
    COP_KIND_FUN, /* a capture: &Mod.fun/2 or &Mod.fun(&1, x) */
    COP_KIND_PID,
    COP_KIND_TUPLE,
    COP_KIND_MAP,
    COP_KIND_LIST, /* also the empty one */
    COP_KIND_BINARY,
};

/* Atoms with a fixed word. COP(":name") is the literal of every other. */
#define COP__ATOM_WORD(index) ((uint64_t)(index) << 3 | 2U)
#define COP__EMPTY_LIST_WORD  4U
static inline cop_term cop__term(uint64_t word)
{
    cop_term t;
    t.word = word;
    return t;
}
static inline cop_term cop_nil(void)
{
    return cop__term(COP__ATOM_WORD(0));
}
static inline cop_term cop_true(void)
{
    return cop__term(COP__ATOM_WORD(1));
}
static inline cop_term cop_false(void)
{
    return cop__term(COP__ATOM_WORD(2));
}
static inline cop_term cop_ok(void)
{
    return cop__term(COP__ATOM_WORD(3));
}
static inline cop_term cop_empty_list(void)
{
    return cop__term(COP__EMPTY_LIST_WORD);
}
/* No term: the answer "not found" of functions that say so. Never part of another term. */
static inline cop_term cop_none(void)
{
    return cop__term(0);
}
static inline bool cop_is_none(cop_term t)
{
    return t.word == 0;
}

COP_BEGIN_DECLS

/* --- Kinds ------------------------------------------------------------------------------------ */

/* What t is. Runs on: any thread, as all of this part. */
COP_API enum cop_kind cop_kind(cop_term t);
/* The Elixir module of what t is: "Integer", "BitString". */
COP_API const char *cop_kind_name(cop_term t);
/* An integer of any size. */
COP_API bool cop_is_integer(cop_term t);
/* A float. */
COP_API bool cop_is_float(cop_term t);
/* An integer or a float. */
COP_API bool cop_is_number(cop_term t);
/* An atom; true, false and nil are some. */
COP_API bool cop_is_atom(cop_term t);
/* true or false. */
COP_API bool cop_is_boolean(cop_term t);
/* A pid, of this node or another. */
COP_API bool cop_is_pid(cop_term t);
/* A reference. */
COP_API bool cop_is_reference(cop_term t);
/* A tuple of any size. */
COP_API bool cop_is_tuple(cop_term t);
COP_API bool cop_is_list(cop_term t); /* also an improper one: looks at the first cell only */
/* A map; a struct is one, too. */
COP_API bool cop_is_map(cop_term t);
/* A binary; a string is one. */
COP_API bool cop_is_binary(cop_term t);
/* A capture; with arity >= 0 only one of that arity. */
COP_API bool cop_is_fun(cop_term t, int arity);

/* --- Atoms, numbers, binaries ----------------------------------------------------------------- */

/* The atom with this UTF-8 text (at most 255 code points; more is an error system_limit). Atoms are
 * never freed: make none from what strangers send. Runs on: any thread. */
COP_API cop_term cop_atom(const char *text);
COP_API cop_term cop_atom_from(cop_bytes text);
/* The atom with this text if there is one already, else cop_none(). Runs on: any thread. */
COP_API cop_term cop_atom_existing(cop_bytes text);
/* The text of an atom; valid for ever. A module KV.Bucket is the atom "Elixir.KV.Bucket". */
COP_API cop_bytes cop_atom_text(cop_term atom);
COP_API cop_term cop_bool(bool value);

/* The integer of this value. */
COP_API cop_term cop_int(int64_t value);
COP_API cop_term cop_uint(uint64_t value); /* above INT64_MAX: carried as a big integer */
/* The value; an error badarg if t is no integer or does not fit. */
COP_API int64_t cop_to_int(cop_term t);
/* A finite float; NaN and infinities are an error badarith, as in Erlang. */
COP_API cop_term cop_float(double value);
COP_API double cop_to_float(cop_term t); /* integers are converted */
COP_API bool cop_to_bool(cop_term t);

/* The binary with these size bytes, copied (large ones once, then they are shared). */
COP_API cop_term cop_binary(const void *data, size_t size);
/* The binary with the text of a C string, without its end. */
COP_API cop_term cop_string(const char *text);
/* The binary with the text of a format as in printf. */
COP_API cop_term cop_format(const char *format, ...) COP_PRINTF(1, 2);
/* The bytes of a binary; valid as long as t. */
COP_API cop_bytes cop_to_bytes(cop_term t);

/* --- Pids and references ---------------------------------------------------------------------- */

/* The term of a pid; nil for cop_no_pid(). */
COP_API cop_term cop_pid_term(cop_pid pid);
/* The term of a reference. */
COP_API cop_term cop_ref_term(cop_ref ref);
/* The term {pid, tag} of GEN-17. */
COP_API cop_term cop_from_term(cop_from from);
/* The pid that t is. */
COP_API cop_pid cop_to_pid(cop_term t);
/* The reference that t is. */
COP_API cop_ref cop_to_ref(cop_term t);
/* The caller that a term {pid, tag} stands for. */
COP_API cop_from cop_to_from(cop_term t);
/* Whether both are the same process's. */
COP_API bool cop_pid_equal(cop_pid a, cop_pid b);
/* Whether both are the same reference. */
COP_API bool cop_ref_equal(cop_ref a, cop_ref b);
/* The pid of no process: cop_whereis() of an unknown name. */
static inline cop_pid cop_no_pid(void)
{
    cop_pid p;
    p.id = 0;
    p.node = 0;
    p.creation = 0;
    return p;
}
static inline bool cop_is_no_pid(cop_pid p)
{
    return p.id == 0 && p.node == 0;
}

/* --- Lists and tuples ------------------------------------------------------------------------- */

/* The list with head before tail; tail may be any term (then it is improper). */
COP_API cop_term cop_cons(cop_term head, cop_term tail);
/* The first element of a list that is not empty. */
COP_API cop_term cop_head(cop_term list);
/* The list without its first element. */
COP_API cop_term cop_tail(cop_term list);
static inline bool cop_is_empty_list(cop_term t)
{
    return t.word == COP__EMPTY_LIST_WORD;
}
/* The list of these len items. */
COP_API cop_term cop_list_from(const cop_term *items, size_t len);
/* The number of elements, or -1 if t is no proper list. */
COP_API int64_t cop_list_len(cop_term t);
COP_API cop_term cop_list_reverse(cop_term list);
COP_API cop_term cop_list_append(cop_term list, cop_term tail); /* list ++ tail */

/* The tuple of these len items. */
COP_API cop_term cop_tuple_from(const cop_term *items, size_t len);
/* The number of elements. */
COP_API size_t cop_tuple_size(cop_term tuple);
/* Element i, from 0. */
COP_API cop_term cop_elem(cop_term tuple, size_t i);
COP_API cop_term cop_put_elem(cop_term tuple, size_t i, cop_term value);

/* The value of key in a keyword list ([a: 1]), or fallback. */
COP_API cop_term cop_keyword_get(cop_term list, cop_term key, cop_term fallback);
COP_API bool cop_is_keyword(cop_term t);

/* --- Maps: persistent, an update costs O(log n) ----------------------------------------------- */

/* The empty map. */
COP_API cop_term cop_map_new(void);
/* The number of keys. */
COP_API size_t cop_map_size(cop_term map);
/* The value of key, or fallback (which may be cop_none()). Keys are compared with ===. */
COP_API cop_term cop_map_get(cop_term map, cop_term key, cop_term fallback);
COP_API bool cop_map_has(cop_term map, cop_term key);
COP_API cop_term cop_map_put(cop_term map, cop_term key, cop_term value);
COP_API cop_term cop_map_remove(cop_term map, cop_term key);
/* The pairs as a list of {key, value}, in the order in which inspect shows them. */
COP_API cop_term cop_map_to_list(cop_term map);
COP_API cop_term cop_map_from_list(cop_term pairs);

/* Walks a map: `struct cop_map_iter it = cop_map_iter(map); while (cop_map_next(&it, &k, &v))`.
 * Order: unspecified but the same for the same map. The iterator owns nothing. */
struct cop_map_iter {
    cop_term map;
    const void *node[16];
    uint16_t at[16];
    int depth;
};
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* a function and a struct of one name, as in C */
#endif
COP_API struct cop_map_iter cop_map_iter(cop_term map);
#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif
COP_API bool cop_map_next(struct cop_map_iter *it, cop_term *ret_key, cop_term *ret_value);

/* --- Captures: functions as data ---------------------------------------------------------------*/

/* &Mod.fun/arity. The function need not exist: calling it does (undef). */
COP_API cop_term cop_capture(cop_term module, cop_term function, int arity);
/* The parts: module, function, arity of the capture (what it is called with), and the list of the
 * arguments of the function, in which a hole &n is the tuple {:&, n}; nil if nothing is bound. */
COP_API void cop_capture_parts(cop_term fun, cop_term *ret_module, cop_term *ret_function,
                               int *ret_arity, cop_term *ret_args);
/* A capture with bound arguments, from such parts. */
COP_API cop_term cop_capture_bound(cop_term module, cop_term function, int arity, cop_term args);

/* --- Comparing -------------------------------------------------------------------------------- */

/* OTP's order of all terms: number < atom < reference < fun < port < pid < tuple < map < list <
 * binary; below 0, 0, above 0. 1 and 1.0 compare equal. */
COP_API int cop_compare(cop_term a, cop_term b);
COP_API bool cop_equal(cop_term a, cop_term b);     /* ==: 1 == 1.0 */
COP_API bool cop_identical(cop_term a, cop_term b); /* ===: 1 and 1.0 differ */
/* Equal for identical terms; depends on the seed of this run. */
COP_API uint64_t cop_hash(cop_term t);

/* --- Text ------------------------------------------------------------------------------------- */

struct cop_inspect_opts {
    int width; /* columns; 0: one line however long */
    int limit; /* elements per collection; 0: all, negative: none */
};
/* The text of t as inspect/1 prints it (width 80, limit 50), as a binary. */
COP_API cop_term cop_inspect(cop_term t);
COP_API cop_term cop_inspect_with(cop_term t, struct cop_inspect_opts opts);
/* The same on one line, and not much longer than max bytes: what is left out then is `...`, as
 * behind the 50th element. What it needs depends on max, not on the size of t. */
COP_API cop_term cop_inspect_within(cop_term t, size_t max);
/* The same in Erlang's syntax: {ok,<<"x">>}. */
COP_API cop_term cop_inspect_erlang(cop_term t, size_t max);

/* Where and why reading a text failed. */
struct cop_parse_error {
    int line;        /* from 1 */
    int column;      /* from 1, in code points */
    bool incomplete; /* the text ended where more was expected: a console asks for another line */
    char text[160];  /* what was wrong and what was expected, without the place */
};
/* Reads one term in Elixir's literal syntax. False: *ret_error says where and what was expected. */
COP_API bool cop_parse(cop_bytes text, cop_term *ret_term, struct cop_parse_error *ret_error);

COP_END_DECLS

/* --- cop_term_of: the term of a C value, by its type -------------------------------------------
 *
 * Takes cop_term, cop_pid, cop_ref, cop_from, bool, all integers, double, char pointers (a string:
 * a binary). Any other type does not compile. */
static inline cop_term cop__term_id(cop_term t)
{
    return t;
}
#ifdef __cplusplus
inline cop_term cop_term_of(cop_term t)
{
    return t;
}
inline cop_term cop_term_of(cop_pid v)
{
    return cop_pid_term(v);
}
inline cop_term cop_term_of(cop_ref v)
{
    return cop_ref_term(v);
}
inline cop_term cop_term_of(cop_from v)
{
    return cop_from_term(v);
}
inline cop_term cop_term_of(bool v)
{
    return cop_bool(v);
}
inline cop_term cop_term_of(int v)
{
    return cop_int(v);
}
inline cop_term cop_term_of(unsigned v)
{
    return cop_int(v);
}
inline cop_term cop_term_of(long v)
{
    return cop_int(v);
}
inline cop_term cop_term_of(long long v)
{
    return cop_int(v);
}
inline cop_term cop_term_of(unsigned long v)
{
    return cop_uint(v);
}
inline cop_term cop_term_of(unsigned long long v)
{
    return cop_uint(v);
}
inline cop_term cop_term_of(double v)
{
    return cop_float(v);
}
inline cop_term cop_term_of(const char *v)
{
    return cop_string(v);
}
#else
#define cop_term_of(x)                                                                             \
    (_Generic((x),                                                                                 \
        cop_term: cop__term_id,                                                                    \
        cop_pid: cop_pid_term,                                                                     \
        cop_ref: cop_ref_term,                                                                     \
        cop_from: cop_from_term,                                                                   \
        bool: cop_bool,                                                                            \
        signed char: cop_int,                                                                      \
        short: cop_int,                                                                            \
        int: cop_int,                                                                              \
        long: cop_int,                                                                             \
        long long: cop_int,                                                                        \
        unsigned char: cop_int,                                                                    \
        unsigned short: cop_int,                                                                   \
        unsigned: cop_int,                                                                         \
        unsigned long: cop_uint,                                                                   \
        unsigned long long: cop_uint,                                                              \
        double: cop_float,                                                                         \
        char *: cop_string,                                                                        \
        const char *: cop_string)(x))
#endif

/* Called through these macros, the functions take C values wherever they take terms. */
#define cop_cons(head, tail)            cop_cons(cop_term_of(head), cop_term_of(tail))
#define cop_map_get(map, key, fallback) cop_map_get(map, cop_term_of(key), cop_term_of(fallback))
#define cop_map_has(map, key)           cop_map_has(map, cop_term_of(key))
#define cop_map_put(map, key, value)    cop_map_put(map, cop_term_of(key), cop_term_of(value))
#define cop_map_remove(map, key)        cop_map_remove(map, cop_term_of(key))

#ifdef __cplusplus
template <class... T> inline cop_term cop_tuple(T... v)
{
    const cop_term items[] = {cop_term_of(v)...};
    return cop_tuple_from(items, sizeof...(v));
}
template <class... T> inline cop_term cop_list(T... v)
{
    const cop_term items[] = {cop_term_of(v)...};
    return cop_list_from(items, sizeof...(v));
}
#else
/* cop_tuple(COP(":put"), key, 3): 1 to 16 values of any kind that cop_term_of takes. */
#define cop_tuple(...)                                                                             \
    cop_tuple_from((const cop_term[]){COP__MAP(cop_term_of, __VA_ARGS__)}, COP__COUNT(__VA_ARGS__))
#define cop_list(...)                                                                              \
    cop_list_from((const cop_term[]){COP__MAP(cop_term_of, __VA_ARGS__)}, COP__COUNT(__VA_ARGS__))
#endif

#endif
