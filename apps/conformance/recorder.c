/* SPDX-License-Identifier: Apache-2.0 */
#include "fixtures.h"

cop_term recorder_start_link(cop_term opts)
{
    (void)opts;
    return cop_agent_start_link(COP("&Function.identity([])"), COP("[name: Recorder]"));
}

cop_term recorder_add(cop_term event)
{
    if (!cop_is_no_pid(cop_whereis(COP("Recorder"))))
        cop_agent_update(COP("Recorder"), cop_build("&[event | &1]", event), COP_CALL_TIMEOUT);
    return cop_ok();
}

/* All events since the last take, oldest first. */
static cop_term take(void)
{
    return cop_agent_get_and_update(COP("Recorder"), COP("&{Enum.reverse(&1), []}"),
                                    COP_CALL_TIMEOUT);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(opts)", recorder_start_link, "Starts the recorder."),
    COP_EXPORT("add(event)", recorder_add, "Appends one event."),
    COP_EXPORT("take()", take, "All events since the last take, oldest first."), COP_EXPORT_END};

const struct cop_module recorder_module = {.size = sizeof(struct cop_module),
                                           .name = "Recorder",
                                           .doc = "Keeps the events that probes report.",
                                           .functions = functions,
                                           .child_spec = ""};
