/* compile_config: what a model was compiled with, both ways.
 *
 * Keras takes losses, their weights and metrics in several shapes: one value, a list with an entry
 * per output, or a dict by the names of outputs. They are read as an entry per output, and written
 * as one value for a model with one output, else as lists, or as dicts where its outputs are a
 * dict. Sources: keras/src/trainers,
 * trainer.py (get_compile_config, compile_from_config) and compile_utils.py.
 */
#include <string.h>

#include "frontend/keras/training.h"

static const char top[] = "compile_config";

/* ---- entries of outputs ----------------------------------------------------------------- */

/* A dict by the names of outputs, and not a serialised object. */
static bool by_name(const json_t *j) {
    return json_is_object(j) && json_object_get(j, "class_name") == NULL;
}

static const char *place_of(arena *a, const cn_model *m, uint32_t output) {
    if (m->outputs.count == 1)
        return top;
    return arena_format(a, "compile_config, output \"%s\"", m->outputs.items[output].name);
}

static bool is_output(const cn_model *m, const char *name) {
    for (uint32_t i = 0; i < m->outputs.count; i++)
        if (strcmp(m->outputs.items[i].name, name) == 0)
            return true;
    return false;
}

/* Notes names that are no outputs, and lists of another length. */
static bool fits_outputs(keras_reader *r, const cn_model *m, const char *key, const json_t *j) {
    const char *name;
    json_t *entry;
    bool ok = true;
    if (by_name(j)) {
        json_object_foreach((json_t *)(uintptr_t)j, name, entry) {
            if (is_output(m, name))
                continue;
            keras_problem(r, top, "\"%s\" has an entry \"%s\", but the model has no such output",
                          key, name);
            ok = false;
        }
    } else if (json_is_array(j) && json_array_size(j) != m->outputs.count) {
        keras_problem(r, top, "\"%s\" has %zu entries, the model has %u outputs", key,
                      json_array_size(j), m->outputs.count);
        ok = false;
    }
    return ok;
}

/* NULL where the file has nothing for this output. */
static const json_t *entry_of(const cn_model *m, const json_t *j, uint32_t output) {
    if (by_name(j))
        return json_object_get(j, m->outputs.items[output].name);
    return json_is_array(j) ? json_array_get(j, output) : j;
}

/* ---- reading ---------------------------------------------------------------------------- */

enum { METRIC_LIMIT = sizeof((cn_output_options *)NULL)->metrics / sizeof(const cn_metric *) };

/* Adds a metric, or those of a list. */
static void read_metrics(keras_reader *r, const char *place, const json_t *j,
                         const cn_metric **list) {
    size_t i;
    json_t *entry;
    if (json_is_array(j)) {
        json_array_foreach(j, i, entry) read_metrics(r, place, entry, list);
        return;
    }
    const cn_metric *metric = keras_read_metric(r, place, j);
    if (metric == NULL)
        return;
    int count = 0;
    while (count < METRIC_LIMIT && list[count] != NULL)
        count++;
    if (count < METRIC_LIMIT)
        list[count] = metric;
    else
        keras_problem(r, place, "more than %d metrics of one output, of which \"%s\"",
                      (int)METRIC_LIMIT, metric->name);
}

/* Keras: all metrics of a model with one output are that output's, in whatever they are wrapped. */
static void read_only_metrics(keras_reader *r, const json_t *j, const cn_metric **list) {
    const char *name;
    json_t *entry;
    if (!by_name(j)) {
        read_metrics(r, top, j, list);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)j, name, entry) read_metrics(r, top, entry, list);
}

