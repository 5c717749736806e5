// unidirectional_sequence_lstm: a whole LSTM layer as one operator, the form that .tflite files carry.
//
//    0      x                     [batch, time, inputs], or [time, batch, inputs] with time_major
//    1–4    input weights         [units, inputs] of the gates i, f, g (cell), o; without those of i the gates i and f
//                                 are coupled (CIFG), and all else of i is left out too
//    5–8    recurrent weights     [units, outputs], same order
//    9–11   peephole weights      [units] of i, f, o; all or none
//   12–15   biases                [units]; float32, or int32 with scale x·w
//   16–17   projection            optional [outputs, units] and its bias [outputs]; without it outputs = units
//   18      activation state h    [batch, outputs], a variable
//   19      cell state c          [batch, units], a variable
//   20–23   layer normalisation   optional [units] of the gates
//   y       [batch, time, outputs] (or time-major)
//
//   i, f = sigmoid(W·x + R·h + b (+ p∘c)), g = act(W·x + R·h + b), c = f∘c + i∘g, clipped to ±cell_clip
//   where that is > 0, o = sigmoid(W·x + R·h + b (+ p∘c)), h = o∘act(c)
// What the other forms compute: ops/lstm_forms.h. float32; hybrid: int8 weights with one scale each, x_t and h
// quantised per batch row at run time; and integer 8x8_16 (kernel.h). States are updated in place and keep their value
// between runs. Source: TensorFlow Lite UNIDIRECTIONAL_SEQUENCE_LSTM, versions 1 to 4.
#pragma once

#include "ops/op.h"
#include "ops/unidirectional_sequence_lstm/kernel.h"

namespace thimble {

struct SequenceLstmAttrs {
  Activation activation = Activation::tanh;
  float cell_clip = 0, proj_clip = 0;  // 0: none
  bool time_major = false;
  bool asymmetric_quantize_inputs = false;  // hybrid
  bool diagonal_recurrent_tensors = false;  // not supported
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("cell_clip", cell_clip);
    v("proj_clip", proj_clip);
    v("time_major", time_major);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
    v("diagonal_recurrent_tensors", diagonal_recurrent_tensors);
  }
};

namespace sequence_lstm {

enum Input {
  kInput = 0,
  kInputWeights = 1,      // 4 gates
  kRecurrentWeights = 5,  // 4 gates
  kPeephole = 9,          // i, f, o
  kBias = 12,             // 4 gates
  kProjection = 16,
  kHiddenState = 18,
  kCellState = 19,
  kLayerNorm = 20
};
inline constexpr int kGates = 4;
inline constexpr size_t kHiddenIntermediate = 4;  // intermediates[4]: quantisation of h

// Whether a node has the form of kernel.h: four gates, no projection, no layer normalisation, peepholes in float32
// alone.
bool plain(const Node& node, DType x, DType weights);
// What the shapes and attributes say; no scales.
thimble_unidirectional_sequence_lstm plan(const SequenceLstmAttrs& attrs, const Shape& x, const Shape& state);
// The operands of float32 cells.
thimble_lstm_weights_f32 float_weights(std::span<const TensorView> in);

}  // namespace sequence_lstm
}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_unidirectional_sequence_lstm& p);
