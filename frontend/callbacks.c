/* What all callbacks stand on: objects, logs, and the watching of one log.
 *
 * A callback is a table of functions over a state in the context's arena. Fit calls them in the
 * order of its list, as Keras does. What a built-in one needs to go on after an interruption is
 * named by its `parts`, which cn_save_state writes and cn_load_state brings back.
 */
#include "frontend/callback.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "frontend/model.h"

/* ---- objects ---------------------------------------------------------------------------- */

static const cn_callback orphan = {.kind = "callback", .failed = true};

cn_callback *callback_poison(cn_context *c) {
    if (c == NULL)
        return (cn_callback *)(uintptr_t)&orphan;
    cn_callback *cb = ARENA_NEW(c->arena, cn_callback);
    *cb = (cn_callback){.context = c, .kind = "callback", .failed = true};
    return cb;
}

cn_callback *callback_new(cn_context *c, const char *kind, const cn_callback_functions *functions,
                          size_t size) {
    cn_callback *cb = ARENA_NEW(c->arena, cn_callback);
    *cb = (cn_callback){.context = c, .kind = kind, .functions = *functions};
    if (size > 0)
        cb->functions.user = arena_alloc(c->arena, size);
    return cb;
}

cn_callback *cn_callback_new(cn_context *c, const cn_callback_functions *functions) {
    if (c == NULL)
        return callback_poison(c);
    CONTEXT_ENTER(c, (cn_callback *)(uintptr_t)&orphan);
    cn_callback *cb;
    if (functions != NULL) {
        cb = callback_new(c, "callback", functions, 0);
    } else {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "callback_new: the functions are missing");
        cb = callback_poison(c);
    }
    CONTEXT_LEAVE(c);
    return cb;
}

/* ---- logs ------------------------------------------------------------------------------- */

double cn_logs_get(const cn_logs *logs, const char *name) {
    for (size_t i = 0; logs != NULL && name != NULL && i < logs->count; i++)
        if (strcmp(logs->names[i], name) == 0)
            return logs->values[i];
    return (double)NAN;
}

void log_put(cn_logs *logs, arena *a, const char *name, double x) {
    const char **names = ARENA_ARRAY(a, const char *, logs->count + 1);
    double *values = ARENA_ARRAY(a, double, logs->count + 1);
    size_t n = 0, i = 0;
    for (; i < logs->count && strcmp(logs->names[i], name) < 0; i++, n++) {
        names[n] = logs->names[i];
        values[n] = logs->values[i];
    }
    names[n] = name;
    values[n++] = x;
    if (i < logs->count && strcmp(logs->names[i], name) == 0)
        i++;
    for (; i < logs->count; i++, n++) {
        names[n] = logs->names[i];
        values[n] = logs->values[i];
    }
    *logs = (cn_logs){.count = n, .names = names, .values = values};
}

/* ---- watching --------------------------------------------------------------------------- */

monitor monitor_make(cn_context *c, const char *kind, const char *name, cn_monitor_mode mode,
                     double min_delta) {
    return (monitor){.kind = kind,
                     .mode = mode,
                     .min_delta = fabs(min_delta),
                     .name = arena_string(c->arena, name != NULL ? name : "val_loss")};
}

/* Whether `name` is `last`, alone or after an output's name ("garment_accuracy"). */
static bool ends_in(const char *name, const char *last) {
    size_t n = strlen(name), k = strlen(last);
    if (n < k || strcmp(name + n - k, last) != 0)
        return false;
    return n == k || name[n - k - 1] == '_';
}

static cn_monitor_mode mode_of_metrics(const cn_metric *const *metrics, const char *name) {
    for (int i = 0; i < 8 && metrics[i] != NULL; i++) {
        if (!ends_in(name, metrics[i]->name))
            continue;
        if (metrics[i]->direction != 0)
            return metrics[i]->direction > 0 ? CN_MODE_MAX : CN_MODE_MIN;
    }
    return CN_MODE_AUTO;
}

static cn_monitor_mode mode_of_log(const cn_model *m, const char *name) {
    const training *t = m->training;
    if (strncmp(name, "val_", 4) == 0)
        name += 4;
    if (ends_in(name, "loss"))
        return CN_MODE_MIN;
    cn_monitor_mode mode = CN_MODE_AUTO;
    for (uint32_t i = 0; t != NULL && i < t->outputs.count && mode == CN_MODE_AUTO; i++) {
        mode = mode_of_metrics(t->outputs.items[i].metrics, name);
        if (mode == CN_MODE_AUTO)
            mode = mode_of_metrics(t->outputs.items[i].weighted_metrics, name);
    }
    return mode;
}

bool monitor_settle(monitor *w, cn_model *m) {
    if (w->mode == CN_MODE_AUTO)
        w->mode = mode_of_log(m, w->name);
    if (w->mode != CN_MODE_AUTO)
        return true;
    return diag_fail(&m->context->diag, CN_ERROR_INVALID_ARGUMENT,
                     "%s watches \"%s\", and whether less or more of it is better is not known; "
                     "give .mode = CN_MODE_MIN or CN_MODE_MAX",
                     w->kind, w->name);
}

static void warn_missing(const monitor *w, cn_model *m, const cn_logs *logs) {
    char names[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < logs->count; i++) {
        size_t more = strlen(logs->names[i]);
        if (length + more + 3 > sizeof names)
            break;
        length += (size_t)sprintf(names + length, "%s%s", i == 0 ? "" : ", ", logs->names[i]);
    }
    diag_warn(&m->context->diag, "%s watches \"%s\", which is not among the logs (%s)", w->kind,
              w->name, names);
}

bool monitor_read(const monitor *w, cn_model *m, const cn_logs *logs, double *current) {
    for (size_t i = 0; i < logs->count; i++) {
        if (strcmp(logs->names[i], w->name) != 0)
            continue;
        *current = logs->values[i];
        return true;
    }
    warn_missing(w, m, logs);
    return false;
}

bool monitor_improves(const monitor *w, double current, double reference) {
    if (w->mode == CN_MODE_MAX)
        return current - w->min_delta > reference;
    return current + w->min_delta < reference;
}
