/* hello: the network, one call per operator
   Made by Thimble 0.1.0 from hello_world_int8.tflite; do not edit. */
#if defined(__AVR__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* plans become constants in the code: less RAM and time than at -Os */
#endif

#include "hello.h"

#include <string.h>

#include "thimble_fully_connected_fast.h"
#include "thimble_fully_connected.h"
#include "hello_weights.h"

/* Called behind each operator: for profiles. */
#ifndef HELLO_ON_LAYER
#define HELLO_ON_LAYER(i) ((void)0)
#endif

static void hello_compute(uint8_t *a, const int8_t *in, int8_t *out) {
  /* 0: fully_connected "sequential/dense/BiasAdd"
     int8 [1, 1] -> int8 [1, 16], 16 multiply-accumulates */
#if defined(THIMBLE_AVR)
  thimble_fully_connected_fast_s8(&hello_plan_0, in, hello_t6, hello_p0_bias, (int8_t *)(a + 0));
#else
  thimble_fully_connected_s8(&hello_plan_0, in, hello_t6, hello_t5, (int8_t *)(a + 0));
#endif
  HELLO_ON_LAYER(0);
  /* 1: fully_connected "sequential/dense_1/BiasAdd"
     int8 [1, 16] -> int8 [1, 16], 256 multiply-accumulates */
#if defined(THIMBLE_AVR)
  thimble_fully_connected_fast_s8(&hello_plan_1, (int8_t *)(a + 0), hello_t4, hello_p1_bias, (int8_t *)(a + 16));
#else
  thimble_fully_connected_s8(&hello_plan_1, (int8_t *)(a + 0), hello_t4, hello_t3, (int8_t *)(a + 16));
#endif
  HELLO_ON_LAYER(1);
  /* 2: fully_connected "StatefulPartitionedCall:0"
     int8 [1, 16] -> int8 [1, 1], 16 multiply-accumulates */
#if defined(THIMBLE_AVR)
  thimble_fully_connected_fast_s8(&hello_plan_2, (int8_t *)(a + 16), hello_t2, hello_p2_bias, (int8_t *)(a + 0));
#else
  thimble_fully_connected_s8(&hello_plan_2, (int8_t *)(a + 16), hello_t2, hello_t1, (int8_t *)(a + 0));
#endif
  HELLO_ON_LAYER(2);
  /* The answer may be wanted elsewhere. */
  if ((const void *)out != (const void *)(int8_t *)(a + 0)) memcpy(out, (int8_t *)(a + 0), 1);
}

int hello_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out) {
  if (arena_bytes < HELLO_ARENA_BYTES) return HELLO_ARENA_TOO_SMALL;
  if ((uintptr_t)arena % HELLO_ARENA_ALIGNMENT != 0) return HELLO_ARENA_MISALIGNED;
  hello_compute((uint8_t *)arena, in, out);
  return HELLO_OK;
}
