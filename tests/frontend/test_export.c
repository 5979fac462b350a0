/* Models compiled ahead of time: the bits of prediction and of training in process, weights from
 * three places, and every misuse answered with a code and words.
 */
#include "artifact.h"

#include "small_model.h" /* folders */

enum { CAPACITY = 8, SIDE = 6, IMAGES = 20, KINDS = 3 };

static char folder[64], object[80];
static float images[IMAGES][SIDE][SIDE][1];
static int32_t kinds[IMAGES];

static int open_folder(void **state) {
    (void)state;
    make_folder(folder);
    snprintf(object, sizeof object, "%s/net.so", folder);
    for (int i = 0; i < IMAGES; i++) {
        kinds[i] = i % KINDS;
        for (int k = 0; k < SIDE * SIDE; k++)
            images[i][k / SIDE][k % SIDE][0] = (float)((i * 31 + k * 17) % 256) / 255;
    }
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

static cn_context *new_context(const char *backend) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = backend, .quiet = true});
    assert_non_null(c);
    return c;
}

/* With what has state: moving statistics, dropped elements. */
static cn_model *new_model(cn_context *c) {
    cn_tensor image = cn_input(c, {SIDE, SIDE, 1}, .name = "image");
    cn_tensor kind = cn_chain(image, cn_conv2d(c, 5, {3, 3}, .activation = CN_RELU),
                              cn_batch_normalization(c), cn_flatten(c), cn_dropout(c, 0.25),
                              cn_dense(c, KINDS, .activation = CN_SOFTMAX, .name = "kind"));
    return cn_model_new(c, .inputs = {image}, .outputs = {kind}, .name = "kinds");
}

static void must(cn_context *c, cn_status s) {
    if (s != CN_OK)
        fail_msg("%s", cn_error_message(c));
}

static net_array image_batch(int first, int count) {
    return (net_array){images[first], CN_F32, 4, {count, SIDE, SIDE, 1}};
}

static net_array result(float *to, int count) {
    return (net_array){to, CN_F32, 2, {count, KINDS}};
}

static void predict_in_process(cn_model *m, int first, int count, float *to) {
    must(cn_model_context(m),
         cn_predict(m, .inputs = {{.data = images[first], .shape = {count, SIDE, SIDE, 1}}},
                    .outputs = {{.data = to, .shape = {count, KINDS}}}));
}

/* ---- prediction -------------------------------------------------------------------------- */

static void predictions_have_the_bits_of_cn_predict(void **state) {
    (void)state;
    static const char *const levels[] = {NULL, "x86-64-v3", "multi"};
    cn_context *c = new_context(NULL);
    cn_model *m = new_model(c);
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        must(c, cn_export(m, object, .capacity = CAPACITY, .march = levels[l]));
        artifact_library a;
        artifact_open(&a, folder);
        for (int count = 1; count <= CAPACITY; count += 3) {
            float ours[CAPACITY * KINDS], theirs[CAPACITY * KINDS];
            predict_in_process(m, 3, count, ours);
            net_array in = image_batch(3, count), out = result(theirs, count);
            assert_int_equal(predict(&a, &in, &out), 0);
            assert_memory_equal(ours, theirs, (size_t)count * KINDS * sizeof(float));
        }
        artifact_close(&a);
    }
    cn_context_free(c);
}

/* Bytes are cast and scaled inside, as a Rescaling layer would. */
static void bytes_are_rescaled_inside(void **state) {
    (void)state;
    static uint8_t bytes[SIDE * SIDE];
    float floats[SIDE * SIDE], ours[KINDS], theirs[KINDS];
    for (int i = 0; i < SIDE * SIDE; i++) {
        bytes[i] = (uint8_t)(7 * i);
        floats[i] = (float)bytes[i] * (float)(1.0 / 255);
    }
    cn_context *c = new_context(NULL);
    cn_model *m = new_model(c);
    must(c, cn_export(m, object, .input_dtypes = {CN_U8}, .rescale = 1.0 / 255));
    must(c, cn_predict(m, .inputs = {{.data = floats, .shape = {1, SIDE, SIDE, 1}}},
                       .outputs = {{.data = ours, .shape = {1, KINDS}}}));
    artifact_library a;
    artifact_open(&a, folder);
    net_array in = {bytes, CN_U8, 4, {1, SIDE, SIDE, 1}}, out = result(theirs, 1);
    assert_int_equal(predict(&a, &in, &out), 0);
    assert_memory_equal(ours, theirs, sizeof ours);
    artifact_close(&a);
    cn_context_free(c);
}

