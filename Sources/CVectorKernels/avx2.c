// AVX2 kernels with FMA and F16C: eight lanes; the odd end of a row goes through a masked load or a small buffer.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "bf16.h"
#include "tables.h"

#define TARGET __attribute__((target("avx2,f16c,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m256 load_f32(const char *at) { return _mm256_loadu_ps((const float *)at); }
INLINE __m256 load_f16(const char *at) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)at)); }
INLINE __m256 load_bf16(const char *at) {
    const __m256i upper = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(upper, 16));
}

// The last 1...7 elements, zeros behind them.
INLINE __m256 load_end_f32(const char *at, size_t left) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps((const float *)at, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), lane));
}
INLINE __m256 load_end_f16(const char *at, size_t left) {
    uint16_t halves[8] = {0};
    memcpy(halves, at, left * 2);
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}
INLINE __m256 load_end_bf16(const char *at, size_t left) {
    uint16_t halves[8] = {0};
    memcpy(halves, at, left * 2);
    return load_bf16((const char *)halves);
}

INLINE __m256 add_dot(__m256 sum, __m256 a, __m256 b) { return _mm256_fmadd_ps(a, b, sum); }
INLINE __m256 add_l2(__m256 sum, __m256 a, __m256 b) {
    const __m256 difference = _mm256_sub_ps(a, b);
    return _mm256_fmadd_ps(difference, difference, sum);
}

INLINE __m128 fold(__m256 even, __m256 odd) {
    const __m256 sum = _mm256_add_ps(even, odd);
    return _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
}

#define AVX2_SCORER(NAME, BYTES, LOAD, LOAD_END, ADD)                                                                  \
    static TARGET float NAME##_single(const void *floats, const void *row, size_t dimension) {                         \
        const float *query = (const float *)floats;                                                                    \
        const char *bytes = (const char *)row;                                                                         \
        __m256 even = _mm256_setzero_ps(), odd = _mm256_setzero_ps();                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= dimension; i += 16) {                                                                         \
            even = ADD(even, _mm256_loadu_ps(query + i), LOAD(bytes + i * BYTES));                                     \
            odd = ADD(odd, _mm256_loadu_ps(query + i + 8), LOAD(bytes + (i + 8) * BYTES));                             \
        }                                                                                                              \
        if (i + 8 <= dimension) {                                                                                      \
            even = ADD(even, _mm256_loadu_ps(query + i), LOAD(bytes + i * BYTES));                                     \
            i += 8;                                                                                                    \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const size_t left = dimension - i;                                                                         \
            odd = ADD(odd, load_end_f32((const char *)(query + i), left), LOAD_END(bytes + i * BYTES, left));          \
        }                                                                                                              \
        const __m128 lanes = fold(even, odd);                                                                          \
        const __m128 pairs = _mm_hadd_ps(lanes, lanes);                                                                \
        return _mm_cvtss_f32(_mm_hadd_ps(pairs, pairs));                                                               \
    }                                                                                                                  \
    INLINE void NAME##_four(const void *floats, const char *const *rows, const char *const *next, const int fetch,     \
                            size_t dimension, float *figures) {                                                        \
        const float *query = (const float *)floats;                                                                    \
        __m256 even[4], odd[4];                                                                                        \
        for (int r = 0; r < 4; r++) even[r] = odd[r] = _mm256_setzero_ps();                                            \
        size_t i = 0;                                                                                                  \
        for (; i + 16 <= dimension; i += 16) {                                                                         \
            const __m256 first = _mm256_loadu_ps(query + i), second = _mm256_loadu_ps(query + i + 8);                  \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch && i * BYTES % 64 == 0) vk_prefetch(next[r] + i * BYTES);                                    \
                even[r] = ADD(even[r], first, LOAD(rows[r] + i * BYTES));                                              \
                odd[r] = ADD(odd[r], second, LOAD(rows[r] + (i + 8) * BYTES));                                         \
            }                                                                                                          \
        }                                                                                                              \
        if (i + 8 <= dimension) {                                                                                      \
            const __m256 first = _mm256_loadu_ps(query + i);                                                           \
            for (int r = 0; r < 4; r++) even[r] = ADD(even[r], first, LOAD(rows[r] + i * BYTES));                      \
            i += 8;                                                                                                    \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const size_t left = dimension - i;                                                                         \
            const __m256 last = load_end_f32((const char *)(query + i), left);                                         \
            for (int r = 0; r < 4; r++) odd[r] = ADD(odd[r], last, LOAD_END(rows[r] + i * BYTES, left));               \
        }                                                                                                              \
        const __m128 left = _mm_hadd_ps(fold(even[0], odd[0]), fold(even[1], odd[1]));                                 \
        const __m128 right = _mm_hadd_ps(fold(even[2], odd[2]), fold(even[3], odd[3]));                                \
        _mm_storeu_ps(figures, _mm_hadd_ps(left, right));                                                              \
    }                                                                                                                  \
    VK_SCORER(NAME, TARGET)                                                                                            \
    VK_MANY_BY_BLOCK(NAME, TARGET)

AVX2_SCORER(dot_f32, 4, load_f32, load_end_f32, add_dot)
AVX2_SCORER(l2_f32, 4, load_f32, load_end_f32, add_l2)
AVX2_SCORER(dot_f16, 2, load_f16, load_end_f16, add_dot)
AVX2_SCORER(l2_f16, 2, load_f16, load_end_f16, add_l2)
AVX2_SCORER(dot_bf16, 2, load_bf16, load_end_bf16, add_dot)
AVX2_SCORER(l2_bf16, 2, load_bf16, load_end_bf16, add_l2)

VK_BF16(TARGET)

static TARGET void f32_to_f16(const float *from, void *to, size_t count) {
    char *out = (char *)to;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(out + i * 2), halves);
    }
    if (i < count) {
        const __m256 values = load_end_f32((const char *)(from + i), count - i);
        const __m128i halves = _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT);
        memcpy(out + i * 2, &halves, (count - i) * 2);
    }
}

static TARGET void f16_to_f32(const void *from, float *to, size_t count) {
    const char *in = (const char *)from;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) _mm256_storeu_ps(to + i, load_f16(in + i * 2));
    if (i < count) {
        const __m256 values = load_end_f16(in + i * 2, count - i);
        memcpy(to + i, &values, (count - i) * 4);
    }
}

static TARGET float squared_norm(const float *vector, size_t count) { return dot_f32_single(vector, vector, count); }

const struct vk_table vk_table_avx2 = {
    .name = "avx2",
    .dot_f32 = VK_ENTRY(dot_f32),
    .l2_f32 = VK_ENTRY(l2_f32),
    .dot_f16 = VK_ENTRY(dot_f16),
    .l2_f16 = VK_ENTRY(l2_f16),
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .squared_norm = squared_norm,
    .codes = &vk_codes_avx2,
    .walks = &vk_walks_avx2,
    .pair_codes = vk_pair_codes_portable,
    .dot_bf16 = VK_ENTRY(dot_bf16),
    .l2_bf16 = VK_ENTRY(l2_bf16),
    .f32_to_bf16 = f32_to_bf16,
    .bf16_to_f32 = bf16_to_f32,
};

#endif
