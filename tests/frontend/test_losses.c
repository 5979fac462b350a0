/* Losses against Keras: values and gradients over reductions, weights, ranks and options; then
 * what Keras has no golden values for: scores found behind probabilities, refusals, custom losses.
 */
#include "golden.h"

#include "frontend/losses.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

/* ---- golden cases ------------------------------------------------------------------------- */

static cn_reduction reduction_of(const json_t *config) {
    const char *name = golden_text(config, "reduction");
    return strcmp(name, "sum") == 0                       ? CN_REDUCTION_SUM
           : strcmp(name, "none") == 0                    ? CN_REDUCTION_NONE
           : strcmp(name, "mean_with_sample_weight") == 0 ? CN_MEAN_WITH_SAMPLE_WEIGHT
                                                          : CN_SUM_OVER_BATCH_SIZE;
}

static const cn_loss *loss_of(cn_context *c, const json_t *json) {
    static const struct {
        const char *name;
        const cn_loss *(*make)(cn_source, const cn_loss_options *);
    } kinds[] = {{"MeanSquaredError", cn_loss_mean_squared_error_at},
                 {"MeanAbsoluteError", cn_loss_mean_absolute_error_at},
                 {"Huber", cn_loss_huber_at},
                 {"BinaryCrossentropy", cn_loss_binary_crossentropy_at},
                 {"CategoricalCrossentropy", cn_loss_categorical_crossentropy_at},
                 {"SparseCategoricalCrossentropy", cn_loss_sparse_categorical_crossentropy_at}};
    const json_t *config = json_object_get(json, "config");
    cn_loss_options o = {.context = c,
                         .reduction = reduction_of(config),
                         .delta = golden_number(config, "delta", 0),
                         .from_logits = golden_bool(config, "from_logits", false),
                         .label_smoothing = golden_number(config, "label_smoothing", 0),
                         .axis = golden_integer(config, "axis", 0)};
    if (json_object_get(config, "ignore_class") != NULL) {
        int64_t ignored = golden_integer(config, "ignore_class", 0);
        o.ignore_class = ignored == 0 ? CN_ZERO : ignored;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, golden_text(json, "loss")) == 0)
            return kinds[i].make(CN_HERE(cn_loss_options), &o);
    fail_msg("no loss %s", golden_text(json, "loss"));
    return NULL;
}

static cn_tensor feed(golden_run *r, const json_t *json, const char *key) {
    const json_t *t = json_object_get(json, key);
    if (t == NULL)
        return CN_END;
    golden_tensor given = golden_read(t, r->c->arena);
    cn_tensor x = golden_input(r->c, &given);
    golden_feed(r, x, given.data);
    r->batch = given.type.dims[0].count;
    return x;
}

static void check_case(const json_t *json) {
    const char *name = golden_text(json, "name");
    golden_run run = {.c = new_context()};
    arena *a = run.c->arena;
    if (strcmp(golden_text(json, "floatx"), "float32") == 0)
        run.mode = INTERPRET_F32;
    cn_tensor truth = feed(&run, json, "y_true"), prediction = feed(&run, json, "y_pred"), gradient;
    cn_tensor weight = feed(&run, json, "sample_weight");
    cn_tensor loss = cn_loss_apply(loss_of(run.c, json), truth, prediction, weight);
    golden_check_context(run.c, name);
    golden_tensor cotangent = golden_read(json_object_get(json, "cotangent"), a);
    golden_want(&run, loss);
    golden_gradients(&run, loss, &cotangent, &prediction, 1, &gradient);
    golden_want(&run, gradient);
    golden_execute(&run, name);
    golden_tensor want = golden_read(json_object_get(json, "value"), a);
    golden_tensor slope = golden_read(json_object_get(json, "y_pred_gradient"), a);
    golden_compare(name, "value", run.results[0], &want);
    golden_compare(name, "gradient", run.results[1], &slope);
    cn_context_free(run.c);
}

static void losses_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("losses"), *json;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, json) check_case(json);
    assert_true(i > 200);
    json_decref(file);
}

/* ---- scores behind probabilities ---------------------------------------------------------- */

