/* SPDX-License-Identifier: Apache-2.0 */
/* Registry: starting one, and entries. What a console can show is in the scenarios registry_* of
 * tests/conformance, recorded from Elixir; here is what needs to look behind a partition that does
 * not answer, what is newer than they are, and the words of errors. */
#include "registry_help.h"

/* --- Starting --------------------------------------------------------------------------------- */

/* REG-01 */
PROCESS_TEST(options)
{
    static const struct {
        const char *options;
        const char *words;
    } rows[] = {
        {"[[]]", "expected :keys to be given and be one of :unique, :duplicate, {:duplicate, :key} "
                 "or {:duplicate, :pid}, got: nil"},
        {"[[keys: {:duplicate, :x}]]",
         "expected :keys to be given and be one of :unique, :duplicate, {:duplicate, :key} or "
         "{:duplicate, :pid}, got: {:duplicate, :x}"},
        {"[[keys: :unique]]", "expected :name option to be present"},
        {"[[keys: :unique, name: \"R\"]]", "expected :name to be an atom, got: \"R\""},
        {"[[keys: :unique, name: R, meta: [1]]]", "expected :meta to be a keyword list, got: [1]"},
        {"[[keys: :unique, name: R, partitions: 0]]",
         "expected :partitions to be a positive integer, got: 0"},
        {"[[keys: :unique, name: R, partitions: 1.0]]",
         "expected :partitions to be a positive integer, got: 1.0"},
        {"[[keys: :unique, name: R, listeners: [:a, 1]]]",
         "expected :listeners to be a list of named processes, got: [:a, 1]"},
        {"[[keys: :unique, name: R, listeners: [:a | :b]]]",
         "expected :listeners to be a list of named processes, got: [:a | :b]"},
        {"[[keys: :unique, name: R, partitions: 65536, listeners: 1]]",
         "expected :listeners to be a list of named processes, got: 1"},
        {"[[keys: :unique, name: R, compressed: 1]]",
         "expected :compressed to be a boolean, got: 1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term args;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].options)), &args, &error));
        cop_assert_equal(cop_format("** (ArgumentError) %s", rows[i].words),
                         words("start_link", args));
    }
    assert_words("** (SystemLimitError) a system limit has been reached", "start_link",
                 COP("[[keys: :unique, name: R, partitions: 65537]]"));
    assert_words("** (FunctionClauseError) no function clause matching in Keyword.get/3",
                 "start_link", COP("[:a]"));
    assert_words("** (FunctionClauseError) no function clause matching in Keyword.get/3",
                 "child_spec", COP("[:a]"));
}

/* Whether the table of the keys of a registry with one partition is. */
static cop_term is_compressed(const char *registry)
{
    cop_term keys = cop_ets_lookup_element(cop_atom(registry + 1), cop_int(-2), 2);

    return cop_ets_info_item(cop_elem(keys, 2), COP(":compressed"));
}

/* REG-01: a supervisor of partitions that bear names. */
PROCESS_TEST(processes)
{
    cop_pid first, second, third;
    cop_term about;

    start(COP("[keys: :unique, name: R, partitions: 2]"));
    first = cop_whereis(P0);
    second = cop_whereis(COP("R.PIDPartition1"));
    cop_assert_match(cop_supervisor_which_children(R),
                     "[{R.PIDPartition1, ^second, :worker, [Registry.Partition]},"
                     " {R.PIDPartition0, ^first, :worker, [Registry.Partition]}]",
                     first, second);
    cop_expect(cop_process_info(first, COP(":dictionary")), "{:dictionary, about}", about);
    cop_assert_equal(COP("{Registry.Partition, :init, 1}"),
                     cop_keyword_get(about, COP(":\"$initial_call\""), cop_nil()));
    cop_assert_equal(cop_ok(), cop_gen_server_call(P0, COP(":sync"), COP_CALL_TIMEOUT));
    cop_assert_match(cop_sys_get_state(P0, COP_CALL_TIMEOUT), "{_, %{}}");
    start(COP("[keys: {:duplicate, :pid}, name: :plain, meta: [a: 1]]"));
    third = cop_whereis(COP(":\"Elixir.plain.PIDPartition0\""));
    cop_assert(!cop_is_no_pid(third));
    cop_assert_equal(COP("{:ok, 1}"), cop_registry_meta(COP(":plain"), COP(":a")));
    cop_assert_equal(cop_false(), is_compressed(":plain"));
    start(COP("[keys: :unique, name: :small, compressed: true]"));
    cop_assert_equal(cop_true(), is_compressed(":small"));
}

/* A name that is taken by a table of somebody else is an error of the start; so is one that is too
 * long for its partitions' names. */
PROCESS_TEST(start_fails)
{
    char text[256];

    cop_trap_exit(true);
    cop_ets_new(COP(":taken_table"), COP("[:named_table]"));
    cop_assert_match(cop_registry_start_link(COP("[keys: :unique, name: :taken_table]")),
                     "{:error, _}");
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cop_assert_match(cop_registry_start_link(cop_list(cop_tuple(COP(":keys"), COP(":unique")),
                                                      cop_tuple(COP(":name"), cop_atom(text)))),
                     "{:error, _}");
    cop_assert_match(words("lookup", COP("[:taken_table, 1]")),
                     "\"** (ArgumentError) unknown registry: :taken_table\"");
}

/* REG-20, and what the functions say to arguments of the wrong kind. */
PROCESS_TEST(unknown_registry)
{
    assert_words("** (ArgumentError) unknown registry: Nope", "lookup", COP("[Nope, 1]"));
    assert_words("** (ArgumentError) unknown registry: Nope", "put_meta", COP("[Nope, :a, 1]"));
    assert_words("** (ArgumentError) unknown registry: Nope", "delete_meta", COP("[Nope, :a]"));
    assert_words("** (ArgumentError) unknown registry: Nope. Either the registry name is invalid "
                 "or the registry is not running, possibly because its application isn't started",
                 "meta", COP("[Nope, :a]"));
    assert_words("** (ArgumentError) unknown registry: 1", "unregister_match", COP("[1, :a, :_]"));
    assert_words("** (ArgumentError) unknown registry: \"R\"", "whereis_name", COP("[{\"R\", 1}]"));
    assert_words("** (ArgumentError) unknown registry: Nope", "lock", COP("[Nope, 1, &R.f/0]"));
}

PROCESS_TEST(no_clause)
{
    static const struct {
        const char *function;
        const char *args;
        const char *named;
    } rows[] = {
        {"register", "[\"R\", 1, 2]", "register/3"},
        {"unregister", "[1, 1]", "unregister/2"},
        {"unregister_match", "[R, 1, 2, 3]", "unregister_match/4"},
        {"lookup", "[\"R\", 1]", "lookup/2"},
        {"keys", "[R, 1]", "keys/2"},
        {"values", "[1, 1, 1]", "values/3"},
        {"count", "[1]", "count/1"},
        {"match", "[1, 1, 1]", "match/4"},
        {"match", "[R, 1, 1, 1]", "match/4"},
        {"count_match", "[1, 1, 1]", "count_match/4"},
        {"count_match", "[R, 1, 1, 1]", "count_match/4"},
        {"select", "[R, 1]", "select/2"},
        {"select", "[R, [1 | 2]]", "select/2"},
        {"select", "[1, []]", "select/2"},
        {"count_select", "[R, 1]", "count_select/2"},
        {"update_value", "[1, 1, &R.f/1]", "update_value/3"},
        {"update_value", "[R, 1, &R.f/2]", "update_value/3"},
        {"dispatch", "[1, 1, &R.f/1]", "dispatch/4"},
        {"dispatch", "[R, 1, &R.f/2]", "dispatch/4"},
        {"dispatch", "[R, 1, {R, :f}]", "dispatch/4"},
        {"lock", "[1, 1, &R.f/0]", "lock/3"},
        {"lock", "[R, 1, &R.f/1]", "lock/3"},
        {"meta", "[1, :a]", "meta/2"},
        {"meta", "[R, 1]", "meta/2"},
        {"put_meta", "[R, \"a\", 1]", "put_meta/3"},
        {"delete_meta", "[R, -1]", "delete_meta/2"},
        {"whereis_name", "[R]", "whereis_name/1"},
        {"whereis_name", "[{R, 1, 2, 3}]", "whereis_name/1"},
        {"register_name", "[{R}, 1]", "register_name/2"},
        {"register_name", "[{R, 1}, 1]", "register_name/4"},
        {"unregister_name", "[R]", "unregister_name/1"},
        {"send", "[R, 1]", "send/2"},
    };

    start_unique();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term args;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].args)), &args, &error));
        cop_assert_equal(cop_format("** (FunctionClauseError) no function clause matching in "
                                    "Registry.%s",
                                    rows[i].named),
                         words(rows[i].function, args));
    }
}

