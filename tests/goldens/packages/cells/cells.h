/* cells: a neural network as C99
   Made by Thimble 0.1.0 from 30_float32.tflite; do not edit. */
#ifndef CELLS_H
#define CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "thimble_c99_real.h"

#ifdef __cplusplus
extern "C" {
#endif

/* float32 [1, 13, 4] */
#define CELLS_INPUT_SIZE 52 /* elements */
#define CELLS_INPUT_OFFSET 312 /* bytes, in the arena */

/* float32 [1, 4] */
#define CELLS_OUTPUT_SIZE 4 /* elements */
#define CELLS_OUTPUT_OFFSET 312 /* bytes, in the arena */

/* Working memory in bytes, inputs and outputs included, and what its address must be a multiple of. */
#define CELLS_ARENA_BYTES 568
#if defined(__AVR__)
#define CELLS_ARENA_ALIGNMENT 1
#else
#define CELLS_ARENA_ALIGNMENT 8
#endif

/* Enough for cells_run_state, whose state lies elsewhere. */
#define CELLS_RUN_STATE_ARENA_BYTES 520

/* What the functions return. */
enum {
  CELLS_OK = 0,
  CELLS_ARENA_TOO_SMALL = -1, /* fewer bytes than CELLS_ARENA_BYTES */
  CELLS_ARENA_MISALIGNED = -2 /* its address is no multiple of CELLS_ARENA_ALIGNMENT */
};

/* What the network remembers between calls. */
typedef struct cells_state {
  float s19[6]; /* "lstm_1/hidden_state" */
  float s20[6]; /* "lstm_1/cell_state" */
} cells_state;

/* The start of a sequence: real zeros. */
void cells_reset(cells_state *state);

/* Computes `out` from `in`. Both may lie anywhere, also in the arena at CELLS_INPUT_OFFSET and
   CELLS_OUTPUT_OFFSET, where nothing is copied. The input is not kept. Returns CELLS_OK, or why it did
   nothing. Every call begins with zero states. */
int cells_run(void *arena, size_t arena_bytes, const float *in, float *out);

/* The same, going on from `state`, which it changes. */
int cells_run_state(void *arena, size_t arena_bytes, const float *in, float *out, cells_state *state);

/* The real value of element i of the input, of a sample's element i as the network was trained on it:
   numbers as they were in the data set. */
static inline float cells_prepare(size_t i, float stored) {
  (void)i;
  return stored;
}

/* cells_run with real values, which it takes anyway: for programs that also call networks of integers. */
static inline int cells_run_float(void *arena, size_t arena_bytes, const float *in, float *out) {
  return cells_run(arena, arena_bytes, in, out);
}

/* The same, going on from `state`. */
static inline int cells_run_float_state(void *arena, size_t arena_bytes, const float *in, float *out,
                                        cells_state *state) {
  return cells_run_state(arena, arena_bytes, in, out, state);
}

/* Which of the outputs is the largest for `in`, the first of equal ones; below zero: why it did nothing. */
static inline int32_t cells_predict_class(void *arena, size_t arena_bytes, const float *in) {
  float *const out = (float *)(void *)((uint8_t *)arena + CELLS_OUTPUT_OFFSET);
  int32_t i, best = 0;
  const int status = cells_run(arena, arena_bytes, in, out);
  if (status != CELLS_OK) return status;
  for (i = 1; i < CELLS_OUTPUT_SIZE; ++i)
    if (out[i] > out[best]) best = i;
  return best;
}

#ifdef __cplusplus
}
#endif

#endif