/* A probability that rounds to 1 loses the loss; its score does not: 40, not -log(1e-7). */
static void softmax_and_sigmoid_are_seen_through(void **state) {
    (void)state;
    const double logits[] = {40, 0}, label[] = {1}, hot[] = {0, 1};
    const struct {
        const cn_loss *loss;
        cn_tensor (*squash)(cn_tensor, int64_t);
    } rows[] = {{CN_SPARSE_CATEGORICAL_CROSSENTROPY, cn_op_softmax},
                {CN_CATEGORICAL_CROSSENTROPY, cn_op_softmax}};
    for (int i = 0; i < 2; i++) {
        golden_run run = {.c = new_context(), .batch = 1, .mode = INTERPRET_F32};
        type two = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(2)});
        type one = type_make(CN_I32, 1, (const dim[]){dim_batch(1)});
        cn_tensor z = record_input(run.c, &two), t = record_input(run.c, i == 0 ? &one : &two);
        golden_feed(&run, z, logits);
        golden_feed(&run, t, i == 0 ? label : hot);
        golden_want(&run, cn_loss_apply(rows[i].loss, t, rows[i].squash(z, -1), CN_END));
        golden_execute(&run, "softmax");
        assert_true(run.results[0]->items[0].f == 40);
        cn_context_free(run.c);
    }
    golden_run run = {.c = new_context(), .batch = 2, .mode = INTERPRET_F32};
    type t = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(1)});
    cn_tensor z = record_input(run.c, &t), truth = record_input(run.c, &t);
    golden_feed(&run, z, logits);
    golden_feed(&run, truth, (const double[]){0, 0.5});
    golden_want(&run, cn_loss_apply(CN_BINARY_CROSSENTROPY, truth, cn_op_sigmoid(z), CN_END));
    golden_execute(&run, "sigmoid");
    assert_true(fabs(run.results[0]->items[0].f - (40 + log(2)) / 2) < 1e-5);
    cn_context_free(run.c);
}

/* ---- types and refusals ------------------------------------------------------------------- */

static void targets_have_the_type_the_loss_wants(void **state) {
    (void)state;
    type scores = type_make(CN_F32, 3, (const dim[]){dim_batch(1), dim_of(7), dim_of(10)});
    type labels = type_make(CN_I32, 2, (const dim[]){dim_batch(1), dim_of(7)});
    type wanted = loss_target_type(CN_SPARSE_CATEGORICAL_CROSSENTROPY, &scores);
    assert_true(type_equal(&wanted, &labels));
    wanted = loss_target_type(CN_MEAN_SQUARED_ERROR, &scores);
    assert_true(type_equal(&wanted, &scores));
    wanted = loss_target_type(NULL, &scores);
    assert_true(type_equal(&wanted, &scores));
}

static void expect_message(cn_context *c, const char *part) {
    if (strstr(cn_error_message(c), part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", cn_error_message(c), part);
    cn_context_free(c);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_loss_mean_squared_error(c, .delta = 2);
    expect_message(c, "loss \"mean_squared_error\" has no option .delta");
    c = new_context();
    cn_loss_categorical_crossentropy(c, .label_smoothing = 1.5);
    expect_message(c, ".label_smoothing is 1.5");
    c = new_context();
    cn_loss_huber(c, .delta = CN_ZERO);
    expect_message(c, ".delta is 0; it is positive");
    c = new_context();
    cn_custom_loss(c, .name = "mine");
    expect_message(c, "the function .function is missing");
    assert_non_null(cn_loss_huber(NULL));
}

static void shapes_that_do_not_fit_are_refused(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor three = cn_input(c, {3}), four = cn_input(c, {4});
    assert_false(cn_tensor_ok(cn_loss_apply(CN_MEAN_SQUARED_ERROR, three, four, CN_END)));
    expect_message(c, "loss \"mean_squared_error\": the target is f32[B,3] made by input");
    c = new_context();
    three = cn_input(c, {3}), four = cn_input(c, {3});
    assert_false(
        cn_tensor_ok(cn_loss_apply(CN_SPARSE_CATEGORICAL_CROSSENTROPY, three, four, CN_END)));
    expect_message(c, "there is one label per row of scores");
    c = new_context();
    three = cn_input(c, {3});
    assert_false(cn_tensor_ok(cn_loss_apply(cn_loss_huber(NULL), three, three, CN_END)));
    expect_message(c, "the loss could not be made");
}

/* ---- custom losses ------------------------------------------------------------------------ */

static cn_tensor scaled_error(cn_tensor truth, cn_tensor prediction, const void *user) {
    return cn_op_scale(cn_op_subtract(prediction, truth), *(const double *)user);
}

static void custom_losses_are_reduced_and_copy_their_data(void **state) {
    (void)state;
    double factor = 3;
    golden_run run = {.c = new_context(), .batch = 2};
    const cn_loss *l =
        cn_custom_loss(run.c, scaled_error, &factor, sizeof factor, .reduction = CN_REDUCTION_SUM);
    factor = 0;
    type t = type_make(CN_F32, 1, (const dim[]){dim_batch(1)});
    cn_tensor truth = record_input(run.c, &t), prediction = record_input(run.c, &t);
    golden_feed(&run, truth, (const double[]){1, 2});
    golden_feed(&run, prediction, (const double[]){2, 4});
    golden_want(&run, cn_loss_apply(l, truth, prediction, CN_END));
    golden_execute(&run, "custom");
    assert_true(run.results[0]->items[0].f == 9);
    cn_context_free(run.c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_keras),
        cmocka_unit_test(softmax_and_sigmoid_are_seen_through),
        cmocka_unit_test(targets_have_the_type_the_loss_wants),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(shapes_that_do_not_fit_are_refused),
        cmocka_unit_test(custom_losses_are_reduced_and_copy_their_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
