// float16 weights: each constant is stored as float16 and a dequantize node widens it for its readers.
// Runtimes fold that node away when they load the model.
#include <algorithm>
#include <cmath>

#include "base/half.h"
#include "compress/quantize/internal.h"
#include "ops/make.h"

namespace thimble::compress {
namespace {

// A dequantize operator and its tensor take about this much room in a file.
constexpr int64_t kNodeElements = 64;

// Below this float16 has fewer digits, and below half of its smallest step none.
constexpr float kSmallestNormal = 0x1p-14f, kVanishing = 0x1p-25f;

int64_t vanishing(const Tensor& tensor) {
  return std::ranges::count_if(tensor.data.as<float>(), [](float v) { return v != 0 && std::fabs(v) <= kVanishing; });
}

std::string obstacle(const Tensor& tensor) {
  if (tensor.shape.elements() <= kNodeElements)
    return tensor.shape.elements() == 1
               ? std::string("one value: the DEQUANTIZE operator would take more room than it saves")
               : format("{} values: the DEQUANTIZE operator would take more room than they save",
                        tensor.shape.elements());
  float largest = 0;
  for (float v : tensor.data.as<float>()) {
    if (std::fabs(v) > 65504.0f) return format("its value {} does not fit float16 (65504 at most)", v);
    largest = std::max(largest, std::fabs(v));
  }
  if (largest > 0 && largest < kSmallestNormal)
    return format("its largest value {} is below {:.3g}, where float16 loses digits", largest, kSmallestNormal);
  // Weights are summed with larger ones; what scales or shifts a channel by itself is not.
  if (const int64_t n = vanishing(tensor); n > 0 && tensor.shape.rank() < 2)
    return format("{} of its {} values would become 0 in float16 (below {:.2g})", n, tensor.shape.elements(),
                  kVanishing);
  return {};
}

Tensor halved(const Tensor& tensor) {
  std::vector<uint16_t> half;
  for (float v : tensor.data.as<float>()) half.push_back(float_to_half(v));
  return {.name = tensor.name,
          .type = DType::f16,
          .shape = tensor.shape,
          .data = Data::of(std::span<const uint16_t>(half))};
}

}  // namespace

Result<Quantized> to_float16(const Graph& source, const QuantizeOptions& options) {
  Quantized result;
  result.graph = source;
  Graph& graph = result.graph;
  Ledger ledger(source);
  std::vector<TensorId> widened(source.tensors.size(), kNoTensor);  // the dequantised form
  std::vector<Node> nodes;
  for (Node node : source.nodes) {
    const bool wanted = selected(options, source, node);
    for (TensorId& t : node.inputs) {
      if (t == kNoTensor || !source.at(t).constant() || source.at(t).type != DType::f32) continue;
      const auto i = static_cast<size_t>(t);
      std::string why = wanted ? obstacle(source.at(t)) : "not among the chosen layers";
      if (!why.empty()) {
        ledger.becomes(t, source.at(t), std::move(why));
        continue;
      }
      if (widened[i] == kNoTensor) {
        Tensor half = halved(source.at(t));
        const int64_t lost = vanishing(source.at(t));
        ledger.becomes(t, half,
                       lost == 0 ? ""
                                 : format("{} of its {} values became 0: below {:.2g}, which float16 lacks", lost,
                                          source.at(t).shape.elements(), kVanishing));
        const TensorId stored = graph.add(std::move(half));
        widened[i] = graph.add({.name = source.at(t).name + "/float32", .shape = source.at(t).shape});
        nodes.push_back(make::conversion(graph, stored, widened[i]));
      }
      t = widened[i];
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  ledger.finish(result);
  return result;
}

}  // namespace thimble::compress
