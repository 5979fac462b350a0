/* Training against Keras: the cases of tests/golden/keras/training.json, from the same weights, in
 * the same order; then what fit promises besides. */
#include "golden_model.h"
#include "small_model.h"

#include <signal.h>

#include "base/platform.h"

/* ---- Keras' runs ------------------------------------------------------------------------ */

typedef struct keras_run {
    const json_t *json;
    const char *name;
    cn_context *c;
    cn_model *m;
    cn_dataset *data, *validation;
    double tolerance;
} keras_run;

/* As an array of the context's, in the type the file names. */
static cn_array read_array(cn_context *c, const json_t *t) {
    golden_tensor g = golden_read(t, c->arena);
    cn_array x = {.dtype = g.type.dtype, .rank = g.type.rank};
    for (int i = 0; i < x.rank; i++)
        x.shape[i] = g.type.dims[i].count;
    x.data = ARENA_ARRAY(c->arena, float, g.count + 1);
    for (int64_t i = 0; i < g.count; i++) {
        if (g.type.dtype == CN_F32)
            ((float *)x.data)[i] = (float)g.data[i];
        else
            ((int32_t *)x.data)[i] = (int32_t)g.data[i];
    }
    return x;
}

static cn_dataset *read_dataset(cn_context *c, const json_t *owner, const json_t *weights) {
    cn_dataset_options o = {.context = c};
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(owner, "x"), i, item) o.inputs[i] = read_array(c, item);
    json_array_foreach(json_object_get(owner, "y"), i, item) o.targets[i] = read_array(c, item);
    if (json_is_array(weights)) {
        json_array_foreach(weights, i, item) o.sample_weights[i] = read_array(c, item);
    } else if (weights != NULL) {
        o.sample_weight = read_array(c, weights);
    }
    return cn_dataset_arrays_at(CN_HERE(o), &o);
}

static void set_weights(keras_run *r) {
    const json_t *list = json_object_get(r->json, "initial_weights");
    assert_int_equal(cn_weight_count(r->m), json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *w = json_array_get(list, i);
        assert_string_equal(cn_weight(r->m, i).name, golden_text(w, "name"));
        cn_array x = read_array(r->c, w);
        assert_int_equal(cn_set_weight(r->m, golden_text(w, "name"), &x), CN_OK);
    }
}

static void open_run(keras_run *r, const char *backend) {
    r->name = golden_text(r->json, "name");
    r->tolerance = 1e-6 + 4 * golden_number(r->json, "float32_deviation", 0);
    r->c = cn_context_new(&(cn_context_options){.backend = backend, .quiet = true});
    r->m = golden_model(r->c, json_object_get(r->json, "model"), NULL);
    golden_check_context(r->c, r->name);
    r->data = read_dataset(r->c, r->json, json_object_get(r->json, "sample_weight"));
    if (json_object_get(r->json, "validation") != NULL)
        r->validation = read_dataset(r->c, json_object_get(r->json, "validation"), NULL);
    set_weights(r);
}

static cn_status fit_as_keras(keras_run *r) {
    const json_t *fit = json_object_get(r->json, "fit");
    cn_class_weight classes[8];
    size_t class_count = 0;
    const char *label;
    json_t *weight;
    json_object_foreach(json_object_get(fit, "class_weight"), label, weight)
        classes[class_count++] = (cn_class_weight){atoi(label), json_number_value(weight)};
    return cn_fit(
        r->m, r->data, golden_integer(fit, "epochs", 1), golden_integer(fit, "batch_size", 0),
        .order = CN_SEQUENTIAL, .validation_split = golden_number(fit, "validation_split", 0),
        .validation_data = r->validation,
        .validation_freq = golden_integer(fit, "validation_freq", 0),
        .class_weight = class_count > 0 ? classes : NULL, .class_weight_count = class_count);
}

static void compare(const keras_run *r, const char *what, int64_t i, double got, double want) {
    if (!(fabs(got - want) <= r->tolerance * fmax(1, fabs(want))))
        fail_msg("%s: %s[%lld] is %.9g, Keras' is %.9g", r->name, what, (long long)i, got, want);
}

