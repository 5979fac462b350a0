/* Ops between layers against Keras: each operation as a file has it, and what it computes; then
 * what is refused.
 */
#include "golden_ops.h"

static void operations_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("keras_ops"), *json;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        golden_op op;
        golden_op_open(&op, json);
        size_t index = (size_t)golden_integer(json, "index", 0);
        golden_op_check(&op, golden_op_read(&op, &op.call, index), json);
        objects_close(&op.o);
    }
    assert_true(i > 150);
    json_decref(file);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void unknown_operations_are_known_as_such(void **state) {
    (void)state;
    assert_true(keras_op_known("Add"));
    assert_true(keras_op_known("GetItem"));
    assert_false(keras_op_known("FFT"));
    assert_false(keras_op_known("add"));
}

/* Tensor 0, the first argument, is f32[B,3,4], tensor 1 i32[B,2]. */
static const struct {
    const char *class_name, *config, *more, *words;
} refused[] = {
    {"Add", "{}", "{\"tensor\": 7}", "an operand is a tensor, not {\"tensor\":7}"},
    {"Add", "{}", "\"x\"", "an operand is a tensor, a number or an array, not \"x\""},
    {"Add", "{}", "{\"tensor\": 1}", "made by"},
    {"Add", "{\"twice\": true}", "1", "Add: Cornu has no option \"twice\", which is true"},
    {"Add", "{}", "[[1, 2], [3]]", "an array is lists of equal lengths, at most 8 deep"},
    {"Add", "{}", "[[1, \"2\"]]", "an array is numbers in lists of equal lengths"},
    {"Add", "{}", "[[1, [2]]]", "an array is numbers in lists of equal lengths"},
    {"Add", "{}", "[[[[[[[[[1]]]]]]]]]", "at most 8 deep"},
    {"Add", "{}",
     "{\"class_name\": \"__numpy__\", \"config\": {\"value\": 1, \"dtype\": \"complex64\"}}",
     "an array has an element type of Cornu's"},
    {"Sum", "{\"axis\": \"last\"}", "", "axes are integers, not \"last\""},
    {"Sum", "{\"axis\": [1, null]}", "", "axes are integers, not [1,null]"},
    {"Sum", "{\"axis\": 3}", "", "axis 3 is not one of the 3 axes"},
    {"Max", "{\"axis\": 1, \"initial\": 2}", "", "Max: \"initial\" is 2; in Cornu it is null"},
    {"Softmax", "{\"axis\": [1, 2]}", "", "Softmax: \"axis\" is [1,2]; it is an integer"},
    {"Cast", "{\"dtype\": \"int16\"}", "", "Cornu has no element type \"int16\""},
    {"Reshape", "{\"newshape\": [5, 5]}", "", "the elements do not match"},
    {"Reshape", "{\"newshape\": [-1, -1, -1]}", "", "the elements do not match"},
    {"Transpose", "{\"axes\": [1, 0]}", "",
     "a transpose has one axis for each of the operand's, not [1,0]"},
    {"Moveaxis", "{\"source\": 7, \"destination\": 0}", "", "axes to move are the operand's"},
    {"Moveaxis", "{\"source\": [0, 1], \"destination\": [1, 1]}", "",
     "axes to move are the operand's"},
    {"Squeeze", "{\"axis\": 1}", "", "is not of size 1"},
    {"Squeeze", "{\"axis\": 9}", "", "axes are the operand's, not 9"},
    {"Flip", "{\"axis\": -4}", "", "axes are the operand's, not -4"},
    {"BroadcastTo", "{\"shape\": [2, 3, 4]}", "", "does not broadcast to the shape"},
    {"BroadcastTo", "{\"shape\": [-1, 3, 4]}", "", "sizes to broadcast to are not negative"},
    {"Pad", "{\"pad_width\": [[1, 0], [0, 0], [0, 0]]}", "", "is the batch, whose size is open"},
    {"Pad", "{\"pad_width\": [[0, 0], [1, -1], [0, 0]]}", "", "amounts are not negative"},
    {"Pad", "{\"pad_width\": [[0, 0], [1]]}", "", "\"pad_width\" is a pair per axis"},
    {"Pad", "{\"pad_width\": 1, \"mode\": \"reflect\"}", "",
     "Pad: \"mode\" is \"reflect\"; in Cornu it is \"constant\""},
    {"Repeat", "{\"repeats\": 2, \"axis\": 0}", "", "is an axis, not the batch"},
    {"Repeat", "{\"repeats\": 2}", "", "an axis is wanted to repeat along"},
    {"Repeat", "{\"repeats\": 1000000, \"axis\": 1}", "", "at most 2^20 elements"},
    {"Tile", "{\"repeats\": [1, 1, 1000000000000]}", "", "at most 2^20 times"},
    {"Tile", "{\"repeats\": [2, 1, 1]}", "", "is an axis, not the batch"},
    {"Take", "{}", "[0]", "an axis is wanted to take along"},
    {"Take", "{\"axis\": 1}", "{\"tensor\": 0}", "indices are integers"},
    {"GetItem", "{}", "[0]", "is the batch, whose size is open"},
    {"GetItem", "{}",
     "[{\"class_name\": \"__slice__\", \"config\": {\"start\": 1, \"stop\": null}}]",
     "an index of the batch takes all of it"},
    {"GetItem", "{}", "[{\"class_name\": \"__ellipsis__\", \"config\": {}}, 5]",
     "1 elements from 5 are not in axis 2"},
    {"GetItem", "{}", "[null, {\"class_name\": \"__slice__\", \"config\": {}}, 0, 0, 0]",
     "there are no more indices than axes"},
    {"GetItem", "{}",
     "[{\"class_name\": \"__slice__\", \"config\": {}}, {\"class_name\": \"__slice__\", "
     "\"config\": {\"step\": 0}}]",
     "a slice has integers, and a step"},
    {"GetItem", "{}", "[{\"class_name\": \"__slice__\", \"config\": {}}, \"all\"]",
     "an index is a number, a slice, None or ..."},
    {"Concatenate", "{\"axis\": 1}", "", "a list of tensors is wanted"},
    {"Split", "{\"indices_or_sections\": 3, \"axis\": 2}", "", "in at most 16 parts"},
    {"Split", "{\"indices_or_sections\": [2, 1], \"axis\": 2}", "", "in at most 16 parts"},
    {"Split", "{\"indices_or_sections\": [2, 5], \"axis\": 2}", "", "in at most 16 parts"},
    {"Split", "{\"indices_or_sections\": 2}", "", "not the batch"},
    {"Average", "{\"axis\": 1}", "[1, 2, 3]", "Cornu's average has no weights, not [1,2,3]"},
    {"OneHot", "{\"num_classes\": 3, \"axis\": 1}", "", "OneHot: \"axis\" is 1; in Cornu it is -1"},
    {"Einsum", "{\"subscripts\": \"abc->a\"}", "", "an einsum is of two operands"},
    {"Einsum", "{\"subscripts\": \"abc,de->az\"}", "{\"tensor\": 1}",
     "the result of an einsum has axes of its operands"},
    {"Einsum", "{\"subscripts\": \"aab,de->ab\"}", "{\"tensor\": 1}",
     "an einsum is of two operands"},
    {"Einsum", "{\"subscripts\": \"...a,de->a\"}", "{\"tensor\": 1}",
     "an einsum is of two operands"},
};

