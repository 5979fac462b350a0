/* What a model consists of, as values: for tables, tools and whoever prepares its data. */
#include "frontend/model.h"

static void copy_type(const type *t, cn_dtype *dtype, int *rank, int64_t shape[CN_MAX_RANK]) {
    *dtype = t->dtype;
    *rank = t->rank;
    for (int i = 0; i < t->rank; i++)
        shape[i] = t->dims[i].symbolic ? CN_BATCH : t->dims[i].count;
}

static cn_array array_of(cn_tensor x, const char *name) {
    cn_array a = {.name = name};
    copy_type(tensor_type(x), &a.dtype, &a.rank, a.shape);
    return a;
}

static bool has(const cn_model *m) {
    return m != NULL && m->context != NULL && !m->poison;
}

bool cn_is_compiled(const cn_model *m) {
    return has(m) && m->training != NULL;
}

size_t cn_input_count(const cn_model *m) {
    return has(m) ? m->inputs.count : 0;
}

size_t cn_output_count(const cn_model *m) {
    return has(m) ? m->outputs.count : 0;
}

/* The name of the InputLayer that made it. */
cn_array cn_model_input(const cn_model *m, size_t i) {
    if (i >= cn_input_count(m))
        return (cn_array){0};
    cn_tensor x = m->inputs.items[i];
    const cn_context *c = m->context;
    const layer_call *call = &c->calls.items[c->call_of_node.items[x.node]];
    return array_of(x, call->layer == NULL ? "" : cn_layer_name(call->layer));
}

cn_array cn_model_output(const cn_model *m, size_t i) {
    if (i >= cn_output_count(m))
        return (cn_array){0};
    return array_of(m->outputs.items[i].tensor, m->outputs.items[i].name);
}

size_t cn_layer_count(const cn_model *m) {
    return has(m) ? m->layers.count : 0;
}

/* Of the last call outside of nested models, as the summary has it. */
static const layer_call *last_call(const cn_layer *l) {
    const cn_context *c = l->context;
    const layer_call *last = NULL;
    for (uint32_t i = 0; i < l->calls.count; i++) {
        const layer_call *call = &c->calls.items[l->calls.items[i]];
        if (call->parent == 0 || last == NULL)
            last = call;
    }
    return last;
}

size_t layer_parameters(const cn_layer *l) {
    size_t count = 0;
    for (uint32_t i = 0; i < l->weights.count; i++)
        count += (size_t)type_count(&l->weights.items[i]->type, 0);
    return l->model != NULL ? cn_parameter_count(l->model, false) : count;
}

cn_layer_facts cn_layer_get(const cn_model *m, size_t i) {
    cn_layer_facts facts = {0};
    if (i >= cn_layer_count(m))
        return facts;
    const cn_layer *l = m->layers.items[i];
    const layer_call *call = last_call(l);
    facts.name = cn_layer_name(l);
    facts.class_name = l->class_name;
    facts.parameters = layer_parameters(l);
    facts.trainable = !l->frozen;
    if (call != NULL && call->output_count > 0)
        copy_type(tensor_type(call->outputs[0]), &facts.dtype, &facts.rank, facts.shape);
    return facts;
}
