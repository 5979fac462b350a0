/*
 * Speed of the generated code's float functions beside libm's: elements per nanosecond over
 * 8,192 floats, one thread, best of several runs.
 *
 *     cmake --build build --target bench_math && build/bench/math
 *
 * Each function stands in one plain loop, as generated code has it, compiled for this machine.
 * The loop over libm is scalar calls. Arguments are drawn from the range a network would have.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "codegen/cpu/math/f32/all.h"
#include "codegen/cpu/math/halves.h"
#include "codegen/cpu/math/minmax.h"

enum { COUNT = 8192, RUNS = 20, REPEATS = 50 };

typedef void map(const float *restrict x, float *restrict y);

#define MAP(name, expression)                                      \
    static void name(const float *restrict x, float *restrict y) { \
        for (int i = 0; i < COUNT; i++)                            \
            y[i] = expression;                                     \
    }

#define PAIR(name, libm)                   \
    MAP(own_##name, cn_##name##_f32(x[i])) \
    MAP(libm_##name, libm)

PAIR(exp, expf(x[i]))
PAIR(expm1, expm1f(x[i]))
PAIR(log, logf(x[i]))
PAIR(log1p, log1pf(x[i]))
PAIR(tanh, tanhf(x[i]))
PAIR(sigmoid, 1.0f / (1.0f + expf(-x[i])))
PAIR(erf, erff(x[i]))
PAIR(sin, sinf(x[i]))
PAIR(cos, cosf(x[i]))
PAIR(rsqrt, 1.0f / sqrtf(x[i]))
MAP(own_pow, cn_pow_f32(x[i], 1.7f))
MAP(libm_pow, powf(x[i], 1.7f))
MAP(own_max, cn_max_f32(x[i], x[COUNT - 1 - i]))
MAP(libm_max, fmaxf(x[i], x[COUNT - 1 - i]))
MAP(own_bf16, cn_round_bf16(x[i]))
MAP(own_f16, cn_round_f16(x[i]))

static const struct {
    const char *name;
    map *own, *libm;
    float low, high;
} rows[] = {
    {"exp", own_exp, libm_exp, -10, 10},       {"expm1", own_expm1, libm_expm1, -10, 10},
    {"log", own_log, libm_log, 0.001f, 10},    {"log1p", own_log1p, libm_log1p, 0, 10},
    {"tanh", own_tanh, libm_tanh, -5, 5},      {"sigmoid", own_sigmoid, libm_sigmoid, -10, 10},
    {"erf", own_erf, libm_erf, -4, 4},         {"sin", own_sin, libm_sin, -10, 10},
    {"cos", own_cos, libm_cos, -10, 10},       {"pow", own_pow, libm_pow, 0.001f, 10},
    {"rsqrt", own_rsqrt, libm_rsqrt, 0.1f, 9}, {"max", own_max, libm_max, -1, 1},
    {"to bf16", own_bf16, NULL, -10, 10},      {"to f16", own_f16, NULL, -10, 10},
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double elements_per_ns(map *f, const float *x, float *y) {
    double best = 1e18;
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        for (int i = 0; i < REPEATS; i++)
            f(x, y);
        double elapsed = now() - start;
        best = elapsed < best ? elapsed : best;
    }
    return (double)COUNT * (double)REPEATS / best;
}

int main(void) {
    static float x[COUNT], y[COUNT];
    printf("%-8s %8s %8s %7s  (elements per ns)\n", "", "own", "libm", "ratio");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (int i = 0; i < COUNT; i++)
            x[i] =
                rows[r].low + (rows[r].high - rows[r].low) * (float)(i * 5 % COUNT) / (float)COUNT;
        double own = elements_per_ns(rows[r].own, x, y);
        printf("%-8s %8.2f", rows[r].name, own);
        if (rows[r].libm) {
            double libm = elements_per_ns(rows[r].libm, x, y);
            printf(" %8.2f %6.1fx", libm, own / libm);
        }
        putchar('\n');
    }
    return 0;
}
