/* SPDX-License-Identifier: Apache-2.0 */
/* Child specifications: forms, checks with their errors, and the decision tables. */
#include "otp/child_spec.h"

#include "probe.h"

#include <string.h>

/* --- Checks: a specification and the answer to it --------------------------------------------- */

struct row {
    const char *spec;
    const char *error; /* NULL: right */
};

static cop_term term(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse(cop_to_bytes(cop_string(text)), &t, &error))
        cop_raise("ArgumentError", "%s: %s", text, error.text);
    return t;
}

typedef cop_term (*check_fn)(cop_term spec, struct cop__spec *ret);

static void check_rows(const struct row *rows, size_t len, check_fn check)
{
    for (size_t i = 0; i < len; i++) {
        struct cop__spec spec;
        cop_term wrong = check(term(rows[i].spec), &spec);

        if (cop_is_none(wrong) != !rows[i].error) cop_raise("RuntimeError", "row %s", rows[i].spec);
        if (rows[i].error) cop_assert_equal(term(rows[i].error), wrong);
    }
}

static cop_term check_never(cop_term spec, struct cop__spec *ret)
{
    return cop__spec_check(spec, COP__NEVER, ret);
}

static cop_term check_any(cop_term spec, struct cop__spec *ret)
{
    return cop__spec_check(spec, COP__ANY_SIGNIFICANT, ret);
}

/* SUP-04, SUP-05, SUP-08: the answers of OTP 25. */
static void supervisor_checks(void)
{
    static const struct row rows[] = {
        {"%{id: 1, start: {M, :f, []}}", NULL},
        {"%{id: nil, start: {M, :f, []}, extra: 1}", NULL},
        {"{1, {M, :f, []}, :permanent, 5000, :worker, [M]}", NULL},
        {"{1, {M, :f, []}, :permanent, 5000, :worker, :dynamic}", NULL},
        {"17", "{:invalid_child_spec, 17}"},
        {"{1, 2}", "{:invalid_child_spec, {1, 2}}"},
        {"%{}", ":missing_id"},
        {"%{start: {M, :f, :c}}", ":missing_id"},
        {"%{id: 1}", ":missing_start"},
        {"%{id: 1, start: 1}", "{:invalid_mfa, 1}"},
        {"%{id: 1, start: {1, 2, 3}}", "{:invalid_mfa, {1, 2, 3}}"},
        {"%{id: 1, start: {M, :f, :c}}", "{:invalid_mfa, {M, :f, :c}}"},
        {"%{id: 1, start: {M, 2, []}}", "{:invalid_mfa, {M, 2, []}}"},
        {"%{id: 1, start: {1, :f, []}}", "{:invalid_mfa, {1, :f, []}}"},
        {"{1, 2, 3, 4, 5, 6}", "{:invalid_mfa, 2}"},
        {"%{id: 1, start: {M, :f, []}, restart: :x}", "{:invalid_restart_type, :x}"},
        {"%{id: 1, start: {M, :f, []}, shutdown: -1}", "{:invalid_shutdown, -1}"},
        {"%{id: 1, start: {M, :f, []}, shutdown: 0}", NULL},
        {"%{id: 1, start: {M, :f, []}, shutdown: :brutal_kill}", NULL},
        {"%{id: 1, start: {M, :f, []}, shutdown: :infinity}", NULL},
        {"%{id: 1, start: {M, :f, []}, shutdown: :x}", "{:invalid_shutdown, :x}"},
        {"%{id: 1, start: {M, :f, []}, type: :x}", "{:invalid_child_type, :x}"},
        {"%{id: 1, start: {M, :f, []}, modules: :x}", "{:invalid_modules, :x}"},
        {"%{id: 1, start: {M, :f, []}, modules: [M, 1]}", "{:invalid_module, 1}"},
        {"%{id: 1, start: {M, :f, []}, significant: 1}", "{:invalid_significant, 1}"},
        {"%{id: 1, start: {M, :f, []}, significant: true, restart: :transient}",
         "{:bad_combination, [auto_shutdown: :never, significant: true]}"},
        /* what comes first is told */
        {"%{id: 1, start: {M, :f, []}, restart: :x, shutdown: -1}", "{:invalid_restart_type, :x}"},
        {"%{id: 1, start: {M, :f, []}, type: :x, shutdown: -1}", "{:invalid_child_type, :x}"},
    };

    check_rows(rows, sizeof rows / sizeof rows[0], check_never);
}

