#include <cmath>

#include "ops/softmax/wide.h"

namespace thimble::reference {
namespace {

struct Rows {
  explicit Rows(const Shape& shape) : n(shape.dim(-1)), count(n > 0 ? shape.elements() / n : 0) {}
  int64_t n, count;
};

}  // namespace

void softmax(const RefCall& call) {
  if (call.in[0].type == DType::i16) return softmax_wide(call);
  const auto& p = call.plan<thimble_softmax>();
  const TensorView &x = call.in[0], &y = call.out[0];
  const bool log = call.node.op == Op::log_softmax;
  if (x.type == DType::f32) {
    return log ? thimble_log_softmax_f32(&p, x.as<float>(), y.as<float>())
               : thimble_softmax_f32(&p, x.as<float>(), y.as<float>());
  }
  const int flip = x.type == DType::u8 ? 0x80 : 0;
  if (log) return thimble_log_softmax_bytes(&p, x.as<int8_t>(), y.as<int8_t>(), flip);
  if (y.type == DType::i16) return thimble_softmax_s8_s16(&p, x.as<int8_t>(), y.as<int16_t>());
  thimble_softmax_bytes(&p, x.as<int8_t>(), y.as<int8_t>(), flip);
}

void softmax_grad(const RefCall& call) {
  const float beta = call.node.attrs.as<SoftmaxAttrs>().beta;
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float *y = call.in[0].as<float>() + r * rows.n, *dy = call.in[1].as<float>() + r * rows.n;
    float* dx = call.out[0].as<float>() + r * rows.n;
    float dot = 0;
    for (int64_t c = 0; c < rows.n; ++c) dot += y[c] * dy[c];
    for (int64_t c = 0; c < rows.n; ++c) dx[c] = beta * y[c] * (dy[c] - dot);
  }
}

void log_softmax_grad(const RefCall& call) {
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float *y = call.in[0].as<float>() + r * rows.n, *dy = call.in[1].as<float>() + r * rows.n;
    float* dx = call.out[0].as<float>() + r * rows.n;
    float sum = 0;
    for (int64_t c = 0; c < rows.n; ++c) sum += dy[c];
    for (int64_t c = 0; c < rows.n; ++c) dx[c] = dy[c] - std::exp(y[c]) * sum;
  }
}

}  // namespace thimble::reference