static void names_of_classes_are_inside(void **state) {
    (void)state;
    static const char *const names[KINDS] = {"T-shirt/top", "a \"quoted\" *\\/ name",
                                             "\xc3\xa9t\xc3\xa9"};
    cn_context *c = new_context(NULL);
    must(c, cn_export(new_model(c), object, .labels = names, .label_count = KINDS));
    artifact_library a;
    artifact_open(&a, folder);
    const char *(*label)(int);
    SYMBOL(&a, label, "net_label");
    for (int i = 0; i < KINDS; i++)
        assert_string_equal(label(i), names[i]);
    assert_null(label(-1));
    assert_null(label(KINDS));
    artifact_close(&a);
    cn_context_free(c);
}

/* ---- weights ----------------------------------------------------------------------------- */

static void *read_whole(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *whole = aligned_alloc(64, (*bytes / 64 + 1) * 64);
    assert_int_equal(fread(whole, 1, *bytes, file), *bytes);
    fclose(file);
    return whole;
}

static int use_file(artifact_library *a, const void *file, size_t bytes, void *room, size_t size) {
    int (*use)(void *, const void *, size_t, void *, size_t);
    SYMBOL(a, use, "net_use_file");
    return use(a->context, file, bytes, room, size);
}

static void weights_come_from_a_file(void **state) {
    (void)state;
    static _Alignas(64) char room[1 << 14];
    float ours[KINDS], theirs[KINDS];
    char path[96];
    cn_context *c = new_context(NULL);
    cn_model *m = new_model(c);
    must(c, cn_export(m, object, .weights = CN_WEIGHTS_FILE));
    predict_in_process(m, 0, 1, ours);
    artifact_library a;
    artifact_open(&a, folder);
    net_array in = image_batch(0, 1), out = result(theirs, 1);
    assert_int_equal(predict(&a, &in, &out), -4);
    assert_string_equal(a.session.message,
                        "the model has no weights yet, the first is conv2d/kernel");
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    size_t bytes;
    char *file = read_whole(path, &bytes);
    assert_int_equal(use_file(&a, file, bytes, NULL, 0), -8);
    assert_non_null(strstr(context_message(&a), "unaligned need an aligned room: it has 0 bytes"));
    assert_int_equal(use_file(&a, file, bytes, room, sizeof room), 0);
    assert_int_equal(predict(&a, &in, &out), 0);
    assert_memory_equal(ours, theirs, sizeof ours);

    assert_int_equal(use_file(&a, file, 7, room, sizeof room), -4);
    assert_int_equal(use_file(&a, file + 8, bytes - 8, room, sizeof room), -9);
    assert_int_equal(use_file(&a, NULL, bytes, room, sizeof room), -1);
    for (size_t cut = 8; cut < bytes; cut += 97) /* truncated anywhere */
        assert_int_equal(use_file(&a, file, cut, room, sizeof room), -4);
    char *shape = strstr(file + 8, "[3,3,1,5]"), *name = strstr(file + 8, "conv2d/kernel");
    shape[7] = '6';
    assert_int_equal(use_file(&a, file, bytes, room, sizeof room), -4);
    assert_string_equal(context_message(&a),
                        "conv2d/kernel is f32[3,3,1,5], in the file it is \"F32\" [3,3,1,6]");
    shape[0] = '(';
    assert_int_equal(use_file(&a, file, bytes, room, sizeof room), -4);
    assert_non_null(strstr(context_message(&a), "no header can be read up to conv2d/kernel"));
    memcpy(shape, "[3,3,1,5]", 9);
    name[0] = 'K';
    assert_int_equal(use_file(&a, file, bytes, room, sizeof room), -4);
    assert_string_equal(context_message(&a),
                        "conv2d/kernel is f32[3,3,1,5], which the file does not hold");
    free(file);
    artifact_close(&a);
    cn_context_free(c);
}

