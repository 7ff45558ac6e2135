/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs of processes that send, link, watch, name and time under many seeds: what must
 * hold under each (world.h), and that nothing is left (campaign.h). */
#include "campaign.h"
#include "worker.h"

#include <string.h>

#define WAIT_MS 600000 /* of virtual time */

/* --- The driver --------------------------------------------------------------------------------*/

static bool next(cop_term *ret_msg)
{
    if (cop_receive(ret_msg, WAIT_MS)) return true;
    world_fail("the driver waits for ever");
    return false;
}

/* The driver watches all. Handles one message; true if it was what fn waits for. */
static void note_death(cop_pid pid, cop_term reason)
{
    int i = world_index(pid);
    uint64_t hash = cop_hash(reason);
    if (i < 0 || world.is_dead[i])
        world_fail("the driver got a second DOWN of %d", i);
    else if (world.has_reason[i] && world.reason[i] != hash)
        world_fail("the driver was told another reason of the end of %d", i);
    else
        world.is_dead[i] = true;
    if (i >= 0) {
        world.has_reason[i] = true;
        world.reason[i] = hash;
    }
}

/* Waits until each worker has said word or has died. */
static void wait_for_all(const char *word)
{
    bool has_said[WORKERS] = {false};
    cop_term expected = cop_atom(word), msg, reason;
    cop_pid pid;
    int i;
    for (;;) {
        int left = 0;
        for (int k = 0; k < WORKERS; k++)
            left += !has_said[k] && !world.is_dead[k];
        if (left == 0 || !next(&msg)) return;
        if (cop_match(msg, "{^expected, i}", expected, i))
            has_said[i] = true;
        else if (cop_match(msg, "{:DOWN, _, :process, pid, reason}", pid, reason))
            note_death(pid, reason);
        else
            world_fail("the driver got something unknown");
    }
}

static int processes_now(void)
{
    return (int)cop_list_len(cop_processes());
}

/* Ends a random half of those alive, in one of three ways, and waits for their ends. */
static void end_some(uint64_t *random, bool all)
{
    for (int i = 0; i < WORKERS; i++) {
        if (world.is_dead[i] || (!all && world_random(random) % 2 == 0)) continue;
        cop_exit_process(world.pids[i], COP(":kill"));
        while (!world.is_dead[i]) {
            cop_term msg, reason;
            cop_pid pid;
            if (!next(&msg)) return;
            if (cop_match(msg, "{:DOWN, _, :process, pid, reason}", pid, reason))
                note_death(pid, reason);
        }
    }
}

/* Every fourth worker has a limit, a low one, so that it is reached. */
static struct cop_mailbox limit_of(int i)
{
    struct cop_mailbox none = {.max = 0};
    struct cop_mailbox limit = {1 + (uint32_t)(i / 4), (enum cop_mailbox_policy)(i / 4 % 4)};
    return i % 4 == 1 ? limit : none;
}

/* Tells worker i in a way that arrives. */
static void tell(int i, cop_term word)
{
    if (world.limits[i].max != 0)
        cop_exit_process(world.pids[i], word);
    else
        cop_send(world.pids[i], word);
}

static void drive(int base)
{
    uint64_t random = world.random;
    for (int i = 0; i < WORKERS; i++) {
        world.is_trapping[i] = i % 4 != 0;
        world.limits[i] = limit_of(i);
        world.pids[i] =
            cop_spawn(worker, cop_int(i), &(struct cop_spawn_opts){.mailbox = world.limits[i]});
        cop_monitor(world.pids[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        tell(i, COP(":go"));
    wait_for_all("idle");
    end_some(&random, false);
    cop_sleep(1000); /* all timers have fired, all signals are where they go */
    for (int i = 0; i < WORKERS; i++)
        tell(i, COP(":check"));
    wait_for_all("checked");
    world_check_all_at_rest();
    end_some(&random, true);
    for (int i = 0; processes_now() > base; i++) {
        if (i == 1000) {
            world_fail("%d processes are left", processes_now() - base);
            return;
        }
        cop_sleep(1);
    }
}

static cop_next driver(cop_term arg)
{
    cop_term msg;
    (void)arg;
    int base = processes_now();
    int names = (int)cop_list_len(cop_registered());
    cop_register(COP(":driver"), cop_self());
    drive(base);
    cop_unregister(COP(":driver"));
    if (cop_list_len(cop_registered()) != names) world_fail("names are left");
    if (!world.has_failed && cop_receive(&msg, 0)) world_fail("the driver has a message left");
    return cop_end();
}

/* --- The campaign ------------------------------------------------------------------------------*/

static void prepare(int64_t seed)
{
    memset(&world, 0, sizeof(world));
    world.random = (uint64_t)seed * 7919;
}

static void no_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

static const char *failure(void)
{
    return world.has_failed ? world.failure : NULL;
}

int main(int argc, char **argv)
{
    static const struct campaign campaign = {"property", SEEDS_FILE, prepare, driver, failure};
    cop_log_to(no_log, NULL, COP_ERROR);
    return campaign_main(&campaign, argc, argv);
}
