/* SPDX-License-Identifier: Apache-2.0 */
#include "my_service.h"

int main(int argc, char **argv)
{
    return cop_main(argc, argv, &my_service);
}
