/* SPDX-License-Identifier: Apache-2.0 */
/* The layout engine: a document becomes lines.
 *
 * The pieces are taken in order. At the beginning of a group it is decided whether the group stays
 * on the line, by looking ahead; at a break of a flexible group whether what comes up to the next
 * break does. A look ahead ends as soon as the line is full, so the whole takes time in proportion
 * to the document. Open groups stand on a stack of their own: documents may be nested a million
 * deep. */
#include "term/inspect.h"

#include "base/check.h"
#include "base/cleanup.h"
#include <stdlib.h>
#include <string.h>

/* --- Building --------------------------------------------------------------------------------- */

/* A block for at least `need` items of `size` bytes with the old contents. */
static void *grow(void *block, size_t *cap, size_t need, size_t size)
{
    size_t more = *cap ? *cap * 2 : 64;

    if (more < need) more = need;
    block = realloc(block, more * size);
    COP_CHECK(block != NULL, "no memory for %zu bytes of text", more * size);
    *cap = more;
    return block;
}

void cop__doc_fini(struct cop__doc *doc)
{
    free(doc->pieces);
    free(doc->text);
    memset(doc, 0, sizeof(*doc));
}

static struct cop__piece *add_piece(struct cop__doc *doc, enum cop__piece_kind kind)
{
    struct cop__piece *piece;

    if (doc->len == doc->cap)
        doc->pieces = grow(doc->pieces, &doc->cap, doc->len + 1, sizeof(*doc->pieces));
    piece = &doc->pieces[doc->len++];
    memset(piece, 0, sizeof(*piece));
    piece->kind = (uint8_t)kind;
    return piece;
}

void cop__doc_text(struct cop__doc *doc, const char *text, size_t size)
{
    if (doc->text_cap - doc->text_len < size)
        doc->text = grow(doc->text, &doc->text_cap, doc->text_len + size, 1);
    if (size) memcpy(doc->text + doc->text_len, text, size);
    doc->text_len += size;
    if (doc->len == 0 || doc->pieces[doc->len - 1].kind != COP__PIECE_TEXT)
        add_piece(doc, COP__PIECE_TEXT);
    doc->pieces[doc->len - 1].size += size;
}

void cop__doc_string(struct cop__doc *doc, const char *text)
{
    cop__doc_text(doc, text, strlen(text));
}

uint32_t cop__doc_open(struct cop__doc *doc)
{
    COP_CHECK(doc->len < UINT32_MAX, "a document of more than 4 294 967 295 pieces");
    add_piece(doc, COP__PIECE_OPEN)->size = doc->breaks;
    return (uint32_t)(doc->len - 1);
}

void cop__doc_break(struct cop__doc *doc, uint32_t group)
{
    add_piece(doc, COP__PIECE_BREAK)->group = group;
    doc->breaks++;
}

void cop__doc_edge(struct cop__doc *doc, uint32_t group, bool is_outer)
{
    struct cop__piece *piece = add_piece(doc, COP__PIECE_EDGE);

    piece->group = group;
    piece->is_outer = is_outer;
    doc->breaks++;
}

void cop__doc_close(struct cop__doc *doc, uint32_t group, bool is_strict, int nest)
{
    struct cop__piece *open = &doc->pieces[group];

    COP_ASSERT(open->kind == COP__PIECE_OPEN);
    open->is_strict = is_strict;
    open->nest = (uint8_t)nest;
    open->size = doc->breaks - open->size;
    add_piece(doc, COP__PIECE_CLOSE)->group = group;
}

/* --- Layout ----------------------------------------------------------------------------------- */

/* An open group. */
struct level {
    int64_t indent; /* of new lines between its brackets */
    int64_t outer;  /* of the line with its closing bracket */
    bool is_broken;
};

struct layout {
    const struct cop__doc *doc;
    int64_t width;
    int64_t column;
    struct level *levels; /* [0] is the flat top, then the open groups */
    size_t depth;         /* of the innermost level */
    size_t cap;
    char *out;
    size_t out_len;
    size_t out_cap;
};

static void layout_fini(struct layout *l)
{
    free(l->levels);
    free(l->out);
}

/* Whether a piece is a place where a line may end. */
static bool is_break(const struct layout *l, const struct cop__piece *piece)
{
    return piece->kind == COP__PIECE_BREAK ||
           (piece->kind == COP__PIECE_EDGE && l->doc->pieces[piece->group].is_strict);
}

static int64_t flat_width(const struct cop__piece *piece)
{
    return piece->kind == COP__PIECE_TEXT    ? (int64_t)piece->size
           : piece->kind == COP__PIECE_BREAK ? 1
                                             : 0;
}

/* A step of a look ahead: the depth inside the group, and that of the first break, gone with its
 * group; 0 if there is none. */
struct look {
    size_t depth;
    size_t broken_at;
    int64_t column;
    uint64_t breaks_left;
};

