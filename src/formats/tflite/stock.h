// What the stock runtimes (LiteRT's kernels, its XNNPACK delegate, TFLite Micro) demand of an operator. A file that
// breaks one of these demands is refused when it is loaded, or ends the process that runs it. They stand in the
// kernels' Prepare functions; scripts/interop/random_recipes.py holds this list against the runtimes themselves.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "graph/graph.h"

namespace thimble::tflite {

// Whether a graph has all that kernels read without asking. CONV_2D without a bias is refused; DEPTHWISE_CONV_2D
// without one ends in a segmentation fault outside the reference kernels; int8 weights of either beside float
// activations need a scale per channel.
bool is_complete(const Graph& graph);
// Adds what is_complete misses: biases of zeros (float32, or int32 where the activations are integers), and the one
// scale of weights once per channel.
void complete(Graph& graph);

// The least scales with which an integer operator can be prepared; 0: any. Exclusive: a scale must be larger.
struct LeastScales {
  double input = 0;  // of every activation that it reads
  double output = 0;
  double most = INFINITY;  // of the output: the largest
};
// What they follow from.
struct Scales {
  std::span<const float> inputs;  // of the activations that the node reads
  float weights = 0;              // the largest of its weights, 0 without any
  float output = 0;               // of what it gives
  double widest() const { return inputs.empty() ? 0 : *std::ranges::max_element(inputs); }
};
// Each operator's own demand stands in its src/ops/NAME/tflite.cc.
LeastScales least_scales(const Node& node, const Scales& scales);
// Whether LiteRT's kernels take int4 weights beside int8 activations.
bool runs_int4(const Node& node);

// What in a graph breaks these demands, in words; empty: nothing does. `written`: as it
// will be in a file, completed.
std::vector<std::string> stock_obstacles(const Graph& graph, bool written = false);

}  // namespace thimble::tflite
