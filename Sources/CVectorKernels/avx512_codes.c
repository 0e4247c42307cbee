// AVX-512 with VNNI for codes: 64 products a step, four rows at once.
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "tables.h"

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

// What differs between the widths: one unit's codes as bytes, and their products with its weights.
struct codes {
    __m512i low, high;
};

INLINE __m512i load(const void *at) { return _mm512_loadu_si512(at); }

INLINE struct codes unpack8(const char *unit) { return (struct codes){load(unit), load(unit)}; }

INLINE struct codes unpack4(const char *unit) {
    const __m512i low_half = _mm512_set1_epi8(15);
    const __m512i bytes = load(unit);
    return (struct codes){_mm512_and_si512(bytes, low_half), _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low_half)};
}

INLINE struct codes unpack1(const char *unit) {
    uint64_t bits;
    memcpy(&bits, unit, 8);
    const __m512i codes = _mm512_maskz_mov_epi8((__mmask64)bits, _mm512_set1_epi8(1));
    return (struct codes){codes, codes};
}

INLINE __m512i add_64(__m512i sum, const int8_t *weights, struct codes codes) {
    return _mm512_dpbusd_epi32(sum, codes.low, load(weights));
}

INLINE __m512i add_128(__m512i sum, const int8_t *weights, struct codes codes) {
    sum = _mm512_dpbusd_epi32(sum, codes.low, load(weights));
    return _mm512_dpbusd_epi32(sum, codes.high, load(weights + 64));
}

INLINE __m128i fold(__m512i sum) {
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// The figures of four rows from their sums.
INLINE void finish(const struct vk_code_query *query, const __m512i *sums, const char *const *rows, float *figures) {
    const __m128i left = _mm_hadd_epi32(fold(sums[0]), fold(sums[1]));
    const __m128i right = _mm_hadd_epi32(fold(sums[2]), fold(sums[3]));
    const __m128 all = _mm_cvtepi32_ps(_mm_hadd_epi32(left, right));
    __m128 values = _mm_fmadd_ps(all, _mm_set1_ps(query->factor), _mm_set1_ps(query->offset));
    if (query->term_at) {
        float terms[4];
        for (int r = 0; r < 4; r++) memcpy(terms + r, rows[r] + query->term_at, 4);
        values = _mm_add_ps(values, _mm_loadu_ps(terms));
    }
    _mm_storeu_ps(figures, values);
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, UNPACK, ADD)                                                    \
    static TARGET float NAME##_single(const void *codes, const void *row, size_t dimension) {                          \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        __m512i sum = _mm512_setzero_si512();                                                                          \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            sum = ADD(sum, query->weights + u * UNIT_DIMENSIONS, UNPACK(bytes + u * UNIT_BYTES));                      \
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
                sums[r] = ADD(sums[r], weights, UNPACK(rows[r] + u * UNIT_BYTES));                                     \
            }                                                                                                          \
        }                                                                                                              \
        finish(query, sums, rows, figures);                                                                            \
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
    VK_SCORER(NAME, TARGET)                                                                                            \
    /* Four queries against four rows: codes are unpacked once and weights loaded once for four. */                    \
    static TARGET void NAME##_quad(const void *const *queries, const char *base, size_t stride, size_t dimension,      \
                                   size_t count, float *figures, size_t step) {                                        \
        const struct vk_code_query *q[4];                                                                              \
        for (int k = 0; k < 4; k++) q[k] = (const struct vk_code_query *)queries[k];                                   \
        const size_t units = q[0]->units;                                                                              \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= count; i += 4) {                                                                               \
            const char *rows[4];                                                                                       \
            for (size_t r = 0; r < 4; r++) rows[r] = base + (i + r) * stride;                                          \
            __m512i sums[4][4];                                                                                        \
            for (int k = 0; k < 16; k++) sums[k / 4][k % 4] = _mm512_setzero_si512();                                  \
            for (size_t u = 0; u < units; u++) {                                                                       \
                struct codes codes[4];                                                                                 \
                for (int r = 0; r < 4; r++) {                                                                          \
                    if ((u * UNIT_BYTES) % 64 == 0) vk_prefetch(rows[r] + VK_AHEAD_BYTES + u * UNIT_BYTES);            \
                    codes[r] = UNPACK(rows[r] + u * UNIT_BYTES);                                                       \
                }                                                                                                      \
                for (int k = 0; k < 4; k++)                                                                            \
                    for (int r = 0; r < 4; r++)                                                                        \
                        sums[k][r] = ADD(sums[k][r], q[k]->weights + u * UNIT_DIMENSIONS, codes[r]);                   \
            }                                                                                                          \
            for (int k = 0; k < 4; k++) finish(q[k], sums[k], rows, figures + (size_t)k * step + i);                   \
        }                                                                                                              \
        for (; i < count; i++)                                                                                         \
            for (size_t k = 0; k < 4; k++) figures[k * step + i] = NAME##_single(q[k], base + i * stride, dimension);  \
    }                                                                                                                  \
    VK_MANY(NAME, TARGET)

CODE_SCORER(bits8, 64, 64, unpack8, add_64)
CODE_SCORER(bits4, 64, 128, unpack4, add_128)
CODE_SCORER(bits1, 8, 64, unpack1, add_64)

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