/* REG-14 */
PROCESS_TEST(wrong_specifications)
{
    start_unique();
    assert_words("** (ArgumentError) invalid match specification in Registry.select/2: [1]",
                 "select", COP("[R, [1]]"));
    assert_words("** (ArgumentError) invalid match specification in Registry.count_select/2: "
                 "[{{:_, :_}, [], [true]}]",
                 "count_select", COP("[R, [{{:_, :_}, [], [true]}]]"));
    cop_assert_match(words("match", COP("[R, 1, :_, [{:no_such_guard, 1}]]")),
                     "\"** (ArgumentError) argument error\"");
    cop_assert_match(words("select", COP("[R, [{{:_, :_, :_}, [], []}]]")),
                     "\"** (ArgumentError) argument error\"");
}

/* --- Entries ---------------------------------------------------------------------------------- */

/* REG-02, REG-03, REG-06, REG-10: a key has one owner, and only that one gives it up. */
PROCESS_TEST(unique_keys)
{
    cop_pid self = cop_self(), other = member(COP(":a")), part;

    start_unique();
    part = cop_whereis(P0);
    cop_assert_match(cop_registry_register(R, COP(":a"), cop_int(1)), "{:ok, ^part}", part);
    cop_assert_match(cop_registry_register(R, COP(":a"), cop_int(2)),
                     "{:error, {:already_registered, ^self}}", self);
    cop_assert_match(in(other, COP("&Registry.register(R, &1, 3)")),
                     "{:error, {:already_registered, ^self}}", self);
    cop_assert_equal(cop_ok(), in(other, COP("&Registry.unregister(R, &1)")));
    cop_assert_match(cop_registry_lookup(R, COP(":a")), "[{^self, 1}]", self);
    cop_assert_equal(cop_ok(), cop_registry_unregister(R, COP(":a")));
    cop_assert_equal(COP("[]"), cop_registry_lookup(R, COP(":a")));
    cop_assert_match(in(other, COP("&Registry.register(R, &1, 3)")), "{:ok, ^part}", part);
    cop_assert_match(cop_registry_lookup(R, COP(":a")), "[{^other, 3}]", other);
    end(other);
}

