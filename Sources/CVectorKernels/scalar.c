// Portable kernels: plain C that any compiler turns into whatever vectors the baseline has.
// Sixteen partial sums stand for the lanes, so that the order of additions is fixed and vectorises.
#include <string.h>

#include "bf16.h"
#include "tables.h"

#define LANES 16

static inline float half_to_float(uint16_t half) {
    // Shifting the exponent and fraction into place leaves the value 2^112 too small; the product mends normal and
    // subnormal numbers alike. Infinity and NaN get the full exponent afterwards.
    const uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    float scaled;
    memcpy(&scaled, &magnitude, 4);
    scaled *= 0x1p112f;
    uint32_t bits;
    memcpy(&bits, &scaled, 4);
    bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0u;
    bits |= (uint32_t)(half & 0x8000) << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline uint16_t float_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x3ff));  // NaN, made quiet
    if (bits >= 0x477ff000u) return (uint16_t)(sign | 0x7c00);                         // 65520 and above
    if (bits < 0x38800000u) {
        // Below 2^-14: adding 0.5 lets the addition itself round to the 2^-24 grid of the subnormals.
        float tiny;
        memcpy(&tiny, &bits, 4);
        tiny += 0.5f;
        memcpy(&bits, &tiny, 4);
        return (uint16_t)(sign | (bits - 0x3f000000u));
    }
    const uint32_t odd = bits >> 13 & 1;
    return (uint16_t)(sign | ((bits - 0x38000000u + 0xfffu + odd) >> 13));
}

static inline void load_f32(const void *row, float *values, size_t count) { memcpy(values, row, count * 4); }

static inline void load_f16(const void *row, float *values, size_t count) {
    uint16_t halves[LANES];
    memcpy(halves, row, count * 2);
    for (size_t i = 0; i < count; i++) values[i] = half_to_float(halves[i]);
}

static inline void load_bf16(const void *row, float *values, size_t count) {
    uint16_t halves[LANES];
    memcpy(halves, row, count * 2);
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = (uint32_t)halves[i] << 16;
        memcpy(values + i, &bits, 4);
    }
}

static inline float sum_lanes(const float *sums) {
    float folded[8];
    for (int i = 0; i < 8; i++) folded[i] = sums[i] + sums[i + 8];
    for (int i = 0; i < 4; i++) folded[i] += folded[i + 4];
    return (folded[0] + folded[1]) + (folded[2] + folded[3]);
}

static inline float term_dot(float a, float b) { return a * b; }
static inline float term_l2(float a, float b) {
    const float difference = a - b;
    return difference * difference;
}

#define PORTABLE_SCORER(NAME, BYTES, LOAD, TERM)                                                                       \
    static float NAME##_single(const void *floats, const void *row, size_t dimension) {                                \
        const float *query = (const float *)floats;                                                                    \
        const char *bytes = (const char *)row;                                                                         \
        float sums[LANES] = {0}, values[LANES], terms[LANES];                                                          \
        size_t i = 0;                                                                                                  \
        for (; i + LANES <= dimension; i += LANES) {                                                                   \
            LOAD(bytes + i * BYTES, values, LANES);                                                                    \
            for (int k = 0; k < LANES; k++) terms[k] = TERM(query[i + k], values[k]);                                  \
            for (int k = 0; k < LANES; k++) sums[k] += terms[k];                                                       \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            LOAD(bytes + i * BYTES, values, dimension - i);                                                            \
            for (size_t k = 0; k < dimension - i; k++) sums[k] += TERM(query[i + k], values[k]);                       \
        }                                                                                                              \
        return sum_lanes(sums);                                                                                        \
    }                                                                                                                  \
    static inline void NAME##_four(const void *floats, const char *const *rows, const char *const *next,               \
                                   const int fetch, size_t dimension, float *figures) {                                \
        const float *query = (const float *)floats;                                                                    \
        for (int r = 0; r < 4; r++) {                                                                                  \
            if (fetch)                                                                                                 \
                for (size_t b = 0; b < dimension * BYTES; b += 64) vk_prefetch(next[r] + b);                           \
            figures[r] = NAME##_single(query, rows[r], dimension);                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    VK_SCORER(NAME, )                                                                                                  \
    VK_MANY_BY_BLOCK(NAME, )

PORTABLE_SCORER(dot_f32, 4, load_f32, term_dot)
PORTABLE_SCORER(l2_f32, 4, load_f32, term_l2)
PORTABLE_SCORER(dot_f16, 2, load_f16, term_dot)
PORTABLE_SCORER(l2_f16, 2, load_f16, term_l2)
PORTABLE_SCORER(dot_bf16, 2, load_bf16, term_dot)
PORTABLE_SCORER(l2_bf16, 2, load_bf16, term_l2)

VK_BF16()

static void f32_to_f16(const float *from, void *to, size_t count) {
    char *out = (char *)to;
    for (size_t i = 0; i < count; i++) {
        const uint16_t half = float_to_half(from[i]);
        memcpy(out + i * 2, &half, 2);
    }
}

static void f16_to_f32(const void *from, float *to, size_t count) {
    const char *in = (const char *)from;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, in + i * 2, 2);
        to[i] = half_to_float(half);
    }
}

static float squared_norm(const float *vector, size_t count) { return dot_f32_single(vector, vector, count); }

const struct vk_table vk_table_portable = {
    .name = "portable",
    .dot_f32 = VK_ENTRY(dot_f32),
    .l2_f32 = VK_ENTRY(l2_f32),
    .dot_f16 = VK_ENTRY(dot_f16),
    .l2_f16 = VK_ENTRY(l2_f16),
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .squared_norm = squared_norm,
    .codes = &vk_codes_portable,
    .walks = &vk_walks_portable,
    .pair_codes = vk_pair_codes_portable,
    .dot_bf16 = VK_ENTRY(dot_bf16),
    .l2_bf16 = VK_ENTRY(l2_bf16),
    .f32_to_bf16 = f32_to_bf16,
    .bf16_to_f32 = bf16_to_f32,
};
