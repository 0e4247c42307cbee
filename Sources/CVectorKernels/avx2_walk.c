// The walk's parts with AVX2: eight links tested at once, keys inserted four at a time without a branch.
#if defined(__x86_64__)

#include <immintrin.h>

#include "walk.h"

#define TARGET __attribute__((target("avx2,fma,bmi,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

// For each set of eight lanes: the lanes that are in it, first ones first, a byte each.
#define LANE(m, b) ((m) >> (b) & 1 ? (uint64_t)(b) << 8 * __builtin_popcount((m) & ((1 << (b)) - 1)) : 0)
#define ONE(m) (LANE(m, 0) | LANE(m, 1) | LANE(m, 2) | LANE(m, 3) | LANE(m, 4) | LANE(m, 5) | LANE(m, 6) | LANE(m, 7))
#define FOUR(m) ONE(m), ONE((m) + 1), ONE((m) + 2), ONE((m) + 3)
#define SIXTEEN(m) FOUR(m), FOUR((m) + 4), FOUR((m) + 8), FOUR((m) + 12)
#define SIXTY_FOUR(m) SIXTEEN(m), SIXTEEN((m) + 16), SIXTEEN((m) + 32), SIXTEEN((m) + 48)
static const uint64_t lanes_of[256] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128), SIXTY_FOUR(192)};

INLINE unsigned mask_of(__m256i lanes) { return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lanes)); }

// Writes the rows of eight links that were not met before, and returns the place behind them; null for damage. Up to
// eight words are written, whatever their number.
INLINE uint32_t *collect_eight(const struct vk_walk *walk, __m256i stored, uint32_t *end) {
    const __m256i one = _mm256_set1_epi32(1), none = _mm256_setzero_si256();
    const __m256i bound = _mm256_set1_epi32((int)walk->bound);
    const __m256i row_count = _mm256_set1_epi32((int)walk->row_count);
    const __m256i empty = _mm256_cmpeq_epi32(stored, none);
    const __m256i ids = _mm256_sub_epi32(stored, one);
    // Unsigned: a number is at least the other when it is the larger of the two. An empty word became the largest.
    const __m256i beyond = _mm256_cmpeq_epi32(_mm256_max_epu32(ids, bound), ids);
    if (!_mm256_testc_si256(empty, beyond)) {
        const __m256i wrong = _mm256_cmpeq_epi32(_mm256_max_epu32(ids, row_count), ids);
        if (!_mm256_testc_si256(empty, wrong)) return NULL;
    }
    const __m256i within = _mm256_xor_si256(beyond, _mm256_set1_epi32(-1));
    const __m256i places = _mm256_srli_epi32(ids, 5);
    const __m256i seen = _mm256_mask_i32gather_epi32(none, (const int *)walk->visited, places, within, 4);
    const __m256i bits = _mm256_sllv_epi32(one, _mm256_and_si256(ids, _mm256_set1_epi32(31)));
    const __m256i unseen = _mm256_cmpeq_epi32(_mm256_and_si256(seen, bits), none);
    const unsigned new = mask_of(_mm256_and_si256(unseen, within));
    const __m256i order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(lanes_of + new)));
    _mm256_storeu_si256((__m256i *)end, _mm256_permutevar8x32_epi32(ids, order));
    return end + __builtin_popcount(new);
}