/* REG-04: keys are what they are, also those that are patterns elsewhere. A console's scenario has
 * those that Elixir handles; here are those that it takes for patterns. */
PROCESS_TEST(keys_that_look_like_patterns)
{
    static const char *const texts[] = {
        "1",        "1.0",     ":_",       ":\"$1\"", ":\"$_\"", "%{}",       "%{a: :_}",
        "%{a: 1}",  "{:_, 1}", "{2, 1}",   "[:_]",    "[2]",     "{{:_}, 1}", "{{3}, 1}",
        "[1 | :_]", "[1 | 2]", "{%{}, 1}", ":\"$x\"", ":__",     "\"_\"",     "[[[:_]]]"};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    cop_term keys = cop_empty_list(), key;
    cop_pid self = cop_self();
    int64_t left = 2 * COUNT;

    start_unique();
    start_duplicate();
    for (int i = COUNT; i-- > 0;) {
        struct cop_parse_error error;

        cop_assert(cop_parse(cop_to_bytes(cop_string(texts[i])), &key, &error));
        keys = cop_cons(key, keys);
        cop_assert_match(cop_registry_register(R, key, key), "{:ok, _}");
        cop_assert_match(cop_registry_register(D, key, key), "{:ok, _}");
        cop_assert_match(cop_registry_register(D, key, key), "{:ok, _}");
    }
    for (; !cop_is_empty_list(keys); keys = cop_tail(keys), left -= 2) {
        key = cop_head(keys);
        cop_assert_match(cop_registry_lookup(R, key), "[{^self, ^key}]", self, key);
        cop_assert_match(cop_registry_match(R, key, COP(":_"), COP("[]")), "[{^self, ^key}]", self,
                         key);
        cop_assert_equal(2, cop_registry_count_match(D, key, COP(":_"), COP("[]")));
        cop_assert_equal(cop_ok(), cop_registry_unregister(R, key));
        cop_assert_equal(left / 2 - 1, cop_registry_count(R));
        cop_assert_equal(cop_ok(), cop_registry_unregister(D, key));
        cop_assert_equal(left - 2, cop_registry_count(D));
        cop_assert_equal(left - 2, rows_of(COP("D.PIDPartition0")));
        cop_assert_equal(cop_list_len(cop_registry_keys(D, self)), left - 2);
    }
}

