/* hello: the network as a C++ class
   Made by Thimble 0.1.0 from hello_world_int8.tflite; do not edit. */
#ifndef HELLO_HPP
#define HELLO_HPP

#include "hello.h"

// The network and its HELLO_ARENA_BYTES of working memory; nothing is allocated. Fill the input, call run(), read
// the output. A run uses the input's place for other values: fill it before each.
class hello_network {
 public:
  // HELLO_INPUT_SIZE values
  int8_t *input() { return reinterpret_cast<int8_t *>(arena_ + HELLO_INPUT_OFFSET); }
  // HELLO_OUTPUT_SIZE values
  int8_t *output() { return reinterpret_cast<int8_t *>(arena_ + HELLO_OUTPUT_OFFSET); }

  // HELLO_OK, or why it did nothing.
  int run() {
    return hello_run(arena_, sizeof arena_, input(), output());
  }

  // Element i of the input, and of the output, as real values.
  void set(size_t i, float value) {
    input()[i] = (int8_t)thimble_quantized(value, HELLO_INPUT_SCALE, HELLO_INPUT_ZERO_POINT, -128, 127);
  }
  float get(size_t i) { return HELLO_OUTPUT_SCALE * (float)(output()[i] - HELLO_OUTPUT_ZERO_POINT); }

  // Real values in and out.
  int run_float(const float *in, float *out) {
    return hello_run_float(arena_, sizeof arena_, in, out);
  }

 private:
  alignas(HELLO_ARENA_ALIGNMENT) uint8_t arena_[HELLO_ARENA_BYTES];
};

#endif
