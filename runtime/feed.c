/* Prefetching batches.
 *
 * Readers open slots in order, hand out the rows of the newest one piece by piece, and wait when
 * all slots are full; the caller takes slots in order and waits when none is whole. One lock, one
 * condition: batches take milliseconds, a handover microseconds.
 */
#include "runtime/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "base/platform.h"
#include "base/size.h"

enum { SLOTS = 3, PIECE_BYTES = 1 << 15, MOST_READERS = 64 };

typedef struct slot {
    feed_batch batch;
    uint8_t *block; /* every column's buffer, each 64-byte aligned */
    /* Guarded by the lock, from when the slot is opened. */
    int64_t handed, done; /* rows given to readers; rows gathered, or failed */
    int64_t failed;       /* the first row of the first piece that did; -1 = none */
    diagnostics why;
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

    mutex *lock; /* guards what follows */
    condition *changed;
    thread *readers[MOST_READERS];
    int reader_count;      /* 0: gathered on demand */
    int64_t opened, taken; /* batches since first_batch */
    bool failed, stop;     /* a row has failed: open no more */
    bool told;             /* the caller's own: he knows of it, nothing follows */
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

static int64_t total(const feed *f) {
    return f->batches - f->options.first_batch;
}

static slot *slot_of(feed *f, int64_t batch) {
    return &f->slots[batch % f->slot_count];
}

static slot *open_slot(feed *f) {
    slot *s = slot_of(f, f->opened);
    int64_t index = f->options.first_batch + f->opened++;
    int64_t first = index * f->options.batch_size, left = f->data.count - first;
    s->batch.index = index;
    s->batch.count = left < f->options.batch_size ? left : f->options.batch_size;
    s->batch.samples = f->order + first;
    s->handed = s->done = 0;
    s->failed = -1;
    diag_init(&s->why);
    return s;
}

typedef struct piece {
    slot *slot;
    int64_t begin, end;
} piece;

/* So many rows that handing them over costs little. */
static int64_t grain(const feed *f, int64_t rows) {
    return 1 + PIECE_BYTES / (int64_t)(1 + f->block_bytes / (size_t)rows);
}

static bool hand_out(const feed *f, slot *s, piece *p) {
    int64_t left = s->batch.count - s->handed, size = grain(f, s->batch.count);
    *p = (piece){s, s->handed, s->handed + (left < size ? left : size)};
    s->handed = p->end;
    return left > 0;
}

/* What to read next; a new slot is opened when the newest is handed out and one is free. The one in
 * the caller's hands is the one taken last: it counts as occupied. */
static bool next_piece(feed *f, piece *p) {
    if (f->opened > 0 && hand_out(f, slot_of(f, f->opened - 1), p))
        return true;
    if (f->failed || f->opened == total(f) || f->opened - f->taken >= f->slot_count - 1)
        return false;
    return hand_out(f, open_slot(f), p);
}

/* Gathers between two times that the lock is held. */
static void gather_piece(feed *f, const piece *p) {
    diagnostics why;
    slot *s = p->slot;
    mutex_unlock(f->lock);
    diag_init(&why);
    bool ok = dataset_gather(&f->data, s->batch.samples, p->begin, p->end, &s->batch.rows, &why);
    mutex_lock(f->lock);
    s->done += p->end - p->begin;
    if (!ok && (s->failed < 0 || p->begin < s->failed)) {
        s->failed = p->begin;
        diag_clear(&s->why);
        diag_fail(&s->why, why.status, "%s", why.message);
    }
    if (!ok) { /* rows that nobody has yet are left out */
        s->done += s->batch.count - s->handed;
        s->handed = s->batch.count;
        f->failed = true;
    }
    if (s->done == s->batch.count)
        condition_wake_all(f->changed);
}

static void read_ahead(void *user) {
    feed *f = user;
    piece p;
    if (f->data.read != NULL)
        thread_give_way();
    mutex_lock(f->lock);
    while (!f->stop && !f->failed && f->opened <= total(f)) {
        if (next_piece(f, &p))
            gather_piece(f, &p);
        else if (f->opened == total(f))
            break;
        else
            condition_wait(f->changed, f->lock);
    }
    mutex_unlock(f->lock);
}

typedef struct helper {
    feed *feed;
    slot *slot;
} helper;

static void help(void *user, int64_t begin, int64_t end) {
    const helper *h = user;
    feed *f = h->feed;
    piece p;
    (void)begin, (void)end; /* whoever comes takes pieces until there are none */
    mutex_lock(f->lock);
    while (hand_out(f, h->slot, &p))
        gather_piece(f, &p);
    mutex_unlock(f->lock);
}

/* Rows in memory are copied, which does not fail. */
static void gather_rows(void *user, int64_t begin, int64_t end) {
    const helper *h = user;
    const feed_batch *b = &h->slot->batch;
    diagnostics *none = &h->slot->why;
    dataset_gather(&h->feed->data, b->samples, begin, end, &b->rows, none);
}

/* What is left of a slot, by the caller and, where rows may be gathered side by side, by his
 * workers. */
static void fill(feed *f, slot *s) {
    helper h = {f, s};
    pool *workers = f->options.workers;
    bool in_memory = dataset_in_memory(&f->data);
    if (in_memory && f->reader_count == 0 && workers != NULL) {
        pool_run(workers, gather_rows, &h, s->batch.count, grain(f, s->batch.count));
        s->handed = s->done = s->batch.count;
    } else if (f->data.read != NULL && workers != NULL) {
        pool_run(workers, help, &h, pool_threads(workers), 1);
    } else if (f->data.read != NULL || f->reader_count == 0) {
        help(&h, 0, 1);
    }
}

/* Opens it when no reader has come to it; false when none will, because a row has failed. */
static bool take_slot(feed *f) {
    mutex_lock(f->lock);
    int64_t next = f->taken++; /* frees the slot handed out before */
    if (f->opened == next && !f->failed)
        open_slot(f);
    bool opened = f->opened > next;
    condition_wake_all(f->changed);
    mutex_unlock(f->lock);
    return opened;
}

static void wait_for(feed *f, const slot *s) {
    mutex_lock(f->lock);
    while (s->done < s->batch.count)
        condition_wait(f->changed, f->lock);
    mutex_unlock(f->lock);
}

const feed_batch *feed_next(feed *f, diagnostics *diag) {
    slot *s = slot_of(f, f->taken);
    if (f->taken >= total(f) || f->told || !take_slot(f))
        return NULL;
    fill(f, s);
    wait_for(f, s);
    if (s->failed < 0)
        return &s->batch;
    f->told = true;
    diag_fail(diag, s->why.status, "%s", s->why.message);
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

/* A processor each, but no more than the context's .threads: the workers'. */
static int wanted_readers(const feed *f) {
    int processors = processor_count();
    if (f->slot_count == 1)
        return 0;
    if (f->data.read == NULL)
        return 1;
    return f->options.workers != NULL && pool_threads(f->options.workers) < processors
               ? pool_threads(f->options.workers)
               : processors;
}

/* Fewer than wanted is no failure. */
static void start_readers(feed *f) {
    int wanted = wanted_readers(f);
    for (int i = 0; i < wanted && i < MOST_READERS; i++) {
        thread *t = thread_start(read_ahead, f);
        if (t == NULL)
            break;
        mutex_lock(f->lock); /* readers that run already look at nothing but their own slots */
        f->readers[f->reader_count++] = t;
        mutex_unlock(f->lock);
    }
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
    start_readers(f);
    return f;
}

void feed_free(feed *f) {
    if (f == NULL)
        return;
    if (f->reader_count > 0) {
        mutex_lock(f->lock);
        f->stop = true;
        condition_wake_all(f->changed);
        mutex_unlock(f->lock);
    }
    for (int i = 0; i < f->reader_count; i++)
        thread_join(f->readers[i]);
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
