/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles match specifications: a pile of work to be done, from the top, instead of recursion. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/map64.h"
#include "term/atom.h"
#include "term/match_spec.h"

#include <stdlib.h>
#include <string.h>

enum work_kind {
    PATTERN, /* compile the pattern t */
    EXPR,    /* compile the expression t */
    STEP,    /* append op */
    LABEL,   /* a place to jump to begins to be known ... */
    HERE     /* ... and is here */
};

struct work {
    uint8_t kind;
    union {
        cop_term t;
        struct cop__spec_op op;
    };
};

struct compiler {
    struct cop__spec *spec;
    const struct cop__spec_env *env;
    struct work *pile;
    size_t pile_len;
    size_t pile_cap;
    uint32_t *labels; /* jumps that wait for their label, each the last of a chain */
    size_t labels_len;
    size_t labels_cap;
    struct cop__map64 vars; /* number -> index, of this clause */
    int64_t depth;          /* of the stack */
    size_t depth_max;
    bool is_wrong;
};
#define NO_JUMP UINT32_MAX

static void compiler_fini(struct compiler *c)
{
    cop__free(c->pile, c->pile_cap * sizeof(*c->pile));
    cop__free(c->labels, c->labels_cap * sizeof(*c->labels));
    cop__map64_fini(&c->vars);
}

/* Makes room for one more item of an array that starts as NULL. */
static void *room(void *items, size_t len, size_t *cap, size_t item_size)
{
    size_t old = *cap;
    if (len < old) return items;
    *cap = old == 0 ? 16 : old * 2;
    return cop__realloc(items, old * item_size, *cap * item_size);
}

/* --- The pile --------------------------------------------------------------------------------- */

static void push(struct compiler *c, struct work work)
{
    c->pile = room(c->pile, c->pile_len, &c->pile_cap, sizeof(*c->pile));
    c->pile[c->pile_len++] = work;
}

static void push_term(struct compiler *c, enum work_kind kind, cop_term t)
{
    push(c, (struct work){.kind = (uint8_t)kind, .t = t});
}

static void push_step(struct compiler *c, enum cop__spec_code code, uint32_t n, cop_term term)
{
    struct cop__spec_op op = {.code = (uint8_t)code, .n = n, .term = term};
    push(c, (struct work){.kind = STEP, .op = op});
}

/* --- Steps ------------------------------------------------------------------------------------ */

/* By how much a step changes the height of the stack. */
static int64_t rise(const struct cop__spec_op *op)
{
    switch ((enum cop__spec_code)op->code) {
    case COP__SPEC_TUPLE: return (int64_t)op->n - 1;
    case COP__SPEC_CONS:
    case COP__SPEC_GET:
    case COP__SPEC_CONST:
    case COP__SPEC_VAR:
    case COP__SPEC_OBJECT:
    case COP__SPEC_ALL: return 1;
    case COP__SPEC_MAP:
    case COP__SPEC_END: return 0;
    case COP__SPEC_NEW_TUPLE:
    case COP__SPEC_CALL: return 1 - (int64_t)op->n;
    case COP__SPEC_NEW_MAP: return 1 - 2 * (int64_t)op->n;
    default: return -1;
    }
}

static uint32_t append_op(struct compiler *c, struct cop__spec_op op)
{
    struct cop__spec *s = c->spec;
    s->ops = room(s->ops, s->ops_len, &s->ops_cap, sizeof(*s->ops));
    s->ops[s->ops_len] = op;
    c->depth += rise(&op);
    if (c->depth > (int64_t)c->depth_max) c->depth_max = (size_t)c->depth;
    return (uint32_t)s->ops_len++;
}

static uint32_t append(struct compiler *c, enum cop__spec_code code, uint32_t n, cop_term term)
{
    return append_op(c, (struct cop__spec_op){.code = (uint8_t)code, .n = n, .term = term});
}

/* --- Variables -------------------------------------------------------------------------------- */

int64_t cop__spec_variable(cop_term t)
{
    if (!cop__is_atom(t)) return -1;
    cop_bytes text = cop__atom_bytes(cop__atom_index(t));
    int64_t number = 0;
    if (text.len < 2 || text.len > 10 || text.data[0] != '$') return -1;
    if (text.data[1] == '0' && text.len > 2) return -1;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return -1;
        number = number * 10 + (text.data[i] - '0');
    }
    return number;
}

static bool is_anything(cop_term t)
{
    return cop__is_atom(t) && cop__atom_is_text(t, "_");
}

