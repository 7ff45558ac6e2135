# SPDX-License-Identifier: Apache-2.0
# The key-value system in Elixir, as a peer of apps/kv in measurements: the same tree, buckets that are
# agents, names in a table, one task for each connection, lines by gen_tcp.
#
#     elixir bench/peer/kv.exs PORT
defmodule Peer.Bucket do
  use Agent, restart: :temporary

  def start_link(_options), do: Agent.start_link(fn -> %{} end)
  def get(bucket, key), do: Agent.get(bucket, &Map.get(&1, key))
  def put(bucket, key, value), do: Agent.update(bucket, &Map.put(&1, key, value))
  def delete(bucket, key), do: Agent.get_and_update(bucket, &Map.pop(&1, key))
end

defmodule Peer.Registry do
  use GenServer

  def start_link(options), do: GenServer.start_link(__MODULE__, options[:name], options)

  def lookup(server, name) do
    case :ets.lookup(server, name) do
      [{^name, bucket}] -> if Process.alive?(bucket), do: {:ok, bucket}, else: :error
      [] -> :error
    end
  end

  def create(server, name), do: GenServer.call(server, {:create, name})

  @impl true
  def init(table) do
    {:ok, {:ets.new(table, [:named_table, read_concurrency: true]), %{}}}
  end

  @impl true
  def handle_call({:create, name}, _from, {names, refs}) do
    case lookup(names, name) do
      {:ok, _bucket} ->
        {:reply, :ok, {names, refs}}

      :error ->
        {:ok, bucket} = DynamicSupervisor.start_child(Peer.BucketSupervisor, Peer.Bucket)
        :ets.insert(names, {name, bucket})
        {:reply, :ok, {names, Map.put(refs, Process.monitor(bucket), name)}}
    end
  end

  @impl true
  def handle_info({:DOWN, ref, :process, bucket, _reason}, {names, refs}) do
    {name, refs} = Map.pop(refs, ref)
    :ets.delete_object(names, {name, bucket})
    {:noreply, {names, refs}}
  end
end

defmodule Peer.Server do
  def accept(port) do
    {:ok, listener} =
      :gen_tcp.listen(port, [:binary, packet: :line, active: false, reuseaddr: true, nodelay: true, backlog: 1024])

    accept_all(listener)
  end

  defp accept_all(listener) do
    {:ok, client} = :gen_tcp.accept(listener)
    {:ok, pid} = Task.Supervisor.start_child(Peer.Tasks, fn -> serve(client) end)
    :ok = :gen_tcp.controlling_process(client, pid)
    accept_all(listener)
  end

  defp serve(socket) do
    with {:ok, line} <- :gen_tcp.recv(socket, 0) do
      :ok = :gen_tcp.send(socket, run(String.split(line)))
      serve(socket)
    end
  end

  defp run(["CREATE", bucket]) do
    :ok = Peer.Registry.create(Peer.Registry, bucket)
    "OK\r\n"
  end

  defp run(["GET", bucket, key]), do: lookup(bucket, &"#{Peer.Bucket.get(&1, key)}\r\nOK\r\n")

  defp run(["PUT", bucket, key, value]) do
    lookup(bucket, fn pid ->
      Peer.Bucket.put(pid, key, value)
      "OK\r\n"
    end)
  end

  defp run(["DELETE", bucket, key]) do
    lookup(bucket, fn pid ->
      Peer.Bucket.delete(pid, key)
      "OK\r\n"
    end)
  end

  defp run(_words), do: "UNKNOWN COMMAND\r\n"

  defp lookup(bucket, fun) do
    case Peer.Registry.lookup(Peer.Registry, bucket) do
      {:ok, pid} -> fun.(pid)
      :error -> "NOT FOUND\r\n"
    end
  end
end

[port] = System.argv()

children = [
  {DynamicSupervisor, name: Peer.BucketSupervisor, strategy: :one_for_one},
  {Peer.Registry, name: Peer.Registry},
  {Task.Supervisor, name: Peer.Tasks},
  {Task, fn -> Peer.Server.accept(String.to_integer(port)) end}
]

{:ok, _} = Supervisor.start_link(children, strategy: :one_for_one)
Process.sleep(:infinity)
