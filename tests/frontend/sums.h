/* Data that tests of layers and models train on: a target is a feature, so a little is learned. */
#ifndef CORNU_TESTS_FRONTEND_SUMS_H
#define CORNU_TESTS_FRONTEND_SUMS_H

#include "test.h"

#include "frontend/frontend.h"

enum { ROWS = 16 };
static float features[ROWS][4], sums[ROWS][2];

static inline cn_context *context_with_sums(uint64_t seed) {
    cn_context *c =
        cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true, .seed = seed});
    assert_non_null(c);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 4; k++) {
            features[i][k] = (float)((i * 7 + k * 5) % 11) / 11;
            sums[i][k % 2] = features[i][k];
        }
    return c;
}

static inline void must_work(cn_context *c, cn_status s) {
    if (s != CN_OK)
        fail_msg("%s", cn_error_message(c));
}

#endif
