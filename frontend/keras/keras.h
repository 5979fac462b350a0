/* Keras' files: models as JSON and weights as HDF5, both ways.
 *
 *   load.c, save.c             cn_load, cn_save; custom.c  cn_register_layer
 *   source.c, legacy.c         files taken apart: .keras, .weights.h5; .h5 of older saving
 *   read_rows.c, read_graph.c  config.json to a model; file_graph.c, write_graph.c  and back
 *   options.c, dtypes.c        options by tables (frontend/options.h), names of element types
 *   common.c, objects.c        problems; activations, initializers, regularizers
 *   training.c, training_objects.c      compile_config; losses, metrics, optimizers, schedules
 *   ops.c, ops_shape.c, write_ops.c, write_constants.c      ops between layers (keras.ops)
 *   paths.c, values.c          where in the HDF5 tree each weight lies; its value
 *
 * Sources: reference semantics are those of Keras 3.15 (keras/src/saving, keras/src/models);
 * what older versions write is accepted where it differs.
 *
 * Reading: everything that Cornu has not is noted (keras_problem) and reading goes on, so that one
 * message lists it all; a model is made of the configuration only when nothing was noted. So a
 * reader of objects that notes a problem may return anything valid. Nothing of a file is run.
 */
#ifndef CORNU_FRONTEND_KERAS_KERAS_H
#define CORNU_FRONTEND_KERAS_KERAS_H

#include <jansson.h>

#include "base/json_writer.h"
#include "frontend/frontend.h"
#include "frontend/layers.h"
#include "runtime/io/hdf5.h"

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct keras_reader {
    cn_context *context; /* owner of what is made */
    arena *scratch;      /* lives as long as the reading */
    cn_source where;     /* the file, in place of a line of a program */
    const char *place;   /* of the options that are being read */
    text problems;       /* "\n  PLACE: WORDS" of each */
    uint32_t problem_count;
} keras_reader;

