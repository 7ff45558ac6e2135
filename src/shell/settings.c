/* SPDX-License-Identifier: Apache-2.0 */
/* The file of settings. */
#include "shell/settings.h"

#include "coppice/error.h"
#include "coppice/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads to the end into a block that grows. NULL: errno says why. */
static char *read_all(FILE *file)
{
    size_t cap = 4096;
    size_t len = 0;
    char *text = malloc(cap);

    while (text != NULL) {
        char *larger;

        len += fread(text + len, 1, cap - 1 - len, file);
        text[len] = '\0';
        if (feof(file)) return text;
        if (ferror(file)) break;
        cap *= 2;
        larger = realloc(text, cap);
        if (larger == NULL) break;
        text = larger;
    }
    free(text);
    return NULL;
}

char *cop__settings_read(const char *path, char *why, size_t size)
{
    FILE *file = fopen(path, "re");
    char *text = file ? read_all(file) : NULL;

    if (text == NULL) (void)snprintf(why, size, "%s: %s", path, strerrordesc_np(errno));
    if (file) (void)fclose(file);
    return text;
}

static cop_term put_all(void *settings)
{
    return cop_apply(COP("Application"), COP(":put_all_env"),
                     cop_list(*(cop_term *)settings, COP("[persistent: true]")));
}

bool cop__settings_apply(const char *path, const char *text, char *why, size_t size)
{
    struct cop_parse_error error;
    struct cop_outcome outcome;
    cop_bytes banner;
    cop_term settings;

    if (!cop_parse((cop_bytes){text, strlen(text)}, &settings, &error)) {
        (void)snprintf(why, size, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        return false;
    }
    if (!cop_is_list(settings)) {
        (void)snprintf(why, size, "%s: not a list of applications: [app: [key: value]]", path);
        return false;
    }
    if (cop_try(put_all, &settings, &outcome)) return true;
    banner = cop_to_bytes(cop_format_banner(outcome.class_, outcome.value));
    (void)snprintf(why, size, "%s: %.*s", path, (int)banner.len, banner.data);
    return false;
}