static void read_all_metrics(keras_reader *r, const cn_model *m, const json_t *config,
                             bool weighted, cn_output_options *rows) {
    const char *key = weighted ? "weighted_metrics" : "metrics";
    const json_t *j = json_object_get(config, key);
    bool one = m->outputs.count == 1;
    if (j == NULL || json_is_null(j) || (!one && !fits_outputs(r, m, key, j)))
        return;
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        const cn_metric **list = weighted ? rows[i].weighted_metrics : rows[i].metrics;
        if (one)
            read_only_metrics(r, j, list);
        else
            read_metrics(r, place_of(r->scratch, m, i), entry_of(m, j, i), list);
    }
}

static void read_losses(keras_reader *r, const cn_model *m, const json_t *config,
                        cn_output_options *rows) {
    const json_t *j = json_object_get(config, "loss");
    if (!fits_outputs(r, m, "loss", j))
        return;
    for (uint32_t i = 0; i < m->outputs.count; i++)
        rows[i].loss = keras_read_loss(r, place_of(r->scratch, m, i), entry_of(m, j, i));
}

static void read_weights(keras_reader *r, const cn_model *m, const json_t *config,
                         cn_output_options *rows) {
    const json_t *j = json_object_get(config, "loss_weights");
    if (j == NULL || json_is_null(j) || !fits_outputs(r, m, "loss_weights", j))
        return;
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        const json_t *entry = entry_of(m, j, i);
        double weight = 1;
        if (entry != NULL && !json_is_null(entry) && !keras_number_of(entry, &weight))
            keras_problem(r, place_of(r->scratch, m, i), "the weight of the loss is %s",
                          keras_words(r->scratch, entry));
        rows[i].weight = weight == 0 ? (double)CN_ZERO : weight;
    }
}

/* How a step is run, which is another matter here. */
static const option_row compile_options_of_keras[] = {
    {"optimizer", OPTION_FREE, 0, 0, NULL},           {"loss", OPTION_FREE, 0, 0, NULL},
    {"loss_weights", OPTION_FREE, 0, 0, NULL},        {"metrics", OPTION_FREE, 0, 0, NULL},
    {"weighted_metrics", OPTION_FREE, 0, 0, NULL},    {"run_eagerly", OPTION_FREE, 0, 0, NULL},
    {"steps_per_execution", OPTION_FREE, 0, 0, NULL}, {"jit_compile", OPTION_FREE, 0, 0, NULL},
    {"auto_scale_loss", OPTION_FREE, 0, 0, NULL},     {.key = NULL}};

/* Keras compiles models without a loss too, for what layers add to it. */
static bool any_loss(const cn_model *m, const cn_output_options *rows) {
    for (uint32_t i = 0; i < m->outputs.count; i++)
        if (rows[i].loss != NULL)
            return true;
    return false;
}

void keras_read_compile(keras_reader *r, cn_model *m, const json_t *compile_config) {
    if (json_object_size(compile_config) == 0)
        return;
    uint32_t problems = r->problem_count;
    cn_output_options *rows = ARENA_ARRAY(r->scratch, cn_output_options, m->outputs.count);
    for (uint32_t i = 0; i < m->outputs.count; i++)
        rows[i].output = m->outputs.items[i].tensor;
    cn_compile_options o = {.model = m, .output_list = rows, .output_count = m->outputs.count};
    keras_read_options(r, top, "compile", compile_config, compile_options_of_keras, &o);
    o.optimizer = keras_read_optimizer(r, top, json_object_get(compile_config, "optimizer"));
    read_losses(r, m, compile_config, rows);
    read_weights(r, m, compile_config, rows);
    read_all_metrics(r, m, compile_config, false, rows);
    read_all_metrics(r, m, compile_config, true, rows);
    if (r->problem_count > problems)
        return;
    if (!any_loss(m, rows)) {
        diag_warn(&r->context->diag,
                  "the model was compiled without a loss: it can predict; compile it to train it");
        return;
    }
    cn_source where = {.options_size = sizeof o};
    if (cn_compile_at(where, &o) != CN_OK)
        keras_made(r, top);
}

/* ---- writing ---------------------------------------------------------------------------- */

