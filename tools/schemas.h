/* What --json documents are called and hold: the one list, of which the man page tells.
 *
 * A document's "schema" is "cornu.NAME/VERSION". Within a version keys are added, never taken away
 * or given another meaning. json_begin takes a row of this list, so no document has another name.
 */
#ifndef CORNU_TOOLS_SCHEMAS_H
#define CORNU_TOOLS_SCHEMAS_H

#include <stdio.h>

/* X(name, version, who writes it, keys beside "schema") */
#define SCHEMA_MAP(X)                                                                             \
    X(summary, 1, "summary", "model, inputs, outputs, layers, parameters, trainable_parameters")  \
    X(train, 1, "train, a line for each epoch and one at the end",                                \
      "epoch, logs; at the end interrupted, and weights or model")                                \
    X(evaluate, 1, "evaluate", "samples, logs")                                                   \
    X(predict, 1, "predict", "samples, outputs; of a folder of images files")                     \
    X(compile, 1, "compile", "model, output, bytes, seconds")                                     \
    X(dump, 1, "dump, which has more keys for each stage",                                        \
      "stage; of graphs name, inputs, outputs, nodes; of launches launches; of memory capacity, " \
      "arena_bytes, lower_bound_bytes, state_bytes, io_bytes, values, bodies; else parts")        \
    X(passes, 1, "dump --list-passes", "passes")                                                  \
    X(ops, 1, "dump --ops", "ops")                                                                \
    X(bench, 1, "bench", PROFILE_KEYS)                                                            \
    X(trace, 1, "bench --trace, in the form of about:tracing", "traceEvents")                     \
    X(explain, 1, "explain, also inside of the page", PROFILE_KEYS)                               \
    X(verify, 1, "verify --reference", "tolerance, first, cause, layers, unused")                 \
    X(gradients, 1, "verify --gradients", "tolerance, first, weights")                            \
    X(convert, 1, "convert", "file, arrays")                                                      \
    X(data, 1, "data", "files")                                                                   \
    X(doctor, 1, "doctor", "findings")                                                            \
    X(cache, 1, "cache", "folder; of ls bytes, limit, entries; of clear removed")

#define PROFILE_KEYS                                                                              \
    "model, program, target, isa, report, batch_size, threads, repeats, seconds, "                \
    "between_seconds, flops, bytes, arena_bytes, arena_least_bytes, state_bytes, io_bytes, "      \
    "flops_per_second, bandwidths, layers, buffers, launches, remarks"

typedef enum schema {
#define X(name, version, writer, keys) SCHEMA_##name,
    SCHEMA_MAP(X)
#undef X
} schema;

#endif
