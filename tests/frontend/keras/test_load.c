/* cn_load and cn_save beyond what Keras itself wrote: files that lie, that are incomplete, that
 * name what nobody has; and that nothing is half done. Files of Keras: test_golden_files.c. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "cornu.h"
#include "runtime/io/archive.h"

#define FILE_NAME "test_load.keras"

typedef struct fixture {
    cn_context *c;
    workspace w; /* for what the test reads and writes by itself */
} fixture;

static int open_fixture(void **state) {
    static fixture f;
    void *w = NULL;
    f.c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    if (workspace_open(&w) != 0)
        return -1;
    f.w = *(workspace *)w;
    free(w);
    *state = &f;
    return f.c == NULL;
}

static int close_fixture(void **state) {
    fixture *f = *state;
    cn_context_free(f->c);
    arena_free(f->w.arena);
    memory_free(f->w.memory);
    unlink(FILE_NAME);
    return 0;
}

static cn_model *small_model(cn_context *c) {
    cn_tensor x = cn_input(c, {3}, .name = "x");
    cn_tensor y = cn_chain(x, cn_dense(c, 2, .name = "first", .activation = CN_RELU),
                           cn_dense(c, 1, .name = "second"));
    return cn_model_new(c, .inputs = {x}, .outputs = {y}, .name = "small");
}

/* The configuration of the file and its weights, in the fixture's arena. */
typedef struct parts {
    char *config;
    void *weights;
    size_t weight_bytes;
} parts;

static parts take_apart(fixture *f) {
    file_view config, weights;
    archive *z = archive_open(FILE_NAME, f->w.arena, &f->w.diagnostics);
    assert_non_null(z);
    assert_true(archive_read(z, "config.json", &config));
    assert_true(archive_read(z, "model.weights.h5", &weights));
    parts p = {.config = arena_string_n(f->w.arena, (const char *)config.bytes, config.length),
               .weights = arena_copy(f->w.arena, weights.bytes, weights.length),
               .weight_bytes = weights.length};
    archive_close(z);
    return p;
}

static void put_together(fixture *f, const parts *p) {
    const archive_entry entries[] = {{"config.json", p->config, strlen(p->config)},
                                     {"model.weights.h5", p->weights, p->weight_bytes}};
    assert_true(archive_write(FILE_NAME, entries, p->weights == NULL ? 1 : 2, &f->w.diagnostics));
}

