# SPDX-License-Identifier: Apache-2.0
# elixir tables.exs   Records the tables of this folder anew on a real node: inspect.tsv, compare.tsv,
# errors.tsv, stdlib.tsv and ets.tsv are read, their first columns are evaluated, and the answers are written back. Lines that
# begin with # stay as they are. Run it in this folder.
defmodule Tables do
  def rewrite(file, answer) do
    lines = file |> File.read!() |> String.split("\n", trim: true)

    text =
      Enum.map(lines, fn
        "#" <> _ = comment -> [comment, "\n"]
        line -> [answer.(String.split(line, "\t")), "\n"]
      end)

    File.write!(file, text)
  end

  # The limit is counted as IEx counts it; lists of printable codes print in the form of Elixir 1.15 on.
  def inspected([source | _]) do
    {term, _} = Code.eval_string(source)
    shown = inspect(term, pretty: true, width: 80, limit: 50, inspect_fun: &charlist/2)
    [source, "\t", String.replace(shown, "\n", "\\n")]
  end

  defp charlist([_ | _] = list, opts) do
    if List.ascii_printable?(list),
      do: "~c" <> inspect(List.to_string(list)),
      else: Inspect.inspect(list, opts)
  end

  defp charlist(term, opts), do: Inspect.inspect(term, opts)

  def compared([a, b | _]) do
    {x, _} = Code.eval_string(a)
    {y, _} = Code.eval_string(b)
    order = if x < y, do: "lt", else: if(x > y, do: "gt", else: "eq")
    Enum.intersperse([a, b, order, to_string(x === y)], "\t")
  end

  # What the standard library gives, on one line, or what it says.
  def answered([source | _]) do
    said =
      try do
        {term, _} = Code.eval_string(source)
        inspect(term, inspect_fun: &charlist/2)
      catch
        kind, reason -> Exception.format_banner(kind, reason, __STACKTRACE__)
      end

    [source, "\t", String.replace(said, "\n", "\\n")]
  end

  def failed([source | _]) do
    said =
      try do
        {term, _} = Code.eval_string(source)
        "no error: " <> inspect(term)
      catch
        kind, reason -> Exception.format_banner(kind, reason, __STACKTRACE__)
      end

    [kind] = Regex.run(~r/^\*\* \([\w.]+\)|^no error/, said)
    [source, "\t", kind, "\t", String.replace(said, "\n", "\\n")]
  end
end

Tables.rewrite("inspect.tsv", &Tables.inspected/1)
Tables.rewrite("compare.tsv", &Tables.compared/1)
Tables.rewrite("errors.tsv", &Tables.failed/1)
Tables.rewrite("stdlib.tsv", &Tables.answered/1)
Tables.rewrite("ets.tsv", &Tables.answered/1)
