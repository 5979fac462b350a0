/* Writes .keras files for real Keras to open: models built in C, and files of
 * tests/golden/keras_files opened and saved again. scripts/golden/check_saved.py judges them.
 *
 *     keras_write_files FOLDER         of Keras' files those that are like nothing built in C
 *     keras_write_files FOLDER all     all of them: minutes of Keras' time
 *
 * leaves FOLDER/NAME.keras, NAME.npz as keras_files.py lays it out, and cases.json. What the models
 * of C predict and how they go on training is said by Cornu itself.
 */
#include "golden_files.h"
#include "saved_models.h"

enum { SAMPLES = 3, BATCH = 4, BEFORE = 7, STEPS = 50 };

static const char *const copied[] = {"activation_objects",
                                     "sequential_of_images",
                                     "dicts",
                                     "part_of_another",
                                     "misleading_names",
                                     "nested_twice",
                                     "nested_pair",
                                     "nested_as_output",
                                     "custom_layers",
                                     "weights",
                                     "integers",
                                     "ops_arithmetic",
                                     "ops_functions",
                                     "ops_shapes",
                                     "ops_parts",
                                     "ops_between_layers",
                                     "ops_on_arrays",
                                     "old_functional_2",
                                     "train_binary",
                                     "train_logits",
                                     "train_heads_by_name",
                                     "train_images",
                                     "train_nested",
                                     NULL};

typedef struct writer {
    const char *folder;
    bool all;
    FILE *list; /* cases.json */
    int count, failures;
} writer;

/* ---- what is said of a file --------------------------------------------------------------- */

static void list_case(writer *w, const char *kind, const char *name, const char *arrays,
                      const char *weights) {
    fprintf(w->list, "%s{\"kind\": \"%s\", \"file\": \"%s.keras\", \"arrays\": \"%s\"",
            w->count++ > 0 ? ",\n" : "", kind, name, arrays);
    if (weights != NULL)
        fprintf(w->list, ", \"weights\": \"%s\"", weights);
    fputs("}", w->list);
}

static void report(writer *w, const char *name, const cn_context *c) {
    fprintf(stderr, "%s: %s\n", name, cn_error_message(c));
    w->failures++;
}

/* ---- arrays ------------------------------------------------------------------------------ */

typedef struct bundle {
    cn_array items[64];
    char names[64][64];
    size_t count;
} bundle;

static cn_array *bundle_add(bundle *b, const char *kind, const char *name, cn_array of) {
    size_t i = b->count++;
    snprintf(b->names[i], sizeof b->names[i], "%s/%s", kind, name);
    of.name = b->names[i];
    of.data = calloc(golden_count(&of, 0) + 1, golden_element_size(of.dtype));
    b->items[i] = of;
    return &b->items[i];
}

static cn_array *bundle_add_numbered(bundle *b, const char *kind, size_t number, cn_array of) {
    char name[24];
    snprintf(name, sizeof name, "%zu", number);
    return bundle_add(b, kind, name, of);
}

static void bundle_write(writer *w, cn_context *c, bundle *b, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.npz", w->folder, name);
    if (cn_array_file_write(c, path, b->items, b->count) != CN_OK)
        report(w, name, c);
    for (size_t i = 0; i < b->count; i++)
        free(b->items[i].data);
}

/* Numbers in [-1, 1), or the integers 0 to 4, that look random. */
static void fill(cn_array *x, uint32_t seed) {
    uint32_t state = seed * 2654435761U + 1;
    for (size_t i = 0; i < golden_count(x, 0); i++) {
        state = state * 1664525U + 1013904223U;
        if (x->dtype == CN_F32)
            ((float *)x->data)[i] = (float)(int32_t)state / 2147483648.0F;
        else if (x->dtype == CN_I32)
            ((int32_t *)x->data)[i] = (int32_t)((state >> 20) % 5);
        else
            ((uint8_t *)x->data)[i] = (uint8_t)((state >> 20) % 5);
    }
}

