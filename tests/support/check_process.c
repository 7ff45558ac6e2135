/* SPDX-License-Identifier: Apache-2.0 */
/* Support for tests whose bodies run as processes: see check_process.h. */
#include "support/check_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUPPETS_MAX 20000

static atomic_int failures;
static int baseline; /* processes of an empty node, the asking one included */
static cop_pid puppets[PUPPETS_MAX];
static atomic_int puppet_count;

/* --- Checks ------------------------------------------------------------------------------------*/

void check_fail(const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *name = strrchr(file, '/');
    name = name == NULL ? file : name + 1;
    atomic_fetch_add(&failures, 1);
    fprintf(stderr, "%s:%d: %s\n", name, line, text);
    cop_exit(cop_format("%s:%d: %s", name, line, text));
}

int check_failures(void)
{
    return atomic_load(&failures);
}

int check_scaled(int count)
{
    const char *text = getenv("COPPICE_TEST_SCALE");
    double scale = text == NULL ? 1.0 : atof(text);
    int scaled = (int)(count * scale);
    return scaled < 1 ? 1 : scaled;
}

void check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected)
{
    if (actual != expected)
        check_fail(file, line, "%s is %lld, not %lld", what, (long long)actual,
                   (long long)expected);
}

void check_term(const char *file, int line, cop_term actual, cop_term expected)
{
    if (cop_identical(actual, expected)) return;
    cop_bytes a = cop_to_bytes(cop_inspect(actual));
    cop_bytes b = cop_to_bytes(cop_inspect(expected));
    check_fail(file, line, "is %.*s, not %.*s", (int)a.len, a.data, (int)b.len, b.data);
}

void check_raises(const char *file, int line, enum cop_class class_, const char *text,
                  cop_try_fn fn, void *arg)
{
    struct cop_outcome outcome;
    if (cop_try(fn, arg, &outcome)) check_fail(file, line, "returned, and did not raise %s", text);
    check_int(file, line, "class", outcome.class_, class_);
    check_term(file, line, outcome.value, check_parse(text));
}

cop_term check_parse(const char *text)
{
    cop_bytes bytes = {text, strlen(text)};
    cop_term term;
    struct cop_parse_error error;
    if (!cop_parse(bytes, &term, &error))
        check_fail(__FILE__, __LINE__, "%s: %s", text, error.text);
    return term;
}

bool check_list_has(cop_term list, cop_term item)
{
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        if (cop_identical(cop_head(list), item)) return true;
    }
    return false;
}

/* --- Waiting -----------------------------------------------------------------------------------*/

cop_term check_next(void)
{
    cop_term msg;
    if (!cop_receive(&msg, CHECK_LIMIT_MS)) check_fail(__FILE__, __LINE__, "no message came");
    return msg;
}

void check_no_message(void)
{
    cop_term msg;
    /* A request to oneself is handled after all that came before. */
    CHECK(cop_is_alive(cop_self()));
    if (cop_receive(&msg, 0)) {
        cop_bytes text = cop_to_bytes(cop_inspect(msg));
        check_fail(__FILE__, __LINE__, "a message: %.*s", (int)text.len, text.data);
    }
}

static bool is_down(cop_term msg, void *arg)
{
    const cop_ref *expected = arg;
    cop_ref ref;
    return cop_match(msg, "{:DOWN, ref, :process, _, _}", ref) && cop_ref_equal(ref, *expected);
}

cop_term check_down(cop_ref ref)
{
    cop_term msg, reason = cop_nil();
    if (!cop_receive_if(is_down, &ref, &msg, CHECK_LIMIT_MS))
        check_fail(__FILE__, __LINE__, "no DOWN came");
    cop_expect(msg, "{:DOWN, _, :process, _, reason}", reason);
    return reason;
}

void check_gone(cop_pid pid)
{
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    (void)check_down(cop_monitor(pid)); /* behind all that it sent at its end */
    while (check_list_has(cop_processes(), cop_pid_term(pid))) {
        CHECK(cop_monotonic_ms() < limit);
        cop_sleep(1);
    }
}