/* REG-05: linked while there is a key in the partition, and so ended with it. */
PROCESS_TEST(links_with_the_partition)
{
    cop_pid self = cop_self(), part, other = member(COP(":k"));

    start_unique();
    part = cop_whereis(P0);
    cop_assert(!is_linked(self, part));
    cop_registry_register(R, COP(":a"), cop_nil());
    cop_registry_register(R, COP(":b"), cop_nil());
    cop_assert(is_linked(self, part));
    cop_registry_unregister(R, COP(":a"));
    cop_assert(is_linked(self, part));
    cop_registry_unregister(R, COP(":none"));
    cop_assert(is_linked(self, part));
    cop_registry_unregister(R, COP(":b"));
    cop_assert(!is_linked(self, part));

    in(other, COP("&Registry.register(R, &1, 1)"));
    cop_monitor(other);
    cop_exit_process(part, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, _, :process, ^other, :killed}", other);
}

/* REG-05, REG-10: the matching entries go, and the link with the last. */
PROCESS_TEST(unregister_match)
{
    cop_term part = COP("D.PIDPartition0"), a = COP(":a");

    start_duplicate();
    for (int i = 0; i < 4; i++)
        cop_registry_register(D, a, cop_int(i));
    cop_registry_register(D, COP(":b"), cop_int(0));
    cop_registry_unregister_match(D, a, COP(":\"$1\""), COP("[{:>, :\"$1\", 1}]"));
    cop_assert_equal(COP("[0, 1]"), cop_registry_values(D, a, cop_self()));
    cop_assert_equal(3, rows_of(part));
    cop_assert_equal(COP("[:b, :a, :a]"), cop_registry_keys(D, cop_self()));
    cop_registry_unregister_match(D, a, cop_int(7), COP("[]"));
    cop_assert_equal(3, rows_of(part));
    cop_registry_unregister_match(D, a, COP(":_"), COP("[]"));
    cop_assert_equal(COP("[:b]"), cop_registry_keys(D, cop_self()));
    cop_assert(is_linked(cop_self(), cop_whereis(part)));
    cop_registry_unregister_match(D, COP(":b"), cop_int(0), COP("[]"));
    cop_assert_equal(0, rows_of(part));
    cop_assert(!is_linked(cop_self(), cop_whereis(part)));
}

/* REG-07: whoever asks gets an answer, also while no process of the registry does anything. */
PROCESS_TEST(lookup_sends_no_message)
{
    cop_pid self = cop_self();
    cop_term a = COP(":a");

    start(COP("[keys: :unique, name: R, partitions: 2]"));
    cop_registry_register(R, a, cop_int(1));
    cop_sys_suspend(R, COP_CALL_TIMEOUT);
    cop_sys_suspend(P0, COP_CALL_TIMEOUT);
    cop_sys_suspend(COP("R.PIDPartition1"), COP_CALL_TIMEOUT);
    cop_assert_match(cop_registry_lookup(R, a), "[{^self, 1}]", self);
    cop_assert(cop_pid_equal(self, cop_registry_whereis(R, a)));
    cop_assert_equal(COP("[:a]"), cop_registry_keys(R, self));
    cop_assert_equal(1, cop_registry_count(R));
    cop_assert_match(cop_registry_register(R, COP(":b"), cop_int(2)), "{:ok, _}");
    cop_assert_equal(cop_ok(), cop_registry_unregister(R, a));
    cop_assert_equal(COP("[]"), cop_registry_lookup(R, a));
    cop_sys_resume(P0, COP_CALL_TIMEOUT);
    cop_sys_resume(COP("R.PIDPartition1"), COP_CALL_TIMEOUT);
    cop_sys_resume(R, COP_CALL_TIMEOUT);
}

/* An entry for key that belongs to no partition, put by hand into all of the others. */
static void put_elsewhere(cop_term registry, cop_term key)
{
    for (int n = 0; n < 4; n++) {
        cop_term keys = cop_ets_lookup_element(registry, n, 2);

        if (!cop_ets_member(keys, key))
            cop_ets_insert(keys, cop_build("{key, {:nobody, :elsewhere}}", key));
    }
}

/* REG-07: a key has one partition, and only there it is looked for; without such a rule (duplicate)
 * in all. */
