/* Ops between layers, written: what Keras' golden operations became in the record is written as
 * Keras' operations again, read, and still computes what Keras does. Then the words for some, and
 * what has none.
 */
#include "golden_ops.h"

#include "runtime/io/json_read.h"

/* ---- there and back --------------------------------------------------------------------- */

typedef struct again {
    golden_op *op;
    cn_tensor *tensor_of_node; /* what was read for a node of the record */
    uint32_t node;
} again;

/* Operands are written as {"tensor": NODE}; what stands for itself is passed over. */
static void write_operand(keras_writer *w, uint32_t k, void *user) {
    const again *a = user;
    const graph *g = w->context->record;
    value v = graph_node(g, a->node)->operands[k];
    while (keras_op_is_inline(g, v.node))
        v = graph_node(g, v.node)->operands[0];
    json_open(&w->json, NULL, '{');
    json_put_integer(&w->json, "tensor", v.node);
    json_close(&w->json, '}');
}

static cn_tensor write_and_read(again *a, uint32_t id, uint32_t count) {
    objects *o = &a->op->o;
    const char *module, *class_name;
    const graph *g = o->c->record;
    if (!keras_op_spelling(g, id, &module, &class_name))
        fail_msg("%s: no words for %s", a->op->call.place, graph_node(g, id)->op->name);
    keras_writer w = o->writer;
    text written;
    text_init(&written, o->c->arena);
    w.json = (json_writer){.out = &written};
    json_open(&w.json, NULL, '{');
    json_open(&w.json, "config", '{');
    keras_write_op_config(&w, id);
    json_close(&w.json, '}');
    json_put_raw(&w.json, "call", "");
    w.json.comma = false;
    a->node = id;
    keras_write_op_arguments(&w, id, write_operand, a);
    json_close(&w.json, '}');
    json_t *j = json_read("written", written.data, written.length, &o->c->diag);
    golden_check_context(o->c, written.data);
    json_t *call = json_object_get(j, "call");
    keras_op_call read = {.place = written.data,
                          .class_name = class_name,
                          .config = json_object_get(j, "config"),
                          .args = json_object_get(call, "args"),
                          .kwargs = json_object_get(call, "kwargs"),
                          .tensors = a->tensor_of_node,
                          .tensor_count = count};
    cn_tensor y = golden_op_read(a->op, &read, 0);
    json_decref(j);
    return y;
}

/* Which nodes a tensor needs. */
static void mark(const graph *g, uint32_t id, bool *needed) {
    if (needed[id])
        return;
    needed[id] = true;
    for (uint32_t i = 0; i < graph_node(g, id)->operand_count; i++)
        mark(g, graph_node(g, id)->operands[i].node, needed);
}

static cn_tensor read_again(golden_op *op, cn_tensor y) {
    cn_context *c = op->o.c;
    uint32_t count = c->record->nodes.count;
    bool *needed = ARENA_ARRAY(c->arena, bool, count);
    again a = {.op = op, .tensor_of_node = ARENA_ARRAY(c->arena, cn_tensor, count)};
    mark(c->record, y.node, needed);
    for (uint32_t i = 1; i < count; i++) {
        bool leaf = graph_node(c->record, i)->operand_count == 0;
        if (leaf)
            a.tensor_of_node[i] = tensor_of(c, (value){i, 0});
        else if (needed[i] && !keras_op_is_inline(c->record, i))
            a.tensor_of_node[i] = write_and_read(&a, i, count);
    }
    return a.tensor_of_node[y.node];
}

/* Whose results are constants, or the input itself. */
static bool makes_nothing(const golden_op *op, cn_tensor y) {
    return y.node == op->inputs[0].node || keras_op_is_inline(op->o.c->record, y.node);
}

/* Means over all axes, which Keras' operations cannot be composed of without the batch's size. */
static bool divides_by_batch(const golden_op *op) {
    static const char *const names[] = {"mean", "var", "std"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], op->call.place) == 0)
            return true;
    return false;
}

static void operations_are_written_as_they_are_read(void **state) {
    (void)state;
    json_t *file = golden_load("keras_ops"), *json;
    size_t i, count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        golden_op op;
        golden_op_open(&op, json);
        cn_tensor y = golden_op_read(&op, &op.call, (size_t)golden_integer(json, "index", 0));
        if (!divides_by_batch(&op) && !makes_nothing(&op, y)) {
            golden_op_check(&op, read_again(&op, y), json);
            count++;
        }
        objects_close(&op.o);
    }
    assert_true(count > 150);
    json_decref(file);
}

/* ---- words ------------------------------------------------------------------------------ */

static void write_name(keras_writer *w, uint32_t k, void *user) {
    (void)user;
    json_put_raw(&w->json, NULL, k == 0 ? "x" : "y");
}

/* "Class {config} {call}", or "" where there are no words. */
static const char *words_of(objects *o, cn_tensor result) {
    const char *module, *class_name;
    if (!keras_op_spelling(o->c->record, result.node, &module, &class_name))
        return "";
    text words;
    text_init(&words, o->c->arena);
    o->writer.json = (json_writer){.out = &words};
    text_printf(&words, "%s ", class_name);
    json_open(&o->writer.json, NULL, '{');
    keras_write_op_config(&o->writer, result.node);
    json_close(&o->writer.json, '}');
    text_append(&words, " ");
    o->writer.json.comma = false;
    keras_write_op_arguments(&o->writer, result.node, write_name, NULL);
    return words.data;
}

