/* SPDX-License-Identifier: Apache-2.0 */
/* Settings. */
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 200

const char kv_settings_buckets_env[] = "[buckets_max: 100_000]";

const char kv_settings_env[] =
    "[address: \"127.0.0.1\", port: 4040, redis_port: :off, connections_max: 16384, idle_s: 600, "
    "line_max: 65536,"
    " bulk_max: 8_388_608, command_max: 67_108_864, words_max: 1_048_576,"
    " pending_max: 268_435_456]";

const char kv_settings_help[] =
    "  [KV_ADDRESS]         at which both ports listen; 0.0.0.0, ::: all; 127.0.0.1\n"
    "  [PORT]               of the line protocol; off: none; 4040\n"
    "  [REDIS_PORT]         of the Redis protocol; off: none; off\n"
    "  [KV_BUCKETS_MAX]     buckets at once; 100000\n"
    "  [KV_CONNECTIONS_MAX] connections at once; 16384\n"
    "  [KV_IDLE_S]          seconds after which an idle connection is closed; off: never; 600\n"
    "  [KV_LINE_MAX]        bytes of a line; 65536\n"
    "  [KV_BULK_MAX]        bytes of a key or value of the Redis protocol; 8388608\n"
    "  [KV_COMMAND_MAX]     bytes of a command of it; 67108864\n"
    "  [KV_WORDS_MAX]       words of a command of it; 1048576\n"
    "  [KV_PENDING_MAX]     bytes of incomplete commands of all connections; 268435456\n";

static const struct setting {
    const char *variable;
    const char *key;
    int64_t least;
    int64_t most;
    bool may_be_off;
} settings[] = {
    {"PORT", "port", 0, 65535, true},
    {"REDIS_PORT", "redis_port", 0, 65535, true},
    {"KV_CONNECTIONS_MAX", "connections_max", 1, 8388608, false},
    {"KV_IDLE_S", "idle_s", 1, 4294967, true},
    {"KV_LINE_MAX", "line_max", 16, 1 << 30, false},
    {"KV_BULK_MAX", "bulk_max", 1, 1 << 30, false},
    {"KV_COMMAND_MAX", "command_max", 64, 1 << 30, false},
    {"KV_WORDS_MAX", "words_max", 8, 1 << 24, false},
    {"KV_PENDING_MAX", "pending_max", 0, INT64_C(1) << 40, false},
};
enum { PORT, REDIS_PORT, CONNECTIONS, IDLE, LINE, BULK, COMMAND, WORDS, PENDING, SETTINGS };
static const struct setting buckets_max = {"KV_BUCKETS_MAX", "buckets_max", 1, 1 << 30, false};
_Static_assert(sizeof(settings) / sizeof(settings[0]) == SETTINGS, "one of each");

/* What the environment says, or NULL. */
static const char *variable(const char *name)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody sets */

    return text && text[0] != '\0' ? text : NULL;
}

/* The value that the environment gives it, or that of the application. */
static cop_term given(cop_term app, const struct setting *setting)
{
    const char *text = variable(setting->variable);
    char *end;
    long long number;

    if (text == NULL) return cop_application_get_env(app, cop_atom(setting->key), cop_nil());
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno == 0 && end != text && *end == '\0') return cop_int(number);
    return strcmp(text, "off") == 0 ? COP(":off") : cop_string(text);
}

/* Off is -1. */
static bool read_one(cop_term app, const struct setting *setting, int64_t *ret_value, char *ret_why)
{
    cop_term value = given(app, setting);
    cop_bytes shown;
    int64_t number;

    if (setting->may_be_off && cop_match(value, ":off")) {
        *ret_value = -1;
        return true;
    }
    if (cop_match(value, "number", number) && number >= setting->least && number <= setting->most) {
        *ret_value = number;
        return true;
    }
    shown = cop_to_bytes(cop_inspect_within(value, 40));
    (void)snprintf(ret_why, WHY_SIZE, "%s cannot be %.*s: it is a number from %lld to %lld%s",
                   setting->variable, (int)shown.len, shown.data, (long long)setting->least,
                   (long long)setting->most, setting->may_be_off ? ", or off" : "");
    return false;
}

/* The address, of either kind: a name would have to be looked up, and may be more than one. */
static bool read_address(char *ret_address, char *ret_why)
{
    const char *text = variable("KV_ADDRESS");
    cop_term value = text ? cop_string(text)
                          : cop_application_get_env(COP(":kv_server"), COP(":address"), cop_nil());
    unsigned char address[sizeof(struct in6_addr)];
    cop_bytes bytes;

    if (cop_is_binary(value) && (bytes = cop_to_bytes(value)).len < KV_ADDRESS_SIZE) {
        memcpy(ret_address, bytes.data, bytes.len);
        ret_address[bytes.len] = '\0';
        if (inet_pton(AF_INET, ret_address, address) == 1 ||
            inet_pton(AF_INET6, ret_address, address) == 1)
            return true;
    }
    bytes = cop_to_bytes(cop_inspect_within(value, 40));
    (void)snprintf(ret_why, WHY_SIZE,
                   "KV_ADDRESS cannot be %.*s: it is an address such as "
                   "127.0.0.1 or ::1",
                   (int)bytes.len, bytes.data);
    return false;
}

bool kv_settings_read(struct kv_settings *ret_settings, char *ret_why)
{
    int64_t v[SETTINGS];

    for (size_t i = 0; i < SETTINGS; i++)
        if (!read_one(COP(":kv_server"), &settings[i], &v[i], ret_why)) return false;
    *ret_settings = (struct kv_settings){
        .port = (int)v[PORT],
        .redis_port = (int)v[REDIS_PORT],
        .connections_max = v[CONNECTIONS],
        .pending_max = v[PENDING],
        .idle_ms = v[IDLE] < 0 ? COP_INFINITY : 1000 * v[IDLE],
        .limits = {.line = (size_t)v[LINE],
                   .bulk = (size_t)v[BULK],
                   .words = (size_t)v[WORDS],
                   .command = (size_t)v[COMMAND]},
    };
    return read_address(ret_settings->address, ret_why);
}

bool kv_settings_read_buckets(int64_t *ret_max, char *ret_why)
{
    return read_one(COP(":kv"), &buckets_max, ret_max, ret_why);
}
