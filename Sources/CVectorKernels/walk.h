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
    // Adding 0 makes -0 a +0, so that equal distances have equal bits. What is no number counts as the farthest.
    const union {
        float value;
        uint32_t bits;
    } raw = {distance == distance ? distance + 0.0f : __builtin_inff()};
    return raw.bits ^ ((uint32_t)((int32_t)raw.bits >> 31) | 0x80000000u);
}

static inline uint32_t vk_key_row(uint64_t key) { return (uint32_t)(key >> 1) & 0x7fffffffu; }

static inline int vk_is_allowed(const struct vk_walk *walk, uint32_t row) {
    const uint32_t bit = 1u << (row & 31);
    if (walk->allowed && !(walk->allowed[row >> 5] & bit)) return 0;
    return !walk->allowed_too || (walk->allowed_too[row >> 5] & bit);
}

#define VK_WALK(NAME, TARGET)                                                                                          \
    /* Takes the nearest key whose links were not followed, and asks for its links. UINT32_MAX: there is none. */      \
    static inline __attribute__((always_inline)) TARGET uint32_t NAME##_take(const struct vk_walk *walk) {             \
        const size_t at = NAME##_next(walk->beam, walk->beam_capacity);                                                \
        if (at == walk->beam_capacity) return UINT32_MAX;                                                              \
        const uint64_t key = walk->beam[at];                                                                           \
        walk->beam[at] = key | 1;                                                                                      \
        const uint32_t row = vk_key_row(key);                                                                          \
        const char *const links = (const char *)walk->links + (size_t)row * walk->link_stride;                         \
        for (size_t b = 0; b < walk->degree * 4; b += 64) vk_prefetch(links + b);                                      \
        return row;                                                                                                    \
    }                                                                                                                  \
    static TARGET int NAME##_run(struct vk_walk *walk) {                                                               \
        const char *const links = (const char *)walk->links;                                                           \
        uint32_t row = NAME##_take(walk);                                                                              \
        while (row != UINT32_MAX) {                                                                                    \
            walk->hops++;                                                                                              \
            const uint32_t *const ids = walk->met + walk->met_count;                                                   \
            const ptrdiff_t found =                                                                                    \
                NAME##_collect(walk, (const uint32_t *)(links + (size_t)row * walk->link_stride));                     \
            if (found < 0) return -1;                                                                                  \
            /* The next row is chosen before this one's neighbours are scored: its links and their rows are on the */  \
            /* way meanwhile. Now and then a nearer one comes too late for that, and has its turn after it. */         \
            row = NAME##_take(walk);                                                                                   \
            if (found > 0) {                                                                                           \
                walk->gather(walk->query, walk->rows, walk->row_stride, walk->dimension, ids, (size_t)found,           \
                             walk->figures);                                                                           \
                if (walk->results) NAME##_keep(walk, ids, (size_t)found);                                              \
                NAME##_insert(walk->beam, walk->beam_capacity, walk->figures, ids, (size_t)found, walk->scale,         \
                              walk->shift);                                                                            \
            }                                                                                                          \
            if (row == UINT32_MAX) row = NAME##_take(walk);                                                            \
        }                                                                                                              \
        return 0;                                                                                                      \
    }                                                                                                                  \
    const struct vk_walk_table vk_walks_##NAME = {NAME##_collect, NAME##_insert, NAME##_next, NAME##_run};

// Makes NAME_keep, which puts allowed rows into the results, one by one. FUSED(a, b, c) is a * b + c, rounded as the
// file's NAME_insert rounds it: a row must get the same key there and here.
#define VK_KEEP(NAME, TARGET, FUSED)                                                                                   \
    static TARGET void NAME##_keep(const struct vk_walk *walk, const uint32_t *ids, size_t count) {                    \
        const uint64_t *const worst = walk->results + walk->results_capacity - 1;                                      \
        for (size_t i = 0; i < count; i++) {                                                                           \
            const float distance = FUSED(walk->figures[i], walk->scale, walk->shift);                                  \
            const uint64_t key = (uint64_t)vk_turned(distance) << 32 | (uint64_t)ids[i] << 1;                          \
            if (key < *worst && vk_is_allowed(walk, ids[i])) NAME##_put(walk->results, walk->results_capacity, key);   \
        }                                                                                                              \
    }

#endif
