#include "ops/batch_matmul/batch_matmul.h"
#include "ops/hybrid.h"

namespace thimble::reference {
namespace {

using Plan = thimble_batch_matmul;

// body(x's and w's matrices, i, j) for each output in memory order.
template <class X, class W, class Body>
void each_output(const Plan& p, const X* x, const W* w, Body body) {
  for (int64_t b = 0; b < thimble_matmul_batches(&p); ++b) {
    thimble_dim x0 = 0, w0 = 0;
    thimble_matmul_at(&p, b, &x0, &w0);
    for (int64_t i = 0; i < p.rows; ++i)
      for (int64_t j = 0; j < p.columns; ++j) body(x + x0 + i * p.x_row, w + w0 + j * p.w_column, i, j);
  }
}

template <class W>
void wide(const RefCall& call, const Plan& p) {
  auto* y = call.out[0].as<int16_t>();
  each_output(p, call.in[0].as<int16_t>(), call.in[1].as<W>(), [&](const int16_t* x, const W* w, int64_t, int64_t j) {
    int64_t sum = 0;
    for (int64_t k = 0; k < p.depth; ++k) sum += static_cast<int64_t>(x[k * p.x_depth]) * w[k * p.w_depth];
    const int32_t v = thimble_rescale_wide(sum, thimble_matmul_multiplier(&p, j), thimble_matmul_shift(&p, j));
    *y++ = static_cast<int16_t>(thimble_clamp(v, p.lo, p.hi));
  });
}

void sums(const RefCall& call, const Plan& p) {
  auto* y = call.out[0].as<int32_t>();
  // The reference takes the integers as they are, without their zero points.
  Plan plain = p;
  plain.x_zero = plain.w_zero = 0;
  each_output(p, call.in[0].as<int8_t>(), call.in[1].as<int8_t>(),
              [&](const int8_t* x, const int8_t* w, int64_t, int64_t) {
                *y++ = static_cast<int32_t>(thimble_batch_matmul_sum(&plain, x, w));
              });
}

// Each row of x is quantised by itself.
void hybrid(const RefCall& call, const Plan& p, bool asymmetric) {
  const TensorView& wv = call.in[1];
  auto* gathered = static_cast<float*>(call.scratch);
  auto* row = reinterpret_cast<int8_t*>(gathered + p.depth);
  float* y = call.out[0].as<float>();
  float scale = 0;
  int32_t zero = 0;
  each_output(p, call.in[0].as<float>(), wv.as<int8_t>(), [&](const float* x, const int8_t* w, int64_t, int64_t j) {
    if (j == 0) {
      for (int64_t k = 0; k < p.depth; ++k) gathered[k] = x[k * p.x_depth];
      if (asymmetric) {
        quantize_asymmetric(gathered, p.depth, row, &scale, &zero);
      } else {
        scale = quantize_symmetric(gathered, p.depth, row);
      }
    }
    uint32_t sum = 0;
    for (int64_t k = 0; k < p.depth; ++k) sum += static_cast<uint32_t>((row[k] - zero) * w[k * p.w_depth]);
    *y++ = static_cast<float>(static_cast<int32_t>(sum)) * (scale * wv.scale(static_cast<size_t>(j)));
  });
}

}  // namespace

void batch_matmul(const RefCall& call) {
  const auto& p = call.plan<Plan>();
  const DType x = call.in[0].type, w = call.in[1].type;
  if (x == DType::i16) return w == DType::i16 ? wide<int16_t>(call, p) : wide<int8_t>(call, p);
  if (x == DType::i8 && call.out[0].type == DType::i32) return sums(call, p);
  if (x == DType::i8)
    return thimble_batch_matmul_s8(&p, call.in[0].as<int8_t>(), call.in[1].as<int8_t>(), call.out[0].as<int8_t>());
  if (w == DType::i8) return hybrid(call, p, call.node.attrs.as<BatchMatmulAttrs>().asymmetric_quantize_inputs);
  thimble_batch_matmul_f32(&p, call.in[0].as<float>(), call.in[1].as<float>(), call.out[0].as<float>());
}

}  // namespace thimble::reference
