#include "micro/weighted.h"

#include <algorithm>

namespace thimble::micro {

void expect_constant_weights(EmitContext& ctx) {
  if (!ctx.in(1).constant() || (ctx.has(2) && !ctx.in(2).constant()))
    ctx.not_on_avr("weights are computed while it runs");
}

LayerFacts layer_facts(const EmitContext& ctx, int64_t outputs, int64_t first, int64_t stride, int32_t x_zero) {
  LayerFacts facts;
  facts.constant = ctx.in(0).type == DType::i8 && ctx.in(1).constant() && (!ctx.has(2) || ctx.in(2).constant());
  if (!facts.constant) return facts;
  const auto w = ctx.in(1).data.as<int8_t>();
  const int64_t each = ctx.in(1).shape.elements() / outputs;
  for (int64_t o = 0; o < outputs; ++o) {
    const int32_t bias = ctx.has(2) ? ctx.in(2).data.as<int32_t>()[static_cast<size_t>(o)] : 0;
    int64_t sum = 0;
    for (int64_t i = 0; i < each; ++i) sum += w[static_cast<size_t>(o * first + i * stride)];
    facts.folded.push_back(static_cast<int32_t>(static_cast<uint32_t>(bias) - static_cast<uint32_t>(x_zero * sum)));
  }
  return facts;
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

bool shifts_right(const thimble_requantize& y, int64_t outputs) {
  return std::all_of(y.shift, y.shift + outputs, [](int8_t shift) { return shift <= -1; });
}

}  // namespace thimble::micro
