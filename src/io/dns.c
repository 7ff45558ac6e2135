/* SPDX-License-Identifier: Apache-2.0 */
/* Names and addresses, by getaddrinfo and getnameinfo. These wait, for many seconds if a server
 * does not answer; so each question is asked beside the schedulers by a process of its own, and the
 * caller waits for its answer as long as it wants to. */
#include "coppice/dns.h"

#include "base/cleanup.h"
#include "io/inet.h"

#include <netdb.h>
#include <stdatomic.h>
#include <string.h>

/* The threads beside the schedulers are not for this alone. A few more may slip through. */
#define QUESTIONS_MAX 32

static _Atomic int questions; /* that are being asked */

/* --- Asking, in a process of its own ---------------------------------------------------------- */

struct question {
    char name[NI_MAXHOST]; /* "": an address is asked about */
    int family;
    union cop__inet address;
    int error; /* of getaddrinfo */
    struct addrinfo *found;
};

static void ask_blocking(void *arg)
{
    struct question *q = arg;
    const struct addrinfo hints = {.ai_family = q->family, .ai_socktype = SOCK_STREAM};
    if (q->name[0] != 0)
        q->error = getaddrinfo(q->name, NULL, &hints, &q->found);
    else
        q->error = getnameinfo(&q->address.any, cop__inet_size(&q->address), q->name,
                               sizeof(q->name), NULL, 0, NI_NAMEREQD);
}

static struct question *question_begin(void)
{
    atomic_fetch_add_explicit(&questions, 1, memory_order_relaxed);
    return cop_alloc(sizeof(struct question));
}

/* Also when the process is killed. */
static void question_end(struct question **at)
{
    if ((*at)->found != NULL) freeaddrinfo((*at)->found);
    atomic_fetch_sub_explicit(&questions, 1, memory_order_relaxed);
}

static cop_term reason_of(int error)
{
    switch (error) {
    case EAI_AGAIN: return COP(":try_again");
    case EAI_MEMORY: return COP(":enomem");
    case EAI_SYSTEM: return COP(":try_again");
    default: return COP(":nxdomain");
    }
}

static cop_term addresses_of(const struct addrinfo *found)
{
    cop_term list = cop_empty_list();
    for (; found != NULL; found = found->ai_next) {
        union cop__inet address = {0};
        if (found->ai_addrlen > sizeof(address)) continue;
        memcpy(&address, found->ai_addr, found->ai_addrlen);
        list = cop_cons(cop__inet_term(&address), list);
    }
    return cop_list_reverse(list);
}

static cop_term answer_of(const struct question *q, bool is_name)
{
    if (q->error != 0) return cop_tuple(COP(":error"), reason_of(q->error));
    return cop_tuple(cop_ok(), is_name ? addresses_of(q->found) : cop_string(q->name));
}

/* arg: {alias, name or nil, family or address} */
static cop_next ask(cop_term arg)
{
    COP_CLEANUP(question_end) struct question *q = question_begin();
    cop_term alias = cop_elem(arg, 0);
    bool is_name = cop_is_binary(cop_elem(arg, 1));
    if (is_name) {
        cop_bytes name = cop_to_bytes(cop_elem(arg, 1));
        memcpy(q->name, name.data, name.len); /* its length was checked */
        q->family = (int)cop_to_int(cop_elem(arg, 2));
    } else {
        (void)cop__inet_from(cop_elem(arg, 2), AF_INET, &q->address);
    }
    cop_blocking(ask_blocking, q);
    cop_send(alias, cop_tuple(COP(":dns"), alias, answer_of(q, is_name)));
    return cop_end();
}

/* --- The caller ------------------------------------------------------------------------------- */

static bool is_answer(cop_term message, void *arg)
{
    cop_ref ref = *(const cop_ref *)arg;
    return cop_match(message, "{:dns, ^ref, _}", ref);
}

/* {:ok, what} or {:error, reason}. */
static cop_term question(cop_term name, cop_term what, int64_t timeout_ms)
{
    static const struct cop_spawn_opts opts = {.name = "cop_dns"};
    cop_term message;
    if (atomic_load_explicit(&questions, memory_order_relaxed) >= QUESTIONS_MAX)
        return COP("{:error, :eagain}");
    cop_ref alias = cop_alias(COP_ALIAS_REPLY);
    cop_spawn(ask, cop_tuple(alias, name, what), &opts);
    if (cop_receive_ref(alias, is_answer, &alias, &message, timeout_ms))
        return cop_elem(message, 2);
    (void)cop_unalias(alias);
    /* It may have come just now; later it cannot. */
    if (cop_receive_ref(alias, is_answer, &alias, &message, 0)) return cop_elem(message, 2);
    return COP("{:error, :timeout}");
}

static int family_of(cop_term family)
{
    if (cop_match(family, ":inet")) return AF_INET;
    if (cop_match(family, ":inet6")) return AF_INET6;
    cop_error(COP(":badarg"));
}

cop_term cop_dns_getaddrs(cop_term host, cop_term family, int64_t timeout_ms)
{
    union cop__inet address;
    int wanted = family_of(family);
    if (cop__inet_from(host, wanted, &address)) {
        if (address.any.sa_family != wanted) return COP("{:error, :nxdomain}");
        return cop_tuple(cop_ok(), cop_list(cop__inet_term(&address)));
    }
    cop_term name = cop__inet_text(host);
    if (cop_is_none(name) || cop_is_tuple(host)) return COP("{:error, :einval}");
    cop_bytes text = cop_to_bytes(name);
    if (text.len == 0 || text.len > 255) return COP("{:error, :einval}");
    return question(name, cop_int(wanted), timeout_ms);
}

cop_term cop_dns_getaddr(cop_term host, cop_term family, int64_t timeout_ms)
{
    cop_term first;
    cop_term answer = cop_dns_getaddrs(host, family, timeout_ms);
    if (cop_match(answer, "{:ok, [first | _]}", first)) return cop_tuple(cop_ok(), first);
    return cop_match(answer, "{:ok, []}") ? COP("{:error, :nxdomain}") : answer;
}

cop_term cop_dns_getname(cop_term address, int64_t timeout_ms)
{
    union cop__inet parsed;
    if (!cop__inet_from(address, AF_INET, &parsed)) return COP("{:error, :einval}");
    return question(cop_nil(), cop__inet_term(&parsed), timeout_ms);
}
