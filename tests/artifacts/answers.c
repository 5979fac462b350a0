/* Writes what an export answers as raw bytes, to be compared: predictions for several batches and,
 * when it was exported with its training step, predictions after some steps and the state.
 * Usage: answers PREDICTIONS STATE [WEIGHTS] */
#include "ask.h"

static void write_arrays(FILE *file, const arrays *a) {
    for (int i = 0; i < a->count; i++)
        fwrite(a->items[i].data, 1, a->bytes[i], file);
}

static void answer(FILE *file, const model_context *context, model_session *session) {
    const int64_t batches[] = {1, 3, MODEL_CAPACITY};
    for (int i = 0; i < 3; i++) {
        arrays out = predict(context, session, batches[i], 7 + i);
        write_arrays(file, &out);
        free_arrays(&out);
    }
}

#ifdef MODEL_STATE_BYTES
static void train(FILE *file, model_context *context, model_session *session, void *state) {
    const int64_t batches[] = {MODEL_CAPACITY, 3, 1};
    int count;
    const model_tensor *inputs = model_train_step_inputs(&count);
    check(model_state_init(context, state, MODEL_STATE_BYTES), context->message);
    for (int i = 0; i < 3; i++) {
        arrays in = new_arrays(inputs, count, batches[i], 70 + i);
        check(model_train_step_arrays(context, session, state, in.items, in.count),
              session->message);
        free_arrays(&in);
    }
    for (int i = 0; i < model_metric_count(); i++) {
        const float metric = (float)model_metric(state, i);
        fwrite(&metric, sizeof metric, 1, file);
    }
    check(model_use_state(context, state, MODEL_STATE_BYTES), context->message);
    answer(file, context, session);
}
#endif

int main(int argc, char **argv) {
    static model_context context;
    FILE *predictions = must(fopen(argv[1], "wb")), *end = must(fopen(argv[2], "wb"));
    model_session session = new_session(1);
    load(&context, argc > 3 ? argv[3] : NULL);
    answer(predictions, &context, &session);
#ifdef MODEL_STATE_BYTES
    void *state = memset(aligned(MODEL_STATE_BYTES), 0, MODEL_STATE_BYTES);
    train(predictions, &context, &session, state);
    fwrite(state, 1, MODEL_STATE_BYTES, end);
    free(state);
#endif
    free_session(&session);
    return fclose(predictions) != 0 || fclose(end) != 0;
}
