/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: 1..3 and 1..9//2, and Range. */
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"

bool cop__is_range(cop_term t, struct cop__range *ret_range)
{
    return cop_match(t, "%{__struct__: Range, first: first, last: last, step: step}",
                     ret_range->first, ret_range->last, ret_range->step) &&
           ret_range->step != 0;
}

int64_t cop__range_len(struct cop__range r)
{
    uint64_t span;

    if (r.step > 0 ? r.first > r.last : r.first < r.last) return 0;
    span = r.step > 0 ? (uint64_t)r.last - (uint64_t)r.first : (uint64_t)r.first - (uint64_t)r.last;
    span /= r.step > 0 ? (uint64_t)r.step : 0 - (uint64_t)r.step;
    return span >= INT64_MAX ? INT64_MAX : (int64_t)span + 1;
}

cop_term cop__range_at(struct cop__range r, int64_t i)
{
    return cop_int((int64_t)((uint64_t)r.first + (uint64_t)i * (uint64_t)r.step));
}

static cop_bytes shown(cop_term t)
{
    return cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 50}));
}

static cop_term make(cop_term first, cop_term last, cop_term step)
{
    return cop_build("%{__struct__: Range, first: first, last: last, step: step}", first, last,
                     step);
}

/* The step where none is said: towards last. */
static cop_term towards(cop_term first, cop_term last)
{
    return cop_int(cop_compare(first, last) > 0 ? -1 : 1);
}

/* words tells how the range was written. */
static void check_ends(cop_term first, cop_term last, const char *words)
{
    if (cop_is_integer(first) && cop_is_integer(last)) return;
    cop_raise("ArgumentError", "ranges (%s) expect both sides to be integers, got: %.*s..%.*s",
              words, (int)shown(first).len, shown(first).data, (int)shown(last).len,
              shown(last).data);
}

cop_term cop__kernel_range(cop_term first, cop_term last)
{
    check_ends(first, last, "first..last//step");
    return make(first, last, towards(first, last));
}

cop_term cop__kernel_range_step(cop_term first, cop_term last, cop_term step)
{
    check_ends(first, last, "first..last//step");
    if (!cop_is_integer(step) || cop_identical(step, cop_int(0)))
        cop_raise("ArgumentError",
                  "ranges (first..last//step) expect the step to be a non-zero integer, got: %.*s",
                  (int)shown(step).len, shown(step).data);
    return make(first, last, step);
}

static cop_term new_range(cop_term first, cop_term last)
{
    check_ends(first, last, "first..last");
    return make(first, last, towards(first, last));
}

static cop_term new_range_step(cop_term first, cop_term last, cop_term step)
{
    if (!cop_is_integer(first) || !cop_is_integer(last) || !cop_is_integer(step) ||
        cop_identical(step, cop_int(0)))
        cop_raise("ArgumentError",
                  "ranges (first..last//step) expect both sides to be integers and the step to be "
                  "a non-zero integer, got: %.*s..%.*s//%.*s",
                  (int)shown(first).len, shown(first).data, (int)shown(last).len, shown(last).data,
                  (int)shown(step).len, shown(step).data);
    return make(first, last, step);
}

static cop_term size(cop_term range)
{
    struct cop__range r;

    if (!cop__is_range(range, &r)) cop__raise_no_clause("Range.size/1");
    return cop_int(cop__range_len(r));
}

static const struct cop_function functions[] = {
    COP_EXPORT("new(first, last)", new_range, "first..last."),
    COP_EXPORT("new(first, last, step)", new_range_step, "first..last//step."),
    COP_EXPORT("size(range)", size, "How many integers are in it."), COP_EXPORT_END};

const struct cop_module cop__range_module = {.size = sizeof(struct cop_module),
                                             .name = "Range",
                                             .doc = "Integers from one to another: 1..3, 1..9//2.",
                                             .functions = functions};
