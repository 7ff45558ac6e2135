/* SPDX-License-Identifier: Apache-2.0 */
/* Folds over tables: of the objects that there are when the fold begins. */
#include "coppice/ets.h"
#include "coppice/module.h"

static cop_term fold(cop_term fun, cop_term acc, cop_term objects)
{
    for (; !cop_is_empty_list(objects); objects = cop_tail(objects)) {
        const cop_term args[2] = {cop_head(objects), acc};

        acc = cop_call_fun(fun, args, 2);
    }
    return acc;
}

cop_term cop_ets_foldl(cop_term fun, cop_term acc, cop_term table)
{
    return fold(fun, acc, cop_ets_tab2list(table));
}

cop_term cop_ets_foldr(cop_term fun, cop_term acc, cop_term table)
{
    return fold(fun, acc, cop_list_reverse(cop_ets_tab2list(table)));
}
