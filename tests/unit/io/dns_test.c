/* SPDX-License-Identifier: Apache-2.0 */
/* Names and addresses. The resolver is one of this test's own, which answers when it is told to. */
#include "support/check_process.h"

#include "coppice/dns.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* --- The resolver ----------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open; /* questions about "slow" are answered */
    atomic_int waiting;
} resolver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void wait_until_open(void)
{
    pthread_mutex_lock(&resolver.lock);
    atomic_fetch_add(&resolver.waiting, 1);
    while (!resolver.is_open)
        pthread_cond_wait(&resolver.changed, &resolver.lock);
    atomic_fetch_sub(&resolver.waiting, 1);
    pthread_mutex_unlock(&resolver.lock);
}

static void resolver_set(bool is_open)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.is_open = is_open;
    pthread_cond_broadcast(&resolver.changed);
    pthread_mutex_unlock(&resolver.lock);
}

static struct addrinfo *new_info(int family, uint8_t last)
{
    struct addrinfo *i = calloc(1, sizeof(*i));
    struct sockaddr_in6 *a = calloc(1, sizeof(*a));
    i->ai_family = family;
    i->ai_addr = (struct sockaddr *)a;
    a->sin6_family = (sa_family_t)family;
    if (family == AF_INET6) {
        a->sin6_addr.s6_addr[15] = last;
        i->ai_addrlen = sizeof(struct sockaddr_in6);
    } else {
        ((struct sockaddr_in *)(void *)a)->sin_addr.s_addr = htonl(0x0a000000U | last);
        i->ai_addrlen = sizeof(struct sockaddr_in);
    }
    return i;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): readable ones */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    (void)service;
    if (strcmp(name, "slow") == 0) wait_until_open();
    if (strcmp(name, "again") == 0) return EAI_AGAIN;
    if (strcmp(name, "memory") == 0) return EAI_MEMORY;
    if (strcmp(name, "family") == 0) return EAI_ADDRFAMILY;
    if (strcmp(name, "two") != 0 && strcmp(name, "slow") != 0) return EAI_NONAME;
    *ret = new_info(hints->ai_family, 1);
    (*ret)->ai_next = new_info(hints->ai_family, 2);
    return 0;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): readable ones */
void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* --- Tests ------------------------------------------------------------------------------------ */

static cop_term addr(const char *host, const char *family)
{
    return cop_dns_getaddr(check_parse(host), check_parse(family), CHECK_LIMIT_MS);
}

PROCESS_TEST(names_have_addresses)
{
    CHECK_TERM(addr("\"two\"", ":inet"), "{:ok, {10, 0, 0, 1}}");
    CHECK_TERM(addr("~c\"two\"", ":inet"), "{:ok, {10, 0, 0, 1}}");
    CHECK_TERM(addr(":two", ":inet6"), "{:ok, {0, 0, 0, 0, 0, 0, 0, 1}}");
    CHECK_TERM(cop_dns_getaddrs(cop_string("two"), COP(":inet"), CHECK_LIMIT_MS),
               "{:ok, [{10, 0, 0, 1}, {10, 0, 0, 2}]}");
    CHECK_TERM(cop_dns_getaddrs(cop_string("two"), COP(":inet6"), COP_INFINITY),
               "{:ok, [{0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 2}]}");
    return cop_end();
}

PROCESS_TEST(addresses_stand_for_themselves)
{
    CHECK_TERM(addr("\"1.2.3.4\"", ":inet"), "{:ok, {1, 2, 3, 4}}");
    CHECK_TERM(addr("{1, 2, 3, 4}", ":inet"), "{:ok, {1, 2, 3, 4}}");
    CHECK_TERM(addr("\"fe80::a:ffff\"", ":inet6"), "{:ok, {65152, 0, 0, 0, 0, 0, 10, 65535}}");
    CHECK_TERM(addr("{1, 2, 3, 4, 5, 6, 7, 65535}", ":inet6"),
               "{:ok, {1, 2, 3, 4, 5, 6, 7, 65535}}");
    CHECK_TERM(addr("{1, 2, 3, 4}", ":inet6"), "{:error, :nxdomain}");
    CHECK_TERM(addr("\"::1\"", ":inet"), "{:error, :nxdomain}");
    return cop_end();
}

static cop_term try_family(void *arg)
{
    (void)arg;
    return cop_dns_getaddr(cop_string("two"), COP(":local"), 1);
}

