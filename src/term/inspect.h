/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of terms, between its files:
 *
 *     term --inspect.c--> document --inspect_doc.c--> text
 *
 * inspect.c walks the term and says what may be broken where, inspect_text.c writes atoms, strings
 * and numbers into the document, inspect_doc.c decides with the width at hand which breaks become
 * new lines. The rules of layout are those of Elixir's Inspect.Algebra.
 *
 * A document is a row of pieces: text, breaks, and groups around them. A group is *flat*, with its
 * breaks as blanks, or *broken*. In a *strict* group that is broken every break is a new line; in a
 * *flexible* one a break is a new line only if what follows up to the next break does not fit. */
#ifndef COPPICE_TERM_INSPECT_H
#define COPPICE_TERM_INSPECT_H

#include "coppice/term.h"
#include <stdint.h>

enum cop__piece_kind {
    COP__PIECE_TEXT,  /* size bytes of the document's text */
    COP__PIECE_BREAK, /* a blank or a new line */
    COP__PIECE_EDGE,  /* nothing or a new line, inside the brackets of a strict group */
    COP__PIECE_OPEN,  /* begins a group */
    COP__PIECE_CLOSE, /* ends it */
};

struct cop__piece {
    uint8_t kind;
    uint8_t nest;   /* OPEN: by how much its breaks are indented */
    bool is_strict; /* OPEN */
    bool is_outer;  /* EDGE: the one before the closing bracket, which is not indented */
    uint32_t group; /* BREAK, EDGE: index of the OPEN */
    uint64_t size;  /* TEXT: bytes; OPEN: breaks and edges up to its CLOSE */
};

/* The document. All zero is empty; free what it owns with cop__doc_fini(). */
struct cop__doc {
    struct cop__piece *pieces;
    size_t len;
    size_t cap;
    char *text;
    size_t text_len;
    size_t text_cap;
    uint64_t breaks;
};
void cop__doc_fini(struct cop__doc *doc);

void cop__doc_text(struct cop__doc *doc, const char *text, size_t size);
void cop__doc_string(struct cop__doc *doc, const char *text); /* up to its final 0 */
/* Begins a group; returns its index, by which breaks and the close name it. */
uint32_t cop__doc_open(struct cop__doc *doc);
void cop__doc_break(struct cop__doc *doc, uint32_t group);
void cop__doc_edge(struct cop__doc *doc, uint32_t group, bool is_outer);
/* Ends a group and says how it breaks. Edges of a flexible group are nothing. */
void cop__doc_close(struct cop__doc *doc, uint32_t group, bool is_strict, int nest);

/* The text in lines of at most width columns as far as possible, as a binary; width 0: one line. */
cop_term cop__doc_layout(const struct cop__doc *doc, int width);

/* --- inspect_text.c --------------------------------------------------------------------------- */

/* How an atom is written: `:a`, `a:` as a key, or `.a` in a capture. */
enum cop__atom_use { COP__ATOM_LITERAL, COP__ATOM_KEY, COP__ATOM_CALL };
void cop__inspect_atom(struct cop__doc *doc, cop_term atom, enum cop__atom_use use);
/* A module's name: Elixir.A.B with parts that begin with a capital. */
bool cop__is_alias(cop_bytes text);
/* An atom that begins with "Elixir.", whatever follows. */
bool cop__has_alias_prefix(cop_bytes text);

/* A binary of printable UTF-8; looks at `limit` code points, 0: all. */
bool cop__is_printable(cop_bytes bytes, size_t limit);
/* The same for a proper list of ASCII codes; false for the empty list. */
bool cop__is_printable_list(cop_term list, size_t limit);
/* "..." and ~c"..." with at most `limit` code points (0: all), then ` <> ...` or ` ++ ...`. */
void cop__inspect_string(struct cop__doc *doc, cop_bytes bytes, size_t limit);
void cop__inspect_charlist(struct cop__doc *doc, cop_term list, size_t limit);

void cop__inspect_integer(struct cop__doc *doc, cop_term t);
void cop__inspect_float(struct cop__doc *doc, cop_term t);
void cop__inspect_pid(struct cop__doc *doc, cop_term t);
void cop__inspect_ref(struct cop__doc *doc, cop_term t);

#endif
