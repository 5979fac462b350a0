/* History: one series per log name, NAN where an epoch had no such log. */
#include "frontend/history.h"

#include <math.h>
#include <string.h>

typedef VEC(double) series;

struct history {
    arena *arena;
    VEC(int64_t) epochs;
    VEC(const char *) names;
    VEC(series) values;
    VEC(const double *) columns; /* values[i].items, for the public view */
    cn_history view;
};

void history_free(cn_model *m) {
    history *h = m->history;
    if (h == NULL)
        return;
    m->history = NULL;
    arena_free(h->arena);
}

bool history_begin(cn_model *m) {
    cn_context *c = m->context;
    history_free(m);
    arena *a = arena_new(c->memory, &c->diag);
    if (a == NULL)
        return diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for the history of a fit");
    diag_recovery point;
    if (DIAG_RECOVER(&c->diag, &point)) {
        arena_free(a);
        return false;
    }
    history *h = ARENA_NEW(a, history);
    h->arena = a;
    m->history = h;
    diag_pop_recovery(&c->diag, &point);
    return true;
}

static series *series_of(history *h, const char *name) {
    for (uint32_t i = 0; i < h->names.count; i++) {
        if (strcmp(h->names.items[i], name) == 0)
            return &h->values.items[i];
    }
    series fresh = {0};
    for (uint32_t k = 0; k + 1 < h->epochs.count; k++)
        vec_push(h->arena, &fresh, NAN);
    vec_push(h->arena, &h->names, arena_string(h->arena, name));
    vec_push(h->arena, &h->values, fresh);
    return &vec_last(&h->values);
}

static void refresh_view(history *h) {
    h->columns.count = 0;
    for (uint32_t i = 0; i < h->values.count; i++)
        vec_push(h->arena, &h->columns, h->values.items[i].items);
    h->view = (cn_history){.epoch_count = h->epochs.count,
                           .epochs = h->epochs.items,
                           .count = h->names.count,
                           .names = h->names.items,
                           .values = h->columns.items};
}

void history_append(cn_model *m, int64_t epoch, const cn_logs *logs) {
    history *h = m->history;
    vec_push(h->arena, &h->epochs, epoch);
    for (size_t i = 0; i < logs->count; i++) {
        vec_push(h->arena, series_of(h, logs->names[i]), logs->values[i]);
    }
    for (uint32_t i = 0; i < h->values.count; i++) {
        if (h->values.items[i].count < h->epochs.count)
            vec_push(h->arena, &h->values.items[i], NAN);
    }
    refresh_view(h);
}

const cn_history *cn_model_history(const cn_model *m) {
    static const cn_history none;
    return m == NULL || m->history == NULL ? &none : &m->history->view;
}

double cn_history_get(const cn_history *h, const char *name, int64_t epoch) {
    if (h == NULL)
        return NAN;
    int64_t place = epoch < 0 ? (int64_t)h->epoch_count + epoch : epoch;
    if (place < 0 || place >= (int64_t)h->epoch_count)
        return NAN;
    for (size_t i = 0; i < h->count; i++) {
        if (strcmp(h->names[i], name) == 0)
            return h->values[i][place];
    }
    return NAN;
}
