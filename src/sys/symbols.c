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

static void find(Dwfl *dwfl, struct cop__symbol *s)
{
    Dwarf_Addr address = s->address - 1; /* in the call, not behind it */
    Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
    const char *name = module != NULL ? dwfl_module_addrname(module, address) : NULL;
    Dwfl_Line *line = module != NULL ? dwfl_module_getsrc(module, address) : NULL;
    int number = 0;
    const char *file = line != NULL ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;

    if (name != NULL) snprintf(s->function, sizeof s->function, "%s", name);
    if (file == NULL) return;
    snprintf(s->file, sizeof s->file, "%s", file);
    s->line = number;
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
