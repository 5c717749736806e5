// Which weights a training technique works on, and how they are seen: as matrices of one row per output channel.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace thimble {

// Which layers: names as in QuantizeOptions::layers (a node, one of its outputs, or a prefix up to a "/").
struct WeightChoice {
  std::vector<std::string> layers;  // empty: all with dense, convolution or LSTM weights
  bool depthwise = false;           // also depthwise convolutions; those named in `layers` are always taken
};

// One weight tensor as a matrix [output channels, rest]: element (r, c) lies at r·row_stride + c·column_stride.
//   dense [out, in] and LSTM kernels: as they are          conv2d [out, h, w, in]: [out, h·w·in]
//   depthwise [1, h, w, out]: [out, h·w], strided
struct WeightMatrix {
  TensorId tensor = kNoTensor;
  std::string name, layer;
  int64_t rows = 0, columns = 0, row_stride = 0, column_stride = 0;

  int64_t elements() const { return rows * columns; }
  size_t at(int64_t r, int64_t c) const { return static_cast<size_t>(r * row_stride + c * column_stride); }
};

// The chosen weights among `trainable`, in the order of the nodes; biases never. Errors (usage): a name that is no
// layer (with a did-you-mean), a named layer without weights or whose weights are not trained, nothing to work on.
// `verb`
// ("prune") is for messages.
Result<std::vector<WeightMatrix>> chosen_weights(const Graph& graph, std::span<const TensorId> trainable,
                                                 const WeightChoice& choice, const char* verb);

// "all layers" or the names, for descriptions.
std::string describe_layers(const WeightChoice& choice);

}  // namespace thimble
