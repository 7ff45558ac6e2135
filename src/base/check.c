/* SPDX-License-Identifier: Apache-2.0 */
/* The way out when a check fails: one line on stderr, the reporter, abort.
 *
 * Nothing here allocates or locks. Each thread formats on its own stack, so threads that fail at
 * once still write whole lines; and stdio's buffers, whose lock the failing code may hold, are not
 * used. */
#include "base/check.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic(void (*)(void)) reporter;

void cop__check_set_reporter(void (*report)(void))
{
    atomic_store_explicit(&reporter, report, memory_order_release);
}

/* The length that a formatted piece really took in room bytes. */
static size_t piece_len(int formatted, size_t room)
{
    if (formatted < 0) return 0;
    return (size_t)formatted < room ? (size_t)formatted : room - 1;
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, text, len);

        if (written <= 0) return;
        text += written;
        len -= (size_t)written;
    }
}

void cop__check_failed(const char *file, int line, const char *what, const char *format, ...)
{
    char text[1024];
    size_t len = 0;
    size_t room = sizeof text - 1; /* for the newline */
    va_list args;
    void (*report)(void);

    len += piece_len(snprintf(text, room, "%s:%d: %s:", file, line, what), room);
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): wrong, va_start is just above */
    len += piece_len(vsnprintf(text + len, room - len, format, args), room - len);
    va_end(args);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == ':'))
        len--;
    text[len++] = '\n';
    write_all(text, len);

    /* Taken out, so that a reporter that fails itself does not come back here for ever. */
    report = atomic_exchange_explicit(&reporter, NULL, memory_order_acquire);
    if (report) report();
    abort();
}
