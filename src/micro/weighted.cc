#include "micro/weighted.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/format.h"
#include "base/numbers.h"

namespace thimble::micro {
namespace {

constexpr int64_t kSumLimit = int64_t{1} << 30;

// The bias, if sums stay below the limit with it; or one with which they do, if all sums of both have the same result.
std::optional<int32_t> bias_within(const thimble_requantize& y, int64_t output, int32_t bias, int64_t reach) {
  const int64_t room = kSumLimit - 1 - reach, most = std::abs(int64_t{bias}) + reach;
  if (room < 0 || most > INT32_MAX) return std::nullopt;
  const auto nearest = static_cast<int32_t>(std::clamp<int64_t>(bias, -room, room));
  if (nearest == bias) return bias;
  const auto result = [&](int64_t sum) { return thimble_requantized(&y, static_cast<int32_t>(sum), output); };
  const int32_t lowest = result(bias - reach);  // requantisation is monotonic
  const bool same =
      result(bias + reach) == lowest && result(nearest - reach) == lowest && result(nearest + reach) == lowest;
  return same ? std::optional(nearest) : std::nullopt;
}

}  // namespace

void expect_constant_weights(EmitContext& ctx) {
  if (!ctx.in(1).constant() || (ctx.has(2) && !ctx.in(2).constant()))
    ctx.not_on_avr("weights are computed while it runs");
}

Status emit_u8(EmitContext& ctx, std::string_view family) {
  if (ctx.in(1).type != DType::u8) return ctx.unsupported("weights of another type beside uint8", "quantise to int8");
  const auto& zeros = ctx.in(1).quant.zero_point;
  ctx.call(kernel(family), format("thimble_{}_u8", family),
           {ctx.plan(format("thimble_{}", family)), ctx.operand(0), ctx.operand(1),
            ctx.constant("zeros", std::span<const int32_t>(zeros)), std::to_string(zeros.size()), ctx.operand(2),
            ctx.result()});
  return {};
}

LayerFacts layer_facts(const EmitContext& ctx, int64_t outputs, int64_t first, int64_t stride, int32_t x_zero) {
  LayerFacts facts;
  if (ctx.in(0).type != DType::i8 || ctx.in(1).type != DType::i8 || !ctx.in(1).constant() ||
      (ctx.has(2) && !ctx.in(2).constant()))
    return facts;
  const auto w = ctx.in(1).data.as<int8_t>();
  const int64_t each = ctx.in(1).shape.elements() / outputs, farthest = std::max(127 - x_zero, x_zero + 128);
  for (int64_t o = 0; o < outputs; ++o) {
    const int32_t bias = ctx.has(2) ? ctx.in(2).data.as<int32_t>()[static_cast<size_t>(o)] : 0;
    int64_t sum = 0, sizes = 0;
    for (int64_t i = 0; i < each; ++i) {
      const int64_t weight = w[static_cast<size_t>(o * first + i * stride)];
      sum += weight;
      sizes += std::abs(weight);
    }
    facts.bias.push_back(bias);
    facts.folded.push_back(static_cast<int32_t>(static_cast<uint32_t>(bias) - static_cast<uint32_t>(x_zero * sum)));
    facts.reach.push_back(farthest * sizes);
  }
  return facts;
}

bool make_plain(const thimble_requantize& y, LayerFacts& facts) {
  for (size_t o = 0; o < facts.bias.size(); ++o) {
    if (y.multiplier[o] < 0 || y.shift[o] > -1 || y.shift[o] < -31) return false;
    const auto bias = bias_within(y, static_cast<int64_t>(o), facts.bias[o], facts.reach[o]);
    if (!bias) return false;
    facts.folded[o] += *bias - facts.bias[o];
    facts.bias[o] = *bias;
  }
  return !facts.bias.empty();
}

std::vector<int8_t> packed_weights(std::span<const int8_t> w, int64_t rows, int64_t columns, int64_t group) {
  std::vector<int8_t> packed;
  packed.reserve(w.size());
  const auto add = [&](int64_t row, int64_t column, int64_t count) {
    const auto from = w.begin() + row * columns + column;
    packed.insert(packed.end(), from, from + count);
  };
  int64_t row = 0;
  for (; row + group <= rows; row += group)
    for (int64_t column = 0; column < columns; column += 16)
      for (int64_t r = 0; r < group; ++r) add(row + r, column, std::min<int64_t>(16, columns - column));
  for (; row < rows; ++row) add(row, 0, columns);
  return packed;
}

std::vector<int8_t> paired_weights(std::span<const int8_t> w, int64_t rows, int64_t columns) {
  const int64_t even = round_up<int64_t>(columns, 2), read = round_up<int64_t>(columns, 16);
  std::vector<int8_t> paired;
  paired.reserve(static_cast<size_t>((rows + 1) * even));
  for (int64_t row = 0; row < rows; row += 2)
    for (int64_t column = 0; column < even; ++column)
      for (const int64_t r : {row, row + 1})
        paired.push_back(r < rows && column < columns ? w[static_cast<size_t>(r * columns + column)] : int8_t{0});
  paired.resize(paired.size() + static_cast<size_t>(2 * (read - even)));
  return paired;
}

}  // namespace thimble::micro
