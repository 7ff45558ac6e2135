/* SPDX-License-Identifier: Apache-2.0 */
/* Writing to files that may not take the bytes at once. */
#include "otp/standard_output.h"

#include "coppice/process.h"

#include <errno.h>
#include <unistd.h>

struct output {
    int fd;
    const char *data;
    size_t len;
};

static void write_all(void *arg)
{
    struct output *output = arg;

    while (output->len > 0) {
        ssize_t n = write(output->fd, output->data, output->len);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        output->data += n;
        output->len -= (size_t)n;
    }
}

void cop__file_write(int fd, cop_bytes text)
{
    struct output output = {fd, text.data, text.len};

    if (text.len > 0) cop_blocking(write_all, &output);
}