/* --- Patterns --------------------------------------------------------------------------------- */

static void pattern_variable(struct compiler *c, uint64_t number)
{
    uint64_t *known = cop__map64_get(&c->vars, number);
    if (known != NULL) {
        append(c, COP__SPEC_SAME, (uint32_t)*known, cop_none());
        return;
    }
    uint32_t index = (uint32_t)cop__map64_len(&c->vars);
    cop__map64_put(&c->vars, number, index);
    append(c, COP__SPEC_BIND, index, cop_none());
}

/* The keys of a map in a pattern are what they are; variables cannot be. */
static void pattern_map(struct compiler *c, cop_term map)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;
    append(c, COP__SPEC_MAP, 0, cop_none());
    push_step(c, COP__SPEC_DROP, 0, cop_none());
    while (cop_map_next(&it, &key, &value)) {
        if (is_anything(key) || cop__spec_variable(key) >= 0) c->is_wrong = true;
        push_term(c, PATTERN, value);
        push_step(c, COP__SPEC_GET, 0, key);
    }
}

static void compile_pattern(struct compiler *c, cop_term t)
{
    int64_t number = cop__spec_variable(t);
    if (is_anything(t)) {
        append(c, COP__SPEC_ANY, 0, cop_none());
    } else if (number >= 0) {
        pattern_variable(c, (uint64_t)number);
    } else if (!cop__is_box(t)) {
        append(c, COP__SPEC_WORD, 0, t);
    } else if (cop__is_tuple(t)) {
        append(c, COP__SPEC_TUPLE, (uint32_t)cop__tuple_len(t), cop_none());
        for (size_t i = cop__tuple_len(t); i-- > 0;)
            push_term(c, PATTERN, cop__tuple_items(t)[i]);
    } else if (cop__is_cons(t)) {
        append(c, COP__SPEC_CONS, 0, cop_none());
        push_term(c, PATTERN, cop__cons_tail(t));
        push_term(c, PATTERN, cop__cons_head(t));
    } else if (cop_is_map(t)) {
        pattern_map(c, t);
    } else {
        append(c, COP__SPEC_EQUAL, 0, t);
    }
}

/* --- Expressions ------------------------------------------------------------------------------ */

static void push_tuple(struct compiler *c, cop_term tuple)
{
    push_step(c, COP__SPEC_NEW_TUPLE, (uint32_t)cop__tuple_len(tuple), cop_none());
    for (size_t i = cop__tuple_len(tuple); i-- > 0;)
        push_term(c, EXPR, cop__tuple_items(tuple)[i]);
}

static void push_map(struct compiler *c, cop_term map)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;
    push_step(c, COP__SPEC_NEW_MAP, (uint32_t)cop_map_size(map), cop_none());
    while (cop_map_next(&it, &key, &value)) {
        push_term(c, EXPR, value);
        push_term(c, EXPR, key);
    }
}

/* {:andalso, a, b, ...}: the last one's value, or the first that decides. */
static void push_lazy(struct compiler *c, enum cop__spec_code code, cop_term call)
{
    size_t len = cop__tuple_len(call);
    push(c, (struct work){.kind = HERE});
    push_term(c, EXPR, cop__tuple_items(call)[len - 1]);
    for (size_t i = len - 1; i-- > 1;) {
        push_step(c, code, 0, cop_none());
        push_term(c, EXPR, cop__tuple_items(call)[i]);
    }
    push(c, (struct work){.kind = LABEL});
}

static void push_call(struct compiler *c, cop_term call)
{
    size_t len = cop__tuple_len(call) - 1;
    cop_term name = cop__tuple_items(call)[0];
    cop__spec_fn fn = cop__spec_function(name, len);
    bool is_lazy = cop__atom_is_text(name, "andalso") || cop__atom_is_text(name, "orelse");
    if (is_lazy && len > 0) {
        bool is_and = cop__atom_is_text(name, "andalso");
        push_lazy(c, is_and ? COP__SPEC_ANDALSO : COP__SPEC_ORELSE, call);
    } else if (fn != NULL) {
        struct cop__spec_op op = {.code = COP__SPEC_CALL, .n = (uint32_t)len, .call = fn};
        push(c, (struct work){.kind = STEP, .op = op});
        for (size_t i = len; i > 0; i--)
            push_term(c, EXPR, cop__tuple_items(call)[i]);
    } else {
        c->is_wrong = true;
    }
}

