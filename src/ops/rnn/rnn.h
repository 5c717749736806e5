// rnn, unidirectional_sequence_rnn, bidirectional_sequence_rnn: h = act(bias + W·x + A·aux + R·h), step by step; y are
// the h of all steps.
//
// rnn and unidirectional_sequence_rnn
//   0  x     [batch, inputs], or a sequence [batch, time, inputs] ([time, batch, inputs] with time_major)
//   1  W     [units, inputs]     2  R  [units, units]     3  bias  [units]     4  h  [batch, units], a variable
//   y  x's shape with `units` in place of `inputs`
// bidirectional_sequence_rnn: one cell goes forward, one backward
//   0  x, a sequence; 1–4 as above, forward; 5–8 backward
//   9  aux, optional: a sequence of x's batch and time; 10, 11 its weights A forward and backward. Without these, aux
//   is
//      what the backward cell reads in place of x.
//   y  two outputs, or one with the forward units first (merge_outputs)
// float32, or int8 matrices with one scale each beside float32 (hybrid): rows of x, aux and h are quantised as they
// come. Source: TensorFlow Lite RNN, UNIDIRECTIONAL_SEQUENCE_RNN and BIDIRECTIONAL_SEQUENCE_RNN, versions 1 to 3, but
// for hybrid bidirectional ones in time-major order, whose sequence TensorFlow Lite goes through `time` times.
#pragma once

#include "ops/op.h"

namespace thimble {

struct RnnAttrs {
  Activation activation = Activation::tanh;
  bool time_major = false;                  // not of rnn
  bool merge_outputs = false;               // of bidirectional_sequence_rnn
  bool asymmetric_quantize_inputs = false;  // hybrid
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("time_major", time_major);
    v("merge_outputs", merge_outputs);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

namespace rnn_input {
enum Input { kX = 0, kCell = 1 /* weights, recurrent, bias, state */, kBackward = 5, kAux = 9, kAuxWeights = 10 };
}

struct RnnPlan {
  int64_t batch, time, inputs, aux;  // aux: columns of the auxiliary input, 0 where there is none
  int64_t step, sample;              // rows of x and y from one time step to the next, from one sample to the next
  int64_t units[2];                  // forward, backward (0: there is none)
  bool backward_reads_aux;
};
void fields(PlanVisitor& v, const RnnPlan& p);

}  // namespace thimble
