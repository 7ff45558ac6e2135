/* SPDX-License-Identifier: Apache-2.0 */
/* h and exports: documentation from the tables of the modules, broken at the width of the
 * terminal. */
#include "shell/help.h"

#include "coppice/error.h"
#include "coppice/io.h"
#include "shell/console.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows; freed when the scope is left. */
struct page {
    FILE *file;
    char *data;
    size_t len;
    size_t width; /* 0: lines are not broken */
};

static void page_free(struct page *p)
{
    if (p->file) (void)fclose(p->file);
    free(p->data);
}
#define PAGE(name) __attribute__((cleanup(page_free))) struct page name = {0}

static void begin(struct page *p)
{
    p->file = open_memstream(&p->data, &p->len);
    if (p->file == NULL) cop_error(COP(":system_limit"));
    p->width = (size_t)cop__session_inspect_opts().width;
}

static cop_term print(struct page *p)
{
    (void)fflush(p->file);
    cop_io_write(cop_binary(p->data, p->len));
    return COP__NOTHING;
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* The words of a text; `column` of the first line are written already, the others are indented by
 * so many blanks. */
static void add_words(struct page *p, size_t column, size_t indent, const char *text)
{
    bool is_first = true;

    while (*(text += strspn(text, " \n")) != '\0') {
        size_t len = strcspn(text, " \n");

        if (!is_first && p->width > 0 && column + 1 + len > p->width) {
            (void)fprintf(p->file, "\n%*s", (int)indent, "");
            column = indent;
            is_first = true;
        }
        (void)fprintf(p->file, "%s%.*s", is_first ? "" : " ", (int)len, text);
        column += len + (is_first ? 0 : 1);
        is_first = false;
        text += len;
    }
    (void)fputc('\n', p->file);
}

/* --- Modules and functions -------------------------------------------------------------------- */

static void add_function(struct page *p, const struct cop_module *module,
                         const struct cop_function *f)
{
    (void)fprintf(p->file, "  %s.%s\n      ", module->name, f->signature);
    add_words(p, 6, 6, f->doc);
}

static void add_module(struct page *p, const struct cop_module *module)
{
    (void)fprintf(p->file, "%s\n\n  ", module->name);
    add_words(p, 2, 2, module->doc ? module->doc : "No documentation.");
    (void)fputc('\n', p->file);
    for (const struct cop_function *f = module->functions; f && f->signature; f++)
        add_function(p, module, f);
}

static bool is_called(const struct cop_function *f, cop_bytes name, int64_t arity)
{
    return strcspn(f->signature, "(") == name.len &&
           memcmp(f->signature, name.data, name.len) == 0 && (arity < 0 || arity == f->arity);
}

/* The functions of this name, with any arity if that is -1. How many there are. */
static int add_functions(struct page *p, const struct cop_module *module, cop_bytes name,
                         int64_t arity)
{
    int count = 0;

    for (const struct cop_function *f = module->functions; f && f->signature; f++) {
        if (!is_called(f, name, arity)) continue;
        add_function(p, module, f);
        count++;
    }
    return count;
}

static void help_function(struct page *p, const struct cop_module *module, cop_term function,
                          int64_t arity)
{
    cop_bytes name = cop_atom_text(function);
    const struct cop_module *shown = module;
    int count = add_functions(p, module, name, arity);

    if (count == 0 && module == &cop__helpers_module) { /* h self */
        shown = cop_module_find(COP("Kernel"));
        count = add_functions(p, shown, name, arity);
    }
    if (count > 0) return;
    (void)fprintf(p->file, "No documentation for %s.%.*s", shown->name, (int)name.len, name.data);
    if (arity >= 0) (void)fprintf(p->file, "/%lld", (long long)arity);
    (void)fputs(" was found\n", p->file);
}

cop_term cop__help_of(cop_term name)
{
    size_t size = cop_is_tuple(name) ? cop_tuple_size(name) : 0;
    cop_term module_name = size > 0 ? cop_elem(name, 0) : name;
    const struct cop_module *module =
        size > 0 && cop_is_atom(module_name) ? cop_module_find(module_name) : NULL;
    PAGE(p);

    begin(&p);
    if (module == NULL) {
        cop_bytes text =
            cop_to_bytes(cop_inspect_with(module_name, (struct cop_inspect_opts){0, 50}));

        (void)fprintf(p.file, "Could not load module %.*s, got: nofile\n", (int)text.len,
                      text.data);
    } else if (size == 1) {
        add_module(&p, module);
    } else {
        help_function(&p, module, cop_elem(name, 1),
                      size == 3 ? cop_to_int(cop_elem(name, 2)) : -1);
    }
    return print(&p);
}

/* --- All (IEX-09) ----------------------------------------------------------------------------- */

static void add_helpers(struct page *p)
{
    enum { SIGNATURE = 20 };

    for (const struct cop_function *f = cop__helpers_module.functions; f->signature; f++) {
        (void)fprintf(p->file, "  %-*s ", SIGNATURE, f->signature);
        if (p->width > 0 && p->width < 60) { /* too narrow for two columns */
            (void)fputs("\n      ", p->file);
            add_words(p, 6, 6, f->doc);
        } else {
            add_words(p, SIGNATURE + 3, SIGNATURE + 3, f->doc);
        }
    }
}

cop_term cop__help(void)
{
    cop_bytes modules;
    PAGE(p);

    begin(&p);
    add_words(&p, 0, 0,
              "The console reads expressions in Elixir's syntax: literals, variables, matches "
              "with =, calls (Mod.fun(args)), captures (&Mod.fun/1, &Map.get(&1, :k)), pipes and "
              "operators.");
    add_words(&p, 0, 0,
              "An expression that is not complete goes on on the next line; #iex:break gives it "
              "up. TAB completes names. Ctrl+C asks whether to end.");
    (void)fputs("\nFunctions without a module, besides Kernel's:\n\n", p.file);
    add_helpers(&p);
    (void)fputs("\nModules:\n\n", p.file);
    modules = cop_to_bytes(
        cop_inspect_with(cop_apply(COP("Enum"), COP(":sort"), cop_list(cop_modules())),
                         (struct cop_inspect_opts){cop__session_inspect_opts().width, 0}));
    (void)fprintf(p.file, "%.*s\n", (int)modules.len, modules.data);
    return print(&p);
}

/* --- exports ---------------------------------------------------------------------------------- */

static cop_term exports(const struct cop_module *module)
{
    size_t widest = 1;
    size_t columns;
    size_t at = 0;
    PAGE(p);

    begin(&p);
    for (const struct cop_function *f = module->functions; f && f->signature; f++) {
        size_t len = strcspn(f->signature, "(") + 3;

        if (len > widest) widest = len;
    }
    columns = at_most((p.width ? p.width : 80) / (widest + 4), 8);
    for (const struct cop_function *f = module->functions; f && f->signature; f++) {
        size_t len = strcspn(f->signature, "(");
        bool is_last = f[1].signature == NULL || ++at >= columns;

        (void)fprintf(p.file, "%.*s/%d", (int)len, f->signature, f->arity);
        if (is_last)
            (void)fputc('\n', p.file);
        else
            (void)fprintf(p.file, "%*s", (int)(widest + 2 - len), "");
        if (is_last) at = 0;
    }
    return print(&p);
}

cop_term cop__help_exports(cop_term name)
{
    const struct cop_module *module = cop_is_atom(name) ? cop_module_find(name) : NULL;
    cop_bytes text;

    if (module) return exports(module);
    text = cop_to_bytes(cop_inspect(name));
    cop_raise("ArgumentError", "there is no module %.*s", (int)text.len, text.data);
}

cop_term cop__help_exports_of_helpers(void)
{
    return exports(&cop__helpers_module);
}
