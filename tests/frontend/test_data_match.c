/* Which data a model takes, and how what it does not take is told. */
#include "small_model.h"

#include "frontend/data_match.h"

/* Two inputs, two outputs; the target of "class" is a label below 3, of "size" a number. */
typedef struct pair {
    cn_context *c;
    cn_model *m;
    small s; /* for must_fail */
} pair;

static float left[4][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}}, right[4][3], sizes[4][1];
static uint8_t kinds[4] = {0, 1, 2, 0};

static void open_pair(pair *p, const cn_loss *loss) {
    cn_context *c = p->c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor a = cn_input(c, {2}, .name = "left"), b = cn_input(c, {3}, .name = "right");
    cn_tensor both = cn_apply(cn_concatenate(c), a, b);
    cn_tensor kind = cn_chain(both, cn_dense(c, 3, .name = "class"));
    cn_tensor size = cn_chain(both, cn_dense(c, 1, .name = "size"));
    p->m = cn_model_new(c, .inputs = {a, b}, .outputs = {kind, size});
    p->s.c = c;
    assert_int_equal(cn_compile(p->m, .outputs = {{.output = kind, .loss = loss},
                                                  {.output = size, .loss = CN_MEAN_SQUARED_ERROR}}),
                     CN_OK);
}

static bool match(pair *p, cn_dataset *d, data_match *out) {
    return data_match_model(p->m, (cn_source){"test.c", 7, 0}, "fit", &d->rows, true, out);
}

#define LEFT(called)                                      \
    {                                                     \
        .name = (called), .data = left, .shape = { 4, 2 } \
    }
#define RIGHT(called)                                      \
    {                                                      \
        .name = (called), .data = right, .shape = { 4, 3 } \
    }
#define KIND(called)                                                    \
    {                                                                   \
        .name = (called), .data = kinds, .dtype = CN_U8, .shape = { 4 } \
    }
#define SIZE(called)                                       \
    {                                                      \
        .name = (called), .data = sizes, .shape = { 4, 1 } \
    }

