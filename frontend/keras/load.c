/* cn_load, cn_register_layer: a model out of a file.
 *
 * The configuration becomes a model whose weights have no values yet; every value of the file is
 * paired with a weight, and only then copied; last the model is compiled and the optimizer gets
 * its state. Whatever fails on the way, the context has one more message and nothing else that a
 * program could see.
 */
#include <string.h>

#include "frontend/keras/options.h"
#include "frontend/keras/source.h"
#include "frontend/model.h"
#include "cornu/saving.h"

typedef struct loading {
    keras_reader r;
    const char *path;
    const cn_load_options *options;
    keras_source source;
    cn_model *model;
} loading;

/* ---- configuration and weights ---------------------------------------------------------- */

static bool no_problems(const loading *l, const char *what) {
    if (l->r.problem_count == 0)
        return true;
    return diag_fail(&l->r.context->diag, CN_ERROR_UNSUPPORTED, "\"%s\": %s:%s", l->source.path,
                     what, l->r.problems.data);
}

/* Of a functional model that is frozen as a whole, nothing learns, whatever its layers say; a
 * Sequential has no such flag. */
static void freeze_root(const loading *l) {
    const json_t *trainable =
        json_object_get(json_object_get(l->source.model, "config"), "trainable");
    for (uint32_t i = 0; l->model != NULL && !l->model->sequential && json_is_false(trainable) &&
                         i < l->model->layers.count;
         i++)
        cn_layer_set_trainable(l->model->layers.items[i], false);
}

static bool read_model(loading *l) {
    cn_context *c = l->r.context;
    if (l->source.model == NULL)
        return diag_fail(&c->diag, CN_ERROR_FORMAT,
                         "\"%s\" holds weights only; build the model, then cn_load_weights",
                         l->source.path);
    c->values_follow = true;
    l->model = keras_read_model(&l->r, l->source.model);
    c->values_follow = false;
    freeze_root(l);
    return no_problems(l, "Cornu cannot open it") && l->model != NULL && diag_ok(&c->diag);
}

static bool agree(cn_context *c, const char *path, const text *differences) {
    if (differences->length == 0)
        return true;
    return diag_fail(&c->diag, CN_ERROR_WEIGHTS,
                     "\"%s\" does not fit the model; nothing was changed:%s", path,
                     differences->data);
}

/* Pairs for the model's weights, and nothing left over. */
static bool take_weights(const keras_source *s, cn_model *m, arena *a) {
    text differences;
    keras_values values = {0};
    text_init(&differences, a);
    if (s->legacy != NULL) {
        legacy_match_weights(s, m, a, &values, &differences);
    } else {
        keras_tree tree;
        keras_list_weights(m, false, a, &tree);
        keras_match(&s->weights, &tree, a, &values, &differences);
        keras_refuse_more(&s->weights, "layers/", &values, &differences);
        keras_refuse_more(&s->weights, "_layer_checkpoint_dependencies/", &values, &differences);
    }
    return agree(m->context, s->path, &differences) && keras_take(m->context, &values);
}

/* ---- compiling -------------------------------------------------------------------------- */

/* Keras saves an optimizer that never stepped with its counters alone. */
static bool never_stepped(const keras_source *s, const keras_tree *tree) {
    size_t count = 0;
    for (size_t i = 0; i < s->weights.dataset_count; i++)
        count += strncmp(s->weights.datasets[i].path, "optimizer/", 10) == 0;
    return count < tree->variables.count && count <= 2;
}

static bool take_optimizer(const loading *l) {
    const cn_optimizer *o = l->model->training->optimizer;
    arena *a = l->r.scratch;
    text differences;
    keras_values values = {0};
    keras_tree tree;
    text_init(&differences, a);
    keras_list_optimizer(o, a, &tree);
    if (l->source.legacy != NULL) {
        legacy_match_optimizer(&l->source, o, a, &values, &differences);
    } else if (!never_stepped(&l->source, &tree)) {
        keras_match(&l->source.weights, &tree, a, &values, &differences);
        keras_refuse_more(&l->source.weights, "optimizer/vars/", &values, &differences);
    }
    return agree(l->r.context, l->source.path, &differences) && keras_take(l->r.context, &values);
}

static bool is_compiled(const json_t *compile) {
    const json_t *optimizer = json_object_get(compile, "optimizer");
    return json_is_object(optimizer) || json_is_string(optimizer);
}

static bool compile(loading *l) {
    if (l->options->no_compile || !is_compiled(l->source.compile))
        return true;
    keras_read_compile(&l->r, l->model, l->source.compile);
    return no_problems(l, "Cornu cannot compile it as it was (.no_compile opens it without)") &&
           diag_ok(&l->r.context->diag) && (l->model->training == NULL || take_optimizer(l));
}

/* ---- the public calls ------------------------------------------------------------------- */

static bool load(loading *l) {
    return keras_source_open(&l->r, l->path, &l->source) && read_model(l) &&
           take_weights(&l->source, l->model, l->r.scratch) && compile(l);
}

/* Running out of memory comes back here, so that what the source holds is given back. */
static bool guarded(loading *l, bool (*work)(loading *l)) {
    diagnostics *d = &l->r.context->diag;
    const cn_source outer = l->r.context->where;
    diag_recovery point;
    if (DIAG_RECOVER(d, &point)) {
        l->r.context->values_follow = false;
        l->r.context->where = outer;
        return false;
    }
    bool ok = work(l);
    diag_pop_recovery(d, &point);
    return ok;
}

static keras_reader reader_in(cn_context *c, arena *scratch, const char *path) {
    keras_reader r = {.context = c, .scratch = scratch};
    r.where.file = arena_string(c->arena, path);
    text_init(&r.problems, scratch);
    return r;
}

static cn_model *load_in(arena *scratch, const cn_load_options *o) {
    cn_context *c = o->context;
    loading l = {.r = reader_in(c, scratch, o->path),
                 .path = o->path,
                 .options = o,
                 .source.descriptor = -1};
    bool ok = guarded(&l, load);
    keras_source_close(&l.source);
    return ok ? l.model : c->poison_model;
}

cn_model *cn_load_at(cn_source where, const cn_load_options *options) {
    cn_load_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return orphan_model();
    if (o.path == NULL)
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "load: no file is named");
    if (!diag_ok(&c->diag))
        return c->poison_model;
    arena *scratch = arena_new(c->memory, &c->diag);
    if (scratch == NULL) {
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "load: out of memory");
        return c->poison_model;
    }
    CONTEXT_ENTER(c, (arena_free(scratch), c->poison_model));
    cn_model *m = load_in(scratch, &o);
    CONTEXT_LEAVE(c);
    arena_free(scratch);
    return m;
}

static bool load_weights(loading *l) {
    return keras_source_open(&l->r, l->path, &l->source) &&
           take_weights(&l->source, l->model, l->r.scratch);
}

bool keras_load_weights(cn_model *m, const char *path, arena *scratch) {
    loading l = {.r = reader_in(m->context, scratch, path),
                 .path = path,
                 .model = m,
                 .source.descriptor = -1};
    bool ok = guarded(&l, load_weights);
    keras_source_close(&l.source);
    return ok;
}
