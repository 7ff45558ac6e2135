/* SPDX-License-Identifier: Apache-2.0 */
/* Modules and calls by name: the registry, apply, child_spec/1, captures. */
#include "support/process_test.h"

#include "coppice/gen_server.h"
#include "coppice/module.h"
#include "coppice/supervisor.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static cop_term none(void)
{
    return COP(":none");
}

static cop_term pair(cop_term a, cop_term b)
{
    return cop_tuple(a, b);
}

static cop_term six(cop_term a, cop_term b, cop_term c, cop_term d, cop_term e, cop_term f)
{
    return cop_list(a, b, c, d, e, f);
}

static const struct cop_function functions[] = {
    COP_EXPORT("none()", none, "Nothing."),
    COP_EXPORT("pair(a, {b, c})", pair, "Two."),
    COP_EXPORT("six(a, b, [c | d], d, e, f)", six, "Six."),
    COP_EXPORT("ok?(a, b)", pair, "A name with a mark."),
    COP_EXPORT_END,
};
static const struct cop_module plain = {
    .size = sizeof(struct cop_module), .name = "ModuleTest.Plain", .functions = functions};
static const struct cop_module erlang_name = {
    .size = sizeof(struct cop_module), .name = ":module_test", .functions = functions};
static const struct cop_module server = {
    .size = sizeof(struct cop_module), .name = "ModuleTest.Server", .child_spec = ""};
static const struct cop_module temporary = {.size = sizeof(struct cop_module),
                                            .name = "ModuleTest.Temporary",
                                            .child_spec = "restart: :temporary, id: :other"};

static cop_term supervisor_init(cop_term arg)
{
    return arg;
}
static const struct cop_module supervisor = {.size = sizeof(struct cop_module),
                                             .name = "ModuleTest.Supervisor",
                                             .supervisor_init = supervisor_init,
                                             .child_spec = ""};

static int register_all(void **state)
{
    cop_module_register(&plain);
    cop_module_register(&plain);
    cop_module_register(&erlang_name);
    cop_module_register(&server);
    cop_module_register(&temporary);
    cop_module_register(&supervisor);
    return node_up(state);
}

PROCESS_TEST(find)
{
    cop_assert(cop_module_find(COP("ModuleTest.Plain")) == &plain);
    cop_assert(cop_module_find(COP(":module_test")) == &erlang_name);
    cop_assert(cop_module_find(COP(":nobody")) == NULL);
    cop_assert_equal(COP("ModuleTest.Plain"), cop_module_name(&plain));
    cop_assert_equal(COP(":module_test"), cop_module_name(&erlang_name));
}

PROCESS_TEST(modules_lists_each_once)
{
    cop_term list = cop_modules(), head;
    int count = 0;

    while (cop_match(list, "[head | list]", head, list))
        count += cop_identical(head, COP("ModuleTest.Plain"));
    cop_assert_equal(1, count);
}

PROCESS_TEST(exported)
{
    cop_assert(cop_function_exported(COP("ModuleTest.Plain"), COP(":pair"), 2));
    cop_assert(cop_function_exported(COP("ModuleTest.Plain"), COP(":ok?"), 2));
    cop_assert(!cop_function_exported(COP("ModuleTest.Plain"), COP(":pair"), 1));
    cop_assert(!cop_function_exported(COP("ModuleTest.Plain"), COP(":child_spec"), 1));
    cop_assert(cop_function_exported(COP("ModuleTest.Server"), COP(":child_spec"), 1));
    cop_assert(!cop_function_exported(COP(":nobody"), COP(":pair"), 2));
}

PROCESS_TEST(apply)
{
    cop_assert_equal(COP(":none"),
                     cop_apply(COP("ModuleTest.Plain"), COP(":none"), cop_empty_list()));
    cop_assert_equal(COP("{1, 2}"), cop_apply(COP(":module_test"), COP(":pair"), COP("[1, 2]")));
    cop_assert_equal(COP("[1, 2, 3, 4, 5, 6]"),
                     cop_apply(COP(":module_test"), COP(":six"), COP("[1, 2, 3, 4, 5, 6]")));
}

