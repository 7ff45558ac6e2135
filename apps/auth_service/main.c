/* SPDX-License-Identifier: Apache-2.0 */
/* The program auth_service: a node without a console, with options of its own. It says at standard
 * output where it listens, and ends in order at SIGTERM and SIGINT. */
#include "auth_service.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Serves the rules that say which client may ask which service: GET /rules.\n"
    "\n"
    "usage: auth_service [OPTIONS]\n"
    "  --address ADDRESS   where to listen: 127.0.0.1      [AUTH_SERVICE_ADDRESS]\n"
    "  --port PORT         4001; 0: any free one           [AUTH_SERVICE_PORT]\n"
    "  --rules FILE        JSON: some rules of its own     [AUTH_SERVICE_RULES]\n"
    "  --mode MODE         ok, slow, error500, broken_json, wrong_shape or cut_off;\n"
    "                      also by POST /mode/MODE         [AUTH_SERVICE_MODE]\n"
    "  --delay MS          what slow takes: 10000          [AUTH_SERVICE_DELAY]\n";

enum setting { ADDRESS, PORT, RULES, MODE, DELAY, HELP };

static const struct option options[] = {{"address", required_argument, NULL, ADDRESS},
                                        {"port", required_argument, NULL, PORT},
                                        {"rules", required_argument, NULL, RULES},
                                        {"mode", required_argument, NULL, MODE},
                                        {"delay", required_argument, NULL, DELAY},
                                        {"help", no_argument, NULL, HELP},
                                        {NULL, 0, NULL, 0}};

/* True if text is a number up to max. */
static bool is_number(const char *text, long max, cop_term *ret)
{
    char *end;
    long n = strtol(text, &end, 10);

    *ret = cop_int(n);
    return *text != '\0' && *end == '\0' && n >= 0 && n <= max;
}

/* Sets what an option says in the application's environment. False: it says nothing of use. */
static bool set(enum setting option, const char *text)
{
    static const char *const keys[] = {"address", "port", "rules", "mode", "delay"};
    cop_term value = cop_string(text);

    if (option == PORT && !is_number(text, 65535, &value)) return false;
    if (option == DELAY && !is_number(text, 86400000, &value)) return false;
    if (option == MODE) value = auth_service_mode_named((cop_bytes){text, strlen(text)});
    if (cop_is_none(value)) return false;
    cop_application_put_env_persistent(COP(":auth_service"), cop_atom(keys[option]), value);
    return true;
}

static bool read_environment(void)
{
    static const char *const names[] = {"AUTH_SERVICE_ADDRESS", "AUTH_SERVICE_PORT",
                                        "AUTH_SERVICE_RULES", "AUTH_SERVICE_MODE",
                                        "AUTH_SERVICE_DELAY"};

    for (int i = ADDRESS; i <= DELAY; i++) {
        const char *text =
            getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): there is one thread */

        if (text == NULL || set((enum setting)i, text)) continue;
        (void)fprintf(stderr, "auth_service: %s=%s is of no use; see --help\n", names[i], text);
        return false;
    }
    return true;
}

/* 0: go on; else the exit status, plus 1. */
static int read_options(int argc, char **argv)
{
    int option;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == HELP) {
            (void)fputs(usage, stdout);
            return 1;
        }
        if (option == '?') return 3;
        if (!set((enum setting)option, optarg)) {
            (void)fprintf(stderr, "auth_service: --%s %s is of no use; see --help\n",
                          options[option].name, optarg);
            return 3;
        }
    }
    if (optind == argc) return 0;
    (void)fprintf(stderr, "auth_service: no arguments are taken, but %s; see --help\n",
                  argv[optind]);
    return 3;
}

static int configure(int argc, char **argv)
{
    cop_region *region = cop_region_open();
    int status = read_environment() ? read_options(argc, argv) : 3;

    cop_region_close(region);
    return status;
}

/* Why the application has not started, in a sentence. */
static void explain(cop_term answer)
{
    cop_term port = cop_application_get_env(COP(":auth_service"), COP(":port"), cop_nil());
    cop_bytes text;

    (void)cop_match(answer, "{:error, {_, {{:shutdown, {:failed_to_start_child, _, answer}}, _}}}",
                    answer);
    text = cop_to_bytes(cop_format_exit(answer));
    if (cop_match(answer, ":eaddrinuse"))
        (void)fprintf(stderr, "auth_service: port %d is taken\n", (int)cop_to_int(port));
    else
        (void)fprintf(stderr, "auth_service: cannot serve: %.*s\n", (int)text.len, text.data);
}

/* As a process: the application, and where it is. */
static cop_next start(cop_term arg)
{
    cop_term answer = cop_application_ensure_all_started_as(&auth_service, COP(":permanent"));
    cop_bytes address;
    int64_t port;

    (void)arg;
    if (!cop_match(answer, "{:ok, _}")) {
        explain(answer);
        cop_exit(COP(":shutdown"));
    }
    port = cop_to_int(cop_http_server_port(COP("AuthService.Web")));
    address =
        cop_to_bytes(cop_application_get_env(COP(":auth_service"), COP(":address"), cop_nil()));
    printf(memchr(address.data, ':', address.len) ? "Listening at http://[%.*s]:%d\n"
                                                  : "Listening at http://%.*s:%d\n",
           (int)address.len, address.data, (int)port);
    (void)fflush(stdout);
    return cop_end();
}

int main(int argc, char **argv)
{
    int status = configure(argc, argv);

    if (status > 0) return status - 1;
    if (cop_node_start(NULL) != 0) {
        (void)fprintf(stderr, "auth_service: no node can be started\n");
        return 1;
    }
    status = cop_run(start, cop_nil(), NULL, 0) ? cop_node_wait() : 1;
    cop_node_stop();
    return status;
}
