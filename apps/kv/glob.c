/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of keys. */
#include "store.h"

/* Whether c is in the set that begins behind `[` at *at; steps over it. A set that does not end
 * goes on to the end of the pattern. */
static bool in_set(cop_bytes pattern, size_t *at, unsigned char c)
{
    size_t p = *at;
    bool is_not = p < pattern.len && pattern.data[p] == '^', found = false;

    for (p += is_not; p < pattern.len && pattern.data[p] != ']'; p++) {
        unsigned char low, high;

        if (pattern.data[p] == '\\' && p + 1 < pattern.len) p++;
        low = high = (unsigned char)pattern.data[p];
        if (p + 2 < pattern.len && pattern.data[p + 1] == '-') {
            p += 2;
            high = (unsigned char)pattern.data[p];
        }
        if ((low <= c && c <= high) || (high <= c && c <= low)) found = true;
    }
    *at = p < pattern.len ? p + 1 : p;
    return found != is_not;
}

/* Whether c matches what stands at *at, no star; steps over that. */
static bool one_matches(cop_bytes pattern, size_t *at, char c)
{
    char p = pattern.data[(*at)++];

    if (p == '?') return true;
    if (p == '[') return in_set(pattern, at, (unsigned char)c);
    if (p == '\\' && *at < pattern.len) p = pattern.data[(*at)++];
    return p == c;
}

/* Only the last star is ever given more: what an earlier one could take, the last one can, too. */
bool kv_glob_match(cop_bytes pattern, cop_bytes text)
{
    size_t p = 0, t = 0, star = 0, star_text = 0;
    bool has_star = false;

    while (t < text.len || p < pattern.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            has_star = true;
            star = ++p;
            star_text = t;
        } else if (p < pattern.len && t < text.len && one_matches(pattern, &p, text.data[t])) {
            t++;
        } else if (has_star && star_text < text.len) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    return true;
}
