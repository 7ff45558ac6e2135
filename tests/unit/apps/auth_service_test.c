/* SPDX-License-Identifier: Apache-2.0 */
/* The auth service by HTTP: each of its modes, the count, the rules' file; and the program. */
#include "support/process_test.h"

#include "../../../apps/auth_service/auth_service.h"

#include <stdlib.h>
#include <unistd.h>

/* --- The service ------------------------------------------------------------------------------ */

static void start_service(void)
{
    cop_term app = COP(":auth_service");

    cop_application_put_env_persistent(app, COP(":port"), cop_int(0));
    cop_expect(cop_application_ensure_all_started(&cop_http_application), "{:ok, _}");
    cop_expect(cop_application_ensure_all_started(&auth_service), "{:ok, _}");
}

static void stop_service(void)
{
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":auth_service")));
}

static cop_term url_of(const char *path)
{
    return cop_format("http://127.0.0.1:%d%s",
                      (int)cop_to_int(cop_http_server_port(COP("AuthService.Web"))), path);
}

static cop_term get(const char *path)
{
    return cop_http_get(url_of(path), COP("[timeout: 5000]"));
}

/* What a path answers with 200, as a term. */
static cop_term json_of(cop_term answer)
{
    cop_term body;
    cop_term value;

    cop_assert_match(answer, "{:ok, %{status: 200, body: body}}", body);
    cop_assert_match(cop_json_decode(body), "{:ok, value}", value);
    return value;
}

static void set_mode(const char *name)
{
    cop_term url = cop_format("%.*s%s", (int)cop_to_bytes(url_of("/mode/")).len,
                              cop_to_bytes(url_of("/mode/")).data, name);
    cop_term answer = cop_http_post(url, cop_string(""), COP("[]"));

    cop_assert_equal(cop_map_put(cop_map_new(), cop_string("mode"), name), json_of(answer));
}

PROCESS_TEST(rules_are_served_and_counted)
{
    start_service();
    cop_assert_equal(COP("%{\"rules\" => 0}"), json_of(get("/requests")));
    cop_assert_match(json_of(get("/rules")),
                     "%{\"rules\" => [%{\"client\" => \"billing\", \"services\" => [\"invoices\", "
                     "\"customers\"]} | _]}");
    cop_assert_match(get("/rules"), "{:ok, %{status: 200}}");
    cop_assert_equal(COP("%{\"rules\" => 2}"), json_of(get("/requests")));
    cop_assert_equal(COP("%{\"mode\" => \"ok\"}"), json_of(get("/mode")));
    cop_assert_match(get("/nothing"), "{:ok, %{status: 404}}");
    cop_assert_match(cop_http_post(url_of("/rules"), cop_string(""), COP("[]")),
                     "{:ok, %{status: 404}}");
    cop_assert_equal(COP("%{\"rules\" => 2}"), json_of(get("/requests")));
    stop_service();
}

