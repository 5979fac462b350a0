/* compile_config against Keras': losses, metrics, optimizers and schedules, both ways, in every
 * shape that a program may give them in, and what is refused.
 */
#include "keras_objects.h"

#include "frontend/optimizers.h"

/* A model of 4 features with 1 or 2 outputs of 3. */
static cn_model *new_model(cn_context *c, int outputs) {
    cn_tensor x = cn_input(c, {4}, .name = "x");
    cn_tensor p = cn_apply(cn_dense(c, 3, .name = "p"), x);
    if (outputs == 1)
        return cn_model_new(c, .inputs = {x}, .outputs = {p});
    cn_tensor q = cn_apply(cn_dense(c, 3, .name = "q"), x);
    return cn_model_new(c, .inputs = {x}, .outputs = {p, q});
}

/* ---- golden configurations -------------------------------------------------------------- */

static void compile_again(objects *o, const json_t *json) {
    int outputs = (int)json_integer_value(json_object_get(json, "outputs"));
    cn_model *m = new_model(o->c, outputs);
    keras_read_compile(&o->reader, m, json_object_get(json, "given"));
    if (o->reader.problem_count == 0 && cn_error_status(o->c) == CN_OK)
        keras_write_compile(&o->writer, "it", m);
}

static void compiled_models_are_keras(void **state) {
    (void)state;
    assert_true(objects_each("compile", compile_again) >= 55);
}

/* ---- what is read ----------------------------------------------------------------------- */

static cn_model *compiled(objects *o, int outputs, const char *words) {
    cn_model *m = new_model(o->c, outputs);
    json_t *j = json_of(words);
    keras_read_compile(&o->reader, m, j);
    json_decref(j);
    return m;
}

static void nothing_is_compiled_without_a_configuration(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    assert_false(cn_is_compiled(compiled(&o, 1, "{}")));
    assert_false(cn_is_compiled(compiled(&o, 1, "null")));
    assert_false(cn_is_compiled(
        compiled(&o, 1, "{\"optimizer\": \"sgd\", \"loss\": null, \"metrics\": [\"mae\"]}")));
    assert_int_equal(o.reader.problem_count, 0);
    assert_int_equal(cn_error_status(o.c), CN_OK);
    objects_close(&o);
}

static void options_arrive(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    const cn_model *m = compiled(
        &o, 2,
        "{\"optimizer\": {\"class_name\": \"Adam\", \"config\": {\"learning_rate\": 0.5, "
        "\"beta_1\": 0, \"clipnorm\": 2}},"
        "\"loss\": {\"q\": {\"class_name\": \"SparseCategoricalCrossentropy\", \"config\": "
        "{\"from_logits\": true, \"ignore_class\": 0, \"reduction\": \"mean\"}}},"
        "\"loss_weights\": {\"q\": 0}, \"metrics\": {\"q\": \"acc\", \"p\": \"MAE\"},"
        "\"run_eagerly\": true, \"jit_compile\": true, \"steps_per_execution\": 4,"
        "\"auto_scale_loss\": true}");
    assert_string_equal(o.reader.problems.length == 0 ? "" : o.reader.problems.data, "");
    const training *t = m->training;
    assert_ptr_equal(t->optimizer->class, &adam_class);
    assert_true(cn_learning_rate(t->optimizer) == 0.5);
    assert_true(t->optimizer->options.beta_1 == 0 && t->optimizer->options.beta_2 == 0.999);
    assert_true(t->optimizer->options.clipnorm == 2);
    assert_int_equal(t->outputs.count, 2);
    const output_plan *p = &t->outputs.items[0], *q = &t->outputs.items[1];
    assert_true(p->loss == NULL && q->loss->from_logits && q->loss->has_ignore_class);
    assert_int_equal(q->loss->ignore_class, 0);
    assert_int_equal(q->loss->reduction, CN_SUM_OVER_BATCH_SIZE);
    assert_true(q->weight == 0);
    assert_string_equal(p->metrics[0]->name, "MAE"); /* as logs will call it */
    assert_string_equal(q->metrics[0]->name, "acc");
    objects_close(&o);
}

