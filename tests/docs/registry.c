/* What the documents say of the IR, asked of the IR itself.
 *
 *     registry ops            the ops as a table in Markdown
 *     registry parse FILE...  every block "cnir" of a document parses, and prints as it stands
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "ir/ops/ops.h"

/* ---- ops ------------------------------------------------------------------------------------ */

/* " (sum prod max)": the default first. */
static void print_choices(const char *const *names) {
    for (int i = 0; names[i] != NULL; i++)
        printf("%s%s", i == 0 ? " (" : " ", names[i]);
    printf(")");
}

static void print_attributes(const op_def *op) {
    if (op->attributes == NULL)
        return;
    int count = 0;
    for (const attribute_field *f = op->attributes->fields; f->name != NULL; f++) {
        if (f->kind == FIELD_RESULT_DTYPE || f->kind == FIELD_RESULT_SHAPE)
            continue;
        printf("%s%s", count++ > 0 ? ", " : "", f->name);
        if (f->kind == FIELD_ENUM)
            print_choices(f->names);
    }
}

static void print_cell(const char *words) {
    for (; *words != '\0'; words++)
        printf("%s%c", *words == '|' ? "\\" : "", *words);
}

static int print_ops(void) {
    puts("| op | result | attributes |\n|---|---|---|");
    for (const op_def *const *op = op_registry; *op != NULL; op++) {
        printf("| `%s` | ", (*op)->name);
        print_cell((*op)->summary);
        printf(" | ");
        print_attributes(*op);
        puts(" |");
    }
    return 0;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Reads one block back. Blocks may leave out source lines, which printing would too. */
static int check_block(const char *file, const char *block, size_t length, memory *m) {
    diagnostics d;
    diag_init(&d);
    arena *a = arena_new(m, &d);
    graph *g = a == NULL ? NULL : graph_parse(a, block, length);
    int defects = 0;
    if (g == NULL || !graph_verify(g, &d)) {
        printf("%s: a block does not parse: %s\n%.*s", file, d.message, (int)length, block);
        defects = 1;
    } else {
        text t;
        text_init(&t, a);
        graph_print(g, &t);
        if (t.length != length || memcmp(t.data, block, length) != 0) {
            printf("%s: a block prints otherwise:\n%s", file, t.data);
            defects = 1;
        }
    }
    arena_free(a);
    return defects;
}

static int check_document(const char *file, memory *m) {
    static const char begin[] = "\n```cnir\n", end[] = "\n```\n";
    diagnostics d;
    uint8_t *bytes;
    size_t length;
    diag_init(&d);
    if (!file_read_all(file, &d, &bytes, &length)) {
        puts(d.message);
        return 1;
    }
    char *words = calloc(length + 1, 1);
    int defects = 0;
    if (words != NULL)
        memcpy(words, bytes, length);
    for (char *at = words; at != NULL && (at = strstr(at, begin)) != NULL;) {
        at += strlen(begin);
        char *stop = strstr(at, end);
        if (strncmp(at, "cornu-ir 1\n", 11) == 0 && stop != NULL)
            defects += check_block(file, at, (size_t)(stop - at) + 1, m);
    }
    free(words);
    free(bytes);
    return defects;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "ops") == 0)
        return print_ops();
    if (argc < 3 || strcmp(argv[1], "parse") != 0) {
        fputs("usage: registry ops | registry parse FILE...\n", stderr);
        return 2;
    }
    memory *m = memory_new(0);
    int defects = 0;
    for (int i = 2; i < argc; i++)
        defects += check_document(argv[i], m);
    memory_free(m);
    return defects == 0 ? 0 : 1;
}
