/* SPDX-License-Identifier: Apache-2.0 */
/* A program that owns its main, starts a node, and sends to it from a thread of its own. */
#include <coppice.h>

#include <pthread.h>
#include <stdio.h>

static cop_next count(cop_term arg)
{
    cop_term message;
    cop_term from;
    int64_t n;
    int64_t sum = 0;

    cop_register(COP(":counter"), cop_self());
    cop_expect(arg, "{:wait_for, from}", from);
    cop_send(from, COP(":ready"));
    while (cop_receive(&message, 5000)) {
        if (cop_match(message, "{:add, n}", n)) sum += n;
        if (cop_match(message, ":stop")) break;
    }
    cop_log(COP_INFO, "the sum is %lld", (long long)sum);
    return cop_end();
}

static bool is_ready(cop_term message, void *arg)
{
    (void)arg;
    return cop_match(message, ":ready");
}

static cop_next start(cop_term arg)
{
    cop_pid self = cop_self();
    cop_term message;

    (void)arg;
    cop_spawn(count, cop_build("{:wait_for, self}", self), NULL);
    if (!cop_receive_if(is_ready, NULL, &message, 1000)) cop_exit(COP(":not_ready"));
    return cop_end();
}

/* A thread that is no process: it builds in a region of its own. */
static void *feed(void *arg)
{
    for (int i = 0; i < 10; i++) {
        cop_region *region = cop_region_open();
        cop_send(COP(":counter"), cop_build("{:add, i}", i));
        cop_region_close(region);
    }
    return arg;
}

static void to_stderr(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)arg;
    (void)fprintf(stderr, "%d: %.*s\n", (int)level, (int)len, text);
}

int main(void)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .schedulers = 2, .no_signals = true};
    pthread_t thread;
    char why[200] = "";
    int failed = cop_node_start(&opts);
    bool ok;

    if (failed != 0) {
        (void)fprintf(stderr, "no node: error %d\n", -failed);
        return 1;
    }
    cop_log_to(to_stderr, NULL, COP_INFO);
    ok = cop_run(start, cop_nil(), why, sizeof(why));
    if (ok && pthread_create(&thread, NULL, feed, NULL) == 0) (void)pthread_join(thread, NULL);
    if (!ok) (void)fprintf(stderr, "start failed: %s\n", why);
    cop_node_stop();
    return ok ? 0 : 1;
}
