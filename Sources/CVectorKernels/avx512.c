// AVX-512 kernels: sixteen lanes, masked loads for the odd end of a row.
// Two sums per row, four rows at once: eight independent chains hide the latency of the fused multiply-add.
#if defined(__x86_64__)

#include <immintrin.h>

#include "bf16.h"
#include "tables.h"

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,f16c,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m512 load_f32(const char *at) { return _mm512_loadu_ps(at); }
INLINE __m512 load_f16(const char *at) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)at)); }
INLINE __m512 widen(__m256i upper) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}
INLINE __m512 load_bf16(const char *at) { return widen(_mm256_loadu_si256((const __m256i *)at)); }
INLINE __m512 load_end_f32(__mmask16 mask, const char *at) { return _mm512_maskz_loadu_ps(mask, at); }
INLINE __m512 load_end_f16(__mmask16 mask, const char *at) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, at));
}
INLINE __m512 load_end_bf16(__mmask16 mask, const char *at) { return widen(_mm256_maskz_loadu_epi16(mask, at)); }

INLINE __m512 add_dot(__m512 sum, __m512 a, __m512 b) { return _mm512_fmadd_ps(a, b, sum); }
INLINE __m512 add_l2(__m512 sum, __m512 a, __m512 b) {
    const __m512 difference = _mm512_sub_ps(a, b);
    return _mm512_fmadd_ps(difference, difference, sum);
}

INLINE __mmask16 end_mask(size_t left) { return (__mmask16)((1u << left) - 1); }

// Both sums of a row folded to four lanes; the last four lanes are folded for four rows together.
INLINE __m128 fold(__m512 even, __m512 odd) {
    const __m512 sum = _mm512_add_ps(even, odd);
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

#define WIDE_SCORER(NAME, BYTES, LOAD, LOAD_END, ADD)                                                                  \
    static TARGET float NAME##_single(const void *floats, const void *row, size_t dimension) {                         \
        const float *query = (const float *)floats;                                                                    \
        const char *bytes = (const char *)row;                                                                         \
        __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 32 <= dimension; i += 32) {                                                                         \
            even = ADD(even, _mm512_loadu_ps(query + i), LOAD(bytes + i * BYTES));                                     \
            odd = ADD(odd, _mm512_loadu_ps(query + i + 16), LOAD(bytes + (i + 16) * BYTES));                           \
        }                                                                                                              \
        if (i + 16 <= dimension) {                                                                                     \
            even = ADD(even, _mm512_loadu_ps(query + i), LOAD(bytes + i * BYTES));                                     \
            i += 16;                                                                                                   \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const __mmask16 mask = end_mask(dimension - i);                                                            \
            odd = ADD(odd, _mm512_maskz_loadu_ps(mask, query + i), LOAD_END(mask, bytes + i * BYTES));                 \
        }                                                                                                              \
        const __m128 lanes = fold(even, odd);                                                                          \
        const __m128 pairs = _mm_hadd_ps(lanes, lanes);                                                                \
        return _mm_cvtss_f32(_mm_hadd_ps(pairs, pairs));                                                               \
    }                                                                                                                  \
    INLINE void NAME##_four(const void *floats, const char *const *rows, const char *const *next, const int fetch,     \
                            size_t dimension, float *figures) {                                                        \
        const float *query = (const float *)floats;                                                                    \
        __m512 even[4], odd[4];                                                                                        \
        for (int r = 0; r < 4; r++) even[r] = odd[r] = _mm512_setzero_ps();                                            \
        size_t i = 0;                                                                                                  \
        for (; i + 32 <= dimension; i += 32) {                                                                         \
            const __m512 first = _mm512_loadu_ps(query + i), second = _mm512_loadu_ps(query + i + 16);                 \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch)                                                                                             \
                    for (int line = 0; line < BYTES / 2; line++) vk_prefetch(next[r] + i * BYTES + line * 64);         \
                even[r] = ADD(even[r], first, LOAD(rows[r] + i * BYTES));                                              \
                odd[r] = ADD(odd[r], second, LOAD(rows[r] + (i + 16) * BYTES));                                        \
            }                                                                                                          \
        }                                                                                                              \
        if (i + 16 <= dimension) {                                                                                     \
            const __m512 first = _mm512_loadu_ps(query + i);                                                           \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch) vk_prefetch(next[r] + i * BYTES);                                                           \
                even[r] = ADD(even[r], first, LOAD(rows[r] + i * BYTES));                                              \
            }                                                                                                          \
            i += 16;                                                                                                   \
        }                                                                                                              \
        if (i < dimension) {                                                                                           \
            const __mmask16 mask = end_mask(dimension - i);                                                            \
            const __m512 last = _mm512_maskz_loadu_ps(mask, query + i);                                                \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch) vk_prefetch(next[r] + i * BYTES);                                                           \
                odd[r] = ADD(odd[r], last, LOAD_END(mask, rows[r] + i * BYTES));                                       \
            }                                                                                                          \
        }                                                                                                              \
        const __m128 left = _mm_hadd_ps(fold(even[0], odd[0]), fold(even[1], odd[1]));                                 \
        const __m128 right = _mm_hadd_ps(fold(even[2], odd[2]), fold(even[3], odd[3]));                                \
        _mm_storeu_ps(figures, _mm_hadd_ps(left, right));                                                              \
    }                                                                                                                  \
    VK_SCORER(NAME, TARGET)                                                                                            \
    /* Four queries against two rows: an element is loaded and widened once for four, in the order of NAME_single. */  \
    static TARGET void NAME##_quad(const void *const *queries, const char *base, size_t stride, size_t dimension,      \
                                   size_t count, float *figures, size_t step) {                                        \
        const float *q[4];                                                                                             \
        for (int k = 0; k < 4; k++) q[k] = (const float *)queries[k];                                                  \
        size_t row = 0;                                                                                                \
        for (; row + 2 <= count; row += 2) {                                                                           \
            const char *const rows[2] = {base + row * stride, base + (row + 1) * stride};                              \
            __m512 even[2][4], odd[2][4];                                                                              \
            for (int k = 0; k < 8; k++) even[k / 4][k % 4] = odd[k / 4][k % 4] = _mm512_setzero_ps();                  \
            size_t i = 0;                                                                                              \
            for (; i + 32 <= dimension; i += 32)                                                                       \
                for (int r = 0; r < 2; r++) {                                                                          \
                    for (int line = 0; line < BYTES / 2; line++)                                                       \
                        vk_prefetch(rows[r] + VK_AHEAD_BYTES + i * BYTES + line * 64);                                 \
                    const __m512 first = LOAD(rows[r] + i * BYTES), second = LOAD(rows[r] + (i + 16) * BYTES);         \
                    for (int k = 0; k < 4; k++) {                                                                      \
                        even[r][k] = ADD(even[r][k], _mm512_loadu_ps(q[k] + i), first);                                \
                        odd[r][k] = ADD(odd[r][k], _mm512_loadu_ps(q[k] + i + 16), second);                            \
                    }                                                                                                  \
                }                                                                                                      \
            if (i + 16 <= dimension) {                                                                                 \
                for (int r = 0; r < 2; r++) {                                                                          \
                    const __m512 first = LOAD(rows[r] + i * BYTES);                                                    \
                    for (int k = 0; k < 4; k++) even[r][k] = ADD(even[r][k], _mm512_loadu_ps(q[k] + i), first);        \
                }                                                                                                      \
                i += 16;                                                                                               \
            }                                                                                                          \
            if (i < dimension) {                                                                                       \
                const __mmask16 mask = end_mask(dimension - i);                                                        \
                for (int r = 0; r < 2; r++) {                                                                          \
                    const __m512 last = LOAD_END(mask, rows[r] + i * BYTES);                                           \
                    for (int k = 0; k < 4; k++)                                                                        \
                        odd[r][k] = ADD(odd[r][k], _mm512_maskz_loadu_ps(mask, q[k] + i), last);                       \
                }                                                                                                      \
            }                                                                                                          \
            for (int r = 0; r < 2; r++) {                                                                              \
                const __m128 left = _mm_hadd_ps(fold(even[r][0], odd[r][0]), fold(even[r][1], odd[r][1]));             \
                const __m128 right = _mm_hadd_ps(fold(even[r][2], odd[r][2]), fold(even[r][3], odd[r][3]));            \
                float found[4];                                                                                        \
                _mm_storeu_ps(found, _mm_hadd_ps(left, right));                                                        \
                for (int k = 0; k < 4; k++) figures[(size_t)k * step + row + (size_t)r] = found[k];                    \
            }                                                                                                          \
        }                                                                                                              \
        for (; row < count; row++)                                                                                     \
            for (size_t k = 0; k < 4; k++)                                                                             \
                figures[k * step + row] = NAME##_single(q[k], base + row * stride, dimension);                         \
    }                                                                                                                  \
    VK_MANY(NAME, TARGET)