static void numbers_and_arrays_stand_in_arguments(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    cn_tensor x = cn_input(o.c, {3, 4});
    const float column[] = {1, 2, INFINITY};
    cn_tensor array = cn_op_array(o.c, CN_F32, 2, (const int64_t[]){3, 1}, column);
    cn_tensor places = cn_op_array(o.c, CN_I32, 1, (const int64_t[]){2}, (const int32_t[]){2, -1});
    assert_string_equal(words_of(&o, cn_op_scale(x, 0.5)),
                        "Multiply {} {\"args\": [x, 0.5], \"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_shift(cn_op_cast(x, CN_I32), 2)),
                        "Add {} {\"args\": [x, 2], \"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_subtract(cn_op_ones_like(x), x)),
                        "Subtract {} {\"args\": [1.0, y], \"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_maximum_of(x, -(double)INFINITY)),
                        "Maximum {} {\"args\": [x, -Infinity], \"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_multiply(x, array)),
                        "Multiply {} {\"args\": [x, {\"class_name\": \"__numpy__\", \"config\": "
                        "{\"value\": [[[1.0], [2.0], [Infinity]]], \"dtype\": \"float32\"}}], "
                        "\"kwargs\": {}}");
    /* 300 wraps in eight bits, and stays so. */
    cn_tensor wrapped = cn_op_cast(cn_op_cast(cn_op_constant(o.c, 300, CN_I32), CN_U8), CN_F32);
    assert_string_equal(words_of(&o, cn_op_multiply(x, wrapped)),
                        "Multiply {} {\"args\": [x, 44.0], \"kwargs\": {}}");
    /* What is computed from constants is computed: -1 counts from the end. */
    assert_string_equal(words_of(&o, cn_op_take(x, places, 2)),
                        "Take {\"axis\": 2} {\"args\": [x, {\"class_name\": \"__numpy__\", "
                        "\"config\": {\"value\": [2, 3], \"dtype\": \"int32\"}}], "
                        "\"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_pad(x, 1, 1, 2, 0.5)),
                        "Pad {\"pad_width\": [[0, 0], [1, 2], [0, 0]], \"mode\": \"constant\"} "
                        "{\"args\": [x], \"kwargs\": {\"constant_values\": 0.5}}");
    assert_string_equal(words_of(&o, cn_op_concatenate((const cn_tensor[]){x, x}, 2, -1)),
                        "Concatenate {\"axis\": 2} {\"args\": [[x, y]], \"kwargs\": {}}");
    objects_close(&o);
}

static void shapes_leave_the_batch_open(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    cn_tensor x = cn_input(o.c, {3, 4});
    cn_tensor mean = cn_op_sum(x, 1, (const int64_t[]){1}, false); /* [B,4] */
    assert_string_equal(words_of(&o, cn_op_reshape(x, 2, (const int64_t[]){-1, 12})),
                        "Reshape {\"newshape\": [-1, 12]} {\"args\": [x], \"kwargs\": {}}");
    assert_string_equal(words_of(&o, cn_op_slice(x, 1, 1, 2)),
                        "GetItem {} {\"args\": [x, [{\"class_name\": \"__slice__\", \"config\": "
                        "{\"start\": null, \"stop\": null, \"step\": null}}, {\"class_name\": "
                        "\"__slice__\", \"config\": {\"start\": 1, \"stop\": 3, \"step\": null}}, "
                        "{\"class_name\": \"__slice__\", \"config\": {\"start\": 0, \"stop\": 4, "
                        "\"step\": null}}]], \"kwargs\": {}}");
    cn_tensor repeated = cn_op_broadcast_like(cn_op_expand_dims(mean, 1), x);
    cn_tensor joined = cn_op_concatenate((const cn_tensor[]){repeated, x}, 2, 1);
    assert_true(cn_tensor_ok(joined));
    assert_string_equal(words_of(&o, repeated),
                        "Einsum {\"subscripts\": \"ac,b->abc\"} {\"args\": [x, {\"class_name\": "
                        "\"__numpy__\", \"config\": {\"value\": [1.0, 1.0, 1.0], \"dtype\": "
                        "\"float32\"}}], \"kwargs\": {}}");
    objects_close(&o);
}

static void what_keras_has_not_has_no_words(void **state) {
    (void)state;
    objects o;
    objects_open(&o);
    cn_tensor x = cn_input(o.c, {3, 4});
    assert_string_equal(words_of(&o, cn_op_size(x, 0, CN_F32)), "");
    /* One repeated along the batch, beside another such: nothing would have the batch's shape. */
    cn_tensor row = cn_op_max(x, 1, (const int64_t[]){0}, false);
    cn_tensor one = cn_op_broadcast_like(row, x), other = cn_op_broadcast_like(row, x);
    assert_string_equal(words_of(&o, cn_op_add(one, other)), "");
    assert_true(keras_op_is_inline(o.c->record, one.node));
    objects_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations_are_written_as_they_are_read),
                                       cmocka_unit_test(numbers_and_arrays_stand_in_arguments),
                                       cmocka_unit_test(shapes_leave_the_batch_open),
                                       cmocka_unit_test(what_keras_has_not_has_no_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
