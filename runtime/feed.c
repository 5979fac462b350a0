/* Prefetching batches.
 *
 * The thread fills slots in order and waits when all are full; the caller takes them in order
 * and waits when none is. One lock, one condition: batches take milliseconds, a handover
 * microseconds.
 */
#include "runtime/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "base/platform.h"
#include "base/size.h"

enum { SLOTS = 3, PIECE_BYTES = 1 << 15 };

typedef struct slot {
    feed_batch batch;
    uint8_t *block; /* every column's buffer, each 64-byte aligned */
} slot;

struct feed {
    dataset data;
    feed_options options;
    memory *memory;
    int64_t *order; /* sample indices of the whole pass */
    size_t order_bytes, block_bytes;
    int64_t batches;
    int slot_count; /* one, which stays in the caches, when nothing is gathered ahead */
    slot slots[SLOTS];
    diagnostics diag; /* of the thread */

    mutex *lock; /* guards what follows */
    condition *changed;
    thread *thread;        /* NULL: gathered on demand */
    int64_t filled, taken; /* batches since first_batch */
    bool failed, stop;
};

int64_t feed_batch_count(const dataset *d, int64_t batch_size) {
    return d->count / batch_size + (d->count % batch_size != 0);
}

/* ---- order ------------------------------------------------------------------------------ */

__extension__ typedef unsigned __int128 wide_product;

/* Uniform in [0, limit): the high half of a 64-bit random number times the limit. */
static uint64_t random_below(uint64_t limit, const uint32_t key[2], uint64_t place,
                             uint64_t epoch) {
    uint32_t bits[4];
    const uint32_t counter[4] = {(uint32_t)place, (uint32_t)(place >> 32), (uint32_t)epoch,
                                 0x53487566u};
    philox4x32(counter, key, bits);
    uint64_t wide = (uint64_t)bits[0] << 32 | bits[1];
    return (uint64_t)(((wide_product)wide * limit) >> 64);
}

/* Fisher and Yates, from the end; the draw of each place is its own counter. */
static void shuffle(int64_t *items, int64_t count, uint64_t first_place, uint64_t seed,
                    uint64_t epoch) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t k = (int64_t)random_below((uint64_t)i + 1, key, first_place + (uint64_t)i, epoch);
        int64_t other = items[k];
        items[k] = items[i];
        items[i] = other;
    }
}

void feed_permutation(int64_t *out, int64_t count, uint64_t seed, uint64_t epoch) {
    for (int64_t i = 0; i < count; i++)
        out[i] = i;
    shuffle(out, count, 0, seed, epoch);
}

