/* What there is to dump by: the passes and the ops, as text or JSON; see the header. */
#include "tools/dump_lists.h"

#include "tools/json.h"

exit_code list_passes(const invocation *i) {
    json j;
    if (i->json) {
        j = json_begin(i->out, SCHEMA_passes);
        json_open(&j, "passes", '[');
    }
    for (size_t k = 0; k < cn_pass_count(); k++) {
        cn_pass_facts pass = cn_pass_get(k);
        if (i->json) {
            json_open(&j, NULL, '{');
            json_text(&j, "name", pass.name);
            json_text(&j, "summary", pass.summary);
            json_close(&j, '}');
        } else {
            fprintf(i->out, "%2zu  %-13s %s\n", k + 1, pass.name, pass.summary);
        }
    }
    if (i->json) {
        json_close(&j, ']');
        json_end(&j);
    }
    return EXIT_OK;
}

/* "kind=sum|prod|max", "axes=integers". */
static void print_attribute(const invocation *i, cn_ir_attribute_facts a) {
    fprintf(i->out, " %s=", a.name);
    if (a.choices == NULL)
        fputs(a.kind, i->out);
    for (const char *const *c = a.choices; c != NULL && *c != NULL; c++)
        fprintf(i->out, "%s%s", c == a.choices ? "" : "|", *c);
}

static void print_op(const invocation *i, size_t k) {
    cn_ir_op_facts op = cn_ir_op_get(k);
    fprintf(i->out, "%s", op.name);
    if (op.operand_count >= 0)
        fprintf(i->out, " (%d operand%s)", op.operand_count, op.operand_count == 1 ? "" : "s");
    for (size_t n = 0; n < op.attribute_count; n++)
        print_attribute(i, cn_ir_op_attribute(k, n));
    fprintf(i->out, "\n    %s\n", op.summary);
}

static void write_op(json *j, size_t k) {
    cn_ir_op_facts op = cn_ir_op_get(k);
    json_open(j, NULL, '{');
    json_text(j, "name", op.name);
    json_text(j, "summary", op.summary);
    json_integer(j, "operands", op.operand_count);
    json_open(j, "attributes", '[');
    for (size_t n = 0; n < op.attribute_count; n++) {
        cn_ir_attribute_facts a = cn_ir_op_attribute(k, n);
        json_open(j, NULL, '{');
        json_text(j, "name", a.name);
        json_text(j, "kind", a.kind);
        if (a.choices != NULL) {
            json_open(j, "choices", '[');
            for (const char *const *c = a.choices; *c != NULL; c++)
                json_text(j, NULL, *c);
            json_close(j, ']');
        }
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

exit_code list_ops(const invocation *i) {
    if (!i->json) {
        for (size_t k = 0; k < cn_ir_op_count(); k++)
            print_op(i, k);
        return EXIT_OK;
    }
    json j = json_begin(i->out, SCHEMA_ops);
    json_open(&j, "ops", '[');
    for (size_t k = 0; k < cn_ir_op_count(); k++)
        write_op(&j, k);
    json_close(&j, ']');
    json_end(&j);
    return EXIT_OK;
}
