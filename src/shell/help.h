/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers that tell: h and exports (help.c), i (info.c). They run in the evaluator. */
#ifndef COP_SHELL_HELP_H
#define COP_SHELL_HELP_H

#include "coppice/module.h"

cop_term cop__help(void);
/* name: {Mod}, {Mod, :fun} or {Mod, :fun, arity}, which session.c makes of h's argument without
 * evaluating it. */
cop_term cop__help_of(cop_term name);
cop_term cop__help_exports(cop_term name);
cop_term cop__help_exports_of_helpers(void);
cop_term cop__info_of(cop_term t);

#endif
