#include "runtime/legacy_weights.h"

#include <algorithm>

namespace thimble {

std::vector<std::vector<int8_t>> legacy_weights(const Tensor& weights, int channel_axis) {
  const std::span<const uint8_t> w = weights.data.as<uint8_t>();
  const Quantization& q = weights.quant;
  const auto channels = static_cast<size_t>(weights.shape[channel_axis]);
  const auto inner = static_cast<size_t>(weights.shape.elements(channel_axis + 1, weights.shape.rank()));
  std::vector<std::vector<int8_t>> parts(2, std::vector<int8_t>(w.size()));
  bool second = false;
  for (size_t i = 0; i < w.size(); ++i) {
    const int value = w[i] - q.zero_point[q.per_axis() ? i / inner % channels : 0];
    const int first = std::clamp(value, -127, 127), rest = value - first;
    if (rest < -127 || rest > 127) return {};
    parts[0][i] = static_cast<int8_t>(first);
    parts[1][i] = static_cast<int8_t>(rest);
    second |= rest != 0;
  }
  if (!second) parts.pop_back();
  return parts;
}

}  // namespace thimble