static void what_is_refused_is_named(void **state) {
    (void)state;
    static const char x[] = "{\"tensor\": 0}";
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        objects o;
        objects_open(&o);
        const cn_tensor tensors[] = {cn_input(o.c, {3, 4}, .name = "x"),
                                     cn_input(o.c, {2}, .name = "n", .dtype = CN_I32)};
        const char *more =
            refused[i].more[0] == 0 ? "" : arena_format(o.c->arena, ", %s", refused[i].more);
        json_t *args = json_of(arena_format(o.c->arena, "[%s%s]", x, more));
        json_t *config = json_of(refused[i].config);
        const keras_op_call call = {.place = "here",
                                    .class_name = refused[i].class_name,
                                    .config = config,
                                    .args = args,
                                    .tensors = tensors,
                                    .tensor_count = 2};
        cn_tensor results[CN_MAX_LIST];
        assert_int_equal(keras_read_op(&o.reader, &call, results, CN_MAX_LIST), 0);
        assert_int_equal(cn_error_status(o.c), CN_OK);
        if (o.reader.problem_count == 0 || strstr(o.reader.problems.data, refused[i].words) == NULL)
            fail_msg("%s %s: \"%s\" is not in \"%s\"", refused[i].class_name, refused[i].config,
                     refused[i].words, o.reader.problems.data);
        json_decref(args);
        json_decref(config);
        objects_close(&o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations_are_keras),
                                       cmocka_unit_test(unknown_operations_are_known_as_such),
                                       cmocka_unit_test(what_is_refused_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
