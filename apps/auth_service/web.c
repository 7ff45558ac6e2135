/* SPDX-License-Identifier: Apache-2.0 */
/* AuthService.Web: the answers, the bad ones too. */
#include "auth_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is served when no file is named. */
static const char own_rules[] =
    "{\"rules\": [\n"
    "  {\"client\": \"billing\", \"services\": [\"invoices\", \"customers\"]},\n"
    "  {\"client\": \"frontdesk\", \"services\": [\"customers\"]},\n"
    "  {\"client\": \"reports\", \"services\": [\"invoices\"]}\n"
    "]}\n";

#define RULES_MAX 1048576

static cop_term json(int status, cop_term text)
{
    return cop_tuple(status, COP("[{\"content-type\", \"application/json\"}]"), text);
}

static cop_term plain(int status, cop_term text)
{
    return cop_tuple(status, COP("[{\"content-type\", \"text/plain\"}]"), text);
}

/* --- The rules -------------------------------------------------------------------------------- */

struct file {
    const char *path;
    char *text; /* malloc's; NULL: error says why */
    size_t size;
    int error;
};

/* Beside the schedulers. */
static void read_file(void *arg)
{
    struct file *f = arg;
    FILE *in = fopen(f->path, "re");

    f->error = errno;
    if (!in) return;
    f->text = malloc(RULES_MAX);
    if (f->text) f->size = fread(f->text, 1, RULES_MAX, in);
    if (ferror(in)) {
        f->error = errno;
        free(f->text);
        f->text = NULL;
    }
    (void)fclose(in);
}

/* {:ok, text} or {:error, why}. The file is read each time, so that it can be changed. */
static cop_term rules(void)
{
    cop_term path = cop_application_get_env(COP(":auth_service"), COP(":rules"), cop_nil());
    struct file file = {0};
    cop_bytes bytes;
    cop_term text;
    char why[100];
    char *name;

    if (!cop_is_binary(path)) return cop_tuple(cop_ok(), own_rules);
    bytes = cop_to_bytes(path);
    file.path = name = cop_alloc(bytes.len + 1);
    memcpy(name, bytes.data, bytes.len);
    cop_blocking(read_file, &file);
    if (!file.text)
        return cop_tuple(COP(":error"),
                         cop_format("%s: %s\n", name, strerror_r(file.error, why, sizeof(why))));
    text = cop_binary(file.text, file.size);
    free(file.text);
    return cop_tuple(cop_ok(), text);
}

static cop_term half(cop_term text)
{
    cop_bytes bytes = cop_to_bytes(text);

    return cop_binary(bytes.data, bytes.len / 2);
}

static void cut_off(cop_term request, cop_term text)
{
    cop_http_server_send_chunked(request, 200, COP("[{\"content-type\", \"application/json\"}]"));
    cop_http_server_chunk(request, half(text));
    cop_exit(COP(":shutdown"));
}

static cop_term answer_rules(cop_term request)
{
    cop_term mode = auth_service_count();
    cop_term answer = rules();
    cop_term text;

    if (cop_match(mode, ":error500")) return plain(500, cop_string("as the mode says\n"));
    if (cop_match(mode, ":wrong_shape"))
        return json(200, cop_string("{\"rules\": {\"billing\": [\"invoices\"]}}\n"));
    if (!cop_match(answer, "{:ok, text}", text)) return plain(500, cop_elem(answer, 1));
    if (cop_match(mode, ":slow"))
        cop_sleep(cop_to_int(
            cop_application_get_env(COP(":auth_service"), COP(":delay"), cop_int(10000))));
    if (cop_match(mode, ":broken_json")) return json(200, half(text));
    if (cop_match(mode, ":cut_off")) cut_off(request, text);
    return json(200, text);
}

/* --- The others ------------------------------------------------------------------------------- */

static cop_term answer_mode(void)
{
    cop_term mode = auth_service_mode();

    return json(200, cop_json_encode_or_raise(cop_build("%{mode: mode}", mode)));
}

static cop_term change_mode(cop_bytes name)
{
    cop_term mode = auth_service_mode_named(name);

    if (cop_is_none(mode))
        return plain(404, cop_string("The modes are ok, slow, error500, broken_json, wrong_shape "
                                     "and cut_off.\n"));
    auth_service_set_mode(mode);
    return answer_mode();
}

static cop_term handle(cop_term request)
{
    cop_bytes name;
    cop_term count;

    if (cop_match(request, "%{method: \"GET\", path_info: [\"rules\"]}"))
        return answer_rules(request);
    if (cop_match(request, "%{method: \"GET\", path_info: [\"requests\"]}")) {
        count = auth_service_requests();
        return json(200, cop_json_encode_or_raise(cop_build("%{rules: count}", count)));
    }
    if (cop_match(request, "%{method: \"GET\", path_info: [\"mode\"]}")) return answer_mode();
    if (cop_match(request, "%{method: \"POST\", path_info: [\"mode\", name]}", name))
        return change_mode(name);
    return plain(404, cop_string("There are GET /rules, /requests, /mode and POST /mode/NAME.\n"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("handle(request)", handle, "The answer to a request."), COP_EXPORT_END};

const struct cop_module auth_service_web = {.size = sizeof(struct cop_module),
                                            .name = "AuthService.Web",
                                            .doc = "The answers of the service.",
                                            .functions = functions};
