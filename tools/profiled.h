/* What bench and explain share: a profile by the options of both, and how it is written. */
#ifndef CORNU_TOOLS_PROFILED_H
#define CORNU_TOOLS_PROFILED_H

#include "tools/json.h"
#include "tools/training.h"

#define PROFILE_OPTIONS                                                                \
    {"program", 'p', OPTION_CHOICE, "NAME", "predict|train",                           \
     "which program; default: predict", {0}},                                          \
    {"batch", 'b', OPTION_INTEGER, "N", NULL, "samples in a batch; default: 32", {0}}, \
    {"repeats", 0, OPTION_INTEGER, "N", NULL, "measured runs; default: 20", {0}},      \
    OPTIMIZER_OPTION(.only_for = "program=train"), LOSS_OPTION(.only_for = "program=train")

/* EXIT_OK, or a code after the message was written; then nothing is left open. */
exit_code profiled_open(invocation *i, open_model *m, cn_profile **p);
void profiled_close(open_model *m, cn_profile *p);

/* All of it as values of an open object; with the texts of kernels when asked. */
void profiled_write(json *j, const cn_profile *p, bool texts);

/* "12.3 M", "456 k": a number in three digits with the letter of its thousand. */
typedef struct short_number {
    char text[16];
} short_number;
short_number shorten(double x);

#endif
