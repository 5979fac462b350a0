/*
 * Accuracy of the generated code's float functions, measured over every float (or each N-th).
 *
 *     sweep [--stride N] [function ...]
 *
 * For each function: the largest error in units of the last place against libm's double, and
 * where; and the number of results whose kind is wrong: NaN for a number, infinity for a finite
 * result, a zero of the wrong sign. It fails when an error exceeds the bound in the table or any
 * kind is wrong. The checksum of all results is printed last: for one stride it must not depend
 * on the compiler or on the instructions it may use. Two threads; all 2^32 floats take about a
 * minute a function.
 */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/cpu/math/f32/all.h"

enum { THREADS = 2, BLOCK = 1024 };

typedef struct swept {
    const char *name;
    void (*map)(const float *restrict x, float *restrict y);
    double (*reference)(double);
    double bound; /* ulp */
    double limit; /* judged for |x| up to here */
} swept;

/* One vectorised loop a function, as generated code has it. */
#define MAP(name)                                                       \
    static void map_##name(const float *restrict x, float *restrict y) { \
        for (int i = 0; i < BLOCK; i++)                                 \
            y[i] = cn_##name##_f32(x[i]);                               \
    }

MAP(exp)
MAP(expm1)
MAP(log)
MAP(log1p)
MAP(tanh)
MAP(sigmoid)
MAP(erf)
MAP(sin)
MAP(cos)
MAP(sqrt)
MAP(rsqrt)
MAP(floor)
MAP(round)

static double sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double rsqrt(double x) {
    return 1 / sqrt(x);
}

static const swept functions[] = {
    {"exp", map_exp, exp, 1, INFINITY},
    {"expm1", map_expm1, expm1, 2, INFINITY},
    {"log", map_log, log, 1, INFINITY},
    {"log1p", map_log1p, log1p, 2, INFINITY},
    {"tanh", map_tanh, tanh, 3, INFINITY},
    {"sigmoid", map_sigmoid, sigmoid, 2, INFINITY},
    {"erf", map_erf, erf, 4, INFINITY},
    {"sin", map_sin, sin, 2, 0x1p45},
    {"cos", map_cos, cos, 2, 0x1p45},
    {"sqrt", map_sqrt, sqrt, 0.5, INFINITY},
    {"rsqrt", map_rsqrt, rsqrt, 1.5, INFINITY},
    {"floor", map_floor, floor, 0, INFINITY},
    {"round", map_round, rint, 0, INFINITY},
};

typedef struct share {
    const swept *function;
    uint64_t begin, end, stride; /* bit patterns */
    double worst;                /* ulp */
    float worst_at, wrong_at;
    uint64_t wrong;
    uint64_t checksum;
    bool started;
    pthread_t thread;
} share;

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The distance between floats at the magnitude of exact. */
static double ulp_at(double exact) {
    int exponent = 0;
    frexp(exact, &exponent);
    return ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static bool same_kind(float got, double exact) {
    float rounded = (float)exact;
    if (isnan(got) || isnan(rounded)) return isnan(got) && isnan(rounded);
    if (isinf(got) || isinf(rounded)) return got == rounded;
    return got != 0 || rounded != 0 || signbit(got) == signbit(rounded);
}

static void judge(share *s, float x, float got) {
    if (fabs((double)x) > s->function->limit) return;
    double exact = s->function->reference((double)x);
    if (!same_kind(got, exact)) {
        if (s->wrong++ == 0) s->wrong_at = x;
        return;
    }
    if (!isfinite(got)) return;
    double error = fabs((double)got - exact) / ulp_at(exact);
    if (error > s->worst) {
        s->worst = error;
        s->worst_at = x;
    }
}

static uint64_t mixed(uint64_t checksum, float x) {
    uint32_t bits = 1; /* for every NaN */
    if (!isnan(x)) memcpy(&bits, &x, sizeof bits);
    return (checksum ^ bits) * UINT64_C(0x9e3779b97f4a7c15) ^ checksum >> 29;
}

static void *sweep_share(void *argument) {
    share *s = argument;
    float x[BLOCK], y[BLOCK];
    for (uint64_t bits = s->begin; bits < s->end; bits += s->stride * BLOCK) {
        for (uint64_t i = 0; i < BLOCK; i++)
            x[i] = from_bits((uint32_t)(bits + i * s->stride));
        s->function->map(x, y);
        for (int i = 0; i < BLOCK; i++) {
            judge(s, x[i], y[i]);
            s->checksum = mixed(s->checksum, y[i]);
        }
    }
    return NULL;
}

/* Positive and negative floats are a thread each. */
static bool sweep(const swept *f, uint64_t stride) {
    share shares[THREADS] = {0};
    for (uint64_t t = 0; t < THREADS; t++) {
        uint64_t begin = t << 31, end = (t + 1) << 31;
        shares[t] = (share){.function = f, .begin = begin, .end = end, .stride = stride};
        shares[t].started =
            pthread_create(&shares[t].thread, NULL, sweep_share, &shares[t]) == 0;
        if (!shares[t].started) sweep_share(&shares[t]);
    }
    const share *worst = &shares[0];
    uint64_t wrong = 0;
    for (int t = 0; t < THREADS; t++) {
        if (shares[t].started) pthread_join(shares[t].thread, NULL);
        if (shares[t].worst > worst->worst) worst = &shares[t];
        wrong += shares[t].wrong;
        if (shares[t].wrong) printf("  wrong kind at %a\n", (double)shares[t].wrong_at);
    }
    bool ok = wrong == 0 && worst->worst <= f->bound;
    printf("%-8s %6.3f ulp at %-16a bound %3.1f, %llu wrong kinds, bits %016llx%s\n", f->name,
           worst->worst, (double)worst->worst_at, f->bound, (unsigned long long)wrong,
           (unsigned long long)(shares[0].checksum ^ shares[1].checksum), ok ? "" : "  FAILED");
    fflush(stdout);
    return ok;
}

static bool chosen(const char *name, char **names) {
    bool any = *names == NULL;
    for (; *names; names++)
        any = any || strcmp(*names, name) == 0;
    return any;
}

int main(int argc, char **argv) {
    uint64_t stride = 1;
    char **names = argv + (argc > 0);
    if (argc > 2 && strcmp(argv[1], "--stride") == 0) {
        stride = strtoull(argv[2], NULL, 10);
        names = argv + 3;
    }
    if (stride == 0 || stride > UINT64_C(1) << 20) {
        fputs("usage: sweep [--stride N] [function ...], 1 <= N <= 1048576\n", stderr);
        return 2;
    }
    bool ok = true;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (chosen(functions[i].name, names)) ok = sweep(&functions[i], stride) && ok;
    return ok ? 0 : 1;
}