static void names_find_their_place(void **state) {
    (void)state;
    pair p;
    data_match x;
    open_pair(&p, CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    cn_dataset *d = cn_dataset_arrays(p.c, .inputs = {RIGHT("right"), LEFT("left")},
                                      .targets = {SIZE("size"), KIND("class")});
    assert_true(match(&p, d, &x));
    assert_ptr_equal(x.rows.inputs[0].data, left);
    assert_ptr_equal(x.rows.targets[0].data, kinds);
    assert_int_equal(x.dtypes[1], CN_F32);
    assert_int_equal(x.dtypes[2], CN_U8);
    d = cn_dataset_arrays(p.c, .inputs = {LEFT("x"), RIGHT(NULL)},
                          .targets = {KIND(NULL), SIZE("?")});
    assert_true(match(&p, d, &x)); /* by position */
    assert_ptr_equal(x.rows.inputs[1].data, right);
    cn_context_free(p.c);
}

static void more_columns_than_wanted_are_left(void **state) {
    (void)state;
    pair p;
    data_match x;
    open_pair(&p, CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    cn_dataset *d = cn_dataset_arrays(p.c, .inputs = {SIZE("unused"), LEFT("left"), RIGHT("right")},
                                      .targets = {KIND(NULL), SIZE(NULL), SIZE(NULL)});
    assert_true(match(&p, d, &x));
    assert_int_equal(x.rows.input_count, 2);
    assert_int_equal(x.rows.target_count, 2);
    assert_ptr_equal(x.rows.inputs[0].data, left);
    cn_context_free(p.c);
}

static bool sum_of_places(void *user, int64_t index, void *const *inputs, void *const *targets) {
    (void)user;
    memset(inputs[0], 0, 12);
    memset(inputs[1], 0, 4);
    memset(inputs[2], 0, 8);
    *(uint8_t *)targets[0] = (uint8_t)(index % 3);
    *(float *)targets[1] = 0;
    *(float *)targets[2] = 1;
    return true;
}

/* A callback fills all it told of, in its own order, though the model takes some of them. */
static void callbacks_keep_their_places(void **state) {
    (void)state;
    pair p;
    open_pair(&p, CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    cn_dataset *d = cn_dataset_callback(p.c, 9, sum_of_places, NULL,
                                        .inputs = {{.name = "right", .shape = {3}},
                                                   {.name = "more", .shape = {1}},
                                                   {.name = "left", .shape = {2}}},
                                        .targets = {{.name = "class", .dtype = CN_U8, .shape = {1}},
                                                    {.name = "x", .shape = {1}},
                                                    {.name = "size", .shape = {1}}});
    if (cn_fit(p.m, d, .batch_size = 4) != CN_OK)
        fail_msg("%s", cn_error_message(p.c));
    float kind[9][3], size[9];
    assert_int_equal(
        cn_predict(p.m, d,
                   .outputs = {{.data = kind, .shape = {9, 3}}, {.data = size, .shape = {9, 1}}}),
        CN_OK);
    cn_context_free(p.c);
}

static void axes_of_one_do_not_matter(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    static uint8_t images[5][4][4];
    float out[5][16];
    cn_model *m = cn_sequential(c, {4, 4, 1}, {cn_flatten(c)});
    assert_int_equal(cn_predict(m, .inputs = {{.data = images, .dtype = CN_U8, .shape = {5, 4, 4}}},
                                .outputs = {{.data = out, .shape = {5, 16}}}),
                     CN_OK);
    assert_int_equal(
        cn_predict(
            m, .inputs = {{.data = images, .dtype = CN_U8, .rank = 5, .shape = {5, 1, 4, 4, 1}}},
            .outputs = {{.data = out, .shape = {5, 16}}}),
        CN_OK);
    assert_int_equal(cn_predict(m, .inputs = {{.data = images, .dtype = CN_U8, .shape = {5, 8, 2}}},
                                .outputs = {{.data = out, .shape = {5, 16}}}),
                     CN_ERROR_DATA);
    cn_context_free(c);
}

static void what_is_missing_is_told(void **state) {
    (void)state;
    pair p;
    data_match x;
    open_pair(&p, CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    must_fail(&p.s,
              match(&p, cn_dataset_arrays(p.c, .inputs = {LEFT(NULL)}), &x) ? CN_OK : CN_ERROR_DATA,
              CN_ERROR_DATA, "test.c:7: fit: model \"functional\" wants 2 inputs, the data have 1");
    cn_dataset *no_targets = cn_dataset_arrays(p.c, .inputs = {LEFT(NULL), RIGHT(NULL)});
    assert_false(match(&p, no_targets, &x));
    must_fail(&p.s, CN_ERROR_DATA, CN_ERROR_DATA, "wants 2 targets, the data have 0");
    cn_dataset *swapped = cn_dataset_arrays(p.c, .inputs = {RIGHT(NULL), LEFT(NULL)});
    assert_false(match(&p, swapped, &x));
    must_fail(&p.s, CN_ERROR_DATA, CN_ERROR_DATA, "a sample of input 0 is f32[3], but \"left\"");
    cn_context_free(p.c);
}

/* ---- labels ----------------------------------------------------------------------------- */

static void try_label(pair *p, cn_array answers, const char *words) {
    data_match x;
    cn_dataset_options o = {
        .context = p->c, .inputs = {LEFT(NULL), RIGHT(NULL)}, .targets = {answers, SIZE(NULL)}};
    bool ok = match(p, cn_dataset_arrays_at(CN_HERE(o), &o), &x);
    if (ok != (words == NULL))
        fail_msg("wanted %s, got %s", words, cn_error_message(p->c));
    if (!ok)
        must_fail(&p->s, CN_ERROR_DATA, CN_ERROR_DATA, words);
}

static void labels_are_checked_in_every_type(void **state) {
    (void)state;
    pair p;
    open_pair(&p, CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    int8_t i8[4] = {0, 1, 2, -1};
    int64_t i64[4] = {0, 1, INT64_C(1) << 40, 2};
    uint32_t u32[4] = {0, 1, 2, UINT32_MAX};
    float f32[4] = {0, 1, 2, (float)NAN};
    double f64[4] = {0, 3, 1e300, 2};
    uint16_t f16[4] = {0, 0x3c00, 0x4000, 0x4200};  /* 0, 1, 2, 3 */
    uint16_t bf16[4] = {0, 0x3f80, 0xbf80, 0x4000}; /* 0, 1, -1, 2 */
    try_label(&p, (cn_array)KIND(NULL), NULL);
    try_label(&p, (cn_array){.data = i8, .dtype = CN_I8, .shape = {4}},
              "fit: the label of sample 3 is -1, but \"class\" has 3 classes (0 to 2)");
    try_label(&p, (cn_array){.data = i64, .dtype = CN_I64, .shape = {4}}, "of sample 2 is 109951");
    try_label(&p, (cn_array){.data = u32, .dtype = CN_U32, .shape = {4}}, "sample 3 is 4294967295");
    try_label(&p, (cn_array){.data = f32, .dtype = CN_F32, .shape = {4}}, "the label of sample 3");
    try_label(&p, (cn_array){.data = f64, .dtype = CN_F64, .shape = {4}}, "of sample 1 is 3");
    try_label(&p, (cn_array){.data = f16, .dtype = CN_F16, .shape = {4}}, "of sample 3 is 3");
    try_label(&p, (cn_array){.data = bf16, .dtype = CN_BF16, .shape = {4}}, "of sample 2 is -1");
    f16[3] = f16[2];
    try_label(&p, (cn_array){.data = f16, .dtype = CN_F16, .shape = {4}}, NULL);
    f32[3] = 2;
    try_label(&p, (cn_array){.data = f32, .dtype = CN_F32, .shape = {4, 1}}, NULL);
    cn_context_free(p.c);
}

static void an_ignored_class_is_no_mistake(void **state) {
    (void)state;
    pair p;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    const cn_loss *loss = cn_loss_sparse_categorical_crossentropy(c, .ignore_class = 255);
    open_pair(&p, loss);
    uint8_t labels_now[4] = {0, 255, 2, 1};
    try_label(&p, (cn_array){.data = labels_now, .dtype = CN_U8, .shape = {4}}, NULL);
    labels_now[2] = 254;
    try_label(&p, (cn_array){.data = labels_now, .dtype = CN_U8, .shape = {4}}, "sample 2 is 254");
    cn_context_free(p.c);
    cn_context_free(c);
}

static void a_wrong_label_changes_nothing(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    cn_checksum(s.m, before);
    labels[SAMPLES - 1] = 3; /* the last one: no batch before it is trained on either */
    must_fail(&s, cn_fit(s.m, s.data, .batch_size = 4, .order = CN_SEQUENTIAL), CN_ERROR_DATA,
              "the label of sample 21 is 3");
    must_fail(&s,
              cn_train_on_batch(s.m, {{.data = features, .shape = {SAMPLES, FEATURES}}},
                                {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}}),
              CN_ERROR_DATA, "the label of sample 21 is 3");
    must_fail(&s, cn_evaluate(s.m, s.data), CN_ERROR_DATA, "the label of sample 21 is 3");
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    close_small(&s);
}

/* Labels that a callback makes are checked batch by batch, before the step. */
static bool label_by_index(void *user, int64_t index, void *const *inputs, void *const *targets) {
    (void)user;
    memset(inputs[0], 0, sizeof features[0]);
    *(int32_t *)targets[0] = index == 13 ? 7 : 1;
    return true;
}

static void labels_of_callbacks_are_checked_before_the_step(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_dataset *d =
        cn_dataset_callback(s.c, 16, label_by_index, NULL, .inputs = {{.shape = {FEATURES}}},
                            .targets = {{.dtype = CN_I32, .shape = {1}}});
    must_fail(&s, cn_fit(s.m, d, .batch_size = 4, .order = CN_SEQUENTIAL), CN_ERROR_DATA,
              "the label of sample 13 is 7");
    int64_t steps = *(int64_t *)s.m->training->optimizer->iteration->data;
    assert_int_equal(steps, 3); /* the fourth was not done */
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_place),
        cmocka_unit_test(more_columns_than_wanted_are_left),
        cmocka_unit_test(callbacks_keep_their_places),
        cmocka_unit_test(axes_of_one_do_not_matter),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(labels_are_checked_in_every_type),
        cmocka_unit_test(an_ignored_class_is_no_mistake),
        cmocka_unit_test(a_wrong_label_changes_nothing),
        cmocka_unit_test(labels_of_callbacks_are_checked_before_the_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
