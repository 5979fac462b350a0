/* Memory of exactly the sizes that the header states, under AddressSanitizer: predictions for every
 * batch, from arrays that are aligned and from arrays that are not, which must agree.
 * Usage: exact [WEIGHTS] */
#include "ask.h"

/* Moves the data to an odd place, that of its elements at least. */
static void misalign(arrays *a) {
    for (int i = 0; i < a->count; i++) {
        const size_t shift = size_of(a->items[i].dtype);
        char *memory = must(malloc(a->bytes[i] + shift));
        memcpy(memory + shift, a->items[i].data, a->bytes[i]);
        free(a->items[i].data);
        a->items[i].data = memory + shift;
    }
}

static void free_misaligned(arrays *a) {
    for (int i = 0; i < a->count; i++)
        free((char *)a->items[i].data - size_of(a->items[i].dtype));
}

static int unaligned_differs(const model_context *context, model_session *session, int64_t batch) {
    int inputs, outputs;
    const model_tensor *takes = model_inputs(&inputs), *gives = model_outputs(&outputs);
    arrays in = new_arrays(takes, inputs, batch, 9), out = new_arrays(gives, outputs, batch, 0);
    arrays expected = predict(context, session, batch, 9);
    misalign(&in);
    misalign(&out);
    check(model_predict_arrays(context, session, in.items, in.count, out.items, out.count),
          session->message);
    int differs = differ(&out, &expected);
    free_arrays(&expected);
    free_misaligned(&in);
    free_misaligned(&out);
    return differs;
}

int main(int argc, char **argv) {
    static model_context context;
    int wrong = 0;
    model_session session = new_session(1);
    load(&context, argc > 1 ? argv[1] : NULL);
    for (int64_t batch = 1; batch <= MODEL_CAPACITY; batch++)
        wrong += unaligned_differs(&context, &session, batch);
    free_session(&session);
    printf("%d batches differ\n", wrong);
    return wrong != 0;
}