static const char *our_log_name(const char *keras) {
    static char name[64];
    const char *last = strrchr(keras, '_');
    last = last != NULL ? last + 1 : keras;
    const char *metric = strcmp(last, "mae") == 0   ? "mean_absolute_error"
                         : strcmp(last, "mse") == 0 ? "mean_squared_error"
                                                    : last;
    snprintf(name, sizeof name, "%.*s%s", (int)(last - keras), keras, metric);
    return name;
}

/* Keras lists a log that comes in some epochs only without gaps. */
static void compare_history(const keras_run *r) {
    const cn_history *h = cn_model_history(r->m);
    json_t *want = json_object_get(r->json, "history");
    const char *name;
    json_t *values;
    assert_int_equal(h->count, json_object_size(want));
    json_object_foreach(want, name, values) {
        size_t seen = 0;
        for (int64_t e = 0; e < (int64_t)h->epoch_count; e++) {
            double got = cn_history_get(h, our_log_name(name), e);
            if (!isnan(got))
                compare(r, name, e, got, json_number_value(json_array_get(values, seen++)));
        }
        assert_int_equal(seen, json_array_size(values));
    }
}

static void compare_weights(const keras_run *r) {
    const json_t *list = json_object_get(r->json, "final_weights");
    for (size_t i = 0; i < json_array_size(list); i++) {
        golden_tensor want = golden_read(json_array_get(list, i), r->c->arena);
        const float *got = cn_weight(r->m, i).data;
        for (int64_t k = 0; k < want.count; k++)
            compare(r, cn_weight(r->m, i).name, k, (double)got[k], want.data[k]);
    }
}

static void compare_evaluation(keras_run *r) {
    json_t *want = json_object_get(r->json, "evaluate");
    const char *name;
    json_t *x;
    int64_t batch = golden_integer(json_object_get(r->json, "fit"), "batch_size", 0);
    assert_int_equal(cn_evaluate(r->m, r->data, batch), CN_OK);
    assert_int_equal(cn_model_logs(r->m)->count, json_object_size(want));
    json_object_foreach(want, name, x) compare(
        r, name, 0, cn_logs_get(cn_model_logs(r->m), our_log_name(name)), json_number_value(x));
}

static void compare_predictions(keras_run *r) {
    const json_t *list = json_object_get(r->json, "predictions");
    cn_predict_options o = {.model = r->m, .data = r->data};
    for (size_t i = 0; i < json_array_size(list); i++) {
        o.outputs[i] = read_array(r->c, json_array_get(list, i));
        memset(o.outputs[i].data, 0xff, sizeof(float));
    }
    assert_int_equal(cn_predict_at(CN_HERE(o), &o), CN_OK);
    for (size_t i = 0; i < json_array_size(list); i++) {
        golden_tensor want = golden_read(json_array_get(list, i), r->c->arena);
        for (int64_t k = 0; k < want.count; k++)
            compare(r, "prediction", k, (double)((float *)o.outputs[i].data)[k], want.data[k]);
    }
}

/* False where no compiler is found. */
static bool run_case(const json_t *json, const char *backend) {
    keras_run r = {.json = json};
    open_run(&r, backend);
    cn_status s = golden_compile(r.c, r.m, json_object_get(json, "compile"));
    if (s == CN_OK)
        s = fit_as_keras(&r);
    if (s != CN_OK && s != CN_ERROR_COMPILER)
        fail_msg("%s: %s", r.name, cn_error_message(r.c));
    if (s == CN_OK) {
        compare_history(&r);
        compare_weights(&r);
        compare_evaluation(&r);
        compare_predictions(&r);
    }
    cn_context_free(r.c);
    return s == CN_OK;
}

/* What Cornu has no option for. */
static bool is_left_out(const json_t *json) {
    return strcmp(golden_text(json, "name"), "accumulation") == 0;
}

static void run_cases(const char *backend) {
    json_t *file = golden_load("training"), *json;
    size_t i;
    int count = 0;
    bool there = true;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (is_left_out(json) || !there)
            continue;
        there = run_case(json, backend);
        count++;
    }
    json_decref(file);
    if (!there)
        skip();
    assert_true(count >= 37);
}

