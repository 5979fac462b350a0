/* An artefact: a model as files that need nothing but libc.
 *
 * The frontend says what there is: functions as graphs, the variables they share, where weights
 * come from. A target's `write` turns that into NAME.so (or .o, .a), NAME.h, NAME.c and main.c.
 * What does not depend on the target is here: the templates of header and source
 * (model.h.template, model.c.template), and the texts that fill them.
 *
 *     artifact.c   names, layout, the header
 *     source.c     the source: tables, calls; main.c
 *     template.c   templates: prefixes and slots
 */
#ifndef CORNU_CODEGEN_AOT_ARTIFACT_H
#define CORNU_CODEGEN_AOT_ARTIFACT_H

#include "base/text.h"
#include "ir/ir.h"

typedef enum artifact_weights {
    ARTIFACT_EMBEDDED, /* in the object */
    ARTIFACT_FILE,     /* in PREFIX.safetensors, which the caller maps */
    ARTIFACT_CALLER,   /* arrays that the caller has */
} artifact_weights;

/* A weight, or other state that a training step keeps. */
typedef struct artifact_variable {
    const char *name;
    type type;
    const void *data; /* its present value */
} artifact_variable;

typedef struct artifact_metric {
    const char *name;
    int sum, weight; /* variables: f64 scalars */
} artifact_metric;

/* Inputs of the graph: `data_inputs` that the caller passes, then variables; outputs likewise. */
typedef struct artifact_function {
    const char *name;  /* "predict": of the C function */
    const char *about; /* a sentence for the header */
    graph *graph;
    uint32_t data_inputs, data_outputs;
    const char *const *input_names, *const *output_names; /* of the data */
    const int *input_variables;  /* by graph input - data_inputs: index of the variable */
    const int *output_variables; /* by graph output - data_outputs */
} artifact_function;

typedef struct artifact {
    const char *path;   /* of the object: its ending decides what is written */
    const char *prefix; /* an identifier */
    const char *model;  /* the user's name for it */
    const artifact_function *predict, *train; /* train may be NULL */
    const artifact_variable *variables;       /* weights first, in Keras' order */
    int variable_count, weight_count;
    artifact_weights weights;
    int64_t capacity;   /* 0 = the one batch that the model takes, else 32 */
    const char *levels; /* "native", "x86-64-v3", "multi", ... */
    const char *const *labels;
    int label_count;
    const artifact_metric *metrics;
    int metric_count;
} artifact;

/* Stands in the first line of every text of an artefact, and lets it be replaced. */
#define ARTIFACT_MARK "made by Cornu"
/* Whether there is no such file, or one that has the mark near its beginning; else the failure says
 * that it is somebody's own. */
bool artifact_may_replace(const char *path, const char *mark, diagnostics *d);

/* ---- texts (artifact.c, source.c) ------------------------------------------------------------ */

/* What a target knows and the texts say. */
typedef struct artifact_facts {
    const char *compiler_flags; /* for NAME.c */
    size_t arena_bytes, space_bytes, scratch_bytes, stack_bytes;
    int64_t only_batch;                      /* 0, or the one batch size that the code takes */
    const char *kernels, *levels, *launches; /* C texts */
    int launch_count;
} artifact_facts;

/* The object holds the values of the variables from here on: of all, or of those that are no
 * weights. */
int artifact_first_embedded(const artifact *x);
/* Where variable i lies in a block of all of them, each aligned; i = count: the block's size. */
size_t artifact_offset(const artifact *x, int variable);

/* Bytes that copies of a call's unaligned arrays take. */
size_t artifact_staging_bytes(const artifact *x);
/* The header without what a freestanding compiler lacks (`whole` = false), or as it is written. */
const char *artifact_header(const artifact *x, const artifact_facts *f, bool whole, arena *a);
const char *artifact_source(const artifact *x, const artifact_facts *f, bool whole, arena *a);
const char *artifact_main(const artifact *x, const artifact_facts *f, arena *a);
/* The prefix in capitals. */
const char *artifact_capitals(const artifact *x, arena *a);
const type *artifact_input_type(const artifact_function *f, uint32_t i);
const type *artifact_output_type(const artifact_function *f, uint32_t i);
/* Distinct identifiers for all data inputs, then all data outputs. */
const char **artifact_parameters(const artifact_function *f, arena *a);
/* "image f32[B,28,28,1] -> digit f32[B,10]" */
void artifact_print_signature(const artifact_function *f, text *out);
/* A line, broken at spaces where it is too long; what follows a break begins with `indent`. */
void artifact_print_wrapped(const char *line, const char *indent, text *out);
/* A C prototype of the function on typed pointers, and what ends it: ";" or " {". */
void artifact_print_prototype(const artifact *x, const artifact_function *f, const char *end,
                              text *out);
/* "f32[B,28,28,1]" */
const char *artifact_type_words(const type *t, arena *a);

/* ---- templates (template.c) ------------------------------------------------------------------ */

typedef struct template_slot {
    const char *name; /* what stands between the marks of a slot */
    const char *text; /* NULL = nothing */
} template_slot;

/* Copies a template: identifiers that begin with model_ or MODEL_ get the prefix instead, slots
 * their texts as they are. With `freestanding` the lines before the cut are left out, and C++'s
 * after the end. */
void template_expand(const char *const *lines, const char *prefix, const template_slot *slots,
                     bool freestanding, text *out);

extern const char *const artifact_header_template[];
extern const char *const artifact_source_template[];
extern const char *const artifact_training_template[];
extern const char *const artifact_main_template[];

#endif
