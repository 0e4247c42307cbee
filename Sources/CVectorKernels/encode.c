// Making codes and weights: plain loops over floats that compilers vectorise; no path of its own is worth while.
#include <math.h>
#include <string.h>

#include "include/vector_kernels.h"

static inline uint8_t code_of(float value, float most) {
    // NaN compares false and becomes 0.
    const float held = value > 0 ? (value < most ? value : most) : 0;
    return (uint8_t)(held + 0.5f);
}

static void encode_bytes(const float *vector, const float *lo, const float *per_step, size_t count, float most,
                         uint8_t *codes) {
    for (size_t i = 0; i < count; i++) codes[i] = code_of((vector[i] - lo[i]) * per_step[i], most);
}

void vk_encode_codes(const float *vector, const float *lo, const float *per_step, size_t dimension, int bits,
                     void *row) {
    const size_t unit = bits == 4 ? 128 : 64;
    const float most = (float)((1 << bits) - 1);
    uint8_t *out = (uint8_t *)row;
    for (size_t start = 0; start < dimension; start += unit) {
        const size_t count = dimension - start < unit ? dimension - start : unit;
        uint8_t codes[128] = {0};
        encode_bytes(vector + start, lo + start, per_step + start, count, most, codes);
        if (bits == 8) {
            memcpy(out, codes, 64);
            out += 64;
        } else if (bits == 4) {
            for (int j = 0; j < 64; j++) out[j] = (uint8_t)(codes[j] | codes[64 + j] << 4);
            out += 64;
        } else {
            uint64_t word = 0;
            for (int j = 0; j < 64; j++) word |= (uint64_t)codes[j] << j;
            memcpy(out, &word, 8);
            out += 8;
        }
    }
}

// The largest magnitude; lanes of their own, so that it vectorises.
static float largest(const float *values, size_t count) {
    float most[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (int k = 0; k < 16; k++) {
            const float value = fabsf(values[i + k]);
            most[k] = value > most[k] ? value : most[k];
        }
    for (; i < count; i++) most[0] = fabsf(values[i]) > most[0] ? fabsf(values[i]) : most[0];
    for (int k = 1; k < 16; k++) most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

// The nearest integer of a number that rounds to -127...127, ties to even; 0 for any other: a huge query may have
// overflowed. The largest number times 127 / the largest may be a little more than 127. Adding and subtracting
// 1.5 * 2^23 rounds, and vectorises.
static inline int32_t rounded(float value) {
    const float held = value > -127.5f && value < 127.5f ? value : 0;
    return (int32_t)((held + 0x1.8p23f) - 0x1.8p23f);
}

void vk_code_weights(const float *vector, const float *lo, const float *step, size_t dimension, size_t unit,
                     int8_t *weights, float *products, float *constant, float *factor) {
    float sums[16] = {0};
    size_t i = 0;
    for (; i + 16 <= dimension; i += 16)
        for (int k = 0; k < 16; k++) {
            products[i + k] = vector[i + k] * step[i + k];
            sums[k] += vector[i + k] * lo[i + k];
        }
    for (; i < dimension; i++) {
        products[i] = vector[i] * step[i];
        sums[i & 15] += vector[i] * lo[i];
    }
    for (int k = 1; k < 16; k++) sums[0] += sums[k];
    *constant = sums[0];
    const float most = largest(products, dimension);
    const float scale = most > 0 ? 127 / most : 0;
    *factor = most / 127;
    for (i = 0; i < dimension; i++) weights[i] = (int8_t)rounded(products[i] * scale);
    const size_t filled = (dimension + unit - 1) / unit * unit;
    memset(weights + dimension, 0, filled - dimension);
}

void vk_pair_row(const float *vector, size_t dimension, uint8_t *row, float *scale, int32_t *sum) {
    const float most = largest(vector, dimension);
    const float per_step = most > 0 ? 127 / most : 0;
    *scale = most / 127;
    int32_t total = 0;
    for (size_t i = 0; i < dimension; i++) {
        const int32_t value = rounded(vector[i] * per_step);
        total += value;
        row[i] = (uint8_t)(value + 128);
    }
    *sum = total;
    memset(row + dimension, 128, (dimension + 63) / 64 * 64 - dimension);
}

void vk_pair_weights(const uint8_t *row, size_t count, int8_t *weights) {
    for (size_t i = 0; i < count; i++) weights[i] = (int8_t)(row[i] ^ 0x80);
}

int vk_measure(const float *vector, size_t count, float *squared) {
    float sums[16] = {0};
    uint32_t odd = 0;
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (int k = 0; k < 16; k++) {
            uint32_t bits;
            memcpy(&bits, vector + i + k, 4);
            odd |= (bits & 0x7f800000u) == 0x7f800000u;
            sums[k] += vector[i + k] * vector[i + k];
        }
    for (; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, vector + i, 4);
        odd |= (bits & 0x7f800000u) == 0x7f800000u;
        sums[i & 15] += vector[i] * vector[i];
    }
    float sum = 0;
    for (int k = 0; k < 16; k++) sum += sums[k];
    *squared = sum;
    return !odd;
}

void vk_scale(const float *vector, float factor, size_t count, float *scaled) {
    for (size_t i = 0; i < count; i++) scaled[i] = vector[i] * factor;
}
