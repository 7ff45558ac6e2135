/* SPDX-License-Identifier: Apache-2.0 */
/* What a program prints: from its pipes to the log or the owner.
 *
 * Nothing is read that nobody wants, so the program is held up by its full pipe. What is read lies
 * in one buffer a stream, of a size that does not grow: that of a line at most, or of what a pipe
 * holds. */
#include "coppice/logger.h"
#include "coppice/node.h"
#include "io/os_server.h"
#include "io/pipe.h"

#include <errno.h>
#include <string.h>

#define RAW_SIZE     65536
#define LOG_LINE_MAX 4096
/* Reads of one stream in a row: then others have their turn. */
#define READS_A_TURN 4
/* What a pipe may hold at most. Who writes more after the program's end, has left its group. */
#define REST_MAX     (1 << 20)

/* --- Who gets it ------------------------------------------------------------------------------ */

static bool is_wanted(const struct cop__os_process *p, const struct cop__os_stream *s)
{
    return s->is_log || p->active != COP__OS_PASSIVE || p->reads != NULL;
}

/* A line of a program cannot move the cursor of who reads the log. */
static void log_line(struct cop__os_process *p, const struct cop__os_stream *s, char *text,
                     size_t len)
{
    cop_bytes name = cop_to_bytes(cop_kept_term(p->program));
    const char *base = memrchr(name.data, '/', name.len);
    size_t skip = base == NULL ? 0 : (size_t)(base + 1 - name.data);
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f) text[i] = '?';
    cop_term line = cop_format("%.*s[%d]: %.*s", (int)(name.len - skip), name.data + skip,
                               p->os_pid, (int)len, text);
    cop_logger_log(s == &p->streams[0] ? COP_INFO : COP_WARNING, cop_to_bytes(line),
                   cop_empty_list());
}

static struct cop__os_read *take_read(struct cop__os_process *p)
{
    struct cop__os_read *r = p->reads;
    p->reads = r->next;
    if (p->reads == NULL) p->reads_end = &p->reads;
    if (r->has_timer) (void)cop_cancel_timer(r->timer);
    return r;
}

static void answer_read(struct cop__os_process *p, cop_term answer)
{
    struct cop__os_read *r = take_read(p);
    (void)cop_gen_server_reply(r->from, answer);
    cop_free(r);
}

static void tell_owner(struct cop__os_process *p, const struct cop__os_stream *s, cop_term data)
{
    cop_term what = cop_tuple(cop_atom(s->name), data);
    if (p->reads != NULL) {
        answer_read(p, cop_tuple(cop_ok(), what));
        return;
    }
    cop_send(p->options.owner, cop_tuple(COP(":os_process"), cop_self(), what));
    if (p->active == COP__OS_ALWAYS || --p->active > 0) return;
    cop_send(p->options.owner, cop_tuple(COP(":os_process_passive"), cop_self()));
}

static void give_out(struct cop__os_process *p, const struct cop__os_stream *s, char *text,
                     size_t len)
{
    if (s->is_log)
        log_line(p, s, text, len);
    else
        tell_owner(p, s, cop_binary(text, len));
}

/* --- The buffer ------------------------------------------------------------------------------- */

/* Gives out one piece of what was read; false if there is none that is whole. */
static bool give_piece(struct cop__os_process *p, struct cop__os_stream *s)
{
    char *text = s->data + s->start;
    size_t len = s->end - s->start;
    const char *newline = s->is_line && len > 0 ? memchr(text, '\n', len) : NULL;
    if (len == 0) return false;
    if (newline != NULL) {
        size_t line = (size_t)(newline - text);
        s->start += line + 1;
        if (line > 0 && text[line - 1] == '\r') line--;
        give_out(p, s, text, line);
        return true;
    }
    if (s->is_line && s->is_open && len < s->cap) return false; /* the rest may come */
    s->start = s->end = 0;
    give_out(p, s, text, len);
    return true;
}

