# SPDX-License-Identifier: Apache-2.0
# elixir format_exit.exs > format_exit.tsv   Records how a real Elixir node words exit reasons and
# exceptions: per line the kind (exit, error, throw, format), the reason as a literal, and the words as
# an Elixir string. "format" is Exception.format_exit/1, the others are Exception.format_banner/2.
shape = "%{__struct__: RuntimeError, __exception__: true, message: \"oops\"}"
stack = "[{KV.Bucket, :get, 2, [file: ~c\"lib/kv/bucket.ex\", line: 12]}, {:kv, :loop, [1, \"x\"], []}]"

reasons = [
  ":normal", ":shutdown", "{:shutdown, :x}", "{:shutdown, {:a, [1, 2]}}", ":killed", ":kill", ":noproc",
  ":timeout", ":calling_self", ":noconnection", "{:nodedown, :\"a@b\"}", "{:nodedown, 1}",
  "{:already_started, :pid}", "{:bad_return_value, {:a, 1}}", "{:bad_call, :x}", "{:bad_cast, :x}",
  "{:bad_return, {KV.Supervisor, :init, :oops}}", "{:bad_return, {KV.Supervisor, :start, :oops}}",
  "{:bad_start_spec, [1]}", "{:start_spec, {:duplicate_child_name, :a}}",
  "{:start_spec, {:invalid_child_spec, 1}}", "{:start_spec, {:invalid_child_type, 1}}",
  "{:start_spec, {:invalid_mfa, 1}}", "{:start_spec, {:invalid_restart_type, 1}}",
  "{:start_spec, {:invalid_shutdown, 1}}", "{:start_spec, {:invalid_modules, 1}}",
  "{:start_spec, {:invalid_module, 1}}", "{:start_spec, :missing_id}", "{:start_spec, {:invalid_significant, 1}}",
  "{:supervisor_data, {:invalid_type, 1}}", "{:supervisor_data, {:invalid_strategy, :x}}",
  "{:supervisor_data, {:invalid_intensity, -1}}", "{:supervisor_data, {:invalid_period, 0}}",
  "{:supervisor_data, {:invalid_max_children, 0}}", "{:supervisor_data, {:invalid_extra_arguments, 0}}",
  "{:supervisor_data, {:invalid_auto_shutdown, 0}}", "{:supervisor_data, {:other, 0}}",
  "{:noproc, {GenServer, :call, [KV.Registry, {:lookup, \"shopping\"}, 5000]}}",
  "{:timeout, {GenServer, :call, [KV.Registry, :x, 100]}}",
  "{{:nodedown, :\"a@b\"}, {GenServer, :call, [{KV.Registry, :\"a@b\"}, :x, :infinity]}}",
  "{{:noproc, {GenServer, :call, [:inner, :x, 5000]}}, {GenServer, :call, [:outer, :y, 5000]}}",
  "{{{:shutdown, 1}, {:gen_server, :call, [:b, 1]}}, {:sys, :get_state, [:a]}}",
  "{:noproc, {GenServer, :call, 3}}", "{:noproc, {GenServer, \"call\", []}}", "{:noproc, {1, :call, []}}",
  "{:noproc, {GenServer, :call, [1 | 2]}}", "{:boom, {Foo, :\"bar baz\", [\"a\"]}}", "{:boom, {Foo, :+, [1, 2]}}",
  "{:boom, {:foo, :bar?, []}}", "{:boom, {nil, :foo, []}}", "{:boom, {Foo, nil, []}}", "{:boom, {Foo, :Bar, []}}",
  "{:shutdown, {:failed_to_start_child, KV.Bucket, :boom}}",
  "{:shutdown, {:failed_to_start_child, :a, {:EXIT, :boom}}}",
  "{:shutdown, {:failed_to_start_child, :a, {:shutdown, {:failed_to_start_child, :b, {:already_started, :p}}}}}",
  "{:shutdown, {:failed_to_start_child, :a, {:noproc, {GenServer, :call, [:x, :y, 5000]}}}}",
  "{:shutdown, {:failed_to_start_child, :a, {:EXIT, {#{shape}, #{stack}}}}}",
  "{#{shape}, #{stack}}", "{{#{shape}, #{stack}}, {GenServer, :call, [:a, :b, 5000]}}",
  "{:badarg, #{stack}}", "{{:badmatch, {:error, 1}}, #{stack}}", "{:undef, [{Foo, :bar, [1, 2], []}]}",
  "{:undef, [{Foo, :bar, 2, []}, {Foo, :baz, 0, [file: ~c\"foo.ex\"]}]}", "{:function_clause, #{stack}}",
  "{:badarith, #{stack}}", "{{:nocatch, :x}, #{stack}}", "{:noproc, #{stack}}", "{:noproc, [{:a, :b}]}",
  "{:noproc, [1]}", "{{:a, 1}, [{:a, 1, [], []}]}", "{:noproc, [a: 1]}", "{:x, [{Foo, :bar, 1, []}, :y]}",
  ":boom", "{:boom, 1}", "\"text\"", "[1, 2]", "%{a: 1}", "{:EXIT, :boom}", "1.5", "nil", "{}", "{:a, 1, 2}",
  "{:error, :boom}", "{:exit_code, {1, 2, 3}}",
  "{:long, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52]}"
]

