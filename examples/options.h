/* The options that the Fashion-MNIST examples share:
 *   --backend ref|cpu  --threads N  --epochs N  --batch N  --limit N  --seed N  --data FOLDER */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    const char *backend, *data;
    int threads;
    long epochs, batch, limit; /* limit: training samples to use, 0 = all */
    unsigned long long seed;
} options;

/* False after a line on stderr that says what is wrong. */
static int read_options(int argc, char **argv, options *o) {
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *text = i + 1 < argc ? argv[i + 1] : NULL;
        char *end = NULL;
        long long number = text == NULL ? -1 : strtoll(text, &end, 10);
        int is_number = text != NULL && end != text && *end == 0 && number >= 0;
        if (text != NULL && strcmp(name, "--backend") == 0) o->backend = text;
        else if (text != NULL && strcmp(name, "--data") == 0) o->data = text;
        else if (is_number && strcmp(name, "--threads") == 0) o->threads = (int)number;
        else if (is_number && strcmp(name, "--epochs") == 0) o->epochs = (long)number;
        else if (is_number && strcmp(name, "--batch") == 0) o->batch = (long)number;
        else if (is_number && strcmp(name, "--limit") == 0) o->limit = (long)number;
        else if (is_number && strcmp(name, "--seed") == 0) o->seed = (unsigned long long)number;
        else {
            fprintf(stderr, "%s: cannot use \"%s %s\"; options: --backend ref|cpu --threads N "
                    "--epochs N --batch N --limit N --seed N --data FOLDER\n", argv[0], name,
                    text == NULL ? "" : text);
            return 0;
        }
    }
    return 1;
}

static const char *data_path(const options *o, const char *file) {
    static char paths[4][1024];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", o->data, file);
    return path;
}

#endif