PROCESS_TEST(each_mode_is_another_failure)
{
    cop_term body;

    start_service();
    set_mode("error500");
    cop_assert_match(get("/rules"), "{:ok, %{status: 500}}");
    set_mode("broken_json");
    cop_assert_match(get("/rules"), "{:ok, %{status: 200, body: body}}", body);
    cop_assert_match(cop_json_decode(body), "{:error, {:unexpected_end, _}}");
    set_mode("wrong_shape");
    cop_assert_equal(COP("%{\"rules\" => %{\"billing\" => [\"invoices\"]}}"),
                     json_of(get("/rules")));
    set_mode("cut_off");
    cop_assert_equal(COP("{:error, :closed}"), get("/rules"));
    set_mode("slow");
    cop_assert_equal(COP("{:error, :timeout}"),
                     cop_http_get(url_of("/rules"), COP("[timeout: 50]")));
    cop_application_put_env(COP(":auth_service"), COP(":delay"), cop_int(1));
    cop_assert_match(json_of(get("/rules")), "%{\"rules\" => [_ | _]}");
    cop_assert_match(cop_http_post(url_of("/mode/faulty"), cop_string(""), COP("[]")),
                     "{:ok, %{status: 404}}");
    cop_assert_equal(COP("%{\"mode\" => \"slow\"}"), json_of(get("/mode")));
    set_mode("ok");
    cop_assert_match(json_of(get("/rules")), "%{\"rules\" => [_ | _]}");
    stop_service();
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cop_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

PROCESS_TEST(a_file_is_read_for_each_request)
{
    char path[] = "/tmp/coppice_rules_XXXXXX";
    cop_term text;

    close(mkstemp(path));
    write_file(path, "{\"rules\": []}");
    start_service();
    cop_application_put_env(COP(":auth_service"), COP(":rules"), cop_string(path));
    cop_assert_equal(COP("%{\"rules\" => []}"), json_of(get("/rules")));
    write_file(path, "{\"rules\": [1]}");
    cop_assert_equal(COP("%{\"rules\" => [1]}"), json_of(get("/rules")));
    (void)unlink(path);
    cop_assert_match(get("/rules"), "{:ok, %{status: 500, body: text}}", text);
    cop_assert_equal(cop_format("%s: No such file or directory\n", path), text);
    cop_application_put_env(COP(":auth_service"), COP(":rules"), cop_nil());
    stop_service();
}

/* --- The program ------------------------------------------------------------------------------ */

static cop_term run(cop_term args)
{
    return cop_os_process_run(cop_string(AUTH_SERVICE), args,
                              COP("[stderr: :stdout, timeout: 20000]"));
}

PROCESS_TEST(the_program_says_where_it_listens)
{
    cop_term answer;
    cop_term text;
    cop_bytes line;
    cop_pid program;
    int port;

    cop_expect(cop_application_ensure_all_started(&cop_http_application), "{:ok, _}");
    cop_expect(cop_os_process_start_link(cop_string(AUTH_SERVICE),
                                         COP("[\"--port\", \"0\", \"--mode\", \"error500\"]"),
                                         COP("[stdout: :owner, packet: :line]")),
               "{:ok, program}", program);
    answer = cop_os_process_read(cop_pid_term(program), 20000);
    cop_assert_match(answer, "{:ok, {:stdout, line}}", line);
    cop_assert(sscanf(line.data, "Listening at http://127.0.0.1:%d", &port) == 1);
    cop_assert_match(cop_http_get(cop_format("http://127.0.0.1:%d/rules", port), COP("[]")),
                     "{:ok, %{status: 500}}");
    text = cop_format("%d", port);
    cop_assert_match(run(cop_list("--port", text)), "{:ok, {text, 1}}", text);
    text = cop_format("auth_service: port %d is taken\n", port);
    cop_assert_match(run(cop_list("--port", cop_format("%d", port))), "{:ok, {answer, 1}}", answer);
    line = cop_to_bytes(answer);
    cop_assert(memmem(line.data, line.len, cop_to_bytes(text).data, cop_to_bytes(text).len) !=
               NULL);
    cop_trap_exit(true);
    cop_assert_equal(cop_ok(), cop_os_process_stop(cop_pid_term(program), COP(":shutdown"), 20000));
}

PROCESS_TEST(wrong_options_are_told)
{
    cop_assert_equal(COP("{:ok, {\"auth_service: --port 65536 is of no use; see --help\\n\", 2}}"),
                     run(COP("[\"--port\", \"65536\"]")));
    cop_assert_equal(COP("{:ok, {\"auth_service: --mode bad is of no use; see --help\\n\", 2}}"),
                     run(COP("[\"--mode\", \"bad\"]")));
    cop_assert_equal(
        COP("{:ok, {\"auth_service: no arguments are taken, but x; see --help\\n\", 2}}"),
        run(COP("[\"x\"]")));
    cop_assert_match(run(COP("[\"--help\"]")), "{:ok, {_, 0}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_served_and_counted),
        cmocka_unit_test(each_mode_is_another_failure),
        cmocka_unit_test(a_file_is_read_for_each_request),
        cmocka_unit_test(the_program_says_where_it_listens),
        cmocka_unit_test(wrong_options_are_told),
    };

    setenv("no_proxy", "127.0.0.1", 1);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
