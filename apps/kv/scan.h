/* SPDX-License-Identifier: Apache-2.0 */
/* Where commands end in what comes over a connection, and which words they have: two protocols.
 *
 * Functions over bytes; nothing is sent, nothing waits. A scan looks at the bytes from the
 * beginning of a command, and remembers how far it came: when more have been appended it goes on
 * there, so that a command in a million pieces costs what one in one piece costs. It finds the same
 * commands however they are cut. */
#ifndef KV_SCAN_H
#define KV_SCAN_H

#include <coppice.h>

/* What strangers may send at most; above it a scan is bad. */
struct kv_limits {
    size_t line;    /* bytes of a line, without its end */
    size_t bulk;    /* bytes of a RESP string */
    size_t words;   /* of a RESP array */
    size_t command; /* bytes of a RESP array */
};

enum kv_scan {
    KV_SCAN_MORE,    /* the command is not complete yet */
    KV_SCAN_COMMAND, /* it ends after scan->at bytes; the scan is all zero again for the next */
    KV_SCAN_BAD      /* there is no telling where the next one begins; *ret_why says why */
};

/* The words of a command: parts of it, or of `decoded`. */
struct kv_words {
    cop_bytes *items;
    size_t len;
    size_t capacity;
    char *decoded; /* quoted words, without their quotes */
    cop_bytes few[8];
};

/* More than a few take memory of the caller's (cop_alloc), which free gives back. */
void kv_words_init(struct kv_words *words);
void kv_words_add(struct kv_words *words, cop_bytes word);
void kv_words_free(struct kv_words *words);

static inline bool kv_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The integer that a word is, as it would be printed: no spaces, no +, no zeros before it, no -0.
 * This is Redis' rule for all numbers of commands and for values that are counted with. False: it
 * is none, or has more than 64 bits. */
bool kv_to_int(cop_bytes word, int64_t *ret_value);

/* --- Lines ------------------------------------------------------------------------------------ */

/* A command is a line, ended by \n. */
struct kv_line_scan {
    size_t at; /* no end of line before */
};
/* input: all bytes from the beginning of the command. *ret_len: bytes of the command. */
enum kv_scan kv_line_scan(struct kv_line_scan *scan, cop_bytes input,
                          const struct kv_limits *limits, size_t *ret_len);
/* The words of a line: what is between white space. */
void kv_line_words(cop_bytes command, struct kv_words *words);

/* --- RESP ------------------------------------------------------------------------------------- */

/* A command is an array of strings, `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`, or a line of words, which may
 * be quoted. */
struct kv_resp_scan {
    size_t at;     /* what stands before has been looked at */
    int64_t left;  /* strings of the array that are still to come */
    int64_t bulk;  /* the length of the next one and 1; 0: not known */
    bool is_array; /* else it is a line */
};
/* ret_why: 64 bytes; as Redis words it, without `ERR`. */
enum kv_scan kv_resp_scan(struct kv_resp_scan *scan, cop_bytes input,
                          const struct kv_limits *limits, size_t *ret_len, char *ret_why);
/* The words of a complete command; none for an empty one. False: the quotes of a line do not
 * match. */
bool kv_resp_words(cop_bytes command, struct kv_words *words);

#endif