/* What versions before Keras 3 wrote. */
static void older_words_are_understood(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    const cn_model *m = compiled(
        &o, 1,
        "{\"optimizer\": {\"class_name\": \"sgd\", \"config\": {\"name\": \"SGD\", "
        "\"learning_rate\": 0.25, \"decay\": 0.0, \"momentum\": 0.5, \"nesterov\": false, "
        "\"jit_compile\": false, \"is_legacy_optimizer\": false}}, \"loss\": \"mse\","
        "\"metrics\": [[{\"class_name\": \"MeanMetricWrapper\", \"config\": {\"name\": \"hits\", "
        "\"dtype\": \"float32\", \"fn\": \"categorical_accuracy\"}}]], \"loss_weights\": null}");
    assert_string_equal(o.reader.problems.length == 0 ? "" : o.reader.problems.data, "");
    const output_plan *p = &m->training->outputs.items[0];
    assert_string_equal(p->metrics[0]->name, "hits");
    assert_ptr_equal(p->metrics[0]->function, CN_CATEGORICAL_ACCURACY->function);
    objects_close(&o);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void what_is_refused_is_named(void **state) {
    (void)state;
    static const struct {
        int outputs;
        const char *given, *words;
    } rows[] = {
        {1, "\"loss\": \"mape\", \"metrics\": [\"auc\", \"mean\"]",
         "\n  compile_config: Cornu has no loss \"mape\""
         "\n  compile_config: Cornu has no metric \"auc\""
         "\n  compile_config: Cornu has no metric \"mean\""},
        {1, "\"loss\": \"crossentropy\"",
         "\n  compile_config: loss \"crossentropy\" goes by the data; Cornu wants the kind of "
         "crossentropy"},
        {1, "\"loss\": {\"class_name\": \"Own\", \"config\": {}, \"registered_name\": \"a>Own\"}",
         "\n  compile_config: loss \"a>Own\" is not Keras' own; Cornu cannot have it"},
        {1, "\"loss\": {\"r\": \"mse\"}",
         "\n  compile_config: \"loss\" has an entry \"r\", but the model has no such output"},
        {2, "\"loss\": [\"mse\"], \"metrics\": [[\"mae\"], [], []]",
         "\n  compile_config: \"loss\" has 1 entries, the model has 2 outputs"
         "\n  compile_config: \"metrics\" has 3 entries, the model has 2 outputs"},
        {2, "\"loss\": [\"mse\", 3], \"loss_weights\": [1, \"much\"]",
         "\n  compile_config, output \"q\": 3 is no loss"
         "\n  compile_config, output \"q\": the weight of the loss is \"much\""},
        {1, "\"loss\": {\"class_name\": \"Huber\", \"config\": {\"delta\": -1}}",
         "\n  compile_config: loss \"huber\": .delta is -1; it is positive"},
        {1, "\"loss\": {\"class_name\": \"MeanSquaredError\", \"config\": {\"reduction\": null}}",
         "\n  compile_config: loss MeanSquaredError: \"reduction\" is null; it is one of "
         "sum_over_batch_size, sum, mean_with_sample_weight, none, mean"},
        {1,
         "\"loss\": \"mse\", \"metrics\": [{\"class_name\": \"TopKCategoricalAccuracy\", "
         "\"config\": {\"k\": 0}}]",
         "\n  compile_config: metric TopKCategoricalAccuracy: \"k\" is 0; it is at least 1"},
        {1,
         "\"loss\": \"mse\", \"metrics\": [[\"mse\", \"mse\", \"mse\"], [\"mse\", \"mse\", "
         "\"mse\"], \"mse\", \"mse\", \"mae\"]",
         "\n  compile_config: more than 8 metrics of one output, of which \"mae\""},
        {1, "\"loss\": \"mse\", \"distribution\": \"strategy\"",
         "\n  compile_config: compile: Cornu has no option \"distribution\", which is "
         "\"strategy\""},
        {1, "\"loss\": \"mse\", \"optimizer\": \"lion\"",
         "\n  compile_config: Cornu has no optimizer \"lion\""},
        {1,
         "\"loss\": \"mse\", \"optimizer\": {\"class_name\": \"SGD\", \"config\": {\"use_ema\": "
         "true, \"gradient_accumulation_steps\": 4, \"loss_scale_factor\": 1.0}}",
         "\n  compile_config: optimizer SGD: \"use_ema\" is true; in Cornu it is false or null"
         "\n  compile_config: optimizer SGD: \"gradient_accumulation_steps\" is 4; in Cornu it is "
         "null or 1 or 1.0"},
        {1,
         "\"loss\": \"mse\", \"optimizer\": {\"class_name\": \"Adam\", \"config\": {\"beta_1\": "
         "2}}",
         "\n  compile_config: adam: .beta_1 is 2; it is at least 0 and below 1"},
        {1,
         "\"loss\": \"mse\", \"optimizer\": {\"class_name\": \"Adam\", \"config\": "
         "{\"learning_rate\": {\"class_name\": \"function\", \"config\": \"own>rate\"}}}",
         "\n  compile_config: learning rate schedule \"own>rate\" is not Keras' own; Cornu cannot "
         "have it"},
        {1,
         "\"loss\": \"mse\", \"optimizer\": {\"class_name\": \"Adam\", \"config\": "
         "{\"learning_rate\": {\"class_name\": \"CosineDecay\", \"config\": {\"decay_steps\": 0, "
         "\"initial_learning_rate\": 1}}}}",
         "\n  compile_config: cosine_decay: decay_steps is 0; it is positive"},
        {1,
         "\"loss\": \"mse\", \"optimizer\": {\"class_name\": \"Adam\", \"config\": "
         "{\"learning_rate\": {\"class_name\": \"PiecewiseConstantDecay\", \"config\": "
         "{\"boundaries\": [1, 1e300], \"values\": [1, 2, 3]}}}}",
         "\n  compile_config: PiecewiseConstantDecay has steps for boundaries and one value more"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        objects o;
        objects_open(&o);
        const char *words = arena_format(o.c->arena, "{%s}", rows[i].given);
        assert_false(cn_is_compiled(compiled(&o, rows[i].outputs, words)));
        assert_string_equal(o.reader.problems.data, rows[i].words);
        assert_int_equal(cn_error_status(o.c), CN_OK);
        objects_close(&o);
    }
}

static cn_tensor own(cn_tensor truth, cn_tensor prediction, const void *user) {
    (void)user;
    return cn_op_subtract(truth, prediction);
}

static void what_keras_cannot_say_is_named(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    cn_model *m = new_model(o.c, 1);
    const cn_metric *metric = cn_metric_custom(o.c, "mine", own, NULL, 0);
    cn_status s = cn_compile(m, .loss = cn_custom_loss(o.c, own, .name = "ours"),
                             .metrics = {metric, CN_METRIC_MEAN, CN_ACCURACY});
    assert_int_equal(s, CN_OK);
    json_open(&o.writer.json, NULL, '{');
    keras_write_compile(&o.writer, "it", m);
    assert_string_equal(o.writer.problems.data,
                        "\n  compile_config: loss \"ours\" is the program's own"
                        "\n  compile_config: metric \"mine\" is the program's own"
                        "\n  compile_config: Keras cannot compile metric \"mean\"");
    objects_close(&o);
}

/* ---- what is written -------------------------------------------------------------------- */

static void the_learning_rate_is_that_of_now(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    cn_model *m = new_model(o.c, 1);
    cn_optimizer *sgd = cn_sgd(o.c, 0.5);
    assert_int_equal(cn_compile(m, .optimizer = sgd, .loss = CN_HUBER, .metrics = {CN_ACCURACY}),
                     CN_OK);
    assert_int_equal(cn_set_learning_rate(sgd, 0.25), CN_OK);
    json_open(&o.writer.json, NULL, '{');
    keras_write_compile(&o.writer, "it", m);
    assert_non_null(strstr(o.written.data, "\"learning_rate\": 0.25"));
    assert_non_null(strstr(o.written.data, "\"loss\": \"huber\""));
    assert_non_null(strstr(o.written.data, "\"metrics\": [\"accuracy\"]"));
    objects_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_models_are_keras),
        cmocka_unit_test(nothing_is_compiled_without_a_configuration),
        cmocka_unit_test(options_arrive),
        cmocka_unit_test(older_words_are_understood),
        cmocka_unit_test(what_is_refused_is_named),
        cmocka_unit_test(what_keras_cannot_say_is_named),
        cmocka_unit_test(the_learning_rate_is_that_of_now)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
