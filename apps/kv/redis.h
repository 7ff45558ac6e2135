/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of Redis: a table, in two files; those with subcommands have files of their own. */
#ifndef KV_REDIS_H
#define KV_REDIS_H

#include "turn.h"

/* What it says it is: the version whose words the answers have. */
#define KV_REDIS_VERSION "7.0.15"

struct kv_redis_command {
    const char *name; /* in lower case */
    int arity;        /* words, with the name; below 0: at least so many */
    void (*run)(struct kv_turn *turn, const struct kv_words *words);
    const char *flag; /* for COMMAND */
    int first_key;    /* of the words that are keys; 0: none */
    int last_key;
    int step;
};

/* Ended by one without a name: those on keys, and those about the connection and the server. */
extern const struct kv_redis_command kv_redis_keys[];
extern const struct kv_redis_command kv_redis_server[];

/* The command of this name, or NULL. */
const struct kv_redis_command *kv_redis_find(cop_bytes name);
/* Runs what the second word names, of a table as above whose words are counted from the first;
 * command is the first word, in lower case. */
void kv_redis_run_sub(struct kv_turn *turn, const struct kv_words *words,
                      const struct kv_redis_command *table, const char *command);
/* INFO (redis_info.c), CLIENT (redis_client.c), CONFIG (redis_config.c). */
void kv_redis_info(struct kv_turn *turn, const struct kv_words *words);
void kv_redis_client(struct kv_turn *turn, const struct kv_words *words);
void kv_redis_config(struct kv_turn *turn, const struct kv_words *words);
/* Gives the session a name, none if it is empty. False: it is no name, which is answered. */
bool kv_redis_set_name(struct kv_turn *turn, cop_bytes name);

/* Writes an error, `ERR wrong ...`, behind what is to be answered before. */
void kv_redis_error(struct kv_turn *turn, const char *format, ...) COP_PRINTF(2, 3);
void kv_redis_wrong_count(struct kv_turn *turn, const char *command);
/* The integer that a word is. False: it is none, and that has been answered. */
bool kv_redis_int(struct kv_turn *turn, cop_bytes word, int64_t *ret_value);
/* nil in the protocol's version. */
void kv_redis_null(struct kv_session *session);
/* The header of a map with so many keys. */
void kv_redis_map(struct kv_session *session, int64_t size);
/* Writes a text for people: version 3 has a form for that. */
void kv_redis_text(struct kv_turn *turn, cop_term text);
/* Writes the help of a command with subcommands: lines, ended by NULL. */
void kv_redis_help(struct kv_turn *turn, const char *command, const char *const *lines);
/* Adds an operation on the session's database. */
void kv_redis_add(struct kv_turn *turn, cop_term operation, kv_answer_fn fn);
/* Reads a key of it. */
void kv_redis_read(struct kv_turn *turn, cop_term key, kv_answer_fn fn);

#endif
