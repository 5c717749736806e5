// fully_connected: y[b, o] = act(bias[o] + Σ_i x[b, i] · w[o, i])
//
//   x     float32, int8 or uint8, any rank ≥ 1; read as [batch, inputs]
//   w     [outputs, inputs], the type of x (or int8 under float32 x: hybrid)
//   bias  [outputs], optional; float32, or int32 with scale x·w
//   y     [batch, outputs], or x's shape with its last dimension replaced when keep_num_dims
// int8: weights per tensor or per output row, zero point 0; acc = Σ (x − zx)·w + bias, then
// q = round(acc · (s_x·s_w/s_y)) + zy in double precision, half away from zero, clamped to the
// activation's quantised range (LiteRT's reference; TFLite Micro rounds twice). uint8 (legacy):
// weights carry a zero point too. Hybrid: each batch row of x is quantised at run time.
// Source: TensorFlow Lite FULLY_CONNECTED, versions 1 to 12.
#pragma once

#include "graph/graph.h"
#include "ops/fully_connected/kernel.h"
#include "ops/plan.h"

namespace thimble {

struct FullyConnectedAttrs {
  Activation activation = Activation::none;
  bool keep_num_dims = false;
  bool asymmetric_quantize_inputs = false;
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("keep_num_dims", keep_num_dims);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_fully_connected& p) {
  v.number("batch", p.batch);
  v.number("inputs", p.inputs);
  v.number("outputs", p.outputs);
  v.number("zero point of x", p.x_zero);
  v.number("zero point of y", p.y_zero);
  v.number("low", p.lo);
  v.number("high", p.hi);
  v.begin("scales");
  v.number("count", p.scales.count);
  v.array("upper bits", p.scales.high, p.scales.count);
  v.array("lower bits", p.scales.low, p.scales.count);
  v.array("shifts", p.scales.shift, p.scales.count);
  v.end();
  fields(v, "range", p.range);
}
