// bidirectional_sequence_lstm: one LSTM cell goes through the sequence forward, one backward (ops/lstm_forms.h)
//
//   0      x       [batch, time, inputs], or [time, batch, inputs] with time_major
//   1–17   forward: weights 4, recurrent weights 4, peepholes 3, biases 4, projection and its bias
//   18–34  backward, the same          35–38  states: h and c forward, h and c backward; variables
//   39     aux, optional: a sequence of x's batch and time; 40–43, 44–47 its weights forward and backward. Without
//          these, aux is what the backward cell reads in place of x.
//   y      two outputs, or one with the forward outputs first (merge_outputs)
// float32 and hybrid. Source: TensorFlow Lite BIDIRECTIONAL_SEQUENCE_LSTM, versions 1 to 3, but for merged outputs of
// several samples in batch-major order, where TensorFlow Lite mistakes the states' places.
#pragma once

#include "ops/lstm_forms.h"
#include "ops/op.h"

namespace thimble {

struct BidirectionalLstmAttrs {
  Activation activation = Activation::tanh;
  float cell_clip = 0, proj_clip = 0;  // 0: none
  bool merge_outputs = false;
  bool time_major = true;
  bool asymmetric_quantize_inputs = false;  // hybrid
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("cell_clip", cell_clip);
    v("proj_clip", proj_clip);
    v("merge_outputs", merge_outputs);
    v("time_major", time_major);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

namespace bidirectional_lstm {
inline constexpr int kX = 0, kAux = 39, kAuxWeights = 40, kInputs = 48;

struct Plan {
  lstm_forms::Plan forward, backward;
  bool backward_reads_aux;
};
void fields(PlanVisitor& v, const Plan& p);
}  // namespace bidirectional_lstm

}  // namespace thimble
