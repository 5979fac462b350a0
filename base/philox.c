/* Philox4x32-10: ten rounds of two 32 x 32 -> 64 multiplications, keys moved on by Weyl
 * constants (the golden ratio and sqrt(3) - 1). Checked against the known answers of the
 * authors' Random123 library. */
#include "base/philox.h"

static void philox_round(uint32_t c[4], uint32_t key_0, uint32_t key_1) {
    uint64_t product_0 = UINT64_C(0xD2511F53) * c[0];
    uint64_t product_1 = UINT64_C(0xCD9E8D57) * c[2];
    uint32_t c_1 = c[1], c_3 = c[3];
    c[0] = (uint32_t)(product_1 >> 32) ^ c_1 ^ key_0;
    c[1] = (uint32_t)product_1;
    c[2] = (uint32_t)(product_0 >> 32) ^ c_3 ^ key_1;
    c[3] = (uint32_t)product_0;
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t key_0 = key[0], key_1 = key[1];
    for (int round = 0; round < 10; round++) {
        philox_round(c, key_0, key_1);
        key_0 += UINT32_C(0x9E3779B9);
        key_1 += UINT32_C(0xBB67AE85);
    }
    for (int i = 0; i < 4; i++)
        out[i] = c[i];
}

float philox_unit_f32(uint32_t bits) {
    return (float)(bits >> 8) * 0x1p-24f;
}
