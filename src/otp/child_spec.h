/* SPDX-License-Identifier: Apache-2.0 */
/* Child specifications: the forms in which a child is given, the checks, and the decision tables
 * that say what its restart type means.
 *
 * A child goes through three forms: what the user wrote (a module, {module, arg}, a map, an old
 * 6-tuple), the specification (a map or 6-tuple: cop__child_spec_of), and the checked struct
 * below with all defaults filled in (cop__spec_check, cop__spec_check_dynamic). */
#ifndef COP_OTP_CHILD_SPEC_H
#define COP_OTP_CHILD_SPEC_H

#include "coppice/module.h"
#include "otp/child_backoff.h"

enum cop__restart { COP__PERMANENT, COP__TRANSIENT, COP__TEMPORARY };
enum cop__auto_shutdown {
    COP__NEVER,
    COP__ANY_SIGNIFICANT,
    COP__ALL_SIGNIFICANT,
    COP__AUTO_SHUTDOWN_UNKNOWN /* checks of specifications that are for no supervisor yet */
};

/* Values of shutdown beside milliseconds; the first is that of a receive's timeout. */
#define COP__SHUTDOWN_INFINITY    COP_INFINITY
#define COP__SHUTDOWN_BRUTAL_KILL (-2)

/* A checked specification. The terms live as long as the one that it was made from. */
struct cop__spec {
    cop_term id;
    cop_term start;   /* {module, function, arguments} */
    cop_term modules; /* list of atoms, or :dynamic */
    int64_t shutdown; /* milliseconds or one of the two above */
    struct cop__backoff backoff;
    struct cop_mailbox mailbox; /* of its process */
    enum cop__restart restart;
    bool supervisor; /* type: :supervisor */
    bool significant;
};

/* The specification that `child` stands for (SUP-06): the answer of its module's child_spec/1,
 * or the map or 6-tuple itself. Exits: ArgumentError for anything else. Switches: if
 * child_spec/1 does. */
cop_term cop__child_spec_of(cop_term child);
/* cop__child_spec_of each of a proper list. */
cop_term cop__child_specs_of(cop_term children);

/* False if t is none of :never, :any_significant, :all_significant. */
bool cop__read_auto_shutdown(cop_term t, enum cop__auto_shutdown *ret);

/* Checks a specification as Supervisor does (SUP-04, 08). cop_none() if it is right, else the
 * error, and *ret is untouched. */
cop_term cop__spec_check(cop_term spec, enum cop__auto_shutdown auto_shutdown,
                         struct cop__spec *ret);
/* The same as DynamicSupervisor does, whose order of checks and errors differ (DYN-06). */
cop_term cop__spec_check_dynamic(cop_term spec, struct cop__spec *ret);

/* The specification as a map with all keys (SUP-28). */
cop_term cop__spec_map(const struct cop__spec *spec);
/* What of it OTP does not have and is not the default: [backoff: ..., mailbox: ...]. */
cop_term cop__spec_extensions(const struct cop__spec *spec);
cop_term cop__restart_term(enum cop__restart restart);
cop_term cop__shutdown_term(int64_t shutdown);
cop_term cop__type_term(bool supervisor);

/* --- Reasons and what follows from them ------------------------------------------------------- */

enum cop__reason_class {
    COP__REASON_NORMAL,        /* :normal */
    COP__REASON_SHUTDOWN,      /* :shutdown */
    COP__REASON_SHUTDOWN_TERM, /* {:shutdown, term} */
    COP__REASON_KILLED,        /* :killed */
    COP__REASON_OTHER,
    COP__REASON_CLASSES
};
enum cop__reason_class cop__reason_class(cop_term reason);

/* What a supervisor does when a child has ended by itself (SUP-33, 34, 35). */
struct cop__death_rule {
    bool restart;
    bool report; /* child_terminated */
};
struct cop__death_rule cop__death_rule(enum cop__restart restart, enum cop__reason_class reason);

/* Whether a child that was asked to end, and did with such a reason, is reported (shutdown_error):
 * SUP-53, and for a DynamicSupervisor DYN-21. */
bool cop__stop_is_reported(bool dynamic, int64_t shutdown, enum cop__restart restart,
                           enum cop__reason_class reason);

#endif
