/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Enum's table that stand beside it: those about order and likeness
 * (stdlib_enum_order.c), and those about positions and parts (stdlib_enum_parts.c). */
#ifndef COP_OTP_STDLIB_ENUM_H
#define COP_OTP_STDLIB_ENUM_H

#include "coppice/term.h"

cop_term cop__enum_sort(cop_term enumerable);
cop_term cop__enum_sort_with(cop_term enumerable, cop_term order);
cop_term cop__enum_sort_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_sort_by_with(cop_term enumerable, cop_term fun, cop_term order);
cop_term cop__enum_max(cop_term enumerable);
cop_term cop__enum_max_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_min(cop_term enumerable);
cop_term cop__enum_min_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_min_max(cop_term enumerable);
cop_term cop__enum_uniq(cop_term enumerable);
cop_term cop__enum_uniq_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_dedup(cop_term enumerable);
cop_term cop__enum_dedup_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_frequencies(cop_term enumerable);
cop_term cop__enum_frequencies_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_group_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_group_by_with(cop_term enumerable, cop_term fun, cop_term value_fun);

cop_term cop__enum_at(cop_term enumerable, cop_term index);
cop_term cop__enum_at_or(cop_term enumerable, cop_term index, cop_term fallback);
cop_term cop__enum_fetch(cop_term enumerable, cop_term index);
cop_term cop__enum_fetch_or_raise(cop_term enumerable, cop_term index);
cop_term cop__enum_take(cop_term enumerable, cop_term amount);
cop_term cop__enum_drop(cop_term enumerable, cop_term amount);
cop_term cop__enum_slice_range(cop_term enumerable, cop_term range);
cop_term cop__enum_slice(cop_term enumerable, cop_term start, cop_term amount);
cop_term cop__enum_split(cop_term enumerable, cop_term amount);
cop_term cop__enum_chunk_by(cop_term enumerable, cop_term fun);
cop_term cop__enum_chunk_every(cop_term enumerable, cop_term count);
cop_term cop__enum_chunk_every_step(cop_term enumerable, cop_term count, cop_term step);
cop_term cop__enum_chunk_every_leftover(cop_term enumerable, cop_term count, cop_term step,
                                        cop_term leftover);
cop_term cop__enum_zip(cop_term enumerables);
cop_term cop__enum_zip_two(cop_term enumerable, cop_term other);
cop_term cop__enum_zip_with(cop_term enumerable, cop_term other, cop_term fun);
cop_term cop__enum_unzip(cop_term enumerable);
cop_term cop__enum_with_index(cop_term enumerable);
cop_term cop__enum_with_index_from(cop_term enumerable, cop_term from);
cop_term cop__enum_concat(cop_term enumerables);
cop_term cop__enum_concat_two(cop_term enumerable, cop_term other);
cop_term cop__enum_intersperse(cop_term enumerable, cop_term separator);
cop_term cop__enum_join(cop_term enumerable);
cop_term cop__enum_join_with(cop_term enumerable, cop_term joiner);
cop_term cop__enum_into(cop_term enumerable, cop_term collectable);

#endif