/* Applies {module, function, args} and returns what the exception says. */
static cop_term apply_mfa(void *mfa)
{
    cop_term module, function, args;

    cop_expect(*(cop_term *)mfa, "{module, function, args}", module, function, args);
    return cop_apply(module, function, args);
}

static cop_term banner(cop_term mfa)
{
    return cop_format_banner(COP_CLASS_ERROR, cop_assert_raises(apply_mfa, &mfa));
}

PROCESS_TEST(undefined_functions)
{
    cop_assert_equal("** (UndefinedFunctionError) function Foo.bar/1 is undefined "
                     "(module Foo is not available)",
                     banner(COP("{Foo, :bar, [1]}")));
    cop_assert_equal("** (UndefinedFunctionError) function ModuleTest.Plain.pair/1 is undefined "
                     "or private",
                     banner(COP("{ModuleTest.Plain, :pair, [1]}")));
    cop_assert_equal("** (UndefinedFunctionError) function :module_test.pair/8 is undefined "
                     "or private",
                     banner(COP("{:module_test, :pair, [1, 2, 3, 4, 5, 6, 7, 8]}")));
    cop_assert_equal("** (ArgumentError) argument error", banner(COP("{\"x\", :bar, []}")));
    cop_assert_equal("** (ArgumentError) argument error", banner(COP("{Foo, :bar, [1 | 2]}")));
}

static cop_term child_spec(cop_term module)
{
    return cop_apply(module, COP(":child_spec"), COP("[[name: :x]]"));
}

/* GEN-13 */
PROCESS_TEST(child_specs)
{
    cop_assert_equal(COP("%{id: ModuleTest.Server,"
                         " start: {ModuleTest.Server, :start_link, [[name: :x]]}}"),
                     child_spec(COP("ModuleTest.Server")));
    cop_assert_equal(COP("%{id: :other, restart: :temporary,"
                         " start: {ModuleTest.Temporary, :start_link, [[name: :x]]}}"),
                     child_spec(COP("ModuleTest.Temporary")));
    cop_assert_equal(COP("%{id: ModuleTest.Supervisor, type: :supervisor,"
                         " start: {ModuleTest.Supervisor, :start_link, [[name: :x]]}}"),
                     child_spec(COP("ModuleTest.Supervisor")));
}

/* GEN-13: the behaviours that come with the library */
PROCESS_TEST(child_specs_of_behaviours)
{
    static const struct {
        const char *child;
        const char *spec;
    } rows[] = {
        {"{Agent, 1}", "%{id: Agent, start: {Agent, :start_link, [1]}}"},
        {"{Task, 1}", "%{id: Task, restart: :temporary, start: {Task, :start_link, [1]}}"},
        {"Task.Supervisor",
         "%{id: Task.Supervisor, start: {Task.Supervisor, :start_link, [[]]}, type: :supervisor}"},
        {"DynamicSupervisor", "%{id: DynamicSupervisor, start: {DynamicSupervisor, :start_link,"
                              " [[]]}, type: :supervisor}"},
        {"{Registry, keys: :unique, name: R}",
         "%{id: R, start: {Registry, :start_link, [[keys: :unique, name: R]]}, type: :supervisor}"},
        {"{PartitionSupervisor, child_spec: Agent, name: P}",
         "%{id: P, start: {PartitionSupervisor, :start_link, [[child_spec: Agent, name: P]]},"
         " type: :supervisor}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term child, spec;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].child)), &child, &error));
        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].spec)), &spec, &error));
        cop_assert_equal(spec, cop_supervisor_child_spec(child, cop_empty_list()));
    }
}

