// What a packed file leaves out because it follows from the operator: the types and shapes of operands, and
// the quantisation of tensors whose scale another one decides. A guess need not hold: one decision in the file
// says whether it does. The rules are part of the format (docs/thim.md).
#pragma once

#include <array>

#include "ops/op.h"

namespace thimble::thim {

// The tensor that operand `position` of a node is likely to be, seen the operands before it. A dimension of −1 is
// not guessed; a rank of −1 says nothing about the shape.
struct Guess {
  DType type = DType::f32;
  int rank = -1;
  std::array<int64_t, Shape::kMaxRank> dims{};
};
Guess guess_operand(const Graph& graph, const Node& node, size_t position);

// How many inputs a node of this kind has most often.
uint64_t usual_inputs(Op op);

// Element type of output 0 … of a node whose inputs are known.
DType guess_output_type(const Graph& graph, const Node& node);

// The quantisation that rules give: of a bias, input scale · weight scale, zero point 0; of outputs, what the
// operator fixes (softmax, sigmoid …) or that of an input. Empty where there is no rule.
Quantization derived_operand(const Graph& graph, const Node& node, size_t position);
Quantization derived_output(const Graph& graph, const Node& node, DType type);

}  // namespace thimble::thim
