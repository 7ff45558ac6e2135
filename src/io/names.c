/* SPDX-License-Identifier: Apache-2.0 */
/* Names of error numbers and signals: those of the C library in small letters. */
#include "io/names.h"

#include "coppice/pattern.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* prefix and name as an atom; number stands for a name that there is none of. */
static cop_term lower(const char *prefix, const char *name, int number)
{
    char text[32];
    if (name != NULL)
        (void)snprintf(text, sizeof(text), "%s%s", prefix, name);
    else
        (void)snprintf(text, sizeof(text), "%s%d", prefix, number);
    for (char *c = text; *c != 0; c++)
        *c = (char)tolower((unsigned char)*c);
    return cop_atom(text);
}

cop_term cop__error_name(int error)
{
    int number = error < 0 ? -error : error;
    const char *name = strerrorname_np(number);
    return lower(name == NULL ? "errno_" : "", name, number);
}

cop_term cop__error(int error)
{
    return cop_tuple(COP(":error"), cop__error_name(error));
}

cop_term cop__signal_name(int number)
{
    return lower("sig", sigabbrev_np(number), number);
}

int cop__signal_number(cop_term signal)
{
    int64_t number;
    if (cop_match(signal, "number", number)) return number > 0 && number < NSIG ? (int)number : 0;
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) != NULL && cop_identical(cop__signal_name(i), signal)) return i;
    return 0;
}
