/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of my_service share: a folder with a file for the rules, the application in it,
 * and an auth service that answers what the test says. */
#ifndef MY_SERVICE_SUPPORT_H
#define MY_SERVICE_SUPPORT_H

#include "support/process_test.h"

#include "../../../apps/my_service/my_service.h"

/* The body of a test, a function without arguments, runs with the application loaded and set up for
 * it: a file of its own, quick backoff, the auth service above. Afterwards the application is
 * stopped. Requests to the auth service wait until the test, and that alone, answers them. */
void my_service_test(void (*body)(void));
int my_service_up(void **state);
int my_service_down(void **state);

#define SERVICE_TEST(name)                                                                         \
    static void name##_body(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        my_service_test(name##_body);                                                              \
    }                                                                                              \
    static void name##_body(void)

/* Starts the application: {:ok, _} or {:error, _}; the same, which must succeed; stops it. */
cop_term try_to_start(void);
void start_service(void);
void stop_service(void);
/* The path of the file. */
const char *rules_file(void);
void set_env(cop_term key, cop_term value);

/* Waits until the auth service is asked and returns who is. */
cop_pid await_request(void);
/* Nobody asks and nobody has asked. */
void expect_no_request(void);
/* Answers that request: what fetch() returns. */
void answer(cop_pid asker, cop_term result);
/* Rules of a number: `count` clients "c1", ... that may all ask "s" and the service "v<number>". */
cop_term rules_text(int number, int count);
void answer_rules(cop_pid asker, int number);
/* Answers a loader, and returns the reason with which it ends. */
cop_term end_after(cop_pid loader, cop_term result);
cop_term end_after_rules(cop_pid loader, int number);
/* Waits until this version is in force. */
void await_version(int64_t version);
/* Waits until the process is gone and returns its reason. */
cop_term await_end(cop_pid pid);
/* The pid of the loader that runs, which there must be. */
cop_pid running_loader(void);

#endif
