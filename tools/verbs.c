/* The verbs, in the order in which help and the man page name them. */
#include <stddef.h>

#include "tools/verb.h"

#define VERB_MAP(X) \
    X(summary)      \
    X(train)        \
    X(evaluate)     \
    X(predict)      \
    X(compile)      \
    X(dump)         \
    X(bench)        \
    X(explain)      \
    X(verify)       \
    X(convert)      \
    X(data)         \
    X(doctor)       \
    X(cache)        \
    X(help)

#define X(name) extern const verb verb_##name;
VERB_MAP(X)
#undef X

const verb *const verbs[] = {
#define X(name) &verb_##name,
    VERB_MAP(X)
#undef X
    NULL,
};
