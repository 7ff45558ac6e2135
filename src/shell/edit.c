/* SPDX-License-Identifier: Apache-2.0 */
/* Editing a line on a terminal, with libedit.
 *
 * libedit asks for its keys here (get_key), so while it waits, what comes from the node is printed:
 * the line that is being edited is taken off the screen, the text printed, the line drawn anew
 * below it. Between lines the terminal shows no keys that are typed: they wait for the next
 * prompt. */
#include "shell/terminal.h"

#include "shell/wire.h"
#include <fcntl.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 1000

static struct {
    EditLine *el;
    History *history;
    FILE *out;
    const char *file; /* of earlier lines, or NULL */
    char prompt[256];
    char *line;
    bool is_editing;   /* prompt and line stand on the screen */
    bool is_inside;    /* the cursor is not at the beginning of a line */
    bool is_completed; /* `candidates` has come */
    char *candidates;
    locale_t locale; /* of the thread; 0: the program's */
} edit;

/* --- The screen ------------------------------------------------------------------------------- */

/* Columns that a text takes, from its first len bytes. */
static size_t columns(const char *text, size_t len)
{
    mbstate_t state = {0};
    size_t sum = 0;

    while (len > 0) {
        wchar_t c;
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the state is ours */
        size_t n = mbrtowc(&c, text, len, &state);

        if (n == 0 || n > len) {
            n = 1;
            memset(&state, 0, sizeof(state));
            sum++;
        } else {
            int width = wcwidth(c);

            sum += width > 0 ? (size_t)width : 0;
        }
        text += n;
        len -= n;
    }
    return sum;
}

/* Takes the prompt and the line off the screen; the cursor stands where the prompt began. */
static void erase_line(void)
{
    const LineInfo *line = el_line(edit.el);
    size_t before = columns(edit.prompt, strlen(edit.prompt)) +
                    columns(line->buffer, (size_t)(line->cursor - line->buffer));
    size_t rows = before / (size_t)cop__terminal_width();

    if (rows > 0) (void)fprintf(edit.out, "\033[%zuA", rows);
    (void)fputs("\r\033[J", edit.out);
}

void cop__edit_print(const char *text, size_t len)
{
    if (len == 0) return;
    if (edit.is_editing) erase_line();
    (void)fwrite(text, 1, len, edit.out);
    edit.is_inside = text[len - 1] != '\n';
    if (edit.is_editing && edit.is_inside) {
        (void)fputc('\n', edit.out);
        edit.is_inside = false;
    }
    (void)fflush(edit.out);
    if (edit.is_editing) el_set(edit.el, EL_REFRESH);
}

/* --- Keys ------------------------------------------------------------------------------------- */

/* A question on the screen: the line is drawn anew below it. */
static void ask_whether_to_go_on(void)
{
    erase_line();
    (void)fputs(edit.prompt, edit.out);
    edit.is_editing = false;
    edit.is_inside = true;
    if (cop__terminal_break()) {
        edit.is_editing = true;
        el_set(edit.el, EL_REFRESH);
    }
}

/* Waits for a byte of input. False: there will be none. */
static bool wait_for_byte(void)
{
    for (;;) {
        switch (cop__terminal_wait(true)) {
        case COP__EVENT_KEY: return true;
        case COP__EVENT_FRAME:
            if (!cop__terminal_frames()) return false;
            break;
        case COP__EVENT_SIZE:
            el_resize(edit.el);
            el_set(edit.el, EL_REFRESH);
            break;
        case COP__EVENT_INTERRUPT: ask_whether_to_go_on(); break;
        case COP__EVENT_END: return false;
        }
    }
}

/* libedit's question for a key: 1, or 0 for the end. */
static int get_key(EditLine *el, wchar_t *ret_key)
{
    mbstate_t state = {0};
    char byte;

    (void)el;
    for (;;) {
        size_t n;

        if (!wait_for_byte() || cop__terminal_read(&byte, 1) != 1) return 0;
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the state is ours */
        n = mbrtowc(ret_key, &byte, 1, &state);
        if (n == (size_t)-1) { /* no character: forgotten */
            memset(&state, 0, sizeof(state));
        } else if (n != (size_t)-2) {
            return 1;
        }
    }
}

