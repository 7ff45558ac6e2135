/* SPDX-License-Identifier: Apache-2.0 */
/* The map of the runtime: read this first. Every struct of it, with what each field means and who
 * may write it.
 *
 * **Words.** A *process* is a slot in the process table. A *stack* is lent to a process while its
 * code runs; a process that waits inside a call keeps it, one that waits at its top level has
 * none. A *seat* is the right to run processes beside the other seats, one a core: it has a run
 * queue and timers. A *thread* sits on a seat, or runs one process *alone*, without a seat, or is
 * a *spare*.
 *
 * **The gate** is the one word that tells who may touch what belongs to a thread: its seat and the
 * private fields of its current process.
 *
 *      RUNTIME      the thread itself: it is in our code
 *      PROCESS      nobody: the thread is in the process's code and has a seat. Whoever moves the
 *                   gate to HELD by compare-and-swap may touch both until it moves it back: a thief
 *                   that takes from the run queue, the watchdog that takes the seat away
 *      ALONE        nobody: the same without a seat. The watchdog moves it to HELD_ALONE to handle
 *                   the signals of a process that does not come to it
 *      CONDEMNED    the process has been ended by somebody else; the thread finds out when it next
 *                   enters the runtime, and unwinds
 *
 *          RUNTIME --leave--> PROCESS <--> HELD            leave: release    enter, hold: acquire
 *             ^ |               |  |
 *          enter  <-------------+  +-- watchdog takes the seat --> ALONE <--> HELD_ALONE
 *                                                                                 |
 *                                                                             CONDEMNED
 *
 * **A process** is in one of four states, told by its inbox and by who holds it:
 *
 *      idle       inbox == IDLE: nobody holds it. Whoever pushes a signal over IDLE holds it, and
 *                 must make it runnable
 *      runnable   held by a run queue
 *      running    held by a thread
 *      dead       inbox == CLOSED: pushes fail
 *
 * Its private fields belong to the holder (while running: under the gate). */
#ifndef COP_RUNTIME_TYPES_H
#define COP_RUNTIME_TYPES_H

#include "base/alloc.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map64.h"
#include "base/rand.h"
#include "base/tls.h"
#include "coppice/node.h"
#include "coppice/process.h"
#include "sys/ctx.h"
#include "sys/os.h"
#include "sys/san.h"
#include "term/copy.h"
#include "term/heap.h"
#include "term/types.h"

#include <stdatomic.h>
#include <unwind.h>

/* --- Signals ---------------------------------------------------------------------------------- */

enum cop__signal_kind {
    COP__SIG_MESSAGE,
    COP__SIG_ALIAS_MESSAGE, /* ref: the alias */
    COP__SIG_EXIT,          /* exit/2; the term is {:EXIT, from, reason} */
    COP__SIG_LINK_EXIT,     /* a linked process died; the term as above */
    COP__SIG_LINK,
    COP__SIG_UNLINK,     /* ref: the unlink id */
    COP__SIG_UNLINK_ACK, /* ref: the same */
    COP__SIG_MONITOR,    /* ref; the term is nil or the name that was asked for */
    COP__SIG_DEMONITOR,  /* ref */
    COP__SIG_DOWN,       /* ref; the term is {:DOWN, ref, :process, pid or {name, node}, reason} */
    COP__SIG_TICK,       /* the timer of a wait ran out */
    COP__SIG_ASK,        /* the receiver answers: ref: id of the question; the term says what */
    COP__SIG_ANSWER,     /* ref: id of the question; the term is the answer */
    COP__SIG_GROUP_LEADER, /* the term is the new one */
    COP__SIG_RESUME,       /* takes one suspension back */
    COP__SIG_WAKE,         /* nothing but: look again (port.h) */
    COP__SIG_KINDS
};

/* One signal: the prefix of the block that holds its term (term/copy.h), so that a message is one
 * allocation. In transit it is on the receiver's inbox, then on its mailbox if it is a message. */