void check_wait_for(atomic_int *flag, int value)
{
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    while (atomic_load(flag) < value) {
        CHECK(cop_monotonic_ms() < limit);
        cop_sleep(1);
    }
}

cop_term check_info(cop_pid pid, const char *item)
{
    cop_term info = cop_process_info(pid, cop_atom(item));
    CHECK(cop_is_tuple(info));
    CHECK_SAME(cop_elem(info, 0), cop_atom(item));
    return cop_elem(info, 1);
}

static cop_next end_at_once(cop_term arg)
{
    (void)arg;
    return cop_end();
}

cop_pid check_dead_pid(void)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid pid = cop_spawn(end_at_once, cop_nil(), &opts);
    check_down(ref);
    return pid;
}

/* --- Puppets -----------------------------------------------------------------------------------*/

static bool is_order(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, "{:puppet, _, _, _, _}");
}

static bool is_no_order(cop_term msg, void *arg)
{
    return !is_order(msg, arg);
}

static cop_next puppet_main(cop_term arg)
{
    (void)arg;
    for (;;) {
        cop_term msg, from, value;
        cop_ref ref;
        int64_t order;
        cop_receive_if(is_order, NULL, &msg, COP_INFINITY);
        cop_expect(msg, "{:puppet, from, ref, order, value}", from, ref, order, value);
        if (order == 0) return cop_end();
        cop_term result = ((puppet_fn)(uintptr_t)order)(value);
        if (cop_is_pid(from)) cop_send(from, cop_tuple(COP(":puppet_reply"), ref, result));
    }
}

cop_pid puppet_start_with(const struct cop_spawn_opts *opts)
{
    cop_pid pid = cop_spawn(puppet_main, cop_nil(), opts);
    int i = atomic_fetch_add(&puppet_count, 1);
    CHECK(i < PUPPETS_MAX);
    puppets[i] = pid;
    return pid;
}

cop_pid puppet_start(void)
{
    return puppet_start_with(NULL);
}

static bool is_reply(cop_term msg, void *arg)
{
    const cop_ref *expected = arg;
    cop_ref ref;
    return cop_match(msg, "{:puppet_reply, ref, _}", ref) && cop_ref_equal(ref, *expected);
}

cop_term puppet_call(cop_pid puppet, puppet_fn fn, cop_term arg)
{
    cop_ref ref = cop_make_ref();
    cop_term msg;
    cop_send(puppet, cop_tuple(COP(":puppet"), cop_self(), ref, (int64_t)(uintptr_t)fn, arg));
    if (!cop_receive_if(is_reply, &ref, &msg, CHECK_LIMIT_MS))
        check_fail(__FILE__, __LINE__, "the puppet did not answer");
    return cop_elem(msg, 2);
}

void puppet_cast(cop_pid puppet, puppet_fn fn, cop_term arg)
{
    cop_send(puppet,
             cop_tuple(COP(":puppet"), cop_nil(), cop_make_ref(), (int64_t)(uintptr_t)fn, arg));
}

static cop_term do_nothing(cop_term arg)
{
    return arg;
}

void puppet_sync(cop_pid puppet)
{
    puppet_call(puppet, do_nothing, cop_nil());
}

void puppet_end(cop_pid puppet)
{
    puppet_cast(puppet, NULL, cop_nil());
}

static cop_term do_link(cop_term arg)
{
    cop_link(cop_to_pid(arg));
    return cop_ok();
}

static cop_term do_unlink(cop_term arg)
{
    cop_unlink(cop_to_pid(arg));
    return cop_ok();
}

static cop_term do_trap(cop_term arg)
{
    return cop_bool(cop_trap_exit(cop_to_bool(arg)));
}

static cop_term do_monitor(cop_term arg)
{
    return cop_ref_term(cop_monitor(arg));
}

static cop_term do_signal(cop_term arg)
{
    cop_exit_process(cop_to_pid(cop_elem(arg, 0)), cop_elem(arg, 1));
    return cop_ok();
}

