/* Optimizers and losses by their names in Keras; see the header. */
#include "tools/training.h"

#include <string.h>

static const struct {
    const char *name;
    const cn_loss *loss;
} losses[] = {
    {"mean_squared_error", CN_MEAN_SQUARED_ERROR},
    {"mean_absolute_error", CN_MEAN_ABSOLUTE_ERROR},
    {"huber", CN_HUBER},
    {"binary_crossentropy", CN_BINARY_CROSSENTROPY},
    {"categorical_crossentropy", CN_CATEGORICAL_CROSSENTROPY},
    {"sparse_categorical_crossentropy", CN_SPARSE_CATEGORICAL_CROSSENTROPY},
};

static const struct {
    const char *name;
    cn_optimizer *(*make)(cn_source where, const cn_optimizer_options *options);
} optimizers[] = {
    {"sgd", cn_sgd_at},
    {"adam", cn_adam_at},
    {"adamw", cn_adamw_at},
    {"rmsprop", cn_rmsprop_at},
};

static const cn_loss *find_loss(const char *name) {
    size_t k = 0;
    while (strcmp(losses[k].name, name) != 0) /* one of the option's choices */
        k++;
    return losses[k].loss;
}

static cn_optimizer *make_optimizer(cn_context *c, const char *name) {
    size_t k = 0;
    while (strcmp(optimizers[k].name, name) != 0)
        k++;
    return optimizers[k].make(CN_HERE(cn_optimizer_options), &(cn_optimizer_options){.context = c});
}

bool training_given(const invocation *i) {
    return option_given(i, "optimizer") || option_given(i, "loss");
}

cn_status training_compile(const invocation *i, cn_model *m) {
    cn_context *c = cn_model_context(m);
    return cn_compile(m, .optimizer = make_optimizer(c, option_text(i, "optimizer", "adam")),
                      .loss = find_loss(option_text(i, "loss", "mean_squared_error")));
}
