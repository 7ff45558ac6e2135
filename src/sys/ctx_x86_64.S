/* SPDX-License-Identifier: Apache-2.0 */
/* The switch for x86-64, System V ABI. Contracts: ctx.h. Each function carries call frame
 * information, so that unwinders and debuggers walk through it. */

    .text

/* void *cop__ctx_switch(void **save_sp, void *load_sp, void *arg) */
    .globl  cop__ctx_switch
    .hidden cop__ctx_switch
    .type   cop__ctx_switch, @function
    .p2align 4
cop__ctx_switch:
    .cfi_startproc
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp
    movq    %rdx, %rax
    popq    %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq    %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq    %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq    %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size   cop__ctx_switch, . - cop__ctx_switch

/* void *cop__ctx_make(void *top, void (*fn)(void *arg))
 * Lays out what cop__ctx_switch pops: six registers, of which rbx carries fn, then the address of
 * the start stub; above it a zero, where a walk over frame pointers ends. */
    .globl  cop__ctx_make
    .hidden cop__ctx_make
    .type   cop__ctx_make, @function
    .p2align 4
cop__ctx_make:
    .cfi_startproc
    leaq    -72(%rdi), %rax
    movq    $0, 0(%rax)             /* r15 */
    movq    $0, 8(%rax)             /* r14 */
    movq    $0, 16(%rax)            /* r13 */
    movq    $0, 24(%rax)            /* r12 */
    movq    %rsi, 32(%rax)          /* rbx: fn */
    movq    $0, 40(%rax)            /* rbp: ends the chain of frames */
    leaq    cop__ctx_start(%rip), %rcx
    movq    %rcx, 48(%rax)
    movq    $0, 56(%rax)
    movq    $0, 64(%rax)
    ret
    .cfi_endproc
    .size   cop__ctx_make, . - cop__ctx_make

/* First code on a fresh stack: rax has the switcher's arg, rbx the function. The stack pointer is
 * 16-byte aligned here. The undefined return address tells the unwinder that the stack ends. */
    .type   cop__ctx_start, @function
    .p2align 4
cop__ctx_start:
    .cfi_startproc
    .cfi_undefined rip
    movq    %rax, %rdi
    call    *%rbx
    ud2
    .cfi_endproc
    .size   cop__ctx_start, . - cop__ctx_start

/* int cop__ctx_enter(void **save_sp, void (*fn)(void *arg), void *arg) */
    .globl  cop__ctx_enter
    .hidden cop__ctx_enter
    .type   cop__ctx_enter, @function
    .p2align 4
cop__ctx_enter:
    .cfi_startproc
    pushq   %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    movq    %rsp, %rbp
    .cfi_def_cfa_register %rbp
    pushq   %rbx
    .cfi_offset %rbx, -24
    pushq   %r12
    .cfi_offset %r12, -32
    pushq   %r13
    .cfi_offset %r13, -40
    pushq   %r14
    .cfi_offset %r14, -48
    pushq   %r15
    .cfi_offset %r15, -56
    subq    $8, %rsp
    movq    %rsp, (%rdi)
    movq    %rdx, %rdi
    call    *%rsi
    xorl    %eax, %eax
.Lleave:
    addq    $8, %rsp
    popq    %r15
    popq    %r14
    popq    %r13
    popq    %r12
    popq    %rbx
    popq    %rbp
    .cfi_def_cfa %rsp, 8
    ret
    .cfi_endproc
    .size   cop__ctx_enter, . - cop__ctx_enter

/* void cop__ctx_abort(void *sp) */
    .globl  cop__ctx_abort
    .hidden cop__ctx_abort
    .type   cop__ctx_abort, @function
    .p2align 4
cop__ctx_abort:
    .cfi_startproc
    movq    %rdi, %rsp
    leaq    48(%rsp), %rbp
    movl    $1, %eax
    jmp     .Lleave
    .cfi_endproc
    .size   cop__ctx_abort, . - cop__ctx_abort

    .section .note.GNU-stack, "", @progbits
