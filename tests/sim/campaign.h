/* SPDX-License-Identifier: Apache-2.0 */
/* What all seeded campaigns share: running one program under many seeds, each in a node of its own,
 * and finding what is left when the node has stopped.
 *
 *     PROGRAM              its seeds of seeds.txt, then from 1 (COPPICE_SIM_SEEDS: how many)
 *     PROGRAM FROM COUNT   these
 *     COPPICE_SEED=n PROGRAM   this one only: a replay
 *
 * A seed that fails is printed; put it into seeds.txt when the cause is mended. */
#ifndef COP_TESTS_SIM_CAMPAIGN_H
#define COP_TESTS_SIM_CAMPAIGN_H

#include "coppice/node.h"

struct campaign {
    const char *name;             /* as in seeds.txt */
    const char *seeds_file;       /* the path of it */
    void (*prepare)(int64_t);     /* clears the world for this seed, before the node starts */
    cop_start_fn driver;          /* runs as a process, with nil */
    const char *(*failure)(void); /* after the node has stopped: NULL if all held */
};

/* The body of main. */
int campaign_main(const struct campaign *campaign, int argc, char **argv);

#endif
