/* Models in Keras' files: .keras and .weights.h5 to and from, old .h5 from.
 *
 * What Keras 3 saved opens here, predicts the same and goes on training; what is saved here opens
 * in Keras. A file holds no code: layers come from Cornu's own, and from the classes that the
 * program registers.
 */
#ifndef CORNU_SAVING_H
#define CORNU_SAVING_H

#include "cornu/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The model, its weights and, once it is compiled, losses, metrics and the optimizer with its
 * state, to NAME.keras; all or nothing. CN_ERROR_UNSUPPORTED lists everything that Keras has no
 * words for (custom losses, some ops between layers). Keras: Model.save. */
typedef struct cn_save_options {
    cn_model *model;
    const char *path; /* required */
    bool no_compile;  /* leave out losses, metrics and optimizer */
} cn_save_options;
CN_API CN_NODISCARD cn_status cn_save_at(cn_source where, const cn_save_options *options);

/* The model in a .keras file, or in an old .h5 that Keras wrote, compiled as it was when the
 * file says how. Names of layers and weights are those of the file. Never NULL: on failure a
 * poison model, and the context's message names the file, the place in it, and everything that
 * Cornu has not, at once. Keras: saving.load_model. */
typedef struct cn_load_options {
    cn_context *context;
    const char *path; /* required */
    bool no_compile;  /* leave out losses, metrics and optimizer */
} cn_load_options;
CN_API cn_model *cn_load_at(cn_source where, const cn_load_options *options);

/* Makes a class of custom layers known to cn_load: .class_name is Keras' ("SpatialGate", or with
 * the package it is registered under, "gates>SpatialGate"), .user and .user_size the options of a
 * layer for which the file says nothing, .fields where in them the file's values go; .name and
 * .frozen are the file's business. Strings and lists are copied. A class may be registered again:
 * the last one counts. */
CN_API CN_NODISCARD cn_status cn_register_layer_at(cn_source where,
                                                   const cn_custom_layer_options *options);

#ifndef __cplusplus
#define cn_save(...) cn_save_at(CN_HERE(cn_save_options), &(cn_save_options){.model = __VA_ARGS__})
#define cn_load(...) \
    cn_load_at(CN_HERE(cn_load_options), &(cn_load_options){.context = __VA_ARGS__})
#define cn_register_layer(...)                             \
    cn_register_layer_at(CN_HERE(cn_custom_layer_options), \
                         &(cn_custom_layer_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
