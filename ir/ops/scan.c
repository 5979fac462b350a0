/* scan: a loop over steps as one op, its body compiled once.
 *
 *   operands: constants, carries, inputs [length, ...]
 *   region:   (constants, carries, inputs of one step) -> (next carries, outputs of one step)
 *   results:  final carries, outputs stacked [length, ...]
 *
 * Steps run 0 .. length-1, or downwards when reverse: step t always reads and writes row t. The
 * length is a constant (the batch is no time). The gradient is another scan, in the other
 * direction: scan_gradient.c.
 */
#include "ir/ops/scan.h"

#include <string.h>

#include "ir/ops/control.h"
#include "ir/ops/rules.h"

static const attribute_field scan_fields[] = {
    {"constants", FIELD_INTEGER, offsetof(scan_attributes, constants), NULL},
    {"carries", FIELD_INTEGER, offsetof(scan_attributes, carries), NULL},
    {"length", FIELD_INTEGER, offsetof(scan_attributes, length), NULL},
    {"reverse", FIELD_BOOL, offsetof(scan_attributes, reverse), NULL},
    {0}};
static const attribute_schema scan_schema = {sizeof(scan_attributes), scan_fields};

scan_parts scan_parts_of(const node *n) {
    const scan_attributes *a = n->attributes;
    uint32_t constants = (uint32_t)a->constants, carries = (uint32_t)a->carries;
    return (scan_parts){.constants = constants,
                        .carries = carries,
                        .inputs = n->operand_count - constants - carries,
                        .outputs = n->result_count - carries,
                        .length = a->length,
                        .reverse = a->reverse};
}

/* ---- types -------------------------------------------------------------------------------- */

static uint32_t scan_count_results(const node *n) {
    return n->region_count == 0 ? 0 : n->regions[0]->outputs.count;
}

static bool check_counts(const node *n, diagnostics *d) {
    const scan_attributes *a = n->attributes;
    int64_t operands = n->operand_count, results = n->result_count;
    if (a->length < 0)
        return op_fail(d, n, "the length %lld is negative", (long long)a->length);
    if (a->constants < 0 || a->carries < 0 || a->constants > operands ||
        a->carries > operands - a->constants)
        return op_fail(d, n, "%lld constants and %lld carries do not fit %lld operands",
                       (long long)a->constants, (long long)a->carries, (long long)operands);
    if (a->carries > results)
        return op_fail(d, n, "its region returns %lld values, fewer than its %lld carries",
                       (long long)results, (long long)a->carries);
    return true;
}

/* The row of one step; false when `stacked` has no leading axis of that length. */
static bool row_type(const type *stacked, int64_t length, type *row) {
    if (stacked->rank == 0 || !dim_is(stacked->dims[0], length))
        return false;
    *row = type_make(stacked->dtype, stacked->rank - 1, stacked->dims + 1);
    return true;
}

static bool check_inputs(const graph *g, const node *n, const scan_parts *parts, diagnostics *d) {
    uint32_t first_input = parts->constants + parts->carries;
    for (uint32_t i = 0; i < n->operand_count; i++) {
        type wanted = *operand_type(g, n, i);
        if (i >= first_input && !row_type(operand_type(g, n, i), parts->length, &wanted))
            return op_fail(d, n, "input %u is %s, its first axis must be the %lld steps",
                           i - first_input, type_words(g, operand_type(g, n, i)),
                           (long long)parts->length);
        if (!check_region_input(g, n, i, &wanted, d))
            return false;
    }
    return true;
}

type scan_stacked_type(const type *row, int64_t length) {
    type stacked = {.dtype = row->dtype, .rank = row->rank + 1, .dims = {dim_of(length)}};
    memcpy(stacked.dims + 1, row->dims, (size_t)row->rank * sizeof(dim));
    return stacked;
}

static bool infer_outputs(const graph *g, const node *n, const scan_parts *parts, type *results,
                          diagnostics *d) {
    const graph *region = n->regions[0];
    for (uint32_t r = 0; r < n->result_count; r++) {
        const type *row = value_type(region, region->outputs.items[r].value);
        if (r < parts->carries) {
            results[r] = *operand_type(g, n, parts->constants + r);
            if (!type_equal(row, &results[r]))
                return op_fail(d, n, "carry %u enters a step as %s and leaves it as %s", r,
                               type_words(g, &results[r]), type_words(g, row));
        } else if (row->rank == MAX_RANK) {
            return op_fail(d, n, "output %u has no room for the axis of steps: %s",
                           r - parts->carries, type_words(g, row));
        } else if (!infer_one(g, n, scan_stacked_type(row, parts->length), &results[r], d)) {
            return false;
        }
    }
    return true;
}

