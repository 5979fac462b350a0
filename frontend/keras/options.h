/* Configurations by tables: what Keras calls each option of an object, what it may be, and where in
 * Cornu's struct it lies. The same rows read and write, so that both know the same options.
 */
#ifndef CORNU_FRONTEND_KERAS_OPTIONS_H
#define CORNU_FRONTEND_KERAS_OPTIONS_H

#include <stddef.h>

#include "frontend/keras/keras.h"

/* "By the rule" is that of the public options: zero stands for the default, CN_ZERO for zero. */
typedef enum keras_option_kind {
    KERAS_NUMBER,          /* double, as it is */
    KERAS_WHOLE,           /* double, an integer in files */
    KERAS_NUMBER_OPTION,   /* double, by the rule */
    KERAS_NUMBER_OR_NONE,  /* double: 0 = null, CN_ZERO = 0 */
    KERAS_INTEGER_OPTION,  /* int64_t, by the rule */
    KERAS_INTEGER_OR_NONE, /* int64_t: 0 = null, CN_ZERO = 0 */
    KERAS_RARE_INTEGER,    /* like an integer option; written only where it is not the default, for
                              older versions of Keras do not know it */
    KERAS_FLAG,            /* bool */
    KERAS_WORD,            /* int: which of `words` */
    KERAS_NAME,            /* const char *; NULL is not written */
    KERAS_SEED,            /* uint64_t: 0 = null, CN_ZERO = 0 */
    KERAS_FIXED, /* Keras' alone: one of `words` (JSON); the first is written, but for "" */
    KERAS_FREE,  /* Keras' alone and of no effect here: `words`, if any, likewise */
} keras_option_kind;

typedef struct keras_option {
    const char *key;
    keras_option_kind kind;
    size_t offset;
    double number;            /* the default, of flags and words too */
    const char *const *words; /* end at NULL */
} keras_option;

/* Fills every option of `out` from a configuration (NULL = an empty one). What is of another kind,
 * and what is not in the rows though the file gives it a value, is noted in words about `what`
 * ("optimizer Adam"): then false. */
bool keras_read_options(keras_reader *r, const char *place, const char *what, const json_t *config,
                        const keras_option *rows, void *out);
void keras_write_options(keras_writer *w, const keras_option *rows, const void *from);

/* A number, or the scalar of a serialised array. */
bool keras_number_of(const json_t *j, double *out);
/* The value as JSON, shortened, for messages. */
const char *keras_words(arena *a, const json_t *j);
/* Notes that there is no such `kind` ("activation") and why. */
void keras_refuse(keras_reader *r, const char *place, const char *kind, const keras_object *o);
/* Turns a refusal by one of the library's own constructors into a problem: false then. */
bool keras_made(keras_reader *r, const char *place);

#endif