/* SUP-08, SUP-58 */
static void significant_checks(void)
{
    static const struct row rows[] = {
        {"%{id: 1, start: {M, :f, []}, significant: true}",
         "{:bad_combination, [restart: :permanent, significant: true]}"},
        {"%{id: 1, start: {M, :f, []}, significant: true, restart: :transient}", NULL},
        {"%{id: 1, start: {M, :f, []}, significant: true, restart: :temporary}", NULL},
        {"%{id: 1, start: {M, :f, []}, significant: false}", NULL},
    };

    check_rows(rows, sizeof rows / sizeof rows[0], check_any);
}

/* DYN-06: the answers of Elixir. */
static void dynamic_checks(void)
{
    static const struct row rows[] = {
        {"%{id: 1, start: {M, :f, []}}", NULL},
        {"{1, {M, :f, []}, :permanent, 5, :worker, [M]}", NULL},
        {"17", "{:invalid_child_spec, 17}"},
        {"%{}", "{:invalid_child_spec, %{}}"},
        {"%{id: 1}", "{:invalid_child_spec, %{id: 1}}"},
        {"%{id: 1, start: 1}", "{:invalid_child_spec, %{id: 1, start: 1}}"},
        {"%{start: {1, 2, 3}}", "{:invalid_child_spec, %{start: {1, 2, 3}}}"},
        {"%{id: 1, start: {1, 2, 3}}", "{:invalid_mfa, {1, 2, 3}}"},
        {"{1, 2, :permanent, 5, :worker, [M]}", "{:invalid_mfa, 2}"},
        {"%{id: 1, start: {M, :f, []}, restart: :x}", "{:invalid_restart_type, :x}"},
        {"%{id: 1, start: {M, :f, []}, shutdown: -1}", "{:invalid_shutdown, -1}"},
        {"%{id: 1, start: {M, :f, []}, type: :x}", "{:invalid_child_type, :x}"},
        {"%{id: 1, start: {M, :f, []}, modules: :x}", "{:invalid_modules, :x}"},
        {"%{id: 1, start: {M, :f, []}, modules: [1]}", "{:invalid_modules, [1]}"},
        {"%{id: 1, start: {M, :f, []}, significant: true}", "{:invalid_significant, true}"},
        /* what comes first is told */
        {"%{id: 1, start: {M, :f, []}, type: :x, shutdown: -1}", "{:invalid_shutdown, -1}"},
    };

    check_rows(rows, sizeof rows / sizeof rows[0], cop__spec_check_dynamic);
}

/* SUP-04: defaults; a supervisor has all the time it needs. */
static void defaults(void)
{
    struct cop__spec spec;

    cop_assert(cop_is_none(check_never(term("%{id: 1, start: {M, :f, []}}"), &spec)));
    cop_assert_equal(term("%{id: 1, start: {M, :f, []}, restart: :permanent, shutdown: 5000, "
                          "type: :worker, modules: [M], significant: false}"),
                     cop__spec_map(&spec));
    cop_assert(
        cop_is_none(check_never(term("%{id: 1, start: {M, :f, []}, type: :supervisor}"), &spec)));
    cop_assert_equal(COP(":infinity"), cop__shutdown_term(spec.shutdown));
    cop_assert_equal(COP(":brutal_kill"), cop__shutdown_term(COP__SHUTDOWN_BRUTAL_KILL));
}

/* SUP-05: each element of an old tuple has its meaning. */
static void six_elements(void)
{
    struct cop__spec spec;

    cop_assert(cop_is_none(
        check_never(term("{:x, {M, :f, [1]}, :transient, 77, :supervisor, [A, B]}"), &spec)));
    cop_assert_equal(term("%{id: :x, start: {M, :f, [1]}, restart: :transient, shutdown: 77, "
                          "type: :supervisor, modules: [A, B], significant: false}"),
                     cop__spec_map(&spec));
}

/* --- Forms (SUP-06, GEN-13) ------------------------------------------------------------------- */

static const struct cop_gen_server no_callbacks = {.size = sizeof(struct cop_gen_server)};

static cop_term init_nothing(cop_term arg)
{
    return arg;
}

static const struct cop_module worker = {.size = sizeof(struct cop_module),
                                         .name = "Form.Worker",
                                         .gen_server = &no_callbacks,
                                         .child_spec = "restart: :temporary, shutdown: 1"};
