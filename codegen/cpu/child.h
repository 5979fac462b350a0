/* Runs one program to its end, without a shell and without what could steer it from outside. */
#ifndef CORNU_CODEGEN_CPU_CHILD_H
#define CORNU_CODEGEN_CPU_CHILD_H

#include <stdbool.h>

typedef struct child_options {
    const char *program;  /* path */
    const char *folder;   /* working folder; the child's temporary files go here too */
    const char *messages; /* file for what the child prints, made anew */
    double seconds;       /* after which the child and its children are killed */
} child_options;

/* Returns NULL when the program succeeded, else a message (malloc) that holds the first of what
 * it printed. Any thread may call this. */
char *child_run(const child_options *options, const char *const *arguments);

#endif
