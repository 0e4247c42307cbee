// NEON for codes: sixteen products a step, four rows at once. With the dot-product instructions where the compiler may
// use them, otherwise with products of 16 bits.
//
// What must hold: no sum of 16 bits can overflow. 8-bit codes are taken as numbers from -128, since products are of
// signed numbers here; what that leaves out, 128 times the sum of the weights, is added once for four rows.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "tables.h"

#define INLINE static inline __attribute__((always_inline))

INLINE uint8x16_t load(const char *at) { return vld1q_u8((const uint8_t *)at); }

INLINE int32x4_t add_products(int32x4_t sum, int8x16_t codes, int8x16_t weights) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sum, codes, weights);
#else
    // Two products of at most 128 * 127 fill 16 bits, so each half is widened on its own.
    sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(codes), vget_low_s8(weights)));
    return vpadalq_s16(sum, vmull_s8(vget_high_s8(codes), vget_high_s8(weights)));
#endif
}

INLINE int32x4_t add_unit8(int32x4_t sum, const int8_t *weights, const char *unit) {
    for (int j = 0; j < 64; j += 16) {
        const int8x16_t codes = vreinterpretq_s8_u8(veorq_u8(load(unit + j), vdupq_n_u8(0x80)));
        sum = add_products(sum, codes, vld1q_s8(weights + j));
    }
    return sum;
}

INLINE int32x4_t add_unit4(int32x4_t sum, const int8_t *weights, const char *unit) {
    for (int j = 0; j < 64; j += 16) {
        const uint8x16_t bytes = load(unit + j);
        const int8x16_t low = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15)));
        const int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4));
        sum = add_products(sum, low, vld1q_s8(weights + j));
        sum = add_products(sum, high, vld1q_s8(weights + 64 + j));
    }
    return sum;
}

INLINE int32x4_t add_unit1(int32x4_t sum, const int8_t *weights, const char *unit) {
    const uint8x16_t place = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8_t *bytes = (const uint8_t *)unit;
    int16x8_t sums = vdupq_n_s16(0);
    for (int j = 0; j < 4; j++) {
        const uint8x16_t spread = vcombine_u8(vdup_n_u8(bytes[2 * j]), vdup_n_u8(bytes[2 * j + 1]));
        const int8x16_t chosen = vreinterpretq_s8_u8(vtstq_u8(spread, place));
        sums = vpadalq_s8(sums, vandq_s8(chosen, vld1q_s8(weights + 16 * j)));
    }
    return vpadalq_s16(sum, sums);
}

// What a sum lacks whose codes were taken from -128: this, 128 times.
INLINE int32x4_t add_missing8(int32x4_t sum, const int8_t *weights) {
    int16x8_t sums = vdupq_n_s16(0);
    for (int j = 0; j < 64; j += 16) sums = vpadalq_s8(sums, vld1q_s8(weights + j));
    return vpadalq_s16(sum, sums);
}
INLINE int32x4_t add_nothing(int32x4_t sum, const int8_t *weights) {
    (void)weights;
    return sum;
}

INLINE float figure_of(const struct vk_code_query *query, int32_t sum, const char *row) {
    float term = 0;
    if (query->term_at) memcpy(&term, row + query->term_at, 4);
    return fmaf((float)sum, query->factor, query->offset) + term;
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, ADD, ADD_MISSING)                                               \
    static float NAME##_single(const void *codes, const void *row, size_t dimension) {                                 \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        int32x4_t sum = vdupq_n_s32(0), missing = vdupq_n_s32(0);                                                      \
        for (size_t u = 0; u < query->units; u++) {                                                                    \
            const int8_t *weights = query->weights + u * UNIT_DIMENSIONS;                                              \
            sum = ADD(sum, weights, bytes + u * UNIT_BYTES);                                                           \
            missing = ADD_MISSING(missing, weights);                                                                   \
        }                                                                                                              \
        return figure_of(query, vaddvq_s32(sum) + 128 * vaddvq_s32(missing), bytes);                                   \
    }                                                                                                                  \
    INLINE void NAME##_four(const void *codes, const char *const *rows, const char *const *next, const int fetch,      \
                            size_t dimension, float *figures) {                                                        \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        int32x4_t sums[4], missing = vdupq_n_s32(0);                                                                   \
        for (int r = 0; r < 4; r++) sums[r] = vdupq_n_s32(0);                                                          \
        for (size_t u = 0; u < query->units; u++) {                                                                    \
            const int8_t *weights = query->weights + u * UNIT_DIMENSIONS;                                              \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch && (u * UNIT_BYTES) % 64 == 0) vk_prefetch(next[r] + u * UNIT_BYTES);                        \
                sums[r] = ADD(sums[r], weights, rows[r] + u * UNIT_BYTES);                                             \
            }                                                                                                          \
            missing = ADD_MISSING(missing, weights);                                                                   \
        }                                                                                                              \
        const int32_t rest = 128 * vaddvq_s32(missing);                                                                \
        for (int r = 0; r < 4; r++) figures[r] = figure_of(query, vaddvq_s32(sums[r]) + rest, rows[r]);                \
    }                                                                                                                  \
    VK_SCORER(NAME, )                                                                                                  \
    VK_MANY_BY_BLOCK(NAME, )

CODE_SCORER(bits8, 64, 64, add_unit8, add_missing8)
CODE_SCORER(bits4, 64, 128, add_unit4, add_nothing)
CODE_SCORER(bits1, 8, 64, add_unit1, add_nothing)

const struct vk_code_table vk_codes_neon = {VK_ENTRY(bits8), VK_ENTRY(bits4), VK_ENTRY(bits1)};

#endif