static void weights_are_the_callers(void **state) {
    (void)state;
    float ours[KINDS], theirs[KINDS];
    net_array weights[16];
    cn_context *c = new_context(NULL);
    cn_model *m = new_model(c);
    must(c, cn_export(m, object, .weights = CN_WEIGHTS_CALLER));
    predict_in_process(m, 0, 1, ours);
    artifact_library a;
    artifact_open(&a, folder);
    int (*use)(void *, const net_array *, int), count = (int)cn_weight_count(m);
    SYMBOL(&a, use, "net_use_weights");
    for (int i = 0; i < count; i++) {
        cn_array w = cn_weight(m, (size_t)i);
        weights[i] = (net_array){w.data, (int32_t)w.dtype, w.rank, {0}};
        memcpy(weights[i].shape, w.shape, sizeof weights[i].shape);
    }
    assert_int_equal(use(a.context, weights, count - 1), -7);
    assert_int_equal(use(a.context, weights, count), 0);
    net_array in = image_batch(0, 1), out = result(theirs, 1);
    assert_int_equal(predict(&a, &in, &out), 0);
    assert_memory_equal(ours, theirs, sizeof ours);
    weights[1].data = (char *)weights[1].data + 4;
    assert_int_equal(use(a.context, weights, count), -9);
    assert_string_equal(context_message(&a), "not aligned to 64 bytes: conv2d/bias");
    weights[0].shape[3] = 6;
    assert_int_equal(use(a.context, weights, count), -7);
    assert_string_equal(context_message(&a), "conv2d/kernel is f32[3,3,1,5], got f32[3,3,1,6]");
    artifact_close(&a);
    cn_context_free(c);
}

/* ---- misuse ------------------------------------------------------------------------------ */

static void header_and_code_shake_hands(void **state) {
    (void)state;
    cn_context *c = new_context(NULL);
    must(c, cn_export(new_model(c), object));
    artifact_library a;
    artifact_open(&a, folder);
    assert_int_equal(init_context(&a, 2, layout_of(&a), a.context_bytes), -2);
    assert_string_equal(context_message(&a), "the header is of interface 2, the code of 1");
    assert_int_equal(init_context(&a, 1, layout_of(&a) + 1, a.context_bytes), -2);
    assert_non_null(strstr(context_message(&a), "different exports"));
    assert_int_equal(init_context(&a, 1, layout_of(&a), a.context_bytes - 8), -2);
    artifact_close(&a);
    cn_context_free(c);
}

typedef struct misuse {
    int code;
    const char *words;
    net_array in, out;
    size_t missing, shift; /* bytes of the workspace */
} misuse;

static void misuse_has_codes_and_words(void **state) {
    (void)state;
    static _Alignas(64) float to[64 * KINDS];
    cn_context *c = new_context(NULL);
    must(c, cn_export(new_model(c), object, .capacity = CAPACITY));
    artifact_library a;
    artifact_open(&a, folder);
    const net_array in = image_batch(0, 2), out = result(to, 2);
    net_array wide = in, narrow = in, half = in, flat = in, none = in, many = image_batch(0, 9),
              nothing = image_batch(0, 0), lost = out;
    wide.dtype = CN_F64;
    narrow.shape[1] = SIDE - 1;
    half.dtype = 77;
    flat.rank = 2;
    none.data = NULL;
    lost.data = NULL;
    const misuse rows[] = {
        {-6, "image is f32[B,6,6,1], got f64[2,6,6,1]", wide, out, 0, 0},
        {-6, "image is f32[B,6,6,1], got an unknown type[2,6,6,1]", half, out, 0, 0},
        {-7, "image is f32[B,6,6,1], got f32[2,5,6,1]", narrow, out, 0, 0},
        {-7, "image is f32[B,6,6,1], got f32[2,6]", flat, out, 0, 0},
        {-7, "kind is f32[B,3], got f32[3,3]", in, result(to, 3), 0, 0},
        {-1, "no data for image", none, out, 0, 0},
        {-1, "no data for kind", in, lost, 0, 0},
        {-5, "a batch of 9; this code takes at most 8", many, result(to, 9), 0, 0},
        {-5, "a batch of 0; this code takes at most 8", nothing, result(to, 0), 0, 0},
        {-8, "a workspace of ", in, out, 1, 0},
        {-9, "the workspace is at an address with a remainder of 8 to 64", in, out, 0, 8},
    };
    net_session whole = a.session;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        a.session = whole;
        a.session.workspace_bytes -= rows[i].missing;
        a.session.workspace = (char *)whole.workspace + rows[i].shift;
        int code = predict(&a, &rows[i].in, &rows[i].out);
        if (code != rows[i].code || strstr(a.session.message, rows[i].words) == NULL)
            fail_msg("row %zu: %d \"%s\", not %d \"%s\"", i, code, a.session.message, rows[i].code,
                     rows[i].words);
    }
    a.session = whole;
    assert_int_equal(predict(&a, NULL, &out), -1);
    artifact_close(&a);
    cn_context_free(c);
}

