// Removes batch normalisation from a graph for inference. With running statistics it is an affine
// map per channel, y = x·s + t with s = gamma / √(variance + epsilon) and t = beta − mean·s.
#pragma once

#include "ops/check.h"

namespace thimble {

struct FoldedBatchNorms {
  int folded = 0;    // merged into the layer before
  int separate = 0;  // became mul and add
};

// Each batch_norm whose parameters are constants is folded into the convolution, depthwise
// convolution or dense layer that produces its input, where that layer has constant float weights,
// no activation and no other reader (a bias is created where there is none); otherwise it becomes a
// mul and an add. Training forms are treated like inference forms: their batch statistics must not
// be read by anything. Fails on a batch_norm whose parameters are not constants.
Result<FoldedBatchNorms> fold_batch_norm(Graph& graph);

}  // namespace thimble
