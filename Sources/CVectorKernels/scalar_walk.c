// The walk's parts in plain C.
#include <string.h>

#include "walk.h"

// A list ends with sixteen zeros at a multiple of sixteen.
static inline int is_end(const uint32_t *words) {
    uint32_t any = 0;
    for (int i = 0; i < 16; i++) any |= words[i];
    return any == 0;
}

static ptrdiff_t portable_collect(struct vk_walk *walk, const uint32_t *words) {
    uint32_t *const start = walk->met + walk->met_count;
    uint32_t *end = start;
    int is_damaged = 0;
    for (size_t i = 0; i < walk->degree && !is_damaged; i++) {
        if (i % 16 == 0 && is_end(words + i)) break;
        // Read once: a word that changes must not be another one after the comparison.
        const uint32_t word = __atomic_load_n(words + i, __ATOMIC_RELAXED);
        if (word == 0) continue;
        const uint32_t row = word - 1;
        if (row >= walk->bound) {
            is_damaged = row >= walk->row_count;
            continue;
        }
        const uint32_t bit = 1u << (row & 31), seen = walk->visited[row >> 5];
        *end = row;
        end += !(seen & bit);
        walk->visited[row >> 5] = seen | bit;
        const char *at = (const char *)walk->rows + (size_t)row * walk->row_stride;
        if (!(seen & bit))
            for (size_t b = 0; b < walk->fetch_bytes; b += 64) vk_prefetch(at + b);
    }
    // Counted in any case: every bit that is set must be found again in `met`.
    walk->met_count += (size_t)(end - start);
    return is_damaged ? -1 : end - start;
}

// The place is found by halving without a branch: a guess would be wrong every other time.
static void portable_put(uint64_t *beam, size_t capacity, uint64_t key) {
    uint64_t *place = beam;
    for (size_t left = capacity; left > 0;) {
        const size_t half = left / 2;
        const int is_behind = place[half] < key;
        place = is_behind ? place + half + 1 : place;
        left = is_behind ? left - half - 1 : half;
    }
    const size_t behind = (size_t)(beam + capacity - place);
    if (behind == 0) return;
    memmove(place + 1, place, (behind - 1) * sizeof *beam);
    *place = key;
}

static void portable_insert(uint64_t *beam, size_t capacity, const float *figures, const uint32_t *ids, size_t count,
                            float scale, float shift) {
    for (size_t i = 0; i < count; i++) {
        const uint64_t key = (uint64_t)vk_turned(figures[i] * scale + shift) << 32 | (uint64_t)ids[i] << 1;
        if (key < beam[capacity - 1]) portable_put(beam, capacity, key);
    }
}

static size_t portable_next(const uint64_t *beam, size_t capacity) {
    size_t i = 0;
    while (i < capacity && (beam[i] & 1)) i++;
    return i;
}

#define PRODUCT_SUM(a, b, c) ((a) * (b) + (c))

VK_KEEP(portable, , PRODUCT_SUM)
VK_WALK(portable, )
