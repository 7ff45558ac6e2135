/* SPDX-License-Identifier: Apache-2.0 */
/* The file of log_to_file (SYS-13): a process that holds it open and writes to it what it is sent,
 * so that it is closed however the server or itself ends. */
#include "otp/sys_debug.h"

#include "coppice/proc_lib.h"
#include "otp/standard_output.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A file that is closed when its scope is left, by an exit too. */
struct file {
    int fd;
    cop_ref server;
};

static void file_close(struct file *file)
{
    if (file->fd >= 0) close(file->fd);
}

static bool write_turn(void *state, cop_term msg)
{
    const struct file *file = state;
    cop_ref server = file->server;

    if (cop_is_binary(msg)) {
        cop__file_write(file->fd, cop_to_bytes(msg));
        return true;
    }
    return !cop_match(msg, ":close") && !cop_match(msg, "{:DOWN, ^server, _, _, _}", server);
}

/* The path of a name that is a text of either kind. False: it is none. */
static bool path_of(cop_term name, char *ret_path, size_t size)
{
    size_t len = 0;

    if (cop_is_binary(name)) {
        cop_bytes bytes = cop_to_bytes(name);

        if (bytes.len >= size || memchr(bytes.data, 0, bytes.len) != NULL) return false;
        memcpy(ret_path, bytes.data, bytes.len);
        ret_path[bytes.len] = '\0';
        return true;
    }
    for (; cop_is_list(name) && !cop_is_empty_list(name); name = cop_tail(name)) {
        int64_t c = cop_is_integer(cop_head(name)) ? cop_to_int(cop_head(name)) : 0;

        if (c <= 0 || c > 127 || len + 1 >= size) return false;
        ret_path[len++] = (char)c;
    }
    ret_path[len] = '\0';
    return len > 0;
}

static cop_next run(cop_term boot)
{
    __attribute__((cleanup(file_close))) struct file file = {.fd = -1};
    cop_term name;
    cop_pid server;
    char path[1024];

    cop_expect(boot, "{server, name}", server, name);
    file.server = cop_monitor(server);
    if (path_of(name, path, sizeof path))
        file.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file.fd < 0) cop_init_fail(cop_nil(), COP_CLASS_EXIT, COP(":normal"));
    cop_init_ack(cop_pid_term(cop_self()));
    cop_receive_loop(write_turn, &file);
    return cop_end();
}

cop_term cop__log_file_open(cop_term name)
{
    return cop_proc_lib_start(run, cop_tuple(cop_self(), name),
                              &(struct cop_proc_lib_opts){.name = ":sys.log_to_file"});
}
