// Vector kernels: distances of one query to many rows, and conversions, one file per instruction set.
//
// What must hold:
// 1. The table is chosen once and never changes afterwards; every entry of every table is set.
// 2. Rows and queries may start at any address; nothing past the last element of a row is read.
// 3. Inside one table, `single`, `gather` and `block` give bit for bit the same figure for the same row, so a row
//    met twice on different ways compares equal.
// 4. The figures of two tables differ by rounding only.
//
// A row is `dimension` elements without a header: float (f32) or IEEE binary16 (f16), little-endian.
#ifndef VECTOR_KERNELS_H
#define VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// The figure of one query and one row.
typedef float (*vk_single_fn)(const float *query, const void *row, size_t dimension);

/// The figures of one query and the `count` rows named by `ids`: row i starts at base + ids[i] * stride bytes.
/// Four rows are scored together while the next four are fetched from memory.
typedef void (*vk_gather_fn)(const float *query, const void *base, size_t stride, size_t dimension,
                             const uint32_t *ids, size_t count, float *figures);

/// The figures of one query and `count` rows that lie one after another, `stride` bytes apart.
typedef void (*vk_block_fn)(const float *query, const void *base, size_t stride, size_t dimension, size_t count,
                            float *figures);

/// One way to score (a figure and an element type), in its three shapes.
struct vk_scorer {
    vk_single_fn single;
    vk_gather_fn gather;
    vk_block_fn block;
};

/// Everything one instruction set offers. Later element types add members at the end.
struct vk_table {
    const char *name;
    struct vk_scorer dot_f32;  // inner product
    struct vk_scorer l2_f32;   // squared Euclidean distance
    struct vk_scorer dot_f16;
    struct vk_scorer l2_f16;
    /// Rounds to nearest, ties to even; too large becomes infinity; subnormals and NaN are kept.
    void (*f32_to_f16)(const float *from, void *to, size_t count);
    void (*f16_to_f32)(const void *from, float *to, size_t count);
    float (*squared_norm)(const float *vector, size_t count);
};

/// The table for this processor: the best it has, or the one that the environment variable SMARTSTORE_KERNELS
/// (portable, avx2, avx512, neon) names, if the processor can run it. Chosen at the first call.
const struct vk_table *vk_kernels(void);

/// The table of that name, or null when it is unknown or the processor cannot run it.
const struct vk_table *_Nullable vk_table_named(const char *name);

/// Asks for the cache line at `address` before it is needed. Any address is allowed; it never faults.
static inline void vk_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