struct cop__signal {
    struct cop__signal *next;
    uint64_t to;   /* whom it was meant for: a reused slot answers as the dead would */
    uint64_t from; /* the sender's pid, or 0 */
    uint64_t ref;
    uint32_t kind;
    uint32_t size; /* bytes of the block, for the accounts */
} __attribute__((aligned(16)));
_Static_assert(sizeof(struct cop__signal) % 16 == 0, "the block after it is aligned");

/* What an inbox holds besides a list of signals, newest first. */
#define COP__INBOX_EMPTY  ((uintptr_t)0)
#define COP__INBOX_IDLE   ((uintptr_t)1)
#define COP__INBOX_CLOSED ((uintptr_t)2)

/* --- Links and monitors ------------------------------------------------------------------------*/

/* One end of a link, a monitor that this process made, a monitor on this process, or an alias. */
struct cop__relation {
    struct cop__list by_age; /* of its table, oldest first */
    uint64_t key;            /* link: the peer's pid; else the reference's number */
    uint64_t peer;           /* pid; an alias without monitor: 0 */
    /* link: not 0 while our unlink is not acknowledged: then the link is off */
    uint64_t unlink_id;
    uint32_t name; /* monitor: atom by which the process was named, or 0 */
    uint8_t alias; /* enum cop_alias_mode */
    bool is_fired; /* alias whose monitor is gone */
    cop_kept tag;  /* monitor: replaces :DOWN, or cop_none() */
};

/* A set of relations: a list by age, and an index when there are many. All zero is empty. */
struct cop__relations {
    struct cop__list by_age; /* next == NULL: never used */
    struct cop__map64 index; /* key -> relation; used above COP__RELATIONS_LINEAR */
    uint32_t count;
};
#define COP__RELATIONS_LINEAR 8

/* --- Stacks ------------------------------------------------------------------------------------*/

struct cop__proc;
struct cop__thread;

#define COP__NURSERY_WORDS 64

/* A place that an exception can be caught at: cop_try, or the dispatch loop under a handler. */
struct cop__catch {
    struct cop__catch *outer; /* NULL: the dispatch loop */
    void *sp;                 /* cop__ctx_enter's: where an abort goes on */
    void *floor;              /* frames above this address are unwound; NULL: above sp */
    uint32_t foreign;         /* depth of COP_FOREIGN when it was set */
    enum cop_class class_;    /* what was raised; valid when cop__ctx_enter was aborted ... */
    cop_term reason;          /* ... unless the process is EXITING, which then says why */
    cop_term stack;           /* the stacktrace that goes with it */
    struct _Unwind_Exception unwind; /* here, since the frames of the raiser go while it is used */
};

/* A record at the high end of each stack. A stack in the pool keeps a parked dispatch loop; so
 * nothing that belongs to a thread may live in that loop's frame. */
struct cop__stack {
    struct cop__stack *next; /* in a pool: owned by the pool */
    void *sp;                /* while parked: where to go on */
    char *base;              /* lowest address, guard included */
    size_t size;
    bool has_canary; /* instead of a guard page */
    struct cop__san san;
    struct cop__catch entry; /* of the handlers that its dispatch loop calls */
    /* Lent with the stack: room for the first boxes of a turn's region. */
    uint64_t nursery[COP__NURSERY_WORDS];
};

/* What a stack that was just switched to does for the one that was left. */
enum cop__post_kind {
    COP__POST_NONE,
    COP__POST_PARK,  /* proc waits with its stack: publish it as idle */
    COP__POST_YIELD, /* proc waits with its stack but is runnable: queue it */
    COP__POST_FREE   /* stack goes to the pool */
};
struct cop__post {
    enum cop__post_kind kind;
    struct cop__proc *proc;
    struct cop__stack *stack;
    struct cop__san *san; /* of the stack that was left */
};

/* --- Processes ---------------------------------------------------------------------------------*/

