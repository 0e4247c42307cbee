// What the files of this target share: the tables that dispatch.c chooses from, and the shape every path repeats.
#ifndef VECTOR_KERNELS_TABLES_H
#define VECTOR_KERNELS_TABLES_H

#include "include/vector_kernels.h"

extern const struct vk_table vk_table_portable;
extern const struct vk_code_table vk_codes_portable;
extern const struct vk_walk_table vk_walks_portable;
void vk_pair_codes_portable(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                            int32_t *sum, int32_t *square);
#if defined(__x86_64__)
extern const struct vk_table vk_table_avx2;
extern const struct vk_table vk_table_avx512;
extern const struct vk_code_table vk_codes_avx512;
extern const struct vk_walk_table vk_walks_avx512;
void vk_pair_codes_avx512(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                          int32_t *sum, int32_t *square);
#endif
#if defined(__aarch64__)
extern const struct vk_table vk_table_neon;
#endif

// Makes NAME_gather and NAME_block from two functions of the including file:
//   float NAME_single(const void *query, row, dimension)
//   void NAME_four(query, rows[4], next[4], fetch, dimension, figures[4])
// where `next` holds the four rows that come after, fetched into the cache when `fetch` (a constant) is not 0.
// The last group is filled up with its own first row, so that every row takes the same path.
#define VK_SCORER(NAME, TARGET)                                                                                        \
    static TARGET void NAME##_gather(const void *query, const void *base, size_t stride, size_t dimension,            \
                                     const uint32_t *ids, size_t count, float *figures) {                              \
        const char *start = (const char *)base;                                                                        \
        size_t i = 0;                                                                                                  \
        for (; i + 8 <= count; i += 4) {                                                                               \
            const char *rows[4], *next[4];                                                                             \
            for (int r = 0; r < 4; r++) {                                                                              \
                rows[r] = start + (size_t)ids[i + r] * stride;                                                         \
                next[r] = start + (size_t)ids[i + 4 + r] * stride;                                                     \
            }                                                                                                          \
            NAME##_four(query, rows, next, 1, dimension, figures + i);                                                 \
        }                                                                                                              \
        while (i < count) {                                                                                            \
            const size_t left = count - i;                                                                             \
            const char *rows[4], *next[4];                                                                             \
            float last[4];                                                                                             \
            for (size_t r = 0; r < 4; r++) {                                                                           \
                rows[r] = start + (size_t)ids[r < left ? i + r : i] * stride;                                          \
                next[r] = start + (size_t)ids[r + 4 < left ? i + 4 + r : i] * stride;                                  \
            }                                                                                                          \
            NAME##_four(query, rows, next, left > 4, dimension, last);                                                 \
            for (size_t r = 0; r < 4 && r < left; r++) figures[i + r] = last[r];                                       \
            i += 4;                                                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    static TARGET void NAME##_block(const void *query, const void *base, size_t stride, size_t dimension,             \
                                    size_t count, float *figures) {                                                    \
        const char *start = (const char *)base;                                                                        \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= count; i += 4) {                                                                               \
            const char *at = start + i * stride;                                                                       \
            const char *rows[4] = {at, at + stride, at + 2 * stride, at + 3 * stride};                                 \
            NAME##_four(query, rows, rows, 0, dimension, figures + i);                                                 \
        }                                                                                                              \
        for (; i < count; i++) figures[i] = NAME##_single(query, start + i * stride, dimension);                       \
    }

// The initialiser of a struct vk_scorer made by VK_SCORER.
#define VK_ENTRY(NAME) {NAME##_single, NAME##_gather, NAME##_block}

#endif
