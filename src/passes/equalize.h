// Cross-layer equalisation: float weights moved between neighbouring layers, channel by channel, so that no channel's
// range is lost beside a larger one when tensors are quantised. The network computes the same.
//
// Where layer A's outputs reach layer B only through what commutes with a positive factor per channel, A's row of
// channel c (weights and bias) is divided by s[c] and B's weights that read c are multiplied by it, with
//   s[c] = √(a[c]·b[c]) / b[c],   a[c], b[c] the largest magnitudes of those weights of A and of B,
// which makes both √(a[c]·b[c]). All pairs in turns, until nothing changes by more than 0.1 %.
// Source: Nagel, van Baalen, Blankevoort, Welling: "Data-Free Quantization Through Weight Equalization and Bias
// Correction", ICCV 2019, section 4.1. (ReLU6 is not rewritten as ReLU: the network would compute something else.)
#pragma once

#include <functional>

#include "graph/graph.h"

namespace thimble {

struct Equalized {
  std::vector<std::pair<std::string, std::string>> pairs;  // names of the layers A and B, in the order of the graph
  int rounds = 0;
  double largest_factor = 1;  // of all s and 1/s, all rounds together
};

// A and B: convolution (also grouped), depthwise or dense, float32, with constant weights (and bias) that nothing else
// reads; A's activation none or relu. In between: relu, leaky_relu, prelu, pools (their activation none or relu),
// means over rows and columns, reshapes (flatten), zero padding of rows and columns. Where an output has several
// readers, all of them must lead to such layers. A channel that has only zeros on one side keeps its weights.
// Layers for whose weights `keep` is true take no part. Changed weights are new constants.
Equalized equalize_layers(Graph& graph, const std::function<bool(const Tensor& weights)>& keep = {});

}  // namespace thimble