PROCESS_TEST(errors_have_names)
{
    CHECK_TERM(addr("\"unknown\"", ":inet"), "{:error, :nxdomain}");
    CHECK_TERM(addr("\"family\"", ":inet6"), "{:error, :nxdomain}");
    CHECK_TERM(addr("\"again\"", ":inet"), "{:error, :try_again}");
    CHECK_TERM(addr("\"memory\"", ":inet"), "{:error, :enomem}");
    CHECK_TERM(addr("\"\"", ":inet"), "{:error, :einval}");
    CHECK_TERM(addr("{1, 2}", ":inet"), "{:error, :einval}");
    CHECK_TERM(addr("5", ":inet"), "{:error, :einval}");
    CHECK_TERM(addr("\"a\\0b\"", ":inet"), "{:error, :einval}");
    CHECK_TERM(addr("[1, :a]", ":inet"), "{:error, :einval}");
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_family, NULL);
    return cop_end();
}

PROCESS_TEST(who_does_not_wait_gets_no_late_answer)
{
    int64_t before = cop_list_len(cop_processes());
    resolver_set(false);
    CHECK_TERM(cop_dns_getaddr(cop_string("slow"), COP(":inet"), 20), "{:error, :timeout}");
    check_wait_for(&resolver.waiting, 1);
    resolver_set(true);
    while (cop_list_len(cop_processes()) > before) /* its process has ended */
        cop_yield();
    check_no_message();
    CHECK_TERM(addr("\"slow\"", ":inet"), "{:ok, {10, 0, 0, 1}}");
    return cop_end();
}

/* Others go on meanwhile, also with questions; but not without bound. */
PROCESS_TEST(questions_are_bounded)
{
    resolver_set(false);
    for (int i = 0; i < 32; i++)
        CHECK_TERM(cop_dns_getaddr(cop_string("slow"), COP(":inet"), 0), "{:error, :timeout}");
    check_wait_for(&resolver.waiting, 32);
    CHECK_TERM(addr("\"two\"", ":inet"), "{:error, :eagain}");
    CHECK_TERM(addr("\"1.2.3.4\"", ":inet"), "{:ok, {1, 2, 3, 4}}");
    resolver_set(true);
    cop_term answer;
    do
        answer = addr("\"two\"", ":inet");
    while (cop_match(answer, "{:error, :eagain}"));
    CHECK_TERM(answer, "{:ok, {10, 0, 0, 1}}");
    check_no_message();
    return cop_end();
}

static cop_term call(const char *module, const char *function, const char *args)
{
    return cop_apply(cop_atom(module), cop_atom(function), check_parse(args));
}

PROCESS_TEST(the_modules)
{
    CHECK_TERM(call("inet", "getaddr", "[\"two\", :inet]"), "{:ok, {10, 0, 0, 1}}");
    CHECK_TERM(call("inet", "getaddr", "[\"two\", :inet, :infinity]"), "{:ok, {10, 0, 0, 1}}");
    CHECK_TERM(call("inet", "getaddrs", "[:two, :inet]"), "{:ok, [{10, 0, 0, 1}, {10, 0, 0, 2}]}");
    CHECK_TERM(call("inet", "getaddrs", "[:two, :inet, 20000]"),
               "{:ok, [{10, 0, 0, 1}, {10, 0, 0, 2}]}");
    CHECK_TERM(call("inet", "ntoa", "[{1, 2, 3, 255}]"), "~c\"1.2.3.255\"");
    CHECK_TERM(call("inet", "ntoa", "[{0, 0, 0, 0, 0, 0, 0, 1}]"), "~c\"::1\"");
    CHECK_TERM(call("inet", "ntoa", "[{1, 2}]"), "{:error, :einval}");
    CHECK_TERM(call("inet", "ntoa", "[{1, 2, 3, 256}]"), "{:error, :einval}");
    CHECK_TERM(call("inet", "parse_address", "[~c\"1.2.3.4\"]"), "{:ok, {1, 2, 3, 4}}");
    CHECK_TERM(call("inet", "parse_address", "[\"::ffff\"]"),
               "{:ok, {0, 0, 0, 0, 0, 0, 0, 65535}}");
    CHECK_TERM(call("inet", "parse_address", "[\"two\"]"), "{:error, :einval}");
    CHECK(cop_match(call("inet", "gethostname", "[]"), "{:ok, [_ | _]}"));
    CHECK_TERM(call("inet_res", "lookup", "[\"two\", :in, :a]"), "[{10, 0, 0, 1}, {10, 0, 0, 2}]");
    CHECK_TERM(call("inet_res", "lookup", "[\"two\", :in, :aaaa, [], 20000]"),
               "[{0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 2}]");
    CHECK_TERM(call("inet_res", "lookup", "[\"unknown\", :in, :a]"), "[]");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_addresses),
        cmocka_unit_test(addresses_stand_for_themselves),
        cmocka_unit_test(errors_have_names),
        cmocka_unit_test(who_does_not_wait_gets_no_late_answer),
        cmocka_unit_test(questions_are_bounded),
        cmocka_unit_test(the_modules),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
