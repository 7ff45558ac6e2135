/* SPDX-License-Identifier: Apache-2.0 */
/* A GenServer that loads its rules after its start, so that its supervisor need not wait: what
 * comes before the rules are there is answered when they are. */
#include <coppice.h>

#include <stdio.h>

struct rules {
    cop_kept path;    /* of the file, a string */
    cop_kept allowed; /* a list of names */
    bool loaded;
};

/* What is read off the scheduler: plain C, no terms. */
struct reading {
    const char *path;
    char text[512];
    bool ok;
};

static void read_file(void *arg)
{
    struct reading *reading = arg;
    FILE *file = fopen(reading->path, "r");
    size_t len;

    if (file == NULL) return;
    len = fread(reading->text, 1, sizeof(reading->text) - 1, file);
    reading->text[len] = 0;
    reading->ok = true;
    (void)fclose(file);
}

static cop_result init(cop_term arg)
{
    struct rules *rules = cop_alloc(sizeof(*rules));
    cop_term path;

    cop_expect(arg, "%{path: path}", path);
    rules->path = cop_keep(path);
    return cop_then_continue(cop_started(rules), COP(":load"));
}

static cop_result handle_continue(void *state, cop_term argument)
{
    struct rules *rules = state;
    cop_bytes path = cop_to_bytes(cop_kept_term(rules->path));
    struct reading *reading = cop_alloc(sizeof(*reading));
    char *name = cop_alloc(path.len + 1);
    struct cop_parse_error why;
    cop_term allowed;

    cop_expect(argument, ":load");
    for (size_t i = 0; i < path.len; i++) {
        name[i] = path.data[i];
    }
    reading->path = name;
    cop_blocking(read_file, reading);
    if (!reading->ok) return cop_stop(cop_build("{:no_rules, path}", path));
    if (!cop_parse(cop_to_bytes(cop_string(reading->text)), &allowed, &why)) {
        cop_log(COP_ERROR, "%s:%d:%d: %s", name, why.line, why.column, why.text);
        return cop_stop(COP(":bad_rules"));
    }
    rules->allowed = cop_keep(allowed);
    rules->loaded = true;
    cop_free(reading);
    cop_free(name);
    return cop_noreply();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    const struct rules *rules = state;
    cop_term name;

    (void)from;
    if (cop_match(request, "{:allowed?, name}", name)) {
        cop_term list = rules->loaded ? cop_kept_term(rules->allowed) : cop_empty_list();
        for (; !cop_is_empty_list(list); list = cop_tail(list)) {
            if (cop_equal(cop_head(list), name)) return cop_reply(true);
        }
        return cop_reply(false);
    }
    return cop_no_clause(request);
}

static void terminate(void *state, cop_term reason)
{
    struct rules *rules = state;

    cop_log(COP_INFO, "rules end: %.*s", (int)cop_to_bytes(cop_inspect(reason)).len,
            cop_to_bytes(cop_inspect(reason)).data);
    cop_drop(&rules->allowed);
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_continue = handle_continue,
    .terminate = terminate,
};

const struct cop_module rules_loader;
static cop_term start_link(cop_term arg)
{
    return cop_gen_server_start_link(&rules_loader, arg, COP("[name: Rules, timeout: 1000]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", start_link, "Starts the rules; they load by themselves."),
    COP_EXPORT_END,
};

const struct cop_module rules_loader = {
    .size = sizeof(struct cop_module),
    .name = "Rules",
    .doc = "Who is allowed what.",
    .functions = functions,
    .gen_server = &callbacks,
    .child_spec = "restart: :transient, shutdown: 1000",
};