/* Weights away from zeros and ones, so that every one of them shows. */
static void fill_weights(cn_model *m) {
    for (size_t i = 0; i < cn_weight_count(m); i++) {
        cn_array w = cn_weight(m, i);
        size_t count = golden_count(&w, 0);
        bool variance = strstr(w.name, "variance") != NULL;
        for (size_t k = 0; k < count; k++)
            ((float *)w.data)[k] =
                variance ? 0.5F + (float)(k % 5) / 4 : (float)((i * 7 + k * 5) % 11) / 11 - 0.4F;
    }
}

static void add_inputs(bundle *b, const cn_model *m, const char *kind, int64_t samples,
                       cn_array *inputs, uint32_t seed) {
    for (size_t i = 0; i < cn_input_count(m); i++) {
        cn_array of = cn_model_input(m, i);
        of.shape[0] = samples;
        cn_array *x = bundle_add(b, kind, of.name, of);
        fill(x, seed + (uint32_t)i);
        inputs[i] = *x;
        inputs[i].name = NULL;
    }
}

/* ---- models of C ------------------------------------------------------------------------- */

static bool save(writer *w, cn_model *m, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.keras", w->folder, name);
    if (cn_save(m, path) == CN_OK)
        return true;
    report(w, name, cn_model_context(m));
    return false;
}

static void write_predictions(writer *w, cn_model *m, const char *name) {
    bundle b = {.count = 0};
    cn_predict_options o = {.model = m};
    fill_weights(m);
    add_inputs(&b, m, "input", SAMPLES, o.inputs, 1);
    for (size_t i = 0; i < cn_output_count(m); i++) {
        cn_array of = cn_model_output(m, i);
        of.shape[0] = SAMPLES;
        o.outputs[i] = *bundle_add_numbered(&b, "output", i, of);
        o.outputs[i].name = NULL;
    }
    if (cn_predict_at(CN_HERE(cn_predict_options), &o) != CN_OK)
        report(w, name, cn_model_context(m));
    bundle_write(w, cn_model_context(m), &b, name);
    if (save(w, m, name))
        list_case(w, "predict", name, "", NULL);
}

/* Targets of `steps` batches for every output: numbers, or labels of three classes. */
static void add_targets(bundle *b, const cn_model *m, int64_t samples, cn_array *targets) {
    for (size_t i = 0; i < cn_output_count(m); i++) {
        cn_array of = cn_model_output(m, i);
        of.shape[0] = samples;
        bool classes = target_of(&of) == TARGET_CLASSES;
        if (classes) {
            of.dtype = CN_I32;
            of.rank = 1;
            of.shape[1] = 0;
        }
        cn_array *y = bundle_add_numbered(b, "y", i, of);
        fill(y, 77 + (uint32_t)i);
        for (int64_t k = 0; classes && k < samples; k++)
            ((int32_t *)y->data)[k] %= 3;
        targets[i] = *y;
        targets[i].name = NULL;
    }
}

static void keep_logs(bundle *b, const cn_model *m, size_t step, size_t first) {
    const cn_logs *logs = cn_model_logs(m);
    for (size_t i = 0; i < logs->count; i++) {
        cn_array of = {.dtype = CN_F64, .rank = 1, .shape = {STEPS}};
        if (step == 0)
            bundle_add(b, "log", logs->names[i], of);
        ((double *)b->items[first + i].data)[step] = logs->values[i];
    }
}

static void write_training(writer *w, cn_model *m, const char *name) {
    bundle b = {.count = 0};
    cn_array inputs[CN_MAX_LIST] = {{.data = NULL}}, targets[CN_MAX_LIST] = {{.data = NULL}};
    size_t total = BEFORE + STEPS, first;
    fill_weights(m);
    add_inputs(&b, m, "x", (int64_t)total * BATCH, inputs, 5);
    add_targets(&b, m, (int64_t)total * BATCH, targets);
    first = b.count;
    for (size_t step = 0; step < total; step++) {
        cn_batch_options o = {.model = m};
        for (size_t i = 0; i < cn_input_count(m); i++)
            o.inputs[i] = golden_rows(&inputs[i], step * BATCH, BATCH);
        for (size_t i = 0; i < cn_output_count(m); i++)
            o.targets[i] = golden_rows(&targets[i], step * BATCH, BATCH);
        if (step == BEFORE && save(w, m, name))
            list_case(w, "train", name, "", NULL);
        if (cn_train_on_batch_at(CN_HERE(cn_batch_options), &o) != CN_OK) {
            report(w, name, cn_model_context(m));
            break;
        }
        if (step >= BEFORE)
            keep_logs(&b, m, step - BEFORE, first);
    }
    for (size_t i = 0; i < first; i++) { /* what was before the file is not told */
        size_t row = golden_count(&b.items[i], 1) * golden_element_size(b.items[i].dtype);
        memmove(b.items[i].data, (uint8_t *)b.items[i].data + BEFORE * BATCH * row,
                STEPS * BATCH * row);
        b.items[i].shape[0] = STEPS * BATCH;
    }
    bundle_write(w, cn_model_context(m), &b, name);
}

