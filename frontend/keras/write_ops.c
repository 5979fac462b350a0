/* Ops between layers as Keras' operations. */
#include "frontend/keras/keras.h"

bool keras_op_is_inline(const graph *g, uint32_t id) {
    (void)g, (void)id;
    return false;
}

bool keras_op_spelling(const graph *g, uint32_t id, const char **module, const char **class_name) {
    (void)g, (void)id, (void)module, (void)class_name;
    return false;
}

void keras_write_op_config(keras_writer *w, uint32_t id) {
    (void)w, (void)id;
}

void keras_write_op_arguments(keras_writer *w, uint32_t id,
                              void (*write_operand)(keras_writer *w, uint32_t k, void *user),
                              void *user) {
    (void)w, (void)id, (void)write_operand, (void)user;
}
