/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/symbols.h"

#include <elfutils/libdwfl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* Opened once and kept: reading the debug information is what takes time. */
static struct {
    pthread_mutex_t lock;
    Dwfl *dwfl; /* NULL: not opened, or not to be had */
    int is_tried;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The lock is held. */
static Dwfl *opened(void)
{
    static char *no_path;
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                             .debuginfo_path = &no_path};

    if (all.is_tried) return all.dwfl;
    all.is_tried = 1;
    all.dwfl = dwfl_begin(&callbacks);
    if (all.dwfl != NULL && (dwfl_linux_proc_report(all.dwfl, getpid()) != 0 ||
                             dwfl_report_end(all.dwfl, NULL, NULL) != 0)) {
        dwfl_end(all.dwfl);
        all.dwfl = NULL;
    }
    return all.dwfl;
}

static void set_line(struct cop__symbol *s, const char *file, int line)
{
    if (file == NULL) return;
    snprintf(s->file, sizeof s->file, "%s", file);
    s->line = line;
}

/* Where there is no table of addresses (clang writes none) each unit is asked. */
static void find_line_by_units(Dwfl_Module *module, Dwarf_Addr address, struct cop__symbol *s)
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = NULL;
    Dwarf_Line *line;
    int number = 0;

    while ((unit = dwfl_module_nextcu(module, unit, &bias)) != NULL) {
        if (dwarf_haspc(unit, address - bias) <= 0) continue;
        line = dwarf_getsrc_die(unit, address - bias);
        if (line == NULL || dwarf_lineno(line, &number) != 0) return;
        set_line(s, dwarf_linesrc(line, NULL, NULL), number);
        return;
    }
}

static void find(Dwfl *dwfl, struct cop__symbol *s)
{
    Dwarf_Addr address = s->address - 1; /* in the call, not behind it */
    Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
    const char *name;
    Dwfl_Line *line;
    int number = 0;

    if (module == NULL) return;
    name = dwfl_module_addrname(module, address);
    if (name != NULL) snprintf(s->function, sizeof s->function, "%s", name);
    line = dwfl_module_getsrc(module, address);
    if (line != NULL) {
        const char *file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);

        set_line(s, file, number);
    } else {
        find_line_by_units(module, address, s);
    }
}

void cop__symbols_find(struct cop__symbol *symbols, size_t len)
{
    Dwfl *dwfl;

    pthread_mutex_lock(&all.lock);
    dwfl = opened();
    for (size_t i = 0; i < len; i++) {
        symbols[i].function[0] = symbols[i].file[0] = '\0';
        symbols[i].line = 0;
        if (dwfl != NULL) find(dwfl, &symbols[i]);
    }
    pthread_mutex_unlock(&all.lock);
}
