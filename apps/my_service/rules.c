/* SPDX-License-Identifier: Apache-2.0 */
/* MyService.Rules: puts what was loaded into the file and then into the table, one load after the
 * other. At its start the rules of the file are put in force.
 *
 * The table, a named one, holds
 *     {:current, version, time, rules}     which rules are in force
 *     {{version, client, service}}         a row for each service that a client may ask
 * A load's rows and :current are inserted as one list, which everybody sees as a whole or not at
 * all; only then the rows of former versions go. The table belongs to the supervisor: questions are
 * answered also while this server is started anew. */
#include "my_service.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TABLE COP("MyService.Rules")

void my_service_rules_make_table(void)
{
    cop_ets_new(TABLE, COP("[:named_table, :public, {:read_concurrency, true}]"));
}

/* --- The table -------------------------------------------------------------------------------- */

static cop_term rows(cop_term version, cop_term client, cop_term services, cop_term rest)
{
    for (; !cop_is_empty_list(services); services = cop_tail(services)) {
        cop_term service = cop_head(services);

        rest = cop_cons(cop_build("{{version, client, service}}", version, client, service), rest);
    }
    return rest;
}

static void publish(cop_term version, cop_term time, cop_term rules)
{
    cop_term all = cop_list(cop_tuple(COP(":current"), version, time, rules));

    for (cop_term list = rules; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term rule = cop_head(list);

        all = rows(version, cop_elem(rule, 0), cop_elem(rule, 1), all);
    }
    cop_ets_insert(TABLE, all);
    cop_ets_select_delete(
        TABLE,
        cop_build("[{{{:\"$1\", :_, :_}}, [{:\"=/=\", :\"$1\", version}], [true]}]", version));
}

/* --- The file --------------------------------------------------------------------------------- */

static char *c_string(cop_term t)
{
    cop_bytes bytes = cop_to_bytes(t);
    char *text = cop_alloc(bytes.len + 1);

    memcpy(text, bytes.data, bytes.len);
    return text;
}

static int64_t number(cop_term key, int64_t fallback)
{
    return cop_to_int(cop_application_get_env(COP(":my_service"), key, cop_int(fallback)));
}

/* The blocks that a store's call uses belong to the process, so they are there until fn has
 * returned, also if the process is killed meanwhile. */
static struct store *store_new(void)
{
    struct store *s = cop_alloc(sizeof(*s));

    s->path = c_string(my_service_db());
    s->busy_ms = number(COP(":db_busy_ms"), 2000);
    s->size_max = number(COP(":db_size_max"), 0);
    return s;
}

static cop_term store_error(const struct store *s)
{
    return cop_tuple(COP(":error"), cop_tuple(cop_atom(s->error), (const char *)s->path));
}

/* "2026-11-21T11:20:00.123Z" */
static void write_time(char *text, size_t size)
{
    struct timespec now;
    struct tm parts;
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    len = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

/* What the file has: {:ok, nil} or {:ok, {version, time, rules}}, or {:error, reason}. */
static cop_term stored(void)
{
    struct store *s = store_new();
    cop_term answer, rules;

    cop_blocking(store_read, s);
    if (s->error) return store_error(s);
    if (s->version == 0) return COP("{:ok, nil}");
    answer = my_service_rules_read(cop_binary(s->body, s->body_len));
    free(s->body);
    if (!cop_match(answer, "{:ok, rules}", rules)) return answer;
    return cop_tuple(COP(":ok"), cop_tuple(s->version, (const char *)s->time, rules));
}

static cop_term save(cop_term rules, cop_term body)
{
    struct store *s = store_new();
    cop_term answer;

    write_time(s->time, sizeof(s->time));
    s->body = c_string(body);
    s->body_len = cop_to_bytes(body).len;
    cop_blocking(store_write, s);
    if (s->error) {
        answer = store_error(s);
    } else {
        publish(cop_int(s->version), cop_string(s->time), rules);
        answer = cop_tuple(COP(":ok"), s->version);
    }
    cop_free(s->body);
    cop_free(s->path);
    cop_free(s);
    return answer;
}

/* --- The server ------------------------------------------------------------------------------- */

static cop_result init(cop_term arg)
{
    cop_term version, time, rules;
    cop_term reason;
    cop_term answer = stored();

    (void)arg;
    if (cop_match(answer, "{:error, reason}", reason))
        return cop_fail(cop_tuple(COP(":stored_rules"), reason));
    if (cop_match(answer, "{:ok, {version, time, rules}}", version, time, rules))
        publish(version, time, rules);
    return cop_started(NULL);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term rules, body;

    (void)state;
    (void)from;
    if (cop_match(request, "{:save, rules, body}", rules, body))
        return cop_reply(save(rules, body));
    return cop_no_clause(request);
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server), .init = init, .handle_call = handle_call};

cop_term my_service_rules_start_link(cop_term arg)
{
    return cop_gen_server_start_link(&my_service_rules, arg, COP("[name: MyService.Rules]"));
}

cop_term my_service_rules_save(cop_term rules, cop_term body)
{
    /* A slow disk: longer than a call waits otherwise, and than the file's lock is waited for. */
    return cop_gen_server_call(COP("MyService.Rules"), cop_tuple(COP(":save"), rules, body), 30000);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", my_service_rules_start_link,
               "Starts the server and puts the stored rules in force."),
    COP_EXPORT_END};

const struct cop_module my_service_rules = {.size = sizeof(struct cop_module),
                                            .name = "MyService.Rules",
                                            .doc = "Stores the rules and puts them in force.",
                                            .functions = functions,
                                            .gen_server = &callbacks,
                                            .child_spec = ""};
