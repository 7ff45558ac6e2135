/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: the tables of functions by which the console, child specifications and other nodes call
 * C.
 *
 * A table of a module is read once, when it is registered: signatures are checked, names become
 * atoms. Finding one takes no lock: the index is an open-addressing table that readers get by one
 * acquire and whose slots only ever go from NULL to an entry. When it is half full a table of twice
 * the size is published instead; the old ones stay for readers that still look at them. Writers
 * hold a mutex. */
#include "otp/module.h"
#include "coppice/gen_server.h"
#include "otp/exception.h"
#include "otp/standard_modules.h"

#include "base/check.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct function {
    cop_term name;
    int arity;
    cop_any_fn fn;
};

struct entry {
    const struct cop_module *module;
    cop_term name;
    struct cop__site *overrides; /* of child_spec/1, as a literal; NULL: has none */
    void *overrides_cache;
    struct cop__site
        *initial_call; /* {Mod, :init, 1}, likewise: each server of it keeps this one */
    void *initial_call_cache;
    size_t len;
    struct function functions[];
};

struct index {
    struct index *older;
    size_t cap; /* a power of two */
    size_t len;
    struct entry *slots[]; /* written with release, read with acquire */
};

static struct index *current; /* the same */
static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

/* What child_spec/1 may be given besides the specification itself (GEN-13). */
static const char *const override_keys[] = {"id",      "start",       "restart", "shutdown", "type",
                                            "modules", "significant", "backoff", "mailbox"};

static void *alloc(size_t size)
{
    void *block = calloc(1, size);

    COP_CHECK(block != NULL, "no memory for a table of modules");
    return block;
}

/* --- The index -------------------------------------------------------------------------------- */

static size_t first_slot(const struct index *index, cop_term name)
{
    return (size_t)((name.word >> 3) * 0x9e3779b97f4a7c15U >> 32) & (index->cap - 1);
}

static struct entry *find(cop_term name)
{
    const struct index *index = __atomic_load_n(&current, __ATOMIC_ACQUIRE);

    if (index == NULL) return NULL;
    for (size_t i = first_slot(index, name);; i = (i + 1) & (index->cap - 1)) {
        struct entry *entry = __atomic_load_n(&index->slots[i], __ATOMIC_ACQUIRE);

        if (entry == NULL || entry->name.word == name.word) return entry;
    }
}

/* The same for callers from outside, who may ask for a module of the standard library first of
 * all. */
static struct entry *look_up(cop_term name)
{
    struct entry *entry = find(name);

    if (entry != NULL) return entry;
    cop__standard_modules_register();
    return find(name);
}

static void put(struct index *index, struct entry *entry)
{
    size_t i = first_slot(index, entry->name);

    while (index->slots[i] != NULL)
        i = (i + 1) & (index->cap - 1);
    index->len++;
    __atomic_store_n(&index->slots[i], entry, __ATOMIC_RELEASE);
}

/* Publishes entry. The caller holds the mutex. */
static void add(struct entry *entry)
{
    struct index *old = current, *grown;

    if (old == NULL || (old->len + 1) * 2 > old->cap) {
        size_t cap = old == NULL ? 64 : old->cap * 2;

        grown = alloc(sizeof *grown + cap * sizeof grown->slots[0]);
        grown->cap = cap;
        grown->older = old;
        for (size_t i = 0; old != NULL && i < old->cap; i++) {
            if (old->slots[i] != NULL) put(grown, old->slots[i]);
        }
        put(grown, entry);
        __atomic_store_n(&current, grown, __ATOMIC_RELEASE);
        return;
    }
    put(old, entry);
}

/* --- Reading a table -------------------------------------------------------------------------- */

/* "lookup(server, name)": the length of the name and the number of parameters; -1 if it is
 * neither. */
static int parameters(const char *signature, size_t *ret_name_len)
{
    const char *at = strchr(signature + (signature[0] != '\0'), '(');
    int depth = 0, count = 0;
    bool is_empty = true;

    if (at == NULL) return -1;
    *ret_name_len = (size_t)(at - signature);
    for (; *at != '\0'; at++) {
        if (strchr("([{", *at) != NULL) {
            depth++;
        } else if (strchr(")]}", *at) != NULL) {
            if (--depth == 0) return at[1] == '\0' ? count + !is_empty : -1;
        } else if (*at == ',' && depth == 1) {
            count++;
        } else if (!isspace((unsigned char)*at)) {
            is_empty = false;
        }
    }
    return -1;
}

