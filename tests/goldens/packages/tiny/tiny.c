/* tiny: the network, one call per operator
   Made by Thimble 0.1.0 from 37_int8_percentile.tflite; do not edit. */
#if defined(__AVR__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* plans become constants in the code: less RAM and time than at -Os */
#endif

#include "tiny.h"

#include <string.h>

#include "thimble_fully_connected_fast.h"
#include "thimble_depthwise_conv2d.h"
#include "thimble_pad.h"
#include "thimble_quantize.h"
#include "thimble_softmax.h"
#include "thimble_unary.h"
#include "tiny_weights.h"

/* Called behind each operator: for profiles. */
#ifndef TINY_ON_LAYER
#define TINY_ON_LAYER(i) ((void)0)
#endif

static void tiny_compute(uint8_t *a, const uint8_t *in, uint8_t *out) {
  /* 0: quantize "input/int8"
     uint8 [1, 4, 6, 5] -> int8 [1, 4, 6, 5] */
  thimble_quantize_u8_s8(&tiny_plan_0, in, (int8_t *)(a + 0));
  TINY_ON_LAYER(0);
  /* 1: depthwise_conv2d "depthwise_conv2d_1"
     int8 [1, 4, 6, 5] -> int8 [1, 4, 6, 10], 720 multiply-accumulates */
  thimble_depthwise_conv2d_s8(&tiny_plan_1, (int8_t *)(a + 0), tiny_t3, tiny_t2, (int8_t *)(a + 496));
  TINY_ON_LAYER(1);
  /* 2: hard_swish "depthwise_conv2d_1/hard_silu"
     int8 [1, 4, 6, 10] -> int8 [1, 4, 6, 10] */
  thimble_unary_s8(&tiny_plan_2, (int8_t *)(a + 496), (int8_t *)(a + 496));
  TINY_ON_LAYER(2);
  /* 3: pad "zero_pad_1"
     int8 [1, 4, 6, 10] -> int8 [1, 7, 7, 10] */
  thimble_pad_elements(&tiny_plan_3, (int8_t *)(a + 496), NULL, (int8_t *)(a + 0), 0);
  TINY_ON_LAYER(3);
  /* 4: depthwise_conv2d "depthwise_conv2d_2"
     int8 [1, 7, 7, 10] -> int8 [1, 3, 6, 20], 3600 multiply-accumulates */
  thimble_depthwise_conv2d_s8(&tiny_plan_4, (int8_t *)(a + 0), tiny_t9, tiny_t8, (int8_t *)(a + 496));
  TINY_ON_LAYER(4);
  /* 5: reshape "flatten_1"
     int8 [1, 3, 6, 20] -> int8 [1, 360] */
  /* 6: fully_connected "dense_1"
     int8 [1, 360] -> int8 [1, 3], 1080 multiply-accumulates */
  thimble_fully_connected_fast_s8(&tiny_plan_6, (int8_t *)(a + 496), tiny_p6_weights, tiny_p6_bias,
                                  (int8_t *)(a + 0));
  TINY_ON_LAYER(6);
  /* 7: softmax "softmax_1/int8"
     int8 [1, 3] -> int8 [1, 3] */
  thimble_softmax_s8(&tiny_plan_7, (int8_t *)(a + 0), (int8_t *)(a + 0));
  TINY_ON_LAYER(7);
  /* 8: quantize "softmax_1"
     int8 [1, 3] -> uint8 [1, 3] */
  thimble_quantize_s8_u8(&tiny_plan_8, (int8_t *)(a + 0), (uint8_t *)(a + 0));
  TINY_ON_LAYER(8);
  /* The answer may be wanted elsewhere. */
  if ((const void *)out != (const void *)(uint8_t *)(a + 0)) memcpy(out, (uint8_t *)(a + 0), 3);
}

int tiny_run(void *arena, size_t arena_bytes, const uint8_t *in, uint8_t *out) {
  if (arena_bytes < TINY_ARENA_BYTES) return TINY_ARENA_TOO_SMALL;
  if ((uintptr_t)arena % TINY_ARENA_ALIGNMENT != 0) return TINY_ARENA_MISALIGNED;
  tiny_compute((uint8_t *)arena, in, out);
  return TINY_OK;
}
