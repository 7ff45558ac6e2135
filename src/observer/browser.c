/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the page in the user's browser: where there is a screen, by $BROWSER or else xdg-open. It
 * runs in a session of its own, so that it outlives the node. */
#include "observer.h"

#include "coppice/os_process.h"

#include <stdlib.h>
#include <string.h>

static const char *env(const char *name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody here changes the environment */
    const char *text = getenv(name);

    return text != NULL ? text : "";
}

struct opening {
    cop_term program;
    cop_term url;
};

/* The shell waits for it, for as long as the Observer runs: what is left of a program's group when
 * it ends is killed, and it has to have left the group by then. How it ends is nobody's trouble. */
#define COMMAND "setsid --fork --wait \"$0\" \"$1\" || :"

static cop_term run(void *arg)
{
    const struct opening *o = arg;
    cop_term program = o->program, url = o->url, command = cop_string(COMMAND);
    cop_pid owner = cop_whereis(COP("Observer.Supervisor"));

    return cop_os_process_start(
        COP("\"sh\""), cop_build("[\"-c\", command, program, url]", command, program, url),
        cop_build("[owner: owner, stdin: :null, stdout: :null, stderr: :null]", owner));
}

bool cop__obs_browser_open(cop_term url)
{
    const char *browsers = env("BROWSER");
    struct opening o = {.url = url};
    struct cop_outcome outcome;

    if (*env("DISPLAY") == '\0' && *env("WAYLAND_DISPLAY") == '\0') return false;
    if (*browsers == '\0') browsers = "xdg-open";
    o.program = cop_binary(browsers, strcspn(browsers, ":")); /* the first of several */
    return cop_try(run, &o, &outcome) && cop_match(outcome.value, "{:ok, _}");
}
