/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading frames; no process and no thread of its own. */
#include "shell/wire.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define HEAD     5
#define PIECE    65536              /* of output, so that no frame is large */
#define TEXT_MAX ((size_t)16 << 20) /* of any frame: a line, an expression */

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_frame(int fd, char kind, const char *text, size_t len)
{
    char head[HEAD] = {kind, (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};

    return len <= TEXT_MAX && send_all(fd, head, HEAD) && send_all(fd, text, len);
}

bool cop__wire_write(int fd, char kind, const char *text, size_t len)
{
    bool is_output = kind == COP__FRAME_OUTPUT || kind == COP__FRAME_ERROR;

    while (is_output && len > PIECE) {
        if (!write_frame(fd, kind, text, PIECE)) return false;
        text += PIECE;
        len -= PIECE;
    }
    return write_frame(fd, kind, text, len);
}

/* Forgets the frame that was taken last. */
static void drop_taken(struct cop__wire *wire)
{
    if (wire->taken == 0) return;
    wire->data[wire->taken] = wire->kept;
    memmove(wire->data, wire->data + wire->taken, wire->len - wire->taken);
    wire->len -= wire->taken;
    wire->taken = 0;
}

/* Of the frame that begins at this byte. */
static size_t text_len(const struct cop__wire *wire, size_t at)
{
    const uint8_t *head = (const uint8_t *)wire->data + at;

    return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

bool cop__wire_read(struct cop__wire *wire)
{
    ssize_t n;

    drop_taken(wire);
    if (wire->len >= HEAD && text_len(wire, 0) > TEXT_MAX) return false;
    if (wire->cap - wire->len < PIECE) {
        char *larger = realloc(wire->data, wire->cap + (size_t)PIECE * 2 + 1);

        if (larger == NULL) return false;
        wire->data = larger;
        wire->cap += (size_t)PIECE * 2;
    }
    do {
        n = recv(wire->fd, wire->data + wire->len, wire->cap - wire->len, 0);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) return false;
    wire->len += (size_t)n;
    return true;
}

bool cop__wire_take(struct cop__wire *wire, struct cop__frame *ret)
{
    size_t size;

    drop_taken(wire);
    if (wire->len < HEAD) return false;
    size = HEAD + text_len(wire, 0);
    if (wire->len < size) return false;
    wire->taken = size;
    wire->kept = wire->data[size]; /* there is a byte more than cap */
    wire->data[size] = '\0';
    *ret = (struct cop__frame){wire->data[0], wire->data + HEAD, size - HEAD};
    return true;
}

bool cop__wire_has(const struct cop__wire *wire)
{
    size_t left = wire->len - wire->taken;

    if (left < HEAD) return false;
    /* The taken frame's zero may stand on the next one's kind, which is not looked at. */
    return left >= HEAD + text_len(wire, wire->taken);
}

void cop__wire_free(struct cop__wire *wire)
{
    free(wire->data);
    *wire = (struct cop__wire){.fd = -1};
}
