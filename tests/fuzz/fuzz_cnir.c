/* Fuzzing the reader of .cnir: whatever the bytes, reading ends, and what is read is well formed,
 * prints, and reads back the same.
 *
 * Its inputs are those of tests/fuzz/cnir, and all graphs of tests/golden and tests/errors_cnir.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ir/formats.h"

static text printed(const graph *g, arena *a, void (*print)(const graph *g, text *out)) {
    text t;
    text_init(&t, a);
    print(g, &t);
    return t;
}

void fuzz_target(arena *a, const uint8_t *bytes, size_t length) {
    const char *source = (const char *)bytes;
    diagnostics *d = arena_diagnostics(a);
    graph *g = graph_parse(a, source, length);
    if (g == NULL) {
        require(strncmp(d->message, "line ", 5) == 0); /* a place, and words */
        return;
    }
    require(diag_ok(d) && graph_verify(g, d));
    text once = printed(g, a, graph_print);
    graph *again = graph_parse(a, once.data, once.length);
    require(again != NULL && graph_equal(g, again));
    text twice = printed(again, a, graph_print);
    require(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
    printed(g, a, graph_print_json);
    printed(g, a, graph_print_dot);
    if (length < 4096) /* layouts cost more than a fuzzer has time for */
        printed(g, a, graph_print_svg);
}
