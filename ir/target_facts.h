/* What passes may ask of a target: facts, never code. */
#ifndef CORNU_IR_TARGET_FACTS_H
#define CORNU_IR_TARGET_FACTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct target_facts {
    const char *name;
    int vector_bytes;        /* of one vector register */
    int64_t row_bytes;       /* a row up to this size stays in fast memory between passes over it */
    int64_t cache_bytes;     /* last private cache */
    int alignment;           /* of every planned buffer, bytes */
    int max_group_buffers;   /* arguments of one kernel */
    int max_group_nodes;
    bool lowers_to_loops;    /* false: the graph is run as it is (ref); no fusion, no layout */
    const char *const *claims; /* composites it has kernels for, NULL-terminated; NULL = none */
} target_facts;

#endif
