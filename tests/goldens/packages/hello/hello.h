/* hello: a neural network as C99
   Made by Thimble 0.1.0 from hello_world_int8.tflite; do not edit. */
#ifndef HELLO_H
#define HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "thimble_c99_real.h"

#ifdef __cplusplus
extern "C" {
#endif

/* int8 [1, 1]; the real value of v is HELLO_INPUT_SCALE * (v - HELLO_INPUT_ZERO_POINT) */
#define HELLO_INPUT_SIZE 1 /* elements */
#define HELLO_INPUT_OFFSET 16 /* bytes, in the arena */
#define HELLO_INPUT_SCALE 0.024480116f
#define HELLO_INPUT_ZERO_POINT (-128)

/* int8 [1, 1]; the real value of v is HELLO_OUTPUT_SCALE * (v - HELLO_OUTPUT_ZERO_POINT) */
#define HELLO_OUTPUT_SIZE 1 /* elements */
#define HELLO_OUTPUT_OFFSET 0 /* bytes, in the arena */
#define HELLO_OUTPUT_SCALE 0.008290957f
#define HELLO_OUTPUT_ZERO_POINT (5)

/* Working memory in bytes, inputs and outputs included, and what its address must be a multiple of. */
#define HELLO_ARENA_BYTES 32
#if defined(__AVR__)
#define HELLO_ARENA_ALIGNMENT 1
#else
#define HELLO_ARENA_ALIGNMENT 8
#endif

/* What the functions return. */
enum {
  HELLO_OK = 0,
  HELLO_ARENA_TOO_SMALL = -1, /* fewer bytes than HELLO_ARENA_BYTES */
  HELLO_ARENA_MISALIGNED = -2 /* its address is no multiple of HELLO_ARENA_ALIGNMENT */
};

/* Computes `out` from `in`. Both may lie anywhere, also in the arena at HELLO_INPUT_OFFSET and
   HELLO_OUTPUT_OFFSET, where nothing is copied. The input is not kept. Returns HELLO_OK, or why it did
   nothing. */
int hello_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out);

/* hello_run with real values: inputs are quantised (round(r / scale) + zero point, within the type), outputs
   dequantised. Neither may lie in the arena. */
static inline int hello_run_float(void *arena, size_t arena_bytes, const float *in, float *out) {
  uint8_t *const a = (uint8_t *)arena;
  int status;
  if (arena_bytes < HELLO_ARENA_BYTES) return HELLO_ARENA_TOO_SMALL;
  thimble_s8_of_reals(in, HELLO_INPUT_SIZE, HELLO_INPUT_SCALE, HELLO_INPUT_ZERO_POINT,
                      (int8_t *)(a + HELLO_INPUT_OFFSET));
  status = hello_run(arena, arena_bytes, (int8_t *)(a + HELLO_INPUT_OFFSET), (int8_t *)(a + HELLO_OUTPUT_OFFSET));
  if (status != HELLO_OK) return status;
  thimble_reals_of_s8((int8_t *)(a + HELLO_OUTPUT_OFFSET), HELLO_OUTPUT_SIZE, HELLO_OUTPUT_SCALE,
                      HELLO_OUTPUT_ZERO_POINT, out);
  return status;
}

#ifdef __cplusplus
}
#endif

#endif
