/* SPDX-License-Identifier: Apache-2.0 */
/* CLIENT: who is connected by this protocol. What others may know of a session is in the dictionary
 * of its process, so that it goes with it: {id, since, name, database, version}, since in
 * milliseconds, as the session last said. The rest is asked of the node. */
#include "redis.h"
#include "session.h"

#include <coppice/port.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY COP(":kv_client")

void kv_session_show(const struct kv_session *s)
{
    cop_term former = cop_get(ENTRY);
    cop_term name = s->has_name ? cop_kept_term(s->name) : cop_string("");
    int64_t since;

    if (!cop_match(former, "{_, since, _, _, _}", since)) since = cop_monotonic_ms();
    cop_put(ENTRY, cop_tuple(s->id, since, name, s->database, s->version));
}

/* --- Names ------------------------------------------------------------------------------------ */

static bool is_client_name(cop_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < '!' || name.data[i] > '~') return false;
    return true;
}

bool kv_redis_set_name(struct kv_turn *turn, cop_bytes name)
{
    struct kv_session *s = turn->session;

    if (!is_client_name(name)) {
        kv_redis_error(turn, "ERR Client names cannot contain spaces, newlines or special "
                             "characters.");
        return false;
    }
    cop_replace(&s->name, cop_binary(name.data, name.len));
    s->has_name = name.len > 0;
    kv_session_show(s);
    return true;
}

static void id(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_out_int(kv_turn_out(turn), turn->session->id);
}

static void getname(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_session *s = turn->session;
    struct kv_out *out = kv_turn_out(turn);

    (void)w;
    if (s->has_name)
        kv_out_bulk(out, cop_kept_term(s->name));
    else
        kv_redis_null(s);
}

static void setname(struct kv_turn *turn, const struct kv_words *w)
{
    if (kv_redis_set_name(turn, w->items[2])) kv_out_simple(kv_turn_out(turn), "OK");
}

/* --- The list --------------------------------------------------------------------------------- */

struct client {
    int64_t id;
    cop_pid pid;
    cop_term port;  /* of cop_ports() */
    cop_term entry; /* of its dictionary */
};

struct clients {
    size_t len;
    struct client *items; /* by id; of cop_alloc() */
};

/* What the client's process says about itself. False: it is gone, or none of this protocol. */
static bool find_entry(struct client *c)
{
    cop_term dictionary;

    if (!cop_match(cop_process_info(c->pid, COP(":dictionary")), "{_, dictionary}", dictionary) ||
        !cop_is_list(dictionary))
        return false;
    c->entry = cop_keyword_get(dictionary, ENTRY, cop_nil());
    return cop_match(c->entry, "{id, _, _, _, _}", c->id);
}

static int compare(const void *a, const void *b)
{
    int64_t x = ((const struct client *)a)->id, y = ((const struct client *)b)->id;

    return (x > y) - (x < y);
}

/* All clients, or only that one. */
static struct clients find_clients(cop_pid only)
{
    cop_term ports = cop_ports();
    struct clients all = {0, cop_alloc(((size_t)cop_list_len(ports) + 1) * sizeof(struct client))};

    for (; !cop_is_empty_list(ports); ports = cop_tail(ports)) {
        struct client *c = &all.items[all.len];

        c->port = cop_head(ports);
        if (!cop_match(c->port, "%{kind: :tcp, owner: pid}", c->pid)) continue;
        if (!cop_is_no_pid(only) && !cop_pid_equal(only, c->pid)) continue;
        if (find_entry(c)) all.len++;
    }
    qsort(all.items, all.len, sizeof(all.items[0]), compare);
    return all;
}

/* An address as Redis writes it. */
static cop_term address_of(const struct client *c, cop_term key)
{
    cop_bytes host;
    int port;

    if (!cop_match(cop_map_get(c->port, key, cop_nil()), "{host, port}", host, port))
        return cop_string("");
    if (memchr(host.data, ':', host.len))
        return cop_format("[%.*s]:%d", (int)host.len, host.data, port);
    return cop_format("%.*s:%d", (int)host.len, host.data, port);
}

