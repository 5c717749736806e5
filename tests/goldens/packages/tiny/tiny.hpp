/* tiny: the network as a C++ class
   Made by Thimble 0.1.0 from 37_int8_percentile.tflite; do not edit. */
#ifndef TINY_HPP
#define TINY_HPP

#include "tiny.h"

// The network and its TINY_ARENA_BYTES of working memory; nothing is allocated. Fill the input, call run(), read
// the output. A run uses the input's place for other values: fill it before each.
class tiny_network {
 public:
  // TINY_INPUT_SIZE values
  uint8_t *input() { return reinterpret_cast<uint8_t *>(arena_ + TINY_INPUT_OFFSET); }
  // TINY_OUTPUT_SIZE values
  uint8_t *output() { return reinterpret_cast<uint8_t *>(arena_ + TINY_OUTPUT_OFFSET); }

  // TINY_OK, or why it did nothing.
  int run() {
    return tiny_run(arena_, sizeof arena_, input(), output());
  }

  // Element i of the input, and of the output, as real values.
  void set(size_t i, float value) {
    input()[i] = (uint8_t)thimble_quantized(value, TINY_INPUT_SCALE, TINY_INPUT_ZERO_POINT, 0, 255);
  }
  float get(size_t i) { return TINY_OUTPUT_SCALE * (float)(output()[i] - TINY_OUTPUT_ZERO_POINT); }

  // Real values in and out.
  int run_float(const float *in, float *out) {
    return tiny_run_float(arena_, sizeof arena_, in, out);
  }

  // The largest output for the values of input(); below zero: why it did nothing.
  int32_t predict_class() { return tiny_predict_class(arena_, sizeof arena_, input()); }

 private:
  alignas(TINY_ARENA_ALIGNMENT) uint8_t arena_[TINY_ARENA_BYTES];
};

#endif
