#include "ops/unary/wide.h"

namespace thimble::reference {

void unary(const RefCall& call) {
  if (call.derived->holds<thimble_unary_wide>()) return unary_wide(call);
  const auto& p = call.plan<thimble_unary>();
  if (call.in[0].type != DType::f32) return thimble_unary_s8(&p, call.in[0].as<int8_t>(), call.out[0].as<int8_t>());
  const UnaryRow& row = unary_row(call.node.op, call.node.attrs.as<UnaryAttrs>());
  const float* x = call.in[0].as<float>();
  float* y = call.out[0].as<float>();
  // In double; C's float form (kernel.h) is held against it. hard_swish is defined by its order of float operations,
  // which overflow where double does not.
  if (row.op == Op::hard_swish) return thimble_hard_swish_f32(&p, x, y);
  for (int64_t i = 0; i < p.n; ++i) y[i] = static_cast<float>(row.value(x[i], p.alpha));
}

void unary_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<UnaryGradAttrs>();
  const UnaryRow& row = unary_rows()[static_cast<size_t>(attrs.row)];
  const float *x = call.in[0].as<float>(), *dy = call.in[2].as<float>();
  float* dx = call.out[0].as<float>();
  for (int64_t i = 0; i < call.in[0].shape.elements(); ++i)
    dx[i] = static_cast<float>(dy[i] * row.slope(x[i], attrs.alpha));
}

}  // namespace thimble::reference
