/* From a group to its kernel: the loops around what ops pull through ir/lower.h.
 *
 * A map or reduction is loops over its outputs' dims with the values pulled inside (a reduction
 * among them becomes a `reduce` statement there). A row group has loops over rows, and in each
 * row loops over its elements; what several passes over a row need is kept in a local buffer. A
 * contraction's outputs are its epilogue. An opaque op brings its own nest.
 *
 * Invariant: within one iteration all values are read before the first store, so that a result
 * may overwrite an operand it reads at the same index (passes/inplace.c decides).
 * Arguments are the group's operands, then its results, in order. Always verified.
 */
#include <string.h>

#include "ir/lower_state.h"
#include "passes/iteration.h"
#include "passes/lower_parts.h"
#include "passes/pass.h"

static value output_value(const lowering *l, uint32_t output) {
    return l->region->outputs.items[output].value;
}

/* ---- buffers --------------------------------------------------------------------------- */

static void add_buffer(kernel *k, const type *t, buffer_access how, const char *hint) {
    vec_push(k->arena, &k->buffers, (loop_buffer){*t, how, hint});
}

static void add_arguments(lowering *l) {
    kernel *k = l->kernel;
    lowering_state(l)->buffer_of_input = ARENA_ARRAY(l->arena, int, l->region->nodes.count);
    for (uint32_t i = 0; i < l->region->inputs.count; i++) {
        value v = l->region->inputs.items[i].value;
        lowering_state(l)->buffer_of_input[v.node] = (int)i + 1;
        add_buffer(k, value_type(l->region, v), BUFFER_IN, "x");
    }
    lowering_state(l)->first_result = (int)k->buffers.count;
    for (uint32_t i = 0; i < l->region->outputs.count; i++)
        add_buffer(k, value_type(l->region, output_value(l, i)), BUFFER_OUT, "y");
    k->argument_count = (int)k->buffers.count;
}

/* ---- maps and reductions --------------------------------------------------------------- */

/* Loops over the dims of a type, dims of 1 left out; fills the index. */
static int open_loops(lowering *l, const type *t, const expr **index) {
    int opened = 0;
    for (int i = 0; i < t->rank; i++) {
        index[i] = expr_integer(l->arena, CN_I64, 0);
        if (dim_is(t->dims[i], 1))
            continue;
        loop_variable *axis = lower_axis(l, "i", t->dims[i]);
        lower_loop_begin(l, axis, true);
        index[i] = expr_variable(l->arena, axis);
        opened++;
    }
    return opened;
}

static void close_loops(lowering *l, int count) {
    while (count-- > 0)
        lower_loop_end(l);
}

void pull_output(lowering *l, pending_store *p) {
    p->value = lower_bind(l, lower_value(l, output_value(l, p->output), p->index));
}

void store_all(lowering *l, const pending_store *stores, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        lower_store_buffer(l, lowering_state(l)->first_result + (int)stores[i].output,
                           stores[i].index, stores[i].value);
}

/* Outputs `first` and those after it that share its loops. */
static void lower_domain(lowering *l, const uint32_t *outputs, uint32_t count) {
    const expr *index[MAX_RANK];
    pending_store *stores = ARENA_ARRAY(l->arena, pending_store, count);
    int loops = open_loops(l, value_type(l->region, output_value(l, outputs[0])), index);
    for (uint32_t i = 0; i < count; i++) {
        stores[i].output = outputs[i];
        spread_index(l, value_type(l->region, output_value(l, outputs[0])), index,
                     value_type(l->region, output_value(l, outputs[i])), stores[i].index);
        pull_output(l, &stores[i]);
    }
    store_all(l, stores, count);
    close_loops(l, loops);
}

static bool same_domain(iteration *it, value x, value y) {
    class_list a = iteration_classes(it, x), b = iteration_classes(it, y);
    return a.count == b.count && memcmp(a.items, b.items, (size_t)a.count * sizeof *a.items) == 0;
}

/* One nest for each domain: usually one, several after a horizontal merge. */
static void lower_map(lowering *l, iteration *it) {
    uint32_t total = l->region->outputs.count, count;
    bool *done = ARENA_ARRAY(l->arena, bool, total);
    uint32_t *same = ARENA_ARRAY(l->arena, uint32_t, total);
    for (uint32_t i = 0; i < total; i++) {
        count = 0;
        for (uint32_t k = i; k < total; k++) {
            if (done[k] || !same_domain(it, output_value(l, i), output_value(l, k)))
                continue;
            done[k] = true;
            same[count++] = k;
        }
        if (count > 0)
            lower_domain(l, same, count);
    }
}

/* ---- rows ------------------------------------------------------------------------------ */

typedef struct row_nest {
    lowering *l;
    iteration *it;
    const expr *at[MAX_LOOPS]; /* index of each outer, then each row class */
} row_nest;