static cop_term atom_of(const char *text, size_t len)
{
    return cop_atom_from((cop_bytes){text, len});
}

static cop_term name_of(const struct cop_module *module)
{
    char full[260];
    int len;

    if (module->name[0] == ':') return cop_atom(module->name + 1);
    len = snprintf(full, sizeof full, "Elixir.%s", module->name);
    COP_CHECK(len > 0 && (size_t)len < sizeof full, "the name of module %s is too long",
              module->name);
    return cop_atom(full);
}

/* The site of a literal that is read when it is first used: before, text, after. */
static struct cop__site *new_site(const char *module, const char *before, const char *text,
                                  const char *after)
{
    size_t text_size = strlen(before) + strlen(text) + strlen(after) + 1;
    size_t file_size = strlen(module) + 1;
    struct cop__site *site = alloc(sizeof *site + text_size + 1 + file_size);
    char *at = (char *)(site + 1);

    COP_CHECK(text_size < UINT16_MAX && file_size < UINT16_MAX, "a text of %s is too long", module);
    *site = (struct cop__site){.magic = COP__SITE_MAGIC,
                               .line = 1,
                               .text_size = (uint16_t)text_size,
                               .names_size = 1,
                               .file_size = (uint16_t)file_size,
                               .use = COP__USE_LITERAL};
    snprintf(at, text_size, "%s%s%s", before, text, after);
    memcpy(at + text_size + 1, module, file_size);
    return site;
}

static struct entry *read_table(const struct cop_module *module, cop_term name)
{
    const struct cop_function *f = module->functions;
    struct entry *entry;
    size_t len = 0, name_len = 0;

    for (; f != NULL && f->signature != NULL; f++)
        len++;
    entry = alloc(sizeof *entry + len * sizeof entry->functions[0]);
    entry->module = module;
    entry->name = name;
    entry->len = len;
    if (module->child_spec != NULL)
        entry->overrides = new_site(module->name, "[", module->child_spec, "]");
    entry->initial_call = new_site(module->name, "{", module->name, ", :init, 1}");
    for (size_t i = 0; i < len; i++) {
        f = &module->functions[i];
        COP_CHECK(parameters(f->signature, &name_len) == f->arity,
                  "%s: the signature %s does not name the %d parameters of its function",
                  module->name, f->signature, f->arity);
        COP_CHECK(f->fn != NULL, "%s: %s has no function", module->name, f->signature);
        entry->functions[i] = (struct function){atom_of(f->signature, name_len), f->arity, f->fn};
        for (size_t k = 0; k < i; k++)
            COP_CHECK(entry->functions[k].name.word != entry->functions[i].name.word ||
                          entry->functions[k].arity != f->arity,
                      "%s: %s is there twice", module->name, f->signature);
    }
    return entry;
}

void cop_module_register(const struct cop_module *module)
{
    cop_term name;
    const struct entry *known;

    COP_CHECK(module->size >= offsetof(struct cop_module, child_spec) && module->name != NULL,
              "a module without size or name");
    name = name_of(module);
    pthread_mutex_lock(&writers);
    known = find(name);
    COP_CHECK(known == NULL || known->module == module, "two modules are called %s", module->name);
    if (known == NULL) add(read_table(module, name));
    pthread_mutex_unlock(&writers);
}

const struct cop_module *cop_module_find(cop_term name)
{
    const struct entry *entry = look_up(name);

    return entry == NULL ? NULL : entry->module;
}

cop_term cop_module_name(const struct cop_module *module)
{
    return name_of(module);
}

cop_term cop__module_initial_call(const struct cop_module *module)
{
    cop_term name = name_of(module);
    struct entry *entry = find(name);

    if (entry == NULL || entry->module != module) return cop_build("{name, :init, 1}", name);
    return cop__literal(&entry->initial_call_cache, entry->initial_call);
}

cop_term cop_modules(void)
{
    const struct index *index = __atomic_load_n(&current, __ATOMIC_ACQUIRE);
    cop_term list = cop_empty_list();

    for (size_t i = 0; index != NULL && i < index->cap; i++) {
        const struct entry *entry = __atomic_load_n(&index->slots[i], __ATOMIC_ACQUIRE);

        if (entry != NULL) list = cop_cons(entry->name, list);
    }
    return list;
}

/* --- Functions -------------------------------------------------------------------------------- */

