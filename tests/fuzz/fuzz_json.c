/* Fuzzing the reader of JSON: what is read is no deeper than the limit, and reads back the same. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/io/json_read.h"

static int depth(const json_t *x) {
    const char *key;
    size_t i;
    json_t *child;
    int most = 0;
    if (json_is_object(x)) {
        json_object_foreach((json_t *)(uintptr_t)x, key, child) {
            int d = depth(child);
            most = d > most ? d : most;
        }
    }
    json_array_foreach(x, i, child) {
        int d = depth(child);
        most = d > most ? d : most;
    }
    return most + (json_is_object(x) || json_is_array(x));
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    diagnostics *d = arena_diagnostics(a);
    json_t *root = json_read("input", bytes, length, d);
    require_verdict(d, root != NULL);
    if (root == NULL)
        return;
    require(depth(root) <= 64);
    char *words = json_dumps(root, JSON_COMPACT);
    json_t *again = words == NULL ? NULL : json_read("again", words, strlen(words), d);
    require(again != NULL && json_equal(root, again));
    json_decref(again);
    free(words);
    json_decref(root);
}
