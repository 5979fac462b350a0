/* Reading the compiler's mind: every stage between a model and its program, as text.
 *
 *     cn_inspect(m, .program = "train", .after = "fuse", .format = "svg",
 *                .writer = write_to_file, .writer_user = file);
 *
 * Programs of a model are "train", "evaluate" and "predict"; the first two need cn_compile. Stages
 * and the formats of each, the first of which is the default:
 *
 *     graph     cnir, dot, svg, json    the graph: before the passes, or after one of them
 *     remarks   text, json              what passes refused or found notable, one a line
 *     timings   text, json              what each pass took
 *     memory    text, json              where every value lives, for batches of 32
 *     loops     text, json              the loops of every kernel
 *     c         c, json                 the C of every kernel
 *     launches  text, json              the kernels in the order they run, and their layers
 *
 * The text form .cnir reads back (cn_inspect_ir), which is how single passes are tried and tested;
 * cornu-ir(5) describes it. Nothing is compiled to native code, and models stay as they are.
 */
#ifndef CORNU_INSPECT_H
#define CORNU_INSPECT_H

#include "cornu/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_model cn_model;

typedef struct cn_inspect_options {
    cn_model *model;
    const char *program; /* NULL = "predict" */
    const char *stage;   /* NULL = "graph" */
    /* Of the stage "graph": the name of a pass, of its last run when it runs several times; the
     * number of passes run ("0" to cn_pass_count); "frontend", the graph before all passes. NULL =
     * after the last. */
    const char *after;
    const char *format; /* NULL = the stage's first */
    /* Takes the text, in one call; required. */
    void (*writer)(void *user, const char *text, size_t length);
    void *writer_user;
} cn_inspect_options;
/* Runs the compiler as far as the stage. The variables CORNU_PASSES and CORNU_VERIFY hold here
 * too. A target that has no such stage (the interpreter makes no loops): CN_ERROR_UNSUPPORTED. */
CN_API CN_NODISCARD cn_status cn_inspect_at(cn_source where, const cn_inspect_options *options);

typedef struct cn_inspect_ir_options {
    cn_context *context;
    const char *text; /* .cnir; it need not end in NUL */
    size_t length;
    const char *name; /* of the file, for messages; NULL = "graph" */
    /* What to run, in this order: "simplify,fuse"; "" = nothing. NULL: nothing for the graph as it
     * stands, else (another stage, or .after) all that the target calls for. */
    const char *passes;
    const char *stage;  /* as above */
    const char *after;  /* as above; of `passes`, where these are given */
    const char *format; /* as above */
    void (*writer)(void *user, const char *text, size_t length);
    void *writer_user;
} cn_inspect_ir_options;
/* A graph read from its text form. Mistakes in it are CN_ERROR_SYNTAX with line, column and what
 * was expected; what is written well and means nothing is CN_ERROR_GRAPH or of the kind of the
 * defect (CN_ERROR_SHAPE, CN_ERROR_DTYPE). */
CN_API CN_NODISCARD cn_status cn_inspect_ir_at(cn_source where,
                                               const cn_inspect_ir_options *options);

/* ---- what there is --------------------------------------------------------------------------- */

/* The passes in the order they run; some run more than once. */
typedef struct cn_pass_facts {
    const char *name;    /* "fuse" */
    const char *summary; /* one sentence */
} cn_pass_facts;
CN_API size_t cn_pass_count(void);
/* NULL names when there is no such pass. */
CN_API cn_pass_facts cn_pass_get(size_t i);

/* The ops that graphs are made of. */
typedef struct cn_ir_op_facts {
    const char *name;    /* "reduce" */
    const char *summary; /* one sentence */
    int operand_count;   /* -1 = any number */
    size_t attribute_count;
} cn_ir_op_facts;
typedef struct cn_ir_attribute_facts {
    const char *name;           /* "axes" */
    const char *kind;           /* "integer", "integers", "size", "choice", ... */
    const char *const *choices; /* of a "choice", the default first; ends at NULL */
} cn_ir_attribute_facts;
CN_API size_t cn_ir_op_count(void);
CN_API cn_ir_op_facts cn_ir_op_get(size_t i);
CN_API cn_ir_attribute_facts cn_ir_op_attribute(size_t op, size_t i);

#ifndef __cplusplus
#define cn_inspect(...) \
    cn_inspect_at(CN_HERE(cn_inspect_options), &(cn_inspect_options){.model = __VA_ARGS__})
#define cn_inspect_ir(...)                           \
    cn_inspect_ir_at(CN_HERE(cn_inspect_ir_options), \
                     &(cn_inspect_ir_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
