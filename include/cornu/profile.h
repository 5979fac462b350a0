/* Looking inside a program of a model: its kernels, the layers they serve, how long each takes and
 * how near it comes to what the machine can do, and where every buffer lies in memory.
 *
 *     cn_profile *p = cn_profile_new(m, .batch_size = 32);
 *     for (size_t i = 0; p != NULL && i < p->launch_count; i++)
 *         printf("%8.1f us  %s\n", p->launches[i].seconds * 1e6, p->launches[i].kernel);
 *     cn_profile_free(p);
 *
 * A profile is plain data; everything in it belongs to it and is there until cn_profile_free.
 * Times of other runs are not touched by it: nothing is measured unless a profile is made.
 */
#ifndef CORNU_PROFILE_H
#define CORNU_PROFILE_H

#include "cornu/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_model cn_model;

/* One call of a layer, in topological order; a shared layer has one row per call. */
typedef struct cn_profile_layer {
    const char *name;       /* "conv2d"; names of nested layers may occur twice */
    const char *class_name; /* "Conv2D" */
    const char *output;     /* "f32[B,26,26,32]"; of several outputs, a list */
    size_t parameters;
    const char *file; /* of the call in the user's program; NULL = unknown */
    int line;
    int outer;         /* row of the nested model's call it is part of; -1 = none */
    const int *inputs; /* rows whose outputs it takes */
    size_t input_count;
} cn_profile_layer;

/* What a launch works for. Losses, metrics and what stands between layers have no layer. */
typedef struct cn_profile_origin {
    const char *layer; /* NULL = none */
    const char *file;  /* NULL = unknown */
    int line;
} cn_profile_origin;

typedef enum cn_profile_place {
    CN_PLACE_ARENA,    /* the step's own memory: `offset` is the place in it */
    CN_PLACE_STATE,    /* weights, optimizer slots, counters: live between runs */
    CN_PLACE_INPUT,    /* the caller's */
    CN_PLACE_OUTPUT,   /* the caller's */
    CN_PLACE_CONSTANT, /* tables of the program */
    CN_PLACE_SCAN      /* inside a scan: what the scan's own arguments are, or a row of them */
} cn_profile_place;

/* A value in memory, alive from launch `first` to launch `last`. */
typedef struct cn_profile_buffer {
    const char *name; /* "%12", "conv2d/kernel" */
    const char *type; /* "f32[B,26,26,32]" */
    cn_profile_place place;
    size_t offset, bytes;
    int first, last;
    bool in_place; /* it takes the place of a buffer that is read for the last time */
} cn_profile_buffer;

typedef struct cn_profile_argument {
    int buffer; /* row of `buffers` */
    bool written;
} cn_profile_argument;

/* When a launch ran, in seconds since the first run began. Of a launch inside a scan: its first
 * step, and all steps together. */
typedef struct cn_profile_sample {
    double begin, seconds;
} cn_profile_sample;

/* A kernel in its place in the step, or a scan, whose steps are the launches that name it. */
typedef struct cn_profile_launch {
    const char *kernel; /* "k_conv_add_max_Bx26x26x32"; "scan" */
    int scan;           /* row of the scan it is a step of; -1 = none */
    int64_t runs;       /* times a step: the length of the scans around it */
    const cn_profile_origin *origins;
    size_t origin_count;
    const cn_profile_argument *arguments;
    size_t argument_count;
    double bytes_read, bytes_written; /* of all runs; a scan: those of its launches */
    double flops;
    double seconds;      /* median over the repeats; of all runs in a step */
    double roof_seconds; /* the least this machine could do it in */
    double roofline;     /* roof_seconds / seconds: 1 = the roof; above: faster caches */
    bool compute_bound;  /* which roof it is: arithmetic or memory */
    const char *graph;   /* .cnir of what was fused into it: the ops before fusion */
    const char *loops;   /* the loops they became; NULL for a scan */
    const char *source;  /* C that was compiled; NULL for a scan */
    const cn_profile_sample *samples; /* `repeats` of them */
} cn_profile_launch;

/* Bytes per second over a working set of this size, all threads together. */
typedef struct cn_profile_bandwidth {
    double working_set, bytes_per_second;
} cn_profile_bandwidth;

typedef struct cn_profile {
    const char *model, *program; /* "convnet", "predict" */
    const char *target;          /* "cpu" */
    const char *isa;             /* "x86-64-v4" */
    const char *report;          /* what compiling took, one line */
    int64_t batch_size;
    int threads, repeats;

    const cn_profile_layer *layers;
    size_t layer_count;
    const cn_profile_launch *launches; /* in the order they run; a scan before its steps */
    size_t launch_count;
    const cn_profile_buffer *buffers;
    size_t buffer_count;
    const char *const *remarks; /* of the passes: why kernels stay apart, what is copied */
    size_t remark_count;

    double seconds;         /* of a run, median */
    double between_seconds; /* of it between launches, median */
    double flops, bytes;
    size_t arena_bytes, arena_least_bytes; /* planned; the most alive at once */
    size_t state_bytes, io_bytes;

    double flops_per_second; /* the machine's, measured by the same call */
    const cn_profile_bandwidth *bandwidths;
    size_t bandwidth_count;
} cn_profile;

typedef struct cn_profile_options {
    cn_model *model;
    bool training_step; /* of cn_fit, which needs cn_compile; else predict */
    int64_t batch_size; /* 0 = 32 */
    int repeats;        /* measured runs; 0 = 20 */
} cn_profile_options;
/* Runs the program on made-up data, uniform in [0, 1) or integers from 0 to 9, and on a copy of
 * the model's state: the model stays as it is. NULL with the message in the context; the target
 * "ref" has no kernels to measure (CN_ERROR_UNSUPPORTED). Free it before the context. */
CN_API cn_profile *cn_profile_new_at(cn_source where, const cn_profile_options *options);
CN_API void cn_profile_free(cn_profile *p);

#ifndef __cplusplus
#define cn_profile_new(...) \
    cn_profile_new_at(CN_HERE(cn_profile_options), &(cn_profile_options){.model = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