enum cop__proc_flag {
    COP__PROC_TRAP_EXIT = 1,
    COP__PROC_EXITING = 2,     /* a fatal signal was received, or it is at its end */
    COP__PROC_CONDEMNED = 4,   /* ended by somebody else while its code ran */
    COP__PROC_HAS_TIMERS = 8,  /* somebody made a timer for it: look at its end */
    COP__PROC_HAS_TABLES = 16, /* the same of a table (ets.h) */
    COP__PROC_HAS_LABEL = 32,  /* it stands among the labels (label.c) */
    COP__PROC_IN_TREE = 64,    /* a supervisor has started it: its end is history (journal.c) */
    COP__PROC_HAS_PORTS = 128  /* it has had a socket or the like: look at its end (port.h) */
};

/* One process. The memory of a slot is never given back while the node runs, so a stale pid may be
 * looked up at any time: `pid` tells whether it is still meant. */
struct cop__proc {
    /* Written by senders. */
    _Atomic uintptr_t inbox; /* see above; pushes release, takes acquire */
    _Atomic uint64_t pid;    /* generation << 28 | slot; written by the table only */

    /* Private from here on. */
    struct cop__proc *next;   /* run queue's link, while runnable */
    struct cop__stack *stack; /* kept while it waits inside a call; NULL at top level */
    cop_start_fn start;       /* what to call first; then NULL */
    cop_term start_arg;       /* lies in the first region */
    cop_wake_fn wake;         /* what to call when it wakes at top level */
    void *state;
    struct cop__catch *catch_; /* innermost, while its code runs or waits inside a call */

    bool is_unwinding;        /* down to catch_: cleanups run, and nothing ends them */
    uint8_t mailbox_policy;   /* enum cop_mailbox_policy; set at birth, as mailbox_max */
    uint16_t foreign;         /* depth of COP_FOREIGN */
    uint32_t mailbox_max;     /* messages; UINT32_MAX: no limit (mailbox_limit.h) */
    struct cop_frame *frames; /* calls by name, innermost first: on its stack */

    struct cop__signal *mailbox_first; /* messages, oldest first */
    struct cop__signal **mailbox_last; /* where the next one goes; NULL: at mailbox_first */
    uint64_t mailbox_bytes;
    struct cop__signal *handed;     /* a message given to the turn, not received yet: see sched.c */
    struct cop__signal *base;       /* the message of the turn while the inbox still ends in it */
    uint64_t marker_ref;            /* the newest reference made ... */
    struct cop__signal **marker_at; /* ... and where messages that can carry it begin */

    int64_t deadline_ns; /* of the current wait; negative: none */
    int64_t armed_ns;    /* when the next tick comes; negative: none is due */
    uint64_t armed_ref;  /* the timer of that tick */

    struct cop__heap heap; /* region, kept terms, blocks */
    struct cop__relations links;
    struct cop__relations monitors; /* ours, and our aliases */
    struct cop__relations watchers; /* of us */
    cop_dict *dictionary;           /* NULL until used */

    cop_term label;                /* kept; nil: none */
    struct cop__signal *unhandled; /* while EXITING: behind the signal it dies of, oldest first */
    cop_term exit_reason; /* while EXITING; lies in exit_block or the region, or is immortal */
    cop_term exit_stack;  /* lies in the region */
    struct cop__block *exit_block;
    enum cop_class exit_class;
    _Atomic uint32_t mailbox_dropped;   /* in its life; read by tools, as what follows below */
    struct cop__ask *ask;               /* the question it waits for, if any: on its stack */
    struct cop__raised *raised;         /* where it raised last, while crashes are noted */
    struct cop__suspension *suspending; /* whom it holds back: suspend.c */

