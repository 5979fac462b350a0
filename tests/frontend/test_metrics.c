/* Metrics against Keras: running means over three batches of different sizes, what "accuracy"
 * stands for, ties, and refusals.
 */
#include "golden.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

/* ---- golden cases ------------------------------------------------------------------------- */

static const cn_metric *metric_of(cn_context *c, const json_t *json) {
    static const struct {
        const char *name;
        const cn_metric *metric;
    } plain[] = {{"Accuracy", CN_ACCURACY_EXACT},
                 {"CategoricalAccuracy", CN_CATEGORICAL_ACCURACY},
                 {"SparseCategoricalAccuracy", CN_SPARSE_CATEGORICAL_ACCURACY},
                 {"MeanSquaredError", CN_METRIC_MSE},
                 {"MeanAbsoluteError", CN_METRIC_MAE},
                 {"Mean", CN_METRIC_MEAN}};
    const char *name = golden_text(json, "metric");
    const json_t *config = json_object_get(json, "config");
    int64_t k = golden_integer(config, "k", 0);
    if (strcmp(name, "BinaryAccuracy") == 0)
        return cn_metric_binary_accuracy(c, .threshold = golden_number(config, "threshold", 0));
    if (strcmp(name, "TopKCategoricalAccuracy") == 0)
        return cn_metric_top_k_categorical_accuracy(c, .k = k);
    if (strcmp(name, "SparseTopKCategoricalAccuracy") == 0)
        return cn_metric_sparse_top_k_categorical_accuracy(c, .k = k);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].name, name) == 0)
            return plain[i].metric;
    return NULL;
}

static cn_tensor feed(golden_run *r, const json_t *t) {
    golden_tensor given = golden_read(t, r->c->arena);
    cn_tensor x = golden_input(r->c, &given);
    golden_feed(r, x, given.data);
    r->batch = given.type.dims[0].count;
    return x;
}

typedef struct running_mean {
    double sum, weight;
} running_mean;

static void add_values(running_mean *mean, const tensor *values, const json_t *weight) {
    int64_t samples = values->type.dims[0].count, each = values->count / samples;
    for (int64_t i = 0; i < samples; i++) {
        double sample = 0, w = 1;
        for (int64_t k = 0; k < each; k++)
            sample += values->items[i * each + k].f / (double)each;
        if (weight != NULL)
            w = json_number_value(json_array_get(json_object_get(weight, "data"), (size_t)i));
        mean->sum += w * sample;
        mean->weight += w;
    }
}

static void add_batch(running_mean *mean, const json_t *json, const json_t *given) {
    const char *name = golden_text(json, "name");
    golden_run run = {.c = new_context()};
    const cn_metric *m = metric_of(run.c, json);
    const json_t *values = json_object_get(given, "values");
    cn_tensor prediction = feed(&run, values != NULL ? values : json_object_get(given, "y_pred"));
    cn_tensor truth = values != NULL ? CN_END : feed(&run, json_object_get(given, "y_true"));
    golden_want(&run, m->function(m, truth, prediction));
    golden_execute(&run, name);
    add_values(mean, run.results[0], json_object_get(given, "sample_weight"));
    double want = golden_number(given, "result", 0), got = mean->sum / mean->weight;
    if (!(fabs(got - want) <= 1e-6 * fabs(want) + 1e-7))
        fail_msg("%s: %.9g, Keras' is %.9g", name, got, want);
    cn_context_free(run.c);
}

/* Keras' metrics that Cornu has; weights of the shape of the values are not among its inputs. */
static bool is_ours(const json_t *json) {
    cn_context *c = new_context();
    bool ours = metric_of(c, json) != NULL && strstr(golden_text(json, "name"), "_full") == NULL;
    cn_context_free(c);
    return ours;
}

static void metrics_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("metrics"), *json, *given;
    size_t i, k, tested = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (!is_ours(json))
            continue;
        running_mean mean = {0};
        json_array_foreach(json_object_get(json, "updates"), k, given)
            add_batch(&mean, json, given);
        tested++;
    }
    assert_int_equal(tested, 50);
    json_decref(file);
}

/* ---- what "accuracy" means ---------------------------------------------------------------- */

static type shape_of(const json_t *json, const char *key) {
    int64_t shape[MAX_RANK];
    type t = {.dtype = CN_F32, .rank = golden_integers(json, key, shape, MAX_RANK)};
    for (int i = 0; i < t.rank; i++)
        t.dims[i] = i == 0 ? dim_batch(1) : dim_of(shape[i]);
    return t;
}

