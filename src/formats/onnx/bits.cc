// ONNX's operators that only reductions and casts of newer kinds express.
#include <algorithm>

#include "formats/onnx/constants.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {
namespace {

Ids reduce_prod(Maker& m, Call& c) {
  bool given;
  Ints axes = c.ints_of(1, "axes", &given);
  if (axes.empty()) {
    if (c.i("noop_with_empty_axes", 0)) return {c[0]};
    for (int d = 0; d < m.rank(c[0]); ++d) axes.push_back(d);
  }
  if (m.rank(c[0]) == 0) return {c[0]};
  return {m.reduce(Op::reduce_prod, c[0], axes, c.i("keepdims", 1) != 0)};
}

Ids bit_cast(Maker& m, Call& c) {
  auto to = dtype_of(static_cast<int32_t>(std::clamp<int64_t>(c.i("to", 0), -1, 1000)));
  if (!to) return {m.fail(std::move(to).error())};
  if (bits(*to) != bits(m.type(c[0]))) return {m.bad(format("{} as {}", name(m.type(c[0])), name(*to)))};
  if (*to == m.type(c[0])) return {c[0]};
  return {m.ops(Op::bitcast, {c[0]}, {}, 1, {.type = *to})[0]};
}

constexpr Rule kRules[] = {
    {"BitCast", 1, 1, bit_cast},
    {"ReduceProd", 1, 2, reduce_prod},
};

}  // namespace

std::span<const Rule> bits_rules() { return kRules; }

}  // namespace thimble::onnx
