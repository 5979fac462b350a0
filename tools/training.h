/* Compile settings for models that bring none, by name: what verbs with training programs share. */
#ifndef CORNU_TOOLS_TRAINING_H
#define CORNU_TOOLS_TRAINING_H

#include "tools/verb.h"

/* Conditions: see option_row. */
#define OPTIMIZER_OPTION(...)                                         \
    {"optimizer", 0, OPTION_CHOICE, "NAME", "sgd|adam|adamw|rmsprop", \
     "train by this optimizer; default: the model's own, else adam", {0, __VA_ARGS__}}
#define LOSS_OPTION(...)                                                 \
    {"loss", 0, OPTION_CHOICE, "NAME",                                   \
     "mean_squared_error|mean_absolute_error|huber|binary_crossentropy|" \
     "categorical_crossentropy|sparse_categorical_crossentropy",         \
     "of every output; default: the model's own, else mean_squared_error", {0, __VA_ARGS__}}

/* Whether the command line has settings of its own: then the model's are replaced. */
bool training_given(const invocation *i);
/* What a file has to bring for a program that trains or not: nothing where settings are given. */
model_use training_use(const invocation *i, bool trains);
/* Compiles the model with what the options say, and the defaults they state. */
cn_status training_compile(const invocation *i, cn_model *m);

/* All that a compile can be told by name. */
typedef struct training_settings {
    const char *optimizer, *loss; /* of the choices above */
    double learning_rate;         /* 0 = the optimizer's default */
    bool from_logits;             /* the cross-entropies */
    const cn_metric *metrics[8];
} training_settings;
cn_status training_compile_with(cn_model *m, const training_settings *s);

#endif
