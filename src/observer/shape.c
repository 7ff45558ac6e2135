/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of pids, terms and processes. */
#include "observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* #PID<0.slot.generation>, as inspect shows a pid. */
#define SLOT_BITS 28
#define SLOT_MASK (((uint64_t)1 << SLOT_BITS) - 1)

cop_term cop__obs_pid(cop_term pid)
{
    cop_pid p;

    if (!cop_match(pid, "p", p)) return cop_nil();
    return cop_format("%u.%llu.%llu", (unsigned)p.node, (unsigned long long)(p.id & SLOT_MASK),
                      (unsigned long long)(p.id >> SLOT_BITS));
}

cop_term cop__obs_ref(cop_term ref)
{
    cop_bytes text = cop_to_bytes(cop_inspect(ref));
    const char *open = memchr(text.data, '<', text.len);

    if (open == NULL) return cop_nil();
    open++;
    return cop_binary(open, (size_t)(text.data + text.len - open) - 1);
}

/* Reads a number and what must follow it. False: there is none, or it is larger than max. */
static bool read_part(const char **at, char end, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0, digit;
    const char *c = *at;

    for (; *c >= '0' && *c <= '9'; c++) {
        digit = (uint64_t)(*c - '0');
        if (digit > max || n > (max - digit) / 10) return false;
        n = 10 * n + digit;
    }
    if (c == *at || *c != end) return false;
    *at = c + 1;
    *ret = n;
    return true;
}

cop_pid cop__obs_pid_from(cop_bytes text)
{
    uint64_t node, slot, generation;
    cop_pid pid = cop_no_pid();
    const char *at;
    char copy[64];

    if (text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL) return pid;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    at = copy;
    if (read_part(&at, '.', 0, &node) && read_part(&at, '.', SLOT_MASK, &slot) && slot > 0 &&
        read_part(&at, '\0', UINT64_MAX >> SLOT_BITS, &generation))
        pid.id = generation << SLOT_BITS | slot;
    return pid;
}

cop_pid cop__obs_pid_or_fail(cop_bytes text)
{
    cop_pid pid = cop__obs_pid_from(text);

    if (cop_is_no_pid(pid)) cop__obs_fail(400, "bad_request", "this is no pid of this node");
    return pid;
}

/* --- Terms ------------------------------------------------------------------------------------ */

static bool has_dots(cop_bytes text)
{
    return text.len >= 3 && memmem(text.data, text.len, "...", 3) != NULL;
}

cop_term cop__obs_term_text(cop_term text)
{
    bool cut;

    if (!cop_is_binary(text)) return cop_nil();
    cut = has_dots(cop_to_bytes(text));
    text = cop__obs_utf8(text);
    return cop_build("%{text: text, cut: cut}", text, cut);
}

cop_term cop__obs_term(cop_term t, size_t max)
{
    return cop__obs_term_text(cop_inspect_within(t, max));
}

/* How many bytes the character at s has; 0: it is none. */
static size_t character_len(const unsigned char *s, size_t len)
{
    size_t more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : *s >= 0xe0 && *s < 0xf0 ? 2 : 3;

    if (*s >= 0x80 && (*s < 0xc2 || *s > 0xf4)) return 0;
    if (more >= len) return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
    }
    if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) ||
        (*s == 0xf4 && s[1] > 0x8f))
        return 0;
    return more + 1;
}

cop_term cop__obs_utf8(cop_term binary)
{
    static const char replacement[] = "\xef\xbf\xbd";
    cop_bytes bytes = cop_to_bytes(binary);
    const unsigned char *s = (const unsigned char *)bytes.data;
    size_t at = 0, len = 0, step;
    cop_term result;
    char *text;

    while (at < bytes.len && (step = character_len(s + at, bytes.len - at)) > 0)
        at += step;
    if (at == bytes.len) return binary;
    text = cop_alloc(3 * bytes.len);
    for (at = 0; at<bytes.len; at += step> 0 ? step : 1) {
        step = character_len(s + at, bytes.len - at);
        memcpy(text + len, step > 0 ? (const char *)s + at : replacement, step > 0 ? step : 3);
        len += step > 0 ? step : 3;
    }
    result = cop_binary(text, len);
    cop_free(text);
    return result;
}

