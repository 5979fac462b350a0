/* cornu verify MODEL: layer by layer against arrays of another program (--reference FILE.npz), and
 * gradients in reverse mode against forward mode (--gradients). */
#include <math.h>
#include <string.h>

#include "tools/json.h"
#include "tools/verb.h"

static const char *const verdicts[] = {[CN_AGREES] = "agrees",
                                       [CN_DEPARTS] = "departs",
                                       [CN_SHAPE_DIFFERS] = "other shape",
                                       [CN_NOT_JUDGED] = "not judged"};

/* ---- text ------------------------------------------------------------------------------- */

enum { SHAPE_BYTES = 24 * CN_MAX_RANK };

static const char *shape_text(char *out, int rank, const int64_t *shape) {
    size_t length = 1;
    strcpy(out, "[");
    for (int i = 0; i < rank; i++)
        length += (size_t)snprintf(out + length, SHAPE_BYTES - length, i > 0 ? ",%lld" : "%lld",
                                   (long long)shape[i]);
    snprintf(out + length, SHAPE_BYTES - length, "]");
    return out;
}

static void write_number(FILE *out, double x) {
    if (isnan(x))
        fprintf(out, "  %9s", "");
    else
        fprintf(out, "  %9.2g", x);
}

static void write_row(FILE *out, const cn_verify_row *row, int name_width, int class_width) {
    char shape[SHAPE_BYTES];
    fprintf(out, "%-*s  %-*s  %-18s", name_width, row->name, class_width, row->class_name,
            shape_text(shape, row->rank, row->shape));
    write_number(out, row->largest);
    write_number(out, row->relative);
    write_number(out, row->alone);
    fprintf(out, "  %s", verdicts[row->verdict]);
    if (row->verdict == CN_SHAPE_DIFFERS)
        fprintf(out, ": %s in the reference",
                shape_text(shape, row->reference_rank, row->reference_shape));
    fputc('\n', out);
}

