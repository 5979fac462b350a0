/* Fuzzing the reader of models of Keras: what opens is written in words that open to the same. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "frontend/keras/keras.h"
#include "runtime/io/json_read.h"

static cn_context *quiet_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){
        .backend = "ref", .threads = 1, .quiet = true, .memory_limit = (size_t)256 << 20});
    if (c != NULL)
        c->values_follow = true; /* a wide layer would only cost time */
    return c;
}

/* NULL without a model; then the context says why, or problems do. */
static cn_model *read_model(cn_context *c, arena *a, const void *bytes, size_t length) {
    keras_reader r = {.context = c, .scratch = a, .where = {.file = "input"}};
    text_init(&r.problems, a);
    json_t *object = json_read("input", bytes, length, &c->diag);
    cn_model *m = object == NULL ? NULL : keras_read_model(&r, object);
    json_decref(object);
    require(m == NULL || r.problem_count == 0);
    require(m != NULL || r.problem_count > 0 || !diag_ok(&c->diag));
    return r.problem_count == 0 ? m : NULL;
}

static bool write_model(cn_context *c, arena *a, const cn_model *m, text *out) {
    keras_writer w = {.context = c, .scratch = a, .json.out = out};
    text_init(out, a);
    text_init(&w.problems, a);
    keras_write_model(&w, m, false);
    return w.problem_count == 0;
}

static void read_and_write(cn_context *c, arena *a, const uint8_t *bytes, size_t length) {
    text once, twice;
    CONTEXT_ENTER(c, );
    cn_model *m = read_model(c, a, bytes, length);
    if (m != NULL && write_model(c, a, m, &once)) {
        cn_model *again = read_model(c, a, once.data, once.length);
        require(again != NULL && write_model(c, a, again, &twice));
        require(strcmp(once.data, twice.data) == 0);
    }
    CONTEXT_LEAVE(c);
}

void fuzz_target(arena *unused, const uint8_t *bytes, size_t length) {
    (void)unused; /* memory comes from the context's, and may run out there */
    cn_context *c = quiet_context();
    require(c != NULL);
    arena *a = arena_new(c->memory, &c->diag);
    require(a != NULL);
    read_and_write(c, a, bytes, length);
    arena_free(a);
    cn_context_free(c);
}
