// The walk's parts with AVX-512: sixteen links tested at once, keys inserted without a branch.
#if defined(__x86_64__)

#include <immintrin.h>

#include "walk.h"

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE ptrdiff_t collect_words(struct vk_walk *walk, const uint32_t *words) {
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i bound = _mm512_set1_epi32((int)walk->bound);
    const __m512i row_count = _mm512_set1_epi32((int)walk->row_count);
    uint32_t *const visited = walk->visited;
    uint32_t *const start = walk->met + walk->met_count;
    uint32_t *end = start;
    for (size_t i = 0; i < walk->degree; i += 16) {
        const __m512i stored = _mm512_loadu_si512(words + i);
        const __mmask16 used = _mm512_test_epi32_mask(stored, stored);
        if (!used) break;
        const __m512i ids = _mm512_sub_epi32(stored, one);
        // An empty word became the largest number, which is beyond every bound.
        const __mmask16 within = _mm512_cmplt_epu32_mask(ids, bound);
        if (within != used && _mm512_mask_cmpge_epu32_mask(used, ids, row_count)) return -1;
        const __m512i places = _mm512_srli_epi32(ids, 5);
        const __m512i seen = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), within, places, visited, 4);
        const __m512i bits = _mm512_sllv_epi32(one, _mm512_and_si512(ids, _mm512_set1_epi32(31)));
        const __mmask16 new = _mm512_mask_testn_epi32_mask(within, seen, bits);
        // Compressed in a register and stored whole: compressing into memory is slow on some processors.
        _mm512_storeu_si512(end, _mm512_maskz_compress_epi32(new, ids));
        end += __builtin_popcount(new);
    }
    // One at a time: two rows may share a word, and a list that changes may name a row twice.
    uint32_t *kept = start;
    for (const uint32_t *id = start; id < end; id++) {
        const uint32_t row = *id, bit = 1u << (row & 31), word = visited[row >> 5];
        *kept = row;
        kept += !(word & bit);
        visited[row >> 5] = word | bit;
        const char *at = (const char *)walk->rows + (size_t)row * walk->row_stride;
        for (size_t b = 0; b < walk->fetch_bytes; b += 64) vk_prefetch(at + b);
    }
    walk->met_count += (size_t)(kept - start);
    return kept - start;
}

static TARGET ptrdiff_t avx512_collect(struct vk_walk *walk, const uint32_t *words) {
    return collect_words(walk, words);
}

// Every place gets the smaller of what stands there and the larger of its predecessor and the new key.
// Loads take what stores wrote, place for place: a load across two stores would wait for both.
INLINE void avx512_put(uint64_t *beam, size_t capacity, uint64_t key) {
    const __m512i new = _mm512_set1_epi64((long long)key);
    __m512i here = _mm512_loadu_si512(beam + capacity - 8);
    for (size_t i = capacity - 8;; i -= 8) {
        const __m512i below = i > 0 ? _mm512_loadu_si512(beam + i - 8) : _mm512_setzero_si512();
        const __m512i before = _mm512_alignr_epi64(here, below, 7);
        _mm512_storeu_si512(beam + i, _mm512_min_epu64(here, _mm512_max_epu64(before, new)));
        // In a long beam most insertions end early; in a short one the test costs more than the steps it saves.
        if (i == 0 || (capacity > 256 && beam[i - 1] < key)) break;
        here = below;
    }
}

INLINE void insert_all(uint64_t *beam, size_t capacity, const float *figures, const uint32_t *ids, size_t count,
                       float scale, float shift) {
    const __m512 scales = _mm512_set1_ps(scale), shifts = _mm512_set1_ps(shift);
    for (size_t i = 0; i < count; i += 16) {
        const size_t left = count - i;
        const __mmask16 there = left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
        const __m512 figure = _mm512_maskz_loadu_ps(there, figures + i);
        // The sum with 0 makes -0 a +0; the minimum makes what is no number (infinity less infinity) the farthest.
        const __m512 sum = _mm512_add_ps(_mm512_fmadd_ps(figure, scales, shifts), _mm512_setzero_ps());
        const __m512 distance = _mm512_min_ps(sum, _mm512_set1_ps(__builtin_inff()));
        const __m512i bits = _mm512_castps_si512(distance);
        const __m512i turn =
            _mm512_or_si512(_mm512_srai_epi32(bits, 31), _mm512_set1_epi32((int)0x80000000u));
        const __m512i turned = _mm512_xor_si512(bits, turn);
        const uint32_t worst = (uint32_t)(beam[capacity - 1] >> 32);
        __mmask16 near = _mm512_mask_cmple_epu32_mask(there, turned, _mm512_set1_epi32((int)worst));
        uint32_t upper[16];
        _mm512_storeu_si512(upper, turned);
        while (near) {
            const unsigned lane = (unsigned)__builtin_ctz(near);
            near &= (__mmask16)(near - 1);
            avx512_put(beam, capacity, (uint64_t)upper[lane] << 32 | (uint64_t)ids[i + lane] << 1);
        }
    }
}

static TARGET void avx512_insert(uint64_t *beam, size_t capacity, const float *figures, const uint32_t *ids,
                                 size_t count, float scale, float shift) {
    insert_all(beam, capacity, figures, ids, count, scale, shift);
}

static TARGET size_t avx512_next(const uint64_t *beam, size_t capacity) {
    const __m512i flag = _mm512_set1_epi64(1);
    for (size_t i = 0; i < capacity; i += 8) {
        const __mmask8 open = _mm512_testn_epi64_mask(_mm512_loadu_si512(beam + i), flag);
        if (open) return i + (size_t)__builtin_ctz(open);
    }
    return capacity;
}

VK_KEEP(avx512, TARGET, __builtin_fmaf)
VK_WALK(avx512, TARGET)

#endif