static TARGET ptrdiff_t avx2_collect(struct vk_walk *walk, const uint32_t *words) {
    uint32_t *const visited = walk->visited;
    uint32_t *const start = walk->met + walk->met_count;
    uint32_t *end = start;
    for (size_t i = 0; i < walk->degree; i += 16) {
        const __m256i first = _mm256_loadu_si256((const __m256i *)(words + i));
        const __m256i second = _mm256_loadu_si256((const __m256i *)(words + i + 8));
        const __m256i any = _mm256_or_si256(first, second);
        if (_mm256_testz_si256(any, any)) break;
        end = collect_eight(walk, first, end);
        if (!end) return -1;
        end = collect_eight(walk, second, end);
        if (!end) return -1;
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

// Every place gets the smaller of what stands there and the larger of its predecessor and the new key. Keys are
// compared as signed numbers after their highest bit was turned.
// Loads take what stores wrote, place for place: a load across two stores would wait for both.
INLINE void avx2_put(uint64_t *beam, size_t capacity, uint64_t key) {
    const __m256i high = _mm256_set1_epi64x(INT64_MIN);
    const __m256i new = _mm256_set1_epi64x((long long)key);
    const __m256i turned = _mm256_xor_si256(new, high);
    __m256i here = _mm256_loadu_si256((const __m256i *)(beam + capacity - 4));
    for (size_t i = capacity - 4;; i -= 4) {
        const __m256i below = i > 0 ? _mm256_loadu_si256((const __m256i *)(beam + i - 4)) : _mm256_setzero_si256();
        const __m256i before = _mm256_alignr_epi8(here, _mm256_permute2x128_si256(below, here, 0x21), 8);
        const __m256i pushed = _mm256_cmpgt_epi64(_mm256_xor_si256(before, high), turned);
        const __m256i moved = _mm256_cmpgt_epi64(_mm256_xor_si256(here, high), turned);
        const __m256i coming = _mm256_blendv_epi8(new, before, pushed);
        _mm256_storeu_si256((__m256i *)(beam + i), _mm256_blendv_epi8(here, coming, moved));
        // In a long beam most insertions end early; in a short one the test costs more than the steps it saves.
        if (i == 0 || (capacity > 128 && beam[i - 1] < key)) break;
        here = below;
    }
}

static TARGET void avx2_insert(uint64_t *beam, size_t capacity, const float *figures, const uint32_t *ids,
                               size_t count, float scale, float shift) {
    const __m256 scales = _mm256_set1_ps(scale), shifts = _mm256_set1_ps(shift);
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (size_t i = 0; i < count; i += 8) {
        const size_t left = count - i < 8 ? count - i : 8;
        const __m256i there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), lane);
        const __m256 figure = _mm256_maskload_ps(figures + i, there);
        // The sum with 0 makes -0 a +0.
        const __m256 sum = _mm256_add_ps(_mm256_fmadd_ps(figure, scales, shifts), _mm256_setzero_ps());
        const __m256 distance = _mm256_min_ps(sum, _mm256_set1_ps(__builtin_inff()));
        const __m256i bits = _mm256_castps_si256(distance);
        const __m256i turn = _mm256_or_si256(_mm256_srai_epi32(bits, 31), _mm256_set1_epi32(INT32_MIN));
        const __m256i turned = _mm256_xor_si256(bits, turn);
        const __m256i worst = _mm256_set1_epi32((int)(uint32_t)(beam[capacity - 1] >> 32));
        const __m256i fits = _mm256_cmpeq_epi32(_mm256_min_epu32(turned, worst), turned);
        unsigned near = mask_of(_mm256_and_si256(fits, there));
        uint32_t upper[8];
        _mm256_storeu_si256((__m256i *)upper, turned);
        while (near) {
            const unsigned at = (unsigned)__builtin_ctz(near);
            near &= near - 1;
            avx2_put(beam, capacity, (uint64_t)upper[at] << 32 | (uint64_t)ids[i + at] << 1);
        }
    }
}

static TARGET size_t avx2_next(const uint64_t *beam, size_t capacity) {
    for (size_t i = 0; i < capacity; i += 4) {
        const __m256i keys = _mm256_loadu_si256((const __m256i *)(beam + i));
        const unsigned followed = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(keys, 63)));
        if (followed != 15) return i + (size_t)__builtin_ctz(~followed);
    }
    return capacity;
}

VK_KEEP(avx2, TARGET, __builtin_fmaf)
VK_WALK(avx2, TARGET)

#endif
