// svdf: a dense layer as filters of low rank over time
//   m[b, f] = Σ_i x[b, i] · wf[f, i] enters the memory of filter f, whose oldest value leaves it
//   y[b, u] = act(bias[u] + Σ over the `rank` filters f of unit u, f = u · rank …, Σ_t memory[b, f, t] · wt[f, t])
//
//   0  x      [batch, inputs]           float32 or int8
//   1  wf     [filters, inputs]         float32; int8, zero point 0
//   2  wt     [filters, memory]         float32; int8 beside int8 wf and float32 x; int16 or int8 beside int8 x
//   3  bias   [filters / rank]          optional; float32 or int32
//   4  state  [batch, filters · memory] a variable; float32, or the type of wt, zero point 0
//   y  [batch, filters / rank]
// Hybrid (float32 x, int8 wf): rows of x are quantised as they come. Integers: m is requantised to the state's scale,
// sums to the output's, both by gemmlowp double rounding; their activation is relu, which the output's range stands
// for. Source: TensorFlow Lite SVDF, versions 1 to 4; with int8 wt, TensorFlow Lite Micro.
#pragma once

#include "base/c99.h"
#include "ops/op.h"

namespace thimble {

struct SvdfAttrs {
  int rank = 1;
  Activation activation = Activation::none;
  bool asymmetric_quantize_inputs = false;  // hybrid
  template <class V>
  void fields(V& v) {
    v("rank", rank);
    v("activation", activation);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

namespace svdf_input {
enum Input { kX, kFeature, kTime, kBias, kState };
}

struct SvdfPlan {
  int64_t batch, inputs, filters, memory, rank;
  int32_t x_zero, y_zero, state_multiplier, y_multiplier;  // integers
  int8_t state_shift, y_shift;
};
void fields(PlanVisitor& v, const SvdfPlan& p);

}  // namespace thimble
