/* SPDX-License-Identifier: Apache-2.0 */
/* Literals, patterns and templates in C source: compiled when they first run, then shared by all
 * threads.
 *
 * A site's cache word is NULL until somebody has compiled it. Several threads may do so at once:
 * the first to publish wins (release; readers acquire), the others free theirs. All terms of a
 * compiled site are immortal. */
#include "term/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "term/copy.h"
#include "term/match.h"

/* A compiled site other than a literal. A record has both, the others one of the two. */
struct compiled {
    struct cop__pattern pattern;
    struct cop__template template_;
    struct cop__site_vars vars;
};

static void compiled_free(struct compiled *c)
{
    cop__pattern_fini(&c->pattern);
    cop__template_fini(&c->template_);
    free(c);
}

/* --- Compiling -------------------------------------------------------------------------------- */

static bool check_used(const struct cop__site_vars *vars, uint32_t used,
                       struct cop_parse_error *error)
{
    struct cop__place place = {1, 1};

    for (int i = 0; i < vars->count; i++) {
        if ((used >> i & 1) == 0) {
            return cop__syntax_fail(error, place, "the text does not name the variable %.*s",
                                    (int)vars->names[i].len, vars->names[i].data);
        }
    }
    return true;
}

static bool compile_pattern(const struct cop__site *site, struct compiled *c, cop_term quoted,
                            struct cop_parse_error *error)
{
    struct cop__pattern_names names = {
        .scope = {.names = c->vars.names, .count = c->vars.count, .bindings = cop_none()},
        .types = c->vars.types,
        .no_pins = site->use == COP__USE_RECORD};

    return cop__pattern_compile(&c->pattern, quoted, &names, error) &&
           check_used(&c->vars, names.scope.used, error);
}

static bool compile_template(struct compiled *c, cop_term quoted, struct cop_parse_error *error)
{
    struct cop__scope scope = {
        .names = c->vars.names, .count = c->vars.count, .bindings = cop_none()};

    if (c->vars.count == 0) scope.names = NULL;
    return cop__template_compile(&c->template_, quoted, &scope, error) &&
           check_used(&c->vars, scope.used, error);
}

static bool compile(const struct cop__site *site, struct compiled *c, struct cop_parse_error *error)
{
    cop_bytes text = {cop__site_text(site), site->text_size - 1U};
    bool matches = site->use != COP__USE_LITERAL && site->use != COP__USE_BUILD;
    bool builds = site->use != COP__USE_MATCH && site->use != COP__USE_EXPECT;
    cop_term quoted;

    return cop__site_vars(site, &c->vars, error) && cop_quote(text, &quoted, error) &&
           (!matches || compile_pattern(site, c, quoted, error)) &&
           (!builds || compile_template(c, quoted, error));
}

bool cop__site_verify(const struct cop__site *site, struct cop_parse_error *error)
{
    struct compiled *c = cop__syntax_grow(NULL, sizeof(*c));
    bool ok;

    memset(c, 0, sizeof(*c));
    ok = compile(site, c, error);
    compiled_free(c);
    return ok;
}

static void make_immortal(struct compiled *c)
{
    for (size_t i = 0; i < c->template_.ops_len; i++) {
        cop_term *term = &c->template_.ops[i].term;
        if (!cop_is_none(*term)) *term = cop__immortal(*term);
    }
    for (size_t i = 0; i < c->pattern.ops_len; i++) {
        struct cop__match_op *op = &c->pattern.ops[i];
        if (op->code == COP__MATCH_GET || op->code == COP__MATCH_EQUAL ||
            op->code == COP__MATCH_PREFIX) {
            op->word = cop__immortal(cop__term(op->word)).word;
        }
    }
}

/* A heap for the time of compiling: the caller's may be missing, and need not grow. */
struct scratch {
    struct cop__heap heap;
    struct cop__heap *before;
};

static void scratch_fini(struct scratch *s)
{
    cop__heap_set_current(s->before);
    cop__heap_fini(&s->heap);
}

static COP_COLD struct compiled *compile_site(const struct cop__site *site)
{
    __attribute__((cleanup(scratch_fini))) struct scratch scratch = {.before = cop__heap_current()};
    struct compiled *c = cop__syntax_grow(NULL, sizeof(*c));
    struct cop_parse_error error;

    COP_CHECK(site->magic == COP__SITE_MAGIC, "not a site");
    memset(c, 0, sizeof(*c));
    cop__heap_set_current(&scratch.heap);
    if (!compile(site, c, &error)) {
        cop__check_failed(cop__site_file(site), (int)site->line, "wrong pattern",
                          "\"%s\": %d:%d: %s", cop__site_text(site), error.line, error.column,
                          error.text);
    }
    make_immortal(c);
    return c;
}

