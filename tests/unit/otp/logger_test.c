/* SPDX-License-Identifier: Apache-2.0 */
/* Logger: levels, metadata, handlers, and what happens when too much comes (LOG-01, 02, 25). */
#include "support/process_test.h"

#include "coppice/logger.h"
#include "coppice/sys.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static cop_term logger(const char *function, cop_term args)
{
    return cop_apply(COP("Logger"), cop_atom(function), args);
}

/* --- Levels ----------------------------------------------------------------------------------- */

static const char *const names[] = {"debug", "info",     "notice", "warning",
                                    "error", "critical", "alert",  "emergency"};
#define LEVELS (sizeof names / sizeof names[0])

/* LOG-01: eight levels in this order */
PROCESS_TEST(levels)
{
    cop_term listed = cop_list_reverse(logger("levels", cop_empty_list()));
    enum cop_level level;

    for (size_t i = 0; i < LEVELS; i++, listed = cop_tail(listed)) {
        cop_assert_equal(cop_atom(names[i]), cop_head(listed));
        cop_assert_equal(cop_atom(names[i]), cop_level_name((enum cop_level)i));
        cop_assert(cop_level_from(cop_atom(names[i]), &level) && level == (enum cop_level)i);
        for (size_t k = 0; k < LEVELS; k++)
            cop_assert_equal(
                i < k   ? COP(":lt")
                : i > k ? COP(":gt")
                        : COP(":eq"),
                logger("compare_levels", cop_list(cop_atom(names[i]), cop_atom(names[k]))));
    }
    cop_assert(cop_is_empty_list(listed));
    cop_assert(cop_level_from(COP(":none"), &level) && level == COP_LOG_OFF);
    cop_assert(!cop_level_from(COP(":bad"), &level));
}

static cop_term log_at_all_levels(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < LEVELS; i++)
        cop_assert_equal(cop_ok(), logger(names[i], cop_list(cop_string(names[i]))));
    return cop_nil();
}

/* Below the level nothing is made, from it on everything */
PROCESS_TEST(level_of_all)
{
    cop_assert_equal(COP(":debug"), logger("level", cop_empty_list()));
    cop_assert_equal("debug\ninfo\nnotice\nwarning\nerror\ncritical\nalert\nemergency\n",
                     cop_capture_log(log_at_all_levels, NULL));
    logger("configure", COP("[[level: :error]]"));
    cop_assert_equal(COP(":error"), logger("level", cop_empty_list()));
    cop_assert_equal("error\ncritical\nalert\nemergency\n",
                     cop_capture_log(log_at_all_levels, NULL));
    logger("configure", COP("[[level: :warn]]")); /* as it was called once */
    cop_assert_equal(COP(":warning"), logger("level", cop_empty_list()));
    logger("configure", COP("[[level: :none]]"));
    cop_assert_equal("", cop_capture_log(log_at_all_levels, NULL));
    logger("configure", COP("[[level: :all]]"));
    cop_assert_equal(COP(":debug"), logger("level", cop_empty_list()));
}

/* A process can have a level of its own */
PROCESS_TEST(level_of_a_process)
{
    cop_term self = cop_pid_term(cop_self());

    cop_assert_equal(cop_nil(), logger("get_process_level", cop_list(self)));
    logger("put_process_level", cop_list(self, COP(":alert")));
    cop_assert_equal(COP(":alert"), logger("get_process_level", cop_list(self)));
    cop_assert_equal("alert\nemergency\n", cop_capture_log(log_at_all_levels, NULL));
    logger("disable", cop_list(self));
    cop_assert_equal(cop_false(), logger("enabled?", cop_list(self)));
    cop_assert_equal("", cop_capture_log(log_at_all_levels, NULL));
    logger("enable", cop_list(self));
    cop_assert_equal(cop_true(), logger("enabled?", cop_list(self)));
    cop_assert(cop_to_bytes(cop_capture_log(log_at_all_levels, NULL)).len > 50);
}

/* --- Messages --------------------------------------------------------------------------------- */

static cop_term log_message(void *message)
{
    return logger("info", cop_list(*(cop_term *)message));
}

static cop_term logged(cop_term message)
{
    return cop_capture_log(log_message, &message);
}