static void look_at(const struct layout *l, struct look *look, const struct cop__piece *piece)
{
    if (piece->kind == COP__PIECE_OPEN) {
        look->depth++;
    } else if (piece->kind == COP__PIECE_CLOSE) {
        if (look->depth-- == look->broken_at) look->broken_at = 0;
    } else {
        look->column += flat_width(piece);
        if (is_break(l, piece) && !look->broken_at) look->broken_at = look->depth;
        if (piece->kind != COP__PIECE_TEXT) look->breaks_left--;
    }
}

/* Whether the group that opens at piece `open` fits on the line as far as its own closing bracket.
 * One that cannot be broken counts as fitting; so does a part of it that cannot, unless a break
 * came before. */
static bool group_fits(const struct layout *l, size_t open)
{
    const struct cop__piece *pieces = l->doc->pieces;
    struct look look = {.depth = 1, .column = l->column, .breaks_left = pieces[open].size};

    for (size_t i = open + 1; look.depth > 0; i++) {
        if (look.column > l->width) {
            if (look.broken_at) return false;
            /* The next break will be one too many; edges of flexible groups are none. */
            if (look.breaks_left == 0) return true;
        }
        look_at(l, &look, &pieces[i]);
    }
    return true;
}

/* Whether what follows piece `at`, a break of the innermost level, fits up to the next place where
 * the line ends anyway. */
static bool rest_fits(const struct layout *l, size_t at)
{
    const struct cop__piece *pieces = l->doc->pieces;
    int64_t column = l->column + 1;
    size_t depth = l->depth;
    size_t inside = 0; /* groups that begin after the break: they would be flat */

    for (size_t i = at + 1; i < l->doc->len; i++) {
        if (column > l->width) return false;
        if (pieces[i].kind == COP__PIECE_OPEN) {
            inside++;
        } else if (pieces[i].kind == COP__PIECE_CLOSE) {
            if (inside)
                inside--;
            else
                depth--;
        } else {
            if (is_break(l, &pieces[i]) && !inside && l->levels[depth].is_broken) return true;
            column += flat_width(&pieces[i]);
        }
    }
    return column <= l->width;
}

static void put(struct layout *l, const char *text, size_t size)
{
    if (l->out_cap - l->out_len < size) l->out = grow(l->out, &l->out_cap, l->out_len + size, 1);
    if (size) memcpy(l->out + l->out_len, text, size);
    l->out_len += size;
    l->column += (int64_t)size;
}

static void new_line(struct layout *l, int64_t indent)
{
    static const char blanks[] = "                                                                ";

    put(l, "\n", 1);
    l->column = 0;
    while (l->column < indent) {
        int64_t left = indent - l->column;

        put(l, blanks, left < 64 ? (size_t)left : 64);
    }
}

static void enter_group(struct layout *l, size_t open)
{
    const struct cop__piece *piece = &l->doc->pieces[open];
    bool is_broken = l->width > 0 && !group_fits(l, open);
    int64_t outer = l->levels[l->depth].indent;

    if (l->depth + 1 == l->cap)
        l->levels = grow(l->levels, &l->cap, l->cap + 1, sizeof(*l->levels));
    l->levels[++l->depth] = (struct level){outer + piece->nest, outer, is_broken};
}

static void put_break(struct layout *l, size_t at)
{
    const struct cop__piece *piece = &l->doc->pieces[at];
    const struct level *level = &l->levels[l->depth];
    bool is_line = level->is_broken;

    if (is_line && !l->doc->pieces[piece->group].is_strict) is_line = !rest_fits(l, at);
    if (is_line)
        new_line(l, piece->is_outer ? level->outer : level->indent);
    else if (piece->kind == COP__PIECE_BREAK)
        put(l, " ", 1);
}

cop_term cop__doc_layout(const struct cop__doc *doc, int width)
{
    COP_CLEANUP(layout_fini) struct layout l = {.doc = doc, .width = width};
    size_t text_at = 0;

    l.levels = grow(NULL, &l.cap, 16, sizeof(*l.levels));
    l.levels[0] = (struct level){0, 0, false};
    for (size_t i = 0; i < doc->len; i++) {
        const struct cop__piece *piece = &doc->pieces[i];

        switch ((enum cop__piece_kind)piece->kind) {
        case COP__PIECE_TEXT:
            put(&l, doc->text + text_at, piece->size);
            text_at += piece->size;
            break;
        case COP__PIECE_OPEN: enter_group(&l, i); break;
        case COP__PIECE_CLOSE: l.depth--; break;
        case COP__PIECE_BREAK: put_break(&l, i); break;
        case COP__PIECE_EDGE:
            if (is_break(&l, piece)) put_break(&l, i);
            break;
        }
    }
    COP_ASSERT(l.depth == 0);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed by its cleanup */
    return cop_binary(l.out, l.out_len);
}