PROCESS_TEST(lookup_looks_in_one_partition)
{
    cop_pid self = cop_self();
    cop_term names = COP("[R, K]"), key = COP(":key");

    start(COP("[keys: :unique, name: R, partitions: 4]"));
    start(COP("[keys: {:duplicate, :key}, name: K, partitions: 4]"));
    start(COP("[keys: :duplicate, name: D, partitions: 4]"));
    for (; !cop_is_empty_list(names); names = cop_tail(names)) {
        cop_term name = cop_head(names);

        cop_assert_match(cop_registry_register(name, key, cop_int(1)), "{:ok, _}");
        put_elsewhere(name, key);
        cop_assert_match(cop_registry_lookup(name, key), "[{^self, 1}]", self);
        cop_assert_equal(COP("[1]"), cop_registry_values(name, key, self));
        cop_assert_match(cop_registry_match(name, key, COP(":_"), cop_empty_list()), "[{^self, 1}]",
                         self);
        cop_assert_equal(1, cop_registry_count_match(name, key, COP(":_"), cop_empty_list()));
    }
    cop_assert_match(cop_registry_register(D, key, cop_int(1)), "{:ok, _}");
    put_elsewhere(D, key);
    cop_assert_equal(4, cop_list_len(cop_registry_lookup(D, key)));
}

/* REG-08, REG-09, REG-21, SIG-08: a partition that has not heard of a death yet; a local name is
 * free at once (REG-25). */
PROCESS_TEST(stale_entries)
{
    cop_pid self = cop_self(), dead = member(COP(":a"));
    cop_term a = COP(":a");

    start_unique();
    in(dead, COP("&Registry.register(R, &1, 1)"));
    in(dead, COP("&Registry.register(R, {:b, &1}, 1)"));
    cop_register(COP(":reg_25"), dead);
    cop_sys_suspend(P0, COP_CALL_TIMEOUT);
    end(dead);
    cop_assert(cop_is_no_pid(cop_whereis(COP(":reg_25"))));
    cop_register(COP(":reg_25"), self);
    cop_assert_match(cop_registry_lookup(R, a), "[{^dead, 1}]", dead);
    cop_assert(cop_is_no_pid(cop_registry_whereis(R, a)));
    cop_assert_match(cop_registry_register(R, a, cop_int(2)), "{:ok, _}");
    cop_assert_match(cop_registry_lookup(R, a), "[{^self, 2}]", self);
    cop_assert_equal(2, cop_registry_count(R));
    cop_assert_equal(3, rows_of(P0));
    cop_sys_resume(P0, COP_CALL_TIMEOUT);
    await_count(R, 1); /* only what is of the dead goes */
    cop_assert_match(cop_registry_lookup(R, a), "[{^self, 2}]", self);
    cop_assert_equal(COP("[]"), cop_registry_lookup(R, COP("{:b, :a}")));
    cop_assert_equal(1, rows_of(P0));
}

/* REG-11: the last registered key first. */
PROCESS_TEST(keys_and_values)
{
    cop_pid self = cop_self();

    start_duplicate();
    cop_assert_equal(COP("[]"), cop_registry_keys(D, self));
    cop_registry_register(D, COP(":a"), cop_int(1));
    cop_registry_register(D, COP(":b"), cop_int(2));
    cop_registry_register(D, COP(":a"), cop_int(3));
    cop_registry_register(D, COP(":a"), cop_int(1));
    cop_assert_equal(COP("[:a, :a, :b, :a]"), cop_registry_keys(D, self));
    cop_assert_equal(COP("[1, 3, 1]"), cop_registry_values(D, COP(":a"), self));
    cop_assert_equal(COP("[]"), cop_registry_values(D, COP(":c"), self));
    cop_assert_match(cop_registry_lookup(D, COP(":a")), "[{^self, 1}, {^self, 3}, {^self, 1}]",
                     self);
    cop_assert_equal(4, cop_registry_count(D));
    cop_assert_equal(COP("[]"), words("values", cop_list(D, COP(":a"), cop_int(1))));
}

