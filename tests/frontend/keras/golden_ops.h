/* Golden operations of real Keras, as files have them: a case's inputs, and its call. */
#ifndef CORNU_TESTS_FRONTEND_KERAS_GOLDEN_OPS_H
#define CORNU_TESTS_FRONTEND_KERAS_GOLDEN_OPS_H

#include "../golden.h"

#include "keras_objects.h"

typedef struct golden_op {
    objects o;
    golden_run run;
    cn_tensor inputs[4];
    keras_op_call call;
} golden_op;

static inline void golden_op_open(golden_op *op, const json_t *json) {
    size_t i;
    json_t *input;
    objects_open(&op->o);
    op->run = (golden_run){.c = op->o.c};
    json_array_foreach(json_object_get(json, "inputs"), i, input) {
        golden_tensor given = golden_read(input, op->o.c->arena);
        op->inputs[i] = golden_input(op->o.c, &given);
        golden_feed(&op->run, op->inputs[i], given.data);
        op->run.batch = given.type.dims[0].count;
    }
    op->call = (keras_op_call){.place = golden_text(json, "name"),
                               .class_name = golden_text(json, "class_name"),
                               .config = json_object_get(json, "config"),
                               .args = json_object_get(json, "args"),
                               .kwargs = json_object_get(json, "kwargs"),
                               .tensors = op->inputs,
                               .tensor_count = i};
}

/* One result of a call that nobody has anything to remark on. */
static inline cn_tensor golden_op_read(golden_op *op, const keras_op_call *call, size_t index) {
    cn_tensor y[CN_MAX_LIST];
    assert_true(keras_op_known(call->class_name));
    size_t count = keras_read_op(&op->o.reader, call, y, CN_MAX_LIST);
    if (op->o.reader.problem_count != 0)
        fail_msg("%s: %s:%s", op->call.place, call->class_name, op->o.reader.problems.data);
    assert_true(index < count);
    return y[index];
}

/* What the tensor is for the case's inputs is what Keras says. */
static inline void golden_op_check(golden_op *op, cn_tensor y, const json_t *json) {
    golden_want(&op->run, y);
    golden_execute(&op->run, op->call.place);
    golden_tensor want = golden_read(json_object_get(json, "output"), op->o.c->arena);
    golden_compare(op->call.place, "output", op->run.results[0], &want);
    cn_dtype d = cn_tensor_dtype(y);
    const char *kind = d == CN_BOOL ? "bool" : dtype_is_float(d) ? "float" : "integer";
    if (strcmp(kind, golden_text(json, "kind")) != 0)
        fail_msg("%s: %s is no %s", op->call.place, tensor_describe(y), golden_text(json, "kind"));
}

#endif
