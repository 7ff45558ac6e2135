/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the rules: what is written is read, versions grow, each failure has its name, and a
 * program that is killed at any point leaves the former row or the new one, whole. */
#include "support/cmocka_all.h"

#include "../../../apps/my_service/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS 200

static char folder[] = "/tmp/my_service_store.XXXXXX";
static char path[200];

static int up(void **state)
{
    (void)state;
    memcpy(strrchr(folder, '.'), ".XXXXXX", 8);
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(path, sizeof(path), "%s/state/rules.db", folder);
    return 0;
}

static int down(void **state)
{
    char command[300];

    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const char *write_body(char *body, size_t len, int64_t *ret_version)
{
    struct store s = {.path = path, .busy_ms = 20, .body = body, .body_len = len};

    (void)snprintf(s.time, sizeof(s.time), "time of %c", body[0]);
    store_write(&s);
    if (ret_version) *ret_version = s.version;
    return s.error;
}

static const char *read_error(void)
{
    struct store s = {.path = path, .busy_ms = 20};

    store_read(&s);
    assert_null(s.body);
    return s.error;
}

static void expect_row(int64_t version, const char *time, const char *body)
{
    struct store s = {.path = path, .busy_ms = 20};

    store_read(&s);
    assert_null(s.error);
    assert_int_equal(s.version, version);
    if (version == 0) return;
    assert_string_equal(s.time, time);
    assert_int_equal(s.body_len, strlen(body));
    assert_memory_equal(s.body, body, s.body_len);
    free(s.body);
}

static void what_is_written_is_read(void **state)
{
    int64_t version = -1;
    char one[] = "1 is one";
    char two[] = "2";
    char empty[] = "";

    (void)state;
    expect_row(0, "", "");
    assert_null(write_body(one, strlen(one), &version));
    assert_int_equal(version, 1);
    expect_row(1, "time of 1", "1 is one");
    assert_null(write_body(two, strlen(two), &version));
    assert_int_equal(version, 2);
    expect_row(2, "time of 2", "2");
    assert_null(write_body(empty, 0, &version));
    assert_int_equal(version, 3);
}

/* Calls a statement of SQL with a connection of its own. */
static sqlite3 *with_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static int count_rows(void *arg, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(int *)arg = atoi(values[0]); /* NOLINT(cert-err34-c): SQLite's own number */
    return 0;
}

static void only_the_newest_row_is_kept(void **state)
{
    char body[] = "x";
    int rows = 0;
    sqlite3 *db;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_null(write_body(body, 1, NULL));
    db = with_sql("SELECT 1");
    sqlite3_exec(db, "SELECT count(*) FROM auth_rules", count_rows, &rows, NULL);
    sqlite3_close(db);
    assert_int_equal(rows, 1);
    expect_row(5, "time of x", "x");
}

/* --- Failures --------------------------------------------------------------------------------- */

static void a_locked_file(void **state)
{
    char body[] = "a";
    sqlite3 *db;

    (void)state;
    assert_null(write_body(body, 1, NULL));
    db = with_sql("BEGIN EXCLUSIVE");
    assert_string_equal(write_body(body, 1, NULL), "locked");
    assert_string_equal(read_error(), "locked");
    sqlite3_close(db);
    expect_row(1, "time of a", "a");
}

static void a_full_disk(void **state)
{
    char body[] = "a";
    static char large[100000];
    struct store s = {
        .path = path, .busy_ms = 20, .size_max = 65536, .body = large, .body_len = sizeof(large)};

    (void)state;
    memset(large, 'b', sizeof(large));
    assert_null(write_body(body, 1, NULL));
    store_write(&s);
    assert_string_equal(s.error, "disk_full");
    expect_row(1, "time of a", "a");
}

/* A file system of our own with little room, at `folder`, for this process alone. False: the system
 * does not let us. */
static bool mount_small(void)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=128k") == 0;
}

/* In a process of its own: 0 if all is as it should be, also where nothing can be mounted; then
 * a_full_disk() alone shows it. */
static int fill_a_file_system(void)
{
    char body[] = "a";
    static char large[1000000];
    struct store s = {.path = path, .busy_ms = 20, .body = body, .body_len = 1};

    if (!mount_small()) return 0;
    store_write(&s);
    if (s.error != NULL) return 1;
    memset(large, 'b', sizeof(large));
    s.body = large;
    s.body_len = sizeof(large);
    store_write(&s);
    if (s.error == NULL || strcmp(s.error, "disk_full") != 0) return 2;
    s = (struct store){.path = path, .busy_ms = 20};
    store_read(&s);
    return s.error == NULL && s.version == 1 && s.body_len == 1 && s.body[0] == 'a' ? 0 : 3;
}

