/* CIFAR's files as datasets: records are read where they lie, while training runs. */
#include "cornu/data_files.h"
#include "frontend/dataset.h"
#include "runtime/io/cifar.h"

static const char *const names_of_ten[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                           "dog",      "frog",       "horse", "ship", "truck"};

static bool read_sample(void *user, int64_t index, void *const *inputs, void *const *targets,
                        diagnostics *d) {
    return cifar_read(user, index, inputs[0], targets[0], d);
}

static void close_files(void *held) {
    cifar_close(held);
}

static bool check_options(const cn_dataset_cifar_options *o, diagnostics *d) {
    if (o->files[0] == NULL)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "no file is named");
    if (o->classes != 0 && o->classes != 10 && o->classes != 100)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, ".classes is 10 or 100, not %d", o->classes);
    return !o->coarse || o->classes == 100 ||
           diag_fail(d, CN_ERROR_INVALID_ARGUMENT, ".coarse labels are those of CIFAR-100");
}

static bool fill(cn_dataset *d, const void *options) {
    static const int64_t image[] = {CIFAR_EXTENT, CIFAR_EXTENT, 3};
    const cn_dataset_cifar_options *o = options;
    diagnostics *diag = &d->context->diag;
    if (!check_options(o, diag))
        return false;
    bool hundred = o->classes == 100;
    cifar *x = ARENA_NEW(d->own, cifar);
    *x = (cifar){.labels = hundred ? 2 : 1,
                 .label = hundred && !o->coarse,
                 .classes = o->coarse ? 20
                            : hundred ? 100
                                      : 10};
    d->held = x;
    d->close = close_files;
    for (int i = 0; i < CN_MAX_LIST && o->files[i] != NULL; i++)
        if (!cifar_open(x, arena_string(d->own, o->files[i]), diag))
            return false;
    d->rows.count = cifar_count(x);
    d->rows.read = read_sample;
    d->rows.user = x;
    d->class_names = hundred ? NULL : names_of_ten;
    d->class_count = (size_t)x->classes;
    return dataset_add_column(d, false, NULL, CN_U8, 3, image, NULL) &&
           dataset_add_column(d, true, NULL, CN_I32, 0, image, NULL);
}

cn_dataset *cn_dataset_cifar_at(cn_source where, const cn_dataset_cifar_options *options) {
    cn_dataset_cifar_options o = {0};
    OPTIONS_COPY(o, options, where);
    return dataset_make(o.context, where, "dataset_cifar", fill, &o);
}
