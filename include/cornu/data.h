/* Data: arrays in the caller's memory and in files, and datasets that a fit draws batches from.
 * Datasets of files are in data_files.h.
 *
 * A dataset belongs to its context. On failure a constructor returns NULL and the context keeps the
 * message; calls that take a dataset refuse NULL with that message.
 */
#ifndef CORNU_DATA_H
#define CORNU_DATA_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A dense row-major array in the caller's memory; the first axis counts samples. */
typedef struct cn_array {
    const char *name; /* of the model input or output it is for; NULL = by position */
    void *data;
    cn_dtype dtype; /* 0 = float32 */
    int rank;       /* 0 with shape[0] > 0: up to the first zero of shape */
    int64_t shape[CN_MAX_RANK];
} cn_array;

typedef struct cn_dataset cn_dataset;

/* Arrays of equal sample count, borrowed: they must outlive the dataset. Element types may be
 * narrower than the model's (uint8 images): the compiled step converts. */
typedef struct cn_dataset_options {
    cn_context *context;
    cn_array inputs[CN_MAX_LIST]; /* end at the first without data */
    cn_array targets[CN_MAX_LIST];
    cn_array sample_weight;     /* float32, one per sample, for every target */
    const cn_array *input_list; /* pointer-and-count twins */
    size_t input_count;
    const cn_array *target_list;
    size_t target_count;
    cn_array sample_weights[CN_MAX_LIST]; /* of target i alone; without data: .sample_weight */
    const cn_array *sample_weight_list;
    size_t sample_weight_count;
} cn_dataset_options;
CN_API cn_dataset *cn_dataset_arrays_at(cn_source where, const cn_dataset_options *options);

/* Writes sample `index`: inputs[i] and targets[j] point at the room for its i-th input and j-th
 * target, of the shapes told below. Called by one thread at a time: one that gathers batches ahead,
 * or, where there is one batch only or no thread could be started, the caller's own. False stops
 * the run with CN_ERROR_DATA. */
typedef bool (*cn_sample_callback)(void *user, int64_t index, void *const *inputs,
                                   void *const *targets);
typedef struct cn_dataset_callback_options {
    cn_context *context;
    int64_t count;             /* required: samples */
    cn_sample_callback sample; /* required */
    void *user;                /* borrowed */
    cn_array inputs
        [CN_MAX_LIST]; /* data NULL: name, dtype, shape of ONE sample, rank >= 1; end at rank 0 */
    cn_array targets[CN_MAX_LIST];
} cn_dataset_callback_options;
CN_API cn_dataset *cn_dataset_callback_at(cn_source where,
                                          const cn_dataset_callback_options *options);

CN_API int64_t cn_dataset_count(const cn_dataset *d);
/* Samples [begin, end) of another dataset, in its order. */
CN_API cn_dataset *cn_dataset_range(cn_dataset *d, int64_t begin, int64_t end);
/* Borrowed view of an array-backed dataset's input or target i; data NULL when there is none. */
CN_API cn_array cn_dataset_input(const cn_dataset *d, size_t i);
CN_API cn_array cn_dataset_target(const cn_dataset *d, size_t i);
/* Datasets belong to their context; freeing early is allowed, but not before ranges of it, nor from
 * a callback of the call that reads it: its threads read ahead. */
CN_API void cn_dataset_free(cn_dataset *d);

/* ---- arrays in files ------------------------------------------------------------------------- */

/* All arrays of a file: .npy, .npz, .safetensors or IDX (plain or gzip), told by its first bytes.
 * They and their names (NULL where the format has none) live until it is freed, before its context.
 * NULL, with the message in the context, when it cannot be read or is damaged. */
typedef struct cn_array_file cn_array_file;
CN_API cn_array_file *cn_array_file_read(cn_context *c, const char *path);
CN_API const char *cn_array_file_format(const cn_array_file *f); /* "npz" */
CN_API size_t cn_array_file_count(const cn_array_file *f);
CN_API cn_array cn_array_file_get(const cn_array_file *f, size_t i);
CN_API void cn_array_file_free(cn_array_file *f);
/* As the name ends: .npy (one array), .npz or .safetensors; all or nothing. */
CN_API CN_NODISCARD cn_status cn_array_file_write(cn_context *c, const char *path,
                                                  const cn_array *arrays, size_t count);

#ifndef __cplusplus
#define cn_dataset_arrays(...) \
    cn_dataset_arrays_at(CN_HERE(cn_dataset_options), &(cn_dataset_options){.context = __VA_ARGS__})
#define cn_dataset_callback(...)                                 \
    cn_dataset_callback_at(CN_HERE(cn_dataset_callback_options), \
                           &(cn_dataset_callback_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
