/* Names of classes, the lines of a file: the option --classes. */
#ifndef CORNU_TOOLS_CLASSES_H
#define CORNU_TOOLS_CLASSES_H

#include "tools/verb.h"

typedef struct class_names {
    char **items;
    size_t count;
    char *text; /* of the file; items are its lines */
} class_names;

/* From --classes; none without it. EXIT_OK, or a code after the message. Free in any case. */
exit_code class_names_read(const invocation *i, class_names *names);
void class_names_free(class_names *names);
/* NULL when there is none for class k. */
const char *class_name(const class_names *names, size_t k);

#endif
