/* Cornu for C++20: the same structs and the same words, in namespace cn.
 *
 *     cn_context *c = cn_context_new(nullptr);
 *     cn_tensor image = cn::input({.context = c, .shape = {28, 28, 1}, .name = "image"});
 *     cn_tensor digit = cn::chain(image, {
 *         cn::conv2d({.context = c, .filters = 32, .kernel_size = {3, 3}, .activation = CN_RELU}),
 *         cn::flatten({.context = c}),
 *         cn::dense({.context = c, .units = 10, .activation = CN_SOFTMAX})});
 *     cn_model *m = cn::model_new({.context = c, .inputs = {image}, .outputs = {digit}});
 *
 * Options stand in the order of their struct, as C++ wants them. Functions without options
 * (cn_op_add, cn_model_free) are called as they are. A failure names the caller's line; nothing
 * throws, nothing is owned here. Leaving options out is the point of it: of -Wextra, switch off
 * -Wmissing-field-initializers (clang: -Wmissing-designated-field-initializers).
 */
#ifndef CORNU_CORNU_HPP
#define CORNU_CORNU_HPP

#include <initializer_list>

#include "cornu.h"

namespace cn {

/* Where a call stands: its defaults are those of the place that leaves it out. */
struct place {
    const char *file;
    int line;
    static constexpr place here(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
    constexpr cn_source with(size_t options_size) const { return {file, line, options_size}; }
};

/* X(result, name, options): every call that takes options. */
#define CN_CPP_MAP(X)                                                                             \
    X(cn_tensor, input, cn_input_options)                                                         \
    X(cn_layer *, dense, cn_dense_options)                                                        \
    X(cn_layer *, activation, cn_activation_layer_options)                                        \
    X(cn_layer *, dropout, cn_dropout_options)                                                    \
    X(cn_layer *, flatten, cn_flatten_options)                                                    \
    X(cn_layer *, reshape, cn_reshape_options)                                                    \
    X(cn_layer *, permute, cn_permute_options)                                                    \
    X(cn_layer *, rescaling, cn_rescaling_options)                                                \
    X(cn_layer *, relu, cn_relu_options)                                                          \
    X(cn_layer *, leaky_relu, cn_leaky_relu_options)                                              \
    X(cn_layer *, softmax, cn_softmax_options)                                                    \
    X(cn_layer *, conv2d, cn_conv2d_options)                                                      \
    X(cn_layer *, depthwise_conv2d, cn_depthwise_conv2d_options)                                  \
    X(cn_layer *, max_pooling2d, cn_pooling2d_options)                                            \
    X(cn_layer *, average_pooling2d, cn_pooling2d_options)                                        \
    X(cn_layer *, global_average_pooling2d, cn_global_pooling2d_options)                          \
    X(cn_layer *, global_max_pooling2d, cn_global_pooling2d_options)                              \
    X(cn_layer *, zero_padding2d, cn_zero_padding2d_options)                                      \
    X(cn_layer *, batch_normalization, cn_batch_normalization_options)                            \
    X(cn_layer *, add, cn_merge_options)                                                          \
    X(cn_layer *, subtract, cn_merge_options)                                                     \
    X(cn_layer *, multiply, cn_merge_options)                                                     \
    X(cn_layer *, average, cn_merge_options)                                                      \
    X(cn_layer *, maximum, cn_merge_options)                                                      \
    X(cn_layer *, concatenate, cn_concatenate_options)                                            \
    X(cn_layer *, custom_layer, cn_custom_layer_options)                                          \
    X(cn_tensor, layer_add_weight, cn_weight_options)                                             \
    X(const cn_loss *, loss_mean_squared_error, cn_loss_options)                                  \
    X(const cn_loss *, loss_mean_absolute_error, cn_loss_options)                                 \
    X(const cn_loss *, loss_huber, cn_loss_options)                                               \
    X(const cn_loss *, loss_binary_crossentropy, cn_loss_options)                                 \
    X(const cn_loss *, loss_categorical_crossentropy, cn_loss_options)                            \
    X(const cn_loss *, loss_sparse_categorical_crossentropy, cn_loss_options)                     \
    X(const cn_loss *, custom_loss, cn_custom_loss_options)                                       \
    X(const cn_metric *, metric_binary_accuracy, cn_metric_options)                               \
    X(const cn_metric *, metric_top_k_categorical_accuracy, cn_metric_options)                    \
    X(const cn_metric *, metric_sparse_top_k_categorical_accuracy, cn_metric_options)             \
    X(cn_optimizer *, sgd, cn_optimizer_options)                                                  \
    X(cn_optimizer *, adam, cn_optimizer_options)                                                 \
    X(cn_optimizer *, adamw, cn_optimizer_options)                                                \
    X(cn_optimizer *, rmsprop, cn_optimizer_options)                                              \
    X(cn_callback *, early_stopping, cn_early_stopping_options)                                   \
    X(cn_callback *, model_checkpoint, cn_model_checkpoint_options)                               \
    X(cn_callback *, reduce_lr_on_plateau, cn_reduce_lr_options)                                  \
    X(cn_dataset *, dataset_arrays, cn_dataset_options)                                           \
    X(cn_dataset *, dataset_callback, cn_dataset_callback_options)                                \
    X(cn_function *, function_new, cn_function_options)                                           \
    X(cn_model *, model_new, cn_model_options)                                                    \
    X(cn_model *, sequential, cn_sequential_options)                                              \
    X(cn_status, compile, cn_compile_options)                                                     \
    X(cn_status, fit, cn_fit_options)                                                             \
    X(cn_status, evaluate, cn_evaluate_options)                                                   \
    X(cn_status, predict, cn_predict_options)                                                     \
    X(cn_status, train_on_batch, cn_batch_options)                                                \
    X(cn_status, test_on_batch, cn_batch_options)                                                 \
    X(cn_status, summary, cn_summary_options)                                                     \
    X(cn_status, inspect, cn_inspect_options)                                                     \
    X(cn_status, inspect_ir, cn_inspect_ir_options)

#define X(result, name, options)                                                                  \
    [[nodiscard]] inline result name(const options &o, place at = place::here()) {                \
        return cn_##name##_at(at.with(sizeof o), &o);                                             \
    }
CN_CPP_MAP(X)
#undef X

/* `export` is a word of C++. */
inline cn_status export_model(const cn_export_options &options, place at = place::here()) {
    return cn_export_at(at.with(sizeof options), &options);
}

inline cn_tensor apply(cn_layer *layer, cn_tensor x, place at = place::here()) {
    return cn_apply_list_at(at.with(0), layer, &x, 1);
}

inline cn_tensor apply(cn_layer *layer, std::initializer_list<cn_tensor> inputs,
                       place at = place::here()) {
    return cn_apply_list_at(at.with(0), layer, inputs.begin(), inputs.size());
}

/* Fills an array with the results of a layer that has several; returns how many there are. */
template <size_t capacity>
size_t apply_into(cn_tensor (&outputs)[capacity], cn_layer *layer, cn_tensor x,
                  place at = place::here()) {
    const cn_tensor inputs[] = {x, cn_tensor{}};
    return cn_apply_into_at(at.with(0), outputs, capacity, layer, inputs);
}

inline cn_tensor chain(cn_tensor x, std::initializer_list<cn_layer *> layers,
                       place at = place::here()) {
    return cn_chain_list_at(at.with(0), x, layers.begin(), layers.size());
}

/* x, and the ops that follow name this line: cn_op_add(cn::at(x), y). */
inline cn_tensor at(cn_tensor x, place where = place::here()) {
    return cn_at(where.with(0), x);
}

} // namespace cn

#endif
