// Reverse-mode differentiation: each src/ops/*/grad.cc gives the vector-Jacobian product of one
// operator in terms of graph operators, so the backward pass is graph like any other.
#pragma once

#include "ops/builder.h"
#include "ops/column.h"

namespace thimble {

class GradContext {
 public:
  GradContext(Builder& b, const Node& n, std::vector<TensorId> output_gradients, std::vector<char> input_needs)
      : builder(b),
        node(n),
        input_grads(n.inputs.size(), kNoTensor),
        dy_(std::move(output_gradients)),
        needs_(std::move(input_needs)) {}

  Builder& builder;
  const Node node;                    // a copy: the builder appends to the graph's node list
  std::vector<TensorId> input_grads;  // to fill where needs(i): same shape as the input

  TensorId x(size_t i) const { return node.inputs[i]; }
  TensorId y(size_t i = 0) const { return node.outputs[i]; }
  const Tensor& at(TensorId t) const { return builder.at(t); }
  // Gradient of the loss with respect to output i; kNoTensor if the loss does not depend on it.
  TensorId dy(size_t i = 0) const { return dy_[i]; }
  bool needs(size_t i) const { return i < needs_.size() && needs_[i]; }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }

 private:
  std::vector<TensorId> dy_;
  std::vector<char> needs_;
};

using GradFn = Status (*)(GradContext&);
const Cell<GradFn>& gradient_of(Op op);

// dy through the fused activation of an operator whose output is y (relu and its kin need only y).
Result<TensorId> activation_gradient(GradContext& ctx, Activation activation);

// Appends the backward pass to the builder's graph: gradients of the scalar `loss` with respect to
// each of `wanted` (kNoTensor where the loss does not depend on it). Contributions to one tensor
// are added in the order in which they arise.
Result<std::vector<TensorId>> differentiate(Builder& builder, TensorId loss, std::span<const TensorId> wanted);

}  // namespace thimble