cop_term cop__obs_each(cop_term list, cop_term (*fn)(cop_term))
{
    cop_term done = cop_empty_list();
    int left = COP__OBS_LIST_MAX;

    if (!cop_is_list(list) || cop_list_len(list) < 0) return cop_nil();
    for (; !cop_is_empty_list(list) && left > 0; list = cop_tail(list), left--)
        done = cop_cons(fn(cop_head(list)), done);
    return cop_list_reverse(done);
}

cop_term cop__obs_merge(cop_term map, cop_term more)
{
    struct cop_map_iter it = cop_map_iter(more);
    cop_term key, value;

    while (cop_map_next(&it, &key, &value))
        map = cop_map_put(map, key, value);
    return map;
}

/* --- Processes -------------------------------------------------------------------------------- */

cop_term cop__obs_name(cop_term name)
{
    return cop_is_atom(name) && !cop_match(name, "nil") ? cop_inspect(name) : cop_nil();
}

static cop_term label_of(cop_term label)
{
    return cop_is_binary(label) ? cop__obs_utf8(label) : cop_nil();
}

cop_term cop__obs_process(cop_term pid_or_name)
{
    cop_term text, name = cop_nil(), label = cop_nil();
    struct cop_process_row row;
    cop_pid pid;

    if (cop_is_atom(pid_or_name) && !cop_match(pid_or_name, "nil")) {
        pid = cop_whereis(pid_or_name);
        if (cop_is_no_pid(pid)) {
            name = cop_inspect(pid_or_name);
            return cop_build("%{pid: nil, name: name, label: nil}", name);
        }
        pid_or_name = cop_pid_term(pid);
    }
    if (!cop_match(pid_or_name, "pid", pid)) return cop_nil();
    text = cop__obs_pid(pid_or_name);
    if (cop_read_process(pid, &row)) {
        name = cop__obs_name(row.name);
        label = label_of(row.label);
    }
    return cop_build("%{pid: text, name: name, label: label}", text, name, label);
}

cop_term cop__obs_called(cop_term process)
{
    static const char *const parts[] = {"name", "label", "pid"};
    cop_term text = cop_nil();

    for (size_t i = 0; i < 3 && cop_is_map(process) && !cop_is_binary(text); i++)
        text = cop_map_get(process, cop_atom(parts[i]), cop_nil());
    return text;
}

cop_term cop__obs_pid_in(cop_term process)
{
    return cop_is_map(process) ? cop_map_get(process, COP(":pid"), cop_nil()) : cop_nil();
}

cop_term cop__obs_frame(cop_term frame)
{
    cop_term function, file, line, address;
    int64_t at;

    cop_expect(frame, "{function, file, line, at}", function, file, line, at);
    address = cop_format("0x%llx", (unsigned long long)at);
    return cop_build("%{function: function, file: file, line: line, address: address}", function,
                     file, line, address);
}

/* "Mod.fun/1"; a supervisor's function is its module. */
static cop_term call_text(cop_term module, cop_term function, int64_t arity)
{
    bool is_supervisor = cop_match(module, ":supervisor");
    cop_bytes m = cop_to_bytes(cop_inspect(module));
    cop_bytes f = is_supervisor ? cop_to_bytes(cop_inspect(function)) : cop_atom_text(function);

    return cop_format("%.*s.%.*s/%lld", (int)m.len, m.data, (int)f.len, f.data, (long long)arity);
}

cop_term cop__obs_initial_call(const struct cop_process_row *row)
{
    cop_term m, f;
    int64_t a;

    if (cop_match(row->initial_call, "{m, f, a}", m, f, a)) return call_text(m, f, a);
    return row->function != NULL ? cop_string(row->function) : cop_nil();
}

const char *cop__obs_status(enum cop_process_status status)
{
    static const char *const names[] = {
        [COP_PROCESS_WAITING] = "waiting", [COP_PROCESS_RUNNABLE] = "runnable",
        [COP_PROCESS_RUNNING] = "running", [COP_PROCESS_SUSPENDED] = "suspended",
        [COP_PROCESS_EXITING] = "exiting",
    };

    return names[status];
}

static cop_term text_of(cop_term atom)
{
    cop_bytes text = cop_atom_text(atom);

    return cop_binary(text.data, text.len);
}

cop_term cop__obs_application(cop_term apps, cop_pid leader)
{
    cop_term name, rest = apps;
    cop_pid master;

    while (cop_match(rest, "[{name, _, _, master, _} | rest]", name, master, rest)) {
        if (cop_pid_equal(master, leader)) return text_of(name);
    }
    return cop_nil();
}

int64_t cop__obs_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
