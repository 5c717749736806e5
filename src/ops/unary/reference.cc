#include "ops/unary/unary.h"

namespace thimble::reference {

void unary(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<UnaryAttrs>();
  const UnaryRow& row = unary_row(call.node.op, attrs);
  const int64_t n = call.in[0].shape.elements();
  if (call.in[0].type == DType::f32) {
    const float* x = call.in[0].as<float>();
    float* y = call.out[0].as<float>();
    // hard_swish is defined by its order of float operations, which overflow where double does not.
    if (row.op == Op::hard_swish) {
      for (int64_t i = 0; i < n; ++i) y[i] = row.value_f32(x[i], attrs.alpha);
    } else {
      for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(row.value(x[i], attrs.alpha));
    }
    return;
  }
  uint8_t table[256];
  unary_table(row, attrs.alpha, call.in[0].type, *call.in[0].quant, *call.out[0].quant, table);
  const auto* x = call.in[0].as<uint8_t>();
  auto* y = call.out[0].as<uint8_t>();
  for (int64_t i = 0; i < n; ++i) y[i] = table[x[i]];
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
