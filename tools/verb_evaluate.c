/* cornu evaluate MODEL: loss and metrics over data in files. */
#include "tools/fitting.h"
#include "tools/json.h"

static void write_logs(const invocation *i, const cn_logs *logs, int64_t count) {
    for (size_t k = 0; k < logs->count && !i->json; k++)
        fprintf(i->out, "%s: %.6g\n", logs->names[k], logs->values[k]);
    if (!i->json)
        return;
    json j = json_begin(i->out, SCHEMA_evaluate);
    json_integer(&j, "samples", count);
    json_open(&j, "logs", '{');
    for (size_t k = 0; k < logs->count; k++)
        json_number(&j, logs->names[k], logs->values[k]);
    json_close(&j, '}');
    json_end(&j);
}

static exit_code evaluate(const invocation *i, const open_model *m) {
    samples s;
    exit_code code = fitting_compile(i, m->model);
    if (code == EXIT_OK)
        code = samples_open(i, m->model, true, &s);
    if (code != EXIT_OK)
        return code;
    cn_evaluate_options o = {.model = m->model, .data = s.set, .batch_size = batch_size(i)};
    if (cn_evaluate_at(NO_LINE(o), &o) == CN_OK)
        write_logs(i, cn_model_logs(m->model), cn_dataset_count(s.set));
    else
        code = fail_context(i, m->context);
    samples_close(&s);
    return code;
}

static exit_code run(invocation *i) {
    open_model m;
    exit_code code = samples_check(i, true);
    if (code == EXIT_OK)
        code = model_open(i, i->arguments[0], training_use(i, true), &m);
    if (code != EXIT_OK)
        return code;
    code = evaluate(i, &m);
    model_close(&m);
    return code;
}

static const option_row options[] = {
    DATA_OPTION,  LABEL_OPTION,  NUMBERING_OPTION, BATCH_OPTIONS,
    LOSS_OPTIONS, MODEL_OPTIONS, JSON_OPTION(),    QUIET_OPTION(),
    {0},
};

const verb verb_evaluate = {
    .name = "evaluate",
    .summary = "measure loss and metrics of a model over data in files",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description = "Runs the model once over the samples of --data and the targets of --labels and "
                   "writes its loss and metrics, a line each. Which ones is the model's own "
                   "choice, or that of --loss and --metrics.",
    .options = options,
    .examples = (const verb_example[]){{"cornu evaluate examples/convnet_model.c -w "
                                        "convnet.safetensors -d t10k-images-idx3-ubyte.gz -l "
                                        "t10k-labels-idx1-ubyte.gz --batch 1000",
                                        "judge trained weights on unseen images"},
                                       {0}},
    .run = run,
};
