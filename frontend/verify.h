/* What the files of cn_verify share: verify.c runs and compares, verify_alone.c runs layers by
 * themselves, as they are and otherwise, verify_causes.c knows what usually goes wrong. */
#ifndef CORNU_FRONTEND_VERIFY_H
#define CORNU_FRONTEND_VERIFY_H

#include "cornu/verify.h"
#include "frontend/frontend.h"
#include "runtime/io/npz.h"

/* A tensor of the model whose values are known. */
typedef struct known_tensor {
    cn_tensor tensor;
    type type;                  /* with the batch bound */
    void *ours;                 /* what the model computed, or was given */
    const npy_array *reference; /* NULL: not in the file */
} known_tensor;

typedef struct verified_output {
    uint32_t call, tensor; /* index in context.calls; in verifier.tensors */
} verified_output;

typedef struct verifier {
    cn_context *c;
    cn_model *m;
    cn_source where;
    arena *a; /* of the result */
    const char *path;
    npz reference;
    bool *used; /* by entry of the reference */
    double tolerance;
    int64_t batch; /* -1 before the first input with one */
    VEC(known_tensor) tensors;
    map places; /* tensor -> 1 + its place in `tensors` */
    VEC(verified_output) outputs;
    cn_verify_row *rows; /* one for each of outputs */
} verifier;

/* Values as the comparison sees them. */
typedef struct values {
    type type; /* constant dims */
    const double *items;
    int64_t count;
} values;
values values_of(arena *a, const type *t, const void *data);
/* The largest distance of two arrays of one shape, over the largest magnitude in `reference`;
 * infinite where only one has a number. */
double values_distance(const values *ours, const values *reference, double *largest);

/* The reference's values of a tensor as the model takes them, else ours; NULL when neither is
 * there or the shapes differ. */
const void *known_data(verifier *v, cn_tensor t, bool reference_only);
/* Fills `alone` of all rows that depart. */
bool verify_alone(verifier *v);
/* What is likely wrong with a row that departs; NULL when nothing fits. */
const char *verify_cause(verifier *v, uint32_t row);

/* A layer with one thing changed, or its result with something done to it. */
typedef struct supposition {
    const char *words;               /* "padding is valid there" */
    void *options;                   /* of the layer; NULL = as they are */
    const cn_activation *activation; /* done to the result; NULL = nothing */
    bool training;
    void *weight; /* data for the layer's first weight; NULL = its own */
    bool ran;     /* results: false when the layer refuses it */
    values result;
} supposition;
/* Runs the call of a row on its known inputs, once for each supposition. False for failures of the
 * machine alone (memory, compiler), with the message in the context. */
bool verify_suppose(verifier *v, uint32_t row, supposition *list, uint32_t count);

/* Numbers alone (verify_causes.c): what relates two arrays, in words; NULL when nothing does. */
const char *relation_of(arena *a, const values *ours, const values *reference, double tolerance);

#endif
