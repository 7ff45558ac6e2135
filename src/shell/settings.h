/* SPDX-License-Identifier: Apache-2.0 */
/* The file of settings that a program is started with (--config): the environments of applications
 * as one term in Elixir's syntax,
 *
 *     # where it listens
 *     [kv: [port: 4040, address: "127.0.0.1"], kernel: [shutdown_timeout: 5000]]
 *
 * They stand before the defaults that the applications bring, as persistent values do (APP-16). */
#ifndef COP_SHELL_SETTINGS_H
#define COP_SHELL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* The text of the file at path, ended by 0, or NULL: why says what the system says. free() it. Runs
 * on: any thread. */
char *cop__settings_read(const char *path, char *why, size_t size);
/* Sets what text, that of the file at path, says. False: it is no such term, nothing is set, and
 * why tells where and what is wrong: "PATH:2:7: ...". Switches: yes. */
bool cop__settings_apply(const char *path, const char *text, char *why, size_t size);

#endif
