/* An export in several threads: a session each over one context, with batches of different sizes;
 * and one session whose work is spread over three threads. All give the bits of one thread alone.
 * Usage: threads [WEIGHTS] */
#include <pthread.h>

#include "ask.h"

enum { THREADS = 4, ROUNDS = 3, WORKERS = 3 };

static model_context context; /* read only, once it is loaded */

typedef struct asker {
    pthread_t thread;
    int64_t batch;
    int seed, wrong;
    arrays expected;
} asker;

static void *ask(void *argument) {
    asker *a = argument;
    model_session session = new_session(1);
    for (int i = 0; i < ROUNDS; i++) {
        arrays out = predict(&context, &session, a->batch, a->seed);
        a->wrong += differ(&out, &a->expected);
        free_arrays(&out);
    }
    free_session(&session);
    return NULL;
}

static int sessions_apart(void) {
    asker askers[THREADS];
    int wrong = 0;
    model_session alone = new_session(1);
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (asker){.batch = 1 + i * (MODEL_CAPACITY - 1) / (THREADS - 1), .seed = i + 1};
        askers[i].expected = predict(&context, &alone, askers[i].batch, askers[i].seed);
    }
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        wrong += askers[i].wrong;
        free_arrays(&askers[i].expected);
    }
    free_session(&alone);
    return wrong;
}

/* ---- one session, several threads ----------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    model_task task;
    void *argument;
    int64_t begin, end;
    int number;
} worker;

static void *work(void *argument) {
    const worker *w = argument;
    for (int64_t i = w->end; i > w->begin; i--) /* the order does not matter */
        w->task(w->argument, i - 1, i, w->number);
    return NULL;
}

static void parallel_for(void *user, int64_t count, model_task task, void *argument) {
    worker workers[WORKERS];
    *(int64_t *)user += count;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.task = task,
                              .argument = argument,
                              .begin = count * i / WORKERS,
                              .end = count * (i + 1) / WORKERS,
                              .number = i};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
}

static int one_spread(void) {
    int64_t tasks = 0;
    model_session alone = new_session(1), many = new_session(WORKERS);
    many.parallel_for = parallel_for;
    many.user = &tasks;
    arrays a = predict(&context, &alone, MODEL_CAPACITY, 5);
    arrays b = predict(&context, &many, MODEL_CAPACITY, 5);
    int wrong = differ(&a, &b);
    free_arrays(&a);
    free_arrays(&b);
    free_session(&alone);
    free_session(&many);
    if (tasks < WORKERS)
        printf("only %d tasks were spread\n", (int)tasks);
    return wrong + (tasks < WORKERS);
}

int main(int argc, char **argv) {
    load(&context, argc > 1 ? argv[1] : NULL);
    int apart = sessions_apart(), spread = one_spread();
    printf("%d wrong in sessions of their own, %d spread\n", apart, spread);
    return apart + spread != 0;
}