static void make_order(feed *f) {
    const feed_options *o = &f->options;
    int64_t count = f->data.count;
    if (o->order == FEED_SHUFFLED) {
        feed_permutation(f->order, count, o->seed, o->epoch);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        f->order[i] = i;
    if (o->order == FEED_SEQUENTIAL)
        return;
    for (int64_t i = 0; i < count; i += o->batch_size) {
        int64_t n = count - i < o->batch_size ? count - i : o->batch_size;
        shuffle(f->order + i, n, (uint64_t)i, o->seed, o->epoch);
    }
}

/* ---- buffers ---------------------------------------------------------------------------- */

static size_t column_room(const dataset_column *c, int64_t batch) {
    return size_align(c->sample_bytes * (size_t)batch, 64);
}

static bool add_columns(const dataset_column *columns, int count, int64_t batch, size_t *bytes) {
    for (int i = 0; i < count; i++) {
        size_t data;
        bool ok = size_mul(columns[i].sample_bytes, (size_t)batch, &data) && data < SIZE_MAX / 2 &&
                  size_add(*bytes, size_align(data, 64), bytes);
        if (!ok)
            return false;
    }
    return true;
}

static size_t weight_room(const feed *f) {
    return size_align((size_t)f->options.batch_size * sizeof(float), 64);
}

/* Of the samples, and of each target that has its own. */
static bool add_weights(const feed *f, size_t *bytes) {
    bool ok = size_add(*bytes, weight_room(f), bytes);
    for (int i = 0; i < f->data.target_count; i++) {
        if (f->data.targets[i].weight != NULL)
            ok = ok && size_add(*bytes, weight_room(f), bytes);
    }
    return ok;
}

/* The sizes of a buffer and of the order; false when no machine has so much. */
static bool measure(feed *f) {
    int64_t batch = f->options.batch_size;
    f->block_bytes = 64;
    return size_mul((size_t)f->data.count, sizeof *f->order, &f->order_bytes) &&
           size_add(f->order_bytes, 64, &f->order_bytes) &&
           add_columns(f->data.inputs, f->data.input_count, batch, &f->block_bytes) &&
           add_columns(f->data.targets, f->data.target_count, batch, &f->block_bytes) &&
           add_weights(f, &f->block_bytes);
}

static void lay_out(feed *f, slot *s) {
    uint8_t *at = s->block;
    dataset_batch *rows = &s->batch.rows;
    for (int i = 0; i < f->data.input_count; i++) {
        rows->inputs[i] = at;
        at += column_room(&f->data.inputs[i], f->options.batch_size);
    }
    /* A callback fills whole samples, whatever is wanted of them. */
    bool targets = f->options.targets || !dataset_in_memory(&f->data);
    for (int i = 0; targets && i < f->data.target_count; i++) {
        rows->targets[i] = at;
        at += column_room(&f->data.targets[i], f->options.batch_size);
    }
    if (!f->options.weighted)
        return;
    rows->sample_weight = (float *)(void *)at;
    for (int i = 0; i < f->data.target_count; i++) {
        if (f->data.targets[i].weight != NULL)
            rows->target_weights[i] = (float *)(void *)(at += weight_room(f));
    }
}

/* ---- filling ---------------------------------------------------------------------------- */

static void begin_batch(feed *f, slot *s, int64_t index) {
    int64_t first = index * f->options.batch_size, left = f->data.count - first;
    s->batch.index = index;
    s->batch.count = left < f->options.batch_size ? left : f->options.batch_size;
    s->batch.samples = f->order + first;
}

static bool gather(feed *f, const feed_batch *b, int64_t begin, int64_t end) {
    return dataset_gather(&f->data, b->samples, begin, end, &b->rows, &f->diag);
}

static bool fill(feed *f, slot *s, int64_t index) {
    begin_batch(f, s, index);
    return gather(f, &s->batch, 0, s->batch.count);
}

typedef struct shared_gather {
    feed *feed;
    const feed_batch *batch;
} shared_gather;

/* Rows in memory are copied, which does not fail. */
static void gather_rows(void *user, int64_t begin, int64_t end) {
    const shared_gather *g = user;
    gather(g->feed, g->batch, begin, end);
}

static bool fill_by_workers(feed *f, slot *s, int64_t index) {
    if (!dataset_in_memory(&f->data) || f->options.workers == NULL)
        return fill(f, s, index);
    begin_batch(f, s, index);
    shared_gather g = {f, &s->batch};
    int64_t grain = 1 + PIECE_BYTES / (int64_t)(1 + f->block_bytes / (size_t)s->batch.count);
    pool_run(f->options.workers, gather_rows, &g, s->batch.count, grain);
    return true;
}

static void prefetch(void *user) {
    feed *f = user;
    int64_t total = f->batches - f->options.first_batch;
    mutex_lock(f->lock);
    while (!f->stop && !f->failed && f->filled < total) {
        /* The slot in the caller's hands is the one taken last: it counts as occupied. */
        if (f->filled - f->taken >= f->slot_count - 1) {
            condition_wait(f->changed, f->lock);
            continue;
        }
        slot *s = &f->slots[f->filled % f->slot_count];
        int64_t index = f->options.first_batch + f->filled;
        mutex_unlock(f->lock);
        bool ok = fill(f, s, index);
        mutex_lock(f->lock);
        if (ok)
            f->filled++;
        f->failed = !ok;
        condition_wake_all(f->changed);
    }
    mutex_unlock(f->lock);
}

const feed_batch *feed_next(feed *f, diagnostics *diag) {
    int64_t next = f->taken, total = f->batches - f->options.first_batch;
    if (next >= total)
        return NULL;
    slot *s = &f->slots[next % f->slot_count];
    mutex_lock(f->lock);
    f->taken++; /* frees the slot handed out before */
    condition_wake_all(f->changed);
    while (f->thread != NULL && f->filled <= next && !f->failed)
        condition_wait(f->changed, f->lock);
    bool ready = f->filled > next;
    mutex_unlock(f->lock);
    if (f->thread == NULL) /* also when none could be started */
        ready = fill_by_workers(f, s, f->options.first_batch + next);
    if (ready)
        return &s->batch;
    diag_fail(diag, f->diag.status, "%s", f->diag.message);
    return NULL;
}

/* ---- making and freeing ----------------------------------------------------------------- */

static bool take_memory(feed *f) {
    if (!measure(f))
        return false;
    f->order = memory_take(f->memory, f->order_bytes, 64);
    bool ok = f->order != NULL;
    int64_t wanted = f->batches - f->options.first_batch;
    for (int i = 0; ok && i < f->slot_count && i < wanted; i++) {
        f->slots[i].block = memory_take(f->memory, f->block_bytes, 64);
        ok = f->slots[i].block != NULL;
        if (ok)
            lay_out(f, &f->slots[i]);
    }
    return ok;
}

/* Of one batch there is nothing to gather ahead, and copying needs a processor to spare. */
static bool gathers_ahead(const feed *f) {
    bool spare = f->options.workers == NULL || pool_threads(f->options.workers) < processor_count();
    return f->batches - f->options.first_batch > 1 && (!dataset_in_memory(&f->data) || spare);
}

feed *feed_new(const dataset *d, const feed_options *o, memory *m, diagnostics *diag) {
    feed *f = memory_take(m, sizeof *f, 64);
    if (f == NULL) {
        diag_fail(diag, CN_ERROR_OUT_OF_MEMORY, "no memory for a feed");
        return NULL;
    }
    *f = (feed){.data = *d, .options = *o, .memory = m};
    if (f->options.batch_size > d->count) /* no buffer for samples that are not there */
        f->options.batch_size = d->count > 0 ? d->count : 1;
    f->batches = feed_batch_count(d, f->options.batch_size);
    f->slot_count = gathers_ahead(f) ? SLOTS : 1;
    diag_init(&f->diag);
    f->lock = mutex_new();
    f->changed = condition_new();
    if (f->lock == NULL || f->changed == NULL || !take_memory(f)) {
        diag_fail(
            diag, CN_ERROR_OUT_OF_MEMORY,
            "no memory for %d batches of %lld samples and their order: %zu bytes each, %zu in "
            "use, %zu at the most",
            f->slot_count, (long long)f->options.batch_size, f->block_bytes, memory_live(m),
            memory_peak(m));
        feed_free(f);
        return NULL;
    }
    make_order(f);
    if (f->slot_count > 1)
        f->thread = thread_start(prefetch, f);
    return f;
}

void feed_free(feed *f) {
    if (f == NULL)
        return;
    if (f->thread != NULL) {
        mutex_lock(f->lock);
        f->stop = true;
        condition_wake_all(f->changed);
        mutex_unlock(f->lock);
        thread_join(f->thread);
    }
    if (f->lock != NULL)
        mutex_free(f->lock);
    if (f->changed != NULL)
        condition_free(f->changed);
    for (int i = 0; i < SLOTS; i++) {
        if (f->slots[i].block != NULL)
            memory_give(f->memory, f->slots[i].block, f->block_bytes);
    }
    if (f->order != NULL)
        memory_give(f->memory, f->order, f->order_bytes);
    memory_give(f->memory, f, sizeof *f);
}
