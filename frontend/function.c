/* Functions: an extracted graph, compiled, and bound to the variables it reads and writes.
 *
 * cn_compile stands on this: the training step of a model is a function with updates. A call
 * passes host addresses by position; state inputs are the variables' own buffers, and an updated
 * variable's output is the same buffer (donation), so nothing is copied between steps.
 */
#include <string.h>

#include "base/size.h"
#include "frontend/training.h"

/* ---- compiling ------------------------------------------------------------------------------ */

compile_options context_compile_options(const cn_context *c, const char *label) {
    return (compile_options){.label = label,
                             .cache_directory = c->options.cache_directory,
                             .capacity = 32,
                             .compile_threads = pool_threads(c->workers),
                             .dump = dump_folder(environment_text("CORNU_DUMP")),
                             .passes = environment_text("CORNU_PASSES"),
                             .verify = environment_text("CORNU_VERIFY"),
                             .isa = environment_text("CORNU_ISA"),
                             .sanitize = environment_text("CORNU_SANITIZE_GENERATED")};
}

/* Remembers types and state by position: the graph itself is not kept. */
static void describe_function(cn_function *f, const function_spec *spec, const extraction *x) {
    arena *a = f->arena;
    const graph *g = x->graph;
    f->input_count = spec->input_count;
    f->output_count = spec->output_count;
    f->input_types = ARENA_ARRAY(a, type, f->input_count + 1);
    f->output_types = ARENA_ARRAY(a, type, f->output_count + 1);
    for (uint32_t i = 0; i < f->input_count; i++)
        f->input_types[i] = *value_type(g, g->inputs.items[i].value);
    for (uint32_t i = 0; i < f->output_count; i++)
        f->output_types[i] = *value_type(g, g->outputs.items[i].value);
    f->variable_count = x->variables.count;
    f->variables = x->variables.items;
    f->updated_count = spec->update_count;
    f->updated = ARENA_ARRAY(a, uint32_t, f->updated_count + 1);
    for (uint32_t i = 0; i < f->updated_count; i++) {
        f->updated[i] = (uint32_t)g->outputs.items[f->output_count + i].into - f->input_count;
    }
    f->places = ARENA_ARRAY(a, void *, f->input_count + f->output_count + 1);
}

static bool compile_into(cn_function *f, const function_spec *spec) {
    cn_context *c = f->context;
    extraction x;
    if (!extract_function(c, spec, f->arena, &x))
        return false;
    describe_function(f, spec, &x);
    for (uint32_t i = 0; spec->dump == NULL && i < f->variable_count; i++) {
        if (!variable_initialize(c, f->variables[i]))
            return false;
    }
    compile_options options = context_compile_options(c, spec->name);
    options.explain = spec->explain;
    if (spec->dump != NULL)
        options.dump = *spec->dump;
    f->executable = c->target->compile(x.graph, &options, c->memory, &c->diag);
    return f->executable != NULL;
}

cn_function *function_compile(cn_context *c, const function_spec *spec) {
    if (c->target == NULL || c->workers == NULL) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "\"%s\": the context could not be made whole", spec->name);
        return NULL;
    }
    cn_function *f = ARENA_NEW(c->arena, cn_function);
    f->context = c;
    f->name = arena_string(c->arena, spec->name);
    vec_push(c->arena, &c->functions, f);
    f->arena = arena_new(c->memory, &c->diag);
    if (f->arena == NULL) {
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory to compile \"%s\"", spec->name);
        return NULL;
    }
    if (compile_into(f, spec))
        return f;
    cn_function_free(f);
    return NULL;
}