static void write_models(writer *w, const saved_model *rows,
                         void (*write)(writer *w, cn_model *m, const char *name)) {
    for (; rows->name != NULL; rows++) {
        cn_context *c =
            cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .quiet = true});
        cn_model *m = rows->build(c);
        if (cn_error_status(c) != CN_OK)
            report(w, rows->name, c);
        else
            write(w, m, rows->name);
        cn_context_free(c);
    }
}

/* ---- models of Keras --------------------------------------------------------------------- */

/* Opens and saves one golden file; what Keras said of it has to be true of the copy. */
static void write_copy(writer *w, const char *folder, const char *version, const json_t *row) {
    golden_file f;
    char name[256], arrays[1024];
    golden_open(&f, folder, row, "ref");
    snprintf(name, sizeof name, "%s_%s", version, f.name);
    snprintf(arrays, sizeof arrays, "%s/%s.npz", folder, f.name);
    const char *kind = golden_word(row, "kind");
    if (f.failed)
        w->failures++;
    else if (save(w, f.m, name))
        list_case(w, strcmp(kind, "weights") == 0 ? "predict" : kind, name, arrays, NULL);
    golden_close(&f);
}

static bool is_copied(const writer *w, const json_t *row) {
    if (strcmp(golden_word(row, "kind"), "refuse") == 0)
        return false;
    for (size_t i = 0; copied[i] != NULL && !w->all; i++)
        if (strcmp(copied[i], golden_word(row, "name")) == 0)
            return true;
    return w->all;
}

static void write_copies(writer *w, const char *version) {
    char folder[512];
    snprintf(folder, sizeof folder, GOLDEN_FILES "/%s", version);
    json_t *file = golden_cases(folder), *row;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, row) {
        if (is_copied(w, row))
            write_copy(w, folder, version, row);
    }
    json_decref(file);
}

/* Weights alone: Keras loads them into its own model of the same kind. */
static void write_weights(writer *w) {
    json_t *file = golden_cases(GOLDEN_FILES "/3.15.1"), *row;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, row) {
        golden_file f;
        char path[1024];
        if (strcmp(golden_word(row, "kind"), "weights") != 0)
            continue;
        golden_open(&f, GOLDEN_FILES "/3.15.1", row, "ref");
        snprintf(path, sizeof path, "%s/alone.weights.h5", w->folder);
        if (f.failed || cn_save_weights(f.m, path) != CN_OK)
            report(w, path, f.c);
        else
            list_case(w, "weights", GOLDEN_FILES "/3.15.1/weights",
                      GOLDEN_FILES "/3.15.1/weights.npz", "alone.weights.h5");
        golden_close(&f);
    }
    json_decref(file);
}

int main(int argc, char **argv) {
    char path[1024];
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "all") != 0)) {
        fputs("usage: keras_write_files FOLDER [all]\n", stderr);
        return 2;
    }
    writer w = {.folder = argv[1], .all = argc == 3};
    snprintf(path, sizeof path, "%s/cases.json", w.folder);
    w.list = fopen(path, "w");
    if (w.list == NULL) {
        fprintf(stderr, "%s cannot be written\n", path);
        return 2;
    }
    fputs("{\"cases\": [\n", w.list);
    write_models(&w, saved_models, write_predictions);
    write_models(&w, trained_models, write_training);
    for (int i = 0; i < GOLDEN_VERSIONS; i++)
        write_copies(&w, golden_versions[i]);
    write_weights(&w);
    fputs("\n]}\n", w.list);
    fclose(w.list);
    printf("%d files, %d failures\n", w.count, w.failures);
    return w.failures == 0 ? 0 : 1;
}
