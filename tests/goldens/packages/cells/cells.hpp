/* cells: the network as a C++ class
   Made by Thimble 0.1.0 from 30_float32.tflite; do not edit. */
#ifndef CELLS_HPP
#define CELLS_HPP

#include "cells.h"

// The network and its CELLS_ARENA_BYTES of working memory; nothing is allocated. Fill the input, call run(), read
// the output. A run uses the input's place for other values: fill it before each.
class cells_network {
 public:
  // CELLS_INPUT_SIZE values
  float *input() { return reinterpret_cast<float *>(arena_ + CELLS_INPUT_OFFSET); }
  // CELLS_OUTPUT_SIZE values
  float *output() { return reinterpret_cast<float *>(arena_ + CELLS_OUTPUT_OFFSET); }

  // CELLS_OK, or why it did nothing. Begins with zero states.
  int run() {
    return cells_run(arena_, sizeof arena_, input(), output());
  }

  // The same, going on from where the last step ended.
  int step() {
    return cells_run_state(arena_, sizeof arena_, input(), output(), &state_);
  }
  // The start of a sequence, to be called before the first step.
  void reset() { cells_reset(&state_); }

  // Element i of the input, and of the output, as real values.
  void set(size_t i, float value) { input()[i] = value; }
  float get(size_t i) { return output()[i]; }

  // Real values in and out.
  int run_float(const float *in, float *out) {
    return cells_run_float(arena_, sizeof arena_, in, out);
  }

  // The largest output for the values of input(); below zero: why it did nothing.
  int32_t predict_class() { return cells_predict_class(arena_, sizeof arena_, input()); }

 private:
  alignas(CELLS_ARENA_ALIGNMENT) uint8_t arena_[CELLS_ARENA_BYTES];
  cells_state state_;
};

#endif
