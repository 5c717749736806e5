// lower_gemm for legacy uint8 networks, whose weights have a zero point: the product goes through the int8 kernels,
// over twice the taps where the weights do not fit one int8.
#include "runtime/legacy_weights.h"
#include "runtime/lower_gemm_parts.h"

namespace thimble::gemm_lowering {
namespace {

// Each window reads its elements twice. Column j of the weights: part 0's taps, then part 1's.
GemmShape doubled(const GemmShape& s) {
  GemmShape twice = s;
  twice.taps = 2 * s.taps;
  twice.window = nullptr;
  twice.offsets.clear();
  twice.offsets.reserve(static_cast<size_t>(s.m * twice.taps));
  for (int64_t row = 0; row < s.m; ++row)
    for (int part = 0; part < 2; ++part)
      for (int64_t t = 0; t < s.taps; ++t)
        twice.offsets.push_back(s.offsets.empty() ? static_cast<int32_t>(row * s.k)
                                                  : s.offsets[static_cast<size_t>(row * s.taps + t)]);
  return twice;
}

std::vector<int8_t> joined(const GemmShape& s, const std::vector<std::vector<int8_t>>& parts) {
  std::vector<int8_t> w;
  w.reserve(2 * parts[0].size());
  if (s.weights_transposed) {  // [taps · k, n]
    for (const auto& part : parts) w.insert(w.end(), part.begin(), part.end());
    return w;
  }
  const int64_t column = s.taps * s.k;
  for (int64_t j = 0; j < s.n; ++j)
    for (const auto& part : parts) w.insert(w.end(), part.begin() + j * column, part.begin() + (j + 1) * column);
  return w;
}

}  // namespace

Result<bool> lower_u8(LowerContext& ctx, const GemmShape& s) {
  const Tensor& weights = ctx.in(1);
  const std::vector<std::vector<int8_t>> parts =
      legacy_weights(weights, s.weights_transposed ? weights.shape.rank() - 1 : 0);
  if (parts.empty() || (s.offsets.empty() && s.m * s.k > INT32_MAX)) return false;
  if (parts.size() == 1) return lower_s8(ctx, s, parts[0].data());
  return lower_s8(ctx, doubled(s), joined(s, parts).data());
}

}  // namespace thimble::gemm_lowering
