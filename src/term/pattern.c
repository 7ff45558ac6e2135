/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling patterns (match.h). What a pattern may hold:
 *
 *     1  :a  "text"  [1, 2]  {:ok, []}     a constant, compared with ===
 *     name  _  _name                       anything; a name a second time: the same as before
 *     ^name                                the value that the variable has
 *     {a, b}  [a, b]  [a, b | tail]        parts, taken apart
 *     %{key => p}  %{key: p}  %Mod{...}    a map with at least these keys; a key may be ^name
 *     "text" <> p                          a string's rest; p is a name
 *     p = q                                both
 */
#include <stdlib.h>
#include <string.h>

#include "term/match.h"
#include "term/types.h"

enum part_kind { PART_TUPLE, PART_LIST, PART_MAP, PART_BOTH };

/* A part of the pattern that is being walked. */
struct part {
    enum part_kind kind;
    uint8_t src;
    uint8_t free; /* the first register that it may use */
    uint32_t index;
    cop_term rest; /* quoted elements still to come */
    struct cop__place place;
};

struct compiler {
    struct cop__pattern *out;
    struct cop__pattern_names *names;
    struct cop_parse_error *error;
    struct part *parts;
    size_t parts_len;
    size_t parts_cap;
};

static struct cop__match_op *emit(struct compiler *c, enum cop__match_code code, uint8_t src,
                                  uint32_t n)
{
    struct cop__pattern *p = c->out;
    struct cop__match_op *op;

    if (p->ops_len == p->ops_cap) {
        p->ops_cap = p->ops_cap == 0 ? 8 : p->ops_cap * 2;
        p->ops = cop__syntax_grow(p->ops, p->ops_cap * sizeof(*p->ops));
    }
    op = &p->ops[p->ops_len++];
    memset(op, 0, sizeof(*op));
    op->code = (uint8_t)code;
    op->src = src;
    op->n = n;
    return op;
}

static bool open_part(struct compiler *c, enum part_kind kind, uint8_t src, uint8_t free_register,
                      cop_term rest, struct cop__place place)
{
    struct part *part;

    if (free_register + 3 > COP__MATCH_REGISTERS ||
        c->parts_len > (size_t)COP__MATCH_REGISTERS * 2) {
        return cop__syntax_fail(c->error, place, "a pattern nested too deep");
    }
    if (c->parts_len == c->parts_cap) {
        c->parts_cap = c->parts_cap == 0 ? 8 : c->parts_cap * 2;
        c->parts = cop__syntax_grow(c->parts, c->parts_cap * sizeof(*part));
    }
    part = &c->parts[c->parts_len++];
    part->kind = kind;
    part->src = src;
    part->free = free_register;
    part->index = 0;
    part->rest = rest;
    part->place = place;
    return true;
}

/* --- Names ------------------------------------------------------------------------------------ */

static bool is_console(const struct compiler *c)
{
    return c->names->scope.names == NULL && !cop_is_none(c->names->scope.bindings);
}

/* The variable's number, UINT32_MAX after an error. */
static uint32_t find_variable(struct compiler *c, cop_term name, struct cop__place place)
{
    struct cop__pattern_names *names = c->names;
    cop_bytes text = cop_atom_text(name);
    int index = cop__scope_find(&names->scope, name);

    if (index >= 0) return (uint32_t)index;
    if (!is_console(c)) {
        (void)cop__syntax_fail(c->error, place,
                               "no variable \"%.*s\" follows the pattern (write _%.*s to ignore "
                               "this part)",
                               (int)text.len, text.data, (int)text.len, text.data);
        return UINT32_MAX;
    }
    for (size_t i = 0; i < names->found_len; i++) {
        if (names->found[i].word == name.word) return (uint32_t)i;
    }
    if (names->found_len == names->found_cap) {
        names->found_cap = names->found_cap == 0 ? 8 : names->found_cap * 2;
        names->found = cop__syntax_grow(names->found, names->found_cap * sizeof(*names->found));
    }
    names->found[names->found_len] = name;
    c->out->vars = (uint32_t)names->found_len + 1;
    return (uint32_t)names->found_len++;
}

