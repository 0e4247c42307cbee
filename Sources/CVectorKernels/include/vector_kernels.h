// Vector kernels: distances of one query to many rows, and conversions, one file per instruction set.
//
// What must hold:
// 1. The table is chosen once and never changes afterwards; every entry of every table is set.
// 2. Rows and queries may start at any address; nothing past the last element of a row is read.
// 3. Inside one table, `single`, `gather`, `block` and `many` give bit for bit the same figure for the same row, so a
//    row met twice on different ways compares equal.
// 4. The figures of two tables differ by rounding only.
//
// A row of numbers is `dimension` elements without a header: float (f32), IEEE binary16 (f16) or bfloat16 (bf16),
// little-endian. A row of codes is described at vk_code_query.
#ifndef VECTOR_KERNELS_H
#define VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// The figure of one query and one row. The query of a row of numbers is `dimension` floats, that of a row of codes a
/// struct vk_code_query.
typedef float (*vk_single_fn)(const void *query, const void *row, size_t dimension);

/// The figures of one query and the `count` rows named by `ids`: row i starts at base + ids[i] * stride bytes.
/// Four rows are scored together while the next four are fetched from memory.
typedef void (*vk_gather_fn)(const void *query, const void *base, size_t stride, size_t dimension,
                             const uint32_t *ids, size_t count, float *figures);

/// The figures of one query and `count` rows that lie one after another, `stride` bytes apart.
typedef void (*vk_block_fn)(const void *query, const void *base, size_t stride, size_t dimension, size_t count,
                            float *figures);

/// The figures of `query_count` queries and the same `count` rows, that lie as for vk_block_fn: the figure of query q
/// and row r goes to figures[q * count + r]. Every row is read from memory once. Queries of codes have the same units
/// and the same term_at.
typedef void (*vk_many_fn)(const void *_Nonnull const *_Nonnull queries, size_t query_count, const void *base,
                           size_t stride, size_t dimension, size_t count, float *figures);

/// One way to score (a figure and an element type), in its four shapes.
struct vk_scorer {
    vk_single_fn single;
    vk_gather_fn gather;
    vk_block_fn block;
    vk_many_fn many;
};

/// A query against rows of codes. A code c in 0...2^bits - 1 of dimension d stands for the number lo[d] + step[d] * c;
/// what depends on lo, step and the query alone is folded into weights, factor and offset, so that a row's figure is
///
///     offset + factor * (sum over d of weights[d] * c[d]) + term
///
/// A row of codes is `units` units without a header, filled up with zeros:
/// 8 bits: a unit is 64 dimensions, one byte each. 4 bits: a unit is 64 bytes for 128 dimensions; the low half of byte
/// j is dimension j of the unit, the high half dimension 64 + j. 1 bit: a unit is 8 bytes for 64 dimensions, lowest bit
/// first. The scorers' parameter `dimension` is not used.
struct vk_code_query {
    /// One weight a dimension, -127...127, zeros up to the end of the last unit. At a multiple of 64.
    const int8_t *weights;
    size_t units;
    float factor;
    float offset;
    /// Where in a row its term stands, a float; 0: rows have none.
    size_t term_at;
};

/// The scorers of codes of 8, 4 and 1 bits. The sum is exact, whatever the path.
struct vk_code_table {
    struct vk_scorer bits8;
    struct vk_scorer bits4;
    struct vk_scorer bits1;
};

/// A beam: the nearest keys met so far, sorted ascending. A key is a distance in its upper half, its bits turned so
/// that unsigned order is the order of numbers, then the row (below 2^31) and lowest a bit that is set once the row's
/// links were followed. Unused places hold UINT64_MAX. The capacity is a multiple of 8, and the word before the first
/// is 0.
///
/// What a walk along level 0 works with. Nothing in it is owned by the kernels.
struct vk_walk {
    /// Row r's links: `degree` (a multiple of 16) words at links + r * link_stride bytes, each a row + 1. Zeros are
    /// passed over; sixteen of them, at a multiple of sixteen, end the list.
    const void *links;
    size_t link_stride;
    size_t degree;
    /// Links to rows from `bound` on are ignored, those from `row_count` on are damage.
    uint32_t bound;
    uint32_t row_count;
    /// How rows are scored: distance = scale * figure + shift.
    vk_gather_fn gather;
    const void *query;
    const void *rows;
    size_t row_stride;
    size_t dimension;
    float scale;
    float shift;
    /// Bytes of a row to ask for when it is met.
    size_t fetch_bytes;
    uint64_t *beam;
    size_t beam_capacity;
    /// Where rows that `allowed` (one bit a row; both, if there are two) allows are collected; null: only the beam is
    /// wanted.
    uint64_t *_Nullable results;
    size_t results_capacity;
    const uint32_t *_Nullable allowed;
    const uint32_t *_Nullable allowed_too;
    /// One bit a row, for rows below bound; set for rows met.
    uint32_t *visited;
    /// The rows met, so that their bits can be cleared: room for bound + degree + 16. Set before the walk: the seeds.
    uint32_t *met;
    size_t met_count;
    /// Room for `degree` figures.
    float *figures;
    /// Counted up: rows whose links were followed.
    size_t hops;
};

