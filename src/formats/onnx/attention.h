// Attention in two halves, between which a model's own graphs may stand.
#pragma once

#include "formats/onnx/rule.h"

namespace thimble::onnx {

// FlexAttention up to its scores [batch, heads, queries, keys], in the type in which the softmax is computed, and the
// values that the probabilities pick from.
struct FlexAttention {
  TensorId scores = kNoTensor, values = kNoTensor;
};
FlexAttention flex_scores(Maker& m, const Call& c);
// probabilities · values, in the type of the queries.
TensorId flex_result(Maker& m, const Call& c, const FlexAttention& parts);

// Over the last axis, in any type of floats.
TensorId softmax(Maker& m, TensorId x);

}  // namespace thimble::onnx
