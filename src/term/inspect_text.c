/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of what has no elements: atoms, strings, numbers, pids and references. */
#include "base/check.h"
#include "base/cleanup.h"
#include "term/float.h"
#include "term/heap.h"
#include "term/inspect.h"
#include "term/types.h"
#include "term/unicode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Text between quotes ---------------------------------------------------------------------- */

/* The letter after the backslash of a code point below 0x80, or 0. */
static char escape_letter(uint32_t code)
{
    switch (code) {
    case 0: return '0';
    case '\a': return 'a';
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\v': return 'v';
    case '\f': return 'f';
    case '\r': return 'r';
    case 0x1b: return 'e';
    case 0x7f: return 'd';
    case '\\': return '\\';
    default: return 0;
    }
}

/* One code point as it stands between double quotes. next is the byte after it, 0 at the end. */
static void put_quoted(struct cop__doc *doc, uint32_t code, const char *bytes, int size, char next)
{
    char text[16];
    char letter = escape_letter(code);
    int len;

    if (letter) {
        text[0] = '\\';
        text[1] = letter;
        len = 2;
    } else if (code == '"') {
        len = snprintf(text, sizeof(text), "\\\"");
    } else if (code == '#' && next == '{') {
        len = snprintf(text, sizeof(text), "\\#");
    } else if (code == 0xfeff) {
        len = snprintf(text, sizeof(text), "\\uFEFF");
    } else if (cop__unicode_is_printable(code)) {
        cop__doc_text(doc, bytes, (size_t)size);
        return;
    } else if (code < 0x100) {
        len = snprintf(text, sizeof(text), "\\x%02X", (unsigned)code);
    } else {
        len = snprintf(text, sizeof(text), "\\x{%X}", (unsigned)code);
    }
    cop__doc_text(doc, text, (size_t)len);
}

/* The text of `bytes`, which are UTF-8, between quotes; false if it was cut at the limit. */
static bool put_string(struct cop__doc *doc, cop_bytes bytes, size_t limit)
{
    const char *at = bytes.data;
    const char *end = bytes.data + bytes.len;
    size_t count = 0;

    cop__doc_text(doc, "\"", 1);
    while (at < end && (limit == 0 || count < limit)) {
        uint32_t code;
        int size = cop__unicode_decode(at, end, &code);
        char next = '\0';

        if (size == 0) { /* beyond the limit nobody has looked */
            size = 1;
            code = 0xfffd;
        }
        if (at + size < end) next = at[size];
        put_quoted(doc, code, at, size, next);
        at += size;
        count++;
    }
    cop__doc_text(doc, "\"", 1);
    return at == end;
}

bool cop__is_printable(cop_bytes bytes, size_t limit)
{
    const char *at = bytes.data;
    const char *end = bytes.data + bytes.len;

    for (size_t count = 0; at < end && (limit == 0 || count < limit); count++) {
        uint32_t code;
        int size = cop__unicode_decode(at, end, &code);

        if (size == 0 || !cop__unicode_is_printable(code)) return false;
        at += size;
    }
    return true;
}

void cop__inspect_string(struct cop__doc *doc, cop_bytes bytes, size_t limit)
{
    if (!put_string(doc, bytes, limit)) cop__doc_string(doc, " <> ...");
}

bool cop__is_printable_list(cop_term list, size_t limit)
{
    size_t count = 0;

    if (cop_is_empty_list(list)) return false;
    for (; cop__is_cons(list) && (limit == 0 || count < limit); count++) {
        cop_term head = cop__cons_head(list);
        int64_t code;

        if (!cop__is_small(head)) return false;
        code = cop__small_value(head);
        if (!(code >= 0x20 && code <= 0x7e) && !(code >= 7 && code <= 13) && code != 27)
            return false;
        list = cop__cons_tail(list);
    }
    return cop_is_empty_list(list) || (limit && count == limit);
}

void cop__inspect_charlist(struct cop__doc *doc, cop_term list, size_t limit)
{
    size_t count = 0;

    cop__doc_string(doc, "~c\"");
    for (; cop__is_cons(list) && (limit == 0 || count < limit); count++) {
        char c = (char)cop__small_value(cop__cons_head(list));
        char next = 0;

        list = cop__cons_tail(list);
        if (cop__is_cons(list) && cop__is_small(cop__cons_head(list)))
            next = cop__small_value(cop__cons_head(list)) == '{' ? '{' : 0;
        put_quoted(doc, (unsigned char)c, &c, 1, next);
    }
    cop__doc_text(doc, "\"", 1);
    if (!cop_is_empty_list(list)) cop__doc_string(doc, " ++ ...");
}

/* --- Atoms ------------------------------------------------------------------------------------ */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool equals(cop_bytes text, const char *string)
{
    return text.len == strlen(string) && memcmp(text.data, string, text.len) == 0;
}

bool cop__has_alias_prefix(cop_bytes text)
{
    return text.len >= 7 && memcmp(text.data, "Elixir.", 7) == 0;
}

