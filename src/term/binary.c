/* SPDX-License-Identifier: Apache-2.0 */
/* Binaries: small ones stand in their box and are copied, large ones are counted and shared by all
 * processes that have them. */
#include "base/alloc.h"
#include "term/heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool cop_is_binary(cop_term t)
{
    return cop__is_kind(t, COP__BOX_BINARY) || cop__is_kind(t, COP__BOX_COUNTED);
}

cop_term cop__binary_space(struct cop__heap *heap, size_t size, char **ret_data)
{
    struct cop__counted *counted;
    uint64_t *box;

    if (size <= COP__INLINE_MAX) {
        size_t words = (size + 7) / 8;

        box = cop__heap_box(heap, COP__BOX_BINARY, words);
        box[0] |= (uint64_t)(words * 8 - size) << COP__HEADER_EXTRA_SHIFT;
        if (words > 0) box[words] = 0;
        *ret_data = (char *)(box + 1);
        return cop__box_term(box);
    }
    if (size > SIZE_MAX / 2) cop__term_fail("system_limit", cop_none());
    counted = cop__try_alloc(sizeof(*counted) + size);
    if (!counted) cop__term_fail("system_limit", cop_none());
    atomic_init(&counted->count, 1);
    counted->size = size;
    box = cop__heap_box(heap, COP__BOX_COUNTED, 2);
    box[1] = (uint64_t)(uintptr_t)counted;
    box[2] = (uint64_t)(uintptr_t)heap->counted;
    heap->counted = box;
    *ret_data = counted->data;
    return cop__box_term(box);
}

cop_term cop__binary(struct cop__heap *heap, const void *data, size_t size)
{
    char *bytes;
    cop_term t = cop__binary_space(heap, size, &bytes);

    if (size > 0) memcpy(bytes, data, size);
    return t;
}

cop_term cop_binary(const void *data, size_t size)
{
    return cop__binary(cop__heap_need(), data, size);
}

cop_term cop_string(const char *text)
{
    return cop__binary(cop__heap_need(), text, strlen(text));
}

cop_term cop_format(const char *format, ...)
{
    char text[512];
    va_list args;
    int size;
    cop_term t;
    char *data;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): a line above has va_start */
    size = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (size < 0) cop__term_fail("badarg", cop_none());
    if ((size_t)size < sizeof(text)) return cop__binary(cop__heap_need(), text, (size_t)size);

    /* Printed again, with room for the final 0 that the binary does not have. */
    data = cop__alloc((size_t)size + 1);
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): a line above has va_start */
    vsnprintf(data, (size_t)size + 1, format, args);
    va_end(args);
    t = cop__binary(cop__heap_need(), data, (size_t)size);
    cop__free(data, (size_t)size + 1);
    return t;
}

cop_bytes cop_to_bytes(cop_term t)
{
    cop_bytes bytes;
    const uint64_t *box;

    if (!cop_is_binary(t)) cop__term_fail("badarg", t);
    box = cop__box(t);
    if (cop__header_kind(*box) == COP__BOX_BINARY) {
        bytes.data = (const char *)(box + 1);
        bytes.len = cop__header_arity(*box) * 8 - cop__header_extra(*box);
    } else {
        const struct cop__counted *counted = (const struct cop__counted *)(uintptr_t)box[1];

        bytes.data = counted->data;
        bytes.len = counted->size;
    }
    return bytes;
}
