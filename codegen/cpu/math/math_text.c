/* Looks a math function up by name. The table it searches is made from the headers of this
 * folder by embed.cmake. */
#include "codegen/cpu/math/math_text.h"

#include <stddef.h>
#include <string.h>

const math_function *math_find(const char *name) {
    int low = 0, high = math_function_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(name, math_functions[middle].name);
        if (order == 0) return &math_functions[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
