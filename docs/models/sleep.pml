/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that sleep, against pushes of runnable processes; and what waits behind a long slice.
 * (src/runtime/seat.c: cop__wake_one, push_global, push_local, search, sleepers_add,
 * sleep_until_woken, steal_from; src/runtime/watchdog.c: the tick)
 *
 * Other threads push to the global queue. A seat runs what it finds in its lifo slot, its own queue,
 * the global queue; one that finds none searches, steals, counts itself among the sleepers under the
 * lock, looks once more, and sleeps. A pusher publishes the work, and only then looks whether
 * somebody sleeps; it wakes nobody while another seat searches, for a searcher looks once more before
 * it sleeps. A searcher that found something wakes the next one if there is more.
 *
 * A process may wake two others (a *spawner*: one goes to the lifo slot, from which the other
 * displaces it into the queue) and then never come back (*endless*). A thief takes from a queue if it
 * finds that worth it: here, at its whim, but surely if its victim is stuck; the lifo slot only when
 * the watchdog has opened it. A search that leaves work where it is makes the node not eager: until
 * the next tick, pushes to a seat's own queue wake nobody, and who goes to sleep does not look at
 * such queues.
 *
 * Atomic operations are sequentially consistent here, as those of the code are that matter. Shown:
 * when all is quiet, no work is left, in a queue or a lifo slot, though a seat may be stuck and the
 * node not eager; the counts agree with who sleeps and who searches; the watchdog sleeps only when
 * all seats do. The watchdog ticks at some moments of its choice, and whenever nothing goes on
 * without it; that a tick comes soon is not shown.
 *
 * Not in it: hand-over of a stuck seat (the work gets away without), how a thief measures.
 *
 * Faults for tools/models: BUG_LOOK (no look after counting oneself), BUG_EARLY (the pusher looks for
 * sleepers before it publishes), BUG_SEARCHING (a seat counts as searching until it sleeps),
 * BUG_THROTTLE (pushes to the global queue, too, wake only when the node is eager), BUG_BLIND (not
 * eager, who goes to sleep does not look at the global queue either), BUG_LIFO (the watchdog leaves
 * the lifo slot closed), BUG_TICK (the watchdog wakes nobody), BUG_DOG (a seat that was woken does
 * not wake the watchdog), BUG_DOZE (the watchdog looks who sleeps before it says that it does). */
#ifndef SEATS
#define SEATS 2
#endif
#ifndef PLAIN
#define PLAIN 1 /* pushed from outside, after one spawner */
#endif
#ifndef EARLY
#define EARLY 1 /* ticks at any moment */
#endif
#define WORK (PLAIN + 3) /* the spawner, and the two that it wakes */

byte spawners = 0; /* in the global queue, before all others */
byte global = 0;
byte queue[SEATS];
bool lifo[SEATS];
bool lifo_open[SEATS];
bool is_stuck[SEATS];
bool is_eager = true;
byte done = 0;
byte sleeper_count = 0;
byte searching = 0;
bool is_sleeper[SEATS];
bool token[SEATS]; /* of the parker: an unpark that came before the park is not lost */
bool is_parked[SEATS];
bool dog_sleeps = false;
bool dog_token = false;
bool dog_is_parked = false; /* without a tick to come */
bool locked = false;

#if SEATS == 2
#define QUEUED (queue[0] + queue[1])
#define IS_REST(s) (is_stuck[s] || (is_parked[s] && !token[s]))
#define IS_ALL_REST (IS_REST(0) && IS_REST(1))
#else
#define QUEUED (queue[0] + queue[1] + queue[2])
#define IS_REST(s) (is_stuck[s] || (is_parked[s] && !token[s]))
#define IS_ALL_REST (IS_REST(0) && IS_REST(1) && IS_REST(2))
#endif
#define GLOBAL (spawners + global)
#ifdef BUG_BLIND
#define WORK_ANYWHERE (is_eager && (GLOBAL > 0 || QUEUED > 0))
#else
#define WORK_ANYWHERE (GLOBAL > 0 || (is_eager && QUEUED > 0))
#endif

inline wake_one()
{
    if
    :: sleeper_count == 0 || searching > 0 -> skip
    :: else ->
        atomic { /* under the lock */
            !locked;
            w = SEATS;
            do
            :: w > 0 && !is_sleeper[w - 1] -> w--
            :: else -> break
            od;
            if
            :: w > 0 ->
                is_sleeper[w - 1] = false;
                sleeper_count--;
                searching++ /* on its behalf */
            :: else
            fi
        }
        atomic {
            if
            :: w > 0 -> token[w - 1] = true
            :: else
            fi;
            w = 0
        }
    fi
}

inline wake_for_global()
{
#ifdef BUG_THROTTLE
    if
    :: is_eager -> wake_one()
    :: else
    fi
#else
    wake_one()
#endif
}

proctype pusher()
{
    byte i = 0;
    byte w;
    do
    :: i < PLAIN + 1 ->
#ifdef BUG_EARLY
        byte seen = sleeper_count;
        if
        :: i == 0 -> spawners++
        :: else -> global++
        fi;
        if
        :: seen > 0 -> wake_one()
        :: else
        fi;
#else
        if
        :: i == 0 -> spawners++
        :: else -> global++
        fi;
        wake_for_global();
#endif
        i++
    :: else -> break
    od
}

/* What it takes has a kind: 0 none, 1 plain, 2 spawner. */
inline pop_global()
{
    d_step {
        if
        :: spawners > 0 -> spawners--; found = 2
        :: spawners == 0 && global > 0 -> global--; found = 1
        :: else
        fi;
        if
        :: found > 0 && global / SEATS > 0 -> /* a share at once; nobody is woken for it */
            queue[me] = queue[me] + global / SEATS;
            global = global - global / SEATS
        :: else
        fi
    }
}

