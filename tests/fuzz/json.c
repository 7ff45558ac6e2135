/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are read as JSON without harm; what was read is written, and that is read as the same
 * again. */
#include <stdio.h>
#include <stdlib.h>

#include "coppice/json.h"
#include "term/heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cop_term value_of(cop_term answer, const char *what)
{
    if (!cop_identical(cop_elem(answer, 0), cop_ok())) {
        cop_bytes shown = cop_to_bytes(cop_inspect(answer));

        fprintf(stderr, "%s: %.*s\n", what, (int)shown.len, shown.data);
        abort();
    }
    return cop_elem(answer, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cop__heap heap;
    cop_term text;
    cop_term answer;

    cop__heap_set_current(&heap);
    text = cop_binary(data, size);
    answer = cop_json_decode(text);
    if (cop_identical(cop_elem(answer, 0), cop_ok())) {
        cop_term written = value_of(cop_json_encode(cop_elem(answer, 1)), "is not written");
        cop_term again = value_of(cop_json_decode(written), "is not read again");

        if (!cop_identical(again, cop_elem(answer, 1))) abort();
    } else {
        (void)cop_json_format_error(cop_elem(answer, 1), text);
    }
    cop__heap_reset(&heap);
    return 0;
}
