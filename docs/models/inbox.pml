/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of one process: one word that is EMPTY, IDLE, CLOSED, or the newest of a list of signals.
 * (docs/adr/0003-inbox-word.md; src/runtime/signal.c and sched.c)
 *
 * Several senders push; two schedulers run the process, which takes signals, has a lone one handed to
 * it while it stays in the inbox as the base, goes idle, gives way, and dies of the last signal of
 * sender 0. Shown, for all interleavings:
 *
 *  - at most one thread holds the process, and it is in the run queues at most once;
 *  - no wake-up is lost: when all is quiet, no signal lies in the inbox of an idle process;
 *  - each signal is handled once, or answered once as the dead would answer it; none of it twice;
 *  - the signals of one sender are handled in the order in which they were sent.
 *
 * Faults for tools/models, each of which must be found: BUG_IDLE (idle is published by a plain store),
 * BUG_WAKE (a push over EMPTY wakes, too), BUG_ORDER (the list is handled as it is), BUG_CLOSE (death
 * looks at the inbox, then closes it), BUG_BASE (a take hands out the base, too). */
#define EMPTY 0
#define IDLE 1
#define CLOSED 2
#define FIRST 3

#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef EACH
#define EACH 2 /* signals of each sender */
#endif
#define SIGNALS (SENDERS * EACH)
#define IS_FATAL(s) ((s) == FIRST + EACH - 1) /* the last one of sender 0 */
#define SENDER(s) (((s) - FIRST) / EACH)

byte inbox = IDLE;
byte next[FIRST + SIGNALS];
byte handled[FIRST + SIGNALS];
byte answered[FIRST + SIGNALS];
byte last[SENDERS]; /* the last one handled of each sender */
byte runnable = 0;  /* how often the process is in run queues */
byte holders = 0;
byte senders_done = 0;
bool is_dead = false;

inline make_runnable()
{
    d_step {
        runnable++;
        assert(runnable == 1 && holders == 0);
    }
}

proctype sender(byte me)
{
    byte s = FIRST + me * EACH;
    byte old;
    do
    :: s < FIRST + (me + 1) * EACH ->
        old = inbox;
        do
        :: old == CLOSED ->
            answered[s]++;
            break
        :: else ->
            next[s] = (old >= FIRST -> old : EMPTY);
            if
            :: atomic { inbox == old -> inbox = s }
                if
#ifdef BUG_WAKE
                :: old == IDLE || old == EMPTY -> make_runnable()
#else
                :: old == IDLE -> make_runnable()
#endif
                :: else
                fi;
                break
            :: atomic { inbox != old -> old = inbox }
            fi
        od;
        s++
    :: else -> break
    od;
    senders_done++
}

/* Oldest first, from the newest-first list in `list`. */
inline reverse()
{
    rest = list;
    list = EMPTY;
#ifdef BUG_ORDER
    list = rest;
    rest = EMPTY;
#endif
    do
#ifdef BUG_BASE
    :: rest != EMPTY ->
#else
    :: rest != EMPTY && rest != base ->
#endif
        s = next[rest];
        next[rest] = list;
        list = rest;
        rest = s
    :: else -> break
    od;
    rest = EMPTY;
    base = EMPTY;
    s = EMPTY
}

inline handle()
{
    d_step {
        handled[s]++;
        assert(last[SENDER(s)] < s);
        last[SENDER(s)] = s
    }
}

/* The inbox lets go of the base, whatever lies on top of it. */
inline unbase()
{
    if
    :: atomic { inbox == base -> inbox = EMPTY }
    :: atomic { inbox != base -> s = inbox }
        do
        :: next[s] != base -> s = next[s]
        :: else -> break
        od;
        next[s] = EMPTY;
        s = EMPTY
    fi;
    base = EMPTY
}

/* What was not handled is answered as the dead would. */
inline die()
{
#ifdef BUG_CLOSE
    rest = inbox;
    inbox = CLOSED;
#else
    atomic { rest = inbox; inbox = CLOSED }
#endif
    is_dead = true;
    do
    :: list != EMPTY -> answered[list]++; list = next[list]
    :: list == EMPTY && rest >= FIRST -> list = rest; rest = EMPTY
    :: else -> break
    od
}

proctype scheduler()
{
    byte list, rest, s;
    byte base = EMPTY;
    do
    :: atomic { runnable > 0 -> runnable--; holders++; assert(holders == 1 && !is_dead) }
        do
        :: /* take and handle all that has arrived */
            atomic {
                list = (inbox >= FIRST -> inbox : EMPTY);
                if
                :: inbox >= FIRST -> inbox = EMPTY
                :: else
                fi
            }
            reverse();
            do
            :: list != EMPTY ->
                s = list;
                list = next[s];
                handle();
                if
                :: IS_FATAL(s) -> break
                :: else
                fi
            :: else -> break
            od;
            if
            :: s != EMPTY && IS_FATAL(s) ->
                die();
                holders--;
                break
            :: else
            fi;
            s = EMPTY
        :: /* a lone signal that is a message: handed as the base */
            atomic {
                base == EMPTY && inbox >= FIRST && next[inbox] == EMPTY && !IS_FATAL(inbox) ->
                base = inbox
            }
            s = base;
            handle();
            s = EMPTY
        :: base != EMPTY -> unbase()
        :: /* the slice is used up: to the run queue */
            base == EMPTY -> atomic { holders--; runnable++ }
            break
        :: /* nothing to do: idle, published by whoever stands elsewhere already */
#ifdef BUG_IDLE
            if
            :: inbox == base ->
                atomic { holders--; inbox = IDLE; base = EMPTY }
                break
            :: else
            fi
#else
            if
            :: atomic { inbox == base -> inbox = IDLE; holders--; base = EMPTY }
                break
            :: base != EMPTY && inbox != base -> unbase()
            :: atomic { base == EMPTY && inbox != EMPTY -> holders--; runnable++ }
                break
            fi
#endif
        od
    :: senders_done == SENDERS && runnable == 0 && holders == 0 -> break
    od
}

/* All is quiet: nobody can go on but us. */
proctype observer()
{
    byte i;
    timeout;
    d_step {
        i = FIRST;
        do
        :: i < FIRST + SIGNALS -> assert(handled[i] + answered[i] == 1); i++
        :: else -> break
        od;
        assert(inbox == (is_dead -> CLOSED : IDLE))
    }
}

init {
    byte i = 0;
    atomic {
        do
        :: i < SENDERS -> run sender(i); i++
        :: else -> break
        od;
        run scheduler();
        run scheduler();
        run observer()
    }
}