inline steal()
{
    atomic {
        v = 0;
        do
        :: v < SEATS && found == 0 ->
            if
            :: v != me && queue[v] > 0 ->
                queue[v]--;
                found = 1;
                queue[me] = queue[me] + queue[v] / 2; /* half of it, this one included */
                queue[v] = queue[v] - queue[v] / 2
            :: v != me && queue[v] > 0 && !is_stuck[v] && !lifo_open[v] -> skip /* not worth it */
            :: v != me && queue[v] == 0 && lifo[v] && lifo_open[v] && is_stuck[v] ->
                lifo[v] = false;
                lifo_open[v] = false;
                found = 1
            :: else
            fi;
            v++
        :: else -> break
        od;
        v = 0
    }
}

inline run_found()
{
    if
    :: found == 2 ->
        /* Wakes two others; the lifo slot is empty, or has been passed over. */
        atomic {
            if
            :: lifo[me] -> queue[me]++
            :: else
            fi;
            lifo[me] = true;
            queue[me]++
        }
        if
        :: is_eager -> wake_one()
        :: else
        fi;
        atomic {
            found = 0;
            done++;
            if
            :: skip
            :: is_stuck[me] = true
            fi
        }
end_stuck:
        !is_stuck[me] /* or for ever */
    :: else -> atomic { found = 0; done++ }
    fi
}

proctype seat(byte me)
{
    byte w, v;
    byte found = 0;
    bool flag;
    do
    :: /* its own dispatching: takes what there is */
        atomic {
            if
            :: lifo[me] -> lifo[me] = false; found = 1
            :: queue[me] > 0 -> queue[me]--; found = 1
            :: !lifo[me] && queue[me] == 0 -> pop_global()
            fi;
            if
            :: found == 0 -> searching++
            :: else
            fi
        }
        if
        :: found > 0 -> run_found()
        :: else ->
            do
            :: atomic { pop_global() }
               if
               :: found == 0 -> steal()
               :: else
               fi;
               if
               :: found == 0 && WORK_ANYWHERE -> is_eager = false
               :: else
               fi;
#ifndef BUG_SEARCHING
               searching--;
#endif
               if
               :: found > 0 ->
#ifdef BUG_SEARCHING
                   searching--;
#endif
                   break
               :: else
               fi;
               atomic { !locked -> locked = true; is_sleeper[me] = true; sleeper_count++ }
               atomic {
#ifdef BUG_LOOK
                   flag = true;
#else
                   flag = !WORK_ANYWHERE;
#endif
                   if
                   :: !flag -> is_sleeper[me] = false; sleeper_count--
                   :: else
                   fi;
                   locked = false
               }
#ifdef BUG_SEARCHING
               searching--;
#endif
               if
               :: !flag -> searching++
               :: else ->
                   atomic { flag = false; is_parked[me] = true }
end_asleep:        atomic { token[me] -> token[me] = false; is_parked[me] = false }
                   atomic {
                       assert(!is_sleeper[me]);
#ifndef BUG_DOG
                       if
                       :: dog_sleeps -> dog_token = true
                       :: else
                       fi
#endif
                   }
                   /* counted as searching by who woke it */
               fi
            od;
            if
            :: WORK_ANYWHERE -> wake_one()
            :: else
            fi;
            run_found()
        fi
    od
}

inline look_at_seats()
{
    do
    :: s < SEATS ->
        if
        :: is_stuck[s] ->
#ifndef BUG_LIFO
            lifo_open[s] = true;
#endif
#ifndef BUG_TICK
            wake_one()
#endif
        :: !is_stuck[s] && queue[s] > 0 ->
#ifndef BUG_TICK
            wake_one()
#else
            skip
#endif
        :: else
        fi;
        s++
    :: else -> break
    od;
    s = 0
}

proctype watchdog()
{
    byte w;
    byte s = 0;
    byte early = 0;
    byte in_vain = 0;
    byte before = 0;
    bool all_asleep;
    do
    ::
#ifdef BUG_DOZE
        all_asleep = (sleeper_count == SEATS);
        dog_sleeps = true;
        is_eager = true;
#else
        dog_sleeps = true;
        atomic { all_asleep = (sleeper_count == SEATS); is_eager = true }
#endif
        if
        :: !all_asleep -> dog_sleeps = false; look_at_seats()
        :: else
        fi;
        dog_is_parked = all_asleep;
end_parked:
        atomic {
            if
            :: dog_token -> dog_token = false
            :: !all_asleep && early < EARLY -> early++
            :: !all_asleep && IS_ALL_REST && !locked && (in_vain < 2 || done != before) ->
                if
                :: done == before -> in_vain++
                :: else -> in_vain = 0; before = done
                fi
            fi;
            all_asleep = false;
            dog_is_parked = false;
            dog_sleeps = false
        }
    od
}

proctype observer()
{
    byte i = 0;
    timeout;
    d_step {
        assert(GLOBAL == 0 && QUEUED == 0 && done == WORK);
        assert(searching == 0 && !locked);
        do
        :: i < SEATS ->
            assert(is_stuck[i] || (is_parked[i] && is_sleeper[i]));
            assert(!lifo[i]);
            assert(!(is_stuck[i] && dog_is_parked));
            i++
        :: else -> break
        od
    }
}

init {
    byte i = 0;
    atomic {
        do
        :: i < SEATS -> run seat(i); i++
        :: else -> break
        od;
        run pusher();
        run watchdog();
        run observer()
    }
}
