/* SPDX-License-Identifier: Apache-2.0 */
/* Catching what is logged while a function runs. The log's thread writes, the caller reads after a
 * flush. */
#include "otp/test.h"

#include "coppice/node.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    char *data; /* under the lock, as the rest */
    size_t len;
    size_t cap;
} caught = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void catch_text(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)arg;
    pthread_mutex_lock(&caught.lock);
    if (caught.len + len + 1 > caught.cap) {
        size_t cap = (caught.len + len + 1) * 2;
        char *data = realloc(caught.data, cap);

        if (data == NULL) abort();
        caught.data = data;
        caught.cap = cap;
    }
    memcpy(caught.data + caught.len, text, len);
    caught.data[caught.len + len] = '\n';
    caught.len += len + 1;
    pthread_mutex_unlock(&caught.lock);
}

static void forget(void)
{
    pthread_mutex_lock(&caught.lock);
    free(caught.data);
    caught.data = NULL;
    caught.len = caught.cap = 0;
    pthread_mutex_unlock(&caught.lock);
}

cop_term cop_capture_log(cop_try_fn fn, void *arg)
{
    struct cop_outcome outcome;
    cop_term text;
    bool has_returned;

    /* What was logged before is not caught. */
    cop_log_flush();
    forget();
    cop_log_to(catch_text, NULL, COP_DEBUG_LEVEL);
    has_returned = cop_try(fn, arg, &outcome);
    cop_log_flush();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    pthread_mutex_lock(&caught.lock);
    text = cop_binary(caught.data != NULL ? caught.data : "", caught.len);
    pthread_mutex_unlock(&caught.lock);
    forget();
    if (!has_returned) cop_reraise(&outcome);
    return text;
}
