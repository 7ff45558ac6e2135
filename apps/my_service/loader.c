/* SPDX-License-Identifier: Apache-2.0 */
/* AuthDataLoader: one load of the rules, then its end. Its init returns at once, so that whoever
 * starts it does not wait for the auth service. What goes wrong ends it with a reason that says
 * what; its supervisor tries again, and the rules that were in force stay.
 *
 *     {:load_failed, reason}   :econnrefused and its like, {:http_status, 500}, {:invalid_json, _},
 *                              {:wrong_shape, "rules[3].client"}
 *     {:save_failed, reason}   :disk_full, :locked, :corrupt ... (store.h) */
#include "fetch.h"
#include "my_service.h"

static cop_term text_of(cop_term t)
{
    return cop_is_binary(t) ? t : cop_inspect(t);
}

/* IO.puts("before ... after"). */
static void say(const char *before, cop_term t)
{
    cop_bytes text = cop_to_bytes(text_of(t));

    cop_io_write(cop_format("%s%.*s\n", before, (int)text.len, text.data));
}

static cop_result init(cop_term url_list)
{
    cop_kept *url = cop_alloc(sizeof(*url));
    cop_bytes self = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));
    cop_bytes text = cop_to_bytes(cop_head(url_list));

    *url = cop_keep(url_list);
    cop_io_write(cop_format("worker %.*s started with %.*s\n", (int)self.len, self.data,
                            (int)text.len, text.data));
    return cop_then_continue(cop_started(url), COP(":delayed_init"));
}

/* {:ok, rules, body} or {:error, reason}. */
static cop_term load(cop_term url)
{
    cop_term body, rules;
    cop_term answer;

    say("load data from ", url);
    answer = fetch(url);
    if (!cop_match(answer, "{:ok, body}", body)) return answer;
    answer = my_service_rules_read(body);
    if (!cop_match(answer, "{:ok, rules}", rules)) return answer;
    return cop_tuple(COP(":ok"), rules, body);
}

static cop_term save(cop_term rules, cop_term body)
{
    cop_bytes text = cop_to_bytes(cop_inspect(rules));

    cop_io_write(cop_format("save data %.*s\n", (int)text.len, text.data));
    return my_service_rules_save(rules, body);
}

static cop_result handle_continue(void *state, cop_term argument)
{
    cop_term url = cop_head(cop_kept_term(*(cop_kept *)state));
    cop_term answer = load(url);
    cop_term rules, body, reason;

    (void)argument;
    if (!cop_match(answer, "{:ok, rules, body}", rules, body)) {
        cop_expect(answer, "{:error, reason}", reason);
        return cop_stop(cop_tuple(COP(":load_failed"), reason));
    }
    if (cop_match(save(rules, body), "{:error, reason}", reason))
        return cop_stop(cop_tuple(COP(":save_failed"), reason));
    say("work done", COP("\"\""));
    return cop_stop(COP(":normal"));
}

static cop_term format_state(const void *state)
{
    return cop_kept_term(*(const cop_kept *)state);
}

const struct cop_gen_server loader_callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_continue = handle_continue,
                                                .format_state = format_state};

cop_term auth_data_loader_start_link(cop_term url_list)
{
    return cop_gen_server_start_link(&auth_data_loader, url_list, COP("[name: AuthDataLoader]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(url_list)", auth_data_loader_start_link,
               "Starts a load from the url in the list."),
    COP_EXPORT_END};

const struct cop_module auth_data_loader = {.size = sizeof(struct cop_module),
                                            .name = "AuthDataLoader",
                                            .doc = "Loads the rules, once, and ends.",
                                            .functions = functions,
                                            .gen_server = &loader_callbacks,
                                            .child_spec = "restart: :transient"};
