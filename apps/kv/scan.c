/* SPDX-License-Identifier: Apache-2.0 */
/* Words, and commands that are lines. */
#include "scan.h"

#include <string.h>

/* --- Words ------------------------------------------------------------------------------------ */

void kv_words_init(struct kv_words *words)
{
    *words = (struct kv_words){.capacity = sizeof(words->few) / sizeof(words->few[0])};
    words->items = words->few;
}

void kv_words_free(struct kv_words *words)
{
    if (words->items != words->few) cop_free(words->items);
    cop_free(words->decoded);
    kv_words_init(words);
}

/* Room for more. */
static void grow(struct kv_words *words)
{
    size_t size = words->capacity * sizeof(cop_bytes);
    cop_bytes *items = cop_alloc(2 * size);

    memcpy(items, words->items, size);
    if (words->items != words->few) cop_free(words->items);
    words->items = items;
    words->capacity *= 2;
}

void kv_words_add(struct kv_words *words, cop_bytes word)
{
    if (words->len == words->capacity) grow(words);
    words->items[words->len++] = word;
}

bool kv_to_int(cop_bytes word, int64_t *ret_value)
{
    bool is_negative = word.len > 0 && word.data[0] == '-';
    size_t at = is_negative;
    int64_t value = 0;

    if (at == word.len || (word.data[at] == '0' && word.len > 1)) return false;
    for (; at < word.len; at++) {
        int digit = word.data[at] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false; /* below 0: there is one number more */
    }
    if (!is_negative && value == INT64_MIN) return false;
    *ret_value = is_negative ? value : -value;
    return true;
}

/* --- Lines ------------------------------------------------------------------------------------ */

enum kv_scan kv_line_scan(struct kv_line_scan *scan, cop_bytes input,
                          const struct kv_limits *limits, size_t *ret_len)
{
    const char *end = memchr(input.data + scan->at, '\n', input.len - scan->at);
    size_t len = end ? (size_t)(end - input.data) : input.len;

    if (len > limits->line) return KV_SCAN_BAD;
    scan->at = end ? 0 : len;
    *ret_len = len + 1;
    return end ? KV_SCAN_COMMAND : KV_SCAN_MORE;
}

void kv_line_words(cop_bytes command, struct kv_words *words)
{
    size_t at = 0, from;

    for (;;) {
        while (at < command.len && kv_is_space(command.data[at]))
            at++;
        if (at == command.len) return;
        for (from = at; at < command.len && !kv_is_space(command.data[at]); at++) {
        }
        kv_words_add(words, (cop_bytes){command.data + from, at - from});
    }
}
