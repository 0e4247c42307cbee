// NEON kernels: four lanes, four sums per row pair of loads; every 64-bit Arm processor runs them.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "bf16.h"
#include "tables.h"

#define INLINE static inline __attribute__((always_inline))

// Eight elements of a row as two vectors. Loads go by bytes, since a row may start at any address.
INLINE float32x4x2_t load_f32(const char *at) {
    float32x4x2_t values;
    values.val[0] = vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)at));
    values.val[1] = vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)at + 16));
    return values;
}
INLINE float32x4x2_t load_f16(const char *at) {
    const uint8x16_t bytes = vld1q_u8((const uint8_t *)at);
    float32x4x2_t values;
    values.val[0] = vcvt_f32_f16(vreinterpret_f16_u8(vget_low_u8(bytes)));
    values.val[1] = vcvt_f32_f16(vreinterpret_f16_u8(vget_high_u8(bytes)));
    return values;
}
INLINE float32x4x2_t load_bf16(const char *at) {
    const uint16x8_t upper = vreinterpretq_u16_u8(vld1q_u8((const uint8_t *)at));
    float32x4x2_t values;
    values.val[0] = vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(upper), 16));
    values.val[1] = vreinterpretq_f32_u32(vshll_high_n_u16(upper, 16));
    return values;
}

// The last 1...7 elements, zeros behind them.
INLINE float32x4x2_t load_end_f32(const char *at, size_t left) {
    float values[8] = {0};
    memcpy(values, at, left * 4);
    return load_f32((const char *)values);
}
INLINE float32x4x2_t load_end_f16(const char *at, size_t left) {
    uint16_t halves[8] = {0};
    memcpy(halves, at, left * 2);
    return load_f16((const char *)halves);
}
INLINE float32x4x2_t load_end_bf16(const char *at, size_t left) {
    uint16_t halves[8] = {0};
    memcpy(halves, at, left * 2);
    return load_bf16((const char *)halves);
}

INLINE float32x4_t add_dot(float32x4_t sum, float32x4_t a, float32x4_t b) { return vfmaq_f32(sum, a, b); }
INLINE float32x4_t add_l2(float32x4_t sum, float32x4_t a, float32x4_t b) {
    const float32x4_t difference = vsubq_f32(a, b);
    return vfmaq_f32(sum, difference, difference);
}

#define NEON_SCORER(NAME, BYTES, LOAD, LOAD_END, ADD)                                                                  \
    static float NAME##_single(const void *floats, const void *row, size_t dimension) {                                \
        const float *query = (const float *)floats;                                                                    \
        const char *bytes = (const char *)row;                                                                         \
        float32x4_t even = vdupq_n_f32(0), odd = vdupq_n_f32(0);                                                       \
        size_t i = 0;                                                                                                  \
        for (; i + 8 <= dimension; i += 8) {                                                                           \
            const float32x4x2_t wanted = load_f32((const char *)(query + i)), values = LOAD(bytes + i * BYTES);        \
            even = ADD(even, wanted.val[0], values.val[0]);                                                            \
            odd = ADD(odd, wanted.val[1], values.val[1]);                                                              \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const float32x4x2_t wanted = load_end_f32((const char *)(query + i), dimension - i);                       \
            const float32x4x2_t values = LOAD_END(bytes + i * BYTES, dimension - i);                                   \
            even = ADD(even, wanted.val[0], values.val[0]);                                                            \
            odd = ADD(odd, wanted.val[1], values.val[1]);                                                              \
        }                                                                                                              \
        return vaddvq_f32(vaddq_f32(even, odd));                                                                       \
    }                                                                                                                  \
    INLINE void NAME##_four(const void *floats, const char *const *rows, const char *const *next, const int fetch,     \
                            size_t dimension, float *figures) {                                                        \
        const float *query = (const float *)floats;                                                                    \
        float32x4_t even[4], odd[4];                                                                                   \
        for (int r = 0; r < 4; r++) even[r] = odd[r] = vdupq_n_f32(0);                                                 \
        size_t i = 0;                                                                                                  \
        for (; i + 8 <= dimension; i += 8) {                                                                           \
            const float32x4x2_t wanted = load_f32((const char *)(query + i));                                          \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch && i * BYTES % 64 == 0) vk_prefetch(next[r] + i * BYTES);                                    \
                const float32x4x2_t values = LOAD(rows[r] + i * BYTES);                                                \
                even[r] = ADD(even[r], wanted.val[0], values.val[0]);                                                  \
                odd[r] = ADD(odd[r], wanted.val[1], values.val[1]);                                                    \
            }                                                                                                          \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const float32x4x2_t wanted = load_end_f32((const char *)(query + i), dimension - i);                       \
            for (int r = 0; r < 4; r++) {                                                                              \
                const float32x4x2_t values = LOAD_END(rows[r] + i * BYTES, dimension - i);                             \
                even[r] = ADD(even[r], wanted.val[0], values.val[0]);                                                  \
                odd[r] = ADD(odd[r], wanted.val[1], values.val[1]);                                                    \
            }                                                                                                          \
        }                                                                                                              \
        for (int r = 0; r < 4; r++) figures[r] = vaddvq_f32(vaddq_f32(even[r], odd[r]));                               \
    }                                                                                                                  \
    VK_SCORER(NAME, )                                                                                                  \
    VK_MANY_BY_BLOCK(NAME, )

NEON_SCORER(dot_f32, 4, load_f32, load_end_f32, add_dot)
NEON_SCORER(l2_f32, 4, load_f32, load_end_f32, add_l2)
NEON_SCORER(dot_f16, 2, load_f16, load_end_f16, add_dot)
NEON_SCORER(l2_f16, 2, load_f16, load_end_f16, add_l2)
NEON_SCORER(dot_bf16, 2, load_bf16, load_end_bf16, add_dot)
NEON_SCORER(l2_bf16, 2, load_bf16, load_end_bf16, add_l2)

VK_BF16()

static void f32_to_f16(const float *from, void *to, size_t count) {
    char *out = (char *)to;
    for (size_t i = 0; i < count; i += 4) {
        const size_t step = count - i < 4 ? count - i : 4;
        float values[4] = {0};
        memcpy(values, from + i, step * 4);
        const float16x4_t halves = vcvt_f16_f32(vld1q_f32(values));
        memcpy(out + i * 2, &halves, step * 2);
    }
}

static void f16_to_f32(const void *from, float *to, size_t count) {
    const char *in = (const char *)from;
    for (size_t i = 0; i < count; i += 4) {
        const size_t step = count - i < 4 ? count - i : 4;
        uint16_t halves[4] = {0};
        memcpy(halves, in + i * 2, step * 2);
        const float32x4_t values = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
        memcpy(to + i, &values, step * 4);
    }
}

static float squared_norm(const float *vector, size_t count) { return dot_f32_single(vector, vector, count); }

const struct vk_table vk_table_neon = {
    .name = "neon",
    .dot_f32 = VK_ENTRY(dot_f32),
    .l2_f32 = VK_ENTRY(l2_f32),
    .dot_f16 = VK_ENTRY(dot_f16),
    .l2_f16 = VK_ENTRY(l2_f16),
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .squared_norm = squared_norm,
    .codes = &vk_codes_neon,
    .walks = &vk_walks_portable,  // two keys a step gain nothing over moving memory
    .pair_codes = vk_pair_codes_portable,
    .dot_bf16 = VK_ENTRY(dot_bf16),
    .l2_bf16 = VK_ENTRY(l2_bf16),
    .f32_to_bf16 = f32_to_bf16,
    .bf16_to_f32 = bf16_to_f32,
};

#endif
