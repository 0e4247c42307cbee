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
extern const struct vk_code_table vk_codes_avx2;
extern const struct vk_walk_table vk_walks_avx2;
extern const struct vk_code_table vk_codes_avx512;
extern const struct vk_walk_table vk_walks_avx512;
void vk_pair_codes_avx512(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                          int32_t *sum, int32_t *square);
#endif
#if defined(__aarch64__)
extern const struct vk_table vk_table_neon;
extern const struct vk_code_table vk_codes_neon;
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

// Rows are taken in pieces that stay in the nearest cache while one query after another goes over them.
enum { VK_PIECE_BYTES = 16384 };

// How far ahead of the rows at hand four queries ask for memory: so much is computed for each row that the processor
// does not see the next ones early enough by itself. May point past the last row; asking never faults.
enum { VK_AHEAD_BYTES = 8192 };

// Makes NAME_many: four queries at a time go through
//   void NAME_quad(queries[4], base, stride, dimension, count, figures, step)
// which writes the figures of query q from figures + q * step on; those left over go through NAME_block.
#define VK_MANY(NAME, TARGET)                                                                                          \
    static TARGET void NAME##_many(const void *const *queries, size_t query_count, const void *base, size_t stride,    \
                                   size_t dimension, size_t count, float *figures) {                                   \
        const char *start = (const char *)base;                                                                        \
        const size_t fitting = stride * 8 > VK_PIECE_BYTES ? 8 : VK_PIECE_BYTES / stride & ~(size_t)7;                 \
        for (size_t i = 0; i < count; i += fitting) {                                                                  \
            const char *at = start + i * stride;                                                                       \
            const size_t rows = count - i < fitting ? count - i : fitting;                                             \
            size_t q = 0;                                                                                              \
            for (; q + 4 <= query_count; q += 4)                                                                       \
                NAME##_quad(queries + q, at, stride, dimension, rows, figures + q * count + i, count);                 \
            for (; q < query_count; q++)                                                                               \
                NAME##_block(queries[q], at, stride, dimension, rows, figures + q * count + i);                        \
        }                                                                                                              \
    }

// NAME_many where four queries together gain nothing.
#define VK_MANY_BY_BLOCK(NAME, TARGET)                                                                                 \
    static inline TARGET void NAME##_quad(const void *const *queries, const char *base, size_t stride,                 \
                                          size_t dimension, size_t count, float *figures, size_t step) {               \
        for (int q = 0; q < 4; q++) NAME##_block(queries[q], base, stride, dimension, count, figures + q * step);      \
    }                                                                                                                  \
    VK_MANY(NAME, TARGET)

// The initialiser of a struct vk_scorer made by VK_SCORER and VK_MANY.
#define VK_ENTRY(NAME) {NAME##_single, NAME##_gather, NAME##_block, NAME##_many}

#endif
