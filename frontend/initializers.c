/* Initializers: what weights start as.
 *
 * Element i of a weight is a function of the seed and of i alone (Philox with i in its counter), so
 * neither the order of calls nor threads can matter, and a larger weight begins like a smaller
 * one. Numbers are drawn in double and rounded once. Fans are Keras': for a kernel
 * [k..., in, out], the receptive field prod(k) times in, and times out.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "frontend/frontend.h"

typedef const cn_initializer *const_initializer;

static const double normal_cut = 2; /* truncated normals are redrawn beyond two stddev */
static const double two_pi = 6.283185307179586;
/* The stddev of a standard normal cut at two. */
static const double truncated_stddev = 0.87962566103423978;

/* ---- numbers ---------------------------------------------------------------------------- */

/* Two numbers in [0, 1), 53 bits each, of an element and an attempt. */
static void draw(uint64_t seed, int64_t element, uint32_t attempt, double unit[2]) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)element, (uint32_t)((uint64_t)element >> 32), attempt,
                                 0x696e6974 /* "init": apart from the streams of random ops */};
    uint32_t bits[4];
    philox4x32(counter, key, bits);
    for (int i = 0; i < 2; i++)
        unit[i] = (double)(((uint64_t)bits[2 * i] << 32 | bits[2 * i + 1]) >> 11) * 0x1p-53;
}

static double draw_normal(uint64_t seed, int64_t element, uint32_t attempt) {
    double unit[2];
    draw(seed, element, attempt, unit);
    return sqrt(-2 * log1p(-unit[0])) * cos(two_pi * unit[1]);
}

static double draw_truncated(uint64_t seed, int64_t element) {
    double x = draw_normal(seed, element, 0);
    for (uint32_t attempt = 1; fabs(x) > normal_cut; attempt++)
        x = draw_normal(seed, element, attempt);
    return x;
}

static void fill_uniform(double low, double high, uint64_t seed, int64_t count, double *out) {
    for (int64_t i = 0; i < count; i++) {
        double unit[2];
        draw(seed, i, 0, unit);
        out[i] = low + (high - low) * unit[0];
    }
}

static void fill_normal(double mean, double stddev, uint64_t seed, int64_t count, double *out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = mean + stddev * draw_normal(seed, i, 0);
}

static void fill_truncated(double mean, double stddev, uint64_t seed, int64_t count, double *out) {
    for (int64_t i = 0; i < count; i++)
        out[i] = mean + stddev * draw_truncated(seed, i);
}

/* ---- constant and plain distributions --------------------------------------------------- */

/* parameters: the value. */
static bool constant(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)seed, (void)a;
    for (int64_t k = 0, count = type_count(t, 0); k < count; k++)
        out[k] = i->parameters[0];
    return true;
}

/* parameters: gain. */
static bool identity(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)seed;
    if (t->rank != 2)
        return diag_fail(arena_diagnostics(a), CN_ERROR_SHAPE,
                         "the identity initializer is for matrices; the weight has %d axes",
                         t->rank);
    int64_t rows = t->dims[0].count, columns = t->dims[1].count;
    memset(out, 0, (size_t)(rows * columns) * sizeof *out);
    for (int64_t k = 0; k < rows && k < columns; k++)
        out[k * columns + k] = i->parameters[0];
    return true;
}

/* parameters: mean and stddev, or low and high. */
static bool normal(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)a;
    fill_normal(i->parameters[0], i->parameters[1], seed, type_count(t, 0), out);
    return true;
}
static bool truncated(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)a;
    fill_truncated(i->parameters[0], i->parameters[1], seed, type_count(t, 0), out);
    return true;
}
static bool uniform(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)a;
    fill_uniform(i->parameters[0], i->parameters[1], seed, type_count(t, 0), out);
    return true;
}

/* ---- variance scaling ------------------------------------------------------------------- */

static void compute_fans(const type *t, double *in, double *out) {
    double field = 1;
    for (int i = 0; i < t->rank - 2; i++)
        field *= (double)t->dims[i].count;
    *in = *out = 1;
    if (t->rank == 1)
        *in = *out = (double)t->dims[0].count;
    if (t->rank >= 2) {
        *in = field * (double)t->dims[t->rank - 2].count;
        *out = field * (double)t->dims[t->rank - 1].count;
    }
}

static double fan_of(const_initializer i, const type *t) {
    double in, out;
    compute_fans(t, &in, &out);
    double fan = i->mode == CN_FAN_IN ? in : i->mode == CN_FAN_OUT ? out : (in + out) / 2;
    return fan < 1 ? 1 : fan;
}

