/* The layers and the options that files of Keras are read and written by: a table in Markdown. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "frontend/layers.h"

/* "LeakyReLU" as C has it: "leaky_relu". */
static void print_constructor(const char *class_name) {
    printf("`cn_");
    for (const char *p = class_name; *p != '\0'; p++) {
        bool acronym = strncmp(p, "ReLU", 4) == 0;
        if (p > class_name && isupper((unsigned char)*p) && islower((unsigned char)p[-1]))
            putchar('_');
        if (acronym)
            printf("relu");
        else
            putchar(tolower((unsigned char)*p));
        p += acronym ? 3 : 0;
    }
    putchar('`');
}

static bool is_ours(const option_row *row) {
    return row->kind != OPTION_FIXED && row->kind != OPTION_FREE;
}

/* .no_bias says the opposite of use_bias, .no_center of center. */
static void print_option(const option_row *row) {
    printf("`%s`", row->key);
    if (row->kind == OPTION_NOT)
        printf(" (`.no_%s`)", strncmp(row->key, "use_", 4) == 0 ? row->key + 4 : row->key);
}

int main(void) {
    puts("| Keras | Cornu | options |\n|---|---|---|");
    for (const layer_kind *const *kind = layer_kinds; *kind != NULL; kind++) {
        printf("| `%s` | ", (*kind)->class.name);
        print_constructor((*kind)->class.name);
        printf(" | ");
        int count = 0;
        for (const option_row *row = (*kind)->options; row != NULL && row->key != NULL; row++) {
            if (is_ours(row)) {
                printf("%s", count++ > 0 ? ", " : "");
                print_option(row);
            }
        }
        puts(" |");
    }
    return 0;
}