static void interpreted_training_is_keras_training(void **state) {
    (void)state;
    run_cases("ref");
}

static void compiled_training_is_keras_training(void **state) {
    (void)state;
    run_cases("cpu");
}

/* ---- events ----------------------------------------------------------------------------- */

typedef struct events {
    char words[4096];
    int64_t stop_epoch, stop_batch;
    int64_t epoch;
} events;

static void note(events *e, const char *format, ...) {
    size_t n = strlen(e->words);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(e->words + n, sizeof e->words - n, format, arguments);
    va_end(arguments);
}

static void on_train_begin(cn_model *m, void *user) {
    (void)m;
    note(user, "(");
}
static void on_train_end(cn_model *m, void *user) {
    (void)m;
    note(user, ")");
}
static void on_epoch_begin(cn_model *m, int64_t epoch, void *user) {
    (void)m;
    ((events *)user)->epoch = epoch;
    note(user, "%d[", (int)epoch);
}
static void on_epoch_end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    (void)epoch;
    (void)m;
    note(user, "]");
    for (size_t i = 0; i < logs->count; i++)
        note(user, "%s ", logs->names[i]);
}
static void on_batch_begin(cn_model *m, int64_t batch, void *user) {
    (void)m;
    note(user, "%d", (int)batch);
}
static void on_batch_end(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    events *e = user;
    assert_true(isfinite(cn_logs_get(logs, "loss")));
    assert_true(isnan(cn_logs_get(logs, "val_loss")));
    note(e, ".");
    if (e->epoch == e->stop_epoch && batch == e->stop_batch)
        cn_stop_training(m);
}

static cn_callback *watch(cn_context *c, events *e) {
    cn_callback_functions all = {
        e,           on_train_begin, on_train_end, on_epoch_begin, on_epoch_end, on_batch_begin,
        on_batch_end};
    return cn_callback_new(c, &all);
}

static void events_come_in_keras_order(void **state) {
    (void)state;
    small s;
    events e = {.stop_epoch = -1};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 2, .batch_size = 8, .validation_split = 0.3,
                            .callbacks = {watch(s.c, &e)}),
                     CN_OK);
    assert_string_equal(e.words, "(0[0.1.]accuracy loss val_accuracy val_loss "
                                 "1[0.1.]accuracy loss val_accuracy val_loss )");
    close_small(&s);
}

static void epochs_is_where_to_stop(void **state) {
    (void)state;
    small s;
    events e = {.stop_epoch = -1};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 5, .initial_epoch = 3, .batch_size = 22,
                            .callbacks = {watch(s.c, &e)}),
                     CN_OK);
    assert_string_equal(e.words, "(3[0.]accuracy loss 4[0.]accuracy loss )");
    const cn_history *h = cn_model_history(s.m);
    assert_int_equal(h->epoch_count, 2);
    assert_int_equal(h->epochs[0], 3);
    close_small(&s);
}

/* Inside an epoch: no validation, no epoch_end, but train_end and what there is of history. */
static void stopping_returns_after_the_batch(void **state) {
    (void)state;
    small s;
    events e = {.stop_epoch = 1, .stop_batch = 1};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 9, .batch_size = 6, .validation_split = 0.2,
                            .callbacks = {watch(s.c, &e)}),
                     CN_OK);
    assert_string_equal(e.words, "(0[0.1.2.]accuracy loss val_accuracy val_loss 1[0.1.)");
    assert_int_equal(cn_model_history(s.m)->epoch_count, 2);
    assert_true(isnan(cn_history_get(cn_model_history(s.m), "val_loss", -1)));
    must_work(&s);
    close_small(&s);
}

static cn_model *to_stop;

static void stop_on_signal(int which) {
    (void)which;
    cn_stop_training(to_stop);
}

static void a_signal_handler_may_stop_training(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    to_stop = s.m;
    signal(SIGALRM, stop_on_signal);
    ualarm(20000, 20000); /* again and again: fit may begin late */
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 1 << 30, .batch_size = 1), CN_OK);
    ualarm(0, 0);
    signal(SIGALRM, SIG_DFL);
    must_work(&s);
    close_small(&s);
}