/// What a walk is made of, and the whole walk for data that lie in memory.
struct vk_walk_table {
    /// Appends the rows of one list that were not met before to walk->met, marks them, and asks for their bytes.
    /// Returns how many, or -1 when a word names a row that cannot be.
    ptrdiff_t (*collect)(struct vk_walk *walk, const uint32_t *words);
    /// Puts rows into a beam: distance = scale * figure + shift.
    void (*insert)(uint64_t *beam, size_t capacity, const float *figures, const uint32_t *ids, size_t count,
                   float scale, float shift);
    /// The place of the first key whose links were not followed, or `capacity`.
    size_t (*next)(const uint64_t *beam, size_t capacity);
    /// Follows links until every key in the beam was followed. Returns 0, or -1 when the links are damaged. In both
    /// cases the bits set in `visited` are those of the rows in `met`.
    int (*run)(struct vk_walk *walk);
};

/// Makes a row for comparing with one another (see vk_pair_row) of a row of codes: 128 + round(v * multipliers[d] /
/// 32768) for each dimension, where v is 2 * c - 255 for codes of 8 bits and 16 * (2 * c - 15) for codes of 4, and
/// multipliers are 0...16383 and 0...17340, 0 beyond the dimension. `sum` and `square` get the sums of the rounded
/// numbers and of their squares. Writes whole units of dimensions.
typedef void (*vk_pair_codes_fn)(const void *codes, int bits, size_t units, const int16_t *multipliers, uint8_t *row,
                                 int32_t *sum, int32_t *square);

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
    const struct vk_code_table *codes;
    const struct vk_walk_table *walks;
    vk_pair_codes_fn pair_codes;
    struct vk_scorer dot_bf16;
    struct vk_scorer l2_bf16;
    /// Rounds to nearest, ties to even; too large becomes infinity; a NaN stays one, made quiet.
    void (*f32_to_bf16)(const float *from, void *to, size_t count);
    void (*bf16_to_f32)(const void *from, float *to, size_t count);
};

/// The table for this processor: the best it has, or the one that the environment variable SMARTSTORE_KERNELS
/// (portable, avx2, avx512, neon) names, if the processor can run it. Chosen at the first call.
const struct vk_table *vk_kernels(void);

/// The table of that name, or null when it is unknown or the processor cannot run it.
const struct vk_table *_Nullable vk_table_named(const char *name);

/// Writes a row of codes of 8, 4 or 1 bits: round((x - lo) * per_step), held within 0...2^bits - 1, for each dimension,
/// and zeros up to the end of the last unit.
void vk_encode_codes(const float *vector, const float *lo, const float *per_step, size_t dimension, int bits,
                     void *row);

/// The weights of a query against codes: round(x * step / factor) for each dimension, where `factor` is chosen so that
/// the largest is 127, and zeros up to the end of the last unit of `unit` dimensions. `constant` gets the sum of x *
/// lo; `products` is room for `dimension` floats.
void vk_code_weights(const float *vector, const float *lo, const float *step, size_t dimension, size_t unit,
                     int8_t *weights, float *products, float *constant, float *factor);

/// A row for comparing rows with one another: round(x / scale) + 128 for each dimension, where `scale` is chosen so
/// that the largest magnitude is 127, and 128 up to a multiple of 64 dimensions. `sum` gets the sum of the rounded
/// numbers. A row so made is a row of 8-bit codes for a query whose weights are another one's: see vk_pair_weights.
void vk_pair_row(const float *vector, size_t dimension, uint8_t *row, float *scale, int32_t *sum);

/// The rounded numbers of a row that vk_pair_row made.
void vk_pair_weights(const uint8_t *row, size_t count, int8_t *weights);

/// Whether every element is finite; `squared` gets the sum of squares.
int vk_measure(const float *vector, size_t count, float *squared);

/// scaled[i] = vector[i] * factor.
void vk_scale(const float *vector, float factor, size_t count, float *scaled);

/// Asks for the cache line at `address` before it is needed. Any address is allowed; it never faults.
static inline void vk_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
