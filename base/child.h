/* Runs one program to its end, without a shell and without what could steer it from outside. */
#ifndef CORNU_BASE_CHILD_H
#define CORNU_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

enum { CHILD_MESSAGE_BYTES = 3000, CHILD_MOST_DESCRIPTORS = 4 };

typedef struct child_options {
    const char *program;    /* path */
    const char *folder;     /* working folder, and for temporary files; NULL: "/", and none */
    const char *messages;   /* file for what the child prints, made anew; NULL: kept nowhere */
    const int *descriptors; /* of ours, which are 3, 4, ... there; all others are closed */
    size_t descriptor_count;
    size_t file_bytes; /* the largest file it may write; 0: 1 GiB */
    double seconds;    /* after which the child and its children are killed */
} child_options;

typedef enum child_end {
    CHILD_SUCCEEDED,
    CHILD_FAILED,      /* with an exit status other than 0 */
    CHILD_KILLED,      /* by a signal */
    CHILD_LATE,        /* by us, because time was up */
    CHILD_NOT_STARTED, /* there is no such program, or no process for it */
} child_end;

/* How it ended, the first of what it printed, and of an end that is no success the number: exit
 * status, signal, or errno. Any thread may call this. */
typedef struct child_result {
    child_end end;
    int number;
    char printed[CHILD_MESSAGE_BYTES];
} child_result;
void child_start(const child_options *options, const char *const *arguments, child_result *out);

/* The same; NULL when the program succeeded, else a message (malloc) that holds the first of what
 * it printed. */
char *child_run(const child_options *options, const char *const *arguments);

#endif