errors = [
  ":badarg", "{:badarg, 3}", ":badarith", ":system_limit", ":cond_clause", ":undef", ":function_clause",
  "{:badmatch, {:a, 1}}", "{:badmap, 1}", "{:badkey, :a}", "{:badkey, :a, %{b: 1}}", "{:badkey, \"a\", %{b: 1}}",
  "{:badkey, :a, [b: 1]}", "{:badkey, :a, nil}", "{:badkey, \"a\", [b: 1]}", "{:case_clause, 1}",
  "{:try_clause, 1}", "{:with_clause, 1}",
  "{:badbool, :and, 1}", "{:badstruct, Foo, 1}", "{:badfun, 3}", "{:badarity, {&Map.get/2, [1, 2, 3]}}",
  "{:badarity, {&Map.get/2, []}}", "{:badarity, {&Map.get/2, [\"a\"]}}", ":foo", "{:nocatch, 1}", ":timeout_value",
  "{:function_clause, 1}", "{:badarity, 3}", "\"text\"", shape,
  "%{__struct__: KeyError, __exception__: true, key: :a, term: [b: 1], message: nil}",
  "%{__struct__: KeyError, __exception__: true, key: :a, term: %{b: 1}, message: nil}",
  "%{__struct__: KeyError, __exception__: true, key: :a, term: nil, message: nil}",
  "%{__struct__: ArgumentError, __exception__: true, message: \"unknown registry: Foo\"}",
  "%{__struct__: UndefinedFunctionError, __exception__: true, module: Foo, function: :bar, arity: 1, reason: nil, message: nil}",
  "%{__struct__: UndefinedFunctionError, __exception__: true, module: :foo, function: :\"bar baz\", arity: 0, reason: nil, message: nil}",
  "%{__struct__: UndefinedFunctionError, __exception__: true, module: nil, function: :bar, arity: 1, reason: nil, message: nil}",
  "%{__struct__: FunctionClauseError, __exception__: true, module: Foo, function: :bar, arity: 1, args: nil, clauses: nil, kind: nil}",
  "%{__struct__: FunctionClauseError, __exception__: true, module: nil, function: nil, arity: nil, args: nil, clauses: nil, kind: nil}"
]

line = fn kind, text, words -> IO.puts([kind, "\t", text, "\t", inspect(words, printable_limit: :infinity)]) end

value = fn text ->
  {value, _} = Code.eval_string(text)
  value
end

for text <- reasons, do: line.("format", text, Exception.format_exit(value.(text)))
for text <- errors, do: line.("error", text, Exception.format_banner(:error, value.(text), []))
for text <- [":boom", "{:noproc, {GenServer, :call, [:a, :b, 5000]}}"], do: line.("exit", text, Exception.format_banner(:exit, value.(text)))
for text <- [":boom", "{:a, \"b\"}"], do: line.("throw", text, Exception.format_banner(:throw, value.(text)))