static int wider(int width, const char *text) {
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static void write_conclusion(FILE *out, const cn_verification *v) {
    if (v->first == v->count) {
        fprintf(out, "\nEvery layer in the reference agrees, within %g of its largest value.\n",
                v->tolerance);
        return;
    }
    const cn_verify_row *row = &v->rows[v->first];
    fprintf(out, "\n\"%s\" is the first layer that departs", row->name);
    if (row->verdict == CN_SHAPE_DIFFERS)
        fprintf(out, ": its shape differs.\n");
    else
        fprintf(out, ": by up to %.3g, which is %.2g of its largest value (tolerance %g).\n",
                row->largest, row->relative, v->tolerance);
    fprintf(out, "Likely cause: %s.\n",
            v->cause != NULL ? v->cause : "none of those that were tried");
}

static void write_text(FILE *out, const cn_verification *v) {
    int name_width = 5, class_width = 5;
    for (size_t i = 0; i < v->count; i++) {
        name_width = wider(name_width, v->rows[i].name);
        class_width = wider(class_width, v->rows[i].class_name);
    }
    fprintf(out, "%-*s  %-*s  %-18s  %9s  %9s  %9s\n", name_width, "layer", class_width, "class",
            "shape", "largest", "relative", "alone");
    for (size_t i = 0; i < v->count; i++)
        write_row(out, &v->rows[i], name_width, class_width);
    write_conclusion(out, v);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void write_shape(json *j, const char *key, int rank, const int64_t *shape) {
    json_open(j, key, '[');
    for (int i = 0; i < rank; i++)
        json_integer(j, NULL, shape[i]);
    json_close(j, ']');
}

static void write_json(FILE *out, const cn_verification *v) {
    json j = json_begin(out, SCHEMA_verify);
    json_number(&j, "tolerance", v->tolerance);
    json_text(&j, "first", v->first == v->count ? NULL : v->rows[v->first].name);
    json_text(&j, "cause", v->cause);
    json_open(&j, "layers", '[');
    for (size_t i = 0; i < v->count; i++) {
        const cn_verify_row *row = &v->rows[i];
        json_open(&j, NULL, '{');
        json_text(&j, "name", row->name);
        json_text(&j, "class", row->class_name);
        json_text(&j, "verdict", verdicts[row->verdict]);
        write_shape(&j, "shape", row->rank, row->shape);
        if (row->verdict == CN_SHAPE_DIFFERS)
            write_shape(&j, "reference_shape", row->reference_rank, row->reference_shape);
        json_number(&j, "largest", row->largest);
        json_number(&j, "relative", row->relative);
        json_number(&j, "alone", row->alone);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_open(&j, "unused", '[');
    for (size_t i = 0; i < v->unused_count; i++)
        json_text(&j, NULL, v->unused[i]);
    json_close(&j, ']');
    json_end(&j);
}

static exit_code compare_layers(const invocation *i, const open_model *m) {
    cn_verify_options o = {.model = m->model,
                           .reference = option_text(i, "reference", NULL),
                           .tolerance = option_number(i, "tolerance", 0)};
    cn_verification *v = cn_verify_at(NO_LINE(o), &o);
    if (v == NULL)
        return fail_context(i, m->context);
    for (size_t k = 0; k < v->unused_count && !i->quiet; k++)
        fprintf(i->err, "cornu verify: no layer, input or weight is named \"%s\"\n", v->unused[k]);
    if (i->json)
        write_json(i->out, v);
    else
        write_text(i->out, v);
    exit_code code = v->first == v->count ? EXIT_OK : EXIT_DIFFERS;
    cn_verification_free(v);
    return code;
}

/* ---- gradients -------------------------------------------------------------------------- */

static void write_gradients(FILE *out, const cn_gradient_check *g) {
    int width = 6;
    for (size_t k = 0; k < g->count; k++)
        width = wider(width, g->rows[k].weight);
    fprintf(out, "%-*s  %12s  %12s  %9s\n", width, "weight", "compiled", "exact", "relative");
    for (size_t k = 0; k < g->count; k++) {
        const cn_gradient_row *row = &g->rows[k];
        fprintf(out, "%-*s  %12.6g  %12.6g  %9.2g  %s\n", width, row->weight, row->compiled,
                row->exact, row->relative, row->agrees ? "agrees" : "departs");
    }
    if (g->first == g->count)
        fprintf(out, "\nThe gradient of every weight agrees, within %g of its length.\n",
                g->tolerance);
    else
        fprintf(out, "\nThe gradient of \"%s\" is the first that departs (tolerance %g).\n",
                g->rows[g->first].weight, g->tolerance);
}

static void write_gradients_json(FILE *out, const cn_gradient_check *g) {
    json j = json_begin(out, SCHEMA_gradients);
    json_number(&j, "tolerance", g->tolerance);
    json_text(&j, "first", g->first == g->count ? NULL : g->rows[g->first].weight);
    json_open(&j, "weights", '[');
    for (size_t k = 0; k < g->count; k++) {
        const cn_gradient_row *row = &g->rows[k];
        json_open(&j, NULL, '{');
        json_text(&j, "name", row->weight);
        json_number(&j, "compiled", row->compiled);
        json_number(&j, "exact", row->exact);
        json_number(&j, "relative", row->relative);
        json_flag(&j, "agrees", row->agrees);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_end(&j);
}

static exit_code compare_gradients(const invocation *i, const open_model *m) {
    cn_gradient_check *g =
        cn_check_gradients(m->model, .tolerance = option_number(i, "tolerance", 0));
    if (g == NULL)
        return fail_context(i, m->context);
    if (i->json)
        write_gradients_json(i->out, g);
    else
        write_gradients(i->out, g);
    exit_code code = g->first == g->count ? EXIT_OK : EXIT_DIFFERS;
    cn_gradient_check_free(g);
    return code;
}

/* ---- the verb --------------------------------------------------------------------------- */

static exit_code run(invocation *i) {
    open_model m;
    bool gradients = option_given(i, "gradients");
    if (option_number(i, "tolerance", 1) <= 0)
        return fail(i, EXIT_USAGE, "--tolerance must be more than 0");
    exit_code code = model_open(i, i->arguments[0], MODEL_PREDICTS, &m);
    if (code != EXIT_OK)
        return code;
    code = gradients ? compare_gradients(i, &m) : compare_layers(i, &m);
    model_close(&m);
    return code;
}

static const option_row options[] = {
    {"reference", 0, OPTION_FILE, "FILE", NULL, "compare with the arrays of this .npz file",
     {.need = NEED_ONE_OF}},
    {"gradients", 'g', OPTION_FLAG, NULL, NULL, "compare gradients with exact ones",
     {.need = NEED_ONE_OF}},
    {"tolerance", 0, OPTION_NUMBER, "T", NULL,
     "depart beyond T of the largest value; default: 1e-4, of gradients 1e-3", {0}},
    MODEL_OPTIONS,
    JSON_OPTION(),
    QUIET_OPTION(),
    {0}};

const verb verb_verify = {
    .name = "verify",
    .summary = "compare a model with another program's arrays, layer by layer",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description =
        "Runs the model on the inputs in the reference and compares what each layer gives out. "
        "Names the first layer that departs, by how much, and the likely cause, which was tested "
        "against the arrays. The column `alone' is the distance when the layer by itself is given "
        "the reference's inputs: it tells layers that are wrong from those that were given wrong "
        "values.\n\n"
        "The reference is what numpy.savez writes: inputs and outputs of layers under the names "
        "of the layers. With Keras:\n\n"
        "outputs = keras.Model(model.inputs, [l.output for l in model.layers]).predict(x)\n\n"
        "numpy.savez(\"reference.npz\", **{l.name: y for l, y in zip(model.layers, outputs)})\n\n"
        "With --gradients it differentiates half the sum of the squares of the outputs, on made-up "
        "inputs, once as in training and once by dual numbers in float64, and compares what the "
        "two "
        "say along one direction for each weight.\n\n"
        "Exits with 5 when something departs.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu verify model.c --weights model.safetensors --reference reference.npz",
             "compare with what Keras computed"},
            {"cornu verify model.c -w model.safetensors --reference reference.npz --backend ref",
             "the same by the interpreter"},
            {"cornu verify model.c --gradients", "check the gradients of all weights"},
            {0}},
    .run = run,
};
