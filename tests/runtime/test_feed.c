/* Batches: which samples, in which order, and what happens when something fails. */
#include "test.h"

#include "runtime/feed.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/platform.h"

enum { MOST = 64 };

/* Sample i is the number i; its label 2 i. */
static int32_t numbers[MOST], doubles[MOST];

static dataset counted(int64_t count) {
    dataset d = {.count = count, .input_count = 1, .target_count = 1};
    for (int i = 0; i < MOST; i++) {
        numbers[i] = i;
        doubles[i] = 2 * i;
    }
    d.inputs[0] = (dataset_column){.dtype = CN_I32, .sample_bytes = 4};
    d.targets[0] = d.inputs[0];
    d.inputs[0].data = (const uint8_t *)numbers;
    d.targets[0].data = (const uint8_t *)doubles;
    return d;
}

/* All samples of a pass, in order; returns how many batches there were. */
static int read_pass(workspace *w, const dataset *d, feed_options o, int32_t *samples) {
    o.targets = true;
    feed *f = feed_new(d, &o, w->memory, &w->diagnostics);
    assert_non_null(f);
    int batches = 0;
    const feed_batch *b;
    while ((b = feed_next(f, &w->diagnostics)) != NULL) {
        assert_int_equal(b->index, o.first_batch + batches);
        for (int64_t i = 0; i < b->count; i++) {
            int32_t x = ((const int32_t *)b->rows.inputs[0])[i];
            assert_int_equal(((const int32_t *)b->rows.targets[0])[i], 2 * x);
            assert_int_equal(b->samples[i], x);
            *samples++ = x;
        }
        batches++;
    }
    assert_true(diag_ok(&w->diagnostics));
    feed_free(f);
    return batches;
}

static void all_samples_come_once(void **state) {
    workspace *w = *state;
    static const feed_order orders[] = {FEED_SHUFFLED, FEED_SEQUENTIAL,
                                        FEED_SHUFFLED_WITHIN_BATCHES};
    for (int64_t count = 1; count < 20; count++) {
        for (int64_t batch = 1; batch < 22; batch++) {
            int32_t samples[MOST];
            int64_t sum = 0, squares = 0, want = 0, want_squares = 0;
            dataset d = counted(count);
            feed_options o = {.batch_size = batch, .order = orders[(count + batch) % 3]};
            assert_int_equal(read_pass(w, &d, o, samples), (count + batch - 1) / batch);
            for (int64_t i = 0; i < count; i++) {
                sum += samples[i];
                squares += samples[i] * samples[i];
                want += i;
                want_squares += i * i;
            }
            assert_int_equal(sum, want);
            assert_int_equal(squares, want_squares);
        }
    }
}

/* Long enough rows for several pieces; the workers fill the machine, so no thread gathers ahead. */
static void workers_gather_what_a_thread_would(void **state) {
    enum { COUNT = 50, LENGTH = 4096 };
    workspace *w = *state;
    int32_t *rows = malloc(sizeof(int32_t) * COUNT * LENGTH);
    assert_non_null(rows);
    for (int i = 0; i < COUNT * LENGTH; i++)
        rows[i] = i;
    dataset d = counted(COUNT);
    d.inputs[0].sample_bytes = sizeof(int32_t) * LENGTH;
    d.inputs[0].data = (const uint8_t *)rows;
    int threads = processor_count() > 2 ? processor_count() : 2;
    pool *workers = pool_get(threads);
    feed_options o = {.batch_size = 20, .targets = true, .workers = workers};
    feed *f = feed_new(&d, &o, w->memory, &w->diagnostics);
    const feed_batch *b;
    int64_t seen = 0;
    while ((b = feed_next(f, &w->diagnostics)) != NULL) {
        const int32_t *x = b->rows.inputs[0], *y = b->rows.targets[0];
        for (int64_t i = 0; i < b->count; i++, seen++) {
            assert_int_equal(y[i], 2 * b->samples[i]);
            for (int k = 0; k < LENGTH; k++)
                assert_int_equal(x[i * LENGTH + k], b->samples[i] * LENGTH + k);
        }
    }
    assert_int_equal(seen, COUNT);
    feed_free(f);
    pool_release(workers);
    free(rows);
}

static void a_resumed_pass_is_the_rest_of_it(void **state) {
    workspace *w = *state;
    int32_t whole[MOST], rest[MOST];
    dataset d = counted(23);
    feed_options o = {.batch_size = 5, .seed = 9, .epoch = 4};
    read_pass(w, &d, o, whole);
    for (o.first_batch = 0; o.first_batch <= 5; o.first_batch++) {
        int batches = read_pass(w, &d, o, rest);
        assert_int_equal(batches, 5 - o.first_batch);
        size_t left = o.first_batch == 5 ? 0 : (size_t)(23 - 5 * o.first_batch);
        assert_memory_equal(rest, whole + 5 * o.first_batch, left * sizeof *rest);
    }
}

