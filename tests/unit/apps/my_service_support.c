/* SPDX-License-Identifier: Apache-2.0 */
/* The set-up of the tests of my_service. */
#include "my_service_support.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/my_service_test.XXXXXX";
static char path[100];

/* --- The auth service ------------------------------------------------------------------------- */

/* Tells the test, and gives what the test says. */
static cop_term fetch_from_test(cop_term url)
{
    cop_term result;

    (void)url;
    cop_send(COP(":tester"), cop_tuple(COP(":asked"), cop_self()));
    for (;;) {
        cop_receive(&result, COP_INFINITY);
        if (cop_match(result, "{:answer, result}", result)) return result;
    }
}

static const struct cop_function functions[] = {
    COP_EXPORT("fetch(url)", fetch_from_test, "Asks the test."), COP_EXPORT_END};
static const struct cop_module script = {
    .size = sizeof(struct cop_module), .name = "Script", .functions = functions};

cop_pid await_request(void)
{
    cop_pid asker = cop_no_pid();

    cop_assert_receive_within(10000, "{:asked, asker}", asker);
    return asker;
}

void expect_no_request(void)
{
    cop_refute_receive("{:asked, _}");
}

void answer(cop_pid asker, cop_term result)
{
    cop_send(asker, cop_tuple(COP(":answer"), result));
}

cop_term rules_text(int number, int count)
{
    cop_term text = cop_string("{\"rules\": [");

    for (int i = 1; i <= count; i++) {
        cop_bytes before = cop_to_bytes(text);

        text = cop_format("%.*s%s{\"client\": \"c%d\", \"services\": [\"s\", \"v%d\"]}",
                          (int)before.len, before.data, i > 1 ? ", " : "", i, number);
    }
    return cop_format("%.*s]}", (int)cop_to_bytes(text).len, cop_to_bytes(text).data);
}

void answer_rules(cop_pid asker, int number)
{
    answer(asker, cop_tuple(COP(":ok"), rules_text(number, 3)));
}

/* --- The application -------------------------------------------------------------------------- */

const char *rules_file(void)
{
    return path;
}

void set_env(cop_term key, cop_term value)
{
    cop_application_put_env(COP(":my_service"), key, value);
}

cop_term try_to_start(void)
{
    return cop_application_ensure_all_started(&my_service);
}

void start_service(void)
{
    cop_assert_match(try_to_start(), "{:ok, _}");
}

void stop_service(void)
{
    cop_application_stop(COP(":my_service"));
}

void await_version(int64_t version)
{
    while (!cop_identical(my_service_version(), cop_int(version)))
        cop_yield();
}

static cop_term await_down(cop_ref ref)
{
    cop_term reason = cop_none();

    cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, _, reason}", ref, reason);
    return reason;
}

cop_term await_end(cop_pid pid)
{
    return await_down(cop_monitor(pid));
}

cop_term end_after(cop_pid loader, cop_term result)
{
    cop_ref ref = cop_monitor(loader);

    answer(loader, result);
    return await_down(ref);
}

cop_term end_after_rules(cop_pid loader, int number)
{
    return end_after(loader, cop_tuple(COP(":ok"), rules_text(number, 3)));
}

cop_pid running_loader(void)
{
    cop_pid pid = cop_whereis(COP("AuthDataLoader"));

    cop_assert(!cop_is_no_pid(pid));
    return pid;
}

/* --- A test ----------------------------------------------------------------------------------- */

static void (*test_body)(void);

static cop_term call_body(void *arg)
{
    (void)arg;
    test_body();
    return cop_ok();
}

static void in_process(void)
{
    struct cop_outcome outcome;

    cop_register(COP(":tester"), cop_self());
    cop_application_register(&my_service);
    cop_application_load(COP(":my_service"));
    set_env(COP(":db"), cop_string(path));
    set_env(COP(":db_busy_ms"), cop_int(20));
    set_env(COP(":backoff"), COP("[min: 1, max: 4]"));
    set_env(COP(":fetch"), COP("&Script.fetch/1"));
    cop_try(call_body, NULL, &outcome);
    stop_service();
    cop_application_unload(COP(":my_service"));
    if (outcome.class_ != COP_CLASS_NONE) cop_reraise(&outcome);
}

void my_service_test(void (*body)(void))
{
    test_body = body;
    run_process_test(in_process);
}

int my_service_up(void **state)
{
    (void)state;
    memcpy(strrchr(folder, '.'), ".XXXXXX", 8);
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(path, sizeof(path), "%s/rules.db", folder);
    cop_module_register(&script);
    return cop_node_start(NULL);
}

int my_service_down(void **state)
{
    char command[200];

    (void)state;
    cop_node_stop();
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command); /* NOLINT(cert-env33-c,concurrency-mt-unsafe): the node is gone */
}