static cop_term do_send(cop_term arg)
{
    cop_send(cop_elem(arg, 0), cop_elem(arg, 1));
    return cop_ok();
}

static cop_term do_mailbox(cop_term arg)
{
    (void)arg;
    cop_term msg, all = cop_empty_list();
    CHECK(cop_is_alive(cop_self())); /* all that has arrived is in the mailbox then */
    while (cop_receive_if(is_no_order, NULL, &msg, 0))
        all = cop_cons(msg, all);
    return cop_list_reverse(all);
}

static cop_term do_exit(cop_term arg)
{
    cop_exit(arg);
}

static cop_term do_error(cop_term arg)
{
    cop_error(arg);
}

static cop_term do_throw(cop_term arg)
{
    cop_throw(arg);
}

void puppet_link(cop_pid puppet, cop_pid to)
{
    puppet_call(puppet, do_link, cop_pid_term(to));
}

void puppet_unlink(cop_pid puppet, cop_pid to)
{
    puppet_call(puppet, do_unlink, cop_pid_term(to));
}

void puppet_trap(cop_pid puppet, bool on)
{
    puppet_call(puppet, do_trap, cop_bool(on));
}

cop_ref puppet_monitor(cop_pid puppet, cop_term target)
{
    return cop_to_ref(puppet_call(puppet, do_monitor, target));
}

void puppet_signal(cop_pid puppet, cop_pid target, cop_term reason)
{
    puppet_call(puppet, do_signal, cop_tuple(target, reason));
}

void puppet_send(cop_pid puppet, cop_term to, cop_term msg)
{
    puppet_call(puppet, do_send, cop_tuple(to, msg));
}

cop_term puppet_mailbox(cop_pid puppet)
{
    return puppet_call(puppet, do_mailbox, cop_nil());
}

void puppet_exit(cop_pid puppet, cop_term reason)
{
    puppet_cast(puppet, do_exit, reason);
}

void puppet_error(cop_pid puppet, cop_term reason)
{
    puppet_cast(puppet, do_error, reason);
}

void puppet_throw(cop_pid puppet, cop_term value)
{
    puppet_cast(puppet, do_throw, value);
}

/* --- Bodies ------------------------------------------------------------------------------------*/

static cop_next count_processes(cop_term arg)
{
    (void)arg;
    baseline = (int)cop_list_len(cop_processes());
    return cop_end();
}

int check_start_node_with(const struct cop_node_opts *opts)
{
    if (cop_node_start(opts) != 0) return -1;
    return cop_run(count_processes, cop_nil(), NULL, 0) ? 0 : -1;
}

int check_settle(cop_start_fn body, int services)
{
    if (!cop_run(body, cop_nil(), NULL, 0)) return -1;
    baseline += services;
    return 0;
}

int check_start_node(void **state)
{
    (void)state;
    struct cop_node_opts opts = {.schedulers = 2};
    return check_start_node_with(&opts);
}

int check_stop_node(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

/* Kills the puppets and waits until nothing is left of the test. */
static cop_next clean_up(cop_term arg)
{
    (void)arg;
    int count = atomic_exchange(&puppet_count, 0);
    for (int i = 0; i < count; i++)
        cop_exit_process(puppets[i], COP(":kill"));
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    int left;
    while ((left = (int)cop_list_len(cop_processes())) > baseline && cop_monotonic_ms() < limit)
        cop_sleep(1);
    if (left != baseline)
        check_fail(__FILE__, __LINE__, "%d processes are left over", left - baseline);
    return cop_end();
}

void check_run(const char *name, cop_start_fn body)
{
    char text[2048] = "";
    char after[2048] = "";
    atomic_store(&failures, 0);
    bool is_ok = cop_run(body, cop_nil(), text, sizeof(text));
    bool is_clean = cop_run(clean_up, cop_nil(), after, sizeof(after));
    if (!is_ok) fail_msg("%s: %s", name, text);
    if (!is_clean) fail_msg("%s, afterwards: %s", name, after);
    if (atomic_load(&failures) != 0)
        fail_msg("%s: %d checks of other processes failed", name, atomic_load(&failures));
}