/* The text with the first `old` replaced. */
static char *edited(fixture *f, const char *text, const char *old, const char *new) {
    const char *at = strstr(text, old);
    assert_non_null(at);
    return arena_format(f->w.arena, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static parts saved(fixture *f, cn_model *m) {
    assert_int_equal(cn_save(m, FILE_NAME), CN_OK);
    return take_apart(f);
}

static void expect_refusal(fixture *f, cn_status status, const char *words) {
    cn_model *m = cn_load(f->c, FILE_NAME);
    assert_non_null(m);
    if (strstr(cn_error_message(f->c), words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, cn_error_message(f->c));
    assert_int_equal(cn_error_status(f->c), status);
    cn_error_clear(f->c);
    assert_int_equal(cn_weight_count(m), 0);
}

/* ---- round trips ------------------------------------------------------------------------ */

static void a_model_comes_back_the_same(void **state) {
    fixture *f = *state;
    cn_model *m = small_model(f->c);
    parts before = saved(f, m);
    cn_model *again = cn_load(f->c, FILE_NAME);
    assert_int_equal(cn_error_status(f->c), CN_OK);
    assert_string_equal(cn_model_name(again), "small");
    assert_int_equal(cn_weight_count(again), 4);
    for (size_t i = 0; i < 4; i++) {
        cn_array x = cn_weight(m, i), y = cn_weight(again, i);
        assert_string_equal(x.name, y.name);
        assert_memory_equal(x.data, y.data, sizeof(float) * (i == 0 ? 6 : i == 3 ? 1 : 2));
    }
    parts after = saved(f, again);
    assert_string_equal(before.config, after.config);
    assert_int_equal(before.weight_bytes, after.weight_bytes);
    assert_memory_equal(before.weights, after.weights, before.weight_bytes);
}

static void an_optimizer_comes_back_with_its_state(void **state) {
    fixture *f = *state;
    cn_model *m = small_model(f->c);
    float x[6] = {1, 2, 3, 4, 5, 6}, y[2] = {1, -1};
    cn_array in = {.data = x, .shape = {2, 3}}, target = {.data = y, .shape = {2, 1}};
    assert_int_equal(cn_compile(m, .optimizer = cn_adam(f->c, 0.01), .loss = CN_MEAN_SQUARED_ERROR),
                     CN_OK);
    assert_int_equal(cn_train_on_batch(m, .inputs = {in}, .targets = {target}), CN_OK);
    assert_int_equal(cn_save(m, FILE_NAME), CN_OK);
    cn_model *again = cn_load(f->c, FILE_NAME);
    assert_true(cn_is_compiled(again));
    char left[65], right[65];
    for (int step = 0; step < 2; step++) {
        cn_checksum(m, left);
        cn_checksum(again, right);
        assert_string_equal(left, right);
        assert_int_equal(cn_train_on_batch(m, .inputs = {in}, .targets = {target}), CN_OK);
        assert_int_equal(cn_train_on_batch(again, .inputs = {in}, .targets = {target}), CN_OK);
    }
    cn_model *bare = cn_load(f->c, FILE_NAME, .no_compile = true);
    assert_int_equal(cn_error_status(f->c), CN_OK);
    assert_false(cn_is_compiled(bare));
}

static void weights_go_by_themselves(void **state) {
    fixture *f = *state;
    static const char path[] = "test_load.weights.h5";
    cn_model *m = small_model(f->c), *other = small_model(f->c);
    float kernel[6] = {1, 2, 3, 4, 5, 6};
    assert_int_equal(cn_set_weight(m, "first/kernel", &(cn_array){.data = kernel, .shape = {3, 2}}),
                     CN_OK);
    assert_int_equal(cn_save_weights(m, path), CN_OK);
    assert_int_equal(cn_load_weights(other, path), CN_OK);
    assert_memory_equal(cn_weight(other, 0).data, kernel, sizeof kernel);
    assert_null(strstr(cn_error_message(f->c), "x"));
    cn_model *not_one = cn_load(f->c, path);
    assert_non_null(strstr(cn_error_message(f->c), "holds weights only"));
    assert_int_equal(cn_weight_count(not_one), 0);
    unlink(path);
}

/* ---- weights that do not fit ------------------------------------------------------------ */

static void differences_of_weights_are_listed(void **state) {
    fixture *f = *state;
    parts p = saved(f, small_model(f->c));
    char *wider = edited(f, p.config, "\"units\": 2", "\"units\": 4");
    p.config = wider;
    put_together(f, &p);
    expect_refusal(f, CN_ERROR_WEIGHTS,
                   "\n  \"layers/dense/vars/0\" is f32[3,2], the model's first/kernel is f32[3,4]"
                   "\n  \"layers/dense/vars/1\" is f32[2], the model's first/bias is f32[4]");
    assert_int_equal(cn_save(small_model(f->c), FILE_NAME), CN_OK);
    p = take_apart(f);
    p.config = edited(f, p.config, "\"use_bias\": true", "\"use_bias\": false");
    put_together(f, &p);
    expect_refusal(f, CN_ERROR_WEIGHTS, "\"layers/dense/vars/1\" (f32[2]) is not in the model");
}

static void loading_weights_is_all_or_nothing(void **state) {
    fixture *f = *state;
    cn_model *m = small_model(f->c);
    assert_int_equal(cn_save(m, FILE_NAME), CN_OK);
    cn_tensor x = cn_input(f->c, {3});
    cn_model *other = cn_model_new(f->c, .inputs = {x},
                                   .outputs = {cn_chain(x, cn_dense(f->c, 2), cn_dense(f->c, 5))});
    float before[6];
    memcpy(before, cn_weight(other, 0).data, sizeof before);
    assert_int_equal(cn_load_weights(other, FILE_NAME), CN_ERROR_WEIGHTS);
    assert_memory_equal(before, cn_weight(other, 0).data, sizeof before);
}

/* ---- configurations that lie ------------------------------------------------------------ */

typedef struct lie {
    const char *old, *new, *words;
    cn_status status;
} lie;

static void lies_are_refused_by_name(void **state) {
    static const lie lies[] = {
        {"\"units\": 2", "\"units\": \"many\"",
         "Dense \"first\": \"units\" is \"many\"; it is an integer", CN_ERROR_UNSUPPORTED},
        {"\"units\": 2", "\"units\": -2", ".units is -2", CN_ERROR_UNSUPPORTED},
        {"\"units\": 2", "\"units\": 4503599627370496",
         "the model's first/kernel is f32[3,4503599627370496]", CN_ERROR_WEIGHTS},
        {"\"units\": 2", "\"units\": 2, \"lora_rank\": 4",
         "Cornu has no option \"lora_rank\", which is 4", CN_ERROR_UNSUPPORTED},
        {"\"class_name\": \"Dense\"", "\"class_name\": \"Lambda\"", "which is never run",
         CN_ERROR_UNSUPPORTED},
        {"\"class_name\": \"Dense\"", "\"class_name\": \"Convolve\"",
         "Convolve \"first\": Cornu has no layer of this class", CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": [\"first\", 0, 0]",
         "Dense \"first\": depends on itself", CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": [\"second\", 0, 0]",
         "depends on itself", CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": [\"x\", 1, 0]",
         "not in the file: [\"x\",1,0]", CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": [\"x\", 0, 9]", "output 9",
         CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": [\"nobody\", 0, 0]",
         "not in the file", CN_ERROR_UNSUPPORTED},
        {"\"keras_history\": [\"x\", 0, 0]", "\"keras_history\": 7", "is called on",
         CN_ERROR_UNSUPPORTED},
        {"\"name\": \"second\"", "\"name\": \"first\"", "the name is there twice",
         CN_ERROR_UNSUPPORTED},
        {"\"batch_shape\": [null, 3]", "\"batch_shape\": [null, null]", "the shape [null,null]",
         CN_ERROR_UNSUPPORTED},
        {"\"batch_shape\": [null, 3]", "\"batch_shape\": [null, 1, 2, 3, 4, 5, 6, 7, 8, 9]",
         "the shape", CN_ERROR_UNSUPPORTED},
        {"\"dtype\": \"float32\", \"sparse\"", "\"dtype\": \"complex64\", \"sparse\"",
         "\"complex64\" is not one", CN_ERROR_UNSUPPORTED},
        {"\"input_layers\": [\"x\", 0, 0]", "\"input_layers\": []", ".inputs are missing",
         CN_ERROR_INVALID_ARGUMENT},
        {"\"output_layers\": [\"second\", 0, 0]", "\"output_layers\": [\"second\", 0, 3]",
         "output_layers", CN_ERROR_UNSUPPORTED},
        {"\"layers\": [", "\"layers\": [5, ", "5 is no layer", CN_ERROR_UNSUPPORTED},
        {"\"layers\": [", "\"sheets\": [", "is not of layers: Functional", CN_ERROR_UNSUPPORTED},
        {"{\"module\"", "[{\"module\"", "config.json", CN_ERROR_FORMAT},
    };
    fixture *f = *state;
    parts p = saved(f, small_model(f->c));
    const char *right = p.config;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        p.config = edited(f, right, lies[i].old, lies[i].new);
        put_together(f, &p);
        expect_refusal(f, lies[i].status, lies[i].words);
    }
}

static void all_problems_are_told_at_once(void **state) {
    fixture *f = *state;
    parts p = saved(f, small_model(f->c));
    p.config = edited(f, p.config, "\"class_name\": \"Dense\"", "\"class_name\": \"Gate\"");
    p.config = edited(f, p.config, "\"class_name\": \"Dense\"", "\"class_name\": \"Lock\"");
    put_together(f, &p);
    expect_refusal(f, CN_ERROR_UNSUPPORTED,
                   "\n  Gate \"first\": Cornu has no layer of this class"
                   "\n  Lock \"second\": Cornu has no layer of this class");
}

static void incomplete_archives_are_refused(void **state) {
    fixture *f = *state;
    parts p = saved(f, small_model(f->c));
    p.weights = NULL;
    put_together(f, &p);
    expect_refusal(f, CN_ERROR_FORMAT, "has no model.weights.h5");
    const archive_entry other = {"readme.txt", "hello", 5};
    assert_true(archive_write(FILE_NAME, &other, 1, &f->w.diagnostics));
    expect_refusal(f, CN_ERROR_FORMAT, "without config.json");
    FILE *file = fopen(FILE_NAME, "w");
    fputs("not a model", file);
    fclose(file);
    expect_refusal(f, CN_ERROR_FORMAT, "neither a .keras archive nor an HDF5 file");
    unlink(FILE_NAME);
    expect_refusal(f, CN_ERROR_FILE, "cannot read");
}

/* Cut anywhere, or one bit of it changed, the file opens to the same or not at all. */
static void damaged_files_never_open_to_something_else(void **state) {
    fixture *f = *state;
    cn_model *m = small_model(f->c);
    assert_int_equal(cn_save(m, FILE_NAME), CN_OK);
    FILE *file = fopen(FILE_NAME, "rb");
    static unsigned char bytes[1 << 16], copy[1 << 16];
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t i = 0; i < length; i += 1 + length / 40) {
        for (int cut = 0; cut < 2; cut++) {
            memcpy(copy, bytes, length);
            copy[i] ^= cut ? 0 : 1u << (i % 8);
            file = fopen(FILE_NAME, "wb");
            fwrite(copy, 1, cut ? i : length, file);
            fclose(file);
            cn_model *other = cn_load(f->c, FILE_NAME);
            if (cn_error_status(f->c) == CN_OK)
                assert_memory_equal(cn_weight(other, 0).data, cn_weight(m, 0).data, 24);
            else
                assert_true(strlen(cn_error_message(f->c)) > 10);
            cn_error_clear(f->c);
        }
    }
}

/* ---- custom layers ---------------------------------------------------------------------- */

typedef struct gate {
    double strength;
    int64_t steps;
    bool closed;
    const char *mode;
    const cn_activation *activation;
} gate;

static void gate_build(cn_layer_call *call) {
    (void)cn_layer_add_weight(call->layer, "scale", {3}, .initializer = CN_ONES);
}
static void gate_call(cn_layer_call *call) {
    const gate *g = call->user;
    cn_tensor y = cn_op_multiply(call->inputs[0], cn_layer_weight(call->layer, "scale"));
    call->outputs[0] = cn_op_scale(y, g->closed ? 0 : g->strength);
}
static const cn_field gate_fields[] = {
    {"strength", CN_FIELD_NUMBER, offsetof(gate, strength)},
    {"steps", CN_FIELD_INTEGER, offsetof(gate, steps)},
    {"closed", CN_FIELD_FLAG, offsetof(gate, closed)},
    {"mode", CN_FIELD_TEXT, offsetof(gate, mode)},
    {"activation", CN_FIELD_ACTIVATION, offsetof(gate, activation)}};

static void registered_classes_are_opened_and_saved(void **state) {
    fixture *f = *state;
    const gate given = {.strength = 0.5, .steps = 0, .mode = "soft", .activation = CN_TANH};
    cn_tensor x = cn_input(f->c, {3}, .name = "x");
    cn_layer *layer = cn_custom_layer(f->c, gate_call, .build = gate_build, .user = &given,
                                      .user_size = sizeof given, .class_name = "gates>Gate",
                                      .name = "a gate", .fields = gate_fields,
                                      .field_count = sizeof gate_fields / sizeof *gate_fields);
    cn_model *m = cn_model_new(f->c, .inputs = {x}, .outputs = {cn_apply(layer, x)});
    parts p = saved(f, m);
    assert_non_null(
        strstr(p.config, "\"class_name\": \"Gate\", \"config\": {\"name\": \"a gate\", "));
    assert_non_null(strstr(p.config, "\"strength\": 0.5, \"steps\": 0, \"closed\": false, "
                                     "\"mode\": \"soft\", \"activation\": \"tanh\"}, "
                                     "\"registered_name\": \"gates>Gate\""));
    expect_refusal(f, CN_ERROR_UNSUPPORTED,
                   "Gate \"a gate\": is not Keras' own; register the class \"gates>Gate\"");
    const gate usual = {.strength = 7};
    assert_int_equal(cn_register_layer(f->c, gate_call, .build = gate_build, .user = &usual,
                                       .user_size = sizeof usual, .class_name = "Gate",
                                       .fields = gate_fields,
                                       .field_count = sizeof gate_fields / sizeof *gate_fields),
                     CN_OK);
    cn_model *again = cn_load(f->c, FILE_NAME);
    assert_int_equal(cn_error_status(f->c), CN_OK);
    parts after = saved(f, again);
    assert_non_null(strstr(after.config, "\"strength\": 0.5, \"steps\": 0"));
    p.config = edited(f, p.config, "\"strength\": 0.5", "\"strength\": \"high\"");
    put_together(f, &p);
    expect_refusal(f, CN_ERROR_UNSUPPORTED, "\"strength\" is \"high\"; it is a number");
}

static void fields_outside_of_their_struct_are_refused(void **state) {
    fixture *f = *state;
    const gate usual = {0};
    const cn_field outside[] = {{"strength", CN_FIELD_NUMBER, sizeof usual - 4}};
    assert_int_equal(cn_register_layer(f->c, gate_call, .user = &usual, .user_size = sizeof usual,
                                       .class_name = "Gate", .fields = outside, .field_count = 1),
                     CN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(cn_error_message(f->c), "lies outside of .user"));
    cn_error_clear(f->c);
    assert_int_equal(cn_register_layer(f->c, gate_call), CN_ERROR_INVALID_ARGUMENT);
    cn_error_clear(f->c);
    (void)cn_custom_layer(f->c, gate_call, .fields = outside, .field_count = 1);
    assert_non_null(strstr(cn_error_message(f->c), "lies outside of .user, which has 0 bytes"));
}

/* Nested models without names of their own, and what no file of Keras can hold. */
static void nested_models_have_names_of_their_own(void **state) {
    fixture *f = *state;
    cn_tensor x = cn_input(f->c, {3}, .name = "x"), y = x;
    for (int i = 0; i < 2; i++) {
        cn_model *inner = cn_sequential(f->c, {3}, {cn_dense(f->c, 3)});
        y = cn_apply(cn_model_layer(inner), y);
    }
    cn_model *m = cn_model_new(f->c, .inputs = {x}, .outputs = {y});
    parts p = saved(f, m), q = saved(f, cn_load(f->c, FILE_NAME));
    assert_int_equal(cn_error_status(f->c), CN_OK);
    assert_string_equal(p.config, q.config);
}

static void layers_in_two_places_are_refused(void **state) {
    fixture *f = *state;
    cn_layer *shared = cn_dense(f->c, 3, .name = "both");
    cn_model *twice = cn_sequential(f->c, {3}, {shared, shared});
    assert_int_equal(cn_save(twice, FILE_NAME), CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(cn_error_message(f->c), "has a layer in two places"));
    cn_error_clear(f->c);
    cn_model *inner = cn_sequential(f->c, {3}, {shared}, .name = "inner");
    cn_tensor x = cn_input(f->c, {3});
    cn_tensor y = cn_apply(cn_model_layer(inner), cn_apply(shared, x));
    cn_model *m = cn_model_new(f->c, .inputs = {x}, .outputs = {y});
    assert_int_equal(cn_save(m, FILE_NAME), CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(cn_error_message(f->c), "dense \"both\" stands in two models"));
}

/* A class of a package does not take the place of Keras' own of the same name. */
static void keras_layers_stay_what_they_are(void **state) {
    fixture *f = *state;
    assert_int_equal(cn_register_layer(f->c, gate_call, .class_name = "gates>Dense"), CN_OK);
    assert_int_equal(cn_save(small_model(f->c), FILE_NAME), CN_OK);
    cn_model *m = cn_load(f->c, FILE_NAME);
    assert_int_equal(cn_error_status(f->c), CN_OK);
    assert_int_equal(cn_weight_count(m), 4);
}

/* The outermost flag of a functional model freezes all; those of nested models only tell. */
static void frozen_flags_mean_what_they_mean_in_keras(void **state) {
    fixture *f = *state;
    cn_model *inner = cn_sequential(f->c, {3}, {cn_dense(f->c, 3)}, .name = "inner");
    cn_tensor x = cn_input(f->c, {3});
    cn_tensor y = cn_apply(cn_dense(f->c, 2), cn_apply(cn_model_layer(inner), x));
    cn_model *m = cn_model_new(f->c, .inputs = {x}, .outputs = {y}, .name = "outer");
    parts p = saved(f, m);
    const char *right = p.config;
    p.config = edited(f, right, "{\"name\": \"inner\", \"trainable\": true",
                      "{\"name\": \"inner\", \"trainable\": false");
    put_together(f, &p);
    assert_int_equal(cn_parameter_count(cn_load(f->c, FILE_NAME), true), 20);
    p.config = edited(f, right, "{\"name\": \"outer\", \"trainable\": true",
                      "{\"name\": \"outer\", \"trainable\": false");
    put_together(f, &p);
    assert_int_equal(cn_parameter_count(cn_load(f->c, FILE_NAME), true), 0);
}

/* ---- saving ----------------------------------------------------------------------------- */

static cn_tensor own_activation(cn_tensor x, const void *user) {
    (void)user;
    return cn_op_square(x);
}

static void what_keras_cannot_say_is_not_written(void **state) {
    fixture *f = *state;
    cn_tensor x = cn_input(f->c, {3});
    const cn_activation *own = cn_activation_custom(f->c, "bend", own_activation, NULL, 0);
    cn_tensor y = cn_apply(cn_dense(f->c, 2, .activation = own, .name = "d"), x);
    cn_model *m = cn_model_new(f->c, .inputs = {x}, .outputs = {y});
    unlink(FILE_NAME);
    assert_int_equal(cn_save(m, FILE_NAME), CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(cn_error_message(f->c), "was not written; Keras has no words for:\n  "
                                                   "Dense \"d\""));
    assert_int_equal(access(FILE_NAME, F_OK), -1);
    cn_error_clear(f->c);
    assert_int_equal(cn_save(m, "model.h5"), CN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(cn_error_message(f->c), "does not end in .keras"));
}

static cn_tensor own_loss(cn_tensor target, cn_tensor prediction, const void *user) {
    (void)user;
    return cn_op_square(cn_op_subtract(target, prediction));
}

static void what_keras_cannot_compile_is_left_out_on_request(void **state) {
    fixture *f = *state;
    cn_model *m = small_model(f->c);
    assert_int_equal(cn_compile(m, .loss = cn_custom_loss(f->c, own_loss)), CN_OK);
    assert_int_equal(cn_save(m, FILE_NAME), CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(cn_error_message(f->c), "(.no_compile leaves out"));
    cn_error_clear(f->c);
    assert_int_equal(cn_save(m, FILE_NAME, .no_compile = true), CN_OK);
    assert_false(cn_is_compiled(cn_load(f->c, FILE_NAME)));
    assert_int_equal(cn_error_status(f->c), CN_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_model_comes_back_the_same),
        TEST(an_optimizer_comes_back_with_its_state),
        TEST(weights_go_by_themselves),
        TEST(differences_of_weights_are_listed),
        TEST(loading_weights_is_all_or_nothing),
        TEST(lies_are_refused_by_name),
        TEST(all_problems_are_told_at_once),
        TEST(incomplete_archives_are_refused),
        TEST(damaged_files_never_open_to_something_else),
        TEST(registered_classes_are_opened_and_saved),
        TEST(fields_outside_of_their_struct_are_refused),
        TEST(nested_models_have_names_of_their_own),
        TEST(layers_in_two_places_are_refused),
        TEST(keras_layers_stay_what_they_are),
        TEST(frozen_flags_mean_what_they_mean_in_keras),
        TEST(what_keras_cannot_say_is_not_written),
        TEST(what_keras_cannot_compile_is_left_out_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
