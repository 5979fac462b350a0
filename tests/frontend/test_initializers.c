/* Initializers: exact ones against Keras, random ones by their distribution; and that an element
 * depends on the seed and its position alone. */
#include "golden.h"

enum { MANY = 20000 };

static void fill(const cn_initializer *i, const type *t, uint64_t seed, double *out, arena *a) {
    assert_true(i->fill(i, t, seed, out, a));
}

static type shape_of(const json_t *json, arena *a) {
    if (json_object_get(json, "value") != NULL)
        return golden_read(json_object_get(json, "value"), a).type;
    int64_t shape[MAX_RANK];
    type t = {.dtype = CN_F32};
    t.rank = golden_integers(json, "shape", shape, MAX_RANK);
    for (int i = 0; i < t.rank; i++)
        t.dims[i] = dim_of(shape[i]);
    return t;
}

static const cn_initializer *variance_scaling(cn_context *c, const json_t *o) {
    const char *mode = golden_text(o, "mode"), *drawn = golden_text(o, "distribution");
    cn_fan_mode fan = strcmp(mode, "fan_out") == 0   ? CN_FAN_OUT
                      : strcmp(mode, "fan_avg") == 0 ? CN_FAN_AVG
                                                     : CN_FAN_IN;
    cn_distribution distribution = strcmp(drawn, "uniform") == 0 ? CN_DISTRIBUTION_UNIFORM
                                   : strcmp(drawn, "untruncated_normal") == 0
                                       ? CN_DISTRIBUTION_UNTRUNCATED_NORMAL
                                       : CN_DISTRIBUTION_TRUNCATED_NORMAL;
    return cn_initializer_variance_scaling(c, golden_number(o, "scale", 1), fan, distribution, 0);
}

static const cn_initializer *with_options(cn_context *c, const char *name, const json_t *o) {
    double mean = golden_number(o, "mean", 0), stddev = golden_number(o, "stddev", 0.05);
    if (strcmp(name, "VarianceScaling") == 0)
        return variance_scaling(c, o);
    if (strcmp(name, "Constant") == 0)
        return cn_initializer_constant(c, golden_number(o, "value", 0));
    if (strcmp(name, "Identity") == 0)
        return cn_initializer_identity(c, golden_number(o, "gain", 1));
    if (strcmp(name, "Orthogonal") == 0)
        return cn_initializer_orthogonal(c, golden_number(o, "gain", 1), 0);
    if (strcmp(name, "RandomNormal") == 0)
        return cn_initializer_random_normal(c, mean, stddev, 0);
    if (strcmp(name, "TruncatedNormal") == 0)
        return cn_initializer_truncated_normal(c, mean, stddev, 0);
    if (strcmp(name, "RandomUniform") == 0)
        return cn_initializer_random_uniform(c, golden_number(o, "minval", -0.05),
                                             golden_number(o, "maxval", 0.05), 0);
    return NULL;
}

static const cn_initializer *find_initializer(cn_context *c, const json_t *json) {
    static const struct {
        const char *name;
        const cn_initializer *initializer;
    } plain[] = {{"Zeros", CN_ZEROS},
                 {"Ones", CN_ONES},
                 {"GlorotUniform", CN_GLOROT_UNIFORM},
                 {"GlorotNormal", CN_GLOROT_NORMAL},
                 {"LecunUniform", CN_LECUN_UNIFORM},
                 {"LecunNormal", CN_LECUN_NORMAL},
                 {"HeUniform", CN_HE_UNIFORM},
                 {"HeNormal", CN_HE_NORMAL}};
    const char *name = golden_text(json, "initializer");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].name, name) == 0)
            return plain[i].initializer;
    const cn_initializer *made = with_options(c, name, json_object_get(json, "config"));
    if (made == NULL)
        fail_msg("no initializer %s", name);
    return made;
}

/* ---- distributions ---------------------------------------------------------------------- */

typedef struct sample {
    double mean, stddev, low, high;
} sample;

static sample measure(const double *x, int64_t count) {
    sample s = {.low = INFINITY, .high = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        s.mean += x[i] / (double)count;
        s.low = fmin(s.low, x[i]);
        s.high = fmax(s.high, x[i]);
    }
    for (int64_t i = 0; i < count; i++)
        s.stddev += (x[i] - s.mean) * (x[i] - s.mean) / (double)count;
    s.stddev = sqrt(s.stddev);
    return s;
}

/* Several fills of the shape with seeds of their own, MANY numbers or more. */
static sample draw_many(const cn_initializer *i, const type *t, arena *a) {
    int64_t count = type_count(t, 0), times = MANY / count + 1;
    double *x = ARENA_ARRAY(a, double, count *times);
    for (int64_t k = 0; k < times; k++)
        fill(i, t, (uint64_t)(k + 1), x + k * count, a);
    return measure(x, count * times);
}

static void near_within(const char *name, const char *what, double got, double want, double by) {
    if (!(fabs(got - want) <= by))
        fail_msg("%s: %s is %g, wanted %g within %g", name, what, got, want, by);
}

static void check_uniform(const char *name, const json_t *json, sample s) {
    double low = golden_number(json, "minval", NAN), high = golden_number(json, "maxval", NAN);
    double width = high - low, slack = 1e-8 * width;
    near_within(name, "mean", s.mean, (low + high) / 2, 0.015 * width);
    near_within(name, "stddev", s.stddev, width / sqrt(12), 0.01 * width);
    near_within(name, "lowest", s.low, low, 0.005 * width);
    near_within(name, "highest", s.high, high, 0.005 * width);
    assert_true(s.low >= low - slack && s.high <= high + slack);
}

