/* What a call can come to: one code per kind of failure; the words are in the context.
 *
 * CN_OK is zero, every failure is negative. The list is the single source of the names and
 * of `cn_status_text`; a failing call also leaves a message that names the cause in the
 * context it was given (cn_error_message).
 */
#ifndef CORNU_STATUS_H
#define CORNU_STATUS_H

#define CN_STATUS_MAP(X)                                                              \
    X(OK, 0, "success")                                                               \
    X(ERROR_INVALID_ARGUMENT, -1, "an option or argument is missing or out of range") \
    X(ERROR_SHAPE, -2, "shapes do not fit")                                           \
    X(ERROR_DTYPE, -3, "element types do not fit")                                    \
    X(ERROR_GRAPH, -4, "the graph is not well formed")                                \
    X(ERROR_SYNTAX, -5, "text that cannot be parsed")                                 \
    X(ERROR_NOT_COMPILED, -6, "the model was not compiled")                           \
    X(ERROR_BUSY, -7, "the model is in use by another call")                          \
    X(ERROR_DATA, -8, "data that the model cannot take")                              \
    X(ERROR_WEIGHTS, -9, "weights that do not fit the model")                         \
    X(ERROR_FILE, -10, "a file that cannot be read or written")                       \
    X(ERROR_FORMAT, -11, "a file that is damaged or of another format")               \
    X(ERROR_COMPILER, -12, "no compiler, or the compiler failed")                     \
    X(ERROR_OUT_OF_MEMORY, -13, "out of memory")                                      \
    X(ERROR_NOT_FINITE, -14, "a value is not finite")                                 \
    X(ERROR_UNSUPPORTED, -15, "not supported")                                        \
    X(ERROR_INTERRUPTED, -16, "stopped on request")                                   \
    X(ERROR_INTERNAL, -17, "a defect in Cornu; please report it")

typedef enum cn_status {
#define X(name, code, text) CN_##name = (code),
    CN_STATUS_MAP(X)
#undef X
} cn_status;

#endif
