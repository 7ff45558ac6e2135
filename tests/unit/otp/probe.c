/* SPDX-License-Identifier: Apache-2.0 */
/* See probe.h. Plans are shared by all processes of a test, so their counters are atomic. */
#include "probe.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define PLANS_MAX 16
#define NEXT_MS   5000

static struct plan {
    char id[32];
    char plan[64];
    atomic_int starts;
} plans[PLANS_MAX];
static atomic_int plans_len;

/* --- Plans ------------------------------------------------------------------------------------ */

void probe_reset(void)
{
    for (int i = 0; i < PLANS_MAX; i++)
        atomic_store(&plans[i].starts, 0);
    atomic_store(&plans_len, 0);
}

static struct plan *find_plan(const char *id)
{
    for (int i = 0; i < atomic_load(&plans_len); i++) {
        if (strcmp(plans[i].id, id) == 0) return &plans[i];
    }
    return NULL;
}

void probe_plan(const char *id, const char *plan)
{
    struct plan *p = find_plan(id);

    if (!p) {
        p = &plans[atomic_load(&plans_len)];
        snprintf(p->id, sizeof p->id, "%s", id);
        atomic_fetch_add(&plans_len, 1);
    }
    snprintf(p->plan, sizeof p->plan, "%s", plan);
    atomic_store(&p->starts, 0);
}

int probe_starts(const char *id)
{
    const struct plan *p = find_plan(id);

    return p ? atomic_load(&p->starts) : -1;
}

static char next_letter(cop_term id)
{
    cop_bytes text = cop_is_atom(id) ? cop_atom_text(id) : (cop_bytes){"", 0};
    char name[32];
    struct plan *p;
    int start;

    snprintf(name, sizeof name, "%.*s", (int)text.len, text.data);
    p = find_plan(name);
    if (!p) return 'o';
    start = atomic_fetch_add(&p->starts, 1);
    if (start >= (int)strlen(p->plan)) start = (int)strlen(p->plan) - 1;
    return p->plan[start];
}

/* --- The server ------------------------------------------------------------------------------- */

struct probe {
    cop_kept id;
    cop_pid to;
    bool slow;
};

static void tell(const struct probe *p, cop_term what, cop_term value)
{
    if (!cop_is_no_pid(p->to)) cop_send(p->to, cop_tuple(cop_kept_term(p->id), what, value));
}

static cop_result started(cop_term options, cop_term id)
{
    struct probe *p = cop_alloc(sizeof *p);
    cop_term to = cop_keyword_get(options, COP(":to"), cop_nil());

    p->id = cop_keep(id);
    p->to = cop_is_pid(to) ? cop_to_pid(to) : cop_no_pid();
    p->slow = cop_match(cop_keyword_get(options, COP(":slow"), cop_false()), "true");
    if (cop_match(cop_keyword_get(options, COP(":trap_exit"), cop_false()), "true"))
        cop_trap_exit(true);
    tell(p, COP(":init"), cop_pid_term(cop_self()));
    return cop_started(p);
}

static cop_result init(cop_term arg)
{
    cop_term options, id, how;

    cop_expect(arg, "{options, how}", options, how);
    id = cop_keyword_get(options, COP(":id"), cop_nil());
    switch ((char)cop_to_int(how)) {
    case 'i': return cop_ignore();
    case 's': return cop_stop(COP(":no"));
    case 'e': return cop_fail(COP(":no"));
    case 'x': cop_exit(COP(":no"));
    default: return started(options, id);
    }
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term reason;

    (void)state;
    (void)from;
    if (cop_match(request, ":ping")) return cop_reply(COP(":pong"));
    if (cop_match(request, "{:stop, reason}", reason)) return cop_stop_reply(reason, cop_ok());
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term message)
{
    cop_term reason;
    cop_pid pid;

    (void)state;
    if (cop_match(message, "{:stop, reason}", reason)) return cop_stop(reason);
    if (cop_match(message, "{:unlink, pid}", pid)) cop_unlink(pid);
    return cop_noreply();
}

static bool is_go(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, ":go");
}

static void terminate(void *state, cop_term reason)
{
    const struct probe *p = state;
    cop_term msg;

    tell(p, COP(":terminate"), reason);
    if (p->slow) cop_receive_if(is_go, NULL, &msg, COP_INFINITY);
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_info = handle_info,
    .terminate = terminate,
};

static const struct cop_module probe_module;

