// What the three forms of quantisation share. Private to the compress room.
#pragma once

#include "compress/layer_choice.h"
#include "compress/quantize/quant_rule.h"
#include "compress/quantize/quantize.h"

namespace thimble::compress {

// Keeps account of what each constant of the source graph becomes.
class Ledger {
 public:
  explicit Ledger(const Graph& source) : source_(source), entries_(source.tensors.size()) {}

  // A reader of constant `t` now reads `now`. `why`: for constants that stay in float32, and for int8 ones whose
  // values need fewer bits.
  void becomes(TensorId t, const Tensor& now, std::string why = {});
  // As before, for a copy that is shared with an earlier reader.
  void shares(TensorId t, std::string why) { remember(t, std::move(why)); }
  // Fills Quantized::left and ::sizes; constants that nothing spoke of count as unchanged.
  void finish(Quantized& result) const;

 private:
  struct Entry {
    int64_t after = 0;
    DType type = DType::count;
    int64_t float_bytes = 0;
    std::string why;
  };
  void remember(TensorId t, std::string why);

  const Graph& source_;
  std::vector<Entry> entries_;
};

// Whether the options choose a node.
inline bool selected(const QuantizeOptions& options, const Graph& graph, const Node& node) {
  return selected(options.layers, graph, node);
}
// How many bits the weights of a node get.
int bits_of(const QuantizeOptions& options, const Graph& graph, const Node& node);

// Weights and biases that a rule names must be float32 constants: why a node's are not, or empty.
std::string weights_obstacle(const Graph& graph, const Node& node, const QuantRule& rule);
// The axis whose slices get a scale each, or −1 for one scale: that is given to weights of few different values
// (clustered ones), which a scale per channel would turn into many.
int scale_axis(const Tensor& weights, int axis);
// All weight inputs of a rule that the node has.
std::vector<int> weight_inputs(const Node& node, const QuantRule& rule);
inline bool contains(const std::vector<int>& list, int i) {
  for (int v : list)
    if (v == i) return true;
  return false;
}

// What quantize() refuses before it begins: wrong options, unknown layers, a quantised model, non-finite weights.
Status check_quantization(const Graph& graph, const QuantizeOptions& options);
// Two of the three forms; options were checked. For the third see int8_quantizer.h.
Result<Quantized> to_float16(const Graph& graph, const QuantizeOptions& options);
Result<Quantized> to_dynamic(const Graph& graph, const QuantizeOptions& options);

}  // namespace thimble::compress
