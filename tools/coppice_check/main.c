/* SPDX-License-Identifier: Apache-2.0 */
/* coppice-check PROGRAM...: verifies the literals, patterns and templates of programs without
 * running them.
 *
 * COP, cop_match, cop_expect, cop_build and COP_RECORD leave records in the section `cop_sites`
 * (coppice/pattern.h) of executables, shared objects and object files. Each is compiled here as it
 * would be when it first runs. Sites in C++ leave none. Exit status: 0 all are right, 1 some are
 * wrong, 2 a file could not be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf_sections.h"
#include "term/heap.h"
#include "term/site.h"

struct tally {
    size_t sites;
    size_t wrong;
    size_t unread;
};

/* The record at `data`, of which `left` bytes may be read: its size, or 0 if it is damaged. */
static size_t record_size(const char *data, size_t left)
{
    struct cop__site head;
    size_t texts;

    if (left < sizeof(head)) return 0;
    memcpy(&head, data, sizeof(head));
    texts = (size_t)head.text_size + head.names_size + head.file_size;
    if (head.magic != COP__SITE_MAGIC || texts > left - sizeof(head) || head.text_size == 0 ||
        head.names_size == 0 || head.file_size == 0 || head.use < COP__USE_LITERAL ||
        head.use > COP__USE_RECORD) {
        return 0;
    }
    data += sizeof(head);
    if (data[head.text_size - 1] != 0 || data[head.text_size + head.names_size - 1] != 0 ||
        data[texts - 1] != 0) {
        return 0;
    }
    return sizeof(head) + texts;
}

static void check_site(const char *data, size_t size, struct tally *tally)
{
    struct cop__site *site = malloc(size);
    struct cop_parse_error error;

    if (site == NULL) abort();
    memcpy(site, data, size);
    tally->sites++;
    if (!cop__site_verify(site, &error)) {
        tally->wrong++;
        printf("%s:%u: \"%s\": ", cop__site_file(site), site->line, cop__site_text(site));
        if (error.line > 1) printf("line %d, ", error.line);
        printf("column %d: %s\n", error.column, error.text);
    }
    cop__heap_reset(cop__heap_current());
    free(site);
}

/* False if the section holds something else than records. */
static bool check_section(const char *data, size_t size, struct tally *tally)
{
    size_t at = 0;

    while (at < size) {
        size_t record;
        if (data[at] == 0) {
            at++; /* between records */
            continue;
        }
        record = record_size(data + at, size - at);
        if (record == 0) return false;
        check_site(data + at, record, tally);
        at += record;
    }
    return true;
}

static void check_file(const char *path, struct tally *tally)
{
    struct elf_file file;
    const char *why = NULL;
    const char *data;
    size_t size;
    size_t at = 0;

    if (elf_read(&file, path, &why)) {
        while (elf_next_section(&file, "cop_sites", &at, &data, &size, &why)) {
            if (!check_section(data, size, tally)) {
                why = "the section cop_sites holds a damaged record";
                break;
            }
        }
    }
    if (why != NULL) {
        fprintf(stderr, "coppice-check: %s: %s\n", path, why);
        tally->unread++;
    }
    elf_free(&file);
}

int main(int argc, char **argv)
{
    struct cop__heap heap = {0};
    struct tally tally = {0};

    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fprintf(argc < 2 ? stderr : stdout,
                "usage: coppice-check PROGRAM...\n"
                "Verifies the literals and patterns of executables, shared objects and object\n"
                "files that use coppice. Exit status 0: all are right, 1: some are wrong, 2: a\n"
                "file could not be read.\n");
        return argc < 2 ? 2 : 0;
    }
    cop__heap_set_current(&heap);
    for (int i = 1; i < argc; i++) {
        check_file(argv[i], &tally);
    }
    cop__heap_fini(&heap);
    if (tally.unread > 0) return 2;
    if (tally.wrong > 0) {
        printf("coppice-check: %zu of %zu sites are wrong\n", tally.wrong, tally.sites);
        return 1;
    }
    printf("coppice-check: %zu sites in %d file%s are right\n", tally.sites, argc - 1,
           argc == 2 ? "" : "s");
    return 0;
}
