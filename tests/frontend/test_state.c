/* An interrupted and resumed run has the bits of an uninterrupted one, wherever it is cut. */
#include "small_model.h"

#include <signal.h>
#include <sys/resource.h>

enum { EPOCHS = 3, BATCHES = 5 };
static char folder[64], path[128];

static int open_folder(void **state) {
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/state.safetensors", folder);
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    remove_folder(folder);
    return 0;
}

/* ---- one run ---------------------------------------------------------------------------- */

typedef struct result {
    char checksum[65];
    double last_loss, last_accuracy, last_val_loss, rate;
} result;

typedef struct stop_at {
    int64_t epoch, batch, now;
} stop_at;

static void remember_epoch(cn_model *m, int64_t epoch, void *user) {
    (void)m;
    ((stop_at *)user)->now = epoch;
}

static void stop_there(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    const stop_at *s = user;
    (void)logs;
    if (s->now == s->epoch && batch == s->batch)
        cn_stop_training(m);
}

/* Callbacks whose memory matters: the best weights, the rate's plateaus, a checkpoint's count. */
static cn_status train(small *s, stop_at *stop, const char *checkpoints) {
    cn_callback_functions f = {
        .user = stop, .epoch_begin = remember_epoch, .batch_end = stop_there};
    cn_callback *best = cn_early_stopping(s->c, "val_loss", .patience = 9, .mode = CN_MODE_MAX,
                                          .restore_best_weights = true);
    cn_callback *plateau =
        cn_reduce_lr_on_plateau(s->c, "loss", 0.5, .patience = 1, .min_delta = 0.3);
    cn_callback *save =
        cn_model_checkpoint(s->c, checkpoints, .training_state = true, .save_every_batches = 2);
    return cn_fit(s->m, s->data, .epochs = EPOCHS, .batch_size = 4, .validation_split = 0.2,
                  .callbacks = {best, save, plateau, cn_callback_new(s->c, &f)}, .verbose = -1);
}

static result result_of(small *s) {
    const cn_history *h = cn_model_history(s->m);
    result r = {.last_loss = cn_history_get(h, "loss", -1),
                .last_accuracy = cn_history_get(h, "accuracy", -1),
                .last_val_loss = cn_history_get(h, "val_loss", -1),
                .rate = cn_history_get(h, "learning_rate", -1)};
    cn_checksum(s->m, r.checksum);
    return r;
}

static void same_result(const result *a, const result *b, int epoch, int batch) {
    if (strcmp(a->checksum, b->checksum) != 0 || a->last_loss != b->last_loss ||
        a->last_accuracy != b->last_accuracy || a->last_val_loss != b->last_val_loss ||
        a->rate != b->rate)
        fail_msg("cut after batch %d of epoch %d: loss %.17g and %.17g, %s and %s", batch, epoch,
                 a->last_loss, b->last_loss, a->checksum, b->checksum);
}

static void open_seeded(small *s, uint64_t seed) {
    open_small(s, (cn_context_options){.quiet = true, .seed = seed});
}

static result uninterrupted(void) {
    small s;
    char files[160];
    stop_at never = {.epoch = -1};
    snprintf(files, sizeof files, "%s/{epoch}-{batch}", folder);
    open_seeded(&s, 5);
    assert_int_equal(train(&s, &never, files), CN_OK);
    assert_true(cn_history_get(cn_model_history(s.m), "learning_rate", -1) < 0.01);
    result r = result_of(&s);
    close_small(&s);
    return r;
}

/* In a context of another seed: the state brings its own. */
static result resumed_from(const char *file) {
    small s;
    char files[160];
    stop_at never = {.epoch = -1};
    snprintf(files, sizeof files, "%s/again-{epoch}-{batch}", folder);
    open_seeded(&s, 99);
    if (cn_load_state(s.m, file) != CN_OK || train(&s, &never, files) != CN_OK)
        fail_msg("%s", cn_error_message(s.c));
    result r = result_of(&s);
    close_small(&s);
    return r;
}

/* ---- cuts ------------------------------------------------------------------------------- */

static void stopped_and_resumed_at_every_batch(void **state) {
    (void)state;
    result whole = uninterrupted();
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (int batch = 0; batch + 1 < BATCHES; batch++) {
            small s;
            stop_at stop = {.epoch = epoch, .batch = batch};
            open_seeded(&s, 5);
            assert_int_equal(train(&s, &stop, path), CN_OK);
            assert_int_equal(s.m->epoch, epoch);
            assert_int_equal(s.m->batch, batch + 1);
            assert_int_equal(cn_save_state(s.m, path), CN_OK);
            close_small(&s);
            result r = resumed_from(path);
            same_result(&whole, &r, epoch, batch);
        }
    }
}

static void resumed_from_every_checkpoint(void **state) {
    (void)state;
    result whole = uninterrupted();
    int found = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (int batch = 0; batch < BATCHES; batch++) {
            char file[160];
            snprintf(file, sizeof file, "%s/%d-%d", folder, epoch + 1, batch + 1);
            if (access(file, R_OK) != 0)
                continue;
            result r = resumed_from(file);
            same_result(&whole, &r, epoch, batch);
            found++;
        }
    }
    assert_int_equal(found, EPOCHS * BATCHES / 2);
}