WIDE_SCORER(dot_f32, 4, load_f32, load_end_f32, add_dot)
WIDE_SCORER(l2_f32, 4, load_f32, load_end_f32, add_l2)
WIDE_SCORER(dot_f16, 2, load_f16, load_end_f16, add_dot)
WIDE_SCORER(l2_f16, 2, load_f16, load_end_f16, add_l2)
WIDE_SCORER(dot_bf16, 2, load_bf16, load_end_bf16, add_dot)
WIDE_SCORER(l2_bf16, 2, load_bf16, load_end_bf16, add_l2)

VK_BF16(TARGET)

static TARGET void f32_to_f16(const float *from, void *to, size_t count) {
    char *out = (char *)to;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256i halves = _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256((__m256i *)(out + i * 2), halves);
    }
    if (i < count) {
        const __mmask16 mask = end_mask(count - i);
        const __m512 values = _mm512_maskz_loadu_ps(mask, from + i);
        _mm256_mask_storeu_epi16(out + i * 2, mask, _mm512_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    }
}

static TARGET void f16_to_f32(const void *from, float *to, size_t count) {
    const char *in = (const char *)from;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) _mm512_storeu_ps(to + i, load_f16(in + i * 2));
    if (i < count) {
        const __mmask16 mask = end_mask(count - i);
        _mm512_mask_storeu_ps(to + i, mask, load_end_f16(mask, in + i * 2));
    }
}

static TARGET float squared_norm(const float *vector, size_t count) { return dot_f32_single(vector, vector, count); }

const struct vk_table vk_table_avx512 = {
    .name = "avx512",
    .dot_f32 = VK_ENTRY(dot_f32),
    .l2_f32 = VK_ENTRY(l2_f32),
    .dot_f16 = VK_ENTRY(dot_f16),
    .l2_f16 = VK_ENTRY(l2_f16),
    .f32_to_f16 = f32_to_f16,
    .f16_to_f32 = f16_to_f32,
    .squared_norm = squared_norm,
    .codes = &vk_codes_avx512,
    .walks = &vk_walks_avx512,
    .pair_codes = vk_pair_codes_avx512,
    .dot_bf16 = VK_ENTRY(dot_bf16),
    .l2_bf16 = VK_ENTRY(l2_bf16),
    .f32_to_bf16 = f32_to_bf16,
    .bf16_to_f32 = bf16_to_f32,
};

#endif
