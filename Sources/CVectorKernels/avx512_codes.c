// AVX-512 with VNNI for codes: 64 products a step, four rows at once.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "tables.h"

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

// What differs between the widths: the weights and code bytes of one unit.
INLINE __m512i load_weights(const int8_t *weights) { return _mm512_loadu_si512(weights); }

INLINE __m512i add_unit8(__m512i sum, const int8_t *weights, const char *unit) {
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(unit), load_weights(weights));
}

INLINE __m512i add_unit4(__m512i sum, const int8_t *weights, const char *unit) {
    const __m512i low_half = _mm512_set1_epi8(15);
    const __m512i codes = _mm512_loadu_si512(unit);
    sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(codes, low_half), load_weights(weights));
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(codes, 4), low_half);
    return _mm512_dpbusd_epi32(sum, high, load_weights(weights + 64));
}

INLINE __m512i add_unit1(__m512i sum, const int8_t *weights, const char *unit) {
    uint64_t bits;
    memcpy(&bits, unit, 8);
    const __m512i chosen = _mm512_maskz_mov_epi8((__mmask64)bits, load_weights(weights));
    return _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), chosen);
}

INLINE __m128i fold(__m512i sum) {
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, ADD)                                                            \
    static TARGET float NAME##_single(const void *codes, const void *row, size_t dimension) {                          \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        __m512i sum = _mm512_setzero_si512();                                                                          \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            sum = ADD(sum, query->weights + u * UNIT_DIMENSIONS, bytes + u * UNIT_BYTES);                              \
        float term = 0;                                                                                                \
        if (query->term_at) memcpy(&term, bytes + query->term_at, 4);                                                  \
        return fmaf((float)_mm512_reduce_add_epi32(sum), query->factor, query->offset) + term;                         \
    }                                                                                                                  \
    INLINE void NAME##_units(const struct vk_code_query *query, const char *const *rows, const char *const *next,      \
                             const int fetch, const size_t units, float *figures) {                                    \
        __m512i sums[4];                                                                                               \
        for (int r = 0; r < 4; r++) sums[r] = _mm512_setzero_si512();                                                  \
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

// Thirty-two numbers of a pair row; both sums are added to.
INLINE void pair_half(__m512i values, const int16_t *multipliers, uint8_t *row, __m512i *sum, __m512i *square) {
    const __m512i rounded = _mm512_mulhrs_epi16(values, _mm512_loadu_si512(multipliers));
    *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(rounded, _mm512_set1_epi16(1)));
    *square = _mm512_add_epi32(*square, _mm512_madd_epi16(rounded, rounded));
    const __m256i bytes = _mm512_cvtepi16_epi8(rounded);
    _mm256_storeu_si256((__m256i *)row, _mm256_xor_si256(bytes, _mm256_set1_epi8((char)0x80)));
}

// Sixty-four codes, given as bytes: v = (2 * c - most) << shift.
INLINE void pair_bytes(__m512i codes, int most, int shift, const int16_t *multipliers, uint8_t *row, __m512i *sum,
                       __m512i *square) {
    const __m512i all = _mm512_set1_epi16((short)most);
    const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(codes));
    const __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(codes, 1));
    const __m128i by = _mm_cvtsi32_si128(shift);
    pair_half(_mm512_sll_epi16(_mm512_sub_epi16(_mm512_add_epi16(low, low), all), by), multipliers, row, sum, square);
    pair_half(_mm512_sll_epi16(_mm512_sub_epi16(_mm512_add_epi16(high, high), all), by), multipliers + 32, row + 32,
              sum, square);
}

TARGET void vk_pair_codes_avx512(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                                 int32_t *sum, int32_t *square) {
    const char *in = (const char *)codes;
    const __m512i low_half = _mm512_set1_epi8(15);
    __m512i sums = _mm512_setzero_si512(), squares = sums;
    for (size_t u = 0; u < units; u++, in += 64) {
        const __m512i bytes = _mm512_loadu_si512(in);
        if (bits == 8) {
            pair_bytes(bytes, 255, 0, multipliers + u * 64, row + u * 64, &sums, &squares);
            continue;
        }
        pair_bytes(_mm512_and_si512(bytes, low_half), 15, 4, multipliers + u * 128, row + u * 128, &sums, &squares);
        pair_bytes(_mm512_and_si512(_mm512_srli_epi16(bytes, 4), low_half), 15, 4, multipliers + u * 128 + 64,
                   row + u * 128 + 64, &sums, &squares);
    }
    *sum = _mm512_reduce_add_epi32(sums);
    *square = _mm512_reduce_add_epi32(squares);
}

const struct vk_code_table vk_codes_avx512 = {VK_ENTRY(bits8), VK_ENTRY(bits4), VK_ENTRY(bits1)};

#endif
