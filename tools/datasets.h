/* Data that are more than arrays, told by their names: a folder of images, a table (.csv, .tsv), a
 * text (.txt), CIFAR's records (.bin); all but folders and CIFAR's also with .gz behind. */
#ifndef CORNU_TOOLS_DATASETS_H
#define CORNU_TOOLS_DATASETS_H

#include "tools/classes.h"
#include "tools/verb.h"

#define COLUMN_OPTIONS                                                                  \
    {"target", 0, OPTION_TEXT, "COLUMNS", NULL,                                         \
     "the targets: columns of a table (a,b or 3..5), or an array of the file",          \
     {.repeats = true}},                                                                \
    {"input", 0, OPTION_TEXT, "COLUMNS", NULL,                                          \
     "an input, as for --target; default: all that are no targets", {.repeats = true}}, \
    {"no-header", 0, OPTION_FLAG, NULL, NULL,                                           \
     "of a table: the first row is a sample; columns have numbers only", {0}},          \
    {"missing", 0, OPTION_CHOICE, "WHAT", "fail|nan|skip",                              \
     "of a table: what an empty cell among numbers does; skip: its row is left out; "   \
     "default: fail", {0}},                                                             \
    {"separator", 0, OPTION_TEXT, "C", NULL,                                            \
     "of a table: what stands between cells, \\t for a tab; default: as its name ends", \
     {0}},                                                                              \
    {"words", 0, OPTION_FLAG, NULL, NULL, "of a text: words in place of characters", {0}}

typedef enum data_kind { KIND_ARRAYS, KIND_TABLE, KIND_IMAGES, KIND_TEXT, KIND_CIFAR } data_kind;
data_kind data_kind_of(const char *path);
const char *data_kind_name(data_kind k); /* "table" */

/* Whether one of COLUMN_OPTIONS is given. */
bool columns_given(const invocation *i);

/* How samples are cut: by a model's first input, or to be looked at. */
typedef struct sample_shape {
    int64_t height, width, channels; /* of images; 0 = as Keras */
    int64_t length;                  /* of texts */
    bool last_only;
    bool bytes; /* images of uint8, to be drawn */
} sample_shape;
sample_shape sample_shape_of(const cn_model *m);

/* A dataset of any kind but arrays alone; without targets where none are wanted and they can be
 * left out. Its classes are numbered as `names` does; by the data where there are none, or NULL.
 * EXIT_OK, or a code after the message. */
exit_code dataset_open(const invocation *i, cn_context *c, const char *path,
                       const sample_shape *shape, const class_names *names, bool with_targets,
                       cn_dataset **out);

#endif
