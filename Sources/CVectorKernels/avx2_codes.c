// AVX2 for codes: products of 8-bit numbers summed in 16 bits where they fit, then in 32; four rows at once.
//
// What must hold: no sum of 16 bits can overflow. A 4-bit code times a weight is at most 15 * 127, and four of them are
// summed before they widen; an 8-bit code times a weight needs 32 bits from the start.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "tables.h"

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m256i load(const void *at) { return _mm256_loadu_si256((const __m256i *)at); }

// 32 codes of 8 bits: even and odd bytes as numbers of 16 bits, so that nothing is shuffled.
INLINE __m256i half8(const int8_t *weights, const char *codes) {
    const __m256i bytes = load(codes), signs = load(weights);
    const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(255));
    const __m256i odd = _mm256_srli_epi16(bytes, 8);
    const __m256i even_weights = _mm256_srai_epi16(_mm256_slli_epi16(signs, 8), 8);
    const __m256i odd_weights = _mm256_srai_epi16(signs, 8);
    return _mm256_add_epi32(_mm256_madd_epi16(even, even_weights), _mm256_madd_epi16(odd, odd_weights));
}

INLINE __m256i add_unit8(__m256i sum, const int8_t *weights, const char *unit) {
    return _mm256_add_epi32(sum, _mm256_add_epi32(half8(weights, unit), half8(weights + 32, unit + 32)));
}

// 32 bytes with two codes of 4 bits each: sums of four products, in 16 bits.
INLINE __m256i half4(const int8_t *weights, const char *codes) {
    const __m256i low_half = _mm256_set1_epi8(15);
    const __m256i bytes = load(codes);
    const __m256i low = _mm256_and_si256(bytes, low_half);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_half);
    return _mm256_add_epi16(_mm256_maddubs_epi16(low, load(weights)), _mm256_maddubs_epi16(high, load(weights + 64)));
}

INLINE __m256i add_unit4(__m256i sum, const int8_t *weights, const char *unit) {
    const __m256i sums = _mm256_add_epi16(half4(weights, unit), half4(weights + 32, unit + 32));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}

// 32 codes of 1 bit, from the four bytes of `bits` that start at `first`: 0 or 1 in each byte, times the weights.
INLINE __m256i half1(const int8_t *weights, __m256i bits, char first) {
    const __m256i spread =
        _mm256_add_epi8(_mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3,
                                         3, 3, 3, 3, 3),
                        _mm256_set1_epi8(first));
    const __m256i place = _mm256_set1_epi64x((long long)0x8040201008040201u);
    const __m256i chosen = _mm256_and_si256(_mm256_shuffle_epi8(bits, spread), place);
    return _mm256_maddubs_epi16(_mm256_min_epu8(chosen, _mm256_set1_epi8(1)), load(weights));
}

INLINE __m256i add_unit1(__m256i sum, const int8_t *weights, const char *unit) {
    uint64_t word;
    memcpy(&word, unit, 8);
    const __m256i bits = _mm256_set1_epi64x((long long)word);
    const __m256i sums = _mm256_add_epi16(half1(weights, bits, 0), half1(weights + 32, bits, 4));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}

INLINE __m128i fold(__m256i sum) {
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, ADD)                                                            \
    static TARGET float NAME##_single(const void *codes, const void *row, size_t dimension) {                          \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        __m256i sum = _mm256_setzero_si256();                                                                          \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            sum = ADD(sum, query->weights + u * UNIT_DIMENSIONS, bytes + u * UNIT_BYTES);                              \
        float term = 0;                                                                                                \
        if (query->term_at) memcpy(&term, bytes + query->term_at, 4);                                                  \
        const __m128i lanes = fold(sum), pairs = _mm_hadd_epi32(lanes, lanes);                                         \
        const int32_t total = _mm_cvtsi128_si32(_mm_hadd_epi32(pairs, pairs));                                         \
        return fmaf((float)total, query->factor, query->offset) + term;                                                \
    }                                                                                                                  \
    INLINE void NAME##_units(const struct vk_code_query *query, const char *const *rows, const char *const *next,      \
                             const int fetch, const size_t units, float *figures) {                                    \
        __m256i sums[4];                                                                                               \
        for (int r = 0; r < 4; r++) sums[r] = _mm256_setzero_si256();                                                  \
        for (size_t u = 0; u < units; u++) {                                                                           \
            const int8_t *weights = query->weights + u * UNIT_DIMENSIONS;                                              \
            for (int r = 0; r < 4; r++) {                                                                              \
                if (fetch && (u * UNIT_BYTES) % 64 == 0) vk_prefetch(next[r] + u * UNIT_BYTES);                        \
                sums[r] = ADD(sums[r], weights, rows[r] + u * UNIT_BYTES);                                             \
            }                                                                                                          \
        }                                                                                                              \
        const __m128i left = _mm_hadd_epi32(fold(sums[0]), fold(sums[1]));                                             \
        const __m128i right = _mm_hadd_epi32(fold(sums[2]), fold(sums[3]));                                            \
        const __m128 all = _mm_cvtepi32_ps(_mm_hadd_epi32(left, right));                                               \
        __m128 values = _mm_fmadd_ps(all, _mm_set1_ps(query->factor), _mm_set1_ps(query->offset));                     \
        if (query->term_at) {                                                                                          \
            float terms[4];                                                                                            \
            for (int r = 0; r < 4; r++) memcpy(terms + r, rows[r] + query->term_at, 4);                                \
            values = _mm_add_ps(values, _mm_loadu_ps(terms));                                                          \
        }                                                                                                              \
        _mm_storeu_ps(figures, values);                                                                                \
    }                                                                                                                  \
    INLINE void NAME##_four(const void *codes, const char *const *rows, const char *const *next, const int fetch,      \
                            size_t dimension, float *figures) {                                                        \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        /* Common sizes with the loop unrolled: 64, 128, 384 and 768 dimensions. */                                    \
        switch (query->units) {                                                                                        \
            case 1: NAME##_units(query, rows, next, fetch, 1, figures); break;                                         \
            case 3: NAME##_units(query, rows, next, fetch, 3, figures); break;                                         \
            case 6: NAME##_units(query, rows, next, fetch, 6, figures); break;                                         \
            default: NAME##_units(query, rows, next, fetch, query->units, figures); break;                             \
        }                                                                                                              \
    }                                                                                                                  \
    VK_SCORER(NAME, TARGET)

CODE_SCORER(bits8, 64, 64, add_unit8)
CODE_SCORER(bits4, 64, 128, add_unit4)
CODE_SCORER(bits1, 8, 64, add_unit1)

const struct vk_code_table vk_codes_avx2 = {VK_ENTRY(bits8), VK_ENTRY(bits4), VK_ENTRY(bits1)};

#endif
