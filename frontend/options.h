/* Options as data: what Keras calls each option of an object, what it may be, where in Cornu's
 * struct it lies, and its default. Constructors of layers fill defaults by such rows, files of
 * Keras are read and written by them (frontend/keras/options.c), so all know the same options.
 */
#ifndef CORNU_FRONTEND_OPTIONS_H
#define CORNU_FRONTEND_OPTIONS_H

#include <stddef.h>

#include "cornu/layers.h"

/* The first are those of cn_field_type. "By the rule" is that of the public options: zero stands
 * for the default, CN_ZERO for zero. */
typedef enum option_kind {
    OPTION_INTEGER = CN_FIELD_INTEGER,         /* int64_t, as it is */
    OPTION_NUMBER = CN_FIELD_NUMBER,           /* double, as it is */
    OPTION_FLAG = CN_FIELD_FLAG,               /* bool */
    OPTION_TEXT = CN_FIELD_TEXT,               /* const char *; NULL is null */
    OPTION_ACTIVATION = CN_FIELD_ACTIVATION,   /* NULL is linear */
    OPTION_INITIALIZER = CN_FIELD_INITIALIZER, /* NULL is `more` */
    OPTION_REGULARIZER = CN_FIELD_REGULARIZER, /* NULL is none */
    OPTION_WHOLE,                              /* double, an integer in files */
    OPTION_NUMBER_BY_RULE,                     /* double */
    OPTION_NUMBER_OR_NONE,                     /* double: 0 = null, CN_ZERO = 0 */
    OPTION_INTEGER_BY_RULE,                    /* int64_t */
    OPTION_INTEGER_OR_NONE,                    /* int64_t: 0 = null, CN_ZERO = 0 */
    OPTION_RARE_INTEGER, /* int64_t by the rule, written only where it is not the default: older
                               versions of Keras do not know it */
    OPTION_NOT,          /* bool that says the opposite: .no_bias of use_bias */
    OPTION_WORD,         /* int: which of its words */
    OPTION_NAME,         /* const char *; NULL is not written */
    OPTION_SEED,         /* uint64_t: 0 = null, CN_ZERO = 0 */
    OPTION_PAIR,         /* int64_t[2], above zero; one number stands for both */
    OPTION_MARGINS,      /* int64_t[2][2], by the rule, not negative */
    OPTION_LIST,         /* int64_t[CN_MAX_RANK] up to the first zero */
    OPTION_SHAPE,        /* ... in which CN_BATCH is null */
    OPTION_FIXED, /* Keras' alone: one of its words (JSON); the first is written, but for "" */
    OPTION_FREE,  /* Keras' alone and of no effect here: words, if any, likewise */
} option_kind;

typedef struct option_row {
    const char *key; /* NULL ends a table */
    option_kind kind;
    size_t offset;
    double number;    /* the default, of flags and words too */
    const void *more; /* words: const char *const[] up to NULL; the default of an initializer */
} option_row;
#define OPTION_AT(type, member) .offset = offsetof(type, member)
#define OPTION_WORDS(...)           \
    .more = (const char *const[]) { \
        __VA_ARGS__, NULL           \
    }
static inline const char *const *option_words(const option_row *row) {
    return row->more;
}

#endif