static const struct cop__match_bind *find_bind(const struct compiler *c, uint32_t var)
{
    for (size_t i = 0; i < c->out->binds_len; i++) {
        if (c->out->binds[i].var == var) return &c->out->binds[i];
    }
    return NULL;
}

static uint8_t type_of(const struct compiler *c, uint32_t var)
{
    return c->names->types != NULL ? c->names->types[var] : COP__TYPE_TERM;
}

static struct cop__match_bind *add_bind(struct compiler *c, uint32_t var)
{
    struct cop__pattern *p = c->out;
    struct cop__match_bind *bind;

    if (p->binds_len == p->binds_cap) {
        p->binds_cap = p->binds_cap == 0 ? 4 : p->binds_cap * 2;
        p->binds = cop__syntax_grow(p->binds, p->binds_cap * sizeof(*bind));
    }
    bind = &p->binds[p->binds_len++];
    memset(bind, 0, sizeof(*bind));
    bind->var = var;
    bind->type = type_of(c, var);
    return bind;
}

static bool is_ignored(cop_term name)
{
    cop_bytes text = cop_atom_text(name);

    return text.len > 0 && text.data[0] == '_';
}

/* Pinned names are read before the match, so they cannot be bound by it. */
static bool note_use(struct compiler *c, uint32_t var, bool pinned, struct cop__place place)
{
    bool bound = find_bind(c, var) != NULL;

    if (pinned && bound) {
        return cop__syntax_fail(c->error, place, "a name is both bound and pinned");
    }
    if (!pinned && !bound && var < 32 && !is_console(c) && (c->names->scope.used >> var & 1) != 0) {
        return cop__syntax_fail(c->error, place, "a name is both bound and pinned");
    }
    if (var < 32) c->names->scope.used |= 1U << var;
    return true;
}

static bool compile_variable(struct compiler *c, cop_term name, uint8_t src,
                             struct cop__place place)
{
    const struct cop__match_bind *before;
    uint32_t var;

    if (is_ignored(name)) return true;
    var = find_variable(c, name, place);
    if (var == UINT32_MAX) return false;
    before = find_bind(c, var);
    if (before != NULL && before->is_rest) {
        return cop__syntax_fail(c->error, place, "the rest of a string can be named once only");
    }
    if (!note_use(c, var, false, place)) return false;
    if (before != NULL) {
        (void)emit(c, COP__MATCH_AGAIN, src, var);
    } else {
        emit(c, COP__MATCH_BIND, src, var)->type = add_bind(c, var)->type;
    }
    return true;
}

/* What ^name stands for: a constant in the console, else the variable's number. */
static bool resolve_pin(struct compiler *c, cop_term quoted, struct cop__place place,
                        cop_term *ret_value, uint32_t *ret_var)
{
    cop_term name;
    cop_bytes text;

    *ret_value = cop_none();
    if (!cop__quoted_is_variable(quoted, &name)) {
        return cop__syntax_fail(c->error, place, "invalid argument for ^: a variable is expected");
    }
    text = cop_atom_text(name);
    if (c->names->no_pins) {
        return cop__syntax_fail(c->error, place, "^%.*s: a record cannot pin", (int)text.len,
                                text.data);
    }
    if (is_console(c)) {
        *ret_value = cop_map_get(c->names->scope.bindings, name, cop_none());
        if (cop_is_none(*ret_value)) {
            return cop__syntax_fail(c->error, place,
                                    "undefined variable ^%.*s. No variable \"%.*s\" has been "
                                    "defined before the current pattern",
                                    (int)text.len, text.data, (int)text.len, text.data);
        }
        return true;
    }
    *ret_var = find_variable(c, name, place);
    return *ret_var != UINT32_MAX && note_use(c, *ret_var, true, place);
}

/* --- Parts ------------------------------------------------------------------------------------ */

static bool is_immediate(cop_term t)
{
    return !cop__is_box(t);
}

static void emit_constant(struct compiler *c, cop_term value, uint8_t src)
{
    emit(c, is_immediate(value) ? COP__MATCH_SAME : COP__MATCH_EQUAL, src, 0)->word = value.word;
}

static bool compile_pin(struct compiler *c, cop_term quoted, uint8_t src, struct cop__place place)
{
    cop_term value;
    uint32_t var = 0;

    if (!resolve_pin(c, quoted, place, &value, &var)) return false;
    if (!cop_is_none(value)) {
        emit_constant(c, value, src);
    } else {
        emit(c, COP__MATCH_PIN, src, var)->type = type_of(c, var);
    }
    return true;
}

