/* cn_export: a model as an artefact (codegen/aot/artifact.h), by its target.
 *
 * The functions are those that cn_predict and cn_fit compile, extracted anew; here their state
 * inputs, by variable, become places in one list: the model's weights in Keras' order, then what
 * else a training step keeps.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/platform.h"
#include "codegen/aot/artifact.h"
#include "frontend/data_match.h"
#include "frontend/training.h"
#include "frontend/weights.h"

enum { MOST_PREFIX = 40, MOST_LABELS = 1 << 20 };

typedef struct exporter {
    cn_model *m;
    cn_source where;
    const cn_export_options *o;
    arena *arena; /* of graphs and lists: freed when it is done */
    artifact x;
    int *place; /* by variable id: 1 + place in the list; 0 = not in it */
    VEC(artifact_variable) variables;
    artifact_function predict, train;
} exporter;

/* ---- what is asked for ---------------------------------------------------------------------- */

static bool refuse(const exporter *e, const char *why, const char *what) {
    return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT, "export: %s \"%s\"",
                        why, what);
}

static bool ends_well(const char *path) {
    const char *dot = path == NULL ? NULL : strrchr(path, '.');
    return dot != NULL &&
           (strcmp(dot, ".so") == 0 || strcmp(dot, ".o") == 0 || strcmp(dot, ".a") == 0);
}

/* The name stands in comments of what is written. */
static bool has_control(const char *path) {
    for (; *path; path++)
        if (iscntrl((unsigned char)*path))
            return true;
    return false;
}

/* An identifier of C that names files too: none that main.c or the header itself includes. */
static bool is_prefix(const char *name) {
    size_t length = strlen(name);
    bool good = length > 0 && length <= MOST_PREFIX && isalpha((unsigned char)name[0]);
    for (size_t i = 0; i < length; i++)
        good = good && (isalnum((unsigned char)name[i]) || name[i] == '_');
    static const char *const taken[] = {"main", "stddef", "stdint", "stdio", "stdlib"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        good = good && strcmp(name, taken[i]) != 0;
    return good;
}

/* The file's name without folder and ending. */
static const char *prefix_of_path(const exporter *e) {
    const char *slash = strrchr(e->o->path, '/'), *file = slash == NULL ? e->o->path : slash + 1;
    text name;
    text_init(&name, e->arena);
    text_identifier(&name, arena_string_n(e->arena, file, (size_t)(strrchr(file, '.') - file)));
    return name.data;
}

static bool check_labels(const exporter *e) {
    const cn_export_options *o = e->o;
    if (o->label_count == 0 && o->labels == NULL)
        return true;
    bool whole = o->labels != NULL && o->label_count > 0 && o->label_count <= MOST_LABELS;
    for (size_t i = 0; whole && i < o->label_count; i++)
        whole = o->labels[i] != NULL;
    if (!whole)
        return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT,
                            "export: .labels and .label_count belong together, up to %d names",
                            MOST_LABELS);
    for (uint32_t i = 0; i < e->m->outputs.count; i++) {
        const type *t = tensor_type(e->m->outputs.items[i].tensor);
        if (t->rank > 0 && dim_is(t->dims[t->rank - 1], (int64_t)o->label_count))
            return true;
    }
    return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT,
                        "export: there are %zu labels, but no output of \"%s\" has so many "
                        "classes; its first is %s",
                        o->label_count, e->m->name, tensor_describe(e->m->outputs.items[0].tensor));
}

/* Whether some input of floats is passed as integers. */
static bool takes_integers(const exporter *e) {
    for (uint32_t i = 0; i < e->m->inputs.count; i++)
        if (e->o->input_dtypes[i] != CN_DTYPE_DEFAULT && !dtype_is_float(e->o->input_dtypes[i]) &&
            dtype_is_float(tensor_type(e->m->inputs.items[i])->dtype))
            return true;
    return false;
}

/* Values that C lets through. */
static bool check_values(const exporter *e) {
    const cn_export_options *o = e->o;
    const char *wrong = (unsigned)o->weights > CN_WEIGHTS_CALLER ? ".weights"
                        : !isfinite(o->rescale)                  ? ".rescale"
                        : o->capacity > INT32_MAX                ? ".capacity"
                                                                 : NULL;
    for (uint32_t i = 0; wrong == NULL && i < CN_MAX_LIST; i++)
        if ((unsigned)o->input_dtypes[i] >= CN_DTYPE_COUNT ||
            (i >= e->m->inputs.count && o->input_dtypes[i] != CN_DTYPE_DEFAULT))
            wrong = ".input_dtypes";
    if (wrong != NULL)
        return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT,
                            "export: %s is out of range", wrong);
    if (o->rescale != 0 && !takes_integers(e))
        return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT,
                            "export: .rescale is for integers that callers pass in place of "
                            "floats; say .input_dtypes = {CN_U8}");
    return check_labels(e);
}

