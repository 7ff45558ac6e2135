/* SPDX-License-Identifier: Apache-2.0 */
/* Flattening iodata. What is still to be done after an inner list is a list of the tails, so that
 * depth costs region, not stack. */
#include "io/iodata.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "coppice/pattern.h"

/* Adds one element that is no list. */
static bool add(struct cop__buf *bytes, cop_term item)
{
    int64_t byte;
    if (cop_is_binary(item)) {
        cop_bytes b = cop_to_bytes(item);
        cop__buf_append(bytes, b.data, b.len);
        return true;
    }
    if (!cop_match(item, "byte", byte) || byte < 0 || byte > 255) return false;
    cop__buf_append_char(bytes, (char)byte);
    return true;
}

static bool is_cell(cop_term t)
{
    return cop_is_list(t) && !cop_is_empty_list(t);
}

static bool add_list(struct cop__buf *bytes, cop_term list)
{
    cop_term later = cop_empty_list();
    for (;;) {
        if (is_cell(list)) {
            cop_term head = cop_head(list);
            list = cop_tail(list);
            if (is_cell(head)) {
                later = cop_cons(list, later);
                list = head;
            } else if (!cop_is_empty_list(head) && !add(bytes, head)) {
                return false;
            }
            continue;
        }
        /* an improper tail may be a binary, not a byte */
        if (!cop_is_empty_list(list) && (!cop_is_binary(list) || !add(bytes, list))) return false;
        if (cop_is_empty_list(later)) return true;
        list = cop_head(later);
        later = cop_tail(later);
    }
}

bool cop__iodata_append(struct cop__buf *bytes, cop_term data)
{
    if (cop_is_binary(data)) return add(bytes, data);
    return cop_is_list(data) && add_list(bytes, data);
}

cop_term cop__iodata_binary(cop_term data)
{
    if (cop_is_binary(data)) return data;
    COP_CLEANUP(cop__buf_fini) struct cop__buf bytes = {0};
    return cop__iodata_append(&bytes, data) ? cop_binary(bytes.data, bytes.len) : cop_none();
}
