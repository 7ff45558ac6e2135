/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: data of senders, each of whom waits until the pipe has taken all of it. */
#include "io/os_server.h"
#include "io/pipe.h"

#include <errno.h>

static void answer(struct cop__os_process *p, cop_term reply)
{
    struct cop__os_send *s = p->sends;
    p->sends = s->next;
    if (p->sends == NULL) p->sends_end = &p->sends;
    cop_drop(&s->data);
    (void)cop_gen_server_reply(s->from, reply);
    cop_free(s);
}

static void close_input(struct cop__os_process *p, cop_term reply)
{
    p->bytes_in = cop__pipe_bytes(p->input);
    cop__pipe_close(p->input);
    p->has_input = false;
    while (p->sends != NULL)
        answer(p, reply);
}

void cop__os_input_pump(struct cop__os_process *p)
{
    while (p->has_input && p->sends != NULL) {
        struct cop__os_send *s = p->sends;
        cop_bytes data = cop_to_bytes(cop_kept_term(s->data));
        ssize_t n = data.len > s->done
                        ? cop__pipe_write(p->input, data.data + s->done, data.len - s->done)
                        : 0;
        if (n == -EAGAIN) {
            cop__pipe_arm(p->input, COP__IO_WRITE);
            return;
        }
        if (n < 0) {
            close_input(p, COP("{:error, :epipe}"));
            return;
        }
        s->done += (size_t)n;
        if (s->done == data.len) answer(p, cop_ok());
    }
    if (p->has_input && p->is_closing) close_input(p, cop_ok());
}

void cop__os_input_send(struct cop__os_process *p, cop_from from, cop_term data)
{
    if (!p->has_input || p->is_closing) {
        (void)cop_gen_server_reply(from, p->is_closing || p->options.target[0] != COP__OS_PIPE
                                             ? COP("{:error, :closed}")
                                             : COP("{:error, :epipe}"));
        return;
    }
    struct cop__os_send *s = cop_alloc(sizeof(*s));
    s->from = from;
    s->data = cop_keep(data);
    *p->sends_end = s;
    p->sends_end = &s->next;
    cop__os_input_pump(p);
}

void cop__os_input_close(struct cop__os_process *p)
{
    p->is_closing = true;
    cop__os_input_pump(p);
}