struct walk {
    cop_term *terms;
    size_t len;
    size_t cap;
};

static void walk_fini(struct walk *w)
{
    free(w->terms);
}

static void walk_push(struct walk *w, cop_term t)
{
    if (w->len == w->cap) {
        w->cap = w->cap == 0 ? 32 : w->cap * 2;
        w->terms = cop__syntax_grow(w->terms, w->cap * sizeof(t));
    }
    w->terms[w->len++] = t;
}

/* Whether a quoted form has neither names nor maps nor calls in it. */
static bool is_constant(cop_term quoted)
{
    __attribute__((cleanup(walk_fini))) struct walk w = {0};
    cop_term name;
    cop_term args;

    walk_push(&w, quoted);
    while (w.len > 0) {
        cop_term t = w.terms[--w.len];
        if (cop__is_cons(t)) {
            walk_push(&w, cop__cons_tail(t));
            walk_push(&w, cop__cons_head(t));
        } else if (cop__is_tuple_of(t, 2)) {
            walk_push(&w, cop__tuple_items(t)[0]);
            walk_push(&w, cop__tuple_items(t)[1]);
        } else if (cop__quoted_is_node(t, &name, &args)) {
            if (!cop_is_list(args) || !(cop__is_text(name, "{}") || cop__is_text(name, "|"))) {
                return false;
            }
            walk_push(&w, args);
        }
    }
    return true;
}

/* The term of a form that is constant (or a literal key). */
static bool constant_of(struct compiler *c, cop_term quoted, struct cop__place place,
                        cop_term *ret_value)
{
    struct cop__template t = {0};
    struct cop__scope scope = {.bindings = cop_none()};
    bool ok = cop__template_compile(&t, quoted, &scope, c->error);

    if (ok) {
        *ret_value = cop__template_run(&t, NULL);
    } else if (c->error->line == 1 && c->error->column == 1) {
        c->error->line = place.line;
        c->error->column = place.column;
    }
    cop__template_fini(&t);
    return ok;
}

static cop_term join(cop_term a, cop_term b)
{
    size_t size = cop_to_bytes(a).len + cop_to_bytes(b).len;
    char *data = cop__syntax_grow(NULL, size + 1);
    cop_term joined;

    memcpy(data, cop_to_bytes(a).data, cop_to_bytes(a).len);
    memcpy(data + cop_to_bytes(a).len, cop_to_bytes(b).data, cop_to_bytes(b).len);
    joined = cop_binary(data, size);
    free(data);
    return joined;
}

/* "text" <> rest; the prefix may itself be joined. */
static bool compile_prefix(struct compiler *c, const cop_term *two, uint8_t src,
                           struct cop__place place)
{
    cop_term prefix = two[0];
    cop_term rest = two[1];
    cop_term more[2];
    cop_term name;
    struct cop__match_bind *bind;
    uint32_t var;

    while (cop_is_binary(prefix) && cop__quoted_is(rest, "<>", 2, more) && cop_is_binary(more[0])) {
        prefix = join(prefix, more[0]);
        rest = more[1];
    }
    if (!cop_is_binary(prefix)) {
        return cop__syntax_fail(c->error, place,
                                "the left side of <> in a pattern must be a string");
    }
    if (!cop__quoted_is_variable(rest, &name)) {
        return cop__syntax_fail(c->error, place,
                                "the right side of <> in a pattern must be a name");
    }
    emit(c, COP__MATCH_PREFIX, src, 0)->word = prefix.word;
    if (is_ignored(name)) return true;
    var = find_variable(c, name, place);
    if (var == UINT32_MAX) return false;
    if (find_bind(c, var) != NULL) {
        return cop__syntax_fail(c->error, place, "the rest of a string can be named once only");
    }
    if (!note_use(c, var, false, place)) return false;
    if (type_of(c, var) != COP__TYPE_TERM && type_of(c, var) != COP__TYPE_BYTES) {
        return cop__syntax_fail(c->error, place, "the rest of a string is a cop_term or cop_bytes");
    }
    bind = add_bind(c, var);
    bind->is_rest = true;
    bind->skip = (uint32_t)cop_to_bytes(prefix).len;
    emit(c, COP__MATCH_BIND, src, var)->type = bind->type;
    return true;
}

