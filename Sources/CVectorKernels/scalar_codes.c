// Portable kernels for codes: plain C in the shape that compilers vectorise, with sums in lanes up to a row's end.
//
// What must hold: no sum of 16 bits can overflow; eight products of a 4-bit code and a weight are at most 8 * 15 * 127.
#include <string.h>

#include "tables.h"

#define LANES 16

static inline void add_unit8(int32_t *sums, const int8_t *weights, const char *unit) {
    const uint8_t *codes = (const uint8_t *)unit;
    for (int j = 0; j < 64; j += LANES)
        for (int k = 0; k < LANES; k++) sums[k] += (int16_t)(codes[j + k] * weights[j + k]);
}

static inline void add_unit4(int32_t *sums, const int8_t *weights, const char *unit) {
    const uint8_t *codes = (const uint8_t *)unit;
    int16_t products[LANES] = {0};
    for (int j = 0; j < 64; j += LANES)
        for (int k = 0; k < LANES; k++) {
            const int16_t low = (int16_t)(codes[j + k] & 15), high = (int16_t)(codes[j + k] >> 4);
            products[k] = (int16_t)(products[k] + low * weights[j + k] + high * weights[64 + j + k]);
        }
    for (int k = 0; k < LANES; k++) sums[k] += products[k];
}

// Eight weights at a time as bytes of a word. Those whose bit is set are summed as weight + 128, which is never below
// 0, and what that adds is taken away again.
static inline void add_unit1(int32_t *sums, const int8_t *weights, const char *unit) {
    const uint64_t every = 0x0101010101010101u, pairs = 0x00ff00ff00ff00ffu;
    uint64_t even = 0, odd = 0, codes;
    memcpy(&codes, unit, 8);
    for (int j = 0; j < 8; j++) {
        uint64_t eight;
        memcpy(&eight, weights + 8 * j, 8);
        // The byte's bits, one in each byte: a carry lifts a bit to the highest place, and 255 is made of it.
        const uint64_t kept = (codes >> 8 * j & 255) * every & 0x8040201008040201u;
        const uint64_t ones = ((kept + 127 * every) >> 7) & every;
        const uint64_t chosen = (eight ^ 128 * every) & ((ones << 8) - ones);
        even += chosen & pairs;
        odd += chosen >> 8 & pairs;
    }
    const uint64_t both = (even & 0x0000ffff0000ffffu) + (even >> 16 & 0x0000ffff0000ffffu) +
                          (odd & 0x0000ffff0000ffffu) + (odd >> 16 & 0x0000ffff0000ffffu);
    sums[0] += (int32_t)(uint32_t)both + (int32_t)(both >> 32) - 128 * __builtin_popcountll(codes);
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, ADD)                                                            \
    static float NAME##_single(const void *codes, const void *row, size_t dimension) {                                 \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        int32_t sums[LANES] = {0}, sum = 0;                                                                            \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            ADD(sums, query->weights + u * UNIT_DIMENSIONS, bytes + u * UNIT_BYTES);                                   \
        for (int k = 0; k < LANES; k++) sum += sums[k];                                                                \
        float term = 0;                                                                                                \
        if (query->term_at) memcpy(&term, bytes + query->term_at, 4);                                                  \
        return (float)sum * query->factor + query->offset + term;                                                      \
    }                                                                                                                  \
    static inline void NAME##_four(const void *codes, const char *const *rows, const char *const *next,                \
                                   const int fetch, size_t dimension, float *figures) {                                \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        for (int r = 0; r < 4; r++) {                                                                                  \
            if (fetch)                                                                                                 \
                for (size_t b = 0; b < query->units * UNIT_BYTES; b += 64) vk_prefetch(next[r] + b);                   \
            figures[r] = NAME##_single(codes, rows[r], dimension);                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    VK_SCORER(NAME, )                                                                                                  \
    VK_MANY_BY_BLOCK(NAME, )

CODE_SCORER(bits8, 64, 64, add_unit8)
CODE_SCORER(bits4, 64, 128, add_unit4)
CODE_SCORER(bits1, 8, 64, add_unit1)

const struct vk_code_table vk_codes_portable = {VK_ENTRY(bits8), VK_ENTRY(bits4), VK_ENTRY(bits1)};

void vk_pair_codes_portable(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                            int32_t *sum, int32_t *square) {
    const uint8_t *in = (const uint8_t *)codes;
    const size_t unit = bits == 4 ? 128 : 64;
    int32_t total = 0, squares = 0;
    for (size_t u = 0; u < units; u++, in += 64, multipliers += unit, row += unit) {
        int32_t values[128];
        for (size_t j = 0; j < 64; j++) {
            values[j] = bits == 4 ? 16 * (2 * (in[j] & 15) - 15) : 2 * in[j] - 255;
            if (bits == 4) values[64 + j] = 16 * (2 * (in[j] >> 4) - 15);
        }
        for (size_t j = 0; j < unit; j++) {
            const int32_t value = (values[j] * multipliers[j] + 0x4000) >> 15;
            total += value;
            squares += value * value;
            row[j] = (uint8_t)(value + 128);
        }
    }
    *sum = total;
    *square = squares;
}