static void row_index(row_nest *r, value v, const expr **index) {
    for (int d = 0; d < value_type(r->l->region, v)->rank; d++) {
        int c = iteration_class(r->it, v, d);
        index[d] = expr_integer(r->l->arena, CN_I64, 0);
        for (int i = 0; i < r->it->outer.count; i++)
            if (r->it->outer.items[i] == c)
                index[d] = r->at[i];
        for (int i = 0; i < r->it->row.count; i++)
            if (r->it->row.items[i] == c)
                index[d] = r->at[r->it->outer.count + i];
    }
}

static void open_class_loops(row_nest *r, const class_list *classes, int first, const char *hint) {
    for (int i = 0; i < classes->count; i++) {
        dim extent = r->it->extent.items[classes->items[i]];
        loop_variable *axis = lower_axis(r->l, hint, extent);
        lower_loop_begin(r->l, axis, true);
        r->at[first + i] = expr_variable(r->l->arena, axis);
    }
}

static bool spans_row(row_nest *r, value v) {
    class_list l = iteration_classes(r->it, v);
    for (int i = 0; i < l.count; i++)
        if (class_list_has(&r->it->row, l.items[i]))
            return true;
    return false;
}

static void pull_outputs(row_nest *r, bool rows, pending_store *stores, uint32_t *count) {
    *count = 0;
    for (uint32_t i = 0; i < r->l->region->outputs.count; i++) {
        value v = output_value(r->l, i);
        if (spans_row(r, v) != rows)
            continue;
        pending_store *p = &stores[(*count)++];
        p->output = i;
        row_index(r, v, p->index);
        pull_output(r->l, p);
    }
}

static void lower_rows(lowering *l, iteration *it) {
    row_nest r = {l, it, {0}};
    uint32_t outputs = l->region->outputs.count, scalars, elements;
    pending_store *of_row = ARENA_ARRAY(l->arena, pending_store, outputs);
    pending_store *of_element = ARENA_ARRAY(l->arena, pending_store, outputs);
    open_class_loops(&r, &it->outer, 0, "i");
    lowering_state(l)->row_depth = lowering_state(l)->scope->depth;
    choose_locals(l, it);
    pull_outputs(&r, false, of_row, &scalars);
    open_class_loops(&r, &it->row, it->outer.count, "j");
    pull_outputs(&r, true, of_element, &elements);
    store_all(l, of_element, elements);
    close_loops(l, it->row.count);
    store_all(l, of_row, scalars);
    close_loops(l, it->outer.count);
}

/* ---- the group ------------------------------------------------------------------------- */

static void classify_region(iteration *it, const graph *region, arena *a) {
    iteration_init(it, a, region, INT64_MAX);
    it->trusted = true;
    iteration_begin(it);
    for (uint32_t id = 1; id < region->nodes.count; id++) {
        bool output = false;
        for (uint32_t i = 0; i < region->outputs.count; i++)
            output = output || region->outputs.items[i].value.node == id;
        if (graph_node(region, id)->op != &op_input)
            iteration_add(it, id, is_free_in_region(it, id), output);
    }
    iteration_classify(it);
}

static const char *summary_of(const graph *region, arena *a) {
    text t;
    text_init(&t, a);
    for (uint32_t id = 1; id < region->nodes.count; id++)
        if (graph_node(region, id)->op != &op_input)
            text_printf(&t, "%s%s", t.length > 0 ? ", " : "", graph_node(region, id)->op->name);
    return t.data;
}

static bool lower_by_kind(lowering *l, group_kind kind, diagnostics *d) {
    iteration it;
    const node *opaque = NULL;
    classify_region(&it, l->region, l->arena);
    switch (kind) {
    case GROUP_MAP:
    case GROUP_REDUCE:
        lower_map(l, &it);
        return true;
    case GROUP_ROW:
        lower_rows(l, &it);
        return true;
    case GROUP_CONTRACT:
        return lower_contraction(l, &it, d);
    case GROUP_OPAQUE:
        opaque = find_nest(l);
        break;
    }
    if (opaque == NULL)
        return diag_fail(d, CN_ERROR_INTERNAL, "group without a node that has a nest");
    opaque->op->nest(l, opaque);
    return true;
}

kernel *lower_group(const graph *g, const node *group, arena *a, diagnostics *d) {
    (void)g;
    const group_attributes *attributes = group->attributes;
    kernel *k = ARENA_NEW(a, kernel);
    k->arena = a;
    k->name = attributes->name;
    k->summary = summary_of(group->regions[0], a);
    lowering *l = lowering_new(a, group->regions[0], k);
    add_arguments(l);
    if (!lower_by_kind(l, (group_kind)attributes->kind, d))
        return NULL;
    apply_in_place(k, group);
    return kernel_verify(k, d) ? k : NULL;
}
