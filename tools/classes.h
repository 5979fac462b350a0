/* Names of classes, a line each: what a number in targets, texts and outputs stands for.
 *
 * Data number their own classes, so data that hold other ones than those that a model was trained
 * on would number them otherwise. `train` therefore keeps the names in NAME.classes beside what it
 * writes; --classes FILE, or else that file, gives them to the data of the next run. In a line
 * \n, \r and \\ stand for a newline, a carriage return and a backslash, which texts have as items.
 */
#ifndef CORNU_TOOLS_CLASSES_H
#define CORNU_TOOLS_CLASSES_H

#include "tools/verb.h"

#define CLASSES_OPTION(text) {"classes", 'c', OPTION_FILE, "FILE", NULL, text, {0}}

typedef struct class_names {
    char **items;
    size_t count;
    char *text; /* of the file; items are its lines */
    char *path;
} class_names;

/* From --classes; none without it. EXIT_OK, or a code after the message. Free in any case. */
exit_code class_names_read(const invocation *i, class_names *names);
/* The same; without it from NAME.classes beside --weights, or else beside the model's file. */
exit_code class_names_find(const invocation *i, class_names *names);
void class_names_free(class_names *names);
/* The names that a dataset has, if any, beside the file of a model or of weights; says so. */
exit_code class_names_write(const invocation *i, const cn_dataset *d, const char *model);

#endif
