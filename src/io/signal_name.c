/* SPDX-License-Identifier: Apache-2.0 */
/* Names of signals: those of the C library in small letters. */
#include "io/signal_name.h"

#include "coppice/pattern.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

cop_term cop__signal_name(int number)
{
    char text[32];
    const char *name = sigabbrev_np(number);
    if (name != NULL)
        (void)snprintf(text, sizeof(text), "sig%s", name);
    else
        (void)snprintf(text, sizeof(text), "sig%d", number);
    for (char *c = text; *c != 0; c++)
        *c = (char)tolower((unsigned char)*c);
    return cop_atom(text);
}

int cop__signal_number(cop_term signal)
{
    int64_t number;
    if (cop_match(signal, "number", number)) return number > 0 && number < NSIG ? (int)number : 0;
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) != NULL && cop_identical(cop__signal_name(i), signal)) return i;
    return 0;
}