static const struct cop_module supervisor = {.size = sizeof(struct cop_module),
                                             .name = "Form.Supervisor",
                                             .supervisor_init = init_nothing,
                                             .child_spec = ""};
static const struct cop_module without = {.size = sizeof(struct cop_module),
                                          .name = "Form.Without"};

static void register_forms(void)
{
    cop_module_register(&worker);
    cop_module_register(&supervisor);
    cop_module_register(&without);
}

static void forms(void)
{
    register_forms();
    cop_assert_equal(term("%{id: Form.Worker, start: {Form.Worker, :start_link, [[]]}, "
                          "restart: :temporary, shutdown: 1}"),
                     cop__child_spec_of(COP("Form.Worker")));
    cop_assert_equal(term("%{id: Form.Worker, start: {Form.Worker, :start_link, [7]}, "
                          "restart: :temporary, shutdown: 1}"),
                     cop__child_spec_of(COP("{Form.Worker, 7}")));
    cop_assert_equal(term("%{id: Form.Supervisor, start: {Form.Supervisor, :start_link, [[]]}, "
                          "type: :supervisor}"),
                     cop__child_spec_of(COP("Form.Supervisor")));
    cop_assert_equal(term("%{anything: 1}"), cop__child_spec_of(COP("%{anything: 1}")));
    cop_assert_equal(term("{1, 2, 3, 4, 5, 6}"), cop__child_spec_of(COP("{1, 2, 3, 4, 5, 6}")));
    cop_assert_equal(COP(":temporary"),
                     cop_map_get(cop_supervisor_child_spec(COP("Form.Worker"), COP("[]")),
                                 COP(":restart"), cop_nil()));
    cop_assert_equal(
        term("%{id: :x, start: {Form.Worker, :start_link, [[]]}, "
             "restart: :permanent, shutdown: 1}"),
        cop_supervisor_child_spec(COP("Form.Worker"), COP("[id: :x, restart: :permanent]")));
}

/* DYN-04 */
static void form_of_dynamic_supervisor(void)
{
    cop_assert_equal(term("%{id: DynamicSupervisor, type: :supervisor, "
                          "start: {DynamicSupervisor, :start_link, [[strategy: :one_for_one]]}}"),
                     cop__child_spec_of(COP("{DynamicSupervisor, strategy: :one_for_one}")));
    cop_assert_equal(COP("KV.BucketSupervisor"),
                     cop_map_get(cop__child_spec_of(COP("{DynamicSupervisor, "
                                                        "name: KV.BucketSupervisor}")),
                                 COP(":id"), cop_nil()));
    cop_assert_equal(COP(":n"), cop_map_get(cop__child_spec_of(COP("{DynamicSupervisor, "
                                                                   "name: {:via, M, :n}}")),
                                            COP(":id"), cop_nil()));
}

struct resolve {
    cop_term child;
    cop_term overrides;
};

static cop_term resolve(void *arg)
{
    const struct resolve *r = arg;

    return cop_supervisor_child_spec(r->child, r->overrides);
}

/* The text of the ArgumentError that the child raises starts so. */
static void assert_refused(cop_term child, cop_term overrides, const char *words)
{
    struct resolve r = {child, overrides};
    cop_term exception = cop_assert_raises(resolve, &r);
    cop_bytes text = cop_to_bytes(cop_map_get(exception, COP(":message"), cop_nil()));

    cop_assert_equal(COP("ArgumentError"), cop_map_get(exception, COP(":__struct__"), cop_nil()));
    cop_assert_equal(words,
                     cop_binary(text.data, text.len < strlen(words) ? text.len : strlen(words)));
}

/* SUP-06: the words of Elixir 1.14. */
static void refused_forms(void)
{
    register_forms();
    assert_refused(COP("Form.Nowhere"), COP("[]"),
                   "The module Form.Nowhere was given as a child to a supervisor but it does not "
                   "exist");
    assert_refused(COP("{Form.Without, 1}"), COP("[]"),
                   "The module Form.Without was given as a child to a supervisor\n"
                   "but it does not implement child_spec/1.\n");
    assert_refused(COP("17"), COP("[]"),
                   "supervisors expect each child to be one of the following:\n\n"
                   "  * a module\n"
                   "  * a {module, arg} tuple\n"
                   "  * a child specification as a map with at least the :id and :start fields\n");
    assert_refused(COP("{1, 2}"), COP("[]"), "supervisors expect each child");
    assert_refused(COP("%{id: 1}"), COP("[foo: 1]"),
                   "unknown key :foo in child specification override");
    assert_refused(COP("{1, 2, 3, 4, 5, 6}"), COP("[]"),
                   "old tuple-based child specification {1, 2, 3, 4, 5, 6} is not supported in "
                   "Supervisor.child_spec/2");
}

