/* Keras' decisions of callbacks fed with made-up logs (tests/golden/keras/callbacks.json): a model
 * whose one weight tells the epoch, and the part of fit's loop that a callback sees. */
#ifndef CORNU_TESTS_FRONTEND_GOLDEN_CALLBACKS_H
#define CORNU_TESTS_FRONTEND_GOLDEN_CALLBACKS_H

#include "frontend/callback.h"
#include "golden.h"

typedef struct driven {
    const json_t *json, *config;
    const char *name;
    cn_context *c;
    cn_model *m;
    cn_optimizer *optimizer;
    cn_callback *callback;
    cn_logs seen; /* of the last epoch, with what the callback added */
} driven;

/* Keras' short names of metrics; Cornu shows the long ones. */
static inline const char *golden_log_name(const char *keras) {
    return strcmp(keras, "val_mae") == 0 ? "val_mean_absolute_error" : keras;
}

static inline void golden_open_callback(driven *d, const json_t *json) {
    *d = (driven){
        .json = json, .name = golden_text(json, "name"), .config = json_object_get(json, "config")};
    d->c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    d->m = cn_sequential(d->c, {1}, {cn_dense(d->c, 1, .no_bias = true)});
    d->optimizer = cn_sgd(d->c, 0.5);
    const json_t *metric = json_array_get(json_object_get(json, "metrics"), 0);
    bool accuracy = metric != NULL && strcmp(json_string_value(metric), "accuracy") == 0;
    const cn_metric *m = metric == NULL ? NULL : accuracy ? CN_ACCURACY : CN_METRIC_MAE;
    assert_int_equal(cn_compile(d->m, d->optimizer, CN_MEAN_SQUARED_ERROR, .metrics = {m}), CN_OK);
}

static inline void golden_close_callback(driven *d) {
    if (cn_error_status(d->c) != CN_OK)
        fail_msg("%s: %s", d->name, cn_error_message(d->c));
    cn_context_free(d->c);
}

/* The logs of an epoch; without validation's for a batch. */
static inline cn_logs golden_logs(driven *d, size_t epoch, bool batch) {
    json_t *row = json_array_get(json_object_get(d->json, "logs"), epoch);
    const char *name;
    json_t *x;
    cn_logs logs = {0};
    json_object_foreach(row, name, x) if (!batch || strncmp(name, "val_", 4) != 0)
        log_put(&logs, d->c->arena, golden_log_name(name), json_number_value(x));
    return logs;
}

static inline size_t golden_epoch_count(const driven *d) {
    return json_array_size(json_object_get(d->json, "logs"));
}

static inline float *golden_weight(const driven *d) {
    return cn_weight(d->m, 0).data;
}

/* One epoch, the hooks in fit's order; the weight tells the epoch. */
static inline void golden_epoch(driven *d, int64_t epoch) {
    cn_callback *cb = d->callback;
    if (cb->functions.epoch_begin != NULL)
        cb->functions.epoch_begin(d->m, epoch, cb->functions.user);
    *golden_weight(d) = (float)epoch;
    d->seen = golden_logs(d, (size_t)epoch, false);
    if (cb->add_logs != NULL)
        cb->add_logs(d->m, cb->functions.user, &d->seen, d->c->arena);
    if (cb->functions.epoch_end != NULL)
        cb->functions.epoch_end(d->m, epoch, &d->seen, cb->functions.user);
    if (cb->finish != NULL)
        cb->finish(d->m, cb->functions.user);
}

static inline void golden_begin(driven *d) {
    cn_callback *cb = d->callback;
    if (cb->functions.train_begin != NULL)
        cb->functions.train_begin(d->m, cb->functions.user);
}

static inline void golden_end(driven *d) {
    cn_callback *cb = d->callback;
    if (cb->functions.train_end != NULL)
        cb->functions.train_end(d->m, cb->functions.user);
}

static inline cn_monitor_mode golden_mode(const json_t *config) {
    const char *mode = golden_text(config, "mode");
    return strcmp(mode, "max") == 0   ? CN_MODE_MAX
           : strcmp(mode, "min") == 0 ? CN_MODE_MIN
                                      : CN_MODE_AUTO;
}

static inline const char *golden_monitor(const json_t *config) {
    const char *name = golden_text(config, "monitor");
    return name[0] == 0 ? NULL : golden_log_name(name);
}

/* An option whose zero is meant when the file has it. */
static inline double golden_option(const json_t *config, const char *key) {
    return json_object_get(config, key) == NULL ? 0 : cn_exact(golden_number(config, key, 0));
}

/* Every case of a callback; at least `least` of them. */
static inline void golden_callbacks(const char *kind, void (*run)(driven *d), int least) {
    json_t *file = golden_load("callbacks"), *json;
    size_t i;
    int count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (strcmp(golden_text(json, "callback"), kind) != 0)
            continue;
        driven d;
        golden_open_callback(&d, json);
        run(&d);
        golden_close_callback(&d);
        count++;
    }
    json_decref(file);
    assert_true(count >= least);
}

#endif