/* REG-12 */
PROCESS_TEST(update_value)
{
    cop_pid self = cop_self(), other = member(COP(":a"));
    cop_term a = COP(":a"), more = COP("&Kernel.+(&1, 1)");

    start_unique();
    start_duplicate();
    cop_assert_equal(COP(":error"), cop_registry_update_value(R, a, more));
    cop_registry_register(R, a, cop_int(1));
    cop_assert_equal(COP("{2, 1}"), cop_registry_update_value(R, a, more));
    cop_assert_match(cop_registry_lookup(R, a), "[{^self, 2}]", self);
    cop_assert_equal(COP(":error"), in(other, COP("&Registry.update_value(R, &1, &hd/1)")));
    cop_assert_match(cop_registry_lookup(R, a), "[{^self, 2}]", self);
    assert_words("** (ArgumentError) Registry.update_value/3 is not supported for duplicate "
                 "registries",
                 "update_value", COP("[D, :a, &hd/1]"));
    end(other);
}

/* REG-15 */
PROCESS_TEST(meta)
{
    start_unique();
    cop_assert_equal(COP(":error"), cop_registry_meta(R, COP(":a")));
    cop_assert_equal(cop_ok(), cop_registry_put_meta(R, COP(":a"), COP("[1]")));
    cop_assert_equal(cop_ok(), cop_registry_put_meta(R, COP("{:a}"), cop_int(2)));
    cop_assert_equal(COP("{:ok, [1]}"), cop_registry_meta(R, COP(":a")));
    cop_assert_equal(COP("{:ok, 2}"), cop_registry_meta(R, COP("{:a}")));
    cop_assert_equal(cop_ok(), cop_registry_delete_meta(R, COP(":a")));
    cop_assert_equal(cop_ok(), cop_registry_delete_meta(R, COP(":a")));
    cop_assert_equal(COP(":error"), cop_registry_meta(R, COP(":a")));
    cop_assert_equal(0, cop_registry_count(R));
}

/* REG-17: nothing is told of a death, nor of a registration that fails. */
PROCESS_TEST(listeners)
{
    cop_pid self = cop_self(), other = member(COP(":a"));

    cop_register(COP(":ear"), self);
    start(COP("[keys: :unique, name: R, listeners: [:ear]]"));
    in(other, COP("&Registry.register(R, &1, 1)"));
    cop_assert_receive("{:register, R, :a, ^other, 1}", other);
    cop_registry_register(R, COP(":a"), cop_int(2));
    cop_registry_unregister(R, COP(":none"));
    cop_assert_receive("{:unregister, R, :none, ^self}", self);
    end(other);
    await_count(R, 0);
    cop_assert_equal(cop_ok(), cop_gen_server_call(P0, COP(":sync"), COP_CALL_TIMEOUT));
    cop_assert_equal(COP("{:message_queue_len, 0}"),
                     cop_process_info(self, COP(":message_queue_len")));
}

/* A listener that is not there is the registering process's error, after it has registered. */
PROCESS_TEST(no_listener)
{
    cop_pid self = cop_self();

    start(COP("[keys: :unique, name: R, listeners: [:nobody_listens]]"));
    cop_assert_match(words("register", COP("[R, :a, 1]")), "\"** (ArgumentError) argument error\"");
    cop_assert_match(cop_registry_lookup(R, COP(":a")), "[{^self, 1}]", self);
}

/* REG-21: in all partitions; REG-11 */
PROCESS_TEST(death_clears_all_partitions)
{
    cop_pid other = member(COP(":k")), self = cop_self();

    start(COP("[keys: :unique, name: R, partitions: 4]"));
    start(COP("[keys: {:duplicate, :key}, name: D, partitions: 4]"));
    for (int i = 0; i < 32; i++) {
        cop_term r = cop_build("&Registry.register(R, {&1, i}, i)", i);
        cop_term d = cop_build("&Registry.register(D, {&1, i}, i)", i);

        cop_assert_match(in(other, r), "{:ok, _}");
        cop_assert_match(in(other, d), "{:ok, _}");
        cop_assert_match(in(other, d), "{:ok, _}");
        cop_assert_match(cop_registry_register(D, cop_build("{:k, i}", i), cop_nil()), "{:ok, _}");
    }
    cop_assert_equal(32, cop_registry_count(R));
    cop_assert_equal(96, cop_registry_count(D));
    cop_assert_match(cop_registry_lookup(D, COP("{:k, 31}")),
                     "[{^other, 31}, {^other, 31}, {^self, nil}]", other, self);
    cop_assert_equal(64, cop_list_len(cop_registry_keys(D, other)));
    end(other);
    await_count(R, 0);
    await_count(D, 32);
    cop_assert_equal(COP("[]"), cop_registry_keys(D, other));
    cop_assert_match(cop_registry_lookup(D, COP("{:k, 31}")), "[{^self, nil}]", self);
}

