/* SPDX-License-Identifier: Apache-2.0 */
/* Seats that sleep, against pushes of runnable processes. (src/runtime/seat.c: cop__wake_one, search,
 * sleepers_add, sleep_until_woken)
 *
 * Seats take work from a queue. One that finds none searches, counts itself among the sleepers under
 * the lock, looks once more, and sleeps. A pusher publishes the work, and only then looks whether
 * somebody sleeps; it wakes nobody while another seat searches, for a searcher looks once more before
 * it sleeps. A searcher that found something wakes the next one if there is more.
 *
 * Atomic operations are sequentially consistent here, as those of the code are. Shown: when all is
 * quiet, no work is left while a seat sleeps; the counts agree with who sleeps and who searches.
 *
 * Not in it: the lifo slot, stealing by age, and that a seat may be less eager until the watchdog's next
 * tick; these delay work, the tick sees to it.
 *
 * Faults for tools/models: BUG_LOOK (no look after counting oneself), BUG_EARLY (the pusher looks for
 * sleepers before it publishes), BUG_SEARCHING (a seat counts as searching until it sleeps). */
#ifndef SEATS
#define SEATS 2
#endif
#ifndef PUSHERS
#define PUSHERS 2
#endif
#ifndef EACH
#define EACH 2 /* what each pusher pushes */
#endif
#define WORK (PUSHERS * EACH)

byte queue = 0;
byte done = 0;
byte sleeper_count = 0;
byte searching = 0;
bool is_sleeper[SEATS];
bool token[SEATS]; /* of the parker: an unpark that came before the park is not lost */
bool is_parked[SEATS];
bool locked = false;

#define lock() atomic { !locked -> locked = true }
#define unlock() locked = false

inline wake_one()
{
    if
    :: sleeper_count == 0 -> skip
    :: else ->
        if
        :: searching > 0 -> skip
        :: else ->
            lock();
            w = SEATS;
            d_step {
                do
                :: w > 0 && !is_sleeper[w - 1] -> w--
                :: else -> break
                od
            }
            if
            :: w > 0 ->
                is_sleeper[w - 1] = false;
                sleeper_count--;
                searching++ /* on its behalf */
            :: else
            fi;
            unlock();
            if
            :: w > 0 -> token[w - 1] = true
            :: else
            fi
        fi
    fi
}

proctype pusher()
{
    byte i = 0;
    byte w;
    do
    :: i < EACH ->
#ifdef BUG_EARLY
        byte seen = sleeper_count;
        queue++;
        if
        :: seen > 0 -> wake_one()
        :: else
        fi;
#else
        queue++;
        wake_one();
#endif
        i++
    :: else -> break
    od
}

proctype seat(byte me)
{
    byte w;
    bool found, may_sleep;
    do
    :: /* its own dispatching: takes what there is */
        if
        :: atomic { queue > 0 -> queue--; found = true }
        :: atomic { queue == 0 -> found = false }
        fi;
        if
        :: found -> done++
        :: else ->
            searching++;
            do
            :: if
               :: atomic { queue > 0 -> queue--; found = true }
               :: atomic { queue == 0 -> found = false }
               fi;
#ifndef BUG_SEARCHING
               searching--;
#endif
               if
               :: found ->
#ifdef BUG_SEARCHING
                   searching--;
#endif
                   break
               :: else
               fi;
               lock();
               is_sleeper[me] = true;
               sleeper_count++;
#ifdef BUG_LOOK
               may_sleep = true;
#else
               may_sleep = (queue == 0);
#endif
               if
               :: !may_sleep -> is_sleeper[me] = false; sleeper_count--
               :: else
               fi;
               unlock();
#ifdef BUG_SEARCHING
               searching--;
#endif
               if
               :: !may_sleep -> searching++
               :: else ->
                   is_parked[me] = true;
end_asleep:        atomic { token[me] -> token[me] = false }
                   is_parked[me] = false;
                   lock();
                   assert(!is_sleeper[me]);
                   unlock()
                   /* counted as searching by who woke it */
               fi
            od;
            done++;
            if
            :: queue > 0 -> wake_one()
            :: else
            fi
        fi
    od
}

proctype observer()
{
    byte i = 0;
    timeout;
    d_step {
        assert(queue == 0 && done == WORK);
        assert(searching == 0 && sleeper_count == SEATS && !locked);
        do
        :: i < SEATS -> assert(is_parked[i] && is_sleeper[i]); i++
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
        i = 0;
        do
        :: i < PUSHERS -> run pusher(); i++
        :: else -> break
        od;
        run observer()
    }
}