static bool fail_node(struct compiler *c, cop_term quoted, struct cop__place place)
{
    char text[120];

    cop__quoted_describe(quoted, text, sizeof(text));
    return cop__syntax_fail(c->error, place, "a pattern cannot contain %s", text);
}

/* The elements of a tuple in either quoted form. */
static bool tuple_elements(cop_term quoted, cop_term *ret_list)
{
    cop_term name;

    if (cop__is_tuple_of(quoted, 2)) {
        *ret_list = cop_list(cop__tuple_items(quoted)[0], cop__tuple_items(quoted)[1]);
        return true;
    }
    return cop__quoted_is_node(quoted, &name, ret_list) && cop__is_text(name, "{}");
}

/* The pattern `quoted` for what is in register src; registers from `free` on may be used. */
static bool compile_part(struct compiler *c, cop_term quoted, uint8_t src, uint8_t free_register,
                         struct cop__place place)
{
    cop_term name;
    cop_term args;
    cop_term two[2];
    cop_term value;

    place = cop__quoted_place(quoted, place);
    if (cop__quoted_is_variable(quoted, &name)) return compile_variable(c, name, src, place);
    if (is_constant(quoted)) {
        if (!constant_of(c, quoted, place, &value)) return false;
        emit_constant(c, value, src);
        return true;
    }
    if (tuple_elements(quoted, &args)) {
        int64_t len = cop_list_len(args);
        if (len < 0) return fail_node(c, quoted, place);
        (void)emit(c, COP__MATCH_TUPLE, src, (uint32_t)len);
        return open_part(c, PART_TUPLE, src, free_register, args, place);
    }
    if (cop__is_cons(quoted)) return open_part(c, PART_LIST, src, free_register, quoted, place);
    if (cop__quoted_is(quoted, "^", 1, two)) return compile_pin(c, two[0], src, place);
    if (cop__quoted_is(quoted, "<>", 2, two)) return compile_prefix(c, two, src, place);
    if (!cop__quoted_is_node(quoted, &name, &args)) return fail_node(c, quoted, place);
    if (cop__is_text(name, "%{}")) {
        (void)emit(c, COP__MATCH_MAP, src, 0);
        return open_part(c, PART_MAP, src, free_register, args, place);
    }
    if (cop__quoted_is(quoted, "=", 2, two)) {
        return open_part(c, PART_BOTH, src, free_register, args, place);
    }
    return fail_node(c, quoted, place);
}

/* An element of a tuple: what is often seen takes one step. */
static bool compile_element(struct compiler *c, struct part *part, cop_term quoted)
{
    struct cop__place place = cop__quoted_place(quoted, part->place);
    uint32_t index = part->index++;
    cop_term name;
    size_t before;

    if (cop__quoted_is_variable(quoted, &name)) {
        if (is_ignored(name)) return true;
        before = c->out->ops_len;
        if (!compile_variable(c, name, part->free, place)) return false;
        if (c->out->ops[before].code == COP__MATCH_BIND) {
            struct cop__match_op *op = &c->out->ops[before];
            op->code = COP__MATCH_ELEM_BIND;
            op->src = part->src;
            op->word = op->n;
            op->n = index;
            return true;
        }
        c->out->ops_len = before;
    } else if (is_immediate(quoted)) {
        emit(c, COP__MATCH_ELEM_SAME, part->src, index)->word = quoted.word;
        return true;
    }
    emit(c, COP__MATCH_ELEM, part->src, index)->dst = part->free;
    return compile_part(c, quoted, part->free, (uint8_t)(part->free + 1), place);
}

static bool compile_cell(struct compiler *c, struct part *part, cop_term quoted)
{
    uint8_t head = part->free;
    cop_term two[2];

    if (cop_is_empty_list(part->rest) && cop__quoted_is(quoted, "|", 2, two)) {
        /* The last cell: its tail is a pattern of its own, as is its head. */
        emit(c, COP__MATCH_CONS, part->src, 0)->dst = head;
        part->kind = PART_BOTH;
        part->src = (uint8_t)(head + 1);
        part->free = (uint8_t)(head + 2);
        part->rest = cop_list(two[1]);
        return compile_part(c, two[0], head, (uint8_t)(head + 2), part->place);
    }
    emit(c, COP__MATCH_CONS, part->src, 0)->dst = head;
    part->src = (uint8_t)(head + 1);
    return compile_part(c, quoted, head, (uint8_t)(head + 2), part->place);
}

