// Nodes by name, for what is put together in several places: arithmetic of losses and layers, conversions around
// integers, the operators of a training graph. What an operator reads, and with which attributes, stands here once.
#pragma once

#include "ops/builder.h"
#include "ops/fake_quantize/fake_quantize.h"
#include "ops/loss/loss.h"

namespace thimble::make {

// ---- arithmetic, without a fused activation ----
Result<TensorId> add(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> sub(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> mul(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> minimum(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> maximum(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> squared_difference(Builder& b, TensorId x, TensorId y, std::string name);
Result<TensorId> rsqrt(Builder& b, TensorId x, std::string name);
Result<TensorId> softplus(Builder& b, TensorId x, std::string name);
// Over `axes`, an int32 constant; `keep_dims`: they stay, with one entry each.
Result<TensorId> sum(Builder& b, TensorId x, TensorId axes, bool keep_dims, std::string name);
Result<TensorId> mean(Builder& b, TensorId x, TensorId axes, bool keep_dims, std::string name);

// ---- conversions ----
// The quantize or dequantize node that gives `to` the values of `from`, by the type of `to`; called like `to`.
Node conversion(const Graph& graph, TensorId from, TensorId to);

// ---- variables ----
// The node after which the variable holds the value.
Node assignment(TensorId variable, TensorId value, std::string name);
// `to` gets the elements of `from` in memory of its own. begin, size: constants, a 0 and a −1 for each dimension.
Node copy(TensorId from, TensorId begin, TensorId size, TensorId to, std::string name);

// ---- training ----
Result<TensorId> loss(Builder& b, TensorId prediction, TensorId target, const LossAttrs& attrs, std::string name);
struct Crossentropy {
  TensorId loss, probabilities;
};
Result<Crossentropy> softmax_crossentropy(Builder& b, TensorId logits, TensorId labels, float smoothing,
                                          std::string name);
// Operands as in ops/fake_quantize/fake_quantize.h; the last three may be left out.
struct FakeQuantize {
  TensorId x, q, scale, zero_point;
  TensorId range = kNoTensor, keep = kNoTensor, learned = kNoTensor;
};
Result<TensorId> fake_quantize(Builder& b, const FakeQuantize& operands, const FakeQuantizeAttrs& attrs,
                               std::string name);

}  // namespace thimble::make