/* ---- training ---------------------------------------------------------------------------- */

static cn_model *new_training_model(cn_context *c) {
    cn_model *m = new_model(c);
    must(c, cn_compile(m, .optimizer = cn_adam(c, 0.01), .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                       .metrics = {CN_ACCURACY}));
    return m;
}

static void fit_once(cn_model *m) {
    cn_context *c = cn_model_context(m);
    cn_dataset *d =
        cn_dataset_arrays(c, .inputs = {{.data = images, .shape = {IMAGES, SIDE, SIDE, 1}}},
                          .targets = {{.data = kinds, .dtype = CN_I32, .shape = {IMAGES}}});
    must(c, cn_fit(m, d, .batch_size = CAPACITY, .order = CN_SEQUENTIAL, .verbose = -1));
}

static int train_step(artifact_library *a, void *state, int first, int count) {
    int (*step)(const void *, net_session *, void *, const net_array *, int);
    const net_array in[] = {image_batch(first, count), {kinds + first, CN_I32, 1, {count}}};
    SYMBOL(a, step, "net_train_step_arrays");
    return step(a->context, &a->session, state, in, 2);
}

static void *new_state(artifact_library *a) {
    int (*init)(void *, void *, size_t);
    void *block = aligned_alloc(64, 1 << 20);
    SYMBOL(a, init, "net_state_init");
    assert_int_equal(init(a->context, block, 1 << 20), 0);
    return block;
}

static int use_state(artifact_library *a, const void *state, size_t bytes) {
    int (*use)(void *, const void *, size_t);
    SYMBOL(a, use, "net_use_state");
    return use(a->context, state, bytes);
}

static double metric(artifact_library *a, const void *state, int i) {
    double (*read)(const void *, int);
    SYMBOL(a, read, "net_metric");
    return read(state, i);
}

static void check_metrics(artifact_library *a, const void *state, const cn_model *m) {
    int (*count)(void);
    const char *(*name)(int);
    SYMBOL(a, count, "net_metric_count");
    SYMBOL(a, name, "net_metric_name");
    assert_int_equal(count(), 2);
    for (int i = 0; i < count(); i++)
        if (metric(a, state, i) != cn_history_get(cn_model_history(m), name(i), -1))
            fail_msg("%s is %.17g, in fit %.17g", name(i), metric(a, state, i),
                     cn_history_get(cn_model_history(m), name(i), -1));
    assert_null(name(2));
}

