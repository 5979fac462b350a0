/* The thread pool.
 *
 * One job is open at a time. Its tasks are dealt out in equal shares, one to each thread: the
 * same tasks to the same thread every time the job comes again, so that what a task writes is
 * still in the caches of the processor that will want it. Who is done with his own share takes
 * pieces of the others'. The caller then closes the job and waits only for those workers that
 * are inside a piece, never for one that has not come. A caller who finds the pool taken by
 * another thread, or who is a worker himself, runs the whole job alone: no nesting, no deadlock.
 *
 * Why a late worker is harmless: it counts itself into `inside` before it looks at `closed`, and
 * the caller sets `closed` before he looks at `inside` (both sequentially consistent), so at
 * least one of them sees the other; a worker that slips into the next job finds it fully
 * described, for `closed` is cleared last.
 *
 * Pools are process-wide, one per size, counted by users and guarded by one lock. After a fork
 * the child has no workers; the next job starts them again.
 */
#include "runtime/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/platform.h"

/* About a millisecond of looking for work before sleeping: a training step's launches follow
 * each other within microseconds, and waking a sleeper may cost half a millisecond. */
#define SPIN_SECONDS 0.001
#define SPINS_PER_LOOK 64
#define MAX_THREADS 256
/* Pieces per share: small enough to even out uneven tasks, large enough to be cheap to take. */
#define PIECES_PER_SHARE 8

typedef struct seat {
    struct pool *pool;
    int index; /* the caller's is 0 */
    thread *worker;
    /* This thread's share of the open job, on a cache line of its own: tasks next .. end-1. */
    _Alignas(64) atomic_llong next;
    int64_t end;
} seat;

struct pool {
    int threads; /* the caller included */
    int users;
    bool tried;       /* to start workers, in the process of `born_in` */
    uint32_t born_in; /* fork generation its workers live in */
    int started;
    struct pool *next_pool;

    atomic_bool taken;
    atomic_bool stop;
    _Atomic uint32_t jobs; /* futex: counts jobs opened */
    atomic_int sleepers;
    atomic_bool closed;
    atomic_int inside;
    /* The open job and its shares; written only while `taken` and `closed` and nobody is inside. */
    pool_task task;
    void *user;
    int64_t piece;
    seat seats[];
};

static _Thread_local bool inside_job;

static void take_share(pool *p, seat *s) {
    while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end) {
        int64_t begin = atomic_fetch_add_explicit(&s->next, p->piece, memory_order_relaxed);
        if (begin >= s->end) return;
        p->task(p->user, begin, s->end - begin < p->piece ? s->end : begin + p->piece);
    }
}

/* One's own share first, then those of the threads that follow. */
static void take_pieces(pool *p, int index) {
    for (int i = index; i < p->threads; i++) take_share(p, &p->seats[i]);
    for (int i = 0; i < index; i++) take_share(p, &p->seats[i]);
}

/* ---- workers ---------------------------------------------------------------------------- */

static void help(pool *p, int index) {
    atomic_fetch_add(&p->inside, 1);
    if (!atomic_load(&p->closed)) take_pieces(p, index);
    atomic_fetch_sub(&p->inside, 1);
}

static bool spin_for_job(pool *p, uint32_t seen) {
    double until = clock_seconds() + SPIN_SECONDS;
    do {
        for (int i = 0; i < SPINS_PER_LOOK; i++) {
            if (atomic_load_explicit(&p->jobs, memory_order_acquire) != seen) return true;
            cpu_relax();
        }
    } while (clock_seconds() < until);
    return false;
}

static void wait_for_job(pool *p, uint32_t seen) {
    if (spin_for_job(p, seen)) return;
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&p->jobs) == seen) address_wait((const uint32_t *)&p->jobs, seen);
    atomic_fetch_sub(&p->sleepers, 1);
}

static void work(void *user) {
    const seat *s = user;
    pool *p = s->pool;
    inside_job = true; /* whatever a task calls runs on this thread alone */
    uint32_t seen = 0;
    while (!atomic_load(&p->stop)) {
        help(p, s->index);
        wait_for_job(p, seen);
        seen = atomic_load(&p->jobs);
    }
}

