// The last dense layer of a network that goes on learning on the controller: which one it is, and the C around
// micro/kernels/train_head.h.
#pragma once

#include <string>

#include "ops/check.h"

namespace thimble::micro {

struct Head {
  NodeId node = -1;
  TensorId features = kNoTensor;
  int64_t inputs = 0, outputs = 0;
  bool integers = false;  // the features are int8

  // Of its struct in C: weights, biases, probabilities.
  int64_t bytes() const { return 4 * (inputs + 2) * outputs; }
};

// The dense layer that gives the only output, by itself or through a softmax. Errors: unsupported where something else
// ends the network, or the layer is none that can be trained.
Result<Head> find_head(const Checked& checked);

// How the rest of the network is called, as C.
struct HeadWords {
  std::string name, macro;  // kws, KWS
  std::string parameters;   // void *arena, size_t arena_bytes, const int8_t *in
  std::string compute;      // statements that refuse a wrong arena, or compute the features in it
  std::string features;     // an expression of a pointer to them, behind those statements
};

// What the package's header says of it.
std::string head_interface(const Head& head, const HeadWords& words);
// The layer as it is before it learns, where it is an int8 one: its weights, scales and bias as constants.
std::string head_constants(const Checked& checked, const Head& head, const std::string& name);
// weights, bias: the constants of a float32 layer.
std::string head_source(const Checked& checked, const Head& head, const HeadWords& words, const std::string& weights,
                        const std::string& bias);

}  // namespace thimble::micro