static const output_plan *plan_of(const cn_model *m, uint32_t output) {
    const training *t = m->training;
    for (uint32_t i = 0; i < t->outputs.count; i++)
        if (t->outputs.items[i].output == output)
            return &t->outputs.items[i];
    return NULL;
}

/* An entry per output: the value of a model with one output, else a list, or a dict where outputs
 * are a dict. */
static void open_entries(keras_writer *w, const char *key, const cn_model *m) {
    if (m->outputs.count > 1)
        json_open(&w->json, key, keras_outputs_by_name(m) ? '{' : '[');
}
static void close_entries(keras_writer *w, const cn_model *m) {
    if (m->outputs.count > 1)
        json_close(&w->json, keras_outputs_by_name(m) ? '}' : ']');
}
static const char *entry_key(const cn_model *m, const char *key, uint32_t output) {
    if (m->outputs.count == 1)
        return key;
    return keras_outputs_by_name(m) ? m->outputs.items[output].name : NULL;
}

static void write_losses(keras_writer *w, const cn_model *m) {
    open_entries(w, "loss", m);
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        const output_plan *p = plan_of(m, i);
        keras_write_loss(w, entry_key(m, "loss", i), place_of(w->scratch, m, i),
                         p == NULL ? NULL : p->loss);
    }
    close_entries(w, m);
}

static void write_weights(keras_writer *w, const cn_model *m) {
    bool any = false;
    for (uint32_t i = 0; i < m->outputs.count; i++)
        any = any || (plan_of(m, i) != NULL && plan_of(m, i)->weight != 1);
    if (!any) {
        json_put_null(&w->json, "loss_weights");
        return;
    }
    open_entries(w, "loss_weights", m);
    for (uint32_t i = 0; i < m->outputs.count; i++)
        json_put_number(&w->json, entry_key(m, "loss_weights", i),
                        plan_of(m, i) == NULL ? 1 : plan_of(m, i)->weight);
    close_entries(w, m);
}

static const cn_metric *const *metrics_of(const cn_model *m, uint32_t output, bool weighted) {
    static const cn_metric *const none[] = {NULL};
    const output_plan *p = plan_of(m, output);
    return p == NULL ? none : weighted ? p->weighted_metrics : p->metrics;
}

static void write_metrics(keras_writer *w, const char *key, const char *place,
                          const cn_metric *const *list) {
    if (list[0] == NULL) {
        json_put_null(&w->json, key);
        return;
    }
    json_open(&w->json, key, '[');
    for (int i = 0; i < METRIC_LIMIT && list[i] != NULL; i++)
        keras_write_metric(w, NULL, place, list[i]);
    json_close(&w->json, ']');
}

static void write_all_metrics(keras_writer *w, const char *key, const cn_model *m, bool weighted) {
    bool any = false;
    for (uint32_t i = 0; i < m->outputs.count; i++)
        any = any || metrics_of(m, i, weighted)[0] != NULL;
    if (!any) {
        json_put_null(&w->json, key);
        return;
    }
    open_entries(w, key, m);
    for (uint32_t i = 0; i < m->outputs.count; i++)
        write_metrics(w, entry_key(m, key, i), place_of(w->scratch, m, i),
                      metrics_of(m, i, weighted));
    close_entries(w, m);
}

void keras_write_compile(keras_writer *w, const char *key, const cn_model *m) {
    json_open(&w->json, key, '{');
    keras_write_optimizer(w, "optimizer", m->training->optimizer);
    write_losses(w, m);
    write_weights(w, m);
    write_all_metrics(w, "metrics", m, false);
    write_all_metrics(w, "weighted_metrics", m, true);
    json_put_flag(&w->json, "run_eagerly", false);
    json_put_integer(&w->json, "steps_per_execution", 1);
    json_put_text(&w->json, "jit_compile", "auto"); /* what the backend of the reader can do */
    json_close(&w->json, '}');
}