/* The line of a client: of what Redis tells, what there is here. */
static cop_term line_of(const struct client *c)
{
    cop_bytes name, from = cop_to_bytes(address_of(c, COP(":remote"))),
                    to = cop_to_bytes(address_of(c, COP(":local")));
    int64_t since, idle = 0;
    int database, version, fd;

    cop_expect(c->entry, "{_, since, name, database, version}", since, name, database, version);
    cop_expect(c->port, "%{fd: fd}", fd);
    (void)cop_match(c->port, "%{idle_ms: idle}", idle);
    return cop_format("id=%lld addr=%.*s laddr=%.*s fd=%d name=%.*s age=%lld idle=%lld flags=N "
                      "db=%d sub=0 psub=0 ssub=0 multi=-1 user=default redir=-1 resp=%d\n",
                      (long long)c->id, (int)from.len, from.data, (int)to.len, to.data, fd,
                      (int)name.len, name.data, (long long)(cop_monotonic_ms() - since) / 1000,
                      (long long)idle / 1000, database, version);
}

/* One text of all of a list. */
static cop_term join(cop_term texts)
{
    size_t size = 0, at = 0;
    cop_term list, whole;
    char *to;

    for (list = texts; !cop_is_empty_list(list); list = cop_tail(list))
        size += cop_to_bytes(cop_head(list)).len;
    to = cop_alloc(size + 1);
    for (list = texts; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_bytes text = cop_to_bytes(cop_head(list));

        memcpy(to + at, text.data, text.len);
        at += text.len;
    }
    whole = cop_binary(to, size);
    cop_free(to);
    return whole;
}

/* --- LIST, INFO ------------------------------------------------------------------------------- */

/* A type of clients; there are none but normal ones. False: there is no such type, which is
 * answered. */
static bool read_type(struct kv_turn *turn, cop_bytes word, bool *ret_is_normal)
{
    *ret_is_normal = kv_word_is(word, "NORMAL");
    if (*ret_is_normal || kv_word_is(word, "MASTER") || kv_word_is(word, "SLAVE") ||
        kv_word_is(word, "REPLICA") || kv_word_is(word, "PUBSUB"))
        return true;
    kv_redis_error(turn, "ERR Unknown client type '%.*s'", (int)(word.len < 128 ? word.len : 128),
                   word.data);
    return false;
}

/* The lines of the clients; ids: only of these, in this order, or NULL. */
static void answer_lines(struct kv_turn *turn, const struct kv_words *ids)
{
    struct clients all = find_clients(cop_no_pid());
    cop_term lines = cop_empty_list();

    for (size_t i = ids ? ids->len : 0; i > 3; i--) {
        struct client wanted = {.id = 0}, *found;

        (void)kv_to_int(ids->items[i - 1], &wanted.id);
        found = bsearch(&wanted, all.items, all.len, sizeof(wanted), compare);
        if (found) lines = cop_cons(line_of(found), lines);
    }
    for (size_t i = ids ? 0 : all.len; i > 0; i--)
        lines = cop_cons(line_of(&all.items[i - 1]), lines);
    cop_free(all.items);
    kv_redis_text(turn, join(lines));
}

static void list(struct kv_turn *turn, const struct kv_words *w)
{
    bool is_normal;
    int64_t number;

    if (w->len == 4 && kv_word_is(w->items[2], "TYPE")) {
        if (!read_type(turn, w->items[3], &is_normal)) return;
        if (is_normal)
            answer_lines(turn, NULL);
        else
            kv_redis_text(turn, cop_string(""));
        return;
    }
    if (w->len == 2) {
        answer_lines(turn, NULL);
        return;
    }
    if (w->len == 3 || !kv_word_is(w->items[2], "ID")) {
        kv_redis_error(turn, "ERR syntax error");
        return;
    }
    for (size_t i = 3; i < w->len; i++) {
        if (kv_to_int(w->items[i], &number)) continue;
        kv_redis_error(turn, "ERR Invalid client ID");
        return;
    }
    answer_lines(turn, w);
}

static void info(struct kv_turn *turn, const struct kv_words *w)
{
    struct clients me = find_clients(cop_self());

    (void)w;
    kv_redis_text(turn, me.len > 0 ? line_of(me.items) : cop_string(""));
    cop_free(me.items);
}

/* --- KILL ------------------------------------------------------------------------------------- */

/* Which clients are to go: those that are all of what is said. */
struct filter {
    int64_t id; /* 0: any */
    cop_term from;
    cop_term to;
    bool has_from;
    bool has_to;
    bool is_none; /* of another type */
    bool spares_me;
};