static void order_depends_on_seed_and_epoch(void **state) {
    workspace *w = *state;
    int32_t first[MOST], again[MOST], other[MOST];
    dataset d = counted(40);
    read_pass(w, &d, (feed_options){.batch_size = 7, .seed = 1}, first);
    read_pass(w, &d, (feed_options){.batch_size = 40, .seed = 1}, again);
    assert_memory_equal(first, again, sizeof(int32_t) * 40); /* not on the size of batches */
    read_pass(w, &d, (feed_options){.batch_size = 7, .seed = 1, .epoch = 1}, other);
    assert_memory_not_equal(first, other, sizeof(int32_t) * 40);
    read_pass(w, &d, (feed_options){.batch_size = 7, .seed = UINT64_C(1) << 32}, other);
    assert_memory_not_equal(first, other, sizeof(int32_t) * 40);
}

static void shuffling_within_batches_keeps_them(void **state) {
    workspace *w = *state;
    int32_t samples[MOST];
    bool moved = false;
    dataset d = counted(22);
    feed_options o = {.batch_size = 5, .order = FEED_SHUFFLED_WITHIN_BATCHES};
    read_pass(w, &d, o, samples);
    for (int i = 0; i < 22; i++) {
        assert_int_equal(samples[i] / 5, i / 5);
        moved = moved || samples[i] != i;
    }
    assert_true(moved);
}