PROCESS_TEST(messages)
{
    cop_assert_equal("text\n", logged(COP("\"text\"")));
    cop_assert_equal("[a: 1, b: \"x\"]\n", logged(COP("[a: 1, b: \"x\"]")));
    cop_assert_equal("%{a: 1}\n", logged(COP("%{a: 1}")));
    cop_assert_equal("made late\n", logged(COP("&String.trim(\" made late \")")));
    cop_assert_equal("abc\n", logged(COP("[\"a\", [98, \"c\"]]")));
}

static cop_term log_badly(void *args)
{
    return logger("log", *(cop_term *)args);
}

PROCESS_TEST(wrong_arguments)
{
    cop_term bad_level = COP("[:bad, \"x\"]"), bad_metadata = COP("[:info, \"x\", 1]");

    cop_assert_equal("** (ArgumentError) :bad is no level of Logger",
                     cop_format_banner(COP_CLASS_ERROR, cop_assert_raises(log_badly, &bad_level)));
    cop_assert_equal(
        "** (FunctionClauseError) no function clause matching in Logger.log/3",
        cop_format_banner(COP_CLASS_ERROR, cop_assert_raises(log_badly, &bad_metadata)));
}

/* --- Metadata and handlers -------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    int count;
    enum cop_level level;
    char text[256];
    char metadata[256]; /* as inspect shows it, without :time */
    int64_t time_us;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void see(const struct cop_log_event *event, void *arg)
{
    cop_term rest = cop_map_remove(event->metadata, COP(":time"));
    cop_bytes shown = cop_to_bytes(cop_inspect(rest));

    if (arg != &seen) return;
    pthread_mutex_lock(&seen.lock);
    seen.count++;
    seen.level = event->level;
    snprintf(seen.text, sizeof seen.text, "%.*s", (int)event->text.len, event->text.data);
    snprintf(seen.metadata, sizeof seen.metadata, "%.*s", (int)shown.len, shown.data);
    seen.time_us = event->time_us;
    pthread_mutex_unlock(&seen.lock);
}

