/* SPDX-License-Identifier: Apache-2.0 */
/* Links between two processes: link, unlink with ids, exit. (src/runtime/link.h, link.c; LNK-01, 07,
 * 09, 10)
 *
 * Each side has a record of the other: none, on, or off with the id of its unlink request until that
 * is acknowledged. Signals of one to the other keep their order. Each side does a few operations of
 * its choice between receptions; process 1 may die at any time: it tells whom it is linked to, then
 * answers what lies in its inbox as the dead do. Both trap exits, so a death shows as a message.
 *
 * Shown for all interleavings:
 *  - no exit signal takes effect between the return of unlink and the next link: one's own, or the
 *    reception of one that the other side made anew;
 *  - the survivor gets at most one exit signal with the reason of the death (each link to the dead
 *    gives it a noproc of its own), and at least one if the last thing that one side did was to link
 *    and the other has not unlinked; none if neither's last was a link;
 *  - at rest both sides agree, and no record waits for an acknowledgement or names the dead.
 *
 * Faults for tools/models: BUG_ID (an acknowledgement of an earlier request is taken for the last),
 * BUG_LATE (a link signal that was sent before the unlink was seen switches the record on),
 * BUG_BOTH (an unlink signal removes a record that is off), BUG_DEAD (the dead do not answer),
 * BUG_FORGET (a link to the dead removes a record that is off, so that an old link signal on its way is
 * taken for a new one), BUG_TAKE (unlink does not first receive what has come, a link perhaps). */
#ifndef OPS
#define OPS 3
#endif

mtype = { LINK, UNLINK, ACK, EXIT };

#define NONE 255 /* record: NONE, 0 (on), or the id of the unlink request that switched it off */

chan inbox[2] = [8] of { mtype, byte };
byte record[2] = { NONE, NONE };
byte ids[2];
bool is_dead[2];
bool has_told; /* the dead one is through with telling others */
byte exits[2];       /* since the last unlink of the one who got them */
byte real_exits = 0; /* of these, ever, with the reason of the death: an EXIT with 1; noproc has 0 */
bool is_over[2]; /* its last unlink began when the other was dead and gone */
mtype last_op[2] = { ACK, ACK }; /* LINK, UNLINK, or none yet */
byte ops_done = 0;
bool may_exit[2]; /* linked, or received a link, since this side's last unlink returned */

inline send(to, kind, id)
{
    /* A push to the dead fails; to whom it matters looks at is_dead in the same step. */
    if
    :: !is_dead[to] -> inbox[to]!kind, id
    :: else
    fi
}

inline do_link(me)
{
    atomic {
        last_op[me] = LINK;
        may_exit[me] = true;
        if
        :: record[me] == 0 -> skip
        :: record[me] != 0 && !is_dead[1 - me] ->
            record[me] = 0;
            inbox[1 - me]!LINK, 0
        :: record[me] != 0 && is_dead[1 - me] ->
            /* A record that is off stays so: an old link signal may come before the answer. */
#ifdef BUG_FORGET
            record[me] = NONE;
#endif
            exits[me]++ /* noproc, at once */
        fi
    }
}

inline receive_one(me)
{
    inbox[me]?kind, id ->
    if
    :: kind == LINK ->
        if
        :: record[me] == NONE -> record[me] = 0; may_exit[me] = true
#ifdef BUG_LATE
        :: record[me] != NONE -> record[me] = 0
#else
        :: else
#endif
        fi
    :: kind == UNLINK ->
        if
#ifdef BUG_BOTH
        :: record[me] != NONE -> record[me] = NONE
#else
        :: record[me] == 0 -> record[me] = NONE
#endif
        :: else
        fi;
        send(1 - me, ACK, id)
    :: kind == ACK ->
        if
#ifdef BUG_ID
        :: record[me] != NONE -> record[me] = NONE
#else
        :: record[me] == id && id != 0 -> record[me] = NONE
#endif
        :: else
        fi
    :: kind == EXIT ->
        if
        :: record[me] == 0 ->
            record[me] = NONE;
            exits[me]++;
            real_exits = real_exits + id;
            assert(may_exit[me] && !is_over[me] && real_exits <= 1)
        :: record[me] != 0 -> record[me] = NONE
        fi
    fi;
    kind = LINK;
    id = 0
}

inline receive(me)
{
    atomic { receive_one(me) }
}

inline do_unlink(me)
{
    atomic {
        was_dead = is_dead[1 - me] && has_told;
#ifndef BUG_TAKE
        /* It receives first what has come. */
        do
        :: nempty(inbox[me]) -> receive_one(me)
        :: empty(inbox[me]) -> break
        od
#endif
    }
    atomic {
        last_op[me] = UNLINK;
        if
        :: record[me] == 0 ->
            if
            :: is_dead[1 - me] -> record[me] = NONE
            :: else ->
                ids[me]++;
                record[me] = ids[me];
                inbox[1 - me]!UNLINK, ids[me]
            fi
        :: else
        fi;
        may_exit[me] = false;
        is_over[me] = was_dead;
        exits[me] = 0 /* what came before is taken out of the mailbox (LNK-08) */
    }
}

/* The inbox is closed first, then those are told who stand in the records, then the rest answered. */
inline die(me)
{
    is_dead[me] = true;
    atomic {
        if
        :: record[me] == 0 -> inbox[1 - me]!EXIT, 1
        :: else
        fi;
        record[me] = NONE
    }
    do
    :: atomic {
        inbox[me]?kind, id ->
#ifndef BUG_DEAD
        if
        :: kind == LINK -> inbox[1 - me]!EXIT, 0
        :: kind == UNLINK -> inbox[1 - me]!ACK, id
        :: else
        fi
#endif
        skip
       }
    :: empty(inbox[me]) -> break
    od;
    has_told = true
}

proctype process(byte me)
{
    mtype kind;
    byte id;
    byte n = 0;
    bool was_dead;
end_acting:
    do
    :: n < OPS -> do_link(me); n++
    :: n < OPS -> do_unlink(me); n++
    :: n < OPS -> n++ /* does less */
    :: n == OPS -> n++; ops_done++
    :: receive(me)
    :: me == 1 ->
        die(me);
        if
        :: n <= OPS -> ops_done++
        :: else
        fi;
        break
    od
}

proctype observer()
{
    timeout;
    d_step {
        assert(ops_done == 2);
        assert(!(is_dead[1] && record[0] != NONE));
        assert(record[0] == 0 || record[0] == NONE);
        assert(is_dead[1] || record[0] == record[1]);
        assert(!is_dead[1] || exits[0] > 0 ||
               !((last_op[0] == LINK && last_op[1] != UNLINK) ||
                 (last_op[0] == ACK && last_op[1] == LINK)));
        assert(exits[0] == 0 || last_op[0] == LINK || last_op[1] == LINK)
    }
}

init {
    atomic {
        run process(0);
        run process(1);
        run observer()
    }
}
