/* SPDX-License-Identifier: Apache-2.0 */
/* What can be set about the key-value system on the network: an environment variable counts, then
 * the application's environment (Application.put_env(:kv_server, :port, 4000)). How many buckets
 * there may be is one of :kv. */
#ifndef KV_SETTINGS_H
#define KV_SETTINGS_H

#include "scan.h"

/* The longest text of an address, with its end: that of one of IPv6. */
#define KV_ADDRESS_SIZE 46

struct kv_settings {
    char address[KV_ADDRESS_SIZE]; /* at which both ports listen */
    int port;                      /* of the line protocol; 0: any free one; below 0: none */
    int redis_port;                /* of RESP; as above */
    int64_t connections_max;
    int64_t pending_max; /* bytes of commands that are not complete, of all connections */
    int64_t idle_ms;     /* or COP_INFINITY */
    struct kv_limits limits;
};

/* The defaults, as cop_application.env: of :kv, and of :kv_server; and the lines of help. */
extern const char kv_settings_buckets_env[];
extern const char kv_settings_env[];
extern const char kv_settings_help[];

/* Reads them. False: one has no sensible value; ret_why, 200 bytes, says which. Runs on: a
 * process. */
bool kv_settings_read(struct kv_settings *ret_settings, char *ret_why);

/* The same for how many buckets there may be, which is a setting of :kv. */
bool kv_settings_read_buckets(int64_t *ret_max, char *ret_why);

#endif
