/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Store: what is in a bucket, and the operations on it. These run in the bucket's process, as
 * the functions that its agent is given; clients hand it lists of operations, so that many cost one
 * message there and one back. Only reading needs no message.
 *
 * An operation is a tuple; times are milliseconds, value may be any term:
 *
 *     {:get, key}                    the value or nil
 *     {:read, key}                   the same as text: what is no binary is inspected
 *     {:put, key, value}             :ok
 *     {:delete, key}                 :ok, also if there was none
 *     {:take, key}                   the value that it had, or nil
 *     {:set, key, value, mode, ttl}  :ok, or nil; mode is :always, :nx (if it is not there) or :xx
 *                                    (if it is); ttl is nil, after how long the key goes, or :keep:
 *                                    when its former value would have gone
 *     {:swap, key, value, mode, ttl} the same; the former value as by :read, or nil
 *     {:put_all, [key, value, ...]}  :ok
 *     {:read_all, keys}              a list, as by :read
 *     {:del, keys}, {:exists, keys}  how many there were
 *     {:incr, key}                   the new number, or {:error, text}
 *     {:expire, key, ttl, list}      1, or 0 if there is no such key or it is not as the list says:
 *                                    :nx (it does not end), :xx (it ends), :gt (it ends before),
 *                                    :lt (it ends later or not at all)
 *     {:ttl, key}                    what is left; -1: it does not end; -2: there is no such key
 *     {:keys, pattern}               the keys that match, as text
 *     {:size}                        how many keys
 *     {:expiring}                    {how many of them end, what is left to these on average}
 *     {:table}                       the table of the rows, for kv_store_read()
 *     {:flush}                       :ok; there is nothing any more
 *     {:subscribe, pid}              :silent; pid gets {:put, key, value} and {:delete, key} from
 *                                    now on, and {:dropped} when it does not keep up */
#ifndef KV_STORE_H
#define KV_STORE_H

#include <coppice.h>

extern const struct cop_module kv_store;

/* What {:read, key} answers, read from the bucket's table by any process, without the bucket: it is
 * there as soon as the write has been answered. Raises ArgumentError if the bucket is gone. */
cop_term kv_store_read(cop_term table, cop_term key);

/* A key or value as text: itself, or inspected if it is no binary. */
static inline cop_term kv_text(cop_term term)
{
    return cop_is_binary(term) ? term : cop_inspect(term);
}

/* Whether text matches a pattern of Redis: * ? [a-z] [^a] and \ before a character. */
bool kv_glob_match(cop_bytes pattern, cop_bytes text);

#endif
