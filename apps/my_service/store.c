/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the rules, on SQLite. */
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Errors ----------------------------------------------------------------------------------- */

static const char *system_error(int error)
{
    switch (error) {
    case EISDIR: return "eisdir";
    case ENOENT: return "enoent";
    case ENOTDIR: return "enotdir";
    case EACCES: return "eacces";
    case EPERM: return "eperm";
    case EROFS: return "erofs";
    case ENOSPC: return "disk_full";
    case EMFILE: return "emfile";
    default: return NULL;
    }
}

/* A file that cannot be opened: SQLite does not say why for all of them. */
static const char *cannot_open(sqlite3 *db, const char *path)
{
    struct stat found;
    const char *name;

    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) return "eisdir";
    name = system_error(db ? sqlite3_system_errno(db) : 0);
    return name ? name : "io_error";
}

static const char *error_name(sqlite3 *db, int rc, const char *path)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "locked";
    case SQLITE_FULL: return "disk_full";
    case SQLITE_CORRUPT: return "corrupt";
    case SQLITE_NOTADB: return "not_a_database";
    case SQLITE_READONLY:
    case SQLITE_PERM: return "read_only";
    case SQLITE_NOMEM: return "no_memory";
    case SQLITE_CANTOPEN: return cannot_open(db, path);
    case SQLITE_IOERR: return "io_error";
    default: return "sqlite_error";
    }
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* Makes the folders above path; what cannot be made is found out by opening. */
static void make_folders(const char *path)
{
    char folder[4096];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        (void)mkdir(folder, 0700);
    }
}

/* quick_check says "ok" in one row, or what is wrong. */
static int is_ok(void *arg, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    if (values[0] && strcmp(values[0], "ok") == 0) *(int *)arg = 1;
    return 0;
}

static int check(sqlite3 *db)
{
    int ok = 0;
    int rc = sqlite3_exec(db, "PRAGMA quick_check(1)", is_ok, &ok, NULL);

    return rc == SQLITE_OK && !ok ? SQLITE_CORRUPT : rc;
}

static int bound(sqlite3 *db, int64_t size_max)
{
    char text[100];

    if (size_max <= 0) return SQLITE_OK;
    (void)snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld",
                   (long long)(size_max / 4096 > 0 ? size_max / 4096 : 1));
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static int open_file(const struct store *s, sqlite3 **ret_db)
{
    int rc;

    make_folders(s->path);
    rc = sqlite3_open_v2(s->path, ret_db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, NULL);
    if (rc != SQLITE_OK) return rc;
    sqlite3_extended_result_codes(*ret_db, 1);
    sqlite3_busy_timeout(*ret_db, (int)s->busy_ms);
    rc = sqlite3_exec(*ret_db, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA", NULL,
                      NULL, NULL);
    if (rc == SQLITE_OK) rc = bound(*ret_db, s->size_max);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*ret_db,
                          "CREATE TABLE IF NOT EXISTS auth_rules("
                          "version INTEGER PRIMARY KEY, loaded_at TEXT NOT NULL, "
                          "body TEXT NOT NULL)",
                          NULL, NULL, NULL);
    return rc;
}

static void close_file(struct store *s, sqlite3 *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) s->error = error_name(db, rc, s->path);
    (void)sqlite3_close(db); /* NULL is allowed */
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int take_row(struct store *s, sqlite3_stmt *query)
{
    const void *time = sqlite3_column_text(query, 1);
    const void *body = sqlite3_column_text(query, 2);

    if (!time || !body) return SQLITE_NOMEM;
    s->version = sqlite3_column_int64(query, 0);
    (void)snprintf(s->time, sizeof(s->time), "%s", (const char *)time);
    s->body_len = (size_t)sqlite3_column_bytes(query, 2);
    s->body = malloc(s->body_len + 1);
    if (!s->body) return SQLITE_NOMEM;
    memcpy(s->body, body, s->body_len);
    return SQLITE_OK;
}

static int read_row(struct store *s, sqlite3 *db)
{
    sqlite3_stmt *query = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT version, loaded_at, body FROM auth_rules "
                                "ORDER BY version DESC LIMIT 1",
                                -1, &query, NULL);

    if (rc == SQLITE_OK) rc = sqlite3_step(query);
    if (rc == SQLITE_ROW) rc = take_row(s, query);
    (void)sqlite3_finalize(query);
    return rc;
}

void store_read(void *arg)
{
    struct store *s = arg;
    sqlite3 *db = NULL;
    int rc = open_file(s, &db);

    if (rc == SQLITE_OK) rc = check(db);
    if (rc == SQLITE_OK) rc = read_row(s, db);
    close_file(s, db, rc);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static int insert(struct store *s, sqlite3 *db)
{
    sqlite3_stmt *add = NULL;
    int rc = sqlite3_prepare_v2(db,
                                "INSERT INTO auth_rules SELECT "
                                "coalesce(max(version), 0) + 1, ?1, ?2 FROM auth_rules",
                                -1, &add, NULL);

    if (rc == SQLITE_OK) rc = sqlite3_bind_text(add, 1, s->time, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text64(add, 2, s->body, s->body_len, SQLITE_STATIC, SQLITE_UTF8);
    if (rc == SQLITE_OK) rc = sqlite3_step(add);
    (void)sqlite3_finalize(add);
    if (rc == SQLITE_DONE) s->version = sqlite3_last_insert_rowid(db);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

void store_write(void *arg)
{
    struct store *s = arg;
    sqlite3 *db = NULL;
    int rc = open_file(s, &db);

    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = insert(s, db);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db,
                          "DELETE FROM auth_rules "
                          "WHERE version < (SELECT max(version) FROM auth_rules)",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    close_file(s, db, rc); /* an open transaction is rolled back */
}