/* parameters: scale; the variance is scale / fan. */
static bool scaled(const_initializer i, const type *t, uint64_t seed, double *out, arena *a) {
    (void)a;
    double variance = i->parameters[0] / fan_of(i, t), limit = sqrt(3 * variance);
    int64_t count = type_count(t, 0);
    if (i->distribution == CN_DISTRIBUTION_UNIFORM)
        fill_uniform(-limit, limit, seed, count, out);
    else if (i->distribution == CN_DISTRIBUTION_UNTRUNCATED_NORMAL)
        fill_normal(0, sqrt(variance), seed, count, out);
    else
        fill_truncated(0, sqrt(variance) / truncated_stddev, seed, count, out);
    return true;
}

/* ---- orthogonal ------------------------------------------------------------------------- */

/* A tall matrix, rows >= columns, row-major. */
typedef struct matrix {
    int64_t rows, columns;
    double *at;
} matrix;

/* Mirrors columns [from, columns) of m by I - 2 v v' over rows [k, rows); v has unit length. */
static void reflect(matrix m, const double *v, int64_t k, int64_t from) {
    for (int64_t j = from; j < m.columns; j++) {
        double dot = 0;
        for (int64_t i = k; i < m.rows; i++)
            dot += v[i] * m.at[i * m.columns + j];
        for (int64_t i = k; i < m.rows; i++)
            m.at[i * m.columns + j] -= 2 * dot * v[i];
    }
}

/* The unit vector whose mirror takes column k to a multiple of the k-th axis. */
static void householder_vector(matrix m, int64_t k, double *v) {
    double norm = 0;
    for (int64_t i = k; i < m.rows; i++) {
        v[i] = m.at[i * m.columns + k];
        norm += v[i] * v[i];
    }
    v[k] += copysign(sqrt(norm), v[k]);
    norm = 0;
    for (int64_t i = k; i < m.rows; i++)
        norm += v[i] * v[i];
    double scale = norm > 0 ? 1 / sqrt(norm) : 0;
    for (int64_t i = k; i < m.rows; i++)
        v[i] *= scale;
}

/* m becomes the Q of m = QR with a positive diagonal of R, which makes Q unique (and, for a
 * normal m, uniformly distributed: Mezzadri 2007). */
static void orthogonalize(matrix m, arena *scratch) {
    double *mirrors = ARENA_ARRAY(scratch, double, m.columns *m.rows);
    double *signs = ARENA_ARRAY(scratch, double, m.columns);
    for (int64_t k = 0; k < m.columns; k++) {
        householder_vector(m, k, mirrors + k * m.rows);
        reflect(m, mirrors + k * m.rows, k, k);
        signs[k] = m.at[k * m.columns + k] < 0 ? -1 : 1;
    }
    for (int64_t i = 0; i < m.rows * m.columns; i++)
        m.at[i] = i / m.columns == i % m.columns;
    for (int64_t k = m.columns; k-- > 0;)
        reflect(m, mirrors + k * m.rows, k, 0);
    for (int64_t i = 0; i < m.rows * m.columns; i++)
        m.at[i] *= signs[i % m.columns];
}

/* parameters: gain. The weight is read as a matrix [all axes but the last, the last]. */
static bool orthogonal(const_initializer init, const type *t, uint64_t seed, double *out,
                       arena *scratch) {
    if (t->rank < 2)
        return diag_fail(arena_diagnostics(scratch), CN_ERROR_SHAPE,
                         "the orthogonal initializer is for two axes or more; the weight has %d",
                         t->rank);
    int64_t columns = t->dims[t->rank - 1].count, count = type_count(t, 0);
    if (count == 0)
        return true;
    int64_t rows = count / columns;
    bool wide = rows < columns;
    matrix m = {wide ? columns : rows, wide ? rows : columns, ARENA_ARRAY(scratch, double, count)};
    fill_normal(0, 1, seed, count, m.at);
    orthogonalize(m, scratch);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            out[i * columns + j] =
                init->parameters[0] * (wide ? m.at[j * rows + i] : m.at[i * columns + j]);
    return true;
}

/* ---- the objects ------------------------------------------------------------------------ */

#define OBJECT(keras, filler, ...)                         \
    const cn_initializer cn_initializer_object_##keras = { \
        .name = #keras, .fill = (filler), __VA_ARGS__};
