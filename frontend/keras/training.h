/* Losses, metrics and optimizers of Keras' files (training_objects.c), for compile_config. */
#ifndef CORNU_FRONTEND_KERAS_TRAINING_H
#define CORNU_FRONTEND_KERAS_TRAINING_H

#include "frontend/keras/options.h"

/* NULL for null, and after a problem. */
const cn_loss *keras_read_loss(keras_reader *r, const char *place, const json_t *j);
const cn_metric *keras_read_metric(keras_reader *r, const char *place, const json_t *j);
cn_optimizer *keras_read_optimizer(keras_reader *r, const char *place, const json_t *j);

void keras_write_loss(keras_writer *w, const char *key, const char *place, const cn_loss *l);
void keras_write_metric(keras_writer *w, const char *key, const char *place, const cn_metric *m);
void keras_write_optimizer(keras_writer *w, const char *key, const cn_optimizer *o);

#endif