/* A standard normal cut at two has stddev 0.8796. */
static void check_normal(const char *name, const json_t *json, sample s, bool cut) {
    double mean = golden_number(json, "mean", NAN), stddev = golden_number(json, "stddev", NAN);
    double wanted = cut ? 0.87962566103423978 * stddev : stddev;
    near_within(name, "mean", s.mean, mean, 0.03 * stddev);
    near_within(name, "stddev", s.stddev, wanted, 0.02 * stddev);
    double farthest = fmax(mean - s.low, s.high - mean) / stddev;
    if (cut)
        near_within(name, "farthest", farthest, 1.99, 0.0100001);
    else
        near_within(name, "farthest", farthest, 4.2, 1.2);
}

/* Columns (rows of a wide matrix) of unit length times the gain, at right angles. */
static void check_orthogonal(const char *name, const json_t *json, const type *t, const double *x) {
    double gain = golden_number(json_object_get(json, "config"), "gain", 1);
    int64_t columns = t->dims[t->rank - 1].count, rows = type_count(t, 0) / columns;
    bool wide = rows < columns;
    int64_t vectors = wide ? rows : columns, length = wide ? columns : rows;
    for (int64_t p = 0; p < vectors; p++)
        for (int64_t q = 0; q < vectors; q++) {
            double dot = 0;
            for (int64_t k = 0; k < length; k++)
                dot += wide ? x[p * columns + k] * x[q * columns + k]
                            : x[k * columns + p] * x[k * columns + q];
            near_within(name, "product", dot, p == q ? gain * gain : 0, 1e-12);
        }
}

static void run_case(const json_t *json) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    const char *name = golden_text(json, "name"), *drawn = golden_text(json, "distribution");
    const cn_initializer *i = find_initializer(c, json);
    type t = shape_of(json, c->arena);
    double *x = ARENA_ARRAY(c->arena, double, type_count(&t, 0) + 1);
    fill(i, &t, 5, x, c->arena);
    if (json_object_get(json, "value") != NULL) {
        golden_tensor want = golden_read(json_object_get(json, "value"), c->arena);
        assert_memory_equal(x, want.data, (size_t)want.count * sizeof *x);
    } else if (strcmp(drawn, "orthogonal") == 0) {
        check_orthogonal(name, json, &t, x);
    } else if (strcmp(drawn, "uniform") == 0) {
        check_uniform(name, json, draw_many(i, &t, c->arena));
    } else {
        bool cut = strcmp(drawn, "truncated_normal") == 0;
        check_normal(name, json, draw_many(i, &t, c->arena), cut);
    }
    cn_context_free(c);
}

static void initializers_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("initializers"), *json;
    size_t i, count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (json_object_get(json, "initializer") == NULL)
            continue;
        run_case(json);
        count++;
    }
    json_decref(file);
    assert_true(count >= 80);
}

/* ---- what numbers depend on ------------------------------------------------------------- */

static void an_element_depends_on_its_position_alone(void **state) {
    workspace *w = *state;
    double small[12], large[60];
    type few = type_make(CN_F32, 1, (const dim[]){dim_of(12)});
    type many = type_make(CN_F32, 1, (const dim[]){dim_of(60)});
    const cn_initializer *const drawn[] = {CN_RANDOM_NORMAL, CN_TRUNCATED_NORMAL,
                                           CN_RANDOM_UNIFORM};
    for (size_t i = 0; i < 3; i++) {
        fill(drawn[i], &few, 7, small, w->arena);
        fill(drawn[i], &many, 7, large, w->arena);
        assert_memory_equal(small, large, sizeof small);
        fill(drawn[i], &few, 8, large, w->arena);
        assert_memory_not_equal(small, large, sizeof small);
    }
}

static void shapes_that_do_not_fit_are_refused(void **state) {
    workspace *w = *state;
    double x[8];
    type vector = type_make(CN_F32, 1, (const dim[]){dim_of(8)});
    assert_false(CN_IDENTITY->fill(CN_IDENTITY, &vector, 1, x, w->arena));
    assert_string_equal(w->diagnostics.message,
                        "the identity initializer is for matrices; the weight has 1 axes");
    diag_clear(&w->diagnostics);
    assert_false(CN_ORTHOGONAL->fill(CN_ORTHOGONAL, &vector, 1, x, w->arena));
    assert_int_equal(w->diagnostics.status, CN_ERROR_SHAPE);
}

static void wrong_parameters_are_refused(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_ptr_equal(cn_initializer_random_uniform(c, 1, 0, 0), CN_ZEROS);
    assert_string_equal(cn_error_message(c),
                        "cn_initializer_random_uniform: high must not be below low, not 0");
    cn_error_clear(c);
    cn_initializer_random_normal(c, 0, NAN, 0);
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    cn_error_clear(c);
    cn_initializer_variance_scaling(c, 0, CN_FAN_IN, CN_DISTRIBUTION_UNIFORM, 0);
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initializers_are_keras),
        WITH_WORKSPACE(an_element_depends_on_its_position_alone),
        WITH_WORKSPACE(shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(wrong_parameters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