static _Atomic int stopped;

static void stop_until_it_works(void *user) {
    while (!stopped) {
        usleep(5000);
        cn_stop_training(user);
    }
}

static void another_thread_may_stop_training(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    thread *t = thread_start(stop_until_it_works, s.m);
    cn_status status = cn_fit(s.m, s.data, .epochs = 1 << 30, .batch_size = 1);
    stopped = 1;
    thread_join(t);
    assert_int_equal(status, CN_OK);
    must_work(&s);
    close_small(&s);
}

/* With steps_per_epoch the epochs go on through the data, as in Keras. */
static void steps_make_epochs_of_parts(void **state) {
    (void)state;
    small s;
    events e = {.stop_epoch = -1};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 4, .batch_size = 5, .steps_per_epoch = 2,
                            .callbacks = {watch(s.c, &e)}),
                     CN_OK); /* five batches: 2, 2, 1, and from the beginning */
    assert_string_equal(e.words, "(0[0.1.]accuracy loss 1[0.1.]accuracy loss "
                                 "2[0.]accuracy loss 3[0.1.]accuracy loss )");
    e.words[0] = 0; /* without a batch size, as many batches as steps */
    assert_int_equal(cn_fit(s.m, s.data, .steps_per_epoch = 3, .callbacks = {watch(s.c, &e)}),
                     CN_OK);
    assert_string_equal(e.words, "(0[0.1.2.]accuracy loss )");
    close_small(&s);
}

static void predict_inside_fit(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    small *s = user;
    (void)logs;
    if (batch != 0)
        return;
    float out[SAMPLES][3];
    assert_int_equal(cn_predict(m, s->data, .outputs = {{.data = out, .shape = {SAMPLES, 3}}}),
                     CN_ERROR_BUSY);
    assert_non_null(strstr(cn_error_message(s->c), "inside fit"));
    cn_error_clear(s->c);
}

static void calls_on_one_model_exclude_each_other(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback_functions f = {.user = &s, .batch_end = predict_inside_fit};
    assert_int_equal(cn_fit(s.m, s.data, .callbacks = {cn_callback_new(s.c, &f)}), CN_OK);
    close_small(&s);
}

/* ---- bits ------------------------------------------------------------------------------- */

static void train_to_checksum(uint64_t seed, int threads, cn_order order, char hex[65]) {
    small s;
    open_small(&s, (cn_context_options){.quiet = true, .seed = seed, .threads = threads});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 2, .batch_size = 4, .order = order), CN_OK);
    cn_checksum(s.m, hex);
    close_small(&s);
}

static void same_seed_same_bits(void **state) {
    (void)state;
    char first[65], again[65], other[65], sequential[65], within[65];
    train_to_checksum(7, 1, CN_SHUFFLED, first);
    train_to_checksum(7, 3, CN_SHUFFLED, again);
    train_to_checksum(8, 1, CN_SHUFFLED, other);
    train_to_checksum(7, 1, CN_SEQUENTIAL, sequential);
    train_to_checksum(7, 1, CN_SHUFFLED_WITHIN_BATCHES, within);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_string_not_equal(first, sequential);
    assert_string_not_equal(within, sequential);
    assert_int_equal(strlen(first), 64);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void wrong_options_are_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    const cn_class_weight heavy = {0, 2};
    float weights[SAMPLES] = {1};
    cn_dataset *weighted =
        cn_dataset_arrays(s.c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                          .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}},
                          .sample_weight = {.data = weights, .shape = {SAMPLES}});
    must_fail(&s, cn_fit(s.m, NULL), CN_ERROR_INVALID_ARGUMENT, "data are missing");
    must_fail(&s, cn_fit(s.m, s.data, .epochs = -1), CN_ERROR_INVALID_ARGUMENT, "not negative");
    must_fail(&s, cn_fit(s.m, s.data, .validation_split = 1), CN_ERROR_INVALID_ARGUMENT, "split");
    must_fail(&s, cn_fit(s.m, s.data, .validation_split = NAN), CN_ERROR_INVALID_ARGUMENT, "split");
    must_fail(&s, cn_fit(s.m, s.data, .validation_split = 0.99), CN_ERROR_DATA, "would be empty");
    assert_int_equal(cn_fit(s.m, s.data, .validation_split = cn_exact(0), .verbose = -1), CN_OK);
    must_fail(&s, cn_fit(s.m, weighted, .class_weight = &heavy, .class_weight_count = 1),
              CN_ERROR_INVALID_ARGUMENT, "class_weight");
    must_fail(&s, cn_fit(s.m, cn_dataset_range(s.data, 3, 3)), CN_ERROR_DATA, "no samples");
    labels[5] = 3;
    must_fail(&s, cn_fit(s.m, s.data), CN_ERROR_DATA, "the label of sample 5 is 3");
    labels[5] = 2;
    cn_model *raw = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 3)});
    must_fail(&s, cn_fit(raw, s.data), CN_ERROR_NOT_COMPILED, "call cn_compile first");
    assert_int_equal(cn_fit(NULL, s.data), CN_ERROR_INVALID_ARGUMENT);
    must_work(&s);
    close_small(&s);
}