    /* Read by tools without the gate: written by the holder with relaxed stores. */
    _Atomic uint32_t mailbox_len;
    _Atomic uint32_t registered; /* atom index or 0; written under the name table's rules */
    _Atomic uint64_t reductions;
    _Atomic uint64_t memory;    /* bytes of heap and mailbox when it last ran */
    _Atomic uint8_t flags;      /* enum cop__proc_flag */
    _Atomic uint8_t status;     /* enum cop__status, for tools only */
    _Atomic uint8_t priority;   /* enum cop_priority; written by itself, read by who wakes it */
    _Atomic bool is_system;     /* it handles system messages; written by itself */
    _Atomic uint32_t suspended; /* how often it is held back; written by the holder */
    _Atomic(const char *) name; /* of its function, or NULL */
    _Atomic uint64_t parent;    /* pid, or 0 */
    _Atomic uint64_t group_leader;
    _Atomic uint64_t initial_call; /* see introspect.c; 0: none */
    uint32_t stack_size;
    uint32_t mailbox_low; /* the length below which a high mailbox is low; 0: it is not high */
    uint32_t slice;       /* reductions of this slice ... */
    uint32_t budget;      /* ... and how many of them are left */
};

enum cop__status {
    COP__STATUS_FREE,
    COP__STATUS_WAITING,
    COP__STATUS_RUNNABLE,
    COP__STATUS_RUNNING
};

/* --- Seats and threads -------------------------------------------------------------------------*/

/* A double-ended queue of runnable processes. */
struct cop__runq {
    struct cop__proc *first;
    struct cop__proc **last;
    _Atomic uint32_t len; /* written by the holder of the seat; read by idle threads (seq_cst) */
};

/* All timers of the node: those of waits and those that programs make. One lock, since any thread
 * may set or cancel; the watchdog's thread fires them (docs/adr/0004). */
struct cop__timers {
    pthread_mutex_t lock;
    struct cop__heap_queue queue; /* by deadline; under the lock */
    struct cop__map64 by_ref;     /* number -> timer, those that programs made; under the lock */
    _Atomic int64_t next_ns;      /* the earliest deadline or INT64_MAX; written under the lock */
};

/* All fields: the thread on it under its gate, unless said otherwise. */
struct cop__seat {
    int number;
    struct cop__proc *lifo; /* woken last: runs next */
    uint32_t lifo_run;      /* how often in a row */
    uint32_t global_turn;   /* picks from the run queue */
    uint32_t low_turn;      /* picks of a process of low priority */
    struct cop__runq runq;
    void *loop;                           /* of the I/O layer, from its first use on; NULL: none */
    uint32_t poll_turn;                   /* picks since the loop was last asked */
    _Atomic bool is_poll_due;             /* the watchdog wants the loop to be asked (relaxed) */
    _Atomic(struct cop__thread *) thread; /* who sits here; changed by the owner or the watchdog */
    _Atomic uint32_t slices;         /* grows with each dispatch; read by the watchdog (relaxed) */
    _Atomic bool lifo_open;          /* the watchdog lets thieves take lifo (relaxed) */
    _Atomic int64_t idle_ns;         /* how long its threads have slept, for tools (relaxed) */
    _Atomic int64_t asleep_since_ns; /* 0: awake */
    /* The watchdog's alone. */
    uint32_t seen_slices;
    int64_t seen_ns;
};

enum cop__gate {
    COP__GATE_RUNTIME,
    COP__GATE_PROCESS,
    COP__GATE_HELD,
    COP__GATE_ALONE,
    COP__GATE_HELD_ALONE,
    COP__GATE_CONDEMNED
};