/* Publishes what was compiled: the result, or what another thread published before. */
static void *publish(void **cache, void *compiled)
{
    void *expected = NULL;

    if (__atomic_compare_exchange_n(cache, &expected, compiled, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return compiled;
    }
    return expected;
}

static COP_COLD __attribute__((noinline)) const struct compiled *
compile_and_publish(void **cache, const struct cop__site *site)
{
    struct compiled *mine = compile_site(site);
    struct compiled *published = publish(cache, mine);

    if (published != mine) compiled_free(mine);
    return published;
}

static inline const struct compiled *compiled_of(void **cache, const struct cop__site *site)
{
    const struct compiled *c = __atomic_load_n(cache, __ATOMIC_ACQUIRE);

    return COP_LIKELY(c != NULL) ? c : compile_and_publish(cache, site);
}

/* --- What the macros call --------------------------------------------------------------------- */

static COP_COLD __attribute__((noinline)) cop_term literal_slow(void **cache,
                                                                const struct cop__site *site)
{
    struct compiled *c = compile_site(site);
    cop_term t = c->template_.ops[0].term;

    compiled_free(c);
    return cop__term((uint64_t)(uintptr_t)publish(cache, (void *)(uintptr_t)t.word));
}

cop_term cop__literal(void **cache, const struct cop__site *site)
{
    /* The word itself is published: no term but none is 0. */
    uint64_t word = (uint64_t)(uintptr_t)__atomic_load_n(cache, __ATOMIC_ACQUIRE);

    return COP_LIKELY(word != 0) ? cop__term(word) : literal_slow(cache, site);
}

/* A flat pattern whose tuple has the size of t: all is compared before anything is bound. */
static inline bool match_flat(const struct cop__pattern *p, cop_term t, const void *const *vars)
{
    const cop_term *items = cop__tuple_items(t);
    const struct cop__match_op *op;
    void *var;

    for (op = p->ops + 1; op->code != COP__MATCH_END; op++)
        if (op->code == COP__MATCH_ELEM_SAME && items[op->n].word != op->word) return false;
    for (op = p->ops + 1; op->code != COP__MATCH_END; op++) {
        if (op->code == COP__MATCH_ELEM_SAME) continue;
        memcpy(&var, &vars[op->word], sizeof(var)); /* const as the macros pass it */
        memcpy(var, &items[op->n], sizeof(items[op->n]));
    }
    return true;
}

bool cop__match(void **cache, const struct cop__site *site, cop_term t, const void *const *vars)
{
    const struct compiled *c = compiled_of(cache, site);
    cop_term bound[COP__SITE_VARS_MAX];

    if (!cop__pattern_may_match(&c->pattern, t)) return false;
    if (c->pattern.is_flat) return match_flat(&c->pattern, t, vars);
    if (!cop__pattern_run(&c->pattern, t, vars, bound)) return false;
    for (size_t i = 0; i < c->pattern.binds_len; i++) {
        const struct cop__match_bind *bind = &c->pattern.binds[i];
        cop__pattern_store(bind, vars[bind->var], bound[bind->var]);
    }
    return true;
}

void cop__expect(void **cache, const struct cop__site *site, cop_term t, const void *const *vars)
{
    if (!cop__match(cache, site, t, vars)) cop__expect_failed(site, t);
}

__attribute__((weak)) void cop__expect_failed(const struct cop__site *site, cop_term t)
{
    cop_bytes text = cop_to_bytes(cop_inspect(t));

    cop__check_failed(cop__site_file(site), (int)site->line, "no match of right hand side value",
                      "%.*s with \"%s\"", text.len > 1000 ? 1000 : (int)text.len, text.data,
                      cop__site_text(site));
}

cop_term cop__build(void **cache, const struct cop__site *site, const void *const *vars)
{
    const struct compiled *c = compiled_of(cache, site);
    cop_term values[COP__SITE_VARS_MAX];

    for (int i = 0; i < c->vars.count; i++) {
        values[i] = cop__pattern_read(c->vars.types[i], vars[i]);
    }
    return cop__template_run(&c->template_, values);
}

bool cop__record_match(void **cache, const struct cop__site *site, cop_term t, void *record)
{
    const struct compiled *c = compiled_of(cache, site);
    cop_term bound[COP__SITE_VARS_MAX];

    if (!cop__pattern_run(&c->pattern, t, NULL, bound)) return false;
    for (size_t i = 0; i < c->pattern.binds_len; i++) {
        const struct cop__match_bind *bind = &c->pattern.binds[i];
        cop__pattern_store(bind, (char *)record + c->vars.offsets[bind->var], bound[bind->var]);
    }
    return true;
}

cop_term cop__record_build(void **cache, const struct cop__site *site, const void *record)
{
    const struct compiled *c = compiled_of(cache, site);
    cop_term values[COP__SITE_VARS_MAX];

    for (int i = 0; i < c->vars.count; i++) {
        values[i] = cop__pattern_read(c->vars.types[i], (const char *)record + c->vars.offsets[i]);
    }
    return cop__template_run(&c->template_, values);
}