static bool stops_at_ten(void *user, int64_t index, void *const *inputs, void *const *targets) {
    (void)user;
    memset(inputs[0], 0, sizeof features[0]);
    *(int32_t *)targets[0] = 1;
    return index != 10;
}

static void a_dataset_that_fails_ends_fit(void **state) {
    (void)state;
    small s;
    events e = {.stop_epoch = -1};
    open_small(&s, (cn_context_options){.quiet = true});
    cn_dataset *d =
        cn_dataset_callback(s.c, 16, stops_at_ten, NULL, .inputs = {{.shape = {FEATURES}}},
                            .targets = {{.dtype = CN_I32, .shape = {1}}});
    must_fail(
        &s, cn_fit(s.m, d, .batch_size = 4, .order = CN_SEQUENTIAL, .callbacks = {watch(s.c, &e)}),
        CN_ERROR_DATA, "stopped at sample 10");
    assert_string_equal(e.words, "(0[0.1.)"); /* train_end comes */
    must_work(&s);
    close_small(&s);
}

static void non_finite_values_are_named(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_compile(s.m, .optimizer = cn_adam(s.c, 0.01), .check_finite = true,
                                .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY),
                     CN_OK);
    must_work(&s);
    features[9][1] = INFINITY;
    must_fail(&s, cn_fit(s.m, s.data, .batch_size = 8, .order = CN_SEQUENTIAL), CN_ERROR_NOT_FINITE,
              "at batch 1, the output of ");
    close_small(&s);
}

/* The debug mode tells the batch: by that the size of validation batches can be seen. */
static void validation_has_a_batch_size_of_its_own(void **state) {
    (void)state;
    static float x[12][FEATURES];
    static const struct {
        int64_t size;
        const char *words;
    } cases[] = {{0, "at batch 1, the output of "}, {2, "at batch 4, the output of "}};
    small s;
    x[9][0] = NAN;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_compile(s.m, .check_finite = true,
                                .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY),
                     CN_OK);
    cn_dataset *validation =
        cn_dataset_arrays(s.c, .inputs = {{.data = x, .shape = {12, FEATURES}}},
                          .targets = {{.data = labels, .dtype = CN_I32, .shape = {12}}});
    for (size_t i = 0; i < 2; i++)
        must_fail(&s,
                  cn_fit(s.m, s.data, .batch_size = 8, .validation_data = validation,
                         .validation_batch_size = cases[i].size),
                  CN_ERROR_NOT_FINITE, cases[i].words);
    close_small(&s);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void a_step_that_does_not_fit_is_refused_with_sizes(void **state) {
    (void)state;
    small s;
    size_t needed = 0;
    open_small(&s, (cn_context_options){.quiet = true, .memory_limit = 8 << 20});
    must_work(&s);
    assert_int_equal(cn_step_memory(s.m, 1 << 20, &needed), CN_OK);
    assert_true(needed > 8 << 20);
    float *many = calloc(1 << 20, sizeof *features);
    int32_t *answers = calloc(1 << 20, sizeof *answers);
    cn_dataset *d =
        cn_dataset_arrays(s.c, .inputs = {{.data = many, .shape = {1 << 20, FEATURES}}},
                          .targets = {{.data = answers, .dtype = CN_I32, .shape = {1 << 20}}});
    must_fail(&s, cn_fit(s.m, d, .batch_size = 1 << 20), CN_ERROR_OUT_OF_MEMORY, "the limit is");
    must_work(&s);
    free(many);
    free(answers);
    close_small(&s);
}

