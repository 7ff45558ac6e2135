/* SPDX-License-Identifier: Apache-2.0 */
/* Pids and references by number: the first that appears in a scenario is 1, whatever its own
 * numbers, so that two runs, or two systems, print the same. */
#include "numbering.h"

#include <string.h>

/* The bytes of a pid or reference as it is printed at `at`, or 0. */
static size_t id_size(const char *at, const char *end)
{
    static const char *const begins[] = {"#PID<", "#Reference<"};

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(begins[i]);
        const char *p = at + len;

        if ((size_t)(end - at) <= len || memcmp(at, begins[i], len) != 0) continue;
        while (p < end && ((*p >= '0' && *p <= '9') || *p == '.'))
            p++;
        if (p < end && *p == '>' && p > at + len) return (size_t)(p + 1 - at);
    }
    return 0;
}

/* The label of an id; a new one if it was not seen yet. */
static cop_term label_of(cop_dict *seen, cop_bytes id)
{
    cop_term key = cop_binary(id.data, id.len);
    cop_term label = cop_dict_get(seen, key);

    if (!cop_is_none(label)) return label;
    label = cop_format("%s<%zu>", id.data[1] == 'P' ? "#PID" : "#Ref", cop_dict_size(seen) + 1);
    cop_dict_put(seen, key, label);
    return label;
}

cop_term number_ids(cop_dict *seen, cop_term text)
{
    cop_bytes bytes = cop_to_bytes(text);
    const char *at = bytes.data;
    const char *end = bytes.data + bytes.len;
    cop_term pieces = cop_empty_list();

    while (at < end) {
        const char *from = at;
        size_t size = 0;

        while (at < end && (size = id_size(at, end)) == 0)
            at++;
        pieces = cop_cons(cop_binary(from, (size_t)(at - from)), pieces);
        if (size > 0) pieces = cop_cons(label_of(seen, (cop_bytes){at, size}), pieces);
        at += size;
    }
    return cop_apply(COP("Enum"), COP(":join"), cop_list(cop_list_reverse(pieces)));
}
