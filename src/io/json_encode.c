/* SPDX-License-Identifier: Apache-2.0 */
/* Terms to JSON texts, without recursion: what is left of the lists and maps around the current
 * value waits on a stack of its own. */
#include "coppice/json.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "coppice/pattern.h"
#include "term/float.h"

/* A list or map that is being written. */
struct level {
    cop_term rest; /* elements, or pairs {key, value} */
    bool is_map;
};

struct writer {
    struct cop__buf text;
    struct cop__buf levels; /* of struct level, the outermost first */
    cop_term error;         /* the reason, or cop_none() */
};

static void release(struct writer *w)
{
    cop__buf_fini(&w->text);
    cop__buf_fini(&w->levels);
}

static bool refuse(struct writer *w, cop_term part)
{
    w->error = cop_tuple(COP(":unencodable"), part);
    return false;
}

/* --- Scalars ---------------------------------------------------------------------------------- */

static void write_control(struct cop__buf *text, unsigned char c)
{
    static const char short_forms[] = "........btn.fr..................";

    if (short_forms[c] == '.')
        cop__buf_append_fmt(text, "\\u%04X", c);
    else
        cop__buf_append_fmt(text, "\\%c", short_forms[c]);
}

static bool write_string(struct writer *w, cop_bytes s)
{
    uint32_t code;
    size_t plain = 0; /* written up to here */
    size_t size;

    cop__buf_append_char(&w->text, '"');
    for (size_t at = 0; at < s.len; at += size) {
        unsigned char c = (unsigned char)s.data[at];

        size = c < 0x80 ? 1 : cop__utf8_decode(s.data + at, s.len - at, &code);
        if (size == 0) {
            w->error = cop_tuple(COP(":invalid_byte"), c);
            return false;
        }
        if (c >= ' ' && c != '"' && c != '\\') continue;
        cop__buf_append(&w->text, s.data + plain, at - plain);
        plain = at + 1;
        if (c < ' ')
            write_control(&w->text, c);
        else
            cop__buf_append(&w->text, (const char[]){'\\', (char)c}, 2);
    }
    cop__buf_append(&w->text, s.data + plain, s.len - plain);
    cop__buf_append_char(&w->text, '"');
    return true;
}

static void write_number(struct writer *w, cop_term t)
{
    if (cop_is_float(t)) {
        char *at = cop__buf_reserve(&w->text, COP__FLOAT_TEXT_MAX);

        w->text.len += cop__float_text(cop_to_float(t), at);
    } else { /* an integer of any size is shown as its digits */
        cop_bytes digits = cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 0}));

        cop__buf_append(&w->text, digits.data, digits.len);
    }
}

static bool write_atom(struct writer *w, cop_term t)
{
    if (cop_identical(t, cop_nil())) {
        cop__buf_append_str(&w->text, "null");
        return true;
    }
    if (!cop_is_boolean(t)) return write_string(w, cop_atom_text(t));
    cop__buf_append_str(&w->text, cop_to_bool(t) ? "true" : "false");
    return true;
}

static bool write_key(struct writer *w, cop_term key)
{
    if (cop_is_binary(key)) {
        if (!write_string(w, cop_to_bytes(key))) return false;
    } else if (cop_is_atom(key)) {
        if (!write_string(w, cop_atom_text(key))) return false;
    } else if (cop_is_number(key)) {
        cop__buf_append_char(&w->text, '"');
        write_number(w, key);
        cop__buf_append_char(&w->text, '"');
    } else {
        return refuse(w, key);
    }
    cop__buf_append_char(&w->text, ':');
    return true;
}

/* --- The whole -------------------------------------------------------------------------------- */

static void enter(struct writer *w, cop_term rest, bool is_map)
{
    struct level level = {rest, is_map};

    cop__buf_append(&w->levels, &level, sizeof(level));
    cop__buf_append_char(&w->text, is_map ? '{' : '[');
}

/* Writes a scalar; of a list or map the beginning. */
static bool write_value(struct writer *w, cop_term t)
{
    switch (cop_kind(t)) {
    case COP_KIND_INTEGER:
    case COP_KIND_FLOAT: write_number(w, t); return true;
    case COP_KIND_ATOM: return write_atom(w, t);
    case COP_KIND_BINARY: return write_string(w, cop_to_bytes(t));
    case COP_KIND_LIST:
        if (cop_list_len(t) < 0) return refuse(w, t);
        enter(w, t, false);
        return true;
    case COP_KIND_MAP:
        if (cop_map_has(t, COP(":__struct__"))) return refuse(w, t);
        enter(w, cop_map_to_list(t), true);
        return true;
    case COP_KIND_REFERENCE:
    case COP_KIND_FUN:
    case COP_KIND_PID:
    case COP_KIND_TUPLE: break;
    }
    return refuse(w, t);
}

/* The next element of the innermost list or map, with its key written; cop_none() at its end. */
static bool next_value(struct writer *w, struct level *level, cop_term *ret_value)
{
    char last = w->text.data[w->text.len - 1];

    *ret_value = cop_none();
    if (cop_is_empty_list(level->rest)) return true;
    if (last != '[' && last != '{') cop__buf_append_char(&w->text, ',');
    *ret_value = cop_head(level->rest);
    level->rest = cop_tail(level->rest);
    if (!level->is_map) return true;
    if (!write_key(w, cop_elem(*ret_value, 0))) return false;
    *ret_value = cop_elem(*ret_value, 1);
    return true;
}

static bool write_term(struct writer *w, cop_term t)
{
    if (!write_value(w, t)) return false;
    while (w->levels.len > 0) {
        struct level *level = (struct level *)(void *)(w->levels.data + w->levels.len) - 1;
        cop_term value;

        if (!next_value(w, level, &value)) return false;
        if (cop_is_none(value)) {
            cop__buf_append_char(&w->text, level->is_map ? '}' : ']');
            w->levels.len -= sizeof(*level);
        } else if (!write_value(w, value)) {
            return false;
        }
    }
    return true;
}

cop_term cop_json_encode(cop_term t)
{
    COP_CLEANUP(release) struct writer w = {.error = cop_none()};

    if (!write_term(&w, t)) return cop_tuple(COP(":error"), w.error);
    return cop_tuple(cop_ok(), cop_binary(w.text.data, w.text.len));
}
