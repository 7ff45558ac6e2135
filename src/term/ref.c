/* SPDX-License-Identifier: Apache-2.0 */
/* Pids and references, as terms and as plain values, and the `from` of a call.
 *
 * A local reference has id[0], the pid of its creator, and id[1], a number that is unique there;
 * its id[2], node and creation are 0, and it needs no words for them. */
#include "term/heap.h"

static uint64_t origin_word(uint32_t node, uint32_t creation)
{
    return (uint64_t)creation << 32 | node;
}

/* --- Pids ------------------------------------------------------------------------------------- */

bool cop_is_pid(cop_term t)
{
    return cop__is_local_pid(t) || cop__is_kind(t, COP__BOX_PID);
}

cop_term cop__pid(struct cop__heap *heap, cop_pid pid)
{
    uint64_t *box;

    if (pid.node == 0) return pid.id == 0 ? cop_nil() : cop__local_pid(pid.id);
    box = cop__heap_box(heap, COP__BOX_PID, 2);
    box[1] = pid.id;
    box[2] = origin_word(pid.node, pid.creation);
    return cop__box_term(box);
}

static __attribute__((noinline)) cop_term remote_pid_term(cop_pid pid)
{
    return cop__pid(cop__heap_need(), pid);
}

cop_term cop_pid_term(cop_pid pid)
{
    if (COP_LIKELY(pid.node == 0 && pid.id != 0)) return cop__local_pid(pid.id);
    return pid.node == 0 ? cop_nil() : remote_pid_term(pid);
}

cop_pid cop_to_pid(cop_term t)
{
    cop_pid pid = {0, 0, 0};

    if (cop__is_local_pid(t)) {
        pid.id = cop__local_pid_id(t);
    } else if (cop__is_kind(t, COP__BOX_PID)) {
        const uint64_t *box = cop__box(t);

        pid.id = box[1];
        pid.node = (uint32_t)box[2];
        pid.creation = (uint32_t)(box[2] >> 32);
    } else {
        cop__term_fail("badarg", t);
    }
    return pid;
}

bool cop_pid_equal(cop_pid a, cop_pid b)
{
    return a.id == b.id && a.node == b.node && a.creation == b.creation;
}

/* --- References ------------------------------------------------------------------------------- */

bool cop_is_reference(cop_term t)
{
    return cop__is_kind(t, COP__BOX_REF);
}

cop_term cop__ref(struct cop__heap *heap, cop_ref ref)
{
    bool is_local = ref.node == 0 && ref.creation == 0 && ref.id[2] == 0;
    uint64_t *box = cop__heap_box(heap, COP__BOX_REF, is_local ? 2 : 4);

    box[1] = ref.id[0];
    box[2] = ref.id[1];
    if (!is_local) {
        box[3] = ref.id[2];
        box[4] = origin_word(ref.node, ref.creation);
    }
    return cop__box_term(box);
}

cop_term cop_ref_term(cop_ref ref)
{
    return cop__ref(cop__heap_need(), ref);
}

cop_ref cop_to_ref(cop_term t)
{
    cop_ref ref = {{0, 0, 0}, 0, 0};
    const uint64_t *box;

    if (!cop_is_reference(t)) cop__term_fail("badarg", t);
    box = cop__box(t);
    ref.id[0] = box[1];
    ref.id[1] = box[2];
    if (cop__header_arity(*box) == 4) {
        ref.id[2] = box[3];
        ref.node = (uint32_t)box[4];
        ref.creation = (uint32_t)(box[4] >> 32);
    }
    return ref;
}

bool cop_ref_equal(cop_ref a, cop_ref b)
{
    return a.id[0] == b.id[0] && a.id[1] == b.id[1] && a.id[2] == b.id[2] && a.node == b.node &&
           a.creation == b.creation;
}

/* --- From: {pid, ref} or {pid, [:alias | ref]} (GEN-17) --------------------------------------- */

cop_term cop__from(struct cop__heap *heap, cop_from from)
{
    cop_term items[2] = {cop__pid(heap, from.client), cop__ref(heap, from.tag)};

    if (from.is_alias) items[1] = cop__cons(heap, cop__atom(COP_ATOM_alias), items[1]);
    return cop__tuple(heap, items, 2);
}

cop_term cop_from_term(cop_from from)
{
    return cop__from(cop__heap_need(), from);
}

cop_from cop_to_from(cop_term t)
{
    cop_from from;
    cop_term tag;

    if (!cop__is_tuple_of(t, 2)) cop__term_fail("badarg", t);
    tag = cop__tuple_items(t)[1];
    from.is_alias = cop__is_cons(tag) && cop__is(cop__cons_head(tag), COP_ATOM_alias);
    if (from.is_alias) tag = cop__cons_tail(tag);
    if (!cop_is_pid(cop__tuple_items(t)[0]) || !cop_is_reference(tag)) cop__term_fail("badarg", t);
    from.client = cop_to_pid(cop__tuple_items(t)[0]);
    from.tag = cop_to_ref(tag);
    return from;
}
