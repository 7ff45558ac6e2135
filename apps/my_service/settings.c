/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of my_service: of the application's environment, else of the program's, else a
 * default. */
#include "my_service.h"

#include <stdlib.h>
#include <string.h>

/* The value under key, or of the variable as a binary, or cop_none(). */
static cop_term setting(cop_term key, const char *variable)
{
    cop_term value = cop_application_get_env(COP(":my_service"), key, cop_nil());
    const char *text;

    if (!cop_match(value, "nil")) return value;
    text = getenv(variable); /* NOLINT(concurrency-mt-unsafe): nothing here sets variables */
    return text && *text ? cop_string(text) : cop_none();
}

static bool ends_with(cop_bytes text, const char *end)
{
    size_t len = strlen(end);

    return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

cop_term my_service_url(void)
{
    cop_term url = setting(COP(":auth_service_url"), "AUTH_SERVICE_URL");
    cop_bytes text;

    if (cop_is_none(url)) url = COP("\"http://127.0.0.1:4001\"");
    text = cop_to_bytes(url);
    if (ends_with(text, "/rules")) return url;
    return cop_format("%.*s%s", (int)text.len, text.data,
                      ends_with(text, "/") ? "rules" : "/rules");
}

cop_term my_service_db(void)
{
    cop_term path = setting(COP(":db"), "MY_SERVICE_DB");
    const char *folder;

    if (!cop_is_none(path)) return path;
    /* NOLINTBEGIN(concurrency-mt-unsafe): nothing here sets variables */
    folder = getenv("STATE_DIRECTORY");
    if (folder && *folder) return cop_format("%s/my_service.db", folder);
    folder = getenv("XDG_STATE_HOME");
    if (folder && *folder) return cop_format("%s/coppice/my_service.db", folder);
    folder = getenv("HOME");
    /* NOLINTEND(concurrency-mt-unsafe) */
    return cop_format("%s/.local/state/coppice/my_service.db", folder ? folder : "/tmp");
}

int my_service_port(void)
{
    cop_term port = setting(COP(":port"), "MY_SERVICE_PORT");
    char text[16] = "";
    char *end;
    cop_bytes bytes;
    int64_t n;

    if (cop_is_none(port)) return 4050;
    if (cop_match(port, "n", n)) return (int)n;
    bytes = cop_to_bytes(port);
    if (bytes.len < sizeof(text)) memcpy(text, bytes.data, bytes.len);
    n = strtol(text, &end, 10);
    if (end == text || *end || n < 0 || n > 65535)
        cop_raise("ArgumentError", "MY_SERVICE_PORT is \"%.*s\", but should be a port: 0 to 65535",
                  (int)bytes.len, bytes.data);
    return (int)n;
}

cop_term my_service_address(void)
{
    cop_term address = setting(COP(":address"), "MY_SERVICE_ADDRESS");

    return cop_is_none(address) ? COP("\"127.0.0.1\"") : address;
}

cop_term my_service_backoff(void)
{
    return cop_application_get_env(COP(":my_service"), COP(":backoff"),
                                   COP("[min: 1000, max: 30_000, jitter: true]"));
}
