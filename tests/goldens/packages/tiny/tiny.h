/* tiny: a neural network as C99
   Made by Thimble 0.1.0 from 37_int8_percentile.tflite; do not edit. */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

#include "thimble_c99_real.h"

#ifdef __cplusplus
extern "C" {
#endif

/* uint8 [1, 4, 6, 5]; the real value of v is TINY_INPUT_SCALE * (v - TINY_INPUT_ZERO_POINT) */
#define TINY_INPUT_SIZE 120 /* elements */
#define TINY_INPUT_OFFSET 0 /* bytes, in the arena */
#define TINY_INPUT_SCALE 18.420248f
#define TINY_INPUT_ZERO_POINT (122)

/* uint8 [1, 3]; the real value of v is TINY_OUTPUT_SCALE * (v - TINY_OUTPUT_ZERO_POINT) */
#define TINY_OUTPUT_SIZE 3 /* elements */
#define TINY_OUTPUT_OFFSET 0 /* bytes, in the arena */
#define TINY_OUTPUT_SCALE 0.00390625f
#define TINY_OUTPUT_ZERO_POINT (0)

/* Working memory in bytes, inputs and outputs included, and what its address must be a multiple of. */
#define TINY_ARENA_BYTES 856
#if defined(__AVR__)
#define TINY_ARENA_ALIGNMENT 1
#else
#define TINY_ARENA_ALIGNMENT 8
#endif

/* What the functions return. */
enum {
  TINY_OK = 0,
  TINY_ARENA_TOO_SMALL = -1, /* fewer bytes than TINY_ARENA_BYTES */
  TINY_ARENA_MISALIGNED = -2 /* its address is no multiple of TINY_ARENA_ALIGNMENT */
};

/* Computes `out` from `in`. Both may lie anywhere, also in the arena at TINY_INPUT_OFFSET and
   TINY_OUTPUT_OFFSET, where nothing is copied. The input is not kept. Returns TINY_OK, or why it did
   nothing. */
int tiny_run(void *arena, size_t arena_bytes, const uint8_t *in, uint8_t *out);

/* The real value of element i of the input, of a sample's element i as the network was trained on it:
   numbers as they were in the data set. */
static inline float tiny_prepare(size_t i, float stored) {
  (void)i;
  return stored;
}

/* tiny_run with real values: inputs are quantised (round(r / scale) + zero point, within the type), outputs
   dequantised. Neither may lie in the arena. */
static inline int tiny_run_float(void *arena, size_t arena_bytes, const float *in, float *out) {
  uint8_t *const a = (uint8_t *)arena;
  int status;
  if (arena_bytes < TINY_ARENA_BYTES) return TINY_ARENA_TOO_SMALL;
  thimble_u8_of_reals(in, TINY_INPUT_SIZE, TINY_INPUT_SCALE, TINY_INPUT_ZERO_POINT,
                      (uint8_t *)(a + TINY_INPUT_OFFSET));
  status = tiny_run(arena, arena_bytes, (uint8_t *)(a + TINY_INPUT_OFFSET), (uint8_t *)(a + TINY_OUTPUT_OFFSET));
  if (status != TINY_OK) return status;
  thimble_reals_of_u8((uint8_t *)(a + TINY_OUTPUT_OFFSET), TINY_OUTPUT_SIZE, TINY_OUTPUT_SCALE,
                      TINY_OUTPUT_ZERO_POINT, out);
  return status;
}

/* Which of the outputs is the largest for `in`, the first of equal ones; below zero: why it did nothing. */
static inline int32_t tiny_predict_class(void *arena, size_t arena_bytes, const uint8_t *in) {
  uint8_t *const out = (uint8_t *)(void *)((uint8_t *)arena + TINY_OUTPUT_OFFSET);
  int32_t i, best = 0;
  const int status = tiny_run(arena, arena_bytes, in, out);
  if (status != TINY_OK) return status;
  for (i = 1; i < TINY_OUTPUT_SIZE; ++i)
    if (out[i] > out[best]) best = i;
  return best;
}

#ifdef __cplusplus
}
#endif

#endif
