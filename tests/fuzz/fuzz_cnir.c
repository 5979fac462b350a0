/* Fuzzing the reader of .cnir: whatever the bytes, reading ends, and what is read is well formed,
 * prints, and reads back the same.
 *
 * A target of libFuzzer (cmake -DCORNU_FUZZ=ON with clang):
 *
 *     fuzz_cnir -dict=tests/fuzz/cnir.dict FOLDER tests/fuzz/cnir tests/golden tests/errors_cnir
 *
 * Other builds link replay.c, which runs the committed inputs once: a test. Inputs that once did
 * harm are kept in tests/fuzz/cnir.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ir/formats.h"

enum { MEMORY_LIMIT = 256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A defect: the fuzzer keeps the input. */
static void require(bool holds) {
    if (!holds)
        abort();
}

static text printed(const graph *g, arena *a, void (*print)(const graph *g, text *out)) {
    text t;
    text_init(&t, a);
    print(g, &t);
    return t;
}

static void check(arena *a, const char *source, size_t length) {
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

/* Running out of memory is an answer too. */
static void check_guarded(arena *a, const char *source, size_t length) {
    diag_recovery point;
    if (DIAG_RECOVER(arena_diagnostics(a), &point))
        return;
    check(a, source, length);
    diag_pop_recovery(arena_diagnostics(a), &point);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    diagnostics d;
    diag_init(&d);
    memory *m = memory_new(MEMORY_LIMIT);
    arena *a = m == NULL ? NULL : arena_new(m, &d);
    if (a != NULL)
        check_guarded(a, (const char *)bytes, length);
    arena_free(a);
    memory_free(m);
    return 0;
}
