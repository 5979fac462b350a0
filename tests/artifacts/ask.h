/* What the programs here share that use an export: inputs made up anew, arrays of exact size, and
 * a session. They know the model only by model.h, and its shapes only by its tables. */
#ifndef ASK_H
#define ASK_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

typedef struct arrays {
    int count;
    model_array items[MODEL_MOST_ARRAYS];
    size_t bytes[MODEL_MOST_ARRAYS];
} arrays;

static inline void *must(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    return memory;
}

static inline void check(model_status status, const char *message) {
    if (status != MODEL_OK) {
        fprintf(stderr, "%s (code %d)\n", message, (int)status);
        exit(1);
    }
}

/* Not a byte more, as aligned_alloc would want it: AddressSanitizer sees what goes beyond. */
static inline void *aligned(size_t bytes) {
    return must(memalign(MODEL_ALIGNMENT, bytes > 0 ? bytes : 1));
}

static inline size_t size_of(int dtype) {
    static const unsigned char sizes[] = {0, 4, 8, 2, 2, 8, 4, 4, 1, 1, 1};
    return sizes[dtype];
}

/* Arrays for so many samples; with `fill` their values depend on place and seed alone. */
static inline arrays new_arrays(const model_tensor *tensors, int count, int64_t batch, int fill) {
    uint32_t random = (uint32_t)fill;
    arrays made = {.count = count};
    for (int i = 0; i < count; i++) {
        const model_tensor *t = &tensors[i];
        size_t elements = 1;
        model_array a = {.dtype = t->dtype, .rank = t->rank};
        for (int k = 0; k < t->rank; k++) {
            a.shape[k] = t->shape[k] < 0 ? batch : t->shape[k];
            elements *= (size_t)a.shape[k];
        }
        made.bytes[i] = elements * size_of(t->dtype);
        a.data = memset(aligned(made.bytes[i]), 0, made.bytes[i]);
        for (size_t k = 0; fill != 0 && k < elements; k++) {
            random = random * 1664525u + 1013904223u;
            if (t->dtype == MODEL_F32)
                ((float *)a.data)[k] = (float)(random >> 8) / 16777216.0f;
            else if (t->dtype == MODEL_I32) /* a class */
                ((int32_t *)a.data)[k] = (int32_t)(random >> 16) % 3;
            else if (size_of(t->dtype) == 1)
                ((uint8_t *)a.data)[k] = (uint8_t)(random >> 24);
        }
        made.items[i] = a;
    }
    return made;
}

static inline void free_arrays(arrays *a) {
    for (int i = 0; i < a->count; i++)
        free(a->items[i].data);
}

static inline void free_session(model_session *s) {
    free(s->workspace);
}

static inline model_session new_session(int workers) {
    const size_t bytes = model_workspace_bytes(workers);
    if (bytes != MODEL_WORKSPACE_BYTES(workers)) {
        fprintf(stderr, "header and code differ about the workspace\n");
        exit(1);
    }
    model_session s = {.workspace = aligned(bytes), .workspace_bytes = bytes, .workers = workers};
    return s;
}

/* Outputs for a batch of made-up inputs. */
static inline arrays predict(const model_context *context, model_session *session, int64_t batch,
                             int seed) {
    int inputs, outputs;
    const model_tensor *takes = model_inputs(&inputs), *gives = model_outputs(&outputs);
    arrays in = new_arrays(takes, inputs, batch, seed), out = new_arrays(gives, outputs, batch, 0);
    check(model_predict_arrays(context, session, in.items, in.count, out.items, out.count),
          session->message);
    free_arrays(&in);
    return out;
}

/* 0 when both hold the same bytes. */
static inline int differ(const arrays *a, const arrays *b) {
    for (int i = 0; i < a->count; i++)
        if (memcmp(a->items[i].data, b->items[i].data, a->bytes[i]) != 0)
            return 1;
    return 0;
}

/* Weights of an export that keeps them in a file; `path` NULL: they are inside. */
static inline void load(model_context *context, const char *path) {
    check(model_init(context), context->message);
    if (path == NULL)
        return;
    FILE *file = must(fopen(path, "rb"));
    fseek(file, 0, SEEK_END);
    const size_t bytes = (size_t)ftell(file), room = MODEL_ROOM_BYTES;
    rewind(file);
    void *memory = aligned(bytes); /* not freed: the context reads it */
    if (fread(memory, 1, bytes, file) != bytes)
        exit(1);
    fclose(file);
    check(model_use_file(context, memory, bytes, aligned(room), room), context->message);
}
#endif
