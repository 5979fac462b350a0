/* cn_checksum: one number for everything that training changes.
 *
 * SHA-256 over the model's weights in Keras' order and then, once compiled, the optimizer's
 * variables in Keras' order (iteration, learning rate, slots), each as its length and its bytes.
 * Names take no part: renaming a layer changes nothing that was learned. A slot that no step has
 * needed yet counts as the zeros it will begin with.
 */
#include "base/sha256.h"
#include "frontend/frontend.h"

static void add_variable(sha256 *h, const variable *v) {
    size_t bytes = (size_t)type_bytes(&v->type, 0);
    if (v->data != NULL) {
        sha256_string(h, v->data, bytes);
        return;
    }
    static const char zeros[512];
    sha256_u64(h, bytes); /* the framing of sha256_string */
    for (size_t done = 0; done < bytes; done += sizeof zeros)
        sha256_update(h, zeros, bytes - done < sizeof zeros ? bytes - done : sizeof zeros);
}

static void add_optimizer(sha256 *h, const cn_optimizer *o) {
    if (o->iteration != NULL)
        add_variable(h, o->iteration);
    if (o->learning_rate != NULL)
        add_variable(h, o->learning_rate);
    for (uint32_t i = 0; i < o->slots.count; i++)
        add_variable(h, o->slots.items[i]);
}

void cn_checksum(const cn_model *m, char hex[65]) {
    sha256 h;
    sha256_init(&h);
    for (uint32_t i = 0; m != NULL && i < m->weights.count; i++)
        add_variable(&h, m->weights.items[i]);
    if (m != NULL && m->training != NULL)
        add_optimizer(&h, m->training->optimizer);
    sha256_digest digest = sha256_finish(&h);
    sha256_to_hex(&digest, hex);
}
