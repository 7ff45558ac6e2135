/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of String's table that stand beside it: those about parts and patterns
 * (stdlib_string_parts.c). */
#ifndef COP_OTP_STDLIB_STRING_H
#define COP_OTP_STDLIB_STRING_H

#include "coppice/term.h"

/* The bytes of string; else the FunctionClauseError of function. */
cop_bytes cop__string_arg(cop_term string, const char *function);
/* The bytes of the code point at `at`; 1 where there is none. */
size_t cop__code_size(cop_bytes text, size_t at);
/* The code points of text as strings. */
cop_term cop__string_codes(cop_bytes text);

cop_term cop__string_at(cop_term string, cop_term position);
cop_term cop__string_contains(cop_term string, cop_term contents);
cop_term cop__string_duplicate(cop_term string, cop_term times);
cop_term cop__string_ends_with(cop_term string, cop_term suffix);
cop_term cop__string_last(cop_term string);
cop_term cop__string_pad_leading(cop_term string, cop_term count);
cop_term cop__string_pad_leading_with(cop_term string, cop_term count, cop_term padding);
cop_term cop__string_pad_trailing(cop_term string, cop_term count);
cop_term cop__string_pad_trailing_with(cop_term string, cop_term count, cop_term padding);
cop_term cop__string_replace(cop_term string, cop_term pattern, cop_term replacement);
cop_term cop__string_replace_with(cop_term string, cop_term pattern, cop_term replacement,
                                  cop_term options);
cop_term cop__string_replace_prefix(cop_term string, cop_term prefix, cop_term replacement);
cop_term cop__string_replace_suffix(cop_term string, cop_term suffix, cop_term replacement);
cop_term cop__string_slice_range(cop_term string, cop_term range);
cop_term cop__string_slice(cop_term string, cop_term start, cop_term length);
cop_term cop__string_split_at_blanks(cop_term string);
cop_term cop__string_split(cop_term string, cop_term pattern);
cop_term cop__string_split_with(cop_term string, cop_term pattern, cop_term options);
cop_term cop__string_split_at(cop_term string, cop_term position);
cop_term cop__string_starts_with(cop_term string, cop_term prefix);
cop_term cop__string_trim(cop_term string);
cop_term cop__string_trim_of(cop_term string, cop_term to_trim);
cop_term cop__string_trim_leading(cop_term string);
cop_term cop__string_trim_leading_of(cop_term string, cop_term to_trim);
cop_term cop__string_trim_trailing(cop_term string);
cop_term cop__string_trim_trailing_of(cop_term string, cop_term to_trim);

#endif
