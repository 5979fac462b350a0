/* MT19937 (Matsumoto and Nishimura, 1998), and the swaps of NumPy's legacy shuffle. */
#include "runtime/io/numpy_shuffle.h"

enum { WORDS = 624, MIDDLE = 397 };

typedef struct twister {
    uint32_t words[WORDS];
    int next;
} twister;

static void seed_words(twister *t, uint32_t seed) {
    for (int i = 0; i < WORDS; i++) {
        t->words[i] = seed;
        seed = 1812433253u * (seed ^ seed >> 30) + (uint32_t)i + 1;
    }
    t->next = WORDS;
}

static void twist(twister *t) {
    for (int i = 0; i < WORDS; i++) {
        uint32_t y = (t->words[i] & 0x80000000u) | (t->words[(i + 1) % WORDS] & 0x7fffffffu);
        t->words[i] = t->words[(i + MIDDLE) % WORDS] ^ y >> 1 ^ ((y & 1) != 0 ? 0x9908b0dfu : 0);
    }
    t->next = 0;
}

static uint32_t draw(twister *t) {
    if (t->next == WORDS)
        twist(t);
    uint32_t y = t->words[t->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

/* 0 .. most, by drawing until it fits (random_interval of NumPy; files are fewer than 2^32). */
static uint32_t draw_up_to(twister *t, uint32_t most) {
    uint32_t mask = most, value;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    do
        value = draw(t) & mask;
    while (value > most);
    return value;
}

void numpy_shuffle(int64_t *order, size_t count, uint32_t seed) {
    twister t;
    seed_words(&t, seed);
    for (size_t i = 0; i < count; i++)
        order[i] = (int64_t)i;
    for (size_t i = count; i-- > 1;) {
        size_t k = draw_up_to(&t, (uint32_t)i);
        int64_t other = order[k];
        order[k] = order[i];
        order[i] = other;
    }
}