/* One option and its value. False: one is wrong, which is answered. */
static bool read_filter(struct kv_turn *turn, cop_bytes name, cop_bytes value, struct filter *f)
{
    bool is_normal = true;

    if (kv_word_is(name, "ID")) {
        if (kv_to_int(value, &f->id) && f->id > 0) return true;
        kv_redis_error(turn, "ERR client-id should be greater than 0");
    } else if (kv_word_is(name, "TYPE")) {
        if (!read_type(turn, value, &is_normal)) return false;
        f->is_none |= !is_normal;
        return true;
    } else if (kv_word_is(name, "ADDR")) {
        f->from = cop_binary(value.data, value.len);
        return f->has_from = true;
    } else if (kv_word_is(name, "LADDR")) {
        f->to = cop_binary(value.data, value.len);
        return f->has_to = true;
    } else if (kv_word_is(name, "USER")) {
        if (value.len == 7 && memcmp(value.data, "default", 7) == 0) return true;
        kv_redis_error(turn, "ERR No such user '%.*s'", (int)(value.len < 128 ? value.len : 128),
                       value.data);
    } else if (kv_word_is(name, "SKIPME") &&
               (kv_word_is(value, "YES") || kv_word_is(value, "NO"))) {
        f->spares_me = kv_word_is(value, "YES");
        return true;
    } else {
        kv_redis_error(turn, "ERR syntax error");
    }
    return false;
}

static bool is_meant(const struct filter *f, const struct client *c, const struct kv_session *me)
{
    return !f->is_none && (f->id == 0 || f->id == c->id) &&
           (!f->has_from || cop_identical(f->from, address_of(c, COP(":remote")))) &&
           (!f->has_to || cop_identical(f->to, address_of(c, COP(":local")))) &&
           !(f->spares_me && c->id == me->id);
}

/* Ends them; this client when it has its answer. Returns how many. */
static int64_t kill_clients(struct kv_session *me, const struct filter *f)
{
    struct clients all = find_clients(cop_no_pid());
    int64_t count = 0;

    for (size_t i = 0; i < all.len; i++) {
        if (!is_meant(f, &all.items[i], me)) continue;
        count++;
        if (all.items[i].id == me->id)
            me->is_over = true;
        else
            cop_exit_process(all.items[i].pid, COP(":shutdown"));
    }
    cop_free(all.items);
    return count;
}

static void kill_client(struct kv_turn *turn, const struct kv_words *w)
{
    struct filter f = {.spares_me = w->len > 3};
    struct kv_out *out = kv_turn_out(turn);

    if (w->len == 3) {
        f.from = kv_word(w, 2);
        f.has_from = true;
        if (kill_clients(turn->session, &f) > 0)
            kv_out_simple(out, "OK");
        else
            kv_redis_error(turn, "ERR No such client");
        return;
    }
    for (size_t i = 2; i < w->len; i += 2) {
        if (i + 1 == w->len) {
            kv_redis_error(turn, "ERR syntax error");
            return;
        }
        if (!read_filter(turn, w->items[i], w->items[i + 1], &f)) return;
    }
    kv_out_int(out, kill_clients(turn->session, &f));
}

/* Nobody is ever closed to make room, so there is nothing to switch. */
static void no_evict(struct kv_turn *turn, const struct kv_words *w)
{
    if (kv_word_is(w->items[2], "ON") || kv_word_is(w->items[2], "OFF"))
        kv_out_simple(kv_turn_out(turn), "OK");
    else
        kv_redis_error(turn, "ERR syntax error");
}

static void help(struct kv_turn *turn, const struct kv_words *w)
{
    static const char *const lines[] = {
        "GETNAME",
        "    The name of this connection.",
        "ID",
        "    The number of this connection.",
        "INFO",
        "    What LIST tells of this connection.",
        "KILL <ip:port>",
        "    Ends the connection from there.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Ends the connections that are all of: ID <number>, ADDR <ip:port>,",
        "    LADDR <ip:port>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <name>.",
        "    SKIPME (YES|NO): whether this one is spared (YES).",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB) | ID <number> [...]]",
        "    A line for each connection.",
        "NO-EVICT (ON|OFF)",
        "    Nothing: no connection is ended to make room.",
        "SETNAME <name>",
        "    Gives this connection a name; an empty one takes it away.",
        NULL};

    (void)w;
    kv_redis_help(turn, "CLIENT", lines);
}

static const struct kv_redis_command commands[] = {
    {.name = "id", .arity = 2, .run = id},
    {.name = "getname", .arity = 2, .run = getname},
    {.name = "help", .arity = 2, .run = help},
    {.name = "info", .arity = 2, .run = info},
    {.name = "kill", .arity = -3, .run = kill_client},
    {.name = "list", .arity = -2, .run = list},
    {.name = "no-evict", .arity = 3, .run = no_evict},
    {.name = "setname", .arity = 3, .run = setname},
    {.name = NULL}};

void kv_redis_client(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_run_sub(turn, w, commands, "client");
}