static void accuracy_means_what_shapes_call_for(void **state) {
    (void)state;
    json_t *file = golden_load("metrics"), *json;
    size_t i, tested = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (strcmp(golden_text(json, "role"), "metric") != 0)
            continue;
        type truth = shape_of(json, "y_true_shape"), prediction = shape_of(json, "y_pred_shape");
        const char *wanted = golden_text(json, "resolves_to");
        const cn_metric *kind = strcmp(wanted, "BinaryAccuracy") == 0 ? CN_BINARY_ACCURACY
                                : strcmp(wanted, "CategoricalAccuracy") == 0
                                    ? CN_CATEGORICAL_ACCURACY
                                    : CN_SPARSE_CATEGORICAL_ACCURACY;
        if (metric_resolve(CN_ACCURACY, &truth, &prediction) != kind)
            fail_msg("%s: not %s", golden_text(json, "name"), wanted);
        tested++;
    }
    assert_int_equal(tested, 22);
    type t = type_make(CN_F32, 1, (const dim[]){dim_batch(1)});
    assert_ptr_equal(metric_resolve(CN_METRIC_MSE, &t, &t), CN_METRIC_MSE);
    json_decref(file);
}

/* ---- ties, NaN, custom -------------------------------------------------------------------- */

/* Metric values of one row of scores under a label. */
static double value_of(golden_run *run, const cn_metric *m, int64_t classes, const double *scores,
                       double label) {
    type rows = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(classes)});
    type labels = type_make(CN_I32, 1, (const dim[]){dim_batch(1)});
    cn_tensor prediction = record_input(run->c, &rows), truth = record_input(run->c, &labels);
    run->batch = 1;
    golden_feed(run, prediction, scores);
    golden_feed(run, truth, &label);
    golden_want(run, m->function(m, truth, prediction));
    golden_execute(run, m->name);
    double result = run->results[0]->items[0].f;
    cn_context_free(run->c);
    return result;
}

static double top_two(const double *scores, double label) {
    golden_run run = {.c = new_context()};
    const cn_metric *m = cn_metric_sparse_top_k_categorical_accuracy(run.c, .k = 2);
    return value_of(&run, m, 4, scores, label);
}

static void of_equal_scores_all_are_within_the_top_k(void **state) {
    (void)state;
    const double tie[] = {1, 3, 1, 1}, lost[] = {NAN, 2, 1, 0};
    assert_true(top_two(tie, 0) == 1 && top_two(tie, 3) == 1 && top_two(tie, 1) == 1);
    assert_true(top_two(lost, 0) == 0 && top_two(lost, 2) == 1 && top_two(lost, 3) == 0);
}

static cn_tensor distance(cn_tensor truth, cn_tensor prediction, const void *user) {
    cn_tensor label = cn_op_expand_dims(cn_op_cast(truth, CN_F32), -1);
    return cn_op_scale(cn_op_subtract(prediction, label), *(const double *)user);
}

static void custom_metrics_copy_their_data(void **state) {
    (void)state;
    double factor = 2;
    golden_run run = {.c = new_context()};
    const cn_metric *m = cn_metric_custom(run.c, "distance", distance, &factor, sizeof factor);
    factor = 0;
    assert_string_equal(m->name, "distance");
    assert_true(value_of(&run, m, 1, (const double[]){5}, 2) == 6);
}

/* ---- names and refusals ------------------------------------------------------------------- */

static void names_are_keras(void **state) {
    (void)state;
    assert_string_equal(CN_ACCURACY->name, "accuracy");
    assert_string_equal(CN_ACCURACY_EXACT->name, "accuracy");
    assert_string_equal(CN_TOP_K_CATEGORICAL_ACCURACY->name, "top_k_categorical_accuracy");
    assert_string_equal(CN_METRIC_MSE->name, "mean_squared_error");
    cn_context *c = new_context();
    assert_string_equal(cn_metric_binary_accuracy(c, .name = "hits")->name, "hits");
    cn_context_free(c);
}

static void expect_message(cn_context *c, const char *part) {
    if (strstr(cn_error_message(c), part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", cn_error_message(c), part);
    cn_context_free(c);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_metric_binary_accuracy(c, .k = 3);
    expect_message(c, "metric \"binary_accuracy\" has no option .k");
    c = new_context();
    const cn_metric *failed = cn_metric_top_k_categorical_accuracy(c, .k = -1);
    cn_tensor x = cn_input(c, {4});
    assert_false(cn_tensor_ok(failed->function(failed, x, x)));
    expect_message(c, ".k is -1; it is at least 1");
    c = new_context();
    cn_tensor three = cn_input(c, {3}), four = cn_input(c, {4});
    CN_CATEGORICAL_ACCURACY->function(CN_CATEGORICAL_ACCURACY, three, four);
    expect_message(c, "metric \"categorical_accuracy\": the target is f32[B,3]");
    c = new_context();
    cn_metric_custom(c, "mine", NULL, NULL, 0);
    expect_message(c, "metric_custom: the function is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_keras),
        cmocka_unit_test(accuracy_means_what_shapes_call_for),
        cmocka_unit_test(of_equal_scores_all_are_within_the_top_k),
        cmocka_unit_test(custom_metrics_copy_their_data),
        cmocka_unit_test(names_are_keras),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