/* --- Completion ------------------------------------------------------------------------------- */

void cop__edit_completed(const char *text)
{
    free(edit.candidates);
    edit.candidates = strdup(text);
    edit.is_completed = edit.candidates != NULL;
}

/* Waits for the node's answer; Ctrl+C gives it up. */
static bool wait_for_candidates(void)
{
    edit.is_completed = false;
    while (!edit.is_completed) {
        switch (cop__terminal_wait(false)) {
        case COP__EVENT_FRAME:
            if (!cop__terminal_frames()) return edit.is_completed;
            break;
        case COP__EVENT_INTERRUPT:
        case COP__EVENT_END: return false;
        default: break;
        }
    }
    return true;
}

/* Prints lines in columns, as wide as the terminal. */
static void print_candidates(const char *lines)
{
    size_t widest = 1;
    size_t per_row;
    size_t at = 0;
    FILE *text;
    char *data = NULL;
    size_t len = 0;

    for (const char *l = lines; *l; l += strcspn(l, "\n"), l += *l == '\n') {
        size_t width = columns(l, strcspn(l, "\n"));

        if (width > widest) widest = width;
    }
    per_row = (size_t)cop__terminal_width() / (widest + 4);
    text = open_memstream(&data, &len);
    if (text == NULL) return;
    for (const char *l = lines; *l; l += strcspn(l, "\n"), l += *l == '\n') {
        size_t size = strcspn(l, "\n");

        (void)fprintf(text, "%.*s", (int)size, l);
        if (++at < per_row && l[size] == '\n' && l[size + 1] != '\0') {
            (void)fprintf(text, "%*s", (int)(widest + 4 - columns(l, size)), "");
        } else {
            (void)fputc('\n', text);
            at = 0;
        }
    }
    (void)fclose(text);
    cop__edit_print(data, len);
    free(data);
}

static unsigned char complete(EditLine *el, int key)
{
    const LineInfo *line = el_line(el);
    size_t len = (size_t)(line->cursor - line->buffer);
    char *stop;

    (void)key;
    if (strspn(line->buffer, " \t") >= len) /* pasted lines may begin so */
        return el_insertstr(el, "  ") == 0 ? CC_REFRESH : CC_ERROR;
    cop__terminal_send(COP__FRAME_COMPLETE, line->buffer, len);
    if (!wait_for_candidates()) return CC_ERROR;
    stop = strchr(edit.candidates, '\n');
    if (stop) *stop = '\0';
    if (stop && stop[1] != '\0') {
        /* The line stays above, as IEx has it. */
        (void)fputc('\n', edit.out);
        edit.is_editing = false;
        print_candidates(stop + 1);
        edit.is_editing = true;
        el_set(el, EL_REFRESH);
    }
    if (edit.candidates[0] == '\0') return stop && stop[1] != '\0' ? CC_NORM : CC_ERROR;
    return el_insertstr(el, edit.candidates) == 0 ? CC_REFRESH : CC_ERROR;
}

/* --- Earlier lines ---------------------------------------------------------------------------- */

static void remember(const char *line, size_t len)
{
    HistEvent event;

    if (len > 0) (void)history(edit.history, &event, H_ENTER, line);
}

