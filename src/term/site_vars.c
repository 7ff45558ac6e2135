/* SPDX-License-Identifier: Apache-2.0 */
/* What a site's names say: "key, r->n" after a pattern, "cop_term key, int64_t n" of a record. */
#include <string.h>

#include "term/site.h"

struct field_type {
    const char *text;
    uint8_t type;
    uint8_t size;
    uint8_t align;
};

/* How the fields of a record may be declared. */
static const struct field_type field_types[] = {
    {"cop_term", COP__TYPE_TERM, sizeof(cop_term), _Alignof(cop_term)},
    {"int64_t", COP__TYPE_INT64, sizeof(int64_t), _Alignof(int64_t)},
    {"long", COP__TYPE_INT64, sizeof(long), _Alignof(long)},
    {"long long", COP__TYPE_INT64, sizeof(long long), _Alignof(long long)},
    {"int", COP__TYPE_INT, sizeof(int), _Alignof(int)},
    {"double", COP__TYPE_DOUBLE, sizeof(double), _Alignof(double)},
    {"bool", COP__TYPE_BOOL, sizeof(bool), _Alignof(bool)},
    {"_Bool", COP__TYPE_BOOL, sizeof(bool), _Alignof(bool)},
    {"cop_pid", COP__TYPE_PID, sizeof(cop_pid), _Alignof(cop_pid)},
    {"cop_ref", COP__TYPE_REF, sizeof(cop_ref), _Alignof(cop_ref)},
    {"cop_from", COP__TYPE_FROM, sizeof(cop_from), _Alignof(cop_from)},
    {"cop_bytes", COP__TYPE_BYTES, sizeof(cop_bytes), _Alignof(cop_bytes)},
};
_Static_assert(sizeof(long) == sizeof(int64_t), "the types that stand for int64_t");

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static cop_bytes trim(cop_bytes t)
{
    while (t.len > 0 && (t.data[0] == ' ' || t.data[0] == '\n' || t.data[0] == '\t')) {
        t.data++;
        t.len--;
    }
    while (t.len > 0 &&
           (t.data[t.len - 1] == ' ' || t.data[t.len - 1] == '\n' || t.data[t.len - 1] == '\t')) {
        t.len--;
    }
    return t;
}

/* The text up to the next comma outside of brackets; *rest is what follows it. */
static cop_bytes next_item(cop_bytes *rest)
{
    cop_bytes item = *rest;
    int depth = 0;

    for (size_t i = 0; i < rest->len; i++) {
        char c = rest->data[i];
        if (c == '(' || c == '[') depth++;
        if (c == ')' || c == ']') depth--;
        if (c == ',' && depth == 0) {
            item.len = i;
            rest->data += i + 1;
            rest->len -= i + 1;
            return trim(item);
        }
    }
    rest->len = 0;
    return trim(item);
}

/* The identifier at the end: of `r->names` it is names. */
static cop_bytes last_name(cop_bytes item)
{
    size_t start = item.len;
    cop_bytes name;

    while (start > 0 && is_name_char(item.data[start - 1])) {
        start--;
    }
    name.data = item.data + start;
    name.len = item.len - start;
    return name;
}

static uint32_t align_up(uint32_t offset, uint32_t align)
{
    return (offset + align - 1) / align * align;
}

/* The type of a field's declaration, whose name is at its end. */
static bool field_type(struct cop__site_vars *vars, int i, cop_bytes item, uint32_t *offset,
                       struct cop_parse_error *error)
{
    struct cop__place place = {1, 1};
    cop_bytes type = item;

    type.len -= vars->names[i].len;
    type = trim(type);
    for (size_t k = 0; k < sizeof(field_types) / sizeof(field_types[0]); k++) {
        const struct field_type *known = &field_types[k];
        if (strlen(known->text) != type.len || memcmp(known->text, type.data, type.len) != 0) {
            continue;
        }
        vars->types[i] = known->type;
        vars->offsets[i] = align_up(*offset, known->align);
        *offset = vars->offsets[i] + known->size;
        return true;
    }
    return cop__syntax_fail(error, place, "a record's field cannot have the type %.*s",
                            (int)type.len, type.data);
}

static bool check_name(const struct cop__site_vars *vars, int i, cop_bytes item,
                       struct cop_parse_error *error)
{
    struct cop__place place = {1, 1};
    cop_bytes name = vars->names[i];

    if (name.len == 0 || (name.data[0] >= '0' && name.data[0] <= '9')) {
        return cop__syntax_fail(error, place,
                                "\"%.*s\" names no variable: what follows the text must end in "
                                "a name",
                                (int)item.len, item.data);
    }
    for (int k = 0; k < i; k++) {
        if (vars->names[k].len == name.len &&
            memcmp(vars->names[k].data, name.data, name.len) == 0) {
            return cop__syntax_fail(error, place, "the variable %.*s follows the text twice",
                                    (int)name.len, name.data);
        }
    }
    return true;
}

bool cop__site_vars(const struct cop__site *site, struct cop__site_vars *ret_vars,
                    struct cop_parse_error *error)
{
    struct cop__place place = {1, 1};
    cop_bytes rest = {cop__site_names(site), site->names_size - 1U};
    uint32_t offset = 0;

    memset(ret_vars, 0, sizeof(*ret_vars));
    while (rest.len > 0) {
        int i = ret_vars->count;
        cop_bytes item = next_item(&rest);
        if (i == COP__SITE_VARS_MAX) {
            return cop__syntax_fail(error, place, "more than %d variables", COP__SITE_VARS_MAX);
        }
        ret_vars->names[i] = last_name(item);
        if (!check_name(ret_vars, i, item, error)) return false;
        if (site->use == COP__USE_RECORD) {
            if (!field_type(ret_vars, i, item, &offset, error)) return false;
        } else {
            ret_vars->types[i] = site->types[i];
            if (ret_vars->types[i] < COP__TYPE_TERM || ret_vars->types[i] >= COP__TYPE_NONE) {
                return cop__syntax_fail(error, place, "the variable %.*s has no known type",
                                        (int)ret_vars->names[i].len, ret_vars->names[i].data);
            }
        }
        ret_vars->count++;
    }
    if (ret_vars->count != site->count) {
        return cop__syntax_fail(error, place, "%d variables are named, %d were expected",
                                ret_vars->count, site->count);
    }
    return true;
}
