/*
 * Philox4x32-10, the counter-based random generator of Salmon, Moraes, Dror and Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3" (SC 2011): four random words from a counter of four words
 * and a key of two. It keeps no state, so any element can be drawn, or drawn again, by itself.
 * The host's generator (base/philox.h) gives the same words.
 */
#ifndef CN_MATH_PHILOX_H
#define CN_MATH_PHILOX_H

/* One round: two 32 x 32 -> 64 bit products, their halves swapped and mixed with the key. A word is
 * the low half of its 64 bits and the rest is left as it falls: so a vector loop over calls stays
 * in lanes of one width, and the mask costs nothing, as the multiplication reads low halves. */
static inline void cn_philox_round(unsigned long long word[4], unsigned key0, unsigned key1) {
    const unsigned long long product0 = 0xd2511f53ull * (word[0] & 0xffffffff);
    const unsigned long long product1 = 0xcd9e8d57ull * (word[2] & 0xffffffff);
    word[0] = (product1 >> 32) ^ word[1] ^ key0;
    word[1] = product1;
    word[2] = (product0 >> 32) ^ word[3] ^ key1;
    word[3] = product0;
}

/* The key of round i is key + i * (golden ratio, sqrt(3) - 1). Written out, as compilers do not
 * vectorise the loop around a loop. */
static inline void cn_philox4x32_10(const unsigned counter[4], const unsigned key[2],
                                    unsigned out[4]) {
    unsigned long long word[4] = {counter[0], counter[1], counter[2], counter[3]};
    cn_philox_round(word, key[0], key[1]);
    cn_philox_round(word, key[0] + 0x9e3779b9u, key[1] + 0xbb67ae85u);
    cn_philox_round(word, key[0] + 0x3c6ef372u, key[1] + 0x76cf5d0au);
    cn_philox_round(word, key[0] + 0xdaa66d2bu, key[1] + 0x32370b8fu);
    cn_philox_round(word, key[0] + 0x78dde6e4u, key[1] + 0xed9eba14u);
    cn_philox_round(word, key[0] + 0x1715609du, key[1] + 0xa9066899u);
    cn_philox_round(word, key[0] + 0xb54cda56u, key[1] + 0x646e171eu);
    cn_philox_round(word, key[0] + 0x5384540fu, key[1] + 0x1fd5c5a3u);
    cn_philox_round(word, key[0] + 0xf1bbcdc8u, key[1] + 0xdb3d7428u);
    cn_philox_round(word, key[0] + 0x8ff34781u, key[1] + 0x96a522adu);
    out[0] = (unsigned)word[0];
    out[1] = (unsigned)word[1];
    out[2] = (unsigned)word[2];
    out[3] = (unsigned)word[3];
}

#endif
