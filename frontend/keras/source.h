/* A file with a model or weights in it, taken apart (source.c, legacy.c). */
#ifndef CORNU_FRONTEND_KERAS_SOURCE_H
#define CORNU_FRONTEND_KERAS_SOURCE_H

#include "frontend/keras/values.h"
#include "runtime/io/archive.h"

/* What is not arena memory is given back by keras_source_close, whatever happened on the way. */
typedef struct keras_source {
    const char *path;
    archive *zip;   /* of a .keras */
    uint8_t *bytes; /* of an .h5 */
    int descriptor;
    json_t *model;   /* {"class_name": ..., "config": ...}; NULL when there are only weights */
    json_t *compile; /* its compile_config; NULL when it was not compiled */
    hdf5_file weights;
    const char *legacy; /* "model_weights/", "" = of old files of weights; NULL: not an old file */
} keras_source;

/* Tells by the first bytes and by what is in it which kind of file it is. */
bool keras_source_open(keras_reader *r, const char *path, keras_source *out);
void keras_source_close(keras_source *s);

/* Old files (legacy.c): the configurations, which become objects as they are today, ... */
bool legacy_read(keras_reader *r, keras_source *s);
/* ... and the pairs of weights and, once the model is compiled, of its optimizer's state. */
void legacy_match_weights(const keras_source *s, const cn_model *m, arena *a, keras_values *out,
                          text *differences);
void legacy_match_optimizer(const keras_source *s, const cn_optimizer *o, arena *a,
                            keras_values *out, text *differences);

#endif
