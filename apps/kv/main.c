/* SPDX-License-Identifier: Apache-2.0 */
#include "kv_server.h"

int main(int argc, char **argv)
{
    return cop_main(argc, argv, &kv_server);
}
