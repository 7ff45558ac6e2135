// SPDX-License-Identifier: Apache-2.0
// A user in C++17: a server whose state is a class, literals and patterns in lambdas and templates,
// destructors on the way of an exit.
#include <coppice.h>

#include <string>
#include <vector>

namespace
{

class Inventory
{
  public:
    void put(const std::string &name, int64_t n)
    {
        for (auto &item : items_) {
            if (item.first == name) {
                item.second += n;
                return;
            }
        }
        items_.emplace_back(name, n);
    }

    [[nodiscard]] cop_term to_term() const
    {
        cop_term map = cop_map_new();
        for (const auto &item : items_) {
            map = cop_map_put(map, cop_binary(item.first.data(), item.first.size()), item.second);
        }
        return map;
    }

  private:
    std::vector<std::pair<std::string, int64_t>> items_;
};

cop_result init(cop_term)
{
    return cop_started(new Inventory);
}

cop_result handle_call(void *state, cop_term request, cop_from from)
{
    auto *inventory = static_cast<Inventory *>(state);
    cop_bytes name;
    int64_t n = 0;
    cop_pid client;

    if (cop_match(request, "{:put, name, n}", name, n)) {
        inventory->put(std::string(name.data, name.len), n);
        return cop_reply(cop_ok());
    }
    if (cop_match(request, ":all")) return cop_reply(inventory->to_term());
    if (cop_match(request, "{:later, client}", client)) {
        cop_send(client, cop_tuple(COP(":from"), from));
        return cop_noreply();
    }
    return cop_no_clause(request);
}

void terminate(void *state, cop_term)
{
    delete static_cast<Inventory *>(state);
}

cop_gen_server make_callbacks()
{
    cop_gen_server made = {};

    made.size = sizeof(made);
    made.init = init;
    made.handle_call = handle_call;
    made.terminate = terminate;
    return made;
}
const cop_gen_server callbacks = make_callbacks();

cop_term start_link(cop_term options);

const cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts an inventory."), COP_EXPORT_END};

const cop_module inventory = {
    sizeof(cop_module), "Inventory", "What is there.", functions, &callbacks, nullptr, ""};

cop_term start_link(cop_term options)
{
    return cop_gen_server_start_link(&inventory, cop_nil(), options);
}

// A destructor runs also when cop_expect below ends the process.
class Closing
{
  public:
    explicit Closing(const char *name) : name_(name)
    {
    }
    Closing(const Closing &) = delete;
    Closing &operator=(const Closing &) = delete;
    ~Closing()
    {
        cop_log(COP_INFO, "closing %s", name_);
    }

  private:
    const char *name_;
};

template <class T> cop_term pair_of(const char *text, T value)
{
    const cop_term key = cop_string(text);

    return cop_build("{key, value}", key, value);
}

cop_next run(cop_term)
{
    const Closing closing("run");
    const cop_term server = start_link(COP("[name: Inventory]"));
    cop_pid pid;
    double price = 2.5;
    bool cheap = true;

    cop_expect(server, "{:ok, pid}", pid);
    cop_expect(cop_gen_server_call(pid, cop_build("{:put, \"egg\", 3}"), COP_CALL_TIMEOUT), ":ok");
    cop_send(pid, cop_build("[price: price, cheap: cheap]", price, cheap));
    cop_send(pid, pair_of("n", int64_t{1}));
    cop_send(pid, cop_list(1, "two", 3.0, true));
    const auto is_all = [](cop_term t) {
        int64_t eggs = 0;
        return cop_match(t, "%{\"egg\" => eggs}", eggs) && eggs == 3;
    };
    if (!is_all(cop_gen_server_call(pid, COP(":all"), COP_CALL_TIMEOUT))) {
        cop_raise("RuntimeError", "%s", "eggs are missing");
    }
    return cop_end();
}

} // namespace

cop_pid inventory_run();
cop_pid inventory_run()
{
    cop_module_register(&inventory);
    return cop_spawn(run, cop_nil(), nullptr);
}
