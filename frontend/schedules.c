/* Learning-rate schedules: Keras' six functions of the step, each written once.
 *
 * A formula works on `schedule_number`s, which are numbers on the host (cn_schedule_value) or f64
 * scalars of the compiled step (schedule_build). So what a callback reads and what the training
 * step applies are the same expression; numbers meet scalars as constants, which fold.
 */
#include <math.h>
#include <stdarg.h>

#include "frontend/frontend.h"

typedef struct schedule_number {
    double number;
    cn_tensor tensor; /* CN_END: the number counts */
} schedule_number;

/* ---- arithmetic --------------------------------------------------------------------------- */

typedef cn_tensor (*tensor_unary)(cn_tensor);
typedef cn_tensor (*tensor_binary)(cn_tensor, cn_tensor);

static schedule_number of(double number) {
    return (schedule_number){.number = number, .tensor = CN_END};
}

static bool symbolic(schedule_number x) {
    return x.tensor.context != NULL;
}

static cn_tensor as_tensor(schedule_number x, cn_context *c) {
    return symbolic(x) ? x.tensor : cn_op_constant(c, x.number, CN_F64);
}

static schedule_number apply(schedule_number x, double (*host)(double), tensor_unary op) {
    return symbolic(x) ? (schedule_number){.tensor = op(x.tensor)} : of(host(x.number));
}

static schedule_number join(schedule_number x, schedule_number y, double (*host)(double, double),
                            tensor_binary op) {
    if (!symbolic(x) && !symbolic(y))
        return of(host(x.number, y.number));
    cn_context *c = symbolic(x) ? x.tensor.context : y.tensor.context;
    cn_tensor left = as_tensor(x, c), right = as_tensor(y, c);
    return (schedule_number){.tensor = op(left, right)};
}

static double host_plus(double x, double y) {
    return x + y;
}
static double host_minus(double x, double y) {
    return x - y;
}
static double host_times(double x, double y) {
    return x * y;
}
static double host_over(double x, double y) {
    return x / y;
}

static schedule_number plus(schedule_number x, schedule_number y) {
    return join(x, y, host_plus, cn_op_add);
}
static schedule_number minus(schedule_number x, schedule_number y) {
    return join(x, y, host_minus, cn_op_subtract);
}
static schedule_number times(schedule_number x, schedule_number y) {
    return join(x, y, host_times, cn_op_multiply);
}
static schedule_number over(schedule_number x, schedule_number y) {
    return join(x, y, host_over, cn_op_divide);
}
static schedule_number power(schedule_number x, schedule_number y) {
    return join(x, y, pow, cn_op_power);
}
static schedule_number lesser(schedule_number x, schedule_number y) {
    return join(x, y, fmin, cn_op_minimum);
}
static schedule_number whole(schedule_number x) {
    return apply(x, floor, cn_op_floor);
}
static schedule_number logarithm(schedule_number x) {
    return apply(x, log, cn_op_log);
}
static schedule_number cosine(schedule_number x) {
    return apply(x, cos, cn_op_cos);
}

/* x <= bound ? low : high */
static schedule_number choose(schedule_number x, double bound, schedule_number low,
                              schedule_number high) {
    if (!symbolic(x))
        return x.number <= bound ? low : high;
    cn_context *c = x.tensor.context;
    cn_tensor below = cn_op_less_equal(x.tensor, as_tensor(of(bound), c));
    cn_tensor then = as_tensor(low, c), otherwise = as_tensor(high, c);
    return (schedule_number){.tensor = cn_op_where(below, then, otherwise)};
}

/* ---- formulas ----------------------------------------------------------------------------- */

enum { INITIAL, STEPS, RATE };

/* step / steps, in whole periods for a staircase. */
static schedule_number periods(const cn_schedule *s, schedule_number step) {
    schedule_number p = over(step, of(s->parameters[STEPS]));
    return s->flag ? whole(p) : p;
}

static schedule_number exponential(const cn_schedule *s, schedule_number step) {
    schedule_number factor = power(of(s->parameters[RATE]), periods(s, step));
    return times(of(s->parameters[INITIAL]), factor);
}

