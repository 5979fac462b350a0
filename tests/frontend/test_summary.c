/* The summary is Keras' to the character (tests/golden/keras/summary.json). */
#include "golden_model.h"
#include "small_model.h"

/* ---- Keras' texts ----------------------------------------------------------------------- */

static cn_model *sequential(cn_context *c, const json_t *description) {
    cn_sequential_options o = {.context = c, .name = "stack"};
    const json_t *input = json_array_get(json_object_get(description, "inputs"), 0);
    golden_integers(input, "shape", o.input_shape, CN_MAX_RANK);
    size_t i;
    json_t *call;
    json_array_foreach(json_object_get(description, "calls"), i, call) o.layers[i] =
        golden_model_layer(c, call);
    return cn_sequential_at(CN_HERE(o), &o);
}

static void train_once(cn_context *c, cn_model *m) {
    static float image[28 * 28], answer[10];
    assert_int_equal(cn_compile(m, cn_adam(c), .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
    assert_int_equal(cn_train_on_batch(m, .inputs = {{.data = image, .shape = {1, 28, 28, 1}}},
                                       .targets = {{.data = answer, .shape = {1, 10}}}),
                     CN_OK);
}

/* Keras' step counter has four bytes, ours has eight: sums of bytes differ by that. */
static void drop_sizes(char *text_of, const char *line) {
    char *at = strstr(text_of, line), *open = at == NULL ? NULL : strchr(at, '(');
    char *end = open == NULL ? NULL : strchr(open, '\n');
    if (end != NULL)
        memset(open, ' ', (size_t)(end - open));
}

static void compare_text(const char *name, char *got, char *want, bool trained) {
    for (size_t n = strlen(want); n > 0 && want[n - 1] == '\n' && want[n - 2] == '\n'; n--)
        want[n - 1] = 0;
    for (int i = 0; trained && i < 2; i++) {
        drop_sizes(i == 0 ? got : want, " Total params");
        drop_sizes(i == 0 ? got : want, " Optimizer params");
    }
    if (strcmp(got, want) != 0)
        fail_msg("%s:\n%sKeras:\n%s", name, got, want);
}

static void run_case(const json_t *json) {
    static small s; /* for its writer */
    s = (small){.length = 0};
    const json_t *options = json_object_get(json, "options");
    const json_t *description = json_object_get(json, "model");
    bool trained = golden_bool(json, "trained", false);
    s.c = cn_context_new(&(cn_context_options){
        .backend = "ref", .quiet = true, .writer = keep_text, .writer_user = &s});
    cn_model *m = golden_bool(json, "sequential", false)
                      ? sequential(s.c, description)
                      : golden_model(s.c, description, "network");
    if (trained)
        train_once(s.c, m);
    assert_int_equal(cn_summary(m, (int)golden_integer(options, "line_length", 0),
                                golden_bool(options, "expand_nested", false),
                                golden_bool(options, "show_trainable", false)),
                     CN_OK);
    char *want = strdup(golden_text(json, "text"));
    compare_text(golden_text(json, "name"), s.written, want, trained);
    free(want);
    cn_context_free(s.c);
}

static void summaries_are_keras_summaries(void **state) {
    (void)state;
    json_t *file = golden_load("summary"), *json;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, json) run_case(json);
    assert_true(i >= 11);
    json_decref(file);
}

/* ---- ours ------------------------------------------------------------------------------- */

static void ops_between_layers_are_looked_through(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    cn_tensor a = cn_input(s.c, {3}, .name = "a"), b = cn_input(s.c, {3}, .name = "b");
    cn_tensor both = cn_op_multiply(cn_op_scale(a, 2), b);
    cn_model *m =
        cn_model_new(s.c, .inputs = {a, b}, .outputs = {cn_chain(both, cn_dense(s.c, 2))});
    assert_int_equal(cn_summary(m), CN_OK);
    assert_non_null(strstr(s.written, "│ a[0][0], b[0][0] "));
    close_small(&s);
}

static void wide_letters_count_once(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    cn_model *m = cn_sequential(s.c, {3}, {cn_dense(s.c, 2, .name = "épée")});
    assert_int_equal(cn_summary(m, 60), CN_OK);
    assert_non_null(strstr(s.written, "│ épée (Dense)             │ (None, 2)         │"));
    close_small(&s);
}

static void too_narrow_is_an_error(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_summary(s.m, 12), CN_ERROR_INVALID_ARGUMENT, "too narrow");
    assert_int_equal(cn_summary(NULL), CN_ERROR_INVALID_ARGUMENT);
    close_small(&s);
}

static void running_out_of_memory_is_clean(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        memory_fail_at(s.c->memory, n, true);
        cn_status status = cn_summary(s.m);
        memory_fail_at(s.c->memory, 0, false);
        done = status == CN_OK;
        if (!done)
            must_fail(&s, status, CN_ERROR_OUT_OF_MEMORY, "memory");
    }
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(summaries_are_keras_summaries),
                                       cmocka_unit_test(ops_between_layers_are_looked_through),
                                       cmocka_unit_test(wide_letters_count_once),
                                       cmocka_unit_test(too_narrow_is_an_error),
                                       cmocka_unit_test(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