static void kill_partition(cop_term name)
{
    cop_pid old = cop_whereis(name), now;

    end(old);
    do {
        cop_yield();
        now = cop_whereis(name);
    } while (cop_is_no_pid(now) || cop_pid_equal(now, old));
    cop_gen_server_call(name, COP(":sync"), COP_CALL_TIMEOUT);
}

/* REG-22: where a partition knows of entries in other partitions' tables, all are started anew. */
PROCESS_TEST(partitions_restart)
{
    cop_pid r1, d1, k1;

    start(COP("[keys: :unique, name: R, partitions: 2]"));
    start(COP("[keys: :duplicate, name: D, partitions: 2]"));
    start(COP("[keys: {:duplicate, :key}, name: K, partitions: 2]"));
    r1 = cop_whereis(COP("R.PIDPartition1"));
    d1 = cop_whereis(COP("D.PIDPartition1"));
    k1 = cop_whereis(COP("K.PIDPartition1"));
    kill_partition(P0);
    kill_partition(COP("D.PIDPartition0"));
    kill_partition(COP("K.PIDPartition0"));
    cop_supervisor_which_children(R);
    cop_supervisor_which_children(COP("K"));
    cop_assert(!cop_pid_equal(r1, cop_whereis(COP("R.PIDPartition1"))));
    cop_assert(cop_pid_equal(d1, cop_whereis(COP("D.PIDPartition1"))));
    cop_assert(!cop_pid_equal(k1, cop_whereis(COP("K.PIDPartition1"))));
    for (int i = 0; i < 8; i++) {
        cop_assert_match(cop_registry_register(R, cop_int(i), cop_nil()), "{:ok, _}");
        cop_assert_match(cop_registry_register(D, cop_int(i), cop_nil()), "{:ok, _}");
        cop_assert_match(cop_registry_register(COP("K"), cop_int(i), cop_nil()), "{:ok, _}");
    }
    cop_assert_equal(8, cop_registry_count(R));
}

/* REG-22: a registry that was restarted is empty. */
PROCESS_TEST(restarted_is_empty)
{
    cop_pid other = member(COP(":a"));

    start_unique();
    in(other, COP("&Registry.register(R, &1, 1)"));
    cop_registry_put_meta(R, COP(":k"), cop_int(1));
    kill_partition(P0);
    cop_assert_equal(COP("[]"), cop_registry_lookup(R, COP(":a")));
    cop_assert_equal(0, cop_registry_count(R));
    cop_assert_equal(COP("{:ok, 1}"), cop_registry_meta(R, COP(":k")));
}

/* REG-23 */
PROCESS_TEST(failing_registrations_leave_nothing)
{
    cop_pid self = cop_self(), other = member(COP(":a"));

    start_unique();
    cop_registry_register(R, COP(":a"), cop_nil());
    for (int i = 0; i < 100; i++) {
        cop_registry_register(R, COP(":a"), cop_int(i));
        in(other, COP("&Registry.register(R, &1, 1)"));
    }
    cop_assert_equal(1, rows_of(P0));
    cop_assert_equal(1, cop_registry_count(R));
    cop_assert_equal(COP("[:a]"), cop_registry_keys(R, self));
    cop_assert(is_linked(self, cop_whereis(P0)));
    cop_assert(!is_linked(other, cop_whereis(P0)));
    end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),
        cmocka_unit_test(processes),
        cmocka_unit_test(start_fails),
        cmocka_unit_test(unknown_registry),
        cmocka_unit_test(no_clause),
        cmocka_unit_test(wrong_specifications),
        cmocka_unit_test(unique_keys),
        cmocka_unit_test(keys_that_look_like_patterns),
        cmocka_unit_test(links_with_the_partition),
        cmocka_unit_test(unregister_match),
        cmocka_unit_test(lookup_sends_no_message),
        cmocka_unit_test(lookup_looks_in_one_partition),
        cmocka_unit_test(stale_entries),
        cmocka_unit_test(keys_and_values),
        cmocka_unit_test(update_value),
        cmocka_unit_test(meta),
        cmocka_unit_test(listeners),
        cmocka_unit_test(no_listener),
        cmocka_unit_test(death_clears_all_partitions),
        cmocka_unit_test(partitions_restart),
        cmocka_unit_test(restarted_is_empty),
        cmocka_unit_test(failing_registrations_leave_nothing),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