static void a_full_file_system(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) _exit(fill_a_file_system());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The system's limit on the size of files. */
static void a_file_that_may_not_grow(void **state)
{
    char body[] = "a";
    static char large[1000000];
    struct rlimit before, low;
    const char *error;

    (void)state;
    memset(large, 'b', sizeof(large));
    assert_null(write_body(body, 1, NULL));
    getrlimit(RLIMIT_FSIZE, &before);
    low = (struct rlimit){.rlim_cur = 100000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &low);
    error = write_body(large, sizeof(large), NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_string_equal(error, "io_error");
    expect_row(1, "time of a", "a");
}

static void a_folder_in_the_files_place(void **state)
{
    char body[] = "a";
    char above[200];

    (void)state;
    (void)snprintf(above, sizeof(above), "%s/state", folder);
    mkdir(above, 0700);
    mkdir(path, 0700);
    assert_string_equal(write_body(body, 1, NULL), "eisdir");
    assert_string_equal(read_error(), "eisdir");
}

static void a_file_in_the_folders_place(void **state)
{
    char body[] = "a";
    char above[200];

    (void)state;
    (void)snprintf(above, sizeof(above), "%s/state", folder);
    close(open(above, O_CREAT | O_WRONLY, 0600));
    assert_string_equal(write_body(body, 1, NULL), "enotdir");
    assert_string_equal(read_error(), "enotdir");
}

/* Writes text at an offset of the file. */
static void overwrite(off_t at, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, text, len, at), (ssize_t)len);
    close(fd);
}

static void a_file_that_is_no_database(void **state)
{
    char body[] = "a";

    (void)state;
    assert_null(write_body(body, 1, NULL));
    overwrite(0, "This is a text and no database.", 31);
    assert_string_equal(read_error(), "not_a_database");
    assert_string_equal(write_body(body, 1, NULL), "not_a_database");
}

static void a_corrupt_file(void **state)
{
    static char rubbish[4096];
    char body[] = "a";

    (void)state;
    assert_null(write_body(body, 1, NULL));
    memset(rubbish, 0x5a, sizeof(rubbish));
    overwrite(4096, rubbish, sizeof(rubbish)); /* the page of the table */
    assert_string_equal(read_error(), "corrupt");
}

/* --- Kills ------------------------------------------------------------------------------------ */

#define BODY_SIZE 20000

/* Writes rows for ever, each all of one letter; tells of each that is done. */
static void write_for_ever(int told)
{
    static char body[BODY_SIZE];

    for (int i = 0;; i++) {
        memset(body, 'a' + i % 26, sizeof(body));
        if (write_body(body, sizeof(body), NULL) != NULL) _exit(1);
        if (write(told, body, 1) != 1) _exit(1);
    }
}

static void expect_whole_row(int64_t *version)
{
    struct store s = {.path = path, .busy_ms = 1000};

    store_read(&s);
    assert_null(s.error);
    assert_true(s.version >= *version); /* what was done has stayed */
    assert_int_equal(s.body_len, BODY_SIZE);
    for (size_t i = 0; i < s.body_len; i++)
        assert_int_equal(s.body[i], s.body[0]);
    assert_int_equal(s.time[8], s.body[0]);
    free(s.body);
    *version = s.version;
}

static void a_kill_at_any_point_leaves_a_whole_row(void **state)
{
    int64_t version = 1;
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        int told[2];
        char byte;
        pid_t child;

        assert_int_equal(pipe(told), 0);
        child = fork();
        if (child == 0) write_for_ever(told[1]);
        assert_int_equal(read(told[0], &byte, 1), 1);
        /* Not to wait for anything: the points at which it dies are to be spread. */
        seed = seed * 1103515245U + 12345U;
        nanosleep(&(struct timespec){.tv_nsec = seed / 65536 % 3000 * 1000}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(told[0]);
        close(told[1]);
        version += i > 0; /* at least the one that was told */
        expect_whole_row(&version);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_is_written_is_read),
                                       TEST(only_the_newest_row_is_kept),
                                       TEST(a_locked_file),
                                       TEST(a_full_disk),
                                       TEST(a_full_file_system),
                                       TEST(a_file_that_may_not_grow),
                                       TEST(a_folder_in_the_files_place),
                                       TEST(a_file_in_the_folders_place),
                                       TEST(a_file_that_is_no_database),
                                       TEST(a_corrupt_file),
                                       TEST(a_kill_at_any_point_leaves_a_whole_row)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