/* Notes what cannot be had; `place` is the words for where: `Dense "fc1"`, "compile_config". */
void keras_problem(keras_reader *r, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A serialised object {"class_name": ..., "config": {...}}: false when j is not one. A plain
 * string is a class without a configuration. "registered_name" PACKAGE>NAME of classes that are
 * not Keras' stays with the object. */
typedef struct keras_object {
    const char *class_name;      /* "GlorotUniform" */
    const char *registered_name; /* "Custom>Gate"; NULL for Keras' own */
    const char *module;          /* "keras.initializers"; NULL when it is not said */
    const json_t *config;        /* an object; NULL = none */
} keras_object;
bool keras_object_of(const json_t *j, keras_object *out);

/* Each reads what Keras may have put at such a place: null, a name, an object, an object of an old
 * version. NULL for null (and for "linear"). */
const cn_activation *keras_read_activation(keras_reader *r, const char *place, const json_t *j);
const cn_initializer *keras_read_initializer(keras_reader *r, const char *place, const json_t *j);
const cn_regularizer *keras_read_regularizer(keras_reader *r, const char *place, const json_t *j);
/* Compiles m as `compile_config` says, which was made of the same file. Without a loss it stays
 * uncompiled, after a warning. */
void keras_read_compile(keras_reader *r, cn_model *m, const json_t *compile_config);
/* An op between layers by its Keras class ("Add" of keras.src.ops.numpy), and its call's arguments,
 * positional and named, in which symbolic tensors are marked {"tensor": INDEX} into `tensors`. */
typedef struct keras_op_call {
    const char *place, *class_name;
    const json_t *config; /* what the operation was made with: {"axis": -1} */
    const json_t *args, *kwargs;
    const cn_tensor *tensors;
    size_t tensor_count;
} keras_op_call;
/* Whether there is such an op. */
bool keras_op_known(const char *class_name);
/* How many results the op has, which it fills in; 0 after a problem was noted. */
size_t keras_read_op(keras_reader *r, const keras_op_call *call, cn_tensor *results,
                     size_t capacity);

/* Fields of a custom layer into the program's own struct (options.c), which has values already. */
void keras_read_fields(keras_reader *r, const char *place, const cn_custom_layer_options *class,
                       const json_t *config, void *user);
/* "float32"; false for names of what Cornu has not. */
bool keras_dtype_parse(const char *name, cn_dtype *out);
const char *keras_dtype_name(cn_dtype d);
/* The registered class of this name, "Gate" or "Custom>Gate"; NULL when there is none. */
const cn_custom_layer_options *keras_custom_class(const cn_context *c, const char *name);
/* A model of its serialised object, without values of its weights; NULL after problems or when the
 * context has a failure. */
cn_model *keras_read_model(keras_reader *r, const json_t *object);

/* ---- writing ---------------------------------------------------------------------------- */

typedef struct keras_writer {
    cn_context *context;
    arena *scratch;
    const char *place; /* of the options that are being written */
    json_writer json;
    text problems;
    uint32_t problem_count;
} keras_writer;

void keras_write_problem(keras_writer *w, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Opens {"module": M, "class_name": C, "config": { and closes with "registered_name": null}. */
void keras_open_object(keras_writer *w, const char *key, const char *module,
                       const char *class_name);
void keras_close_object(keras_writer *w);

void keras_write_activation(keras_writer *w, const char *key, const char *place,
                            const cn_activation *a); /* NULL: "linear" */
void keras_write_initializer(keras_writer *w, const char *key, const char *place,
                             const cn_initializer *i); /* NULL: null */
void keras_write_regularizer(keras_writer *w, const char *key, const char *place,
                             const cn_regularizer *r); /* NULL: null */
/* "compile_config": {...} of a compiled model. */
void keras_write_compile(keras_writer *w, const char *key, const cn_model *m);

void keras_write_fields(keras_writer *w, const char *place, const cn_custom_layer_options *class);
/* The model as a serialised object, with its compile_config if it has one and that is wanted. */
void keras_write_model(keras_writer *w, const cn_model *m, bool compiled);
/* Whether the outputs are a dictionary in the file: their names are not those of the layers. */
bool keras_outputs_by_name(const cn_model *m);
/* `Dense "fc1"` */
const char *keras_place(arena *a, const char *class_name, const char *name);

/* Whether the fields of a custom layer lie in its .user; fails in the name of a public call. */
bool custom_fields_fit(cn_context *c, cn_source where, const char *call,
                       const cn_custom_layer_options *o);
/* Puts copies of .user, the texts in it, and the fields in their place. */
void custom_options_keep(arena *a, cn_custom_layer_options *o);

/* ---- weights ---------------------------------------------------------------------------- */

/* Where a variable lies in the HDF5 tree: "layers/dense/vars/0". */
typedef struct keras_path {
    const char *path;
    variable *variable;
} keras_path;
/* A group "layers/dense/vars" and the layer's name. */
typedef struct keras_group {
    const char *path, *name;
} keras_group;
typedef struct keras_tree {
    VEC(keras_path) variables;
    VEC(keras_group) groups;
    const cn_layer *shared; /* in two models, with weights: Keras reads no such file; NULL = none */
} keras_tree;
/* `writing`: by the order that Keras will find in the file; else by that of the model. */
void keras_list_weights(const cn_model *m, bool writing, arena *a, keras_tree *out);
/* Whether the first bytes are those of an archive or of HDF5. */
bool keras_is_file(const char *path);
/* Weights alone, from any of Keras' files, strictly (load.c). */
bool keras_load_weights(cn_model *m, const char *path, arena *scratch);
/* ... to a .weights.h5 (save.c). */
bool keras_save_weights(cn_model *m, const char *path, arena *scratch);
/* Nothing before an optimizer has variables. */
void keras_list_optimizer(const cn_optimizer *o, arena *a, keras_tree *out);

/* Whether the node is written inside of its users' arguments and is no operation of its own in the
 * file: a constant (then keras_write_op_arguments writes it), or a change of shape that its users
 * do by themselves (then its first operand stands for it). Asked before keras_op_spelling. */
bool keras_op_is_inline(const graph *g, uint32_t node);
/* An op of the record (a step between layers) as Keras' operation: its class, the module that is
 * said to define it, its configuration and arguments. False when Keras has no such op. */
bool keras_op_spelling(const graph *g, uint32_t node, const char **module, const char **class_name);
/* The members after "name" of the operation's config (`"axis": -1`), and the arguments of its one
 * call, in which operand k stands as what `write_operand` writes. */
void keras_write_op_config(keras_writer *w, uint32_t node);
void keras_write_op_arguments(keras_writer *w, uint32_t node,
                              void (*write_operand)(keras_writer *w, uint32_t k, void *user),
                              void *user);

#endif
