/* cornu summary MODEL: Keras' table of layers. */
#include "tools/verb.h"

static exit_code run(invocation *i) {
    open_model m;
    exit_code code = model_open(i, i->arguments[0], &m);
    if (code != EXIT_OK)
        return code;
    i->log = i->out;
    if (cn_summary(m.model) != CN_OK)
        code = fail_context(i, m.context);
    model_close(&m);
    return code;
}

static const option_row options[] = {MODEL_OPTIONS, {0}};

const verb verb_summary = {
    .name = "summary",
    .summary = "list the layers of a model, their shapes and parameters",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description = "Writes a table of the model's layers, the shape that each gives out and how "
                   "many parameters it has.",
    .options = options,
    .examples = (const verb_example[]){{"cornu summary examples/convnet_model.c",
                                        "list the layers of the example"},
                                       {0}},
    .run = run,
};