void cn_function_free(cn_function *f) {
    if (f == NULL)
        return;
    if (f->execution != NULL)
        f->executable->operations->execution_free(f->execution);
    if (f->executable != NULL)
        f->executable->operations->free(f->executable);
    if (f->arena != NULL)
        arena_free(f->arena);
    f->execution = NULL;
    f->executable = NULL;
    f->arena = NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

/* A limit is checked against the plan, so that a step is refused before anything is allocated for
 * it. */
bool function_fits_memory(const cn_function *f, int64_t batch, diagnostics *d) {
    const cn_context *c = f->context;
    size_t limit = c->options.memory_limit, live = memory_live(c->memory), after;
    executable_memory plan;
    if (limit == 0 || (f->execution != NULL && batch <= f->capacity))
        return true;
    bool known = f->executable->operations->memory(f->executable, batch, &plan);
    if (known && size_add(live, plan.workspace_bytes, &after) && after <= limit)
        return true;
    return diag_fail(d, CN_ERROR_OUT_OF_MEMORY,
                     "\"%s\" with a batch of %lld needs a workspace of %zu bytes: %zu are in "
                     "use (%zu at the most so far), the limit is %zu; use a smaller batch",
                     f->name, (long long)batch, known ? plan.workspace_bytes : SIZE_MAX, live,
                     memory_peak(c->memory), limit);
}

static bool reserve(cn_function *f, int64_t batch, diagnostics *d) {
    if (f->execution != NULL && batch <= f->capacity)
        return true;
    if (!function_fits_memory(f, batch, d))
        return false;
    const executable_operations *x = f->executable->operations;
    if (f->execution != NULL)
        x->execution_free(f->execution);
    f->execution = x->execution_new(f->executable, batch, d);
    f->capacity = f->execution == NULL ? 0 : batch;
    return f->execution != NULL;
}

/* Runs on any execution of f (predictors have their own); `addresses` has room for all inputs and
 * outputs. */
bool function_run_on(const cn_function *f, execution *e, pool *workers, void *const *inputs,
                     void *const *outputs, int64_t batch, void **addresses, diagnostics *d) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->input_count; i++)
        addresses[n++] = inputs[i];
    for (uint32_t i = 0; i < f->variable_count; i++)
        addresses[n++] = f->variables[i]->data;
    void **results = addresses + n;
    n = 0;
    for (uint32_t i = 0; i < f->output_count; i++)
        results[n++] = outputs[i];
    for (uint32_t i = 0; i < f->updated_count; i++)
        results[n++] = f->variables[f->updated[i]]->data;
    return f->executable->operations->run(e, workers, addresses, results, batch, d);
}

uint32_t function_address_count(const cn_function *f) {
    return f->input_count + f->variable_count + f->output_count + f->updated_count;
}

bool function_run(cn_function *f, void *const *inputs, void *const *outputs, int64_t batch,
                  diagnostics *d) {
    if (!reserve(f, batch, d))
        return false;
    if (f->addresses == NULL)
        f->addresses = ARENA_ARRAY(f->arena, void *, function_address_count(f) + 1);
    return function_run_on(f, f->execution, f->context->workers, inputs, outputs, batch,
                           f->addresses, d);
}

/* ---- the public functions ------------------------------------------------------------------- */

static bool tensors_usable(cn_context *c, cn_source where, const cn_tensor *list, size_t count,
                           const char *what) {
    for (size_t i = 0; i < count; i++) {
        if (cn_tensor_ok(list[i]) && list[i].context == c)
            continue;
        return context_fail(c, where, CN_ERROR_GRAPH, "function: %s %zu is not a usable tensor",
                            what, i);
    }
    return true;
}

static bool tensors_differ(cn_context *c, cn_source where, const cn_tensor *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (list[i].node != list[k].node)
                continue;
            return context_fail(c, where, CN_ERROR_GRAPH,
                                "function: inputs %zu and %zu are the same tensor", k, i);
        }
    }
    return true;
}

/* Adds what the calls behind the results and the updates leave in their layers. */
static void add_layer_updates(cn_updates *u, const function_output *outputs, uint32_t count) {
    cn_context *c = u->context;
    uint32_t total = count + u->items.count;
    value *results = ARENA_ARRAY(c->arena, value, total + 1);
    for (uint32_t i = 0; i < total; i++)
        results[i] = i < count ? outputs[i].value : u->items.items[i - count].new_value;
    id_list calls = calls_behind(c, results, total);
    layer_updates_add(u, &calls, NULL);
}

/* The given ones and, in training, those of layers and of the step, which moves on as in cn_fit, so
 * that what is random differs from call to call. */
static const cn_updates *updates_of(cn_context *c, const cn_function_options *o,
                                    const function_output *outputs, uint32_t output_count) {
    const cn_updates *given = o->updates;
    cn_updates *all = cn_updates_new(c);
    for (uint32_t i = 0; given != NULL && i < given->items.count; i++)
        updates_replace(all, given->items.items[i].variable, given->items.items[i].new_value);
    if (!o->training)
        return all;
    if (!o->no_layer_updates)
        add_layer_updates(all, outputs, output_count);
    if (c->step != NULL && updates_find(all, c->step) == NULL)
        cn_updates_add(all, variable_tensor(c, c->step),
                       cn_op_shift(variable_tensor(c, c->step), 1));
    return all;
}

