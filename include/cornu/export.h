/* Models compiled ahead of time: shared objects, objects and static libraries that need nothing
 * but libc, with a header, their own source in C and a program that tries them.
 *
 *     cn_export(m, "build/digits.so");                writes digits.so, digits.h, digits.c, main.c
 *     cn_export(m, "digits.a", .prefix = "net", .weights = CN_WEIGHTS_FILE, .train_step = true);
 *
 * What is written is the program that cn_predict runs, and gives the same bits. It allocates
 * nothing and keeps no state: the caller hands in a workspace of a size that the header states. The
 * header says how it is called; what Cornu generates is its user's own.
 */
#ifndef CORNU_EXPORT_H
#define CORNU_EXPORT_H

#include "cornu/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cn_export_weights {
    CN_WEIGHTS_EMBEDDED, /* in the object */
    CN_WEIGHTS_FILE,     /* in PREFIX.safetensors, which the caller reads or maps */
    CN_WEIGHTS_CALLER,   /* arrays of the caller's */
} cn_export_weights;

typedef struct cn_export_options {
    cn_model *model;
    const char *path;   /* required; ends in .so, .o or .a. The other files lie beside it */
    const char *prefix; /* of all names, an identifier of C; NULL = the file's name */
    int64_t capacity;   /* samples in one call at most; 0 = 32, or the one batch of a fixed one */
    cn_export_weights weights;
    bool train_step; /* the training step of cn_compile too, with the optimizer's state */
    /* "native" (NULL), "x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"; "multi": v3 and v4 in one,
     * of which the best is picked where it runs; "portable": the source is C99 without extensions,
     * for other compilers, and holds no weights. */
    const char *march;
    cn_dtype input_dtypes[CN_MAX_LIST]; /* what callers pass, cast inside; 0 = the model's */
    double rescale; /* integers that are passed for floats are multiplied by this; 0 = by 1 */
    const char *const *labels; /* names of the classes of an output, kept inside */
    size_t label_count;
} cn_export_options;

/* Needs no cn_compile but for .train_step. Files appear whole or not at all; those that were
 * written before a failure stay. What an earlier export wrote is replaced; any other source,
 * header or file of weights in the way is CN_ERROR_FILE, before anything is written (the object
 * itself is replaced in any case). CN_ERROR_UNSUPPORTED names what of the model cannot be exported,
 * CN_ERROR_COMPILER a missing compiler. */
CN_API CN_NODISCARD cn_status cn_export_at(cn_source where, const cn_export_options *options);

#ifndef __cplusplus
/* The model and the path are required: cn_export(m, "digits.so", .capacity = 1). */
#define cn_export(...) \
    cn_export_at(CN_HERE(cn_export_options), &(cn_export_options){.model = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