/* Exported after one epoch, it does the second as fit does: dropout, statistics, Adam and all. */
static void training_goes_on_like_fit(void **state) {
    (void)state;
    float ours[CAPACITY * KINDS], theirs[CAPACITY * KINDS];
    cn_context *c = new_context(NULL);
    cn_model *m = new_training_model(c);
    fit_once(m);
    must(c, cn_export(m, object, .capacity = CAPACITY, .train_step = true));
    fit_once(m);
    predict_in_process(m, 0, CAPACITY, ours);
    artifact_library a;
    artifact_open(&a, folder);
    void *block = new_state(&a);
    void (*reset)(void *);
    SYMBOL(&a, reset, "net_reset_metrics");
    reset(block);
    for (int first = 0; first < IMAGES; first += CAPACITY)
        assert_int_equal(
            train_step(&a, block, first, IMAGES - first < CAPACITY ? IMAGES - first : CAPACITY), 0);
    check_metrics(&a, block, m);
    assert_int_equal(use_state(&a, block, 1 << 20), 0);
    net_array in = image_batch(0, CAPACITY), out = result(theirs, CAPACITY);
    assert_int_equal(predict(&a, &in, &out), 0);
    assert_memory_equal(ours, theirs, sizeof ours);

    ((char *)block)[1] ^= 1;
    assert_int_equal(train_step(&a, block, 0, 1), -10);
    assert_string_equal(a.session.message, "the state was not made by this export of net_");
    assert_int_equal(use_state(&a, block, 64), -8);
    assert_int_equal(use_state(&a, (char *)block + 8, 1 << 20), -9);
    assert_int_equal(train_step(&a, NULL, 0, 1), -1);
    free(block);
    artifact_close(&a);
    cn_context_free(c);
}

/* Twenty arrays go into a step; names that C and C++ keep for themselves, or that are alike. */
static void steps_take_many_arrays(void **state) {
    (void)state;
    enum { PAIRS = 10 };
    static const char *const names[PAIRS] = {"int", "in",  "nullptr", "a",     "NULL",
                                             "a_1", "out", "batch",   "linux", "state"};
    static float block[2 * PAIRS][4] = {{1}};
    cn_context *c = new_context(NULL);
    cn_model_options o = {.context = c, .name = "pairs"};
    net_array in[2 * PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        o.inputs[i] = cn_input(c, {1}, .name = names[i]);
        o.outputs[i] = cn_apply(cn_dense(c, 1), o.inputs[i]);
    }
    for (int i = 0; i < 2 * PAIRS; i++)
        in[i] = (net_array){block[i], CN_F32, 2, {2, 1}};
    cn_model *m = cn_model_new_at(CN_HERE(cn_model_options), &o);
    /* What is watched for values that are not finite is no matter of an export. */
    must(c, cn_compile(m, .optimizer = cn_sgd(c, 0.1), .loss = CN_MEAN_SQUARED_ERROR,
                       .check_finite = true));
    must(c, cn_export(m, object, .train_step = true));
    artifact_library a;
    artifact_open(&a, folder);
    void *block_of_state = new_state(&a);
    int (*step)(const void *, net_session *, void *, const net_array *, int);
    SYMBOL(&a, step, "net_train_step_arrays");
    assert_int_equal(step(a.context, &a.session, block_of_state, in, 2 * PAIRS), 0);
    assert_true(metric(&a, block_of_state, 0) > 0);
    free(block_of_state);
    artifact_close(&a);
    cn_context_free(c);
}

/* ---- what cannot be exported ------------------------------------------------------------- */

#define REFUSED(c, code, words, ...)                         \
    do {                                                     \
        assert_int_equal(cn_export(__VA_ARGS__), code);      \
        assert_non_null(strstr(cn_error_message(c), words)); \
        cn_error_clear(c);                                   \
    } while (0)

/* A model's own source may have the name of what it would be exported as. */
static void files_of_others_are_kept(void **state) {
    (void)state;
    char path[96], line[32] = "";
    cn_context *c = new_context(NULL);
    cn_model *m = new_model(c);
    snprintf(path, sizeof path, "%s/net.c", folder);
    FILE *file = fopen(path, "w");
    assert_true(file != NULL && fputs("int mine;\n", file) >= 0 && fclose(file) == 0);
    REFUSED(c, CN_ERROR_FILE, "net.c\" is there and was not made by Cornu", m, object);
    assert_int_not_equal(access(object, F_OK), 0);
    file = fopen(path, "r");
    assert_true(file != NULL && fgets(line, sizeof line, file) != NULL && fclose(file) == 0);
    assert_string_equal(line, "int mine;\n");
    remove(path);
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    file = fopen(path, "w");
    assert_true(file != NULL && fputs("other weights", file) >= 0 && fclose(file) == 0);
    REFUSED(c, CN_ERROR_FILE, "net.safetensors\" is there", m, object, .weights = CN_WEIGHTS_FILE);
    assert_int_not_equal(access(object, F_OK), 0);
    remove(path);
    must(c, cn_export(m, object, .weights = CN_WEIGHTS_FILE));
    must(c, cn_export(m, object, .weights = CN_WEIGHTS_FILE)); /* ours may be replaced */
    cn_context_free(c);
}