/* Also in the same context, without a new program. */
static void a_run_goes_on_where_it_stopped(void **state) {
    (void)state;
    result whole = uninterrupted();
    small s;
    stop_at stop = {.epoch = 1, .batch = 2}, never = {.epoch = -1};
    open_seeded(&s, 5);
    assert_int_equal(train(&s, &stop, path), CN_OK);
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    must_work(&s); /* something else in between */
    assert_int_equal(cn_load_state(s.m, path), CN_OK);
    assert_int_equal(train(&s, &never, path), CN_OK);
    result r = result_of(&s);
    same_result(&whole, &r, 1, 2);
    close_small(&s);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void states_must_fit_the_model(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_seeded(&s, 5);
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    must_work(&s);
    cn_checksum(s.m, before);
    assert_int_equal(cn_compile(s.m, cn_sgd(s.c, 0.1), CN_SPARSE_CATEGORICAL_CROSSENTROPY), CN_OK);
    must_fail(&s, cn_load_state(s.m, path), CN_ERROR_WEIGHTS,
              "\n  \"optimizer/dense/kernel/momentum\" is not in the model");
    cn_model *raw = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 3)});
    must_fail(&s, cn_load_state(raw, path), CN_ERROR_NOT_COMPILED, "call cn_compile first");
    must_fail(&s, cn_save_state(raw, path), CN_ERROR_NOT_COMPILED, "is not compiled");
    assert_int_equal(cn_save_weights(s.m, path), CN_OK);
    must_fail(&s, cn_load_state(s.m, path), CN_ERROR_FORMAT, "holds weights 1, not state");
    must_work(&s);
    cn_checksum(s.m, after);
    assert_string_not_equal(before, after);
    close_small(&s);
}

static void memories_without_a_callback_are_told_of(void **state) {
    (void)state;
    small s;
    stop_at stop = {.epoch = 0, .batch = 1};
    open_small(&s, (cn_context_options){.quiet = false});
    assert_int_equal(train(&s, &stop, path), CN_OK);
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    assert_int_equal(cn_load_state(s.m, path), CN_OK);
    s.length = 0;
    must_work(&s);
    assert_non_null(strstr(s.written, "what EarlyStopping, callback 0, remembered"));
    close_small(&s);
}

/* ---- disks that are full ------------------------------------------------------------------- */

static uint64_t hash_file(const char *file, size_t *size) {
    static char bytes[1 << 16];
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    *size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return hash_bytes(bytes, *size, 0);
}

/* A write past the limit fails as one to a full disk does: the old file stays as it was, wherever
 * the disk fills up, and no part of the new one is left. */
static void a_full_disk_leaves_the_old_state(void **state) {
    (void)state;
    small s;
    struct rlimit old;
    size_t size, size_now;
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    uint64_t before = hash_file(path, &size);
    must_work(&s);
    void (*old_action)(int) = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    for (size_t room = 0; room < size; room += size / 7) {
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = room, .rlim_max = old.rlim_max});
        cn_status status = cn_save_state(s.m, path);
        setrlimit(RLIMIT_FSIZE, &old);
        must_fail(&s, status, CN_ERROR_FILE, "state.safetensors");
        assert_true(hash_file(path, &size_now) == before && size_now == size);
    }
    signal(SIGXFSZ, old_action);
    char alone[128];
    snprintf(alone, sizeof alone, "test $(ls -A %s | wc -l) = 1", folder);
    assert_int_equal(system(alone), 0);
    assert_int_equal(cn_save_state(s.m, path), CN_OK);
    assert_true(hash_file(path, &size_now) != before);
    close_small(&s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

/* Two weights of one path, as nested models bring them, keep slots of their own. */
static void weights_of_one_path_keep_their_slots(void **state) {
    (void)state;
    char place[64], file[96], straight[65], resumed[65];
    make_folder(place);
    snprintf(file, sizeof file, "%s/nested.state", place);
    for (int loaded = 0; loaded < 2; loaded++) {
        static small s;
        open_small(&s, (cn_context_options){.quiet = true, .seed = 3});
        cn_tensor x = cn_input(s.c, {FEATURES});
        cn_tensor y = cn_chain(x, cn_model_layer(s.m), cn_dense(s.c, 3, CN_SOFTMAX));
        cn_model *m = cn_model_new(s.c, .inputs = {x}, .outputs = {y});
        assert_int_equal(cn_compile(m, .optimizer = cn_adam(s.c, 0.01),
                                    .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY),
                         CN_OK);
        if (loaded) {
            if (cn_load_state(m, file) != CN_OK)
                fail_msg("%s", cn_error_message(s.c));
        } else {
            assert_int_equal(cn_fit(m, s.data, .epochs = 2, .verbose = -1), CN_OK);
            assert_int_equal(cn_save_state(m, file), CN_OK);
        }
        assert_int_equal(cn_fit(m, s.data, .epochs = 4, .initial_epoch = 2, .verbose = -1), CN_OK);
        cn_checksum(m, loaded ? resumed : straight);
        close_small(&s);
    }
    assert_string_equal(straight, resumed);
    remove_folder(place);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_of_one_path_keep_their_slots),
                                       IN_FOLDER(stopped_and_resumed_at_every_batch),
                                       IN_FOLDER(resumed_from_every_checkpoint),
                                       IN_FOLDER(a_run_goes_on_where_it_stopped),
                                       IN_FOLDER(states_must_fit_the_model),
                                       IN_FOLDER(a_full_disk_leaves_the_old_state),
                                       IN_FOLDER(memories_without_a_callback_are_told_of)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
