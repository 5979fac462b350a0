/* Ops between layers against Keras: each operation as a file has it, and what it computes; then
 * what is refused.
 */
#include "../golden.h"

#include "keras_objects.h"

/* ---- golden operations ------------------------------------------------------------------ */

static const char *kind_of(cn_dtype d) {
    return d == CN_BOOL ? "bool" : dtype_is_float(d) ? "float" : "integer";
}

static void check_case(const json_t *json) {
    const char *name = golden_text(json, "name");
    objects o;
    objects_open(&o);
    golden_run run = {.c = o.c};
    cn_tensor inputs[4];
    size_t i;
    json_t *input;
    json_array_foreach(json_object_get(json, "inputs"), i, input) {
        golden_tensor given = golden_read(input, o.c->arena);
        inputs[i] = golden_input(o.c, &given);
        golden_feed(&run, inputs[i], given.data);
        run.batch = given.type.dims[0].count;
    }
    keras_op_call call = {.place = name,
                          .class_name = golden_text(json, "class_name"),
                          .config = json_object_get(json, "config"),
                          .args = json_object_get(json, "args"),
                          .kwargs = json_object_get(json, "kwargs"),
                          .tensors = inputs,
                          .tensor_count = i};
    assert_true(keras_op_known(call.class_name));
    cn_tensor y = keras_read_op(&o.reader, &call);
    if (o.reader.problem_count != 0)
        fail_msg("%s:%s", name, o.reader.problems.data);
    golden_want(&run, y);
    golden_execute(&run, name);
    golden_tensor want = golden_read(json_object_get(json, "output"), o.c->arena);
    golden_compare(name, "output", run.results[0], &want);
    if (strcmp(kind_of(cn_tensor_dtype(y)), golden_text(json, "kind")) != 0)
        fail_msg("%s: %s is no %s", name, tensor_describe(y), golden_text(json, "kind"));
    objects_close(&o);
}

static void operations_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("keras_ops"), *json;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, json) check_case(json);
    assert_true(i > 150);
    json_decref(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations_are_keras)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