bool cop__is_alias(cop_bytes text)
{
    bool begins = true;

    if (equals(text, "Elixir")) return true;
    if (!cop__has_alias_prefix(text)) return false;
    for (size_t i = 7; i < text.len; i++) {
        char c = text.data[i];

        if (begins ? !is_upper(c) : !(is_letter(c) || is_digit(c) || c == '_' || c == '.'))
            return false;
        begins = c == '.';
    }
    return !begins;
}

/* A name as the syntax has it: letters, digits, _ and @, and one ? or ! at the end. */
static bool is_name(cop_bytes text)
{
    const char *at = text.data;
    const char *end = text.data + text.len;

    while (at < end) {
        bool is_first = at == text.data;
        uint32_t code;
        int size = cop__unicode_decode(at, end, &code);

        if (size == 0) return false;
        if (size > 1) {
            if (!(is_first ? cop__unicode_starts_name(code) : cop__unicode_continues_name(code)))
                return false;
        } else if (!(is_letter(*at) || *at == '_' ||
                     (!is_first && (is_digit(*at) || *at == '@')))) {
            return !is_first && (*at == '?' || *at == '!') && at + 1 == end;
        }
        at += size;
    }
    return text.len > 0;
}

static bool is_one_of(cop_bytes text, const char *const *table)
{
    for (; *table; table++)
        if (equals(text, *table)) return true;
    return false;
}

/* Operators that are called by their bare name, and what else needs no quotes as an atom. */
static const char *const operators[] = {
    "+",   "-",   "*",   "/",  "++", "--",  "+++", "---", "<>",  "|",    "||", "|||", "&",  "&&",
    "&&&", "!",   "^",   "=",  "==", "===", "=~",  "!=",  "!==", "<",    ">",  "<=",  ">=", "<<<",
    ">>>", "<<~", "~>>", "<~", "~>", "<~>", "|>",  "<-",  "@",   "\\\\", "**", NULL};
static const char *const operators_quoted[] = {"^^^", "~~~", "<|>", "::", NULL};
static const char *const signs[] = {"..", "...", "..//", "->", ".", "%", "%{}", "{}", "<<>>", NULL};

static bool is_bare(cop_bytes text, enum cop__atom_use use)
{
    if (is_one_of(text, operators)) return true;
    if (use != COP__ATOM_CALL) return is_name(text) || is_one_of(text, signs);
    if (is_one_of(text, operators_quoted)) return true;
    return is_name(text) && !is_upper(text.data[0]) && !memchr(text.data, '@', text.len);
}

void cop__inspect_atom(struct cop__doc *doc, cop_term atom, enum cop__atom_use use)
{
    cop_bytes text = cop_atom_text(atom);
    bool is_literal = use == COP__ATOM_LITERAL;

    if (is_literal && (equals(text, "nil") || equals(text, "true") || equals(text, "false"))) {
        cop__doc_text(doc, text.data, text.len);
    } else if (is_literal && cop__is_alias(text)) {
        bool keeps_prefix = equals(text, "Elixir") || equals(text, "Elixir.Elixir") ||
                            (text.len > 14 && memcmp(text.data, "Elixir.Elixir.", 14) == 0);
        size_t skip = keeps_prefix ? 0 : 7;

        cop__doc_text(doc, text.data + skip, text.len - skip);
    } else {
        if (is_literal) cop__doc_text(doc, ":", 1);
        if (is_bare(text, use) && !cop__is_alias(text))
            cop__doc_text(doc, text.data, text.len);
        else
            put_string(doc, text, 0);
    }
    if (use == COP__ATOM_KEY) cop__doc_text(doc, ":", 1);
}

/* --- Numbers, pids, references ---------------------------------------------------------------- */

static void free_at(char **block)
{
    free(*block);
}

void cop__inspect_integer(struct cop__doc *doc, cop_term t)
{
    COP_CLEANUP(free_at) char *text = malloc(cop__bigint_decimal_size(t));

    COP_CHECK(text != NULL, "no memory for the digits of an integer");
    cop__doc_text(doc, text, cop__bigint_to_decimal(t, text));
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed by its cleanup */
}

void cop__inspect_float(struct cop__doc *doc, cop_term t)
{
    char text[COP__FLOAT_TEXT_MAX];

    cop__doc_text(doc, text, cop__float_text(cop_to_float(t), text));
}

#define SLOT_BITS 28

void cop__inspect_pid(struct cop__doc *doc, cop_term t)
{
    cop_pid pid = cop_to_pid(t);
    char text[64];
    int size = snprintf(text, sizeof(text), "#PID<%u.%llu.%llu>", (unsigned)pid.node,
                        (unsigned long long)(pid.id & ((UINT64_C(1) << SLOT_BITS) - 1)),
                        (unsigned long long)(pid.id >> SLOT_BITS));

    cop__doc_text(doc, text, (size_t)size);
}

void cop__inspect_ref(struct cop__doc *doc, cop_term t)
{
    cop_ref ref = cop_to_ref(t);
    char text[96];
    int size = snprintf(text, sizeof(text), "#Reference<%u.%llu.%llu.%llu>", (unsigned)ref.node,
                        (unsigned long long)ref.id[2], (unsigned long long)ref.id[1],
                        (unsigned long long)ref.id[0]);

    cop__doc_text(doc, text, (size_t)size);
}
