// What the stock runtimes (LiteRT's kernels, its XNNPACK delegate, TFLite Micro) demand of an operator. A file that
// breaks one of these demands is refused when it is loaded, or ends the process that runs it. They stand in the
// kernels' Prepare functions; scripts/interop/random_recipes.py holds this list against the runtimes themselves.
#pragma once

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
// `inputs`: the scales of the activations that the node reads; `weights`: the largest scale of its weights, 0 without
// any; `output`: the scale of what it gives.
LeastScales least_scales(const Node& node, std::span<const float> inputs, float weights, float output);

// What in a graph breaks these demands, in words; empty: nothing does. `written`: as it
// will be in a file, completed.
std::vector<std::string> stock_obstacles(const Graph& graph, bool written = false);

}  // namespace thimble::tflite
