/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the page, which the library carries as bytes (cmake/CoppiceTargets.cmake,
 * coppice_embed). Names do not change from version to version, so browsers ask each time, and are
 * told that nothing has changed. */
#include "observer.h"

#include "files.h"

#include <string.h>

static const struct cop__obs_file *find(cop_bytes name)
{
    for (const struct cop__obs_file *f = cop__obs_files; f->name != NULL; f++) {
        if (cop__obs_same(name, f->name)) return f;
    }
    return NULL;
}

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {{".html", "text/html; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".svg", "image/svg+xml"}};
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(ending, types[i].ending) == 0) return types[i].type;
    }
    return "application/octet-stream";
}

static cop_term file_answer(const struct cop__obs_file *f, bool wants_gzip)
{
    cop_term body = wants_gzip ? cop_binary(f->gzip, *f->gzip_size) : cop_binary(f->data, *f->size);
    cop_term type = cop_string(type_of(f->name)), answer;

    answer = cop_build("{200, [{\"content-type\", type}, {\"cache-control\", \"no-cache\"},"
                       " {\"vary\", \"accept-encoding\"}], body}",
                       type, body);
    if (!wants_gzip) return answer;
    return cop_put_elem(answer, 1,
                        cop_cons(COP("{\"content-encoding\", \"gzip\"}"), cop_elem(answer, 1)));
}

cop_term cop__obs_asset(cop_term path, bool wants_gzip)
{
    const struct cop__obs_file *file = NULL;
    cop_bytes name;

    if (cop_match(path, "[\"assets\", name]", name))
        file = find(name);
    else if (!cop_match(path, "[\"assets\" | _]"))
        file = find((cop_bytes){"index.html", 10});
    if (file != NULL) return file_answer(file, wants_gzip);
    if (cop__obs_files[0].name == NULL)
        cop__obs_fail(404, "not_found", "this Observer was built without its page; /api/ is there");
    cop__obs_fail(404, "not_found", "there is no such file");
}
