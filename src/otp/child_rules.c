/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from restart type and reason: the decision tables of supervisors, as data. A test
 * walks every cell. */
#include "otp/child_spec.h"

enum cop__reason_class cop__reason_class(cop_term reason)
{
    if (cop_match(reason, ":normal")) return COP__REASON_NORMAL;
    if (cop_match(reason, ":shutdown")) return COP__REASON_SHUTDOWN;
    if (cop_match(reason, "{:shutdown, _}")) return COP__REASON_SHUTDOWN_TERM;
    if (cop_match(reason, ":killed")) return COP__REASON_KILLED;
    return COP__REASON_OTHER;
}

struct cop__death_rule cop__death_rule(enum cop__restart restart, enum cop__reason_class reason)
{
    static const struct cop__death_rule rules[3][2] = {
        /*         normal-class: restart, report   abnormal        */
        [COP__PERMANENT] = {{true, true}, {true, true}},   /* SUP-33 */
        [COP__TRANSIENT] = {{false, false}, {true, true}}, /* SUP-34 */
        [COP__TEMPORARY] = {{false, false}, {false, true}} /* SUP-35 */
    };
    bool abnormal = reason == COP__REASON_KILLED || reason == COP__REASON_OTHER;

    return rules[restart][abnormal];
}

#define NORMAL        (1U << COP__REASON_NORMAL)
#define SHUTDOWN      (1U << COP__REASON_SHUTDOWN)
#define SHUTDOWN_TERM (1U << COP__REASON_SHUTDOWN_TERM)
#define KILLED        (1U << COP__REASON_KILLED)

bool cop__stop_is_reported(bool dynamic, int64_t shutdown, enum cop__restart restart,
                           enum cop__reason_class reason)
{
    /* The reasons that need no report. */
    static const unsigned expected[2][2][2] = {
        {
            /* Supervisor (SUP-53):  permanent      others */
            /* with a time */ {SHUTDOWN, SHUTDOWN | SHUTDOWN_TERM | NORMAL},
            /* brutal_kill */ {KILLED, KILLED | SHUTDOWN | SHUTDOWN_TERM | NORMAL},
        },
        {
            /* DynamicSupervisor (DYN-21) */
            /* with a time */ {SHUTDOWN | SHUTDOWN_TERM, SHUTDOWN | SHUTDOWN_TERM | NORMAL},
            /* brutal_kill */ {KILLED, KILLED | NORMAL},
        },
    };
    bool brutal = shutdown == COP__SHUTDOWN_BRUTAL_KILL;

    return !(expected[dynamic][brutal][restart != COP__PERMANENT] & (1U << reason));
}
