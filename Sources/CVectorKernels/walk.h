// The walk, once for every instruction set: what differs is how links are tested, keys inserted and rows scored.
//
// VK_WALK(NAME, TARGET) makes NAME_run from NAME_collect, NAME_insert and NAME_next of the including file.
// What must hold: a row is met once (its bit is set when it is appended to `met`), and no id is used before it was
// compared with `bound`. Words may be changed while they are read; each is read whole.
#ifndef VECTOR_KERNELS_WALK_H
#define VECTOR_KERNELS_WALK_H

#include "tables.h"

// The upper half of a key: a distance whose bits were turned so that unsigned order is the order of numbers.
static inline uint32_t vk_turned(float distance) {
    // Adding 0 makes -0 a +0, so that equal distances have equal bits.
    const union {
        float value;
        uint32_t bits;
    } raw = {distance + 0.0f};
    return raw.bits ^ ((uint32_t)((int32_t)raw.bits >> 31) | 0x80000000u);
}

static inline uint32_t vk_key_row(uint64_t key) { return (uint32_t)(key >> 1) & 0x7fffffffu; }

static inline int vk_is_allowed(const struct vk_walk *walk, uint32_t row) {
    const uint32_t bit = 1u << (row & 31);
    if (walk->allowed && !(walk->allowed[row >> 5] & bit)) return 0;
    return !walk->allowed_too || (walk->allowed_too[row >> 5] & bit);
}

#define VK_WALK(NAME, TARGET)                                                                                          \
    static TARGET int NAME##_run(struct vk_walk *walk) {                                                               \
        uint64_t *const beam = walk->beam;                                                                             \
        const size_t capacity = walk->beam_capacity;                                                                   \
        const char *const links = (const char *)walk->links;                                                           \
        const size_t link_bytes = walk->degree * 4;                                                                    \
        size_t hops = 0;                                                                                               \
        for (;;) {                                                                                                     \
            const size_t at = NAME##_next(beam, capacity);                                                             \
            if (at == capacity) break;                                                                                 \
            const uint64_t key = beam[at];                                                                             \
            beam[at] = key | 1;                                                                                        \
            hops++;                                                                                                    \
            const size_t before = walk->met_count;                                                                     \
            const char *const words = links + (size_t)vk_key_row(key) * walk->link_stride;                             \
            const ptrdiff_t found = NAME##_collect(walk, (const uint32_t *)words);                                     \
            if (found < 0) return -1;                                                                                  \
            /* Most likely the next list: its lines come while this one's rows are scored. */                         \
            const size_t ahead = NAME##_next(beam, capacity);                                                          \
            if (ahead < capacity) {                                                                                    \
                const char *const likely = links + (size_t)vk_key_row(beam[ahead]) * walk->link_stride;                \
                for (size_t b = 0; b < link_bytes; b += 64) vk_prefetch(likely + b);                                   \
            }                                                                                                          \
            if (found == 0) continue;                                                                                  \
            const uint32_t *const ids = walk->met + before;                                                            \
            walk->gather(walk->query, walk->rows, walk->row_stride, walk->dimension, ids, (size_t)found,               \
                         walk->figures);                                                                               \
            if (walk->results) NAME##_keep(walk, ids, (size_t)found);                                                  \
            NAME##_insert(beam, capacity, walk->figures, ids, (size_t)found, walk->scale, walk->shift);                \
        }                                                                                                              \
        walk->hops += hops;                                                                                            \
        return 0;                                                                                                      \
    }                                                                                                                  \
    const struct vk_walk_table vk_walks_##NAME = {NAME##_collect, NAME##_insert, NAME##_next, NAME##_run};

// Makes NAME_keep, which puts allowed rows into the results, one by one. FUSED(a, b, c) is a * b + c, rounded as the
// file's NAME_insert rounds it: a row must get the same key there and here.
#define VK_KEEP(NAME, TARGET, FUSED)                                                                                          \
    static TARGET void NAME##_keep(const struct vk_walk *walk, const uint32_t *ids, size_t count) {                    \
        const uint64_t *const worst = walk->results + walk->results_capacity - 1;                                      \
        for (size_t i = 0; i < count; i++) {                                                                           \
            const float distance = FUSED(walk->figures[i], walk->scale, walk->shift);                                  \
            const uint64_t key = (uint64_t)vk_turned(distance) << 32 | (uint64_t)ids[i] << 1;                          \
            if (key < *worst && vk_is_allowed(walk, ids[i])) NAME##_put(walk->results, walk->results_capacity, key);   \
        }                                                                                                              \
    }

#endif
