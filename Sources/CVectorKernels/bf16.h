// Conversion between float and bfloat16, the upper half of a float: plain loops that compilers vectorise for each path.
//
// What must hold: every bfloat16 becomes the float it stands for, NaN too; a float is rounded to nearest, ties to even,
// too large becomes infinity, and a NaN stays one, made quiet.
#ifndef VECTOR_KERNELS_BF16_H
#define VECTOR_KERNELS_BF16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t vk_bf16_of(uint32_t bits) {
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

// Makes f32_to_bf16 and bf16_to_f32 of the including file.
#define VK_BF16(TARGET)                                                                                                \
    static TARGET void f32_to_bf16(const float *from, void *to, size_t count) {                                        \
        char *const out = (char *)to;                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                           \
            uint32_t bits;                                                                                             \
            memcpy(&bits, from + i, 4);                                                                                \
            const uint16_t half = vk_bf16_of(bits);                                                                    \
            memcpy(out + i * 2, &half, 2);                                                                             \
        }                                                                                                              \
    }                                                                                                                  \
    static TARGET void bf16_to_f32(const void *from, float *to, size_t count) {                                        \
        const char *const in = (const char *)from;                                                                     \
        for (size_t i = 0; i < count; i++) {                                                                           \
            uint16_t half;                                                                                             \
            memcpy(&half, in + i * 2, 2);                                                                              \
            const uint32_t bits = (uint32_t)half << 16;                                                                \
            memcpy(to + i, &bits, 4);                                                                                  \
        }                                                                                                              \
    }

#endif