static bool compile_pair(struct compiler *c, struct part *part, cop_term pair)
{
    struct cop__place place = part->place;
    uint8_t dst = part->free;
    cop_term pinned[1];
    cop_term key;
    uint32_t var = 0;

    if (!cop__is_tuple_of(pair, 2)) {
        return cop__syntax_fail(c->error, place, "a pattern cannot contain the update of a map");
    }
    key = cop__tuple_items(pair)[0];
    place = cop__quoted_place(key, place);
    if (cop__quoted_is(key, "^", 1, pinned)) {
        if (!resolve_pin(c, pinned[0], place, &key, &var)) return false;
    } else if (cop__quoted_is_variable(key, &key)) {
        return cop__syntax_fail(c->error, place,
                                "cannot use variable %.*s as map key inside a pattern. Write "
                                "^%.*s for its value",
                                (int)cop_atom_text(key).len, cop_atom_text(key).data,
                                (int)cop_atom_text(key).len, cop_atom_text(key).data);
    } else if (!constant_of(c, cop__tuple_items(pair)[0], place, &key)) {
        return false;
    }
    if (cop_is_none(key)) {
        struct cop__match_op *op = emit(c, COP__MATCH_GET_PIN, part->src, var);
        op->dst = dst;
        op->type = type_of(c, var);
    } else {
        struct cop__match_op *op = emit(c, COP__MATCH_GET, part->src, 0);
        op->dst = dst;
        op->word = key.word;
    }
    return compile_part(c, cop__tuple_items(pair)[1], dst, (uint8_t)(dst + 1), place);
}

/* The next element of the part on top, or its end. */
static bool compile_step(struct compiler *c)
{
    struct part *part = &c->parts[c->parts_len - 1];
    cop_term quoted;

    if (!cop__is_cons(part->rest)) {
        if (!cop_is_empty_list(part->rest)) {
            return cop__syntax_fail(c->error, part->place, "a malformed quoted form");
        }
        if (part->kind == PART_LIST) emit_constant(c, cop_empty_list(), part->src);
        c->parts_len--;
        return true;
    }
    quoted = cop__cons_head(part->rest);
    part->rest = cop__cons_tail(part->rest);
    switch (part->kind) {
    case PART_TUPLE: return compile_element(c, part, quoted);
    case PART_LIST: return compile_cell(c, part, quoted);
    case PART_MAP: return compile_pair(c, part, quoted);
    case PART_BOTH: break;
    }
    return compile_part(c, quoted, part->src, part->free, part->place);
}

static void compiler_fini(struct compiler *c)
{
    free(c->parts);
}

static bool is_flat(const struct cop__pattern *p)
{
    const struct cop__match_op *op = p->ops;

    if (op->code != COP__MATCH_TUPLE) return false;
    do
        op++;
    while (op->code == COP__MATCH_ELEM_SAME ||
           (op->code == COP__MATCH_ELEM_BIND && op->type == COP__TYPE_TERM));
    return op->code == COP__MATCH_END;
}

bool cop__pattern_compile(struct cop__pattern *p, cop_term quoted, struct cop__pattern_names *names,
                          struct cop_parse_error *error)
{
    __attribute__((cleanup(compiler_fini))) struct compiler c = {
        .out = p, .names = names, .error = error};
    struct cop__place start = {1, 1};
    bool ok;

    p->vars = (uint32_t)names->scope.count;
    ok = compile_part(&c, quoted, 0, 1, start);
    while (ok && c.parts_len > 0) {
        ok = compile_step(&c);
    }
    (void)emit(&c, COP__MATCH_END, 0, 0);
    p->is_flat = is_flat(p);
    return ok;
}

void cop__pattern_fini(struct cop__pattern *p)
{
    free(p->ops);
    free(p->binds);
    memset(p, 0, sizeof(*p));
}
