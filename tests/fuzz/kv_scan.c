/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes that come over a connection are scanned without harm, and the same commands are found
 * whether they come in one piece or in many: the first byte says which protocol, the second into
 * pieces of which size. */
#include <stdlib.h>
#include <string.h>

#include "../../apps/kv/scan.h"
#include "../../apps/kv/store.h"
#include "term/heap.h"

static const struct kv_limits limits = {.line = 100, .bulk = 200, .words = 20, .command = 500};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was found, so far as it matters: a hash of the words. */
struct found {
    uint64_t hash;
    size_t at;
    enum kv_scan last;
};

static void add(struct found *f, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        f->hash = (f->hash ^ (unsigned char)bytes[i]) * 1099511628211U;
    f->hash = (f->hash ^ 256) * 1099511628211U;
}

static void add_command(struct found *f, bool is_resp, cop_bytes command)
{
    struct kv_words words;

    kv_words_init(&words);
    if (!is_resp)
        kv_line_words(command, &words);
    else if (!kv_resp_words(command, &words))
        add(f, "quotes", 6);
    for (size_t i = 0; i < words.len; i++) {
        add(f, words.items[i].data, words.items[i].len);
        if (i > 0) (void)kv_glob_match(words.items[i - 1], words.items[i]);
    }
    kv_words_free(&words);
}

static struct found scan(bool is_resp, cop_bytes text, size_t step)
{
    struct kv_line_scan line = {0};
    struct kv_resp_scan resp = {0};
    struct found f = {.hash = 1};
    size_t have = 0, len;
    char why[64];

    while (have < text.len) {
        have = step < text.len - have ? have + step : text.len;
        for (;;) {
            cop_bytes input = {text.data + f.at, have - f.at};

            f.last = is_resp ? kv_resp_scan(&resp, input, &limits, &len, why)
                             : kv_line_scan(&line, input, &limits, &len);
            if (f.last == KV_SCAN_BAD) return f;
            if (f.last == KV_SCAN_MORE) break;
            if (len == 0 || len > input.len) abort();
            add_command(&f, is_resp, (cop_bytes){input.data, len});
            f.at += len;
        }
    }
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cop__heap heap;
    struct found whole, pieces;
    cop_bytes text;

    if (size < 3) return 0;
    cop__heap_set_current(&heap);
    text = (cop_bytes){(const char *)data + 2, size - 2};
    whole = scan(data[0] & 1, text, text.len);
    pieces = scan(data[0] & 1, text, 1 + data[1] % 16);
    if (whole.hash != pieces.hash || whole.at != pieces.at || whole.last != pieces.last) abort();
    cop__heap_reset(&heap);
    return 0;
}
