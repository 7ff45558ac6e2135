/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and patterns in Elixir's syntax, written in C string literals.
 *
 *     cop_send(to, COP("{:ready, [retries: 3]}"));                 a literal: parsed once, shared
 *     if (cop_match(msg, "{:put, key, n}", key, n)) ...            takes apart, binds by name
 *     cop_expect(answer, "{:ok, pid}", pid);                       the same, or the process exits
 *     cop_term t = cop_build("{:put, key, [n: n]}", key, n);       puts together, by name
 *
 * **By name**: the C variables after a pattern are those that the pattern names, in any order, each
 * named once. A variable's C type says what it binds: cop_term anything; int64_t or int an integer
 * that fits, double a float or integer, bool true or false, cop_pid, cop_ref, cop_from, cop_bytes
 * (a binary's bytes) only that kind. A value of another kind does not match. Any other C type does
 * not compile. `_` and `_name` match anything and bind nothing. `^name` compares (===) with the
 * value that the C variable has. A name twice in a pattern must stand for identical values. A
 * pattern of a map `%{a: x}` matches maps that have these keys. `[head | tail]` takes a list apart.
 * Variables are written only when the whole pattern matches.
 *
 * Each use leaves a record in the section `cop_sites` of the binary, so that `coppice-check
 * PROGRAM` verifies syntax, names and counts of all of them without running one. A wrong pattern
 * that runs all the same ends the program and names its place: it is a mistake of the programmer.
 *
 * The texts must be string literals. Works in C11 and C++17. */
#ifndef COPPICE_PATTERN_H
#define COPPICE_PATTERN_H

#include "coppice/term.h"

enum cop__use {
    COP__USE_LITERAL = 1,
    COP__USE_MATCH,
    COP__USE_EXPECT,
    COP__USE_BUILD,
    COP__USE_RECORD
};
enum cop__type {
    COP__TYPE_TERM = 1,
    COP__TYPE_INT64,
    COP__TYPE_INT,
    COP__TYPE_DOUBLE,
    COP__TYPE_BOOL,
    COP__TYPE_PID,
    COP__TYPE_REF,
    COP__TYPE_FROM,
    COP__TYPE_BYTES,
    COP__TYPE_NONE /* ends the list of types */
};
#define COP__SITE_MAGIC    0x70707273U
#define COP__SITE_VARS_MAX 16

/* One record of the section `cop_sites`: this head, then three C strings (pattern, names, file).
 * Self-contained: no pointers, so that a checker reads it from the file. */
struct cop__site {
    uint32_t magic;
    uint32_t line;
    uint16_t text_size;  /* with its final 0 */
    uint16_t names_size; /* "name, bucket": what the caller wrote after the pattern */
    uint16_t file_size;
    uint8_t use;
    uint8_t count;                     /* variables */
    uint8_t types[COP__SITE_VARS_MAX]; /* enum cop__type */
};

COP_BEGIN_DECLS

/* Behind the macros. cache is the site's own word: NULL until the text was compiled. Any thread may
 * be first; all get the same result (release on publishing, acquire on reading). */
COP_API cop_term cop__literal(void **cache, const struct cop__site *site);
COP_API bool cop__match(void **cache, const struct cop__site *site, cop_term t,
                        const void *const *vars);
COP_API void cop__expect(void **cache, const struct cop__site *site, cop_term t,
                         const void *const *vars);
COP_API cop_term cop__build(void **cache, const struct cop__site *site, const void *const *vars);
/* Fields lie in a struct in the order of the names, each aligned as its type asks. */
COP_API bool cop__record_match(void **cache, const struct cop__site *site, cop_term t,
                               void *record);
COP_API cop_term cop__record_build(void **cache, const struct cop__site *site, const void *record);

COP_END_DECLS

#ifdef __cplusplus
constexpr uint8_t cop__type_of(const cop_term *)
{
    return COP__TYPE_TERM;
}
constexpr uint8_t cop__type_of(const long *)
{
    return COP__TYPE_INT64;
}
constexpr uint8_t cop__type_of(const long long *)
{
    return COP__TYPE_INT64;
}
constexpr uint8_t cop__type_of(const int *)
{
    return COP__TYPE_INT;
}
constexpr uint8_t cop__type_of(const double *)
{
    return COP__TYPE_DOUBLE;
}
constexpr uint8_t cop__type_of(const bool *)
{
    return COP__TYPE_BOOL;
}
constexpr uint8_t cop__type_of(const cop_pid *)
{
    return COP__TYPE_PID;
}
constexpr uint8_t cop__type_of(const cop_ref *)
{
    return COP__TYPE_REF;
}
constexpr uint8_t cop__type_of(const cop_from *)
{
    return COP__TYPE_FROM;
}
constexpr uint8_t cop__type_of(const cop_bytes *)
{
    return COP__TYPE_BYTES;
}
#define COP__TYPE(x)    cop__type_of(static_cast<decltype(x) *>(nullptr))
#define COP__ADDRESS(x) static_cast<const void *>(&(x))
#else
#define COP__TYPE(x)                                                                               \
    _Generic(&(x),                                                                                 \
        cop_term *: COP__TYPE_TERM,                                                                \
        const cop_term *: COP__TYPE_TERM,                                                          \
        long *: COP__TYPE_INT64,                                                                   \
        const long *: COP__TYPE_INT64,                                                             \
        long long *: COP__TYPE_INT64,                                                              \
        const long long *: COP__TYPE_INT64,                                                        \
        int *: COP__TYPE_INT,                                                                      \
        const int *: COP__TYPE_INT,                                                                \
        double *: COP__TYPE_DOUBLE,                                                                \
        const double *: COP__TYPE_DOUBLE,                                                          \
        bool *: COP__TYPE_BOOL,                                                                    \
        const bool *: COP__TYPE_BOOL,                                                              \
        cop_pid *: COP__TYPE_PID,                                                                  \
        const cop_pid *: COP__TYPE_PID,                                                            \
        cop_ref *: COP__TYPE_REF,                                                                  \
        const cop_ref *: COP__TYPE_REF,                                                            \
        cop_from *: COP__TYPE_FROM,                                                                \
        const cop_from *: COP__TYPE_FROM,                                                          \
        cop_bytes *: COP__TYPE_BYTES,                                                              \
        const cop_bytes *: COP__TYPE_BYTES)
/* As const, since a pinned variable may be; those that are bound are written all the same. */
#define COP__ADDRESS(x) ((const void *)&(x))
#endif

/* In C++ the record of a site in an inline function or a template would clash with the others of
 * the section; such sites are verified when they first run. */
#ifdef __cplusplus
#define COP__SITE_SECTION
#else
#define COP__SITE_SECTION __attribute__((section("cop_sites"), used, aligned(8)))
#endif

/* Declares the record and the cache of one site. `text` and `names` are string literals. */
#define COP__SITE(use_, text, names, count_, ...)                                                  \
    static const struct {                                                                          \
        struct cop__site head;                                                                     \
        char text_[sizeof(text)];                                                                  \
        char names_[sizeof(names)];                                                                \
        char file_[sizeof(__FILE__)];                                                              \
    } cop__site_record COP__SITE_SECTION = {{COP__SITE_MAGIC,                                      \
                                             __LINE__,                                             \
                                             sizeof(text),                                         \
                                             sizeof(names),                                        \
                                             sizeof(__FILE__),                                     \
                                             use_,                                                 \
                                             count_,                                               \
                                             {__VA_ARGS__}},                                       \
                                            text,                                                  \
                                            names,                                                 \
                                            __FILE__};                                             \
    static void *cop__site_cache

/* The literal term that the text stands for. Immortal: valid for ever, in any process, never copied
 * into a message. Runs on: any thread. */
#define COP(text)                                                                                  \
    __extension__({                                                                                \
        COP__SITE(COP__USE_LITERAL, "" text, "", 0, 0);                                            \
        cop__literal(&cop__site_cache, &cop__site_record.head);                                    \
    })

/* cop_match(term, "pattern", variables...): true if the term matches; then the variables are
 * bound. */
#define cop_match(term, ...)                                                                       \
    COP__JOIN(COP__MATCH_, COP__HAS_VARS(__VA_ARGS__))                                             \
    (cop__match, COP__USE_MATCH, term, __VA_ARGS__)
/* cop_expect(term, "pattern", variables...): as cop_match, but a term that does not match ends the
 * caller with the error {:badmatch, term}; the crash report names file, line and pattern. */
#define cop_expect(term, ...)                                                                      \
    COP__JOIN(COP__MATCH_, COP__HAS_VARS(__VA_ARGS__))                                             \
    (cop__expect, COP__USE_EXPECT, term, __VA_ARGS__)
/* cop_build("template", variables...): the term of the text with the variables' values in it. */
#define cop_build(...) COP__JOIN(COP__BUILD_, COP__HAS_VARS(__VA_ARGS__))(__VA_ARGS__)

#define COP__HAS_VARS(...)                                                                         \
    COP__COUNT_N(__VA_ARGS__, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, \
                 V, V, V, V, V, V, V, V, V, N, N)

/* The term comes first: it may hold sites of its own, whose records would be shadowed. */
#define COP__MATCH_N(function, use, term, text)                                                    \
    __extension__({                                                                                \
        const cop_term cop__subject = (term);                                                      \
        COP__SITE(use, "" text, "", 0, 0);                                                         \
        function(&cop__site_cache, &cop__site_record.head, cop__subject, NULL);                    \
    })
#define COP__MATCH_V(function, use, term, text, ...)                                               \
    __extension__({                                                                                \
        const cop_term cop__subject = (term);                                                      \
        COP__SITE(use, "" text, #__VA_ARGS__, COP__COUNT(__VA_ARGS__),                             \
                  COP__MAP(COP__TYPE, __VA_ARGS__));                                               \
        const void *const cop__vars[] = {COP__MAP(COP__ADDRESS, __VA_ARGS__)};                     \
        function(&cop__site_cache, &cop__site_record.head, cop__subject, cop__vars);               \
    })
#define COP__BUILD_N(text) COP(text)
#define COP__BUILD_V(text, ...)                                                                    \
    __extension__({                                                                                \
        COP__SITE(COP__USE_BUILD, "" text, #__VA_ARGS__, COP__COUNT(__VA_ARGS__),                  \
                  COP__MAP(COP__TYPE, __VA_ARGS__));                                               \
        const void *const cop__vars[] = {COP__MAP(COP__ADDRESS, __VA_ARGS__)};                     \
        cop__build(&cop__site_cache, &cop__site_record.head, cop__vars);                           \
    })

/* COP_RECORD(put, "{:put, key, n}", cop_term key, int64_t n)
 *
 * makes from one pattern a struct, a matcher and a builder:
 *     struct put { cop_term key; int64_t n; };
 *     bool put_match(cop_term t, struct put *ret);   writes *ret only when it matches
 *     cop_term put_build(const struct put *p);
 * 1 to 8 fields; their types are those that patterns bind. At file scope, C only. */
#ifndef __cplusplus
#define COP_RECORD(name, pattern, ...)                                                             \
    struct name {                                                                                  \
        COP__EACH(COP__FIELD, __VA_ARGS__)                                                         \
    };                                                                                             \
    static inline __attribute__((unused)) bool name##_match(cop_term t, struct name *ret)          \
    {                                                                                              \
        COP__SITE(COP__USE_RECORD, "" pattern, #__VA_ARGS__, COP__COUNT(__VA_ARGS__),              \
                  COP__TYPE_NONE);                                                                 \
        return cop__record_match(&cop__site_cache, &cop__site_record.head, t, ret);                \
    }                                                                                              \
    static inline __attribute__((unused)) cop_term name##_build(const struct name *p)              \
    {                                                                                              \
        COP__SITE(COP__USE_RECORD, "" pattern, #__VA_ARGS__, COP__COUNT(__VA_ARGS__),              \
                  COP__TYPE_NONE);                                                                 \
        return cop__record_build(&cop__site_cache, &cop__site_record.head, p);                     \
    }                                                                                              \
    struct name
#define COP__FIELD(declaration) declaration;
#endif

#endif
