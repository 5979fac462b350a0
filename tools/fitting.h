/* What train, evaluate and predict share: data from files, and what a model is trained by. */
#ifndef CORNU_TOOLS_FITTING_H
#define CORNU_TOOLS_FITTING_H

#include "tools/datasets.h"
#include "tools/training.h"
#include "tools/verb.h"

#define DATA_OPTION                                                                         \
    {"data", 'd', OPTION_FILE, "PATH", NULL,                                                \
     "the data: IDX, .npy, .npz, .safetensors, a table .csv or .tsv, a text .txt, CIFAR's " \
     ".bin, or a folder of images", {.need = NEED_ALWAYS}},                                 \
    COLUMN_OPTIONS
#define NUMBERING_OPTION                                                                    \
    CLASSES_OPTION("number the classes, or a text's items, as the lines of this file do; " \
                   "default: NAME.classes beside the model, else by the data")
#define LABEL_OPTION \
    {"labels", 'l', OPTION_FILE, "FILE", NULL, "the targets, in a file of arrays", {0}}
#define BATCH_OPTIONS                                                             \
    {"limit", 0, OPTION_INTEGER, "N", NULL, "use the first N samples only", {0}}, \
    {"batch", 'b', OPTION_INTEGER, "N", NULL, "samples in a batch; default: 32", {0}}

/* "accuracy|..." of the list in metrics.h */
#define METRIC_CHOICE(constant, name) "|" #name
#define METRIC_CHOICES (&(CN_METRIC_MAP(METRIC_CHOICE))[1])
#define CROSSENTROPIES \
    "loss=binary_crossentropy|categorical_crossentropy|sparse_categorical_crossentropy"
#define LOSS_OPTIONS                                                                         \
    LOSS_OPTION(),                                                                           \
    {"metrics", 'm', OPTION_CHOICE, "NAME", METRIC_CHOICES,                                  \
     "what to measure; default: accuracy with a cross-entropy",                              \
     {.repeats = true, .only_for = "loss"}},                                                 \
    {"from-logits", 0, OPTION_FLAG, NULL, NULL, "the outputs are logits, not probabilities", \
     {.only_for = CROSSENTROPIES}}

/* Compiles the model by the options; one that is compiled already keeps its settings when there
 * are none. EXIT_OK, or a code after the message. */
exit_code fitting_compile(const invocation *i, cn_model *m);

typedef struct samples {
    cn_array_file *inputs, *targets; /* of arrays in files of their own */
    cn_dataset *set;
    class_names classes; /* that the command line or the model brings */
} samples;
/* Mistakes in the options of data, found before a model is compiled. */
exit_code samples_check(const invocation *i, bool with_labels);
/* From --data and, if asked for, its own targets or --labels, cut for the model. EXIT_OK, or a code
 * after the message; then nothing is left open. Close before the context goes. */
exit_code samples_open(const invocation *i, const cn_model *m, bool with_labels, samples *s);
void samples_close(samples *s);
/* --batch, once checked; 32 by default. */
int64_t batch_size(const invocation *i);

#endif
