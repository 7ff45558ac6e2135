/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of the standard library share: errors, arguments, sorting. */
#include "otp/stdlib.h"

#include "otp/exception.h"
#include "otp/task_stream.h"
#include <string.h>

void cop__stdlib_register(void)
{
    static const struct cop_module *const modules[] = {
        &cop__kernel_module,     &cop__function_module, &cop__access_module,
        &cop__enum_module,       &cop__list_module,     &cop__keyword_module,
        &cop__map_module,        &cop__range_module,    &cop__tuple_module,
        &cop__string_module,     &cop__integer_module,  &cop__float_module,
        &cop__atom_module,       &cop__process_module,  &cop__node_module,
        &cop__gen_server_module, &cop__agent_module,    &cop__system_module,
        &cop__io_module,         &cop__erlang_module,   &cop__timer_module,
        &cop__os_module,         &cop__sys_module,      &cop__erlang_gen_server_module,
        &cop__proc_lib_module,   &cop__ets_module,      &cop__gen_tcp_module,
        &cop__gen_udp_module,    &cop__inet_module,     &cop__inet_res_module};
    static bool done; /* release when written, acquire when read: the tables are seen then */

    if (__atomic_load_n(&done, __ATOMIC_ACQUIRE)) return;
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
        cop_module_register(modules[i]);
    __atomic_store_n(&done, true, __ATOMIC_RELEASE);
}

/* --- Errors ----------------------------------------------------------------------------------- */

void cop__raise_argument(int position, const char *what)
{
    const char *suffix = position == 1 ? "st" : position == 2 ? "nd" : position == 3 ? "rd" : "th";

    cop_raise("ArgumentError",
              "errors were found at the given arguments:\n\n  * %d%s argument: %s\n", position,
              suffix, what);
}

void cop__raise_no_clause(const char *function)
{
    const char *dot = strrchr(function, '.');
    const char *slash = strrchr(function, '/');
    bool is_erlang = function[0] == ':';
    cop_term module = cop_atom_from(
        cop_to_bytes(cop_format("%s%.*s", is_erlang ? "" : "Elixir.",
                                (int)(dot - function) - is_erlang, function + is_erlang)));
    cop_term name = cop_format("%.*s", (int)(slash - dot - 1), dot + 1);
    cop_bytes bytes = cop_to_bytes(name);
    char text[64] = {0};

    memcpy(text, bytes.data, bytes.len < sizeof(text) ? bytes.len : sizeof(text) - 1);
    cop__raise_function_clause(module, text, slash[1] - '0');
}

void cop__raise_bad_map(cop_term t)
{
    cop_error(cop_tuple(COP(":badmap"), t));
}

/* Of a keyword list the words are given here: those of a :badkey would guess at a wrong dot. */
void cop__raise_key(cop_term key, cop_term what)
{
    const struct cop_inspect_opts one_line = {0, 50};
    cop_term message = cop_nil();

    if (!cop_is_map(what)) {
        cop_bytes key_text = cop_to_bytes(cop_inspect_with(key, one_line));
        cop_bytes text = cop_to_bytes(cop_inspect_with(what, one_line));

        message = cop_format("key %.*s not found in: %.*s", (int)key_text.len, key_text.data,
                             (int)text.len, text.data);
    }
    cop_error(cop_build("%{__struct__: KeyError, __exception__: true, key: key, term: what,"
                        " message: message}",
                        key, what, message));
}

void cop__raise_protocol(const char *protocol, cop_term t)
{
    cop_term text = cop_inspect_with(t, (struct cop_inspect_opts){0, 50});
    cop_bytes bytes = cop_to_bytes(text);

    cop_raise("Protocol.UndefinedError", "protocol %s not implemented for %.*s of type %s",
              protocol, (int)bytes.len, bytes.data, cop_kind_name(t));
}

/* --- Arguments -------------------------------------------------------------------------------- */

bool cop__is_int64(cop_term t, int64_t *ret)
{
    int64_t n;

    if (!cop_match(t, "n", n)) return false;
    *ret = n;
    return true;
}

cop_term cop__map_arg(cop_term t)
{
    if (!cop_is_map(t)) cop__raise_bad_map(t);
    return t;
}

static bool add_element(void *list, cop_term element)
{
    *(cop_term *)list = cop_cons(element, *(cop_term *)list);
    return true;
}

static cop_term range_list(struct cop__range range)
{
    cop_term list = cop_empty_list();
    int64_t len = cop__range_len(range);

    for (int64_t i = cop__times(cop_int(len), 2 * sizeof list, "Enum.map/2"); i-- > 0;)
        list = cop_cons(cop__range_at(range, i), list);
    return list;
}