static void drop(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

static void check_seen(int count, enum cop_level level, const char *text, cop_term metadata)
{
    cop_log_flush();
    cop_assert_equal(count, seen.count);
    cop_assert(seen.level == level);
    cop_assert_equal(text, cop_string(seen.text));
    cop_assert_equal(cop_inspect(cop_map_put(metadata, COP(":pid"), cop_self())),
                     cop_string(seen.metadata));
}

PROCESS_TEST(functions_as_handlers)
{
    cop_log_to(drop, NULL, COP_DEBUG_LEVEL);
    seen.count = 0;
    cop_assert(cop_logger_add_handler(COP(":seen"), COP_NOTICE, see, &seen));
    cop_assert(!cop_logger_add_handler(COP(":seen"), COP_NOTICE, see, &seen));
    cop_assert(!cop_logger_add_handler(COP(":default"), COP_NOTICE, see, &seen));
    cop_assert_equal(COP("[:default, :seen]"), cop_logger_handlers());
    logger("info", COP("[\"too low\"]"));
    logger("notice", COP("[\"one\"]"));
    check_seen(1, COP_NOTICE, "one", COP("%{}"));
    logger("metadata", COP("[[user: 7, job: :x]]"));
    cop_assert_equal(COP("[job: :x, user: 7]"), logger("metadata", cop_empty_list()));
    logger("error", COP("[\"two\", [user: 8, extra: {1, \"x\"}]]"));
    check_seen(2, COP_ERROR, "two", COP("%{job: :x, user: 8, extra: {1, \"x\"}}"));
    logger("metadata", COP("[[job: nil]]"));
    cop_logger_log(COP_ALERT, (cop_bytes){"three", 5}, COP("%{k: 1}"));
    check_seen(3, COP_ALERT, "three", COP("%{user: 7, k: 1}"));
    logger("reset_metadata", COP("[[only: 1]]"));
    cop_assert_equal(COP("[only: 1]"), cop_logger_metadata());
    cop_log(COP_WARNING, "number %d", 4); /* tells nothing of its process but the pid */
    check_seen(4, COP_WARNING, "number 4", COP("%{}"));
    cop_assert(seen.time_us > INT64_C(1600000000000000));
    cop_assert(cop_logger_remove_handler(COP(":seen")));
    cop_assert(!cop_logger_remove_handler(COP(":seen")));
    logger("error", COP("[\"nobody hears\"]"));
    cop_log_flush();
    cop_assert_equal(4, seen.count);
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

static cop_next wait_for_end(cop_term arg)
{
    (void)arg;
    cop_sleep(INT32_MAX); /* looks at no message */
    return cop_end();
}

PROCESS_TEST(processes_as_handlers)
{
    cop_term metadata;
    cop_pid other;
    cop_ref monitor;

    cop_log_to(drop, NULL, COP_DEBUG_LEVEL);
    cop_assert_equal(cop_ok(), logger("add_handler", cop_list(COP(":mine"), cop_self(),
                                                              COP("[level: :warning]"))));
    cop_assert_equal(COP("{:error, {:already_exist, :mine}}"),
                     logger("add_handler", cop_list(COP(":mine"), cop_self(), cop_empty_list())));
    logger("notice", COP("[\"too low\"]"));
    logger("critical", COP("[\"text\", [a: 1]]"));
    cop_assert_receive_within(5000, "{:log, :critical, \"text\", metadata}", metadata);
    cop_assert_equal(1, cop_map_get(metadata, COP(":a"), cop_nil()));
    cop_assert_equal(cop_ok(), logger("remove_handler", COP("[:mine]")));
    cop_assert_equal(COP("{:error, {:not_found, :mine}}"),
                     logger("remove_handler", COP("[:mine]")));
    logger("critical", COP("[\"after\"]"));
    cop_log_flush();
    cop_assert(!cop_receive(&metadata, 0));
    /* By name; the handler of a pid goes with its process. */
    cop_register(COP(":log_reader"), cop_self());
    cop_assert(cop_logger_add_process(COP(":named"), COP_DEBUG_LEVEL, COP(":log_reader")));
    logger("debug", COP("[\"by name\"]"));
    cop_assert_receive_within(5000, "{:log, :debug, \"by name\", _}");
    cop_assert(cop_logger_remove_handler(COP(":named")));
    other = cop_spawn(wait_for_end, cop_nil(), NULL);
    monitor = cop_monitor(other);
    cop_assert(cop_logger_add_process(COP(":other"), COP_DEBUG_LEVEL, cop_pid_term(other)));
    cop_exit_process(other, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^monitor, _, _, _}", monitor);
    logger("error", COP("[\"to the dead\"]"));
    cop_log_flush();
    cop_assert_equal(COP("[:default]"), cop_logger_handlers());
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

/* What the default handler prints: LOG-02, with the wanted keys before the level */
PROCESS_TEST(form_with_metadata)
{
    int saved = dup(STDERR_FILENO), h, m, s, ms, end = 0;
    FILE *file = tmpfile();
    char text[256] = "";

    cop_log_flush();
    dup2(fileno(file), STDERR_FILENO);
    cop_assert(cop_logger_add_handler(COP(":seer"), COP_ERROR, see, &seen));
    logger("configure_backend", COP("[:console, [metadata: [:user, :none, :mod], level: :error]]"));
    logger("warning", COP("[\"too low\"]"));
    logger("critical", COP("[\"the\ntext\", [user: \"u\", other: 1, mod: Some.Mod]]"));
    cop_log_flush();
    dup2(saved, STDERR_FILENO);
    close(saved);
    logger("configure_backend", COP("[:console, [metadata: []]]"));
    rewind(file);
    cop_assert(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    cop_assert(sscanf(text, "\n%2d:%2d:%2d.%3d %n", &h, &m, &s, &ms, &end) == 4 && end == 14);
    cop_assert_equal("user=u mod=Some.Mod [critical] the\ntext\n", cop_string(text + end));
    cop_assert(cop_logger_remove_handler(COP(":seer")));
    cop_assert_equal(seen.time_us / 1000 % 1000, ms);
    cop_assert_equal(seen.time_us / 1000000 % 60, s);
}

/* --- Too much --------------------------------------------------------------------------------- */

static sem_t *go_on;
static atomic_int slow_count;
static atomic_int told_of; /* dropped ones, as the log tells */

static void be_slow(enum cop_level level, const char *text, size_t len, void *arg)
{
    unsigned long long count;

    (void)level;
    (void)len;
    (void)arg;
    if (sscanf(text, "%llu log events were dropped", &count) == 1)
        atomic_fetch_add(&told_of, (int)count);
    else if (atomic_fetch_add(&slow_count, 1) == 0)
        sem_wait(go_on);
}

static cop_next log_burst(cop_term to)
{
    for (int i = 0; i < 20000; i++)
        cop_log(COP_INFO, "burst %d", i);
    cop_send(to, COP(":logged"));
    return cop_end();
}

/* A handler that hangs: who logs goes on, the queue is bounded, what is dropped is counted and
 * told */
PROCESS_TEST(a_burst_is_dropped)
{
    uint64_t before = cop_logger_dropped(), lost;
    sem_t semaphore;

    sem_init(&semaphore, 0, 0);
    go_on = &semaphore;
    cop_log_flush();
    cop_log_to(be_slow, NULL, COP_DEBUG_LEVEL);
    for (int i = 0; i < 2; i++)
        cop_spawn(log_burst, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 2; i++)
        cop_assert_receive_within(20000, ":logged");
    lost = cop_logger_dropped() - before;
    cop_assert(lost >= 40000 - 8192 - 1 && lost < 40000);
    sem_post(&semaphore);
    while (atomic_load(&slow_count) + (int)lost < 40000 || atomic_load(&told_of) < (int)lost)
        cop_yield();
    cop_log_flush();
    cop_assert_equal(40000 - (int64_t)lost, atomic_load(&slow_count));
    cop_assert_equal((int64_t)lost, atomic_load(&told_of));
    cop_assert(cop_logger_dropped() - before == lost);
    cop_log(COP_INFO, "one more");
    cop_log_flush();
    cop_assert_equal(40000 - (int64_t)lost + 1, atomic_load(&slow_count));
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    sem_destroy(&semaphore);
}

/* The queue is bounded in bytes, too */
PROCESS_TEST(long_texts_fill_it_sooner)
{
    enum { SIZE = 1 << 20 };
    char *text = cop_alloc(SIZE);
    uint64_t before = cop_logger_dropped();
    size_t size = cop_logger_truncate(SIZE);
    sem_t semaphore;

    sem_init(&semaphore, 0, 0);
    go_on = &semaphore;
    atomic_store(&slow_count, 0);
    atomic_store(&told_of, 0);
    cop_log_to(be_slow, NULL, COP_DEBUG_LEVEL);
    memset(text, 'x', SIZE);
    for (int i = 0; i < 20; i++)
        cop_logger_put(COP_INFO, (cop_bytes){text, SIZE}, cop_none());
    cop_assert(cop_logger_dropped() - before >= 4 && cop_logger_dropped() - before <= 5);
    sem_post(&semaphore);
    cop_log_flush();
    cop_logger_truncate(size);
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    sem_destroy(&semaphore);
}

/* How many messages wait for it: it takes in what was sent till now to answer. */
static int64_t messages_of(cop_pid pid)
{
    int64_t len;

    cop_expect(cop_process_info(pid, COP(":message_queue_len")), "{:message_queue_len, len}", len);
    return len;
}

/* A process that does not read what it is sent does not fill up */
PROCESS_TEST(a_process_that_does_not_read)
{
    uint64_t before = cop_logger_dropped();
    cop_pid reader = cop_spawn(wait_for_end, cop_nil(), NULL);
    int64_t len = 0;

    cop_log_to(drop, NULL, COP_DEBUG_LEVEL);
    cop_assert(cop_logger_add_process(COP(":reader"), COP_DEBUG_LEVEL, cop_pid_term(reader)));
    while (cop_logger_dropped() == before) {
        cop_log(COP_INFO, "for nobody");
        cop_log_flush();
        len = messages_of(reader);
    }
    cop_assert(cop_is_alive(reader));
    cop_assert_equal(1001, len);
    before = cop_logger_dropped();
    for (int i = 0; i < 50; i++)
        cop_log(COP_INFO, "for nobody");
    cop_log_flush();
    cop_assert_equal(before + 50, cop_logger_dropped());
    cop_assert_equal(1001, messages_of(reader));
    cop_assert(cop_logger_remove_handler(COP(":reader")));
    cop_exit_process(reader, COP(":kill"));
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

/* A screen that takes nothing keeps no node from its end */
static void a_stuck_screen(void **state)
{
    int ends[2], saved = dup(STDERR_FILENO);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 20; i++)
        cop_log(COP_ERROR, "line %d: %0500d", i, i);
    cop_node_stop(); /* with the pipe full */
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(cop_node_start(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(level_of_all),
        cmocka_unit_test(level_of_a_process),
        cmocka_unit_test(messages),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(functions_as_handlers),
        cmocka_unit_test(processes_as_handlers),
        cmocka_unit_test(form_with_metadata),
        cmocka_unit_test(a_burst_is_dropped),
        cmocka_unit_test(long_texts_fill_it_sooner),
        cmocka_unit_test(a_process_that_does_not_read),
        cmocka_unit_test(a_stuck_screen),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