static schedule_number inverse_time(const cn_schedule *s, schedule_number step) {
    schedule_number divisor = plus(of(1), times(of(s->parameters[RATE]), periods(s, step)));
    return over(of(s->parameters[INITIAL]), divisor);
}

enum { END = 2, POWER };

/* (initial - end) * (1 - step / steps)^power + end; a cycle is the multiple of `steps` that the
 * step has reached, the first one at 0. */
static schedule_number polynomial(const cn_schedule *s, schedule_number step) {
    const double *p = s->parameters;
    schedule_number steps = of(p[STEPS]);
    if (s->flag) {
        schedule_number cycles = minus(of(0), whole(minus(of(0), over(step, steps))));
        steps = times(steps, choose(step, 0, of(1), cycles));
    } else {
        step = lesser(step, steps);
    }
    schedule_number rest = minus(of(1), over(step, steps));
    return plus(times(of(p[INITIAL] - p[END]), power(rest, of(p[POWER]))), of(p[END]));
}

static schedule_number piecewise(const cn_schedule *s, schedule_number step) {
    schedule_number result = of(s->values[s->count]);
    for (size_t i = s->count; i-- > 0;)
        result = choose(step, s->boundaries[i], of(s->values[i]), result);
    return result;
}

static const double pi = 3.14159265358979323846;

/* (1 - alpha) * height * (1 + cos(pi * fraction)) / 2 + alpha */
static schedule_number cosine_bow(schedule_number fraction, schedule_number height, double alpha) {
    schedule_number bow = plus(of(1), cosine(times(of(pi), fraction)));
    return plus(times(of(0.5 * (1 - alpha)), times(height, bow)), of(alpha));
}

enum { ALPHA = 2, TARGET, WARMUP };

static schedule_number cosine_decay(const cn_schedule *s, schedule_number step) {
    const double *p = s->parameters;
    step = lesser(step, of(p[STEPS] + p[WARMUP]));
    schedule_number fraction = over(minus(step, of(p[WARMUP])), of(p[STEPS]));
    double from = s->flag ? p[TARGET] : p[INITIAL];
    schedule_number decay = times(of(from), cosine_bow(fraction, of(1), p[ALPHA]));
    if (p[WARMUP] == 0)
        return decay;
    schedule_number rise = times(of(p[TARGET] - p[INITIAL]), over(step, of(p[WARMUP])));
    return choose(step, p[WARMUP] - 0.5, plus(rise, of(p[INITIAL])), decay); /* steps are whole */
}

enum { TIME_FACTOR = 3, HEIGHT_FACTOR };

/* Period i is t_mul^i long (in first periods) and m_mul^i high. */
static schedule_number cosine_restarts(const cn_schedule *s, schedule_number step) {
    const double *p = s->parameters, t = p[TIME_FACTOR];
    schedule_number done = over(step, of(p[STEPS])), period, fraction;
    if (t == 1) {
        period = whole(done);
        fraction = minus(done, period);
    } else {
        schedule_number grown = minus(of(1), times(done, of(1 - t)));
        period = whole(over(logarithm(grown), of(log(t))));
        schedule_number length = power(of(t), period);
        schedule_number begun = over(minus(of(1), length), of(1 - t));
        fraction = over(minus(done, begun), length);
    }
    schedule_number height = power(of(p[HEIGHT_FACTOR]), period);
    return times(of(p[INITIAL]), cosine_bow(fraction, height, p[ALPHA]));
}

/* ---- making ------------------------------------------------------------------------------- */

static const cn_schedule failed_schedule;

static const cn_schedule *make(cn_context *c, const char *name, cn_schedule s) {
    if (c == NULL)
        return &failed_schedule;
    CONTEXT_ENTER(c, &failed_schedule);
    const cn_schedule *result = &failed_schedule;
    if (s.formula != piecewise && !(s.parameters[STEPS] > 0)) {
        context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                     "%s: decay_steps is %g; it is positive", name, s.parameters[STEPS]);
    } else {
        s.context = c;
        s.name = name;
        for (size_t i = 0; i < sizeof s.parameters / sizeof *s.parameters; i++)
            s.parameters[i] = option_number(s.parameters[i], 0);
        result = arena_copy(c->arena, &s, sizeof s);
    }
    CONTEXT_LEAVE(c);
    return result;
}

