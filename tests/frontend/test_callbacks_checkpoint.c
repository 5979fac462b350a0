/* ModelCheckpoint writes when Keras' does, under the same names; and what a path may hold. */
#include "golden_callbacks.h"
#include "small_model.h"

#include <sys/stat.h>

/* ---- Keras' decisions ------------------------------------------------------------------- */

static size_t saves_seen;
static char folder[64];

/* Whether the file that the case tells of next is there; it is removed. */
static void check_save(const driven *d, int64_t epoch) {
    const json_t *save = json_array_get(json_object_get(d->json, "saves"), saves_seen);
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, golden_text(save, "path"));
    bool due = golden_integer(save, "epoch", -1) == epoch && access(path, R_OK) == 0;
    if (due) {
        saves_seen++;
        unlink(path);
    }
    if (rmdir(folder) != 0) /* another file is there */
        fail_msg("%s: epoch %d: a file that Keras does not write", d->name, (int)epoch);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void drive_batches(driven *d, int64_t epoch, int64_t batches) {
    cn_callback *cb = d->callback;
    if (cb->functions.epoch_begin != NULL)
        cb->functions.epoch_begin(d->m, epoch, cb->functions.user);
    for (int64_t b = 0; b < batches; b++) {
        cn_logs logs = golden_logs(d, (size_t)epoch, true);
        if (cb->functions.batch_end != NULL)
            cb->functions.batch_end(d->m, b, &logs, cb->functions.user);
        cb->finish(d->m, cb->functions.user);
        check_save(d, epoch);
    }
}

static void run_case(driven *d) {
    const json_t *o = d->config;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, golden_text(o, "filepath"));
    d->callback = cn_model_checkpoint(
        d->c, path, golden_monitor(o), golden_bool(o, "save_best_only", false),
        .mode = golden_mode(o), .save_every_batches = golden_integer(o, "save_freq", 0),
        .initial_value_threshold = golden_option(o, "initial_value_threshold"));
    saves_seen = 0;
    golden_begin(d);
    for (int64_t e = 0; e < (int64_t)golden_epoch_count(d); e++) {
        drive_batches(d, e, golden_integer(d->json, "batches", 0));
        golden_epoch(d, e);
        check_save(d, e);
    }
    if (saves_seen != json_array_size(json_object_get(d->json, "saves")))
        fail_msg("%s: %zu files written", d->name, saves_seen);
}

static void files_are_those_of_keras(void **state) {
    (void)state;
    make_folder(folder);
    golden_callbacks("ModelCheckpoint", run_case, 8);
    remove_folder(folder);
}

/* ---- paths ------------------------------------------------------------------------------ */

static bool is_there(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, R_OK) == 0;
}

static cn_status fit_with_path(small *s, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return cn_fit(s->m, s->data, .epochs = 2, .verbose = -1,
                  .callbacks = {cn_model_checkpoint(s->c, path)});
}

static void paths_have_fields(void **state) {
    (void)state;
    small s;
    make_folder(folder);
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(fit_with_path(&s, "{epoch:03d}-{epoch}-{loss:.0f}"), CN_OK);
    assert_true(is_there("001-1-1"));
    assert_true(is_there("002-2-1"));
    const char *const wrong[] = {"{epoch",      "{nothing}",  "{loss:d}",
                                 "{epoch:s}",   "{epoch:%d}", "{loss:.}",
                                 "{loss:.2f }", "{batch}",    "{epoch:0000d}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        must_fail(&s, fit_with_path(&s, wrong[i]), CN_ERROR_INVALID_ARGUMENT, "ModelCheckpoint: ");
    must_work(&s);
    close_small(&s);
    remove_folder(folder);
}

static void folders_are_made(void **state) {
    (void)state;
    small s;
    make_folder(folder);
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(fit_with_path(&s, "runs/{epoch}/weights"), CN_OK);
    assert_true(is_there("runs/1/weights"));
    assert_true(is_there("runs/2/weights"));
    close_small(&s);
    remove_folder(folder);
}

/* What was saved in the middle goes on like what went on. */
static void a_name_in_keras_gets_the_whole_model(void **state) {
    (void)state;
    small s;
    char path[256], went_on[65], opened[65];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/m.keras", folder);
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback *cb = cn_model_checkpoint(s.c, path);
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 1, .verbose = -1, .callbacks = {cb}), CN_OK);
    cn_model *again = cn_load(s.c, path);
    cn_checksum(s.m, went_on);
    cn_checksum(again, opened);
    assert_string_equal(went_on, opened);
    close_small(&s);
    remove_folder(folder);
}

static void a_folder_that_cannot_be_made_ends_fit(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback *cb = cn_model_checkpoint(s.c, "/dev/null/runs/weights");
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cb}), CN_ERROR_FILE,
              "cannot make the folder '/dev/null/runs'");
    cn_model_checkpoint(s.c, NULL);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, ".path is missing");
    must_work(&s);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_those_of_keras), cmocka_unit_test(paths_have_fields),
        cmocka_unit_test(folders_are_made), cmocka_unit_test(a_name_in_keras_gets_the_whole_model),
        cmocka_unit_test(a_folder_that_cannot_be_made_ends_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