static bool check_options(exporter *e) {
    const cn_export_options *o = e->o;
    if (!ends_well(o->path))
        return refuse(e, "the path ends in .so, .o or .a, not as", o->path == NULL ? "" : o->path);
    if (has_control(o->path))
        return refuse(e, "a control character is in the path", o->path);
    e->x.path = arena_string(e->arena, o->path);
    e->x.prefix = o->prefix != NULL ? arena_string(e->arena, o->prefix) : prefix_of_path(e);
    if (!is_prefix(e->x.prefix))
        return refuse(
            e, "a prefix is an identifier of at most 40 letters, not main or a standard header:",
            e->x.prefix);
    if (o->capacity < 0)
        return context_fail(e->m->context, e->where, CN_ERROR_INVALID_ARGUMENT,
                            "export: .capacity is negative");
    if (!check_values(e))
        return false;
    if (o->train_step && e->m->training == NULL)
        return context_fail(e->m->context, e->where, CN_ERROR_NOT_COMPILED,
                            "export: .train_step needs cn_compile(\"%s\") first", e->m->name);
    if (e->m->context->target == NULL || e->m->context->target->write == NULL)
        return context_fail(e->m->context, e->where, CN_ERROR_UNSUPPORTED,
                            "export: the backend \"%s\" makes no native code; use \"cpu\"",
                            e->m->context->target == NULL ? "" : e->m->context->target->name);
    return true;
}

/* ---- variables ------------------------------------------------------------------------------ */

static bool add_variable(exporter *e, variable *v, const char *name) {
    if (e->place[v->id] != 0)
        return true;
    if (!variable_initialize(e->m->context, v))
        return false;
    vec_push(e->arena, &e->variables,
             (artifact_variable){.name = name, .type = v->type, .data = v->data});
    e->place[v->id] = (int)e->variables.count;
    return true;
}

static bool add_weights(exporter *e) {
    const cn_model *m = e->m;
    e->place = ARENA_ARRAY(e->arena, int, m->context->variables.count + 1);
    for (uint32_t i = 0; i < m->weights.count; i++)
        if (!add_variable(e, m->weights.items[i], m->weight_names.items[i]))
            return false;
    e->x.weight_count = (int)e->variables.count;
    return true;
}

/* ---- functions ------------------------------------------------------------------------------ */

static const char **names_of_data(exporter *e, program_kind kind) {
    cn_model *m = e->m;
    uint32_t n = 0;
    const char **names = ARENA_ARRAY(e->arena, const char *, 2 * CN_MAX_LIST + 1);
    for (uint32_t i = 0; i < m->inputs.count; i++)
        names[n++] = arena_string(e->arena, model_input_name(m, i));
    for (uint32_t i = 0; kind == PROGRAM_TRAIN && i < m->training->targets.count; i++)
        names[n++] = arena_format(e->arena, "%s_target", model_target_name(m, i));
    return names;
}

static const char **names_of_outputs(exporter *e, const function_spec *spec) {
    const char **names = ARENA_ARRAY(e->arena, const char *, spec->output_count + 1);
    for (uint32_t i = 0; i < spec->output_count; i++)
        names[i] = spec->outputs[i].name;
    return names;
}

/* Which variables the graph's state inputs and outputs are. */
static bool bind_variables(exporter *e, const function_spec *spec, const extraction *x,
                           artifact_function *f) {
    int *in = ARENA_ARRAY(e->arena, int, x->variables.count + 1);
    int *out = ARENA_ARRAY(e->arena, int, spec->update_count + 1);
    for (uint32_t i = 0; i < x->variables.count; i++) {
        const char *name = x->graph->inputs.items[spec->input_count + i].name;
        if (!add_variable(e, x->variables.items[i], name))
            return false;
        in[i] = e->place[x->variables.items[i]->id] - 1;
    }
    for (uint32_t i = 0; i < spec->update_count; i++)
        out[i] = e->place[spec->updates[i].variable->id] - 1;
    f->input_variables = in;
    f->output_variables = out;
    return true;
}