static cop_term start_link(cop_term options)
{
    char letter = next_letter(cop_keyword_get(options, COP(":id"), cop_nil()));
    cop_term name = cop_keyword_get(options, COP(":name"), cop_nil());
    cop_term answer, pid;

    switch (letter) {
    case 'r': cop_raise("RuntimeError", "no");
    case 't': cop_throw(COP(":no"));
    case 'B': return COP(":bad");
    default: break;
    }
    answer = cop_gen_server_start_link(&probe_module, cop_tuple(options, (int)letter),
                                       cop_build("[name: name]", name));
    if (letter == 'I' && cop_match(answer, "{:ok, pid}", pid))
        return cop_build("{:ok, pid, :info}", pid);
    return answer;
}

/* DYN-10: extra arguments come first. */
static cop_term start_link_extra(cop_term extra, cop_term options)
{
    return start_link(cop_list_append(extra, options));
}

static cop_term child_spec(cop_term options)
{
    cop_term id = cop_keyword_get(options, COP(":id"), COP(":probe"));

    return cop_build("%{id: id, start: {Probe, :start_link, [options]}}", id, options);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts a probe."),
    COP_EXPORT("start_link(extra, options)", start_link_extra, "Starts a probe."),
    COP_EXPORT("child_spec(options)", child_spec, "Its specification."), COP_EXPORT_END};

static const struct cop_module probe_module = {.size = sizeof(struct cop_module),
                                               .name = "Probe",
                                               .doc = "A probe.",
                                               .functions = functions,
                                               .gen_server = &callbacks};

/* --- For the test ----------------------------------------------------------------------------- */

static cop_term parse(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse((cop_bytes){text, strlen(text)}, &t, &error))
        cop_raise("ArgumentError", "%s: %s", text, error.text);
    return t;
}

cop_term probe_spec(const char *id, const char *options, const char *overrides)
{
    cop_term name = cop_atom(id), self = cop_pid_term(cop_self());
    char text[256];
    cop_term all, over;

    snprintf(text, sizeof text, "[%s]", options);
    all = cop_list_append(cop_build("[id: name, to: self]", name, self), parse(text));
    snprintf(text, sizeof text, "[%s]", overrides);
    over = parse(text);
    return cop_supervisor_child_spec(cop_build("{Probe, all}", all), over);
}

cop_term probe_specs3(cop_term a, cop_term b, cop_term c)
{
    return cop_list(a, b, c);
}

cop_term probe_next(void)
{
    cop_term msg;

    if (!cop_receive(&msg, NEXT_MS)) cop_raise("RuntimeError", "no message came");
    return msg;
}

bool probe_is_quiet(void)
{
    cop_term msg;

    if (!cop_receive(&msg, 0)) return true;
    cop_log(COP_ERROR, "unexpected: %.*s", (int)cop_to_bytes(cop_inspect(msg)).len,
            cop_to_bytes(cop_inspect(msg)).data);
    return false;
}

cop_term probe_child(cop_pid supervisor, cop_term id)
{
    cop_term rows = cop_supervisor_which_children(cop_pid_term(supervisor));

    for (; !cop_is_empty_list(rows); rows = cop_tail(rows)) {
        if (cop_identical(cop_elem(cop_head(rows), 0), id)) return cop_elem(cop_head(rows), 1);
    }
    return cop_none();
}

cop_pid probe_pid(cop_pid supervisor, cop_term id)
{
    return cop_to_pid(probe_child(supervisor, id));
}

void probe_exit(cop_pid pid, cop_term reason)
{
    cop_ref ref = cop_monitor(pid);

    cop_exit_process(pid, reason);
    cop_assert_receive_within(NEXT_MS, "{:DOWN, ^ref, :process, _, _}", ref);
}

void probe_row(void **state)
{
    const probe_body *body = *state;

    probe_run(body->body);
}

void probe_run(void (*body)(void))
{
    char why[2048];

    probe_reset();
    cop_module_register(&probe_module);
    if (!cop_test_run(body, why, sizeof why)) fail_msg("%s", why);
}

static void drop_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

int probe_node_start_with(const struct cop_node_opts *opts)
{
    if (cop_node_start(opts) != 0) return -1;
    cop_log_to(drop_log, NULL, COP_ERROR);
    return 0;
}

int probe_node_start(void **state)
{
    (void)state;
    return probe_node_start_with(&(struct cop_node_opts){.schedulers = 2});
}

int probe_node_stop(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}
