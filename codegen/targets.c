/* The targets: a backend is its folder and its row here. */
#include <string.h>

#include "codegen/target.h"

extern const target target_cpu; /* codegen/cpu/cpu.c */
extern const target target_ref; /* codegen/ref/ref.c */

const target *const target_registry[] = {
    &target_cpu,
    &target_ref,
    NULL,
};

const target *target_find(const char *name) {
    for (const target *const *t = target_registry; *t != NULL; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}

#ifdef NDEBUG
static const char *const usual_verification = "off";
#else
static const char *const usual_verification = "on";
#endif

pipeline_options target_pipeline_options(const compile_options *o) {
    return (pipeline_options){
        .label = o->label,
        .dump = o->dump,
        .list = o->pass_list,
        .passes = o->passes,
        .verify = o->verify != NULL ? o->verify : usual_verification,
    };
}

/* `user` points to whether locations stay. */
static bool copy_whole(rewriter *r, const node *n, const value *operands, value *results) {
    graph *to = r->to;
    node copy = *n;
    if (!*(const bool *)r->user)
        copy.location = (location){0};
    copy.regions = ARENA_ARRAY(to->arena, graph *, n->region_count);
    for (uint32_t i = 0; i < n->region_count; i++)
        copy.regions[i] = graph_rewrite(n->regions[i], to->arena, copy_whole, r->user);
    to->location = copy.location;
    value v = graph_copy_node(to, &copy, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_is_none(v) ? NO_VALUE : value_result(v, i);
    return true;
}

graph *target_copy_graph(const graph *g, bool explain, arena *a) {
    return graph_rewrite(g, a, copy_whole, &explain);
}

static const executable_argument *describe_inputs(const graph *g, arena *a) {
    executable_argument *in = ARENA_ARRAY(a, executable_argument, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        const graph_input *input = &g->inputs.items[i];
        in[i] = (executable_argument){.name = input->name,
                                      .type = *value_type(g, input->value),
                                      .state = input->role == INPUT_STATE,
                                      .into = -1};
    }
    return in;
}

static const executable_argument *describe_outputs(const graph *g, arena *a) {
    executable_argument *out = ARENA_ARRAY(a, executable_argument, g->outputs.count);
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *output = &g->outputs.items[i];
        out[i] = (executable_argument){.name = output->name,
                                       .type = *value_type(g, output->value),
                                       .state = output->into >= 0,
                                       .into = output->into};
    }
    return out;
}

void target_describe(executable *x, const graph *g, arena *a) {
    x->inputs = describe_inputs(g, a);
    x->outputs = describe_outputs(g, a);
    x->input_count = (int)g->inputs.count;
    x->output_count = (int)g->outputs.count;
    x->bound_batch = g->bound_batch;
}
