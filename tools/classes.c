/* Names of classes from a file; see the header. */
#define _GNU_SOURCE
#include "tools/classes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path) {
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    if (file == NULL)
        return NULL;
    if (getdelim(&text, &size, 0, file) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(file);
    return text;
}

exit_code class_names_read(const invocation *i, class_names *names) {
    const char *path = option_text(i, "classes", NULL);
    *names = (class_names){0};
    if (path == NULL)
        return EXIT_OK;
    if ((names->text = read_text(path)) == NULL)
        return fail(i, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    size_t lines = 1;
    for (const char *c = names->text; *c != 0; c++)
        lines += *c == '\n';
    if ((names->items = calloc(lines, sizeof *names->items)) == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    char *rest = names->text, *line;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (*line != 0 || rest != NULL)
            names->items[names->count++] = line;
    return EXIT_OK;
}

void class_names_free(class_names *names) {
    free(names->items);
    free(names->text);
}

const char *class_name(const class_names *names, size_t k) {
    return k < names->count ? names->items[k] : NULL;
}
