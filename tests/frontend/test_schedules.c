/* Schedules against Keras, both on the host and as ops of the step; refusals. */
#include "golden.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

static const cn_schedule *piecewise_of(cn_context *c, const json_t *config) {
    int64_t boundaries[8];
    double values[8];
    const json_t *list = json_object_get(config, "values");
    int count = golden_integers(config, "boundaries", boundaries, 8);
    for (size_t i = 0; i < json_array_size(list); i++)
        values[i] = json_number_value(json_array_get(list, i));
    return cn_piecewise_constant_decay(c, (size_t)count, boundaries, values);
}

static const cn_schedule *schedule_of(cn_context *c, const json_t *json) {
    const char *kind = golden_text(json, "schedule");
    const json_t *x = json_object_get(json, "config");
    double initial = golden_number(x, "initial_learning_rate", 0);
    double rate = golden_number(x, "decay_rate", 0), alpha = golden_number(x, "alpha", 0);
    int64_t steps = golden_integer(x, "decay_steps", golden_integer(x, "first_decay_steps", 0));
    bool staircase = golden_bool(x, "staircase", false);
    if (strcmp(kind, "ExponentialDecay") == 0)
        return cn_exponential_decay(c, initial, steps, rate, staircase);
    if (strcmp(kind, "InverseTimeDecay") == 0)
        return cn_inverse_time_decay(c, initial, steps, rate, staircase);
    if (strcmp(kind, "PolynomialDecay") == 0)
        return cn_polynomial_decay(c, initial, steps, golden_number(x, "end_learning_rate", 0.0001),
                                   golden_number(x, "power", 0), golden_bool(x, "cycle", false));
    if (strcmp(kind, "CosineDecay") == 0)
        return cn_cosine_decay(c, initial, steps, alpha, golden_number(x, "warmup_target", 0),
                               golden_integer(x, "warmup_steps", 0));
    if (strcmp(kind, "CosineDecayRestarts") == 0)
        return cn_cosine_decay_restarts(c, initial, steps, golden_number(x, "t_mul", 0),
                                        golden_number(x, "m_mul", 0), alpha);
    assert_string_equal(kind, "PiecewiseConstantDecay");
    return piecewise_of(c, x);
}

/* `largest` sets the scale of rounding: Keras has pi in float32. */
static void check_step(const json_t *json, double step, double want, double largest) {
    const char *name = golden_text(json, "name");
    golden_run run = {.c = new_context(), .batch = 1};
    const cn_schedule *s = schedule_of(run.c, json);
    golden_check_context(run.c, name);
    type scalar = type_scalar(CN_I64);
    cn_tensor at = record_input(run.c, &scalar);
    golden_feed(&run, at, &step);
    golden_want(&run, schedule_build(s, at));
    golden_execute(&run, name);
    double host = cn_schedule_value(s, (int64_t)step), compiled = run.results[0]->items[0].f;
    double tolerance = 1e-7 * (fabs(want) + largest);
    if (!(fabs(host - want) <= tolerance) || !(fabs(compiled - want) <= tolerance))
        fail_msg("%s at %g: %.9g on the host, %.9g compiled, Keras' is %.9g", name, step, host,
                 compiled, want);
    cn_context_free(run.c);
}

static void schedules_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("schedules"), *json, *step;
    size_t i, k;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        const json_t *rates = json_object_get(json, "learning_rates"), *rate;
        double largest = 0;
        json_array_foreach(rates, k, rate) largest = fmax(largest, json_number_value(rate));
        json_array_foreach(json_object_get(json, "steps"), k, step) check_step(
            json, json_number_value(step), json_number_value(json_array_get(rates, k)), largest);
    }
    assert_int_equal(i, 19);
    json_decref(file);
}

static void steps_to_no_target_are_ignored(void **state) {
    (void)state;
    cn_context *c = new_context();
    const cn_schedule *plain = cn_cosine_decay(c, 0.1, 1000, 0, 0, 0);
    const cn_schedule *no_target = cn_cosine_decay(c, 0.1, 1000, 0, 0, 10);
    const cn_schedule *to_zero = cn_cosine_decay(c, 0.1, 1000, cn_exact(0), cn_exact(0), 10);
    for (int64_t step = 0; step < 1200; step += 5)
        assert_true(cn_schedule_value(no_target, step) == cn_schedule_value(plain, step));
    assert_true(cn_schedule_value(plain, 0) == 0.1);
    assert_true(fabs(cn_schedule_value(to_zero, 5) - 0.05) < 1e-15);
    assert_true(cn_schedule_value(to_zero, 100) == 0);
    cn_context_free(c);
}

static void expect_message(cn_context *c, const char *part) {
    if (strstr(cn_error_message(c), part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", cn_error_message(c), part);
    cn_context_free(c);
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    cn_context *c = new_context();
    const cn_schedule *s = cn_cosine_decay(c, 0.1, 0, 0, 0, 0);
    assert_true(isnan(cn_schedule_value(s, 0)));
    assert_null(cn_adam(c, .schedule = s)->class);
    expect_message(c, "cosine_decay: decay_steps is 0; it is positive");
    c = new_context();
    cn_piecewise_constant_decay(c, 2, (const int64_t[]){5, 5}, (const double[]){1, 2, 3});
    expect_message(c, "boundary 1 is 5 after 5; boundaries increase");
    assert_true(isnan(cn_schedule_value(NULL, 0)));
    assert_non_null(cn_exponential_decay(NULL, 1, 1, 1, false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_are_keras),
        cmocka_unit_test(steps_to_no_target_are_ignored),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
