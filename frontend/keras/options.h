/* Configurations by tables of options (frontend/options.h), and words for what does not fit. */
#ifndef CORNU_FRONTEND_KERAS_OPTIONS_H
#define CORNU_FRONTEND_KERAS_OPTIONS_H

#include <stddef.h>

#include "frontend/keras/keras.h"

/* Fills every option of `out` from a configuration (NULL = an empty one), or, when it says nothing,
 * with the default. What is of another kind, and what is not in the rows though the file gives it
 * a value, is noted in words about `what` ("optimizer Adam"; NULL: the place says it): then
 * false. */
bool keras_read_options(keras_reader *r, const char *place, const char *what, const json_t *config,
                        const option_row *rows, void *out);
void keras_write_options(keras_writer *w, const char *place, const option_row *rows,
                         const void *from);
/* What every layer's configuration may say; read elsewhere, or without meaning here. */
bool keras_is_common(const char *key);

/* A number, or the scalar of a serialised array. */
bool keras_number_of(const json_t *j, double *out);
/* The value as JSON, shortened, for messages. */
const char *keras_words(arena *a, const json_t *j);
/* Notes that there is no such `kind` ("activation") and why. */
void keras_refuse(keras_reader *r, const char *place, const char *kind, const keras_object *o);
/* Turns a refusal by one of the library's own constructors into a problem: false then. */
bool keras_made(keras_reader *r, const char *place);

#endif