/* --- Decision tables -------------------------------------------------------------------------- */

static void reason_classes(void)
{
    cop_assert(cop__reason_class(COP(":normal")) == COP__REASON_NORMAL);
    cop_assert(cop__reason_class(COP(":shutdown")) == COP__REASON_SHUTDOWN);
    cop_assert(cop__reason_class(COP("{:shutdown, 1}")) == COP__REASON_SHUTDOWN_TERM);
    cop_assert(cop__reason_class(COP(":killed")) == COP__REASON_KILLED);
    cop_assert(cop__reason_class(COP(":kill")) == COP__REASON_OTHER);
    cop_assert(cop__reason_class(COP("{:shutdown, 1, 2}")) == COP__REASON_OTHER);
}

/* SUP-33, SUP-34, SUP-35: a row a restart type, a column a reason: R restart, r report. */
static void death_rules(void)
{
    static const char *const table[3][COP__REASON_CLASSES] = {
        /*                   normal shutdown {shutdown,_} killed other */
        [COP__PERMANENT] = {"Rr", "Rr", "Rr", "Rr", "Rr"},
        [COP__TRANSIENT] = {"", "", "", "Rr", "Rr"},
        [COP__TEMPORARY] = {"", "", "", "r", "r"},
    };

    for (int restart = 0; restart < 3; restart++) {
        for (int reason = 0; reason < COP__REASON_CLASSES; reason++) {
            struct cop__death_rule rule =
                cop__death_rule((enum cop__restart)restart, (enum cop__reason_class)reason);
            const char *cell = table[restart][reason];

            cop_assert(rule.restart == (strchr(cell, 'R') != NULL));
            cop_assert(rule.report == (strchr(cell, 'r') != NULL));
        }
    }
}

/* SUP-53, DYN-21: x is reported. Columns as above. */
static void stop_reports(void)
{
    static const struct {
        int64_t shutdown;
        const char *cells;
        enum cop__restart restart;
        bool dynamic;
    } table[] = {
        {5000, "x.xxx", COP__PERMANENT, false},
        {5000, "...xx", COP__TRANSIENT, false},
        {5000, "...xx", COP__TEMPORARY, false},
        {COP__SHUTDOWN_INFINITY, "x.xxx", COP__PERMANENT, false},
        {COP__SHUTDOWN_BRUTAL_KILL, "xxx.x", COP__PERMANENT, false},
        {COP__SHUTDOWN_BRUTAL_KILL, "....x", COP__TRANSIENT, false},
        {COP__SHUTDOWN_BRUTAL_KILL, "....x", COP__TEMPORARY, false},
        {5000, "x..xx", COP__PERMANENT, true},
        {5000, "...xx", COP__TRANSIENT, true},
        {5000, "...xx", COP__TEMPORARY, true},
        {COP__SHUTDOWN_INFINITY, "x..xx", COP__PERMANENT, true},
        {COP__SHUTDOWN_BRUTAL_KILL, "xxx.x", COP__PERMANENT, true},
        {COP__SHUTDOWN_BRUTAL_KILL, ".xx.x", COP__TRANSIENT, true},
        {COP__SHUTDOWN_BRUTAL_KILL, ".xx.x", COP__TEMPORARY, true},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (int reason = 0; reason < COP__REASON_CLASSES; reason++) {
            bool expected = table[i].cells[reason] == 'x';

            cop_assert_equal(expected, cop__stop_is_reported(table[i].dynamic, table[i].shutdown,
                                                             table[i].restart,
                                                             (enum cop__reason_class)reason));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(supervisor_checks),
        TEST(significant_checks),
        TEST(dynamic_checks),
        TEST(defaults),
        TEST(six_elements),
        TEST(forms),
        TEST(form_of_dynamic_supervisor),
        TEST(refused_forms),
        TEST(reason_classes),
        TEST(death_rules),
        TEST(stop_reports),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
