/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are read as an expression, a literal and a pattern without harm; and what a literal is
 * printed as is read as the same term. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coppice/syntax.h"
#include "term/atom.h"
#include "term/heap.h"

/* Atoms are never freed: past this many, a run would measure the table's limit only. */
#define ATOMS_ENOUGH 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has(cop_bytes text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

/* Whether a struct may be in the text: some are printed in a form of their own, which is no
 * literal. */
static bool has_struct(cop_bytes text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.data[i] == '%' && text.data[i + 1] != '{') return true;
    }
    return has(text, "__struct__") || has(text, "..");
}

static void check_printing(cop_bytes text, cop_term t)
{
    cop_term printed = cop_inspect_with(t, (struct cop_inspect_opts){0, 0});
    struct cop_parse_error error;
    cop_term again;

    if (has_struct(text) || has_struct(cop_to_bytes(printed))) return;
    if (!cop_parse(cop_to_bytes(printed), &again, &error)) {
        fprintf(stderr, "printed text is not read: %d:%d: %s\n%.*s\n", error.line, error.column,
                error.text, (int)cop_to_bytes(printed).len, cop_to_bytes(printed).data);
        abort();
    }
    if (!cop_identical(t, again)) {
        fprintf(stderr, "read as another term: %.*s\n", (int)cop_to_bytes(printed).len,
                cop_to_bytes(printed).data);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cop__heap heap;
    cop_bytes text = {(const char *)data, size};
    struct cop_parse_error error;
    cop_term t;
    cop_term quoted;
    cop_term bindings;

    if (cop__atom_count() > ATOMS_ENOUGH) return 0;
    cop__heap_set_current(&heap);
    if (cop_quote(text, &quoted, &error)) {
        bindings = cop_map_put(cop_map_new(), cop_atom("a"), cop_int(1));
        (void)cop_inspect(quoted);
        (void)cop_quoted_build(quoted, bindings, &t, &error);
        (void)cop_quoted_match(quoted, quoted, bindings, &t, &error);
        (void)cop_quoted_match(quoted, bindings, bindings, &t, &error);
        if (cop_parse(text, &t, &error)) check_printing(text, t);
    }
    cop__heap_reset(&heap);
    return 0;
}
