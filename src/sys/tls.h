/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread-local word of the runtime, read so that no compiler keeps its address over a
 * switch of stacks: gcc and clang take the address of a thread-local for constant within a
 * function, but a function may go on on another thread. */
#ifndef COP_SYS_TLS_H
#define COP_SYS_TLS_H

/* Set by a thread for itself. Defined in linux.c. */
extern __thread void *cop__tls_word __attribute__((tls_model("initial-exec")));

/* The calling thread's word, read anew at each call. Any thread; NULL until it is set. */
static inline void *cop__tls_get(void)
{
    void *word;
    __asm__ volatile("movq cop__tls_word@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(word));
    return word;
}

#endif