cop_term cop__enumerate(cop_term t)
{
    struct cop__range range;

    if (cop__is_stream(t)) {
        cop_term list = cop_empty_list();

        cop__stream_each(t, add_element, &list);
        return cop_list_reverse(list);
    }
    if (cop__is_range(t, &range)) return range_list(range);
    if (cop_is_map(t)) return cop_map_to_list(t);
    if (!cop_is_list(t)) cop__raise_protocol("Enumerable", t);
    if (cop_list_len(t) < 0) cop__raise_no_clause("Enum.map/2");
    return t;
}

int64_t cop__times(cop_term times, size_t size, const char *function)
{
    static const int64_t bytes_max = INT64_C(1) << 32;
    int64_t n;

    if (!cop_is_integer(times) || cop_compare(times, cop_int(0)) < 0)
        cop__raise_no_clause(function);
    if (size == 0) return 0;
    if (!cop__is_int64(times, &n) || n > bytes_max / (int64_t)size) cop_error(COP(":system_limit"));
    return n;
}

void cop__each(cop_term enumerable, cop__each_fn fn, void *state)
{
    struct cop__range range;
    cop_term list;

    if (cop__is_stream(enumerable)) {
        cop__stream_each(enumerable, fn, state);
        return;
    }
    if (cop__is_range(enumerable, &range)) {
        int64_t len = cop__range_len(range);

        for (int64_t i = 0; i < len && fn(state, cop__range_at(range, i)); i++)
            ;
        return;
    }
    list = cop__enumerate(enumerable);
    while (!cop_is_empty_list(list) && fn(state, cop_head(list)))
        list = cop_tail(list);
}

bool cop__is_truthy(cop_term t)
{
    return !cop_identical(t, cop_nil()) && !cop_identical(t, cop_false());
}

cop_term cop__fun_arg(cop_term fun, int arity, const char *function)
{
    if (!cop_is_fun(fun, arity)) cop__raise_no_clause(function);
    return fun;
}

bool cop__get_and_update(cop_term fun, cop_term old, cop_term *ret_got, cop_term *ret_new)
{
    cop_term said = cop__call1(fun, old);
    cop_term got;
    cop_term updated;
    cop_bytes text;

    if (cop_match(said, "{got, updated}", got, updated)) {
        *ret_got = got;
        *ret_new = updated;
        return true;
    }
    if (cop_identical(said, COP(":pop"))) {
        *ret_got = old;
        return false;
    }
    text = cop_to_bytes(cop_inspect_with(said, (struct cop_inspect_opts){0, 50}));
    cop_raise("RuntimeError",
              "the given function must return a two-element tuple or :pop, got: %.*s",
              (int)text.len, text.data);
}

cop_term cop__list_to_tuple(cop_term list)
{
    size_t len = (size_t)cop_list_len(list);
    cop_term *items = cop_alloc(len * sizeof(*items) + 1);
    cop_term tuple;

    for (size_t i = 0; !cop_is_empty_list(list); list = cop_tail(list))
        items[i++] = cop_head(list);
    tuple = cop_tuple_from(items, len);
    cop_free(items);
    return tuple;
}

void cop__options_arg(cop_term options, int position)
{
    if (!cop_is_list(options)) cop__raise_argument(position, "not a list");
    if (cop_list_len(options) < 0) cop__raise_argument(position, "not a proper list");
}

int64_t cop__timeout(cop_term t)
{
    int64_t ms;

    if (cop_identical(t, COP(":infinity"))) return COP_INFINITY;
    return cop__is_int64(t, &ms) && ms >= 0 ? ms : -2;
}

/* --- Text ------------------------------------------------------------------------------------- */

/* Of List.to_string/1 and List.to_charlist/1, for a list with something in it that is no
 * character. */
static COP_NORETURN void raise_no_chardata(cop_term list, bool to_charlist)
{
    cop_bytes text = cop_to_bytes(cop_inspect_with(list, (struct cop_inspect_opts){0, 50}));

    cop_raise("ArgumentError",
              "cannot convert the given list to a %s.\n\n%s:\n\n"
              "  * strings\n"
              "  * integers representing Unicode code points\n"
              "  * %sa list containing one of these three elements\n\n"
              "Please check the given list or call inspect/1 to get the list representation, "
              "got:\n\n%.*s\n",
              to_charlist ? "charlist" : "string",
              to_charlist ? "To be converted to a charlist, a list must contain only"
                          : "To be converted to a string, a list must either be empty or only\n"
                            "contain the following elements",
              to_charlist ? "or " : "", (int)text.len, text.data);
}

