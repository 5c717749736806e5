// Removes batch normalisation from a graph for inference. With running statistics it is an affine
// map per channel, y = x·s + t with s = gamma / √(variance + epsilon) and t = beta − mean·s.
#pragma once

#include "ops/check.h"

namespace thimble {

struct FoldedBatchNorms {
  int folded = 0;    // merged into the layer before, or the next one
  int separate = 0;  // became mul and add
};

// A batch normalisation that no layer could take up: a scale and a shift per channel that stand by themselves.
struct StandingAffine {
  std::string name;               // of the batch normalisation
  int64_t values = 0, bytes = 0;  // that it multiplies and adds to; of its constants
  std::string to_string() const;  // a sentence: that it stays, and what that costs
};
std::vector<StandingAffine> standing_affines(const Graph& graph);

// Each batch_norm whose parameters are constants is folded into the convolution, depthwise convolution or dense layer
// that produces its input, where that layer has constant float weights, no activation and no other reader (a bias is
// created where there is none); otherwise into the one that reads its output, where that is exact (passes/affine.h);
// otherwise it becomes a mul and an add. Training forms are treated like inference forms: their batch statistics must
// not be read by anything. Fails on a batch_norm whose parameters are not constants.
Result<FoldedBatchNorms> fold_batch_norm(Graph& graph);

}  // namespace thimble