static const struct function *find_function(const struct entry *entry, cop_term name, int64_t arity)
{
    for (size_t i = 0; i < entry->len; i++) {
        if (entry->functions[i].name.word == name.word && entry->functions[i].arity == arity)
            return &entry->functions[i];
    }
    return NULL;
}

static bool is_child_spec(const struct entry *entry, cop_term function, int64_t arity)
{
    return arity == 1 && entry->overrides != NULL && cop_identical(function, COP(":child_spec"));
}

bool cop_function_exported(cop_term module, cop_term function, int arity)
{
    const struct entry *entry = look_up(module);

    return entry != NULL &&
           (find_function(entry, function, arity) != NULL || is_child_spec(entry, function, arity));
}

cop_term cop__call_function(cop_any_fn fn, const cop_term *a, int arity)
{
    typedef cop_term t;

    /* NOLINTBEGIN(clang-analyzer-core.CallAndMessage): callers have set arity arguments */
    switch (arity) {
    case 0: return ((t(*)(void))fn)();
    case 1: return ((t(*)(t))fn)(a[0]);
    case 2: return ((t(*)(t, t))fn)(a[0], a[1]);
    case 3: return ((t(*)(t, t, t))fn)(a[0], a[1], a[2]);
    case 4: return ((t(*)(t, t, t, t))fn)(a[0], a[1], a[2], a[3]);
    case 5: return ((t(*)(t, t, t, t, t))fn)(a[0], a[1], a[2], a[3], a[4]);
    case 6: return ((t(*)(t, t, t, t, t, t))fn)(a[0], a[1], a[2], a[3], a[4], a[5]);
    default: COP_UNREACHABLE();
    }
    /* NOLINTEND(clang-analyzer-core.CallAndMessage) */
}

/* child_spec/1 as `use GenServer` makes it: id, start and what the module overrides. */
static cop_term child_spec(struct entry *entry, cop_term arg)
{
    cop_term id = entry->name, key, value, rest;
    cop_term spec = cop_build("%{id: id, start: {id, :start_link, [arg]}}", id, arg);

    if (entry->module->supervisor_init != NULL)
        spec = cop_map_put(spec, COP(":type"), COP(":supervisor"));
    rest = cop__literal(&entry->overrides_cache, entry->overrides);
    for (; cop_match(rest, "[{key, value} | rest]", key, value, rest);) {
        cop_bytes text = cop_atom_text(key);
        bool is_known = false;

        for (size_t i = 0; i < sizeof override_keys / sizeof override_keys[0]; i++)
            is_known |= text.len == strlen(override_keys[i]) &&
                        memcmp(text.data, override_keys[i], text.len) == 0;
        COP_CHECK(is_known, "%s: child_spec overrides %.*s, which no child specification has",
                  entry->module->name, (int)text.len, text.data);
        spec = cop_map_put(spec, key, value);
    }
    return spec;
}

/* What the function raises names it in its stacktrace. */
static cop_term call_by_name(const struct entry *entry, const struct function *f,
                             const cop_term *args)
{
    struct cop_frame frame = {.module = entry->module,
                              .function = entry->module->functions[f - entry->functions].signature,
                              .arity = f->arity};
    cop_term result;

    cop_frame_enter(&frame);
    result = cop__call_function(f->fn, args, f->arity);
    cop_frame_leave(&frame);
    return result;
}

cop_term cop__apply(cop_term module, cop_term function, const cop_term *args, size_t len)
{
    struct entry *entry = look_up(module);

    if (entry != NULL) {
        const struct function *found = find_function(entry, function, (int64_t)len);

        if (found != NULL) return call_by_name(entry, found, args);
        if (is_child_spec(entry, function, (int64_t)len)) return child_spec(entry, args[0]);
    }
    cop__raise_undefined(module, function, cop_list_from(args, len));
}

cop_term cop_apply(cop_term module, cop_term function, cop_term args)
{
    cop_term items[COP__ARGS_MAX] = {{0}};
    int64_t len = cop_list_len(args);
    size_t count = 0;

    if (!cop_is_atom(module) || !cop_is_atom(function) || len < 0) cop_error(COP(":badarg"));
    if (len > COP__ARGS_MAX) cop__raise_undefined(module, function, args);
    for (cop_term rest = args; !cop_is_empty_list(rest); rest = cop_tail(rest))
        items[count++] = cop_head(rest);
    return cop__apply(module, function, items, count);
}