/* {{a, b}}, {:const, x}, {:op, ...}. */
static void compile_tuple(struct compiler *c, cop_term t)
{
    const cop_term *items = cop__tuple_items(t);
    size_t len = cop__tuple_len(t);
    if (len == 1 && cop__is_tuple(items[0])) {
        push_tuple(c, items[0]);
    } else if (len == 0 || !cop__is_atom(items[0])) {
        c->is_wrong = true;
    } else if (len == 2 && cop__atom_is_text(items[0], "const")) {
        append(c, COP__SPEC_CONST, 0, items[1]);
    } else if (len == 1 && cop__atom_is_text(items[0], "self")) {
        append(c, COP__SPEC_CONST, 0, c->env->self);
    } else if (len == 1 && cop__atom_is_text(items[0], "node")) {
        append(c, COP__SPEC_CONST, 0, c->env->node);
    } else {
        push_call(c, t);
    }
}

static void compile_atom(struct compiler *c, cop_term t)
{
    int64_t number = cop__spec_variable(t);
    if (number >= 0) {
        uint64_t *index = cop__map64_get(&c->vars, (uint64_t)number);
        if (index != NULL)
            append(c, COP__SPEC_VAR, (uint32_t)*index, cop_none());
        else
            c->is_wrong = true;
    } else if (cop__atom_is_text(t, "$_")) {
        append(c, COP__SPEC_OBJECT, 0, cop_none());
    } else if (cop__atom_is_text(t, "$$")) {
        append(c, COP__SPEC_ALL, 0, cop_none());
    } else {
        append(c, COP__SPEC_CONST, 0, t);
    }
}

static void compile_expr(struct compiler *c, cop_term t)
{
    if (cop__is_atom(t)) {
        compile_atom(c, t);
    } else if (cop__is_tuple(t)) {
        compile_tuple(c, t);
    } else if (cop__is_cons(t)) {
        push_step(c, COP__SPEC_NEW_CONS, 0, cop_none());
        push_term(c, EXPR, cop__cons_tail(t));
        push_term(c, EXPR, cop__cons_head(t));
    } else if (cop_is_map(t)) {
        push_map(c, t);
    } else {
        append(c, COP__SPEC_CONST, 0, t);
    }
}

/* --- Labels ----------------------------------------------------------------------------------- */

static void label_begin(struct compiler *c)
{
    c->labels = room(c->labels, c->labels_len, &c->labels_cap, sizeof(*c->labels));
    c->labels[c->labels_len++] = NO_JUMP;
}

static void label_here(struct compiler *c)
{
    uint32_t jump = c->labels[--c->labels_len];
    while (jump != NO_JUMP) {
        uint32_t next = c->spec->ops[jump].n;
        c->spec->ops[jump].n = (uint32_t)c->spec->ops_len;
        jump = next;
    }
}

static void do_step(struct compiler *c, const struct cop__spec_op *op)
{
    uint32_t at = append_op(c, *op);
    if (op->code != COP__SPEC_ANDALSO && op->code != COP__SPEC_ORELSE) return;
    c->spec->ops[at].n = c->labels[c->labels_len - 1];
    c->labels[c->labels_len - 1] = at;
}

/* Does all work on the pile. */
static void run(struct compiler *c)
{
    while (c->pile_len > 0 && !c->is_wrong) {
        struct work work = c->pile[--c->pile_len];
        switch ((enum work_kind)work.kind) {
        case PATTERN: compile_pattern(c, work.t); break;
        case EXPR: compile_expr(c, work.t); break;
        case STEP: do_step(c, &work.op); break;
        case LABEL: label_begin(c); break;
        case HERE: label_here(c); break;
        }
    }
}

/* --- Clauses ---------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const struct cop__map64_entry *x = a;
    const struct cop__map64_entry *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* The variables by their numbers, for $$. */
static void order_variables(struct compiler *c, struct cop__spec_clause *clause)
{
    struct cop__spec *s = c->spec;
    const struct cop__map64_entry *entry;
    size_t len = cop__map64_len(&c->vars);
    struct cop__map64_entry *sorted = cop__alloc(len * sizeof(*sorted));
    size_t at = 0;

    COP_MAP_FOR (entry, &c->vars)
        sorted[at++] = *entry;
    qsort(sorted, len, sizeof(*sorted), by_number);
    clause->vars = (uint32_t)len;
    clause->ordered = (uint32_t)s->ordered_len;
    for (at = 0; at < len; at++) {
        s->ordered = room(s->ordered, s->ordered_len, &s->ordered_cap, sizeof(*s->ordered));
        s->ordered[s->ordered_len++] = (uint32_t)sorted[at].value;
    }
    cop__free(sorted, len * sizeof(*sorted));
}

