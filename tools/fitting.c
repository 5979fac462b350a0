/* Data from files, and compile settings from options; see the header. */
#include "tools/fitting.h"

#include <string.h>

/* ---- What to train by -------------------------------------------------------------------- */

static const struct {
    const char *name;
    const cn_metric *metric;
} metrics[] = {
#define X(constant, word) {#word, &cn_metric_object_##word},
    CN_METRIC_MAP(X)
#undef X
};

enum { MOST_METRICS = sizeof(training_settings){0}.metrics / sizeof(const cn_metric *) };

static bool add_metrics(const invocation *i, training_settings *s) {
    const char *name;
    for (int n = 0; (name = option_repeated(i, "metrics", n)) != NULL; n++) {
        if (n == MOST_METRICS)
            return false;
        for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++)
            if (strcmp(metrics[k].name, name) == 0)
                s->metrics[n] = metrics[k].metric;
    }
    if (s->metrics[0] == NULL && strstr(s->loss, "crossentropy") != NULL)
        s->metrics[0] = CN_ACCURACY;
    return true;
}

/* Both of them or none: half of a model's own settings cannot be replaced. */
static exit_code check_given(const invocation *i, bool compiled) {
    if (compiled && option_known(i, "optimizer") &&
        option_given(i, "loss") != option_given(i, "optimizer"))
        return fail(i, EXIT_USAGE,
                    "the model brings an optimizer and a loss; give --optimizer and --loss to "
                    "replace both, or neither");
    return EXIT_OK;
}

/* The value of an option that not every verb has. */
static const char *shared_text(const invocation *i, const char *name, const char *otherwise) {
    return option_known(i, name) ? option_text(i, name, otherwise) : otherwise;
}

exit_code fitting_compile(const invocation *i, cn_model *m) {
    exit_code code = check_given(i, cn_is_compiled(m));
    if (code != EXIT_OK || (cn_is_compiled(m) && !training_given(i)))
        return code;
    training_settings s = {.optimizer = shared_text(i, "optimizer", "adam"),
                           .loss = option_text(i, "loss", "mean_squared_error"),
                           .from_logits = option_given(i, "from-logits")};
    if (option_known(i, "learning-rate") && option_given(i, "learning-rate"))
        s.learning_rate = cn_exact(option_number(i, "learning-rate", 0));
    if (!add_metrics(i, &s))
        return fail(i, EXIT_USAGE, "more than %d metrics", (int)MOST_METRICS);
    return training_compile_with(m, &s) == CN_OK ? EXIT_OK : fail_context(i, cn_model_context(m));
}

/* ---- Data -------------------------------------------------------------------------------- */

int64_t batch_size(const invocation *i) {
    return option_integer(i, "batch", 32);
}

exit_code samples_check(const invocation *i, bool with_labels) {
    data_kind k = data_kind_of(option_text(i, "data", ""));
    bool numbered = k == KIND_ARRAYS || k == KIND_CIFAR;
    if (with_labels && numbered && option_given(i, "classes"))
        return fail(i, EXIT_USAGE, "--classes has no effect: --data is %s, of numbered classes",
                    data_kind_name(k));
    bool labels = with_labels && option_given(i, "labels");
    if (labels && k != KIND_ARRAYS)
        return fail(i, EXIT_USAGE, "--labels goes with arrays; --data is %s, with its own targets",
                    data_kind_name(k));
    if (labels && (option_given(i, "target") || option_given(i, "input")))
        return fail(i, EXIT_USAGE, "--labels or --target and --input, not both");
    if (with_labels && k == KIND_TABLE && !option_given(i, "target"))
        return fail(i, EXIT_USAGE, "--target COLUMNS is missing: which are the targets?");
    if (with_labels && k == KIND_ARRAYS && !labels && !option_given(i, "target"))
        return fail(i, EXIT_USAGE, "--labels FILE is missing");
    if (option_integer(i, "limit", 1) < 1)
        return fail(i, EXIT_USAGE, "--limit wants 1 or more");
    if (batch_size(i) < 1)
        return fail(i, EXIT_USAGE, "--batch wants 1 or more");
    return EXIT_OK;
}

