#include <algorithm>
#include <cmath>

#include "ops/axes.h"
#include "ops/concatenation/concatenation.h"
#include "ops/op.h"

namespace thimble::reference {
namespace {

// uint8 of one scale as uint8 of another.
uint8_t rescaled(uint8_t q, const TensorView& x, const TensorView& y) {
  const float scale = x.scale() * (1.0f / y.scale());
  const float bias = static_cast<float>(-x.zero_point()) * scale;
  const float value = std::clamp(std::round(static_cast<float>(q) * scale + bias), -1e6f, 1e6f);
  return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(value) + y.zero_point(), 0, 255));
}

}  // namespace

void concatenation(const RefCall& call) {
  const TensorView& y = call.out[0];
  int axis = call.node.attrs.as<ConcatenationAttrs>().axis;
  if (axis < 0) axis += y.shape.rank();
  int64_t at = 0;
  for (const TensorView& x : call.in) {
    const StridedCopy plan = plan_part(x.shape, y.shape, axis, at, bits(x.type) / 8, true);
    at += x.shape[axis];
    plan.copy(x.as<uint8_t>(), y.as<uint8_t>());
    if (x.type != DType::u8 || x.quant->empty() ||
        (x.quant->scale == y.quant->scale && x.quant->zero_point == y.quant->zero_point))
      continue;
    const int64_t rows = y.shape.elements(0, axis), inside = y.shape.elements(axis + 1, y.shape.rank());
    for (int64_t r = 0; r < rows; ++r) {
      uint8_t* part = y.as<uint8_t>() + (r * y.shape[axis] + at - x.shape[axis]) * inside;
      for (int64_t i = 0; i < x.shape[axis] * inside; ++i) part[i] = rescaled(part[i], x, y);
    }
  }
}

}  // namespace thimble::reference