static void batches_that_are_fixed_stay_so(void **state) {
    (void)state;
    float in[4][3] = {{1, 2, 3}}, ours[4][2], theirs[4][2];
    cn_context *c = new_context(NULL);
    cn_tensor x = cn_input(c, {3}, .batch_size = 4, .name = "x");
    cn_tensor y = cn_chain(x, cn_dense(c, 2, .name = "y"));
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    must(c, cn_predict(m, .inputs = {{.data = in, .shape = {4, 3}}},
                       .outputs = {{.data = ours, .shape = {4, 2}}}, .batch_size = 4));
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "takes batches of 4 only, the capacity is 8", m, object,
            .capacity = 8);
    must(c, cn_export(m, object));
    artifact_library a;
    artifact_open(&a, folder);
    net_array from = {in, CN_F32, 2, {4, 3}}, to = {theirs, CN_F32, 2, {4, 2}};
    assert_int_equal(predict(&a, &from, &to), 0);
    assert_memory_equal(ours, theirs, sizeof ours);
    from.shape[0] = 1;
    assert_int_equal(predict(&a, &from, &to), -7);
    artifact_close(&a);
    cn_context_free(c);
}

static void bad_requests_are_refused(void **state) {
    (void)state;
    cn_context *c = new_context(NULL), *r = new_context("ref");
    cn_model *m = new_model(c);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "ends in .so, .o or .a, not as \"net.dll\"", m,
            "net.dll");
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "not as \"\"", m);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "header: \"1\"", m, "1.so");
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "header: \"a-b\"", m, object, .prefix = "a-b");
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "capacity is negative", m, object, .capacity = -1);
    REFUSED(c, CN_ERROR_NOT_COMPILED, "needs cn_compile(\"kinds\") first", m, object,
            .train_step = true);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "\"sparc\" is no instruction-set level", m, object,
            .march = "sparc");
    REFUSED(c, CN_ERROR_FILE, "/nowhere/net.so", m, "/nowhere/net.so");
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, ".labels and .label_count belong together", m, object,
            .label_count = 3);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "there are 2 labels, but no output", m, object,
            .labels = (const char *const[]){"a", "b"}, .label_count = 2);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, ".input_dtypes is out of range", m, object,
            .input_dtypes = {CN_DTYPE_DEFAULT, CN_U8});
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, ".rescale is out of range", m, object, .rescale = NAN);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, "header: \"stdint\"", m, object, .prefix = "stdint");
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, ".rescale is for integers", m, object, .rescale = 0.5);
    REFUSED(c, CN_ERROR_INVALID_ARGUMENT, ".weights is out of range", m, object,
            .weights = (cn_export_weights)77);
    REFUSED(r, CN_ERROR_UNSUPPORTED, "the backend \"ref\" makes no native code", new_model(r),
            object);
    assert_int_not_equal(access(object, F_OK), 0);
    assert_int_equal(cn_export(NULL, object), CN_ERROR_INVALID_ARGUMENT);
    cn_context_free(c);
    cn_context_free(r);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_folder, close_folder)
    const struct CMUnitTest tests[] = {
        TEST(predictions_have_the_bits_of_cn_predict),
        TEST(bytes_are_rescaled_inside),
        TEST(names_of_classes_are_inside),
        TEST(weights_come_from_a_file),
        TEST(weights_are_the_callers),
        TEST(header_and_code_shake_hands),
        TEST(misuse_has_codes_and_words),
        TEST(training_goes_on_like_fit),
        TEST(steps_take_many_arrays),
        TEST(bad_requests_are_refused),
        TEST(files_of_others_are_kept),
        TEST(batches_that_are_fixed_stay_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
