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

// One unit's codes as bytes, in the order of the weights they meet.
struct codes {
    __m256i part[4];
};

// 32 codes of 8 bits: even and odd bytes as numbers of 16 bits, so that nothing is shuffled.
INLINE __m256i half8(const int8_t *weights, __m256i bytes) {
    const __m256i signs = load(weights);
    const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(255));
    const __m256i odd = _mm256_srli_epi16(bytes, 8);
    const __m256i even_weights = _mm256_srai_epi16(_mm256_slli_epi16(signs, 8), 8);
    const __m256i odd_weights = _mm256_srai_epi16(signs, 8);
    return _mm256_add_epi32(_mm256_madd_epi16(even, even_weights), _mm256_madd_epi16(odd, odd_weights));
}

INLINE struct codes unpack8(const char *unit) { return (struct codes){{load(unit), load(unit + 32)}}; }

INLINE __m256i add_unit8(__m256i sum, const int8_t *weights, struct codes codes) {
    const __m256i first = half8(weights, codes.part[0]), second = half8(weights + 32, codes.part[1]);
    return _mm256_add_epi32(sum, _mm256_add_epi32(first, second));
}

INLINE struct codes unpack4(const char *unit) {
    const __m256i low_half = _mm256_set1_epi8(15);
    const __m256i first = load(unit), second = load(unit + 32);
    return (struct codes){{_mm256_and_si256(first, low_half), _mm256_and_si256(second, low_half),
                           _mm256_and_si256(_mm256_srli_epi16(first, 4), low_half),
                           _mm256_and_si256(_mm256_srli_epi16(second, 4), low_half)}};
}

INLINE __m256i products(const int8_t *weights, __m256i codes) { return _mm256_maddubs_epi16(codes, load(weights)); }

INLINE __m256i add_unit4(__m256i sum, const int8_t *weights, struct codes codes) {
    const __m256i low = _mm256_add_epi16(products(weights, codes.part[0]), products(weights + 32, codes.part[1]));
    const __m256i high = _mm256_add_epi16(products(weights + 64, codes.part[2]), products(weights + 96, codes.part[3]));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_add_epi16(low, high), _mm256_set1_epi16(1)));
}

// 32 codes of 1 bit: 0 or 1 in each byte.
INLINE __m256i spread1(const char *from) {
    const __m256i order = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                           3, 3, 3, 3, 3, 3);
    const __m256i place = _mm256_set1_epi64x((long long)0x8040201008040201u);
    int32_t word;
    memcpy(&word, from, 4);
    const __m256i chosen = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), order), place);
    return _mm256_min_epu8(chosen, _mm256_set1_epi8(1));
}

INLINE struct codes unpack1(const char *unit) { return (struct codes){{spread1(unit), spread1(unit + 4)}}; }

INLINE __m256i add_unit1(__m256i sum, const int8_t *weights, struct codes codes) {
    const __m256i sums = _mm256_add_epi16(products(weights, codes.part[0]), products(weights + 32, codes.part[1]));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}

INLINE __m128i fold(__m256i sum) {
    return _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
}

#define CODE_SCORER(NAME, UNIT_BYTES, UNIT_DIMENSIONS, UNPACK, ADD)                                                    \
    static TARGET float NAME##_single(const void *codes, const void *row, size_t dimension) {                          \
        const struct vk_code_query *query = (const struct vk_code_query *)codes;                                       \
        (void)dimension;                                                                                               \
        const char *bytes = (const char *)row;                                                                         \
        __m256i sum = _mm256_setzero_si256();                                                                          \
        for (size_t u = 0; u < query->units; u++)                                                                      \
            sum = ADD(sum, query->weights + u * UNIT_DIMENSIONS, UNPACK(bytes + u * UNIT_BYTES));                      \
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
                sums[r] = ADD(sums[r], weights, UNPACK(rows[r] + u * UNIT_BYTES));                                     \
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

// Four queries against one row after another, so that codes are unpacked once for four.
#define CODE_QUAD(NAME, UNIT_BYTES, UNIT_DIMENSIONS, UNPACK, ADD)                                                      \
    static TARGET void NAME##_quad(const void *const *queries, const char *base, size_t stride, size_t dimension,      \
                                   size_t count, float *figures, size_t step) {                                        \
        (void)dimension;                                                                                               \
        const struct vk_code_query *q[4];                                                                              \
        for (int k = 0; k < 4; k++) q[k] = (const struct vk_code_query *)queries[k];                                   \
        const __m128 factors = _mm_setr_ps(q[0]->factor, q[1]->factor, q[2]->factor, q[3]->factor);                    \
        const __m128 offsets = _mm_setr_ps(q[0]->offset, q[1]->offset, q[2]->offset, q[3]->offset);                    \
        const size_t units = q[0]->units, term_at = q[0]->term_at;                                                     \
        for (size_t i = 0; i < count; i++) {                                                                           \
            const char *const row = base + i * stride;                                                                 \
            __m256i sums[4];                                                                                           \
            for (int k = 0; k < 4; k++) sums[k] = _mm256_setzero_si256();                                              \
            for (size_t u = 0; u < units; u++) {                                                                       \
                if ((u * UNIT_BYTES) % 64 == 0) vk_prefetch(row + VK_AHEAD_BYTES + u * UNIT_BYTES);                    \
                const struct codes codes = UNPACK(row + u * UNIT_BYTES);                                               \
                for (int k = 0; k < 4; k++) sums[k] = ADD(sums[k], q[k]->weights + u * UNIT_DIMENSIONS, codes);        \
            }                                                                                                          \
            const __m128i left = _mm_hadd_epi32(fold(sums[0]), fold(sums[1]));                                         \
            const __m128i right = _mm_hadd_epi32(fold(sums[2]), fold(sums[3]));                                        \
            const __m128 all = _mm_cvtepi32_ps(_mm_hadd_epi32(left, right));                                           \
            float term = 0, found[4];                                                                                  \
            if (term_at) memcpy(&term, row + term_at, 4);                                                              \
            _mm_storeu_ps(found, _mm_add_ps(_mm_fmadd_ps(all, factors, offsets), _mm_set1_ps(term)));                  \
            for (size_t k = 0; k < 4; k++) figures[k * step + i] = found[k];                                           \
        }                                                                                                              \
    }                                                                                                                  \
    VK_MANY(NAME, TARGET)

CODE_SCORER(bits8, 64, 64, unpack8, add_unit8)
CODE_SCORER(bits4, 64, 128, unpack4, add_unit4)
CODE_SCORER(bits1, 8, 64, unpack1, add_unit1)

VK_MANY_BY_BLOCK(bits8, TARGET)  // its weights are widened for each row, which costs what loading saves
CODE_QUAD(bits4, 64, 128, unpack4, add_unit4)
CODE_QUAD(bits1, 8, 64, unpack1, add_unit1)

const struct vk_code_table vk_codes_avx2 = {VK_ENTRY(bits8), VK_ENTRY(bits4), VK_ENTRY(bits1)};

#endif