#define SCALED(keras, fan, drawn, scale) \
    OBJECT(keras, scaled, .parameters = {scale}, .mode = (fan), .distribution = (drawn))
OBJECT(zeros, constant, .parameters = {0})
OBJECT(ones, constant, .parameters = {1})
OBJECT(random_normal, normal, .parameters = {0, 0.05})
OBJECT(truncated_normal, truncated, .parameters = {0, 0.05})
OBJECT(random_uniform, uniform, .parameters = {-0.05, 0.05})
SCALED(variance_scaling, CN_FAN_IN, CN_DISTRIBUTION_TRUNCATED_NORMAL, 1)
SCALED(glorot_uniform, CN_FAN_AVG, CN_DISTRIBUTION_UNIFORM, 1)
SCALED(glorot_normal, CN_FAN_AVG, CN_DISTRIBUTION_TRUNCATED_NORMAL, 1)
SCALED(lecun_uniform, CN_FAN_IN, CN_DISTRIBUTION_UNIFORM, 1)
SCALED(lecun_normal, CN_FAN_IN, CN_DISTRIBUTION_TRUNCATED_NORMAL, 1)
SCALED(he_uniform, CN_FAN_IN, CN_DISTRIBUTION_UNIFORM, 2)
SCALED(he_normal, CN_FAN_IN, CN_DISTRIBUTION_TRUNCATED_NORMAL, 2)
OBJECT(orthogonal, orthogonal, .parameters = {1})
OBJECT(identity, identity, .parameters = {1})
#undef SCALED
#undef OBJECT

/* On failure the message is in the context, and zeros stand in. */
static const cn_initializer *new_initializer(cn_context *c, const cn_initializer *made) {
    if (c == NULL)
        return CN_ZEROS;
    CONTEXT_ENTER(c, CN_ZEROS);
    const cn_initializer *i = arena_copy(c->arena, made, sizeof *made);
    CONTEXT_LEAVE(c);
    return i;
}

static const cn_initializer *refuse(cn_context *c, const char *name, const char *words, double x) {
    if (c != NULL)
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "cn_initializer_%s: %s, not %g", name, words,
                  x);
    return CN_ZEROS;
}

const cn_initializer *cn_initializer_constant(cn_context *c, double number) {
    return new_initializer(
        c, &(cn_initializer){.name = "constant", .fill = constant, .parameters = {number}});
}

const cn_initializer *cn_initializer_random_normal(cn_context *c, double mean, double stddev,
                                                   uint64_t seed) {
    if (!(stddev >= 0))
        return refuse(c, "random_normal", "stddev must not be negative", stddev);
    return new_initializer(c, &(cn_initializer){.name = "random_normal",
                                                .fill = normal,
                                                .parameters = {mean, stddev},
                                                .seed = seed});
}

const cn_initializer *cn_initializer_truncated_normal(cn_context *c, double mean, double stddev,
                                                      uint64_t seed) {
    if (!(stddev >= 0))
        return refuse(c, "truncated_normal", "stddev must not be negative", stddev);
    return new_initializer(c, &(cn_initializer){.name = "truncated_normal",
                                                .fill = truncated,
                                                .parameters = {mean, stddev},
                                                .seed = seed});
}

const cn_initializer *cn_initializer_random_uniform(cn_context *c, double low, double high,
                                                    uint64_t seed) {
    if (!(low <= high))
        return refuse(c, "random_uniform", "high must not be below low", high);
    return new_initializer(
        c, &(cn_initializer){
               .name = "random_uniform", .fill = uniform, .parameters = {low, high}, .seed = seed});
}

const cn_initializer *cn_initializer_variance_scaling(cn_context *c, double scale, cn_fan_mode mode,
                                                      cn_distribution distribution, uint64_t seed) {
    if (!(scale > 0))
        return refuse(c, "variance_scaling", "scale must be positive", scale);
    return new_initializer(c, &(cn_initializer){.name = "variance_scaling",
                                                .fill = scaled,
                                                .parameters = {scale},
                                                .mode = (int)mode,
                                                .distribution = (int)distribution,
                                                .seed = seed});
}

const cn_initializer *cn_initializer_orthogonal(cn_context *c, double gain, uint64_t seed) {
    return new_initializer(
        c, &(cn_initializer){
               .name = "orthogonal", .fill = orthogonal, .parameters = {gain}, .seed = seed});
}

const cn_initializer *cn_initializer_identity(cn_context *c, double gain) {
    return new_initializer(
        c, &(cn_initializer){.name = "identity", .fill = identity, .parameters = {gain}});
}
