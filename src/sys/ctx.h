/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: switching stacks, entering a handler so that it can be left at once, and starting on a
 * fresh stack. The only assembly of the runtime; the contracts are here, ctx_x86_64.S keeps them.
 *
 * Saved and restored: the callee-saved registers of the System V ABI and the stack pointer. Not
 * saved: the rounding modes of SSE and x87; code that changes them restores them before it
 * switches. */
#ifndef COP_SYS_CTX_H
#define COP_SYS_CTX_H

#include <stdint.h>

#if !defined(__x86_64__)
#error "src/sys has a context switch for x86-64 only so far"
#endif

/* Saves the current context on the current stack, stores its stack pointer in *save_sp and goes on
 * with the context whose stack pointer is load_sp. There the call returns arg. What it returns
 * here, when somebody switches back, is that switcher's arg. */
void *cop__ctx_switch(void **save_sp, void *load_sp, void *arg);

/* Makes a context on an empty stack whose highest address is top (16-byte aligned): the first
 * switch to the returned stack pointer calls fn(arg), arg from the switch. fn must not return. */
void *cop__ctx_make(void *top, void (*fn)(void *arg));

/* Calls fn(arg). Returns 0 when fn returned, 1 when cop__ctx_abort(*save_sp) cut it short. save_sp
 * is set before fn runs and is good until the call returns; it is also the canonical frame address
 * of fn's frame, by which the unwinder tells that it has come down to here. */
int cop__ctx_enter(void **save_sp, void (*fn)(void *arg), void *arg);

/* The stack pointer of the function that this is inlined into: the canonical frame address of the
 * frames that it calls. */
static inline void *cop__ctx_sp(void)
{
    void *sp;
    __asm__ volatile("movq %%rsp, %0" : "=r"(sp));
    return sp;
}

/* Leaves everything above the cop__ctx_enter() that saved sp, on the same stack. Runs no
 * cleanup. */
__attribute__((noreturn)) void cop__ctx_abort(void *sp);

#endif