/* The arrays of a file; an unnamed or odd name serves by position. */
static size_t take_arrays(const cn_array_file *f, cn_array list[CN_MAX_LIST + 1]) {
    size_t count = cn_array_file_count(f);
    if (count > CN_MAX_LIST + 1) /* one too many, which is refused with a message */
        count = CN_MAX_LIST + 1;
    for (size_t k = 0; k < count; k++)
        list[k] = cn_array_file_get(f, k);
    return count;
}

static bool make_set(cn_context *c, samples *s) {
    cn_array inputs[CN_MAX_LIST + 1], targets[CN_MAX_LIST + 1];
    size_t input_count = take_arrays(s->inputs, inputs);
    size_t target_count = take_arrays(s->targets, targets);
    cn_dataset_options o = {.context = c,
                            .input_list = inputs,
                            .input_count = input_count,
                            .target_list = targets,
                            .target_count = target_count};
    s->set = cn_dataset_arrays_at(NO_LINE(o), &o);
    return s->set != NULL;
}

/* Inputs and targets in files of their own, which match a model's by name or by position. */
static exit_code open_files(const invocation *i, cn_context *c, bool with_labels, samples *s) {
    s->inputs = cn_array_file_read(c, option_text(i, "data", NULL));
    if (s->inputs != NULL && with_labels)
        s->targets = cn_array_file_read(c, option_text(i, "labels", NULL));
    bool read = s->inputs != NULL && (s->targets != NULL) == with_labels;
    return read && make_set(c, s) ? EXIT_OK : fail_context(i, c);
}

static exit_code take_limit(const invocation *i, cn_context *c, samples *s) {
    int64_t limit = option_integer(i, "limit", 0);
    if (limit > 0 && limit < cn_dataset_count(s->set))
        s->set = cn_dataset_range(s->set, 0, limit);
    return s->set != NULL ? EXIT_OK : fail_context(i, c);
}

/* A class for each value of an output; one value tells two classes apart. */
static exit_code check_classes(const invocation *i, const cn_model *m, const samples *s) {
    cn_array y = cn_model_output(m, 0);
    int64_t classes = (int64_t)cn_dataset_class_count(s->set);
    int64_t values = y.rank > 0 ? y.shape[y.rank - 1] : 0;
    bool fits = classes == values || (values == 1 && classes == 2);
    if (classes == 0 || values <= 0 || cn_output_count(m) != 1 || fits)
        return EXIT_OK;
    const char *source = s->classes.path != NULL ? s->classes.path : option_text(i, "data", "");
    return fail(i, EXIT_INPUT,
                "%s has %lld classes, but output %s tells %lld apart; name all of the model's "
                "classes in their order by --classes FILE",
                source, (long long)classes, y.name, (long long)values);
}

static exit_code open_set(const invocation *i, const cn_model *m, bool with_labels, samples *s) {
    const char *path = option_text(i, "data", NULL);
    cn_context *c = cn_model_context(m);
    sample_shape shape = sample_shape_of(m);
    if (data_kind_of(path) == KIND_ARRAYS && !columns_given(i))
        return open_files(i, c, with_labels, s);
    return dataset_open(i, c, path, &shape, &s->classes, with_labels, &s->set);
}

exit_code samples_open(const invocation *i, const cn_model *m, bool with_labels, samples *s) {
    *s = (samples){0};
    exit_code code = class_names_find(i, &s->classes);
    if (code == EXIT_OK)
        code = open_set(i, m, with_labels, s);
    if (code == EXIT_OK && with_labels)
        code = check_classes(i, m, s);
    if (code == EXIT_OK)
        code = take_limit(i, cn_model_context(m), s);
    if (code != EXIT_OK)
        samples_close(s);
    return code;
}

/* The dataset goes with its context. */
void samples_close(samples *s) {
    cn_array_file_free(s->inputs);
    cn_array_file_free(s->targets);
    class_names_free(&s->classes);
    *s = (samples){0};
}
