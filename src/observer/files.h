/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the page as bytes; the table is made when the library is built. */
#ifndef COP_OBSERVER_FILES_H
#define COP_OBSERVER_FILES_H

#include <stddef.h>

struct cop__obs_file {
    const char *name; /* "app.js"; NULL ends the table */
    const unsigned char *data;
    const size_t *size;
    const unsigned char *gzip; /* the same, compressed */
    const size_t *gzip_size;
};
extern const struct cop__obs_file cop__obs_files[];

#endif
