// What the recurrent operators (RNN, SVDF, LSTM in its full forms) share: rows that are quantised as they come,
// products of a row with a matrix, activations, and the checks of weights and states.
#pragma once

#include "ops/operands.h"

namespace thimble::recurrent {

// A fused activation of one float.
float activate(Activation a, float v);

// A row of floats and, where the matrices it meets are int8, its quantised form (hybrid.h) in memory of the caller.
struct Row {
  const float* x = nullptr;
  int64_t n = 0;
  const int8_t* q = nullptr;
  float scale = 1;
  int32_t zero = 0;

  // `memory`: n bytes, or null where no matrix is int8.
  Row(const float* values, int64_t count, int8_t* memory, bool asymmetric);
  // Row `unit` of the matrix [units, n] times this row.
  float times(const TensorView& matrix, int64_t unit) const;
};

// The shape that input i must have; it may not be left out.
Status expect_shape(const InferContext& ctx, int input, const Shape& shape);
// A variable tensor of this type and shape.
Status expect_state(const InferContext& ctx, int input, DType type, const Shape& shape);
// A float32 matrix, or an int8 one with one scale and zero point 0.
Status expect_matrix(const InferContext& ctx, int input, DType type, const Shape& shape);

// Resize of operators whose states have a row per example: they get as many rows as the batch that `to` speaks of has.
Status resize_state(Resize& to, size_t input);

}  // namespace thimble::recurrent
