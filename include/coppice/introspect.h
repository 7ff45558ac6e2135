/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a running node: what every tool shows (the Observer, the console, metrics) comes from
 * here, at a cost only while somebody looks.
 *
 * **Figures and rows** are read from outside, without a word to the process: one that is busy or
 * stuck is seen as any other. What only the process itself can tell (links, messages, dictionary)
 * is cop_process_info()'s, with a time limit.
 *
 * **Journals** keep what has happened: bounded lists of events with numbers and times, which any
 * number of readers follow at their own pace. A journal that nobody holds open notes nothing, and
 * what it would have noted costs one look at a flag. What comes faster than a journal takes it, and
 * what falls out at the other end, leaves gaps in the numbers: a reader knows how much it missed.
 *
 * Runs on, unless it says otherwise: any thread, inside of a region where terms are returned. None
 * switches. */
#ifndef COPPICE_INTROSPECT_H
#define COPPICE_INTROSPECT_H

#include "coppice/process.h"

/* --- The node --------------------------------------------------------------------------------- */

/* How the node stands; bytes where it says memory. */
struct cop_node_figures {
    int64_t uptime_ms;
    uint64_t processes;
    uint64_t processes_max;
    uint64_t atoms;
    uint64_t atoms_max;
    uint64_t timers;   /* set and not fired: of waits and of programs */
    uint64_t threads;  /* of the node, the watchdog's and the log's not counted */
    uint64_t zombies;  /* processes that were ended while their code ran, and have not come back */
    uint64_t messages; /* sent by processes since the node's start */
    uint64_t reductions;       /* of the processes that live */
    uint64_t memory_resident;  /* of the whole program, as the kernel counts */
    uint64_t memory_taken;     /* taken from the system by the library ... */
    uint64_t memory_allocated; /* ... and what of it is in use */
    uint64_t memory_atoms;     /* of the table of atoms */
    uint64_t memory_processes; /* what the processes had when they last ran */
    uint64_t run_queue_global; /* runnable and on no scheduler */
};
/* One scheduler, since the node's start. */
struct cop_scheduler_figures {
    int64_t idle_ns; /* how long it has slept */
    uint32_t dispatches;
    uint32_t run_queue;
};

/* --- Processes -------------------------------------------------------------------------------- */

enum cop_process_status {
    COP_PROCESS_WAITING,
    COP_PROCESS_RUNNABLE,
    COP_PROCESS_RUNNING,
    COP_PROCESS_SUSPENDED,
    COP_PROCESS_EXITING
};

/* One process, as it is seen from outside. Texts live for ever, terms in the region. */
struct cop_process_row {
    cop_pid pid;
    cop_pid parent;        /* cop_no_pid(): none */
    cop_pid group_leader;  /* the same */
    cop_term name;         /* an atom, or nil */
    cop_term label;        /* its text, a binary cut at 100 bytes, or nil */
    cop_term initial_call; /* {module, function, arity}, or nil */
    const char *function;  /* of which its code is, or NULL */
    enum cop_process_status status;
    enum cop_priority priority;
    uint64_t memory; /* bytes */
    uint64_t reductions;
    uint32_t queue; /* messages */
    int scheduler;  /* on which it runs, or -1 */
    bool trap_exit;
    bool is_system; /* it handles system messages: coppice/sys.h may be asked of it */
};

/* --- Journals --------------------------------------------------------------------------------- */

enum cop_journal {
    /* {:start, pid, parent, function} and {:exit, pid, reason}: of every process. parent is a pid
     * or nil, function a text or nil, a reason a text. */
    COP_JOURNAL_PROCESSES,
    /* What happens in the supervision trees: {:start, supervisor, id, pid, type, name, former},
     * {:restart, supervisor, id, pid, restarts, max_restarts, delay_ms}, {:gave_up, supervisor, id,
     * pid} and {:exit, pid, name, reason, abnormal}. ids, names and reasons are texts or nil,
     * supervisor is nil for the top of an application. */
    COP_JOURNAL_TREE,
    /* Abnormal ends of processes: maps with :pid, :name, :label, :function, :initial_call, :reason,
     * :words, :messages, :queue, :ancestors, :links, :group_leader, :frames (addresses, innermost
     * first: cop_native_frames()). */
    COP_JOURNAL_CRASHES,
    /* {kind, from, to, text}: what traced processes receive; kind is :message, :exit or :down, from
     * a pid or nil. */
    COP_JOURNAL_MESSAGES,
    /* For whoever listens to the log: what cop_journal_put() was given. */
    COP_JOURNAL_LOG,
    COP_JOURNALS
};

COP_BEGIN_DECLS

/* Looks at each process once, for the sums. */
COP_API void cop_read_node(struct cop_node_figures *ret_figures);
/* Of the first max schedulers; returns how many those are. */
COP_API size_t cop_read_schedulers(struct cop_scheduler_figures *ret_figures, size_t max);

/* The next processes, in the order of their slots, from where *cursor stands (0: from the start),
 * which is moved on. Returns how many; fewer than max at the end. */
COP_API size_t cop_read_processes(uint32_t *cursor, struct cop_process_row *ret_rows, size_t max);
/* The row of one process; false if it is dead. */
COP_API bool cop_read_process(cop_pid pid, struct cop_process_row *ret_row);

/* The caller handles system messages from now on, so that tools may send it some: a plain process
 * would keep them for ever. Behaviours and cop_sys_new() say so for themselves. Runs on: a
 * process. */
COP_API void cop_system_mark(void);

/* Where a process that waits inside a call stands: a list of {function, file, line, address},
 * innermost first, nil where something is not known; [] for one that waits at its top level; :busy
 * if it does not answer within 200 ms; nil for the dead. The first call of a program reads debug
 * information, which takes some hundred ms. Runs on: a process. Switches. */
COP_API cop_term cop_native_stack(cop_pid pid);
/* The same of the :frames of a crash: where it raised what it ended with, or waited when it was
 * killed. Runs on: a process. Switches. */
COP_API cop_term cop_native_frames(cop_term addresses);

/* Holds a journal open for so many milliseconds from now, at least; COP_INFINITY: as long as the
 * node runs. What it has noted stays when it closes. */
COP_API void cop_journal_open(enum cop_journal journal, int64_t ms);
COP_API bool cop_journal_is_open(enum cop_journal journal);
/* Since when, in microseconds since 1970, it has been open without a break and has dropped nothing:
 * what came later is there, but for events above its rate. 0: it is closed. */
COP_API int64_t cop_journal_since(enum cop_journal journal);
/* Notes an event if the journal is open. */
COP_API void cop_journal_put(enum cop_journal journal, cop_term event);
/* The events behind the number `after` (0: all), oldest first, at most max: {next, lost, [{number,
 * time_us, event}]}. next is the number to go on from, lost how many behind `after` are not
 * here. */
COP_API cop_term cop_journal_read(enum cop_journal journal, uint64_t after, size_t max);
/* The number of the newest event. */
COP_API uint64_t cop_journal_newest(enum cop_journal journal);
/* A supervisor, or what stands in for one, has started this process: its end is noted in
 * COP_JOURNAL_TREE. */
COP_API void cop_journal_mark(cop_pid pid);
/* Whose receptions COP_JOURNAL_MESSAGES notes from now on, at most 16; the further ones are left
 * out. Costs the others of a traced node some instructions a message. */
COP_API void cop_trace(const cop_pid *pids, size_t len);
/* Whose those are: the first max of them; returns how many. */
COP_API size_t cop_traced(cop_pid *ret_pids, size_t max);

COP_END_DECLS

#endif