static ssize_t fill(struct cop__os_process *p, struct cop__os_stream *s)
{
    if (s->data == NULL) {
        s->cap = s->is_log ? LOG_LINE_MAX : s->is_line ? (size_t)p->options.line_max : RAW_SIZE;
        s->data = cop_alloc(s->cap);
    }
    if (s->start > 0) memmove(s->data, s->data + s->start, s->end - s->start);
    s->end -= s->start;
    s->start = 0;
    ssize_t n = cop__pipe_read(s->pipe, s->data + s->end, s->cap - s->end);
    if (n <= 0) return n;
    s->end += (size_t)n;
    s->bytes += (uint64_t)n;
    if (p->has_ended) s->rest += (size_t)n;
    return n;
}

static void close_stream(struct cop__os_stream *s)
{
    cop__pipe_close(s->pipe);
    s->is_open = false;
}

/* The end of one that is for an active owner is told once. */
static void tell_end(struct cop__os_process *p, struct cop__os_stream *s)
{
    if (s->is_open || s->is_told || s->is_log || s->start < s->end) return;
    if (p->active == COP__OS_PASSIVE) return;
    s->is_told = true;
    cop_term what = cop_tuple(cop_atom(s->name), COP(":eof"));
    cop_send(p->options.owner, cop_tuple(COP(":os_process"), cop_self(), what));
}

static void pump(struct cop__os_process *p, struct cop__os_stream *s)
{
    int reads = 0;
    while (is_wanted(p, s)) {
        if (give_piece(p, s)) continue;
        if (!s->is_open) break;
        ssize_t n = reads++ < READS_A_TURN ? fill(p, s) : 0;
        if (n > 0 && s->rest < REST_MAX) continue;
        if (reads <= READS_A_TURN && (n != -EAGAIN || p->has_ended)) {
            close_stream(s);
            continue;
        }
        cop__pipe_arm(s->pipe, COP__IO_READ);
        return;
    }
    tell_end(p, s);
}

/* Whether the pipe is at its end, and all of it was given out. */
static bool is_empty(const struct cop__os_stream *s)
{
    return !s->is_open && s->start == s->end;
}

/* Tells readers of the end, when there is nothing more for them. */
static void answer_end(struct cop__os_process *p)
{
    for (int i = 0; i < 2; i++)
        if (p->streams[i].is_used && !is_empty(&p->streams[i])) return;
    for (; p->reads != NULL; answer_read(p, COP("{:error, :eof}")))
        p->streams[0].is_told = p->streams[1].is_told = true;
}

void cop__os_output_pump(struct cop__os_process *p)
{
    for (int i = 0; i < 2; i++)
        if (p->streams[i].is_used) pump(p, &p->streams[i]);
    answer_end(p);
}

/* --- What others want of it ------------------------------------------------------------------- */

bool cop__os_output_is_done(const struct cop__os_process *p)
{
    for (int i = 0; i < 2; i++) {
        const struct cop__os_stream *s = &p->streams[i];
        if (s->is_used && !(s->is_log ? is_empty(s) : s->is_told)) return false;
    }
    return true;
}

void cop__os_output_drop(struct cop__os_process *p)
{
    for (int i = 0; i < 2; i++) {
        struct cop__os_stream *s = &p->streams[i];
        if (!s->is_used || s->is_log) continue;
        if (s->is_open) close_stream(s);
        s->start = s->end = 0;
        s->is_told = true;
    }
}

void cop__os_output_read(struct cop__os_process *p, cop_from from, int64_t timeout_ms)
{
    struct cop__os_read *r = cop_alloc(sizeof(*r));
    r->from = from;
    r->has_timer = timeout_ms != COP_INFINITY;
    if (r->has_timer)
        r->timer = cop_start_timer(timeout_ms, cop_pid_term(cop_self()), cop_from_term(from));
    *p->reads_end = r;
    p->reads_end = &r->next;
    cop__os_output_pump(p);
}

void cop__os_output_timeout(struct cop__os_process *p, cop_term tag)
{
    for (struct cop__os_read **at = &p->reads; *at != NULL; at = &(*at)->next) {
        struct cop__os_read *r = *at;
        if (!cop_identical(cop_from_term(r->from), tag)) continue;
        *at = r->next;
        if (*at == NULL) p->reads_end = at;
        (void)cop_gen_server_reply(r->from, COP("{:error, :timeout}"));
        cop_free(r);
        return;
    }
}

void cop__os_output_activate(struct cop__os_process *p, int64_t active)
{
    p->active = active > 0 && p->active > 0 ? p->active + active : active;
    cop__os_output_pump(p);
}