const cn_schedule *cn_exponential_decay(cn_context *c, double initial, int64_t decay_steps,
                                        double decay_rate, bool staircase) {
    return make(c, "exponential_decay",
                (cn_schedule){.formula = exponential,
                              .flag = staircase,
                              .parameters = {initial, (double)decay_steps, decay_rate}});
}

const cn_schedule *cn_inverse_time_decay(cn_context *c, double initial, int64_t decay_steps,
                                         double decay_rate, bool staircase) {
    return make(c, "inverse_time_decay",
                (cn_schedule){.formula = inverse_time,
                              .flag = staircase,
                              .parameters = {initial, (double)decay_steps, decay_rate}});
}

const cn_schedule *cn_polynomial_decay(cn_context *c, double initial, int64_t decay_steps,
                                       double end, double exponent, bool cycle) {
    double p = option_number(exponent, 1);
    return make(c, "polynomial_decay",
                (cn_schedule){.formula = polynomial,
                              .flag = cycle,
                              .parameters = {initial, (double)decay_steps, end, p}});
}

static bool increasing(cn_context *c, size_t count, const int64_t *boundaries) {
    for (size_t i = 1; i < count; i++)
        if (boundaries[i - 1] >= boundaries[i])
            return context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                                "piecewise_constant_decay: boundary %zu is %lld after %lld; "
                                "boundaries increase",
                                i, (long long)boundaries[i], (long long)boundaries[i - 1]);
    return true;
}

const cn_schedule *cn_piecewise_constant_decay(cn_context *c, size_t count,
                                               const int64_t *boundaries, const double *values) {
    if (c == NULL)
        return &failed_schedule;
    CONTEXT_ENTER(c, &failed_schedule);
    const cn_schedule *result = &failed_schedule;
    if (increasing(c, count, boundaries)) {
        double *bounds = ARENA_ARRAY(c->arena, double, count + 1);
        for (size_t i = 0; i < count; i++)
            bounds[i] = (double)boundaries[i];
        cn_schedule s = {.formula = piecewise, .count = count, .boundaries = bounds};
        s.values = arena_copy(c->arena, values, (count + 1) * sizeof *values);
        result = make(c, "piecewise_constant_decay", s);
    }
    CONTEXT_LEAVE(c);
    return result;
}

const cn_schedule *cn_cosine_decay(cn_context *c, double initial, int64_t decay_steps, double alpha,
                                   double warmup_target, int64_t warmup_steps) {
    bool warms_up = warmup_target != 0; /* without a target, Keras ignores the steps to it */
    return make(c, "cosine_decay",
                (cn_schedule){.formula = cosine_decay,
                              .flag = warms_up,
                              .parameters = {initial, (double)decay_steps, alpha, warmup_target,
                                             warms_up ? (double)warmup_steps : 0}});
}

const cn_schedule *cn_cosine_decay_restarts(cn_context *c, double initial,
                                            int64_t first_decay_steps, double t_mul, double m_mul,
                                            double alpha) {
    return make(c, "cosine_decay_restarts",
                (cn_schedule){.formula = cosine_restarts,
                              .parameters = {initial, (double)first_decay_steps, alpha,
                                             option_number(t_mul, 2), option_number(m_mul, 1)}});
}

/* ---- evaluating --------------------------------------------------------------------------- */

double cn_schedule_value(const cn_schedule *s, int64_t step) {
    if (s == NULL || s->formula == NULL)
        return (double)NAN;
    return s->formula(s, of((double)step)).number;
}

cn_tensor schedule_build(const cn_schedule *s, cn_tensor step) {
    schedule_number at = {.tensor = cn_op_cast(step, CN_F64)};
    schedule_number rate = s->formula(s, at);
    return cn_op_cast(as_tensor(rate, step.context), CN_F32);
}