static void compile_guards(struct compiler *c, cop_term guards)
{
    if (cop_list_len(guards) < 0) c->is_wrong = true;
    for (; !c->is_wrong && cop__is_cons(guards); guards = cop__cons_tail(guards)) {
        push_term(c, EXPR, cop__cons_head(guards));
        run(c);
        append(c, COP__SPEC_TEST, 0, cop_none());
    }
    append(c, COP__SPEC_END, 0, cop_none());
}

static void compile_body(struct compiler *c, cop_term body)
{
    if (cop_list_len(body) < 1) c->is_wrong = true;
    for (; !c->is_wrong && cop__is_cons(body); body = cop__cons_tail(body)) {
        push_term(c, EXPR, cop__cons_head(body));
        run(c);
        if (cop__is_cons(cop__cons_tail(body))) append(c, COP__SPEC_DROP, 0, cop_none());
    }
    append(c, COP__SPEC_END, 0, cop_none());
}

static void compile_clause(struct compiler *c, cop_term t)
{
    struct cop__spec *s = c->spec;
    struct cop__spec_clause clause = {0};
    if (!cop__is_tuple_of(t, 3)) {
        c->is_wrong = true;
        return;
    }
    const cop_term *items = cop__tuple_items(t);
    cop__map64_fini(&c->vars);
    clause.pattern = items[0];
    clause.head = (uint32_t)s->ops_len;
    c->depth = 1;
    push_term(c, PATTERN, items[0]);
    run(c);
    append(c, COP__SPEC_END, 0, cop_none());
    order_variables(c, &clause);
    clause.guards = (uint32_t)s->ops_len;
    c->depth = 0;
    compile_guards(c, items[1]);
    clause.body = (uint32_t)s->ops_len;
    c->depth = 0;
    compile_body(c, items[2]);
    s->clauses = room(s->clauses, s->clauses_len, &s->clauses_cap, sizeof(*s->clauses));
    s->clauses[s->clauses_len++] = clause;
    if (clause.vars > s->bound_cap) s->bound_cap = clause.vars;
}

bool cop__spec_compile(struct cop__spec *spec, cop_term clauses, const struct cop__spec_env *env)
{
    COP_CLEANUP(compiler_fini) struct compiler c = {.spec = spec, .env = env, .depth_max = 1};
    memset(spec, 0, sizeof(*spec));
    if (cop_list_len(clauses) < 0) return false;
    for (; cop__is_cons(clauses) && !c.is_wrong; clauses = cop__cons_tail(clauses))
        compile_clause(&c, cop__cons_head(clauses));
    spec->stack_cap = c.depth_max;
    spec->stack = cop__alloc(spec->stack_cap * sizeof(*spec->stack));
    spec->bound = cop__alloc(spec->bound_cap * sizeof(*spec->bound));
    return !c.is_wrong;
}

/* The step behind those of the one term on top of the stack. */
static const struct cop__spec_op *skip_term(const struct cop__spec_op *op)
{
    for (int64_t left = 1; left > 0; op++)
        left += rise(op);
    return op;
}

cop_term cop__spec_key(const struct cop__spec *spec, uint32_t keypos)
{
    const struct cop__spec_op *op;
    if (spec->clauses_len != 1) return cop_none();
    op = spec->ops + spec->clauses->head;
    if (op->code != COP__SPEC_TUPLE || op->n < keypos) return cop_none();
    op++;
    for (uint32_t i = 1; i < keypos; i++)
        op = skip_term(op);
    for (const struct cop__spec_op *end = skip_term(op); op < end; op++) {
        bool is_open =
            op->code == COP__SPEC_ANY || op->code == COP__SPEC_BIND || op->code == COP__SPEC_SAME;
        if (is_open) return cop_none();
    }
    return cop__tuple_items(spec->clauses->pattern)[keypos - 1];
}

void cop__spec_fini(struct cop__spec *spec)
{
    cop__free(spec->ops, spec->ops_cap * sizeof(*spec->ops));
    cop__free(spec->clauses, spec->clauses_cap * sizeof(*spec->clauses));
    cop__free(spec->ordered, spec->ordered_cap * sizeof(*spec->ordered));
    cop__free(spec->stack, spec->stack_cap * sizeof(*spec->stack));
    cop__free(spec->bound, spec->bound_cap * sizeof(*spec->bound));
    memset(spec, 0, sizeof(*spec));
}
