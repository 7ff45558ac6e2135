/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of ELF files, as far as coppice-check needs them: 64 bits, little endian. */
#ifndef COPPICE_CHECK_ELF_SECTIONS_H
#define COPPICE_CHECK_ELF_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* A file in memory. */
struct elf_file {
    char *data; /* 16-byte aligned */
    size_t size;
};

/* Reads a file and looks whether it is one that can be understood. False: *ret_why says why not;
 * the file is to be freed in any case. */
bool elf_read(struct elf_file *file, const char *path, const char **ret_why);
void elf_free(struct elf_file *file);

/* The next section of this name after *at (0 to begin with): its bytes. False: there is none, or
 * the section table is damaged, then *ret_why is set. */
bool elf_next_section(const struct elf_file *file, const char *name, size_t *at,
                      const char **ret_data, size_t *ret_size, const char **ret_why);

#endif