static bool is_code(int64_t code)
{
    return code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static void add_code(struct cop__text *text, int64_t code)
{
    char utf8[4];
    size_t len = 0;

    if (code < 0x80) {
        utf8[len++] = (char)code;
    } else {
        int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static const int lead[] = {0, 0xc0, 0xe0, 0xf0};

        utf8[len++] = (char)(lead[more] | (int)(code >> 6 * more));
        while (more-- > 0)
            utf8[len++] = (char)(0x80 | (code >> 6 * more & 0x3f));
    }
    cop__text_add_bytes(text, (cop_bytes){utf8, len});
}

cop_term cop__chardata(cop_term list, bool to_charlist)
{
    /* What is still to come of each list is kept in a list. */
    COP__TEXT(text);
    cop_term pending = cop_list(list);

    while (!cop_is_empty_list(pending)) {
        cop_term t = cop_head(pending);
        int64_t code;

        pending = cop_tail(pending);
        if (cop_is_binary(t)) {
            cop__text_add_bytes(&text, cop_to_bytes(t));
        } else if (cop__is_int64(t, &code)) {
            if (!is_code(code))
                cop_raise("UnicodeConversionError", "invalid code point %lld", (long long)code);
            add_code(&text, code);
        } else if (cop_is_list(t)) {
            if (!cop_is_empty_list(t))
                pending = cop_cons(cop_head(t), cop_cons(cop_tail(t), pending));
        } else {
            raise_no_chardata(list, to_charlist);
        }
    }
    return cop__text_binary(&text);
}

cop_term cop__to_string(cop_term t)
{
    cop_bytes text;

    switch (cop_kind(t)) {
    case COP_KIND_BINARY: return t;
    case COP_KIND_ATOM:
        text = cop_atom_text(t);
        return cop_identical(t, cop_nil()) ? cop_string("") : cop_binary(text.data, text.len);
    case COP_KIND_INTEGER:
    case COP_KIND_FLOAT: return cop_inspect(t);
    case COP_KIND_LIST: return cop__chardata(t, false);
    default: cop__raise_protocol("String.Chars", t);
    }
}

/* --- Sorting ---------------------------------------------------------------------------------- */

bool cop__precedes(void *arg, cop_term a, cop_term b)
{
    (void)arg;
    return cop_compare(a, b) <= 0;
}

/* Merges from[left, middle) and from[middle, right) into to[left, right). */
static void merge(const cop_term *from, cop_term *to, const size_t bounds[3],
                  cop__precedes_fn precedes, void *arg)
{
    size_t i = bounds[0];
    size_t j = bounds[1];

    for (size_t k = bounds[0]; k < bounds[2]; k++) {
        if (j == bounds[2] || (i < bounds[1] && precedes(arg, from[i], from[j])))
            to[k] = from[i++];
        else
            to[k] = from[j++];
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* OTP's sort in the order of terms is stable but for this: of a longer list that begins with a
 * falling run, the run is turned round, with equal elements (1 and 1.0) in it. */
static void turn_falling_run(cop_term *items, size_t len)
{
    size_t run = 1;

    if (len < 4 || cop_compare(items[0], items[1]) <= 0) return;
    while (run < len && cop_compare(items[run], items[run - 1]) <= 0)
        run++;
    for (size_t i = 0; i < run / 2; i++) {
        cop_term swap = items[i];

        items[i] = items[run - 1 - i];
        items[run - 1 - i] = swap;
    }
}

cop_term cop__sort_list(cop_term list, cop__precedes_fn precedes, void *arg)
{
    size_t len = (size_t)cop_list_len(list);
    cop_term *block = cop_alloc(2 * len * sizeof(*block) + 1);
    cop_term *from = block;
    cop_term *to = block + len;
    cop_term sorted;

    for (size_t i = 0; i < len; i++, list = cop_tail(list))
        from[i] = cop_head(list);
    if (precedes == cop__precedes) turn_falling_run(from, len);
    for (size_t width = 1; width < len; width *= 2) {
        cop_term *swap = from;

        for (size_t at = 0; at < len; at += 2 * width) {
            size_t bounds[3] = {at, least(at + width, len), least(at + 2 * width, len)};

            merge(from, to, bounds, precedes, arg);
        }
        from = to;
        to = swap;
    }
    sorted = cop_list_from(from, len);
    cop_free(block);
    return sorted;
}

/* --- Calls ------------------------------------------------------------------------------------ */

cop_term cop__call1(cop_term fun, cop_term a)
{
    return cop_call_fun(fun, &a, 1);
}

cop_term cop__call2(cop_term fun, cop_term a, cop_term b)
{
    const cop_term args[] = {a, b};

    return cop_call_fun(fun, args, 2);
}