static cn_function *function_from_options(cn_context *c, cn_source where,
                                          const cn_function_options *o) {
    const cn_tensor *in = o->input_list != NULL ? o->input_list : o->inputs;
    const cn_tensor *out = o->output_list != NULL ? o->output_list : o->outputs;
    size_t in_count = o->input_list != NULL ? o->input_count : tensor_list_length(o->inputs);
    size_t out_count = o->output_list != NULL ? o->output_count : tensor_list_length(o->outputs);
    if (!diag_ok(&c->diag) || !tensors_usable(c, where, in, in_count, "input") ||
        !tensors_usable(c, where, out, out_count, "output") ||
        !tensors_differ(c, where, in, in_count)) {
        return NULL;
    }
    if (o->updates != NULL && o->updates->context != c) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                     "function: the updates belong to another context");
        return NULL;
    }
    if (out_count == 0 && (o->updates == NULL || o->updates->items.count == 0)) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                     "function: there are neither outputs nor updates");
        return NULL;
    }
    value *inputs = ARENA_ARRAY(c->arena, value, in_count + 1);
    const char **names = ARENA_ARRAY(c->arena, const char *, in_count + 1);
    function_output *outputs = ARENA_ARRAY(c->arena, function_output, out_count + 1);
    for (size_t i = 0; i < in_count; i++) {
        inputs[i] = tensor_value(in[i]);
        names[i] = arena_format(c->arena, "input_%zu", i);
        if (value_node(c->record, inputs[i])->op != &op_input ||
            variable_of(c, inputs[i]) != NULL) {
            context_fail(c, where, CN_ERROR_GRAPH,
                         "function: input %zu is %s, not made by cn_input", i,
                         tensor_describe(in[i]));
            return NULL;
        }
    }
    for (size_t i = 0; i < out_count; i++) {
        outputs[i] =
            (function_output){tensor_value(out[i]), arena_format(c->arena, "output_%zu", i)};
    }
    const cn_updates *updates = updates_of(c, o, outputs, (uint32_t)out_count);
    if (!diag_ok(&c->diag))
        return NULL;
    return function_compile(c, &(function_spec){.name = o->name != NULL ? o->name : "function",
                                                .training = o->training,
                                                .inputs = inputs,
                                                .input_names = names,
                                                .input_count = (uint32_t)in_count,
                                                .outputs = outputs,
                                                .output_count = (uint32_t)out_count,
                                                .updates = updates->items.items,
                                                .update_count = updates->items.count});
}

cn_function *cn_function_new_at(cn_source where, const cn_function_options *options) {
    cn_function_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return NULL;
    CONTEXT_ENTER(o.context, NULL);
    cn_function *f = function_from_options(o.context, where, &o);
    CONTEXT_LEAVE(o.context);
    return f;
}

/* Inputs of constant shapes alone say nothing of a batch. */
static bool takes_batches(const cn_function *f) {
    for (uint32_t i = 0; i < f->input_count; i++)
        for (int axis = 0; axis < f->input_types[i].rank; axis++)
            if (f->input_types[i].dims[axis].symbolic)
                return true;
    return false;
}

static bool lists_given(const cn_function *f, const cn_array *inputs, const cn_array *outputs) {
    const char *missing = f->input_count > 0 && inputs == NULL     ? "inputs"
                          : f->output_count > 0 && outputs == NULL ? "outputs"
                                                                   : NULL;
    return missing == NULL || diag_fail(&f->context->diag, CN_ERROR_DATA,
                                        "\"%s\" is called without its %s", f->name, missing);
}

cn_status cn_function_call(cn_function *f, const cn_array *inputs, const cn_array *outputs) {
    if (f == NULL || f->executable == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = f->context;
    CONTEXT_ENTER(c, c->diag.status);
    void **in = f->places, **out = f->places + f->input_count;
    int64_t batch = -1;
    bool ok = diag_ok(&c->diag) && lists_given(f, inputs, outputs);
    arena_mark mark = arena_get_mark(c->arena); /* of the words of a refusal */
    for (uint32_t i = 0; ok && i < f->input_count; i++) {
        ok = array_fits(c->arena, &c->diag, &inputs[i], &f->input_types[i], &batch, "input", i);
        in[i] = inputs[i].data;
    }
    if (!takes_batches(f))
        batch = 1;
    for (uint32_t i = 0; ok && i < f->output_count; i++) {
        ok = array_fits(c->arena, &c->diag, &outputs[i], &f->output_types[i], &batch, "output", i);
        out[i] = outputs[i].data;
    }
    arena_rewind(c->arena, mark);
    ok =
        ok && function_fits_memory(f, batch, &c->diag) && function_run(f, in, out, batch, &c->diag);
    CONTEXT_LEAVE(c);
    return ok ? CN_OK : c->diag.status;
}