/* Each of the 24 orders of four comes about as often: chi-squared of 23 degrees of freedom. */
static void permutations_are_uniform(void **state) {
    (void)state;
    enum { DRAWS = 24000 };
    int counts[256] = {0};
    for (uint64_t epoch = 0; epoch < DRAWS; epoch++) {
        int64_t p[4];
        feed_permutation(p, 4, 77, epoch);
        counts[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
    }
    double chi = 0;
    int seen = 0;
    for (int i = 0; i < 256; i++) {
        double difference = counts[i] - (double)DRAWS / 24;
        seen += counts[i] > 0;
        chi += counts[i] > 0 ? difference * difference / ((double)DRAWS / 24) : 0;
    }
    assert_int_equal(seen, 24);
    assert_true(chi < 49.7); /* one in a thousand is above */
}

static void a_feed_may_be_left_in_the_middle(void **state) {
    workspace *w = *state;
    dataset d = counted(60);
    for (int taken = 0; taken < 5; taken++) {
        feed_options o = {.batch_size = 4};
        feed *f = feed_new(&d, &o, w->memory, &w->diagnostics);
        for (int i = 0; i < taken; i++)
            assert_non_null(feed_next(f, &w->diagnostics));
        feed_free(f);
    }
    feed_free(NULL);
}

static bool stops_at_thirteen(void *user, int64_t index, void *const *inputs,
                              void *const *targets) {
    (void)user;
    *(int32_t *)inputs[0] = (int32_t)index;
    *(int32_t *)targets[0] = 2 * (int32_t)index; /* there also when nobody wants targets */
    return index != 13;
}

static void a_failure_comes_after_the_batches_before_it(void **state) {
    workspace *w = *state;
    dataset d = counted(40);
    d.inputs[0].data = d.targets[0].data = NULL;
    d.sample = stops_at_thirteen;
    feed_options o = {.batch_size = 4, .order = FEED_SEQUENTIAL};
    feed *f = feed_new(&d, &o, w->memory, &w->diagnostics);
    for (int i = 0; i < 3; i++) {
        const feed_batch *b = feed_next(f, &w->diagnostics);
        assert_non_null(b);
        assert_int_equal(((const int32_t *)b->rows.inputs[0])[0], 4 * i);
    }
    assert_null(feed_next(f, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_DATA);
    assert_non_null(strstr(w->diagnostics.message, "sample 13"));
    feed_free(f);
}

/* Samples that are read by many at once: what each is, whoever reads it; some take longer. */
static bool read_number(void *user, int64_t index, void *const *inputs, void *const *targets,
                        diagnostics *d) {
    const int64_t *bad = user;
    volatile int spin = index % 5 == 0 ? 20000 : 10;
    while (spin > 0)
        spin--;
    *(int32_t *)inputs[0] = (int32_t)index;
    *(int32_t *)targets[0] = 2 * (int32_t)index;
    for (int i = 0; i < 2; i++)
        if (index == bad[i])
            return diag_fail(d, CN_ERROR_FORMAT, "sample %d is damaged", (int)index);
    return true;
}

static dataset readable(int64_t count, const int64_t bad[2]) {
    dataset d = counted(MOST);
    d.count = count;
    d.inputs[0].data = d.targets[0].data = NULL;
    d.read = read_number;
    d.user = (void *)(uintptr_t)bad;
    return d;
}

static void many_readers_give_the_same_batches(void **state) {
    workspace *w = *state;
    static const int64_t none[2] = {-1, -1};
    static int32_t samples[1000];
    static int64_t order[1000];
    pool *workers = pool_get(2);
    for (int64_t batch = 1; batch < 1000; batch = batch * 3 + 1) {
        for (int k = 0; k < 4; k++) {
            dataset d = readable(997, none);
            feed_options o = {.batch_size = batch, .seed = 3, .workers = k % 2 ? workers : NULL};
            int64_t batches = feed_batch_count(&d, batch);
            o.first_batch = k / 2 && batches > 2 ? 2 : 0;
            assert_int_equal(read_pass(w, &d, o, samples), batches - o.first_batch);
            feed_permutation(order, 997, 3, 0);
            for (int64_t i = o.first_batch * batch; i < 997; i++)
                assert_int_equal(samples[i - o.first_batch * batch], order[i]);
        }
    }
    pool_release(workers);
}

static _Thread_local bool counted_before;
static atomic_int reading_threads;

static bool count_thread(void *user, int64_t index, void *const *inputs, void *const *targets,
                         diagnostics *d) {
    if (!counted_before)
        atomic_fetch_add(&reading_threads, 1);
    counted_before = true;
    return read_number(user, index, inputs, targets, d);
}

/* A context of one thread reads ahead with one, and its caller helps. */
static void readers_are_no_more_than_workers(void **state) {
    workspace *w = *state;
    static const int64_t none[2] = {-1, -1};
    static int32_t samples[997];
    pool *workers = pool_get(1);
    dataset d = readable(997, none);
    d.read = count_thread;
    feed_options o = {.batch_size = 40, .workers = workers};
    read_pass(w, &d, o, samples);
    assert_in_range(atomic_load(&reading_threads), 1, 2);
    pool_release(workers);
}

static void the_first_of_several_failures_is_told(void **state) {
    workspace *w = *state;
    static const int64_t bad[2] = {157, 150};
    pool *workers = pool_get(2);
    for (int k = 0; k < 20; k++) {
        dataset d = readable(400, bad);
        feed_options o = {
            .batch_size = 30, .order = FEED_SEQUENTIAL, .workers = k % 2 ? workers : NULL};
        diag_clear(&w->diagnostics);
        feed *f = feed_new(&d, &o, w->memory, &w->diagnostics);
        for (int i = 0; i < 5; i++)
            assert_non_null(feed_next(f, &w->diagnostics));
        assert_null(feed_next(f, &w->diagnostics));
        assert_int_equal(w->diagnostics.status, CN_ERROR_FORMAT);
        assert_string_equal(w->diagnostics.message, "sample 150 is damaged");
        diag_clear(&w->diagnostics);
        assert_null(feed_next(f, &w->diagnostics)); /* and none after it */
        feed_free(f);
        f = feed_new(&d, &o, w->memory, &w->diagnostics);
        for (int i = 0; i < k % 5; i++)
            assert_non_null(feed_next(f, &w->diagnostics));
        feed_free(f);
    }
    pool_release(workers);
}

static void sizes_beyond_all_machines_are_refused(void **state) {
    workspace *w = *state;
    dataset d = counted(INT64_MAX / 4);
    d.sample = stops_at_thirteen;
    feed_options o = {.batch_size = INT64_MAX};
    assert_null(feed_new(&d, &o, w->memory, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_OUT_OF_MEMORY);
}

/* Every allocation fails once: no feed, no leak (the workspace looks). */
static void running_out_of_memory_is_clean(void **state) {
    workspace *w = *state;
    dataset d = counted(40);
    feed_options o = {.batch_size = 4};
    feed *f = NULL;
    size_t before = memory_live(w->memory);
    for (int64_t n = 1; f == NULL; n++) {
        assert_int_equal(memory_live(w->memory), before);
        diag_clear(&w->diagnostics);
        memory_fail_at(w->memory, n, true);
        f = feed_new(&d, &o, w->memory, &w->diagnostics);
        memory_fail_at(w->memory, 0, false);
        assert_true(f != NULL || w->diagnostics.status == CN_ERROR_OUT_OF_MEMORY);
    }
    feed_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(all_samples_come_once),
                                       WITH_WORKSPACE(workers_gather_what_a_thread_would),
                                       WITH_WORKSPACE(a_resumed_pass_is_the_rest_of_it),
                                       WITH_WORKSPACE(order_depends_on_seed_and_epoch),
                                       WITH_WORKSPACE(shuffling_within_batches_keeps_them),
                                       WITH_WORKSPACE(permutations_are_uniform),
                                       WITH_WORKSPACE(a_feed_may_be_left_in_the_middle),
                                       WITH_WORKSPACE(a_failure_comes_after_the_batches_before_it),
                                       WITH_WORKSPACE(many_readers_give_the_same_batches),
                                       WITH_WORKSPACE(readers_are_no_more_than_workers),
                                       WITH_WORKSPACE(the_first_of_several_failures_is_told),
                                       WITH_WORKSPACE(sizes_beyond_all_machines_are_refused),
                                       WITH_WORKSPACE(running_out_of_memory_is_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
