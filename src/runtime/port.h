/* SPDX-License-Identifier: Apache-2.0 */
/* What the I/O layer (src/io) needs of the runtime, and the other way round: the one header of the
 * runtime that it includes.
 *
 * A *loop* waits for descriptors on behalf of a seat. It is opened when a process on that seat
 * first needs one; from then on the thread on the seat asks it between processes and sleeps in it
 * instead of on its futex. A loop belongs to the thread on its seat while that is in the runtime,
 * as all of the seat does, and goes with the seat to another thread.
 *
 * A *port* is what a process owns of the operating system. The runtime knows only that a process
 * has some, so that it can tell the I/O layer of its end.
 *
 * Threads, as told below: *the caller* is a process between cop__port_enter() and
 * cop__port_leave(); *a callback* is called by a loop's poll. */
#ifndef COP_RUNTIME_PORT_H
#define COP_RUNTIME_PORT_H

#include "coppice/process.h"

/* --- What the runtime calls ------------------------------------------------------------------- */

struct cop__port_driver {
    /* A new loop for the seat of the calling thread; NULL: there is none to be had. */
    void *(*open)(void);
    /* Calls back for all that has come; waits for something if there is nothing, or until wake. On
     * the thread of the loop's seat, on its native stack. */
    void (*poll)(void *loop, bool waits);
    /* Ends the poll that waits, or the next one that would. Any thread. */
    void (*wake)(void *loop);
    /* A process that was adopted has ended: closes what it owned. Any thread; not in a callback. */
    void (*owner_ended)(uint64_t pid);
    /* The node stops: all processes are dead, all threads have ended. */
    void (*close)(void *loop);
    void (*fini)(void); /* after all loops */
};

/* The loop of the caller's seat, opened if need be. NULL: none is to be had, or the run is seeded
 * (docs/adr/0011). */
void *cop__port_loop(const struct cop__port_driver *driver);
/* Whether the calling thread has the loop's seat now, so that it may touch the loop. False on a
 * thread without a seat; any thread. */
bool cop__port_is_here(const void *loop);
/* To be called in a poll that waits before anything else is done: the seat's thread sleeps no
 * more. */
void cop__port_awake(void);

/* --- The calling process ---------------------------------------------------------------------- */

/* From the code of a process into the runtime and, if it is alone, back onto a seat; returns its
 * pid's number. Exits: ends the program on a thread that is no process. Switches: may. */
uint64_t cop__port_enter(void);
void cop__port_leave(void);
/* The pid's number of the calling process, entered or not. */
uint64_t cop__port_self(void);
/* Lets the time of the waits that follow end so many milliseconds from now (negative: never). To be
 * set to -1 when they are over. */
void cop__port_deadline(int64_t timeout_ms);
/* Waits until anything has come for the caller: a message, or cop__port_wake(). False: the time is
 * over (look all the same a last time). No lock may be held: a caller that is killed does not come
 * back, and its cleanups run with the gate at PROCESS. Switches. */
bool cop__port_wait(void);

/* --- Any process, by its pid's number --------------------------------------------------------- */

/* Any thread that has entered, or a callback: both. The dead are passed over. The message is
 * copied. */
void cop__port_send(uint64_t pid, cop_term message);
void cop__port_wake(uint64_t pid);
/* pid shall own ports: the driver will be told of its end. False: it is dead already, or is at its
 * end and not the caller. */
bool cop__port_adopt(uint64_t pid);
/* Moves those messages of the caller's mailbox for which fn holds to another process, in order.
 * Does not return if the caller is to die. */
void cop__port_forward(bool (*fn)(cop_term message, void *arg), void *arg, uint64_t to);

/* --- For the rest of the runtime -------------------------------------------------------------- */

void cop__loop_poll(void *loop, bool waits);
void cop__loop_wake(void *loop);
/* A process that was adopted is at its end. */
void cop__ports_end(uint64_t pid);
void cop__ports_fini(void);

#endif
