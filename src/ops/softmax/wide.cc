#include "ops/softmax/wide.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/fixed_point.h"
#include "ops/lut16.h"

namespace thimble {

Status infer_softmax_wide(InferContext& ctx, float beta) {
  THIMBLE_TRY(ctx.expect_arity(1, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(0, 1, Shape::kMaxRank));
  const Tensor &x = ctx.in(0), &y = ctx.declared(0);
  THIMBLE_TRY(ctx.expect_per_tensor_quantized(x));
  if (x.quant.zero_point[0] != 0 || y.quant.scale.size() != 1 || y.quant.scale[0] != 0x1p-15f ||
      y.quant.zero_point[0] != 0)
    return fail(ErrorCode::bad_file, format("{} and {}: zero points must be 0 and the output's scale 1/32768",
                                            x.to_string(), y.to_string()));
  ctx.outputs[0] = {x.type, x.shape};
  auto& p = ctx.plan.make<thimble_softmax_wide>();
  p.n = x.shape.dim(-1);
  p.rows = p.n > 0 ? x.shape.elements() / p.n : 0;
  if (p.n > 65535) return fail(ErrorCode::unsupported, format("a row of {} values of int16", p.n));
  const double scale = static_cast<double>(x.quant.scale[0] * beta) / (10.0 / 65535.0);
  if (!(scale < 0x1p14))
    return fail(ErrorCode::bad_file, format("{}: scale {} is too large", x.to_string(), x.quant.scale[0]));
  quantize_multiplier(scale, &p.multiplier, &p.shift);
  auto *exponential = ctx.plan.array<int32_t>(kLut16), *reciprocal = ctx.plan.array<int32_t>(kLut16);
  fill_lut_16<double>(
      10.0 / 65535, 32767, 2.0 / 65535, 0, [](double v) { return std::exp(v); }, exponential);
  fill_lut_16<double>(
      1.0 / 65535, -32768, 2.0 / 65535, 0, [](double v) { return 1 / (1 + v); }, reciprocal);
  p.exponential = exponential;
  p.reciprocal = reciprocal;
  return {};
}

void softmax_wide(const RefCall& call) {
  const auto& p = call.plan<thimble_softmax_wide>();
  const int16_t* x = call.in[0].as<int16_t>();
  int16_t* y = call.out[0].as<int16_t>();
  const auto narrow = [](int32_t v) { return std::clamp(v, -32768, 32767); };
  for (int64_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const int32_t most = *std::max_element(x, x + p.n);
    int32_t sum = 0;  // Q16.15
    for (int64_t c = 0; c < p.n; ++c) {
      const int32_t difference = multiply_by_quantized_multiplier(x[c] - most, p.multiplier, p.shift);
      y[c] = lookup_16(narrow(difference + 32767), p.exponential);
      sum += y[c];
    }
    const int zeros = std::countl_zero(static_cast<uint32_t>(sum));
    const auto shifted = static_cast<int32_t>(((int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14);
    const int32_t inverse = lookup_16(narrow(shifted - ((1 << 15) + (1 << 16))), p.reciprocal);
    const int by = 31 - zeros;
    for (int64_t c = 0; c < p.n; ++c) {
      const int64_t v = (int64_t{y[c]} * inverse + (int64_t{1} << (by - 1))) >> by;
      y[c] = static_cast<int16_t>(std::clamp<int64_t>(v, 0, 32767));
    }
  }
}

}  // namespace thimble