/* --- Captures --------------------------------------------------------------------------------- */

struct call {
    cop_term fun;
    size_t len;
};

static cop_term call(void *arg)
{
    const struct call *c = arg;
    cop_term args[] = {cop_int(1), cop_int(2), cop_int(3)};

    return cop_call_fun(c->fun, args, c->len);
}

static cop_term called(cop_term fun, size_t len)
{
    return call(&(struct call){fun, len});
}

PROCESS_TEST(call_captures)
{
    cop_term x = COP("\"x\"");

    cop_assert_equal(COP("{1, 2}"), called(COP("&:module_test.pair/2"), 2));
    cop_assert_equal(COP(":none"), called(COP("&:module_test.none/0"), 0));
    cop_assert_equal(COP("{\"x\", 1}"), called(cop_build("&:module_test.pair(x, &1)", x), 1));
    cop_assert_equal(COP("{2, 1}"), called(COP("&:module_test.pair(&2, &1)"), 2));
    cop_assert_equal(COP("{{1, [2]}, %{a: 2}}"),
                     called(COP("&:module_test.pair({&1, [&2]}, %{a: &2})"), 2));
}

static cop_term failure(cop_term fun, size_t len)
{
    struct call c = {fun, len};

    return cop_format_banner(COP_CLASS_ERROR, cop_assert_raises(call, &c));
}

PROCESS_TEST(calls_that_fail)
{
    cop_assert_equal("** (BadArityError) &:module_test.pair/2 with arity 2 called with 1 argument "
                     "(1)",
                     failure(COP("&:module_test.pair/2"), 1));
    cop_assert_equal(
        "** (BadArityError) &:module_test.pair/2 with arity 2 called with no arguments",
        failure(COP("&:module_test.pair/2"), 0));
    cop_assert_equal("** (BadFunctionError) expected a function, got: :x", failure(COP(":x"), 0));
    cop_assert_equal("** (UndefinedFunctionError) function Foo.bar/1 is undefined "
                     "(module Foo is not available)",
                     failure(COP("&Foo.bar/1"), 1));
}

/* --- Readers and writers at once -------------------------------------------------------------- */

#define MANY 300

static struct cop_module many[MANY];
static char many_names[MANY][32];
static bool is_done;

static void *look(void *arg)
{
    const cop_term *names = arg;
    long seen = 0;

    while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE) || seen == 0) {
        for (int i = 0; i < MANY; i++) {
            const struct cop_module *found = cop_module_find(names[i]);

            if (found != NULL && found != &many[i]) return NULL;
            seen += found != NULL;
        }
    }
    return arg;
}

/* A reader that runs while the index grows finds what is there, and nothing else. */
static void registering_beside_readers(void **state)
{
    cop_term names[MANY];
    pthread_t reader;
    void *is_right;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(many_names[i], sizeof many_names[i], ":module_test_%d", i);
        many[i] = (struct cop_module){.size = sizeof(struct cop_module), .name = many_names[i]};
        names[i] = cop_atom(many_names[i] + 1);
    }
    assert_int_equal(pthread_create(&reader, NULL, look, names), 0);
    for (int i = 0; i < MANY; i++)
        cop_module_register(&many[i]);
    __atomic_store_n(&is_done, true, __ATOMIC_RELEASE);
    pthread_join(reader, &is_right);
    assert_non_null(is_right);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(cop_module_find(names[i]), &many[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find),
        cmocka_unit_test(modules_lists_each_once),
        cmocka_unit_test(exported),
        cmocka_unit_test(apply),
        cmocka_unit_test(undefined_functions),
        cmocka_unit_test(child_specs),
        cmocka_unit_test(child_specs_of_behaviours),
        cmocka_unit_test(call_captures),
        cmocka_unit_test(calls_that_fail),
        cmocka_unit_test(registering_beside_readers),
    };

    return cmocka_run_group_tests(tests, register_all, node_down);
}
