/* Every op is complete: what its entry must have, by its traits. */
#include "ir/ops/ops.h"
#include "test.h"

static void ops_are_found_by_name_and_nothing_else_is(void **state) {
    (void)state;
    for (int i = 0; op_registry[i] != NULL; i++)
        assert_ptr_equal(op_find(op_registry[i]->name, strlen(op_registry[i]->name)),
                         op_registry[i]);
    assert_null(op_find("ad", 2));
    assert_null(op_find("added", 5));
    assert_null(op_find("", 0));
}

static void missing(const op_def *op, bool is_there, const char *what) {
    if (!is_there)
        fail_msg("op %s has no %s", op->name, what);
}

/* Inputs are places, a group is lowered as a whole, a scan is the kernels of its body in a
 * loop; whatever is transient is gone by then. */
static bool needs_lowering(const op_def *op) {
    return op != &op_input && op != &op_group && op != &op_scan &&
           (op->traits & OP_TRANSIENT) == 0;
}

static void every_op_is_complete(void **state) {
    (void)state;
    for (int i = 0; op_registry[i] != NULL; i++) {
        const op_def *op = op_registry[i];
        missing(op, op->summary != NULL && op->summary[strlen(op->summary) - 1] == '.', "summary");
        missing(op, op->infer != NULL, "rule for types");
        missing(op, op->interpret != NULL, "reference semantics");
        missing(op, op->vjp != NULL || (op->traits & (OP_NO_GRADIENT | OP_TRANSIENT)) != 0,
                "gradient, nor a reason why not");
        if (needs_lowering(op))
            missing(op, op->element != NULL || op->contract != NULL || op->nest != NULL,
                    "lowering");
        if ((op->traits & OP_CONTRACTION) != 0)
            missing(op, op->contract != NULL, "contraction");
        if ((op->traits & (OP_POINTWISE | OP_INDEX)) != 0)
            missing(op, op->element != NULL, "element");
    }
}

static void attribute_tables_have_no_field_twice(void **state) {
    (void)state;
    for (int i = 0; op_registry[i] != NULL; i++) {
        const attribute_schema *schema = op_registry[i]->attributes;
        if (schema == NULL)
            continue;
        for (const attribute_field *f = schema->fields; f->name != NULL; f++) {
            assert_true(f->offset < schema->size);
            assert_true((f->kind == FIELD_ENUM) == (f->names != NULL));
            assert_true(f - schema->fields < 64);
            for (const attribute_field *g = schema->fields; g != f; g++)
                assert_string_not_equal(f->name, g->name);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_are_found_by_name_and_nothing_else_is),
        cmocka_unit_test(every_op_is_complete),
        cmocka_unit_test(attribute_tables_have_no_field_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
