/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding reads the length from the first byte, gathers six bits from each that follows, and then
 * asks whether the code point could have been shorter or may not be there at all. */
#include "base/utf8.h"

#include <string.h>

#define TAIL_MASK 0xc0u /* a byte after the first is 10xxxxxx */
#define TAIL_MARK 0x80u

static bool is_code_point(uint32_t code)
{
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

size_t cop__utf8_encode(uint32_t code, char at[COP__UTF8_MAX])
{
    if (code < 0x80) {
        at[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        at[0] = (char)(0xc0 | code >> 6);
        at[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (!is_code_point(code)) return 0;
    if (code < 0x10000) {
        at[0] = (char)(0xe0 | code >> 12);
        at[1] = (char)(0x80 | (code >> 6 & 0x3f));
        at[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    at[0] = (char)(0xf0 | code >> 18);
    at[1] = (char)(0x80 | (code >> 12 & 0x3f));
    at[2] = (char)(0x80 | (code >> 6 & 0x3f));
    at[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

size_t cop__utf8_decode(const void *bytes, size_t len, uint32_t *ret_code)
{
    static const uint32_t least[COP__UTF8_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = bytes;
    size_t need;
    uint32_t code;

    if (len == 0) return 0;
    if (at[0] < 0x80) {
        *ret_code = at[0];
        return 1;
    }
    if (at[0] < 0xc0) return 0;
    need = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] >= 0xf8 || len < need) return 0;
    code = at[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((at[i] & TAIL_MASK) != TAIL_MARK) return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code < least[need] || !is_code_point(code)) return 0;
    *ret_code = code;
    return need;
}

bool cop__utf8_valid(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    while (len > 0) {
        uint32_t code;
        uint64_t eight;
        size_t taken;

        /* Most text is ASCII: eight bytes at once. */
        if (len >= sizeof eight) {
            memcpy(&eight, at, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof eight;
                len -= sizeof eight;
                continue;
            }
        }
        taken = cop__utf8_decode(at, len, &code);
        if (taken == 0) return false;
        at += taken;
        len -= taken;
    }
    return true;
}
