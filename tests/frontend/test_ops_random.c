/* Random ops: their distributions, and what their bits depend on. */
#include "golden.h"

#define MANY 4000

/* MANY numbers of an op; the context's step is `step`. */
static void draw_as(cn_context *c, cn_dtype d, cn_tensor (*op)(cn_tensor), int64_t step,
                    double *out) {
    type t = type_make(d, 1, (const dim[]){dim_of(MANY)});
    cn_tensor y = op(cn_op_zeros_like(tensor_of(c, build_zeros(c->record, &t))));
    variable *counter = context_step(c);
    assert_true(variable_initialize(c, counter));
    *(int64_t *)counter->data = step;
    golden_run run = {.c = c, .batch = 1, .mode = INTERPRET_F32}; /* rounds */
    golden_want(&run, y);
    golden_execute(&run, "random");
    for (int i = 0; i < MANY; i++)
        out[i] = run.results[0]->items[i].f;
}

static void draw(cn_context *c, cn_tensor (*op)(cn_tensor), int64_t step, double *out) {
    draw_as(c, CN_F32, op, step, out);
}

static cn_tensor uniform(cn_tensor like) {
    return cn_op_random_uniform(like);
}
static cn_tensor normal(cn_tensor like) {
    return cn_op_random_normal(like);
}

static void moments(const double *x, double *mean, double *stddev) {
    *mean = *stddev = 0;
    for (int i = 0; i < MANY; i++)
        *mean += x[i] / MANY;
    for (int i = 0; i < MANY; i++)
        *stddev += (x[i] - *mean) * (x[i] - *mean) / MANY;
    *stddev = sqrt(*stddev);
}

static void distributions_are_right(void **state) {
    (void)state;
    cn_context *c = golden_context();
    static double x[MANY];
    double mean, stddev;
    draw(c, uniform, 0, x);
    moments(x, &mean, &stddev);
    assert_true(fabs(mean - 0.5) < 0.02 && fabs(stddev - 1 / sqrt(12)) < 0.01);
    for (int i = 0; i < MANY; i++)
        assert_true(x[i] >= 0 && x[i] < 1);
    draw(c, normal, 0, x);
    moments(x, &mean, &stddev);
    assert_true(fabs(mean) < 0.06 && fabs(stddev - 1) < 0.05);
    int beyond = 0;
    for (int i = 0; i < MANY; i++)
        beyond += fabs(x[i]) > 1.959964;
    assert_in_range(beyond, MANY / 20 - 60, MANY / 20 + 60);
    cn_context_free(c);
}

/* Half floats round the largest fractions of f32 to 1, whose logarithm the normal would take. */
static void half_floats_are_below_one_and_finite(void **state) {
    (void)state;
    static const cn_dtype halves[] = {CN_F16, CN_BF16};
    static double x[MANY];
    for (int k = 0; k < 2; k++) {
        cn_context *c = golden_context();
        double mean, stddev;
        for (int64_t step = 0; step < 4; step++) {
            draw_as(c, halves[k], uniform, step, x);
            for (int i = 0; i < MANY; i++)
                assert_true(x[i] >= 0 && x[i] < 1);
            draw_as(c, halves[k], normal, step, x);
            moments(x, &mean, &stddev);
            assert_true(fabs(mean) < 0.06 && fabs(stddev - 1) < 0.05);
        }
        cn_context_free(c);
    }
}

static void bits_depend_on_seed_step_and_ordinal(void **state) {
    (void)state;
    static double x[MANY], y[MANY];
    cn_context *c = golden_context(), *same = golden_context();
    cn_context *other = cn_context_new(&(cn_context_options){.backend = "ref", .seed = 1});
    draw(c, uniform, 3, x);
    draw(same, uniform, 3, y);
    assert_memory_equal(x, y, sizeof x);
    draw(other, uniform, 3, y);
    assert_memory_not_equal(x, y, sizeof x);
    draw(c, uniform, 3, y); /* the second op of the context */
    assert_memory_not_equal(x, y, sizeof x);
    cn_context *later = golden_context();
    draw(later, uniform, 4, y);
    assert_memory_not_equal(x, y, sizeof x);
    cn_context_free(c);
    cn_context_free(same);
    cn_context_free(other);
    cn_context_free(later);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions_are_right),
        cmocka_unit_test(half_floats_are_below_one_and_finite),
        cmocka_unit_test(bits_depend_on_seed_step_and_ordinal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