static bool scan_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    if (!check_region(n, d) || !check_counts(n, d))
        return false;
    scan_parts parts = scan_parts_of(n);
    return check_inputs(g, n, &parts, d) && infer_outputs(g, n, &parts, results, d);
}

/* ---- reference semantics --------------------------------------------------------------------- */

static void copy_items(tensor *to, const tensor *from) {
    if (from->count > 0)
        memcpy(to->items, from->items, (size_t)from->count * sizeof(number));
}

/* Row t of a stacked tensor, without a copy. */
static tensor row_of(const tensor *stacked, const type *row, int64_t t) {
    int64_t count = type_count(row, 1);
    return (tensor){.type = *row, .count = count, .items = stacked->items + t * count};
}

typedef struct scan_run {
    interpreter *it;
    const node *scan;
    scan_parts parts;
    tensor *const *operands;
    tensor **results, **carries, **next; /* next: where a step puts its carries */
} scan_run;

static tensor **step_arguments(const scan_run *run, int64_t t) {
    uint32_t count = run->scan->operand_count;
    tensor **arguments = ARENA_ARRAY(run->it->arena, tensor *, count);
    for (uint32_t i = 0; i < count; i++) {
        tensor *operand = run->operands[i];
        uint32_t k = i - run->parts.constants; /* the carry, unless i is a constant */
        if (i < run->parts.constants) {
            arguments[i] = operand;
        } else if (k < run->parts.carries) {
            arguments[i] = run->carries[k];
        } else {
            type row;
            row_type(&operand->type, run->parts.length, &row);
            arguments[i] = ARENA_NEW(run->it->arena, tensor);
            *arguments[i] = row_of(operand, &row, t);
        }
    }
    return arguments;
}

/* A step may hand a carry on or exchange two, so all are copied before any is replaced. */
static bool run_step(scan_run *run, int64_t t) {
    arena_mark before = arena_get_mark(run->it->arena);
    tensor **outputs = ARENA_ARRAY(run->it->arena, tensor *, run->scan->result_count);
    if (!interpret_graph(run->it, run->scan->regions[0], step_arguments(run, t), outputs))
        return false;
    for (uint32_t r = 0; r < run->parts.carries; r++)
        copy_items(run->next[r], outputs[r]);
    for (uint32_t r = run->parts.carries; r < run->scan->result_count; r++) {
        tensor row = row_of(run->results[r], &outputs[r]->type, t);
        copy_items(&row, outputs[r]);
    }
    arena_rewind(run->it->arena, before);
    tensor **swap = run->carries;
    run->carries = run->next;
    run->next = swap;
    return true;
}

static void scan_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    scan_run run = {it, n, scan_parts_of(n), operands, results, NULL, NULL};
    run.carries = ARENA_ARRAY(it->arena, tensor *, run.parts.carries);
    run.next = ARENA_ARRAY(it->arena, tensor *, run.parts.carries);
    for (uint32_t k = 0; k < run.parts.carries; k++) {
        run.carries[k] = results[k];
        run.next[k] = tensor_new(it, &n->types[k]);
        copy_items(run.carries[k], operands[run.parts.constants + k]);
    }
    for (int64_t i = 0; i < run.parts.length; i++)
        if (!run_step(&run, run.parts.reverse ? run.parts.length - 1 - i : i))
            return;
    for (uint32_t k = 0; k < run.parts.carries; k++)
        results[k] = run.carries[k];
}

static double scan_cost(const graph *g, const node *n, int64_t batch) {
    (void)g;
    return (double)scan_parts_of(n).length * region_cost(n->regions[0], batch);
}

const op_def op_scan = {
    .name = "scan",
    .summary = "A loop over the leading axis that carries values from step to step.",
    .operand_count = -1,
    .traits = OP_OPAQUE | OP_REGION,
    .attributes = &scan_schema,
    .count_results = scan_count_results,
    .infer = scan_infer,
    .vjp = scan_vjp,
    .interpret = scan_interpret,
    .cost = scan_cost,
};
