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
    if (with_labels && !option_given(i, "labels"))
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

static bool make_set(const invocation *i, cn_context *c, samples *s) {
    cn_array inputs[CN_MAX_LIST + 1], targets[CN_MAX_LIST + 1];
    size_t input_count = take_arrays(s->inputs, inputs);
    size_t target_count = take_arrays(s->targets, targets);
    cn_dataset_options o = {.context = c,
                            .input_list = inputs,
                            .input_count = input_count,
                            .target_list = targets,
                            .target_count = target_count};
    s->set = cn_dataset_arrays_at(NO_LINE(o), &o);
    int64_t limit = option_integer(i, "limit", 0);
    if (s->set != NULL && limit > 0 && limit < cn_dataset_count(s->set))
        s->set = cn_dataset_range(s->set, 0, limit);
    return s->set != NULL;
}

exit_code samples_open(const invocation *i, cn_context *c, bool with_labels, samples *s) {
    *s = (samples){0};
    s->inputs = cn_array_file_read(c, option_text(i, "data", NULL));
    if (s->inputs != NULL && with_labels)
        s->targets = cn_array_file_read(c, option_text(i, "labels", NULL));
    if (s->inputs != NULL && (s->targets != NULL) == with_labels && make_set(i, c, s))
        return EXIT_OK;
    exit_code code = fail_context(i, c);
    samples_close(s);
    return code;
}

/* The dataset goes with its context. */
void samples_close(samples *s) {
    cn_array_file_free(s->inputs);
    cn_array_file_free(s->targets);
    *s = (samples){0};
}