/* Reads the file; one that has grown long is written anew with its last lines. */
static void load_history(void)
{
    FILE *file = edit.file ? fopen(edit.file, "re") : NULL;
    char *line = NULL;
    size_t cap = 0;
    size_t count = 0;
    ssize_t len;

    if (file == NULL) return;
    while ((len = getline(&line, &cap, file)) > 0) {
        if (line[len - 1] == '\n') line[--len] = '\0';
        remember(line, (size_t)len);
        count++;
    }
    free(line);
    (void)fclose(file);
    if (count > (size_t)2 * HISTORY_LINES) {
        HistEvent event;
        int fd = open(edit.file, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
        FILE *again = fd >= 0 ? fdopen(fd, "w") : NULL;
        bool more = again && history(edit.history, &event, H_LAST) == 0;

        for (; more; more = history(edit.history, &event, H_PREV) == 0)
            (void)fprintf(again, "%s\n", event.str);
        if (again) (void)fclose(again);
    }
}

/* Lines of several consoles come in between each other, whole. */
static void save_line(const char *line)
{
    size_t len = strlen(line);
    char *text;
    int fd;

    if (edit.file == NULL || len == 0) return;
    fd = open(edit.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return;
    text = malloc(len + 1);
    if (text) {
        memcpy(text, line, len);
        text[len] = '\n';
        if (write(fd, text, len + 1) < 0) edit.file = NULL; /* no further tries */
        free(text);
    }
    close(fd);
}

/* --- All -------------------------------------------------------------------------------------- */

static char *prompt(EditLine *el)
{
    (void)el;
    return edit.prompt;
}

/* Characters are UTF-8, whatever the program's locale is. */
static void set_locale(void)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);

    if (l == (locale_t)0 || strcmp(nl_langinfo_l(CODESET, l), "UTF-8") != 0) {
        if (l != (locale_t)0) freelocale(l);
        l = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    }
    if (l == (locale_t)0) return;
    uselocale(l);
    edit.locale = l;
}

static void bind_keys(EditLine *el)
{
    static const char *const keys[][2] = {
        {"^I", "complete"},
        {"^R", "em-inc-search-prev"},
        {"\\e[3~", "ed-delete-next-char"},
        {"\\e[1~", "ed-move-to-beg"},
        {"\\e[4~", "ed-move-to-end"},
        {"\\e[H", "ed-move-to-beg"},
        {"\\e[F", "ed-move-to-end"},
        {"\\e[1;5C", "em-next-word"},
        {"\\e[1;5D", "ed-prev-word"},
        {"^W", "ed-delete-prev-word"},
    };

    el_wset(el, EL_ADDFN, L"complete", L"Completes a name.", complete); /* el_set leaks the names */
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        el_set(el, EL_BIND, keys[i][0], keys[i][1], NULL);
}

void cop__edit_init(const char *file)
{
    HistEvent event;

    set_locale();
    edit.file = file;
    edit.out = fdopen(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "w");
    edit.history = history_init();
    (void)history(edit.history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(edit.history, &event, H_SETUNIQUE, 1);
    load_history();
    edit.el = el_init("coppice", stdin, edit.out, stderr);
    el_set(edit.el, EL_EDITOR, "emacs");
    el_set(edit.el, EL_SIGNAL, 0);
    el_set(edit.el, EL_PROMPT, prompt);
    el_set(edit.el, EL_HIST, history, edit.history);
    el_set(edit.el, EL_GETCFN, get_key);
    bind_keys(edit.el);
    el_source(edit.el, NULL);
    /* Between lines: no echo, keys stay where they are until somebody wants them. */
    el_set(edit.el, EL_SETTY, "-x", "-echo", "-icanon", NULL);
}

void cop__edit_fini(void)
{
    el_end(edit.el);
    history_end(edit.history);
    (void)fclose(edit.out);
    free(edit.line);
    free(edit.candidates);
    edit.el = NULL;
    uselocale(LC_GLOBAL_LOCALE);
    if (edit.locale != (locale_t)0) freelocale(edit.locale);
    edit.locale = (locale_t)0;
}

const char *cop__edit_line(const char *text, bool *ret_at_end)
{
    const char *line;
    int len = 0;

    if (edit.is_inside) (void)fputc('\n', edit.out);
    edit.is_inside = false;
    (void)snprintf(edit.prompt, sizeof(edit.prompt), "%s", text);
    edit.is_editing = true;
    line = el_gets(edit.el, &len);
    edit.is_editing = false;
    free(edit.line);
    edit.line = line && len > 0 ? strndup(line, strcspn(line, "\n")) : NULL;
    *ret_at_end = edit.line == NULL;
    if (edit.line) {
        remember(edit.line, strlen(edit.line));
        save_line(edit.line);
    } else {
        (void)fputc('\n', edit.out);
        (void)fflush(edit.out);
    }
    return edit.line;
}
