// lstm_cell: one step of an LSTM, in the two forms of TensorFlow Lite's LSTM.
//
// full: the inputs of unidirectional_sequence_lstm with x [batch, inputs]; y [batch, outputs]. What it computes:
//   ops/lstm_forms.h.
// basic: concatenated weights, and what it works with as outputs
//   0 x [batch, inputs]     1 h [batch, units]     2 weights [4·units, inputs + units] of i, cell, f, o
//   3 bias [4·units]        4 c [batch, units]
//   outputs: the new h, the new c, x beside h [batch, inputs + units], the gates before activation [batch, 4·units]
//   Where h and c are variables they become the new ones. float32, or uint8 (x and h with scale 1/128 and zero point
//   128, weights with a zero point, int32 bias, c int16 with scale 2^-11, gates int16 in Q3.12).
// Source: TensorFlow Lite LSTM, versions 1 to 4; of integers the form 8x8_16.
#pragma once

#include "ops/lstm_forms.h"
#include "ops/op.h"

namespace thimble {

struct LstmCellAttrs {
  Activation activation = Activation::tanh;
  float cell_clip = 0, proj_clip = 0;  // 0: none
  bool basic = false;
  bool asymmetric_quantize_inputs = false;  // hybrid
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("cell_clip", cell_clip);
    v("proj_clip", proj_clip);
    v("basic", basic);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

namespace basic_lstm {
enum Input { kX, kHidden, kWeights, kBias, kCell };
enum Output { kNewHidden, kNewCell, kConcatenated, kGates };

struct Plan {
  int64_t batch, inputs, units;
  bool keeps_hidden, keeps_cell;     // they are variables
  int32_t weights_zero, multiplier;  // uint8
  int8_t shift;
};
void fields(PlanVisitor& v, const Plan& p);
}  // namespace basic_lstm

}  // namespace thimble
