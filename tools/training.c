/* Optimizers and losses by their names in Keras; see the header. */
#include "tools/training.h"

#include <string.h>

static const struct {
    const char *name;
    const cn_loss *(*make)(cn_source where, const cn_loss_options *options);
} losses[] = {
    {"mean_squared_error", cn_loss_mean_squared_error_at},
    {"mean_absolute_error", cn_loss_mean_absolute_error_at},
    {"huber", cn_loss_huber_at},
    {"binary_crossentropy", cn_loss_binary_crossentropy_at},
    {"categorical_crossentropy", cn_loss_categorical_crossentropy_at},
    {"sparse_categorical_crossentropy", cn_loss_sparse_categorical_crossentropy_at},
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

/* Names are choices of the options, so they are found. */
static const cn_loss *make_loss(cn_context *c, const char *name, bool from_logits) {
    size_t k = 0;
    while (strcmp(losses[k].name, name) != 0)
        k++;
    return losses[k].make(NO_LINE(cn_loss_options),
                          &(cn_loss_options){.context = c, .from_logits = from_logits});
}

static cn_optimizer *make_optimizer(cn_context *c, const char *name, double learning_rate) {
    size_t k = 0;
    while (strcmp(optimizers[k].name, name) != 0)
        k++;
    return optimizers[k].make(
        NO_LINE(cn_optimizer_options),
        &(cn_optimizer_options){.context = c, .learning_rate = learning_rate});
}

bool training_given(const invocation *i) {
    bool optimizer = option_known(i, "optimizer") && option_given(i, "optimizer");
    return optimizer || option_given(i, "loss");
}

model_use training_use(const invocation *i, bool trains) {
    return trains && !training_given(i) ? MODEL_TRAINS : MODEL_PREDICTS;
}

cn_status training_compile_with(cn_model *m, const training_settings *s) {
    cn_context *c = cn_model_context(m);
    cn_compile_options o = {.model = m,
                            .optimizer = make_optimizer(c, s->optimizer, s->learning_rate),
                            .loss = make_loss(c, s->loss, s->from_logits)};
    memcpy(o.metrics, s->metrics, sizeof o.metrics);
    return cn_compile_at(NO_LINE(o), &o);
}

cn_status training_compile(const invocation *i, cn_model *m) {
    training_settings s = {.optimizer = option_text(i, "optimizer", "adam"),
                           .loss = option_text(i, "loss", "mean_squared_error")};
    return training_compile_with(m, &s);
}