/* The n-th allocation of a fit fails, for every n: a clean failure, and a model that works. */
static void running_out_of_memory_leaves_a_model_that_works(void **state) {
    (void)state;
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        small s;
        open_small(&s, (cn_context_options){.quiet = true});
        cn_callback *stop = cn_early_stopping(s.c, "loss", .restore_best_weights = true);
        memory_fail_at(s.c->memory, n, true);
        cn_status status =
            cn_fit(s.m, s.data, .epochs = 2, .batch_size = 8, .verbose = -1, .callbacks = {stop});
        memory_fail_at(s.c->memory, 0, false);
        done = status == CN_OK;
        if (!done)
            must_fail(&s, status, CN_ERROR_OUT_OF_MEMORY, "memory");
        must_work(&s);
        close_small(&s);
    }
}

static void repeated_calls_take_no_more_memory(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    size_t live = 0;
    for (int i = 0; i < 200; i++) {
        if (i == 10)
            live = cn_memory_live(s.c);
        assert_int_equal(
            cn_train_on_batch(s.m,
                              .inputs = {{.name = "any", .data = features, .shape = {8, FEATURES}}},
                              .targets = {{.data = labels, .dtype = CN_I32, .shape = {8}}}),
            CN_OK);
        assert_int_equal(cn_evaluate(s.m, s.data, .verbose = -1), CN_OK);
        if (i % 10 == 0)
            must_work(&s);
    }
    assert_true(cn_memory_live(s.c) <= live);
    close_small(&s);
}

/* ---- what is written -------------------------------------------------------------------- */

static void progress_is_plain_lines_where_no_terminal_is(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 2, .batch_size = 8), CN_OK);
    static const char start[] = "Epoch 1/2\n3/3 ━━━━━━━━━━";
    assert_int_equal(strncmp(s.written, start, strlen(start)), 0);
    assert_non_null(strstr(s.written, "/step - accuracy: 0."));
    assert_non_null(strstr(s.written, "Epoch 2/2\n"));
    assert_null(strpbrk(s.written, "\r\b\x1b"));
    s.length = 0;
    assert_int_equal(cn_fit(s.m, s.data, .batch_size = 8, .verbose = 1), CN_OK);
    assert_int_equal(strncmp(s.written, "3/3 - 0s - ", 11), 0); /* one epoch: no "Epoch 1/1" */
    s.length = 0;
    s.written[0] = 0;
    must_work(&s);
    assert_string_equal(s.written, "");
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interpreted_training_is_keras_training),
        cmocka_unit_test(compiled_training_is_keras_training),
        cmocka_unit_test(events_come_in_keras_order),
        cmocka_unit_test(epochs_is_where_to_stop),
        cmocka_unit_test(stopping_returns_after_the_batch),
        cmocka_unit_test(a_signal_handler_may_stop_training),
        cmocka_unit_test(another_thread_may_stop_training),
        cmocka_unit_test(steps_make_epochs_of_parts),
        cmocka_unit_test(calls_on_one_model_exclude_each_other),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(a_dataset_that_fails_ends_fit),
        cmocka_unit_test(non_finite_values_are_named),
        cmocka_unit_test(validation_has_a_batch_size_of_its_own),
        cmocka_unit_test(a_step_that_does_not_fit_is_refused_with_sizes),
        cmocka_unit_test(running_out_of_memory_leaves_a_model_that_works),
        cmocka_unit_test(repeated_calls_take_no_more_memory),
        cmocka_unit_test(progress_is_plain_lines_where_no_terminal_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
