// Portable kernels for codes: plain C. Four-bit codes go through 16-bit halves of the sums, which compilers vectorise.
#include <string.h>

#include "tables.h"

static inline int32_t unit8(const int8_t *weights, const char *unit) {
    const uint8_t *codes = (const uint8_t *)unit;
    int32_t sum = 0;
    for (int j = 0; j < 64; j++) sum += (int32_t)codes[j] * weights[j];
    return sum;
}

static inline int32_t unit4(const int8_t *weights, const char *unit) {
    const uint8_t *codes = (const uint8_t *)unit;
    int32_t sum = 0;
    for (int j = 0; j < 64; j++) sum += (int32_t)(codes[j] & 15) * weights[j] + (int32_t)(codes[j] >> 4) * weights[64 + j];
    return sum;
}

static inline int32_t unit1(const int8_t *weights, const char *unit) {
    const uint8_t *codes = (const uint8_t *)unit;
    int32_t sum = 0;
    for (int j = 0; j < 64; j++) sum += weights[j] & -(int32_t)(codes[j >> 3] >> (j & 7) & 1);
    return sum;
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, UNIT)                                                           \
    static float NAME##_single(const void *codes, const void *row, size_t dimension) {                                 \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        int32_t sum = 0;                                                                                               \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            sum += UNIT(query->weights + u * UNIT_DIMENSIONS, bytes + u * UNIT_BYTES);                                 \
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
    VK_SCORER(NAME, )

CODE_SCORER(bits8, 64, 64, unit8)
CODE_SCORER(bits4, 64, 128, unit4)
CODE_SCORER(bits1, 8, 64, unit1)

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
