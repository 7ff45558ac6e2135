/* SPDX-License-Identifier: Apache-2.0 */
/* The program that the browser tests look at: the key-value store with an Observer beside it. */
#include "../../apps/kv/kv.h"

#include "coppice/observer.h"

static const struct cop_application *const needs[] = {&cop_observer_application, &kv, NULL};

static const struct cop_application watched = {.size = sizeof(struct cop_application),
                                               .name = "watched",
                                               .description = "The store, and who looks at it",
                                               .version = "0.1.0",
                                               .applications = needs};

int main(int argc, char **argv)
{
    return cop_main(argc, argv, &watched);
}