struct cop__thread {
    _Atomic uint32_t gate;     /* enum cop__gate */
    struct cop__seat *seat;    /* NULL: alone or spare; under the gate */
    struct cop__proc *current; /* whose code runs here; the thread alone, while it has a seat */
    struct cop__stack *stack;  /* the one it stands on, when that is a process stack */
    struct cop__stack native;  /* the thread's own stack: only sp and san are used */
    struct cop__proc *picked;  /* what the stack just switched to shall run first */
    struct cop__stack *stack_cache; /* the thread alone */
    uint32_t stack_cached;
    _Atomic uint64_t sent; /* messages, for tools (relaxed) */
    uint64_t ref_next;     /* numbers for references, taken from the node in blocks */
    uint64_t ref_end;
    struct cop__os_parker parker;
    struct cop__list spare;   /* among the spares: under the node's lock */
    struct cop__list alone;   /* among the alone: under the node's lock */
    struct cop__list all;     /* under the node's lock */
    struct cop__list sleeper; /* among the sleepers: under the node's idle lock */
    bool is_sleeper;          /* under the idle lock */
    /* The loop in which the thread sleeps, or is about to: against the parker's token (seq_cst). */
    _Atomic(void *) polling;
    pthread_t handle;
    int number;
    _Atomic bool has_ended; /* last thing the thread writes; release, acquire by who joins it */
    /* While it is alone, under the node's lock: how many ticks its process has been unwinding, or
     * condemned; which one that is (a pid), and the name of its function. */
    uint32_t ticks;
    cop_term zombie;
    const char *zombie_name;
    /* cop__node_epoch when it was made: one that outlives its node must touch nothing */
    uint32_t epoch;
};

/* --- The node ----------------------------------------------------------------------------------*/

struct cop__node {
    int64_t started_ns;
    _Atomic bool is_running;
    _Atomic bool is_stopping;
    int seat_count;
    struct cop__seat *seats;

    pthread_mutex_t lock; /* threads, spares, the alone */
    struct cop__list threads;
    struct cop__list spares;
    struct cop__list alone;
    int spare_count; /* threads beside the seats, idle or not */
    int spares_max;
    _Atomic int zombie_count; /* condemned that have not come back */

    pthread_mutex_t global_lock; /* the global run queue: filled by threads without a seat */
    struct cop__runq global;

    pthread_mutex_t idle_lock;
    struct cop__list sleepers;
    _Atomic int sleeper_count; /* seq_cst: against runq.len */
    _Atomic int searching;     /* seats that look for work (seq_cst) */
    _Atomic bool is_eager;     /* pushes to a run queue wake sleepers: see seat.c (relaxed) */
    /* Of the I/O layer (port.h); NULL until its first use. */
    _Atomic(const struct cop__port_driver *) port_driver;

    struct cop__timers timers;
    struct cop__os_parker watchdog_parker;
    _Atomic bool watchdog_sleeps;
    pthread_t watchdog;

    /* Somebody wants to hear of each reception: the history of a seeded run, or a trace. */
    _Atomic bool is_watched; /* relaxed: a trace may miss what comes as it begins */

    /* A seeded run (sim.c). */
    bool is_seeded;
    int waiting; /* threads in cop_run() or cop_node_wait(); under the idle lock */
    /* Between two cop_run() nothing runs, and no time passes. Set at the end of one by the thread
     * on the seat (release), cleared by the thread that has begun the next. */
    _Atomic bool is_frozen;
    _Atomic bool is_still; /* frozen, and the seat's thread has come to rest (by it; release) */
    struct cop__rand seed_rand;
    _Atomic int64_t virtual_ns;
    uint64_t history; /* hash of all receptions */

    _Atomic int64_t stop_status;       /* -1 until cop_system_stop() */
    struct cop__os_parker stop_parker; /* of the thread in cop_node_wait() */

    _Atomic uint64_t ref_next; /* blocks of reference numbers are taken from here */
};
extern struct cop__node cop__node;
/* Grows when a node ends. Apart from the node, since threads that outlive it read it. */
extern _Atomic uint32_t cop__node_epoch;

/* The calling thread, NULL if it is none of ours; to be asked again after anything that switches.
 * Set by the thread for itself. */
COP__TLS_DECLARE(struct cop__thread, cop__thread_self)
static inline struct cop__thread *cop__thread(void)
{
    return cop__thread_self_get();
}

#endif
