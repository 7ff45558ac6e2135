/* SPDX-License-Identifier: Apache-2.0 */
/* Completion on the terminal: modules, and after a dot the functions of a module. Runs on the
 * reader's thread. */
#include "shell/console.h"

#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What separates words; a dot does not, so that Mod.fun is one. */
static char breaks[] = " \t\n\"'`@$><=;|&{}()[],+-*/^!";

/* The candidates for one word, in memory of their own. */
static struct {
    char **texts;
    size_t len;
    size_t cap;
    size_t at; /* of the next to be given */
} found;

static void clear(void)
{
    for (size_t i = found.at; i < found.len; i++)
        free(found.texts[i]);
    found.len = 0;
    found.at = 0;
}

/* Takes prefix + name + suffix as a candidate if it begins with word and is not there yet. */
static void offer(const char *word, const char *prefix, cop_bytes name, const char *suffix)
{
    size_t size = strlen(prefix) + name.len + strlen(suffix) + 1;
    char *text = malloc(size);

    if (text == NULL) return;
    (void)snprintf(text, size, "%s%.*s%s", prefix, (int)name.len, name.data, suffix);
    for (size_t i = 0; i < found.len; i++) {
        if (strcmp(found.texts[i], text) == 0) {
            free(text);
            return;
        }
    }
    if (strncmp(text, word, strlen(word)) != 0) {
        free(text);
        return;
    }
    if (found.len == found.cap) {
        size_t cap = found.cap ? found.cap * 2 : 64;
        char **texts = realloc(found.texts, cap * sizeof(*texts));

        if (texts == NULL) {
            free(text);
            return;
        }
        found.texts = texts;
        found.cap = cap;
    }
    found.texts[found.len++] = text;
}

static void offer_functions(const char *word, const char *prefix, const struct cop_module *module)
{
    const struct cop_function *f = module ? module->functions : NULL;

    for (; f && f->signature; f++)
        if (f->signature[0] >= 'a' && f->signature[0] <= 'z')
            offer(word, prefix, (cop_bytes){f->signature, strcspn(f->signature, "(")}, "(");
}

static void offer_modules(const char *word)
{
    for (cop_term l = cop_modules(); !cop_is_empty_list(l); l = cop_tail(l)) {
        const struct cop_module *module = cop_module_find(cop_head(l));

        offer(word, "", (cop_bytes){module->name, strlen(module->name)}, "");
    }
}

static void collect(const char *word)
{
    const char *dot = strrchr(word, '.');
    cop_region *region = cop_region_open();

    clear();
    offer_modules(word);
    if (dot) {
        size_t len = (size_t)(dot - word);
        char prefix[256];

        if (len < 200) {
            cop_term name = word[0] == ':' ? cop_format("%.*s", (int)len - 1, word + 1)
                                           : cop_format("Elixir.%.*s", (int)len, word);
            cop_term atom = cop_atom_existing(cop_to_bytes(name));

            (void)snprintf(prefix, sizeof(prefix), "%.*s.", (int)len, word);
            if (!cop_is_none(atom)) offer_functions(word, prefix, cop_module_find(atom));
        }
    } else {
        offer_functions(word, "", &cop__helpers_module);
        offer_functions(word, "", cop_module_find(cop_atom("Elixir.Kernel")));
    }
    cop_region_close(region);
}

/* libedit asks with state 0 first and takes the texts one by one, each as its own. */
static char *next_candidate(const char *word, int state)
{
    if (state == 0) collect(word);
    return found.at < found.len ? found.texts[found.at++] : NULL;
}

static char **complete(const char *word, int start, int end)
{
    char **matches = rl_completion_matches(word, next_candidate);

    (void)start;
    (void)end;
    rl_attempted_completion_over = 1; /* no names of files */
    return matches;
}

void cop__complete_init(void)
{
    rl_completer_word_break_characters = breaks;
    rl_completion_append_character = '\0';
    rl_attempted_completion_function = complete;
}
