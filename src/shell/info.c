/* SPDX-License-Identifier: Apache-2.0 */
/* i: what a term is (IEX-09). A table tells of each kind what IEx does: the type's name, its
 * modules and protocols; a few kinds add lines of their own. */
#include "shell/help.h"

#include "coppice/io.h"
#include "coppice/process.h"
#include "shell/console.h"
#include <string.h>

#define CHARS "List.Chars, String.Chars"

static const struct {
    enum cop_kind kind;
    const char *type;
    const char *modules; /* NULL: none */
    const char *protocols;
} kinds[] = {
    {COP_KIND_INTEGER, "Integer", "Integer", "IEx.Info, Inspect, " CHARS},
    {COP_KIND_FLOAT, "Float", "Float", "IEx.Info, Inspect, " CHARS},
    {COP_KIND_ATOM, "Atom", "Atom", "IEx.Info, Inspect, " CHARS},
    {COP_KIND_REFERENCE, "Reference", NULL, "IEx.Info, Inspect"},
    {COP_KIND_FUN, "Function", NULL, "Enumerable, IEx.Info, Inspect"},
    {COP_KIND_PID, "PID", "Process, Node", "IEx.Info, Inspect"},
    {COP_KIND_TUPLE, "Tuple", "Tuple", "IEx.Info, Inspect"},
    {COP_KIND_MAP, "Map", "Map", "Collectable, Enumerable, IEx.Info, Inspect"},
    {COP_KIND_LIST, "List", "List", "Collectable, Enumerable, IEx.Info, Inspect, " CHARS},
    {COP_KIND_BINARY, "BitString", "String, :binary", "Collectable, IEx.Info, Inspect, " CHARS},
};

static void print(const char *title, cop_bytes text)
{
    cop_io_write(cop_format("%s\n  %.*s\n", title, (int)text.len, text.data));
}

static void print_text(const char *title, const char *text)
{
    if (text) print(title, (cop_bytes){text, strlen(text)});
}

static void print_term(const char *title, cop_term t)
{
    print(title, cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 50})));
}

/* [a, b] without the brackets; "none" for none. */
static void print_items(const char *title, cop_term list)
{
    cop_bytes text = cop_to_bytes(cop_inspect_with(list, (struct cop_inspect_opts){0, 50}));

    if (cop_is_empty_list(list))
        print_text(title, "none");
    else
        print(title, (cop_bytes){text.data + 1, text.len - 2});
}

static void print_process(cop_term t)
{
    cop_pid pid = cop_to_pid(t);
    cop_term info = cop_process_info(pid, COP("[:registered_name, :links, :message_queue_len]"));
    cop_term name;
    cop_term links;
    cop_term queue;

    print_text("Alive", cop_is_alive(pid) ? "true" : "false");
    if (cop_match(info, "[{:registered_name, name}, {:links, links}, {:message_queue_len, queue}]",
                  name, links, queue)) {
        if (cop_is_empty_list(name))
            print_text("Name", "not registered");
        else
            print_term("Name", name);
        if (cop_is_list(links))
            print_items("Links", links);
        else
            print_term("Links", links); /* :busy */
        print_term("Message queue length", queue);
    }
    print_text("Description", "Process.info(pid) tells more.");
}

static void print_list(cop_term t)
{
    if (!cop_is_empty_list(t) && cop_is_tuple(cop_head(t)) && cop_tuple_size(cop_head(t)) == 2 &&
        cop_is_atom(cop_elem(cop_head(t), 0)))
        print_text("Description", "Pairs with an atom each: a keyword list if all are.");
}

/* What is told of some kinds only. */
static void print_more(cop_term t)
{
    cop_term module;
    cop_term function;
    cop_term args;
    int arity;

    if (cop_is_pid(t)) print_process(t);
    if (cop_is_binary(t)) print_term("Byte size", cop_int((int64_t)cop_to_bytes(t).len));
    if (cop_is_list(t)) print_list(t);
    if (cop_is_map(t)) print_term("Size", cop_int((int64_t)cop_map_size(t)));
    if (cop_is_atom(t) && cop_module_find(t))
        print_text("Description", "A module: h(name) shows its documentation.");
    if (cop_is_fun(t, -1)) {
        cop_capture_parts(t, &module, &function, &arity, &args);
        print_term("Arity", cop_int(arity));
    }
}

cop_term cop__info_of(cop_term t)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].kind != cop_kind(t)) continue;
        print_term("Term", t);
        print_text("Data type", kinds[i].type);
        print_more(t);
        print_text("Reference modules", kinds[i].modules);
        print_text("Implemented protocols", kinds[i].protocols);
    }
    return COP__NOTHING;
}
