#include "app/weight_facts.h"

#include <algorithm>
#include <cmath>

#include "runtime/tensor_values.h"

namespace thimble::app {

WeightFacts facts_of(const Tensor& tensor, size_t bins) {
  WeightFacts facts;
  const int64_t count = tensor.shape.elements();
  if (count == 0 || tensor.type == DType::i4) return facts;
  Tensor stored = tensor;
  stored.quant = {};
  std::vector<float> values(static_cast<size_t>(count));
  read_output(stored, {tensor.data.bytes, tensor.data.size}, values);
  if (const Quantization& quant = tensor.quant; !quant.empty()) {
    const bool per_axis = quant.per_axis() && quant.axis < tensor.shape.rank();
    const int64_t inner = per_axis ? tensor.shape.elements(quant.axis + 1, tensor.shape.rank()) : count;
    for (int64_t i = 0; i < count; ++i) {
      const auto channel =
          per_axis ? static_cast<size_t>(i / inner % tensor.shape[quant.axis]) % quant.scale.size() : 0;
      float& v = values[static_cast<size_t>(i)];
      v = (v - static_cast<float>(quant.zero_point[channel])) * quant.scale[channel];
    }
  }
  facts.low = facts.high = values[0];
  int64_t zeros = 0;
  for (float v : values) {
    facts.low = std::min(facts.low, v), facts.high = std::max(facts.high, v);
    zeros += v == 0;
  }
  facts.zero_share = static_cast<double>(zeros) / static_cast<double>(count);
  const double low = facts.low, width = facts.high - low;
  if (bins == 0 || !(width > 0) || !std::isfinite(width)) return facts;
  facts.histogram = {low, facts.high, std::vector<int64_t>(bins, 0)};
  for (const float v : values) {
    const double share = (v - low) / width;
    if (share >= 0)
      ++facts.histogram.counts[std::min(bins - 1, static_cast<size_t>(share * static_cast<double>(bins)))];
  }
  return facts;
}

}  // namespace thimble::app
