/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ELF files with every offset checked: what is given to the tool may be anything. */
#include "elf_sections.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "out of memory";

/* All bytes of an open file. */
static bool read_all(struct elf_file *file, FILE *stream, const char **ret_why)
{
    size_t cap = 0;

    for (;;) {
        size_t got;
        if (file->size == cap) {
            size_t bigger = cap == 0 ? 1 << 16 : cap * 2;
            char *data = realloc(file->data, bigger);
            if (data == NULL) {
                *ret_why = no_memory;
                return false;
            }
            file->data = data;
            cap = bigger;
        }
        got = fread(file->data + file->size, 1, cap - file->size, stream);
        file->size += got;
        if (got == 0) break;
    }
    if (ferror(stream) != 0) {
        *ret_why = strerror(errno); /* NOLINT(concurrency-mt-unsafe): there is one thread */
        return false;
    }
    return true;
}

static bool check_head(const struct elf_file *file, const char **ret_why)
{
    Elf64_Ehdr head;

    *ret_why = "not an ELF file";
    if (file->size < sizeof(head)) return false;
    memcpy(&head, file->data, sizeof(head));
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return false;
    *ret_why = "not an ELF file of 64 bits, little endian";
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB) return false;
    *ret_why = "the file has no section table (was it stripped of it?)";
    if (head.e_shoff == 0 || head.e_shnum == 0) return false;
    *ret_why = "the section table is damaged";
    return head.e_shentsize == sizeof(Elf64_Shdr) && head.e_shoff <= file->size &&
           head.e_shnum <= (file->size - head.e_shoff) / sizeof(Elf64_Shdr) &&
           head.e_shstrndx < head.e_shnum;
}

bool elf_read(struct elf_file *file, const char *path, const char **ret_why)
{
    FILE *stream = fopen(path, "rb");
    bool ok;

    file->data = NULL;
    file->size = 0;
    if (stream == NULL) {
        *ret_why = strerror(errno); /* NOLINT(concurrency-mt-unsafe): there is one thread */
        return false;
    }
    ok = read_all(file, stream, ret_why) && check_head(file, ret_why);
    (void)fclose(stream);
    return ok;
}

void elf_free(struct elf_file *file)
{
    free(file->data);
    file->data = NULL;
}

static Elf64_Shdr section_at(const struct elf_file *file, const Elf64_Ehdr *head, size_t i)
{
    Elf64_Shdr section;

    memcpy(&section, file->data + head->e_shoff + i * sizeof(section), sizeof(section));
    return section;
}

static bool in_file(const struct elf_file *file, const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NOBITS && section->sh_offset <= file->size &&
           section->sh_size <= file->size - section->sh_offset;
}

/* Whether the text at `offset` of the section of names is `name`. */
static bool has_name(const struct elf_file *file, const Elf64_Shdr *names, size_t offset,
                     const char *name)
{
    size_t len = strlen(name) + 1;

    return offset <= names->sh_size && len <= names->sh_size - offset &&
           memcmp(file->data + names->sh_offset + offset, name, len) == 0;
}

bool elf_next_section(const struct elf_file *file, const char *name, size_t *at,
                      const char **ret_data, size_t *ret_size, const char **ret_why)
{
    Elf64_Ehdr head;
    Elf64_Shdr names;

    *ret_why = NULL;
    memcpy(&head, file->data, sizeof(head));
    names = section_at(file, &head, head.e_shstrndx);
    if (!in_file(file, &names)) {
        *ret_why = "the table of section names is damaged";
        return false;
    }
    while (*at < head.e_shnum) {
        Elf64_Shdr section = section_at(file, &head, (*at)++);
        if (!has_name(file, &names, section.sh_name, name)) continue;
        if (!in_file(file, &section)) {
            *ret_why = "a section lies outside of the file";
            return false;
        }
        *ret_data = file->data + section.sh_offset;
        *ret_size = section.sh_size;
        return true;
    }
    return false;
}
