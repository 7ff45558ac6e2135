/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <coppice.h>

#define PAIRS    64
#define MESSAGES 2000000 /* of all pairs */
#define CLIENTS  64
#define SERVERS  64
#define CALLS    1000000 /* of all clients */

static cop_pid boss;

/* All have been started; waits until so many have told that they are through. */
static double run_until_over(const cop_pid *starters, int len)
{
    cop_term msg;
    double from = bench_now_ns();
    for (int i = 0; i < len; i++)
        cop_send(starters[i], cop_nil());
    for (int i = 0; i < len; i++)
        cop_receive(&msg, COP_INFINITY);
    return bench_now_ns() - from;
}

static void kill_all(const cop_pid *pids, int len)
{
    for (int i = 0; i < len; i++)
        cop_exit_process(pids[i], COP(":kill"));
}

/* --- Pairs ------------------------------------------------------------------------------------ */

static struct player {
    cop_pid peer;
    int64_t left;
} players[2 * PAIRS];

static cop_next play(void *state)
{
    struct player *p = state;
    cop_term msg;
    if (cop_receive(&msg, 0)) {
        if (p->left-- == 0)
            cop_send(boss, COP(":over"));
        else
            cop_send(p->peer, p->left);
    }
    return cop_hibernate(play, p);
}

static cop_next start_player(cop_term number)
{
    return cop_hibernate(play, &players[cop_to_int(number)]);
}

double bench_pairs(void)
{
    cop_pid left[PAIRS], right[PAIRS];
    boss = cop_self();
    for (int64_t i = 0; i < PAIRS; i++) {
        left[i] = cop_spawn(start_player, cop_int(2 * i), NULL);
        right[i] = cop_spawn(start_player, cop_int(2 * i + 1), NULL);
        players[2 * i] = (struct player){right[i], MESSAGES / PAIRS / 2};
        players[2 * i + 1] = (struct player){left[i], MESSAGES / PAIRS / 2};
    }
    double took = run_until_over(left, PAIRS);
    kill_all(left, PAIRS);
    kill_all(right, PAIRS);
    return took / MESSAGES;
}

/* --- Clients and servers ---------------------------------------------------------------------- */

static cop_pid servers[SERVERS];
static struct client {
    uint32_t random;
    int server_count;
    int64_t left;
} clients[CLIENTS];

static cop_next serve(void *state)
{
    cop_term msg;
    cop_pid client;
    if (cop_receive(&msg, 0) && cop_match(msg, "{client}", client)) cop_send(client, COP(":ok"));
    return cop_hibernate(serve, state);
}

static cop_next start_server(cop_term arg)
{
    (void)arg;
    return cop_hibernate(serve, NULL);
}

/* The answer has come (or the word to begin): the next call. */
static cop_next call(void *state)
{
    struct client *c = state;
    cop_term msg;
    if (cop_receive(&msg, 0)) {
        c->random = c->random * 1664525U + 1013904223U;
        uint32_t server = (c->random >> 16) % (uint32_t)c->server_count;
        if (c->left-- == 0)
            cop_send(boss, COP(":over"));
        else
            cop_send(servers[server], cop_tuple(cop_self()));
    }
    return cop_hibernate(call, c);
}

static cop_next start_client(cop_term number)
{
    return cop_hibernate(call, &clients[cop_to_int(number)]);
}

static double call_servers(int server_count)
{
    cop_pid pids[CLIENTS];
    boss = cop_self();
    for (int i = 0; i < server_count; i++)
        servers[i] = cop_spawn(start_server, cop_nil(), NULL);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){(uint32_t)i, server_count, CALLS / CLIENTS};
        pids[i] = cop_spawn(start_client, cop_int(i), NULL);
    }
    double took = run_until_over(pids, CLIENTS);
    kill_all(pids, CLIENTS);
    kill_all(servers, server_count);
    return took / CALLS;
}

double bench_clients_and_servers(void)
{
    return call_servers(SERVERS);
}

double bench_clients_of_one(void)
{
    return call_servers(1);
}
