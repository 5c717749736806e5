/* hello: weights, and the plan of each operator
   Made by Thimble 0.1.0 from hello_world_int8.tflite; do not edit. */
#ifndef HELLO_WEIGHTS_H
#define HELLO_WEIGHTS_H

#include <math.h>

#include "thimble_c99.h"

/* "sequential/dense/MatMul": int8 [16, 1] */
static const int8_t hello_t6[16] THIMBLE_FLASH = {
    -9, -54, 57, 71, 104, 115, 98, 99, 64, -26, 127, 25, -82, 68, 95, 86};

/* "sequential/dense/BiasAdd/ReadVariableOp": int32 [16] */
static const int32_t hello_t5[16] THIMBLE_FLASH = {
    0, 0, -5438, -5515, -1352, -1500, -4152, -84, 3396, 0, 1981, -5581, 0, -6964, 3407, -7217};

/* "sequential/dense_1/MatMul": int8 [16, 16] */
static const int8_t hello_t4[256] THIMBLE_FLASH = {
    -12, 26, -19, 9, 25, 33, -12, 36, -32, 33, -17, -68, -9, -11, -6, 25, 3, -36, -46, 2, 6, -7, -12, 2, -1, -6,
    -17, -15, -17, -45, 39, -31, -5, 39, -35, -21, -37, -28, 5, 26, 23, -4, 36, 18, 21, -17, 30, -28, 16, -2, 20,
    -38, 28, -8, -13, -15, -17, -30, -13, 9, -29, -23, -19, -29, -28, 21, 7, 11, 4, 27, 26, -2, -21, 1, -34, 33,
    -26, 11, -20, 3, 35, 10, 34, 36, 30, 39, 3, -26, 3, 36, -1, -64, 17, -8, -4, -15, 17, 12, -11, -32, -13, 7, 23,
    -27, -24, -19, -6, -36, -24, 35, -5, 7, -35, -5, -3, 0, 20, 38, 17, 23, -25, -15, 17, -22, 2, 38, 4, 4, 37, 33,
    29, 10, -37, 29, -36, 32, 1, -6, -29, 55, 11, -15, 26, 22, -17, 28, -25, 3, -32, 22, 2, 3, 33, 24, 9, 46, -39,
    -27, 20, 11, -22, 26, -4, -40, 19, 0, -60, -40, -20, -39, -2, 13, 25, 32, -40, -42, -30, 31, -23, -41, -54,
    -30, -35, -58, 19, -25, 4, 62, 0, 1, 20, -57, -37, -25, 21, 21, -11, 6, -42, 26, -36, 9, 34, -2, 8, 2, 19, -17,
    25, 30, -30, 9, -3, -13, 20, -35, -38, 32, -39, 15, -29, -7, -9, -18, -23, 36, -26, 41, 0, 7, 22, -30, 30, 13,
    35, -45, -35, -9, 20, -6, 8, 34, 38, 33, 9, 8, 15, 11, -32, 18, -12, 127, -36, 88, -27, 38};

/* "sequential/dense_1/BiasAdd/ReadVariableOp": int32 [16] */
static const int32_t hello_t3[16] THIMBLE_FLASH = {
    -729, 1954, 610, 0, 241, -471, -35, -867, 571, 581, 4260, 3943, 591, 0, -889, -5103};

/* "sequential/dense_2/MatMul": int8 [1, 16] */
static const int8_t hello_t2[16] THIMBLE_FLASH = {
    -39, 59, 39, 21, 28, -32, -34, -35, 15, 27, -59, -41, 18, -35, -7, 127};

/* "sequential/dense_2/BiasAdd/ReadVariableOp": int32 [1] */
static const int32_t hello_t1[1] THIMBLE_FLASH = {429};

/* ---- 0: fully_connected "sequential/dense/BiasAdd" ---- */

static const uint32_t hello_p0_scales_upper_bits[1] THIMBLE_FLASH = {4079311471u};
static const uint32_t hello_p0_scales_lower_bits[1] THIMBLE_FLASH = {1994955u};
static const int8_t hello_p0_scales_shifts[1] THIMBLE_FLASH = {39};
static const thimble_fully_connected hello_plan_0 = {
    1,                               /* batch */
    1,                               /* inputs */
    16,                              /* outputs */
    -128,                            /* zero point of x */
    -128,                            /* zero point of y */
    -128,                            /* low */
    127,                             /* high */
    /* scales: count, upper bits, lower bits, shifts */
    {1, hello_p0_scales_upper_bits, hello_p0_scales_lower_bits, hello_p0_scales_shifts},
    {0.0f, INFINITY}                 /* range: low, high */
};

#if defined(THIMBLE_AVR)
static const int32_t hello_p0_bias[16] THIMBLE_FLASH = {
    -1152, -6912, 1858, 3573, 11960, 13220, 8392, 12588, 11588, -3328, 18237, -2381, -10496, 1740, 15567, 3791};
#endif

/* ---- 1: fully_connected "sequential/dense_1/BiasAdd" ---- */

static const uint32_t hello_p1_scales_upper_bits[1] THIMBLE_FLASH = {3123593590u};
static const uint32_t hello_p1_scales_lower_bits[1] THIMBLE_FLASH = {76990u};
static const int8_t hello_p1_scales_shifts[1] THIMBLE_FLASH = {38};
static const thimble_fully_connected hello_plan_1 = {
    1,                               /* batch */
    16,                              /* inputs */
    16,                              /* outputs */
    -128,                            /* zero point of x */
    -128,                            /* zero point of y */
    -128,                            /* low */
    127,                             /* high */
    /* scales: count, upper bits, lower bits, shifts */
    {1, hello_p1_scales_upper_bits, hello_p1_scales_lower_bits, hello_p1_scales_shifts},
    {0.0f, INFINITY}                 /* range: low, high */
};

#if defined(THIMBLE_AVR)
static const int32_t hello_p1_bias[16] THIMBLE_FLASH = {
    -601, -21214, 3554, -20864, 1905, 15529, -12323, 6557, 21307, 8389, -20572, -23705, -2481, -11520, 2951, 35857};
#endif

/* ---- 2: fully_connected "StatefulPartitionedCall:0" ---- */

static const uint32_t hello_p2_scales_upper_bits[1] THIMBLE_FLASH = {3260723671u};
static const uint32_t hello_p2_scales_lower_bits[1] THIMBLE_FLASH = {1805221u};
static const int8_t hello_p2_scales_shifts[1] THIMBLE_FLASH = {37};
static const thimble_fully_connected hello_plan_2 = {
    1,                               /* batch */
    16,                              /* inputs */
    1,                               /* outputs */
    -128,                            /* zero point of x */
    5,                               /* zero point of y */
    -128,                            /* low */
    127,                             /* high */
    /* scales: count, upper bits, lower bits, shifts */
    {1, hello_p2_scales_upper_bits, hello_p2_scales_lower_bits, hello_p2_scales_shifts},
    {-INFINITY, INFINITY}            /* range: low, high */
};

#if defined(THIMBLE_AVR)
static const int32_t hello_p2_bias[1] THIMBLE_FLASH = {7085};
#endif

#endif
