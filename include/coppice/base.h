/* SPDX-License-Identifier: Apache-2.0 */
/* What every public header needs: attributes, the checks of compiler flags, errno on stacks that
 * move between threads, and the macros that count and map arguments. No function of interest to
 * users is declared here.
 *
 * Defaults that the other headers do not repeat (style: only what differs is said):
 *   Owns:     pointers are borrowed for the call; a term lives until the callback that can see it
 *             returns (memory.h).
 *   Runs on:  a process. Functions that any thread may call say so.
 *   Switches: no. A function that may let other processes run says so; nothing that belongs to a
 *             thread (a mutex, the address of a thread-local) may be held across it.
 *   Exits:    an argument of the wrong kind ends the caller with an error `badarg`. */
#ifndef COPPICE_BASE_H
#define COPPICE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define COP_BEGIN_DECLS                extern "C" {
#define COP_END_DECLS                  }
#define COP__STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#define COP_BEGIN_DECLS
#define COP_END_DECLS
#define COP__STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#endif

#if !defined(__GNUC__)
#error "coppice needs gcc or clang: it uses their attributes and statement expressions"
#endif

/* An exit or a kill unwinds the stack of the process, so that `cleanup` attributes and destructors
 * run. Frames compiled without unwind tables for cleanups are skipped silently, which is worse than
 * not compiling. pkg-config and the CMake package bring the flags. */
#if !defined(__EXCEPTIONS) && !defined(COP_I_KNOW_WHAT_I_DO)
#error "compile with -fexceptions -fstack-clash-protection (pkg-config --cflags coppice)"
#endif

#define COP_API                __attribute__((visibility("default")))
#define COP_NORETURN           __attribute__((noreturn))
#define COP_MUST_USE           __attribute__((warn_unused_result))
#define COP_COLD               __attribute__((cold))
#define COP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
/* Ownership moves with this argument (TAKES) or result (GIVES). */
#define COP_TAKES
#define COP_GIVES

/* Wait without limit, wherever a time in milliseconds is asked for. */
#define COP_INFINITY     (-1)
/* The time a call waits by default, in milliseconds (GEN-39). */
#define COP_CALL_TIMEOUT 5000

COP_BEGIN_DECLS

/* Where errno of the current thread lies. A process may continue on another thread after a call
 * that switches; the C library's own accessor is declared const, so a compiler would reuse the
 * address of the former thread. Runs on: any thread. */
COP_API int *cop__errno(void);

COP_END_DECLS

#ifndef COP_KEEP_ERRNO
#undef errno
#define errno (*cop__errno())
#endif

/* COP__COUNT(a, b, c) is 3; 1 to 33 arguments. */
#define COP__COUNT(...)                                                                            \
    COP__COUNT_N(__VA_ARGS__, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,  \
                 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define COP__COUNT_N(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17,   \
                     _18, _19, _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32,    \
                     _33, N, ...)                                                                  \
    N

#define COP__JOIN(a, b)  COP__JOIN_(a, b)
#define COP__JOIN_(a, b) a##b

/* COP__MAP(M, a, b) is M(a), M(b); COP__EACH is the same without commas. 1 to 16 arguments. */
#define COP__MAP(M, ...)       COP__JOIN(COP__MAP_, COP__COUNT(__VA_ARGS__))(M, __VA_ARGS__)
#define COP__MAP_1(M, a)       M(a)
#define COP__MAP_2(M, a, ...)  M(a), COP__MAP_1(M, __VA_ARGS__)
#define COP__MAP_3(M, a, ...)  M(a), COP__MAP_2(M, __VA_ARGS__)
#define COP__MAP_4(M, a, ...)  M(a), COP__MAP_3(M, __VA_ARGS__)
#define COP__MAP_5(M, a, ...)  M(a), COP__MAP_4(M, __VA_ARGS__)
#define COP__MAP_6(M, a, ...)  M(a), COP__MAP_5(M, __VA_ARGS__)
#define COP__MAP_7(M, a, ...)  M(a), COP__MAP_6(M, __VA_ARGS__)
#define COP__MAP_8(M, a, ...)  M(a), COP__MAP_7(M, __VA_ARGS__)
#define COP__MAP_9(M, a, ...)  M(a), COP__MAP_8(M, __VA_ARGS__)
#define COP__MAP_10(M, a, ...) M(a), COP__MAP_9(M, __VA_ARGS__)
#define COP__MAP_11(M, a, ...) M(a), COP__MAP_10(M, __VA_ARGS__)
#define COP__MAP_12(M, a, ...) M(a), COP__MAP_11(M, __VA_ARGS__)
#define COP__MAP_13(M, a, ...) M(a), COP__MAP_12(M, __VA_ARGS__)
#define COP__MAP_14(M, a, ...) M(a), COP__MAP_13(M, __VA_ARGS__)
#define COP__MAP_15(M, a, ...) M(a), COP__MAP_14(M, __VA_ARGS__)
#define COP__MAP_16(M, a, ...) M(a), COP__MAP_15(M, __VA_ARGS__)

#define COP__EACH(M, ...)      COP__JOIN(COP__EACH_, COP__COUNT(__VA_ARGS__))(M, __VA_ARGS__)
#define COP__EACH_1(M, a)      M(a)
#define COP__EACH_2(M, a, ...) M(a) COP__EACH_1(M, __VA_ARGS__)
#define COP__EACH_3(M, a, ...) M(a) COP__EACH_2(M, __VA_ARGS__)
#define COP__EACH_4(M, a, ...) M(a) COP__EACH_3(M, __VA_ARGS__)
#define COP__EACH_5(M, a, ...) M(a) COP__EACH_4(M, __VA_ARGS__)
#define COP__EACH_6(M, a, ...) M(a) COP__EACH_5(M, __VA_ARGS__)
#define COP__EACH_7(M, a, ...) M(a) COP__EACH_6(M, __VA_ARGS__)
#define COP__EACH_8(M, a, ...) M(a) COP__EACH_7(M, __VA_ARGS__)

#endif
