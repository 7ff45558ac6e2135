/* SPDX-License-Identifier: Apache-2.0 */
#include "ets_ops.h"

static cop_term change(cop_term op)
{
    cop_term t, x, y;
    if (cop_match(op, "{:new, t, x}", t, x)) return cop_ets_new(t, x);
    if (cop_match(op, "{:delete, t}", t)) return cop_ets_delete(t), cop_true();
    if (cop_match(op, "{:insert, t, x}", t, x)) return cop_ets_insert(t, x), cop_true();
    if (cop_match(op, "{:insert_new, t, x}", t, x)) return cop_bool(cop_ets_insert_new(t, x));
    if (cop_match(op, "{:delete, t, x}", t, x)) return cop_ets_delete_key(t, x), cop_true();
    if (cop_match(op, "{:delete_object, t, x}", t, x))
        return cop_ets_delete_object(t, x), cop_true();
    if (cop_match(op, "{:delete_all_objects, t}", t))
        return cop_ets_delete_all_objects(t), cop_true();
    if (cop_match(op, "{:take, t, x}", t, x)) return cop_ets_take(t, x);
    if (cop_match(op, "{:update_counter, t, x, y}", t, x, y))
        return cop_ets_update_counter(t, x, y);
    if (cop_match(op, "{:update_element, t, x, y}", t, x, y))
        return cop_bool(cop_ets_update_element(t, x, y));
    if (cop_match(op, "{:select_delete, t, x}", t, x)) return cop_int(cop_ets_select_delete(t, x));
    if (cop_match(op, "{:select_replace, t, x}", t, x))
        return cop_int(cop_ets_select_replace(t, x));
    if (cop_match(op, "{:match_delete, t, x}", t, x)) return cop_ets_match_delete(t, x), cop_true();
    return cop_none();
}

static cop_term govern(cop_term op)
{
    cop_term t, x;
    cop_pid pid;
    bool on;
    if (cop_match(op, "{:rename, t, x}", t, x)) return cop_ets_rename(t, x);
    if (cop_match(op, "{:setopts, t, x}", t, x)) return cop_ets_setopts(t, x), cop_true();
    if (cop_match(op, "{:give_away, t, pid, x}", t, pid, x))
        return cop_ets_give_away(t, pid, x), cop_true();
    if (cop_match(op, "{:safe_fixtable, t, on}", t, on))
        return cop_ets_safe_fixtable(t, on), cop_true();
    return cop_none();
}

static cop_term look(cop_term op)
{
    cop_term t, x;
    int64_t n;
    if (cop_match(op, "{:lookup, t, x}", t, x)) return cop_ets_lookup(t, x);
    if (cop_match(op, "{:lookup_element, t, x, n}", t, x, n))
        return cop_ets_lookup_element(t, x, n);
    if (cop_match(op, "{:member, t, x}", t, x)) return cop_bool(cop_ets_member(t, x));
    if (cop_match(op, "{:first, t}", t)) return cop_ets_first(t);
    if (cop_match(op, "{:last, t}", t)) return cop_ets_last(t);
    if (cop_match(op, "{:next, t, x}", t, x)) return cop_ets_next(t, x);
    if (cop_match(op, "{:prev, t, x}", t, x)) return cop_ets_prev(t, x);
    if (cop_match(op, "{:tab2list, t}", t)) return cop_ets_tab2list(t);
    if (cop_match(op, "{:match, t, x}", t, x)) return cop_ets_match(t, x);
    if (cop_match(op, "{:select, t, x}", t, x)) return cop_ets_select(t, x);
    if (cop_match(op, "{:select_count, t, x}", t, x)) return cop_int(cop_ets_select_count(t, x));
    if (cop_match(op, "{:info, t, x}", t, x)) return cop_ets_info_item(t, x);
    if (cop_match(op, "{:whereis, t}", t)) return cop_ets_whereis(t);
    return cop_none();
}

static cop_term perform(void *arg)
{
    cop_term op = *(cop_term *)arg;
    cop_term value = change(op);
    if (cop_is_none(value)) value = govern(op);
    if (cop_is_none(value)) value = look(op);
    CHECK(!cop_is_none(value));
    return value;
}

cop_term attempt(cop_term op)
{
    struct cop_outcome outcome;
    cop_try(perform, &op, &outcome);
    return outcome.value;
}