static bool add_function(exporter *e, program_kind kind, artifact_function *f) {
    cn_model *m = e->m;
    training_program *p = ARENA_NEW(m->context->arena, training_program);
    *p = (training_program){.kind = kind};
    model_usual_dtypes(m, kind, p->dtypes);
    for (uint32_t i = 0; i < m->inputs.count; i++)
        if (e->o->input_dtypes[i] != CN_DTYPE_DEFAULT)
            p->dtypes[i] = e->o->input_dtypes[i];
    const function_spec *recorded = model_program_spec(m, p);
    if (recorded == NULL)
        return false;
    function_spec spec = *recorded;
    spec.input_scale = e->o->rescale;
    if (kind == PROGRAM_TRAIN)
        spec.output_count = 0; /* what .check_finite watches */
    extraction x;
    if (!extract_function(m->context, &spec, e->arena, &x))
        return false;
    f->graph = x.graph;
    f->data_inputs = spec.input_count;
    f->data_outputs = spec.output_count;
    f->input_names = names_of_data(e, kind);
    f->output_names = names_of_outputs(e, &spec);
    return bind_variables(e, &spec, &x, f);
}

static bool add_functions(exporter *e) {
    e->predict =
        (artifact_function){.name = "predict", .about = "What the model makes of a batch."};
    e->train = (artifact_function){
        .name = "train_step", .about = "One step of training on one batch, as cn_fit does it."};
    if (!add_weights(e) || !add_function(e, PROGRAM_PREDICT, &e->predict))
        return false;
    e->x.predict = &e->predict;
    if (!e->o->train_step)
        return true;
    if (!add_function(e, PROGRAM_TRAIN, &e->train))
        return false;
    e->x.train = &e->train;
    return true;
}

static void add_metrics(exporter *e) {
    if (!e->o->train_step)
        return;
    const training *t = e->m->training;
    artifact_metric *rows = ARENA_ARRAY(e->arena, artifact_metric, t->logs.count + 1);
    int count = 0;
    for (uint32_t i = 0; i < t->logs.count; i++) {
        const training_log *log = &t->logs.items[i];
        int sum = e->place[log->sum->id], weight = e->place[log->weight->id];
        if (sum > 0 && weight > 0)
            rows[count++] = (artifact_metric){log->name, sum - 1, weight - 1};
    }
    e->x.metrics = rows;
    e->x.metric_count = count;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* PREFIX.safetensors beside the object; NULL when weights are elsewhere. */
static const char *weights_path(const exporter *e) {
    const char *slash = strrchr(e->x.path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - e->x.path + 1);
    return e->x.weights != ARTIFACT_FILE
               ? NULL
               : arena_format(e->arena, "%.*s%s.safetensors", folder, e->x.path, e->x.prefix);
}

static bool write_files(exporter *e) {
    cn_context *c = e->m->context;
    const char *weights = weights_path(e);
    compile_options options = context_compile_options(c, "export");
    return (weights == NULL || artifact_may_replace(weights, WEIGHTS_MARK, &c->diag)) &&
           c->target->write(&e->x, &options, c->memory, &c->diag) &&
           (weights == NULL || weights_save(e->m, weights, e->arena));
}

static bool write_artifact(exporter *e) {
    const cn_export_options *o = e->o;
    static const artifact_weights weights[] = {[CN_WEIGHTS_EMBEDDED] = ARTIFACT_EMBEDDED,
                                               [CN_WEIGHTS_FILE] = ARTIFACT_FILE,
                                               [CN_WEIGHTS_CALLER] = ARTIFACT_CALLER};
    e->x.model = e->m->name;
    e->x.variables = e->variables.items;
    e->x.variable_count = (int)e->variables.count;
    e->x.weights = weights[o->weights];
    e->x.capacity = o->capacity;
    e->x.levels = o->march == NULL ? "native" : o->march;
    e->x.labels = o->labels;
    e->x.label_count = (int)o->label_count;
    return write_files(e);
}

static bool export_guarded(exporter *e) {
    cn_context *c = e->m->context;
    diag_recovery point; /* the arena */
    if (DIAG_RECOVER(&c->diag, &point))
        return false;
    bool ok = diag_ok(&c->diag) && check_options(e) && add_functions(e);
    if (ok) {
        add_metrics(e);
        ok = write_artifact(e);
    }
    diag_pop_recovery(&c->diag, &point);
    return ok;
}

cn_status cn_export_at(cn_source where, const cn_export_options *options) {
    cn_export_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "export"))
        return c->diag.status;
    exporter e = {.m = o.model, .where = where, .o = &o, .arena = arena_new(c->memory, &c->diag)};
    bool ok = e.arena != NULL ? export_guarded(&e)
                              : diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "export: no memory");
    arena_free(e.arena);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}