static void announce(pool *p) {
    atomic_fetch_add(&p->jobs, 1);
    if (atomic_load(&p->sleepers) > 0) address_wake_all((const uint32_t *)&p->jobs);
}

/* Fewer workers than wanted is no failure: the caller does what they would have done. */
static void start_workers(pool *p) {
    if (p->tried && p->born_in == fork_generation()) return;
    p->tried = true;
    p->born_in = fork_generation();
    atomic_store(&p->sleepers, 0);
    atomic_store(&p->inside, 0);
    p->started = 0;
    while (p->started < p->threads - 1) {
        seat *s = &p->seats[p->started + 1];
        s->worker = thread_start(work, s);
        if (s->worker == NULL) break;
        p->started++;
    }
}

/* ---- running a job ---------------------------------------------------------------------- */

/* count * index / threads, without the product that might overflow. */
static int64_t share_begin(const pool *p, int64_t count, int index) {
    int64_t each = count / p->threads, rest = count % p->threads;
    return each * index + rest * index / p->threads;
}

static void open_job(pool *p, pool_task task, void *user, int64_t count, int64_t grain) {
    int64_t piece = count / ((int64_t)p->threads * PIECES_PER_SHARE);
    p->task = task;
    p->user = user;
    p->piece = piece < grain ? grain : piece;
    if (p->piece < 1) p->piece = 1;
    for (int i = 0; i < p->threads; i++) {
        atomic_store_explicit(&p->seats[i].next, share_begin(p, count, i), memory_order_relaxed);
        p->seats[i].end = share_begin(p, count, i + 1);
    }
    atomic_store(&p->closed, false);
    announce(p);
}

static void close_job(pool *p) {
    atomic_store(&p->closed, true);
    while (atomic_load(&p->inside) > 0) cpu_relax();
}

void pool_run(pool *p, pool_task task, void *user, int64_t count, int64_t grain) {
    if (count <= 0) return;
    bool alone = p->threads == 1 || count <= grain || count == 1 || inside_job;
    if (alone || atomic_exchange(&p->taken, true)) {
        task(user, 0, count);
        return;
    }
    start_workers(p);
    inside_job = true;
    open_job(p, task, user, count, grain);
    take_pieces(p, 0);
    close_job(p);
    inside_job = false;
    atomic_store(&p->taken, false);
}

int pool_threads(const pool *p) { return p->threads; }

/* ---- the pools of the process ----------------------------------------------------------- */

static struct {
    atomic_flag lock;
    pool *first;
} pools = {.lock = ATOMIC_FLAG_INIT};

static void lock_pools(void) {
    while (atomic_flag_test_and_set(&pools.lock)) cpu_relax();
}

static void unlock_pools(void) { atomic_flag_clear(&pools.lock); }

static pool *pool_new(int threads) {
    pool *p = aligned_alloc(64, sizeof *p + (size_t)threads * sizeof(seat));
    if (p == NULL) return NULL;
    *p = (pool){.threads = threads};
    atomic_init(&p->closed, true);
    for (int i = 0; i < threads; i++) p->seats[i] = (seat){.pool = p, .index = i};
    return p;
}

pool *pool_get(int threads) {
    if (threads <= 0) threads = processor_count();
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    lock_pools();
    pool *p = pools.first;
    while (p != NULL && p->threads != threads) p = p->next_pool;
    if (p == NULL && (p = pool_new(threads)) != NULL) {
        p->next_pool = pools.first;
        pools.first = p;
    }
    if (p != NULL) p->users++;
    unlock_pools();
    return p;
}

static void stop_workers(pool *p) {
    atomic_store(&p->stop, true);
    announce(p);
    address_wake_all((const uint32_t *)&p->jobs);
    bool ours = p->born_in == fork_generation();
    for (int i = 1; ours && i <= p->started; i++) thread_join(p->seats[i].worker);
}

void pool_release(pool *p) {
    if (p == NULL) return;
    lock_pools();
    bool last = --p->users == 0;
    if (last) {
        pool **link = &pools.first;
        while (*link != p) link = &(*link)->next_pool;
        *link = p->next_pool;
    }
    unlock_pools();
    if (!last) return;
    stop_workers(p);
    free(p);
}
