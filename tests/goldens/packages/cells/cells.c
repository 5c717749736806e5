/* cells: the network, one call per operator
   Made by Thimble 0.1.0 from 30_float32.tflite; do not edit. */
#if defined(__AVR__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2") /* plans become constants in the code: less RAM and time than at -Os */
#endif

#include "cells.h"

#include <string.h>

#include "thimble_fully_connected.h"
#include "thimble_softmax.h"
#include "thimble_unidirectional_sequence_lstm.h"
#include "cells_weights.h"

/* Called behind each operator: for profiles. */
#ifndef CELLS_ON_LAYER
#define CELLS_ON_LAYER(i) ((void)0)
#endif

static void cells_compute(uint8_t *a, const float *in, float *out, cells_state *state) {
  /* 0: unidirectional_sequence_lstm "lstm_1"
     float32 [1, 13, 4] -> float32 [1, 13, 6], 3120 multiply-accumulates */
  thimble_unidirectional_sequence_lstm_f32(&cells_plan_0, in, &cells_p0_weights, state->s19, state->s20,
                                           (float *)(a + 0));
  CELLS_ON_LAYER(0);
  /* 1: reshape "flatten_1"
     float32 [1, 13, 6] -> float32 [1, 78] */
  /* 2: fully_connected "dense_1"
     float32 [1, 78] -> float32 [1, 4], 312 multiply-accumulates */
  thimble_fully_connected_f32(&cells_plan_2, (float *)(a + 0), cells_t3, cells_t4, (float *)(a + 312));
  CELLS_ON_LAYER(2);
  /* 3: softmax "dense_1/softmax"
     float32 [1, 4] -> float32 [1, 4] */
  thimble_softmax_f32(&cells_plan_3, (float *)(a + 312), (float *)(a + 312));
  CELLS_ON_LAYER(3);
  /* The answer may be wanted elsewhere. */
  if ((const void *)out != (const void *)(float *)(a + 312)) memcpy(out, (float *)(a + 312), 16);
}

void cells_reset(cells_state *state) {
  memset(state->s19, 0, sizeof state->s19);
  memset(state->s20, 0, sizeof state->s20);
}

int cells_run(void *arena, size_t arena_bytes, const float *in, float *out) {
  if (arena_bytes < CELLS_ARENA_BYTES) return CELLS_ARENA_TOO_SMALL;
  if ((uintptr_t)arena % CELLS_ARENA_ALIGNMENT != 0) return CELLS_ARENA_MISALIGNED;
  {
    cells_state *const state = (cells_state *)(void *)((uint8_t *)arena + CELLS_RUN_STATE_ARENA_BYTES);
    cells_reset(state);
    cells_compute((uint8_t *)arena, in, out, state);
  }
  return CELLS_OK;
}

int cells_run_state(void *arena, size_t arena_bytes, const float *in, float *out, cells_state *state) {
  if (arena_bytes < CELLS_RUN_STATE_ARENA_BYTES) return CELLS_ARENA_TOO_SMALL;
  if ((uintptr_t)arena % CELLS_ARENA_ALIGNMENT != 0) return CELLS_ARENA_MISALIGNED;
  cells_compute((uint8_t *)arena, in, out, state);
  return CELLS_OK;
}
