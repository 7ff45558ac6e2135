/* SPDX-License-Identifier: Apache-2.0 */
/* :observer.start() opens a browser where there is a screen. The browser is a script that writes
 * down what it was given. */
#include "fixture.h"

#include "coppice/os_process.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/coppice-browser-XXXXXX";
static char script[64], visited[64];

static int up(void **state)
{
    FILE *f;

    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(script, sizeof script, "%s/browser", folder);
    snprintf(visited, sizeof visited, "%s/visited", folder);
    f = fopen(script, "w");
    if (f == NULL) return -1;
    fprintf(f, "#!/bin/sh\necho \"$1\" > %s.part\nmv %s.part %s\n", visited, visited, visited);
    fclose(f);
    if (chmod(script, 0700) != 0) return -1;
    return observer_up(NULL);
}

static int down(void **state)
{
    int result = observer_down(state);

    unlink(script);
    unlink(visited);
    rmdir(folder);
    return result;
}

/* As the environment says: a screen or none, and the script as browser, or what else. */
static void screen(const char *x11, const char *wayland, const char *browser)
{
    setenv("DISPLAY", x11, 1);
    setenv("WAYLAND_DISPLAY", wayland, 1);
    setenv("BROWSER", browser, 1);
    unlink(visited);
}

/* What the browser was asked for; waits for it. */
static cop_term visit(void)
{
    char text[200] = "";
    FILE *f;

    while ((f = fopen(visited, "r")) == NULL)
        cop_sleep(1);
    if (fgets(text, sizeof text, f) == NULL) text[0] = '\0';
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
    return cop_string(text);
}

PROCESS_TEST(a_browser_opens_where_there_is_a_screen)
{
    cop_term url;

    screen(":99", "", script);
    cop_expect(cop_observer_start(), "{:ok, url}", url);
    cop_assert_equal(url, cop_observer_url());
    cop_assert_equal(visit(), url);
    screen("", "wayland-0", script);
    cop_observer_start();
    cop_assert_equal(visit(), url);
}

PROCESS_TEST(it_visits_with_the_access_token)
{
    cop_bytes url = cop_to_bytes(cop_observer_url());

    screen(":99", "", script);
    memcpy(cop__obs_settings.token, "secret-of-8", 12);
    cop_observer_start();
    cop_assert_equal(visit(), cop_format("%.*s/?token=secret-of-8", (int)url.len, url.data));
    cop__obs_settings.token[0] = '\0';
}

PROCESS_TEST(the_first_of_several_is_taken)
{
    char several[100];

    snprintf(several, sizeof several, "%s:/no/such/browser", script);
    screen(":99", "", several);
    cop_assert(cop__obs_browser_open(COP("\"http://here\"")));
    cop_assert_equal(visit(), cop_string("http://here"));
}

PROCESS_TEST(no_browser_without_a_screen)
{
    screen("", "", script);
    cop_assert(!cop__obs_browser_open(COP("\"http://here\"")));
    cop_expect(cop_observer_start(), "{:ok, _}");
    cop_assert(access(visited, F_OK) != 0);
}

/* One that is not there spoils nothing. */
PROCESS_TEST(a_missing_browser_is_no_trouble)
{
    screen(":99", "", "/no/such/browser");
    cop_expect(cop_observer_start(), "{:ok, _}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_browser_opens_where_there_is_a_screen),
        cmocka_unit_test(it_visits_with_the_access_token),
        cmocka_unit_test(the_first_of_several_is_taken),
        cmocka_unit_test(no_browser_without_a_screen),
        cmocka_unit_test(a_missing_browser_is_no_trouble),
    };

    return cmocka_run_group_tests(tests, up, down);
}
