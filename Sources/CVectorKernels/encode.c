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

void vk_weights(const float *vector, float scale, size_t dimension, size_t unit, int8_t *weights) {
    for (size_t i = 0; i < dimension; i++) weights[i] = (int8_t)lrintf(vector[i] * scale);
    const size_t filled = (dimension + unit - 1) / unit * unit;
    memset(weights + dimension, 0, filled - dimension);
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
