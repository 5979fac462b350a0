/* Cornu: deep learning for C programs.
 *
 * A model is described as Keras describes it in Python, compiled in process to native code that is
 * specialised to it, and trained or asked from C. One header, one library.
 *
 *     cn_context *c = cn_context_new(NULL);
 *     cn_tensor image = cn_input(c, {28, 28, 1}, .name = "image");
 *     cn_tensor digit = cn_chain(image,
 *         cn_conv2d(c, 32, {3, 3}, .activation = CN_RELU),
 *         cn_max_pooling2d(c),
 *         cn_flatten(c),
 *         cn_dense(c, 10, .activation = CN_SOFTMAX));
 *     cn_model *m = cn_model_new(c, .inputs = {image}, .outputs = {digit});
 *
 * A call takes its required arguments by position and its options by name, as in Python; an
 * option left out, or zero, is Keras' default. Layers are values that are applied to tensors.
 * Builders need no checks: the first failure is kept with its source line and cn_compile reports
 * it. Calls that can fail return a cn_status; the words are in cn_error_message. The library
 * never exits, never prints but through the context's writer, and frees with the context.
 *
 * context.h      the context, errors, CN_ZERO       model.h     model, compile, fit, predict
 * tensor.h       symbolic tensors, cn_apply          data.h      arrays, datasets
 * layers.h       layers, and your own                callbacks.h callbacks of fit
 * activations.h  initializers.h                      function.h  gradients and custom training
 * losses.h       metrics.h  optimizers.h             ops.h       ops on tensors (keras.ops)
 * profile.h      kernels, times, memory              verify.h    against another program's arrays
 * environment.h  what is found on this machine       export.h    shared objects and objects
 * inspect.h      every stage of the compiler as text
 * data_files.h   datasets from files: tables, images, texts, arrays
 * saving.h       Keras' files, to and from
 */
#ifndef CORNU_H
#define CORNU_H

#include "cornu/activations.h"
#include "cornu/callbacks.h"
#include "cornu/context.h"
#include "cornu/data.h"
#include "cornu/data_files.h"
#include "cornu/dtype.h"
#include "cornu/environment.h"
#include "cornu/export.h"
#include "cornu/function.h"
#include "cornu/initializers.h"
#include "cornu/inspect.h"
#include "cornu/layers.h"
#include "cornu/losses.h"
#include "cornu/metrics.h"
#include "cornu/model.h"
#include "cornu/ops.h"
#include "cornu/optimizers.h"
#include "cornu/profile.h"
#include "cornu/saving.h"
#include "cornu/status.h"
#include "cornu/tensor.h"
#include "cornu/verify.h"

#endif
