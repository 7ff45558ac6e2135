/* SPDX-License-Identifier: Apache-2.0 */
/* Restart backoff: the option and the delays. */
#include "otp/child_backoff.h"

#include "base/check.h"

#define DEFAULT_MIN_MS 1000
#define DEFAULT_MAX_MS 30000
#define DEFAULT_FACTOR 2.0
#define LONGEST_MS     ((int64_t)UINT32_MAX) /* of timers: MSG-05 */

/* --- The option ------------------------------------------------------------------------------- */

static bool is_known(cop_term key)
{
    return cop_match(key, ":min") || cop_match(key, ":max") || cop_match(key, ":factor") ||
           cop_match(key, ":jitter") || cop_match(key, ":reset_after");
}

static bool read_ms(cop_term option, cop_term key, int64_t lowest, int64_t *ret)
{
    cop_term value = cop_keyword_get(option, key, cop_none());
    int64_t ms;

    if (cop_is_none(value)) return *ret >= lowest;
    if (!cop_match(value, "ms", ms) || ms < lowest || ms > LONGEST_MS) return false;
    *ret = ms;
    return true;
}

static bool read_factor(cop_term option, double *ret)
{
    cop_term value = cop_keyword_get(option, COP(":factor"), cop_none());
    double factor;

    if (cop_is_none(value)) return true;
    if (!cop_match(value, "factor", factor) || !(factor >= 1.0)) return false;
    *ret = factor;
    return true;
}

bool cop__backoff_read(cop_term option, struct cop__backoff *ret)
{
    struct cop__backoff rules = {
        .min_ms = DEFAULT_MIN_MS, .max_ms = DEFAULT_MAX_MS, .factor = DEFAULT_FACTOR};

    if (cop_match(option, "nil")) {
        *ret = (struct cop__backoff){.jitter = false};
        return true;
    }
    if (!cop_is_keyword(option)) return false;
    for (cop_term rest = option; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        if (!is_known(cop_elem(cop_head(rest), 0))) return false;
    }
    if (!read_ms(option, COP(":min"), 1, &rules.min_ms)) return false;
    /* Who asks for a long min alone does not ask for an error. */
    if (rules.max_ms < rules.min_ms) rules.max_ms = rules.min_ms;
    if (!read_ms(option, COP(":max"), rules.min_ms, &rules.max_ms)) return false;
    rules.reset_after_ms = rules.max_ms;
    if (!read_ms(option, COP(":reset_after"), 0, &rules.reset_after_ms)) return false;
    if (!read_factor(option, &rules.factor)) return false;
    if (!cop_match(cop_keyword_get(option, COP(":jitter"), cop_false()), "jitter", rules.jitter))
        return false;
    *ret = rules;
    return true;
}

cop_term cop__backoff_term(const struct cop__backoff *rules)
{
    int64_t min = rules->min_ms, max = rules->max_ms, reset_after = rules->reset_after_ms;
    double factor = rules->factor;
    bool jitter = rules->jitter;

    if (min == 0) return cop_nil();
    return cop_build(
        "[min: min, max: max, factor: factor, jitter: jitter, reset_after: reset_after]", min, max,
        factor, jitter, reset_after);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

struct cop__waiting *cop__waiting_new(const struct cop__backoff *rules)
{
    struct cop__waiting *w;

    if (rules->min_ms == 0) return NULL;
    COP_ASSERT(rules->max_ms >= rules->min_ms && rules->factor >= 1.0);
    w = cop_alloc(sizeof(*w));
    w->rules = *rules;
    w->delay_ms = rules->min_ms;
    return w;
}

void cop__waiting_ended(struct cop__waiting *w, int64_t now_ms)
{
    if (now_ms - w->started_at >= w->rules.reset_after_ms) cop__waiting_reset(w);
}

static int64_t with_jitter(int64_t delay_ms, struct cop__rand *rand)
{
    int64_t half = delay_ms / 2;

    return half + (int64_t)cop__rand_below(rand, (uint64_t)(delay_ms - half) + 1);
}

void cop__waiting_begin(struct cop__waiting *w, int64_t now_ms, struct cop__rand *rand,
                        cop_term msg)
{
    int64_t ms = w->rules.jitter ? with_jitter(w->delay_ms, rand) : w->delay_ms;
    double longer = (double)w->delay_ms * w->rules.factor;

    COP_ASSERT(!w->is_on);
    w->start_at = now_ms + ms;
    w->timer = cop_start_timer(ms, cop_pid_term(cop_self()), msg);
    w->is_on = true;
    w->delay_ms = longer < (double)w->rules.max_ms ? (int64_t)longer : w->rules.max_ms;
}

void cop__waiting_cancel(struct cop__waiting *w)
{
    if (w->is_on) cop_cancel_timer(w->timer);
    w->is_on = false;
}

void cop__waiting_reset(struct cop__waiting *w)
{
    w->delay_ms = w->rules.min_ms;
}
