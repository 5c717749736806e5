#include "compress/quantize/int8_quantizer.h"

#include <algorithm>

#include "compress/quantize/int8_answers.h"
#include "compress/refine/refine.h"
#include "ops/operands.h"
#include "passes/add_bias.h"
#include "passes/equalize.h"
#include "passes/fold_constants.h"

namespace thimble {

Result<Int8Quantizer> Int8Quantizer::make(const Graph& float_graph, const QuantizeOptions& options,
                                          const CalibrationSamples& samples) {
  Int8Quantizer made;
  made.options_ = options;
  if (options.to != QuantizeTo::int16x8) made.options_.to = QuantizeTo::int8;
  made.samples_ = samples;
  THIMBLE_TRY(verify(float_graph));
  THIMBLE_ASSIGN(made.source_, fold_constants(float_graph));
  add_missing_biases(made.source_);
  const AnswerScale answers = answer_scale(made.source_);
  if (options.io == QuantizeOptions::Io::float32 ? compress::wants_float_answer(answers)
                                                 : compress::has_tiny_unit(answers)) {
    THIMBLE_ASSIGN(made.answers_, take_answer_scale(made.source_));
  }
  THIMBLE_TRY(compress::check_quantization(made.source_, made.options_));
  // Clustered weights stay as they are: a factor per channel would turn their few values into many.
  if (made.options_.equalize)
    equalize_layers(made.source_, [](const Tensor& w) { return compress::scale_axis(w, 0) < 0; });
  made.layout_ = compress::lay_out_int8(made.source_, made.options_);
  auto ranges = compress::calibrate_int8(made.source_, made.layout_, made.options_, samples);
  if (!ranges) return with_context(std::move(ranges).error(), format("quantising to {}", name(made.options_.to)));
  made.ranges_ = std::move(*ranges);
  return made;
}

Result<Quantized> Int8Quantizer::quantize(int bits, const std::map<std::string, int>& layer_bits) const {
  QuantizeOptions options = options_;
  options.bits = bits;
  options.layer_bits = layer_bits;
  THIMBLE_TRY(compress::check_quantization(source_, options));
  const auto make = [&]() -> Result<Quantized> {
    compress::Int8Plan plan = compress::choose_int8(source_, options, layout_, ranges_);
    THIMBLE_ASSIGN(compress::Int8Graph made, compress::build_int8(source_, options, std::move(plan)));
    if (options.correct_bias || options.rounding == QuantizeOptions::Rounding::adaptive)
      THIMBLE_TRY(compress::refine_int8(source_, options, layout_, samples_, ranges_.samples, made));
    made.result.graph.remove_unused();
    return std::move(made.result);
  };
  auto result = make();
  if (!result) return with_context(std::move(result).error(), format("quantising to {}", name(options_.to)));
  THIMBLE_TRY(compress::put_int8_answers(result->graph, answers_, options_.scale_bits));
  THIMBLE_TRY(verify(result->graph));
  return result;
}

Result<Graph> Int8Quantizer::float_model() const {
  Graph whole = source_;
  THIMBLE_TRY(put_answer_scale(whole, answers_));
  return whole;
}

std::vector<Int8Quantizer::Layer> Int8Quantizer::layers() const {
  std::vector<Layer> layers;
  for (size_t n = 0; n < source_.nodes.size(); ++n) {
    const Node& node = source_.nodes[n];
    const std::vector<int> inputs = compress::weight_inputs(node, layout_.rules[n]);
    if (!layout_.integer(n) || operands_of(node.op)->role(1) == Role::slope || inputs.empty()) continue;
    int64_t weights = 0;
    for (int i : inputs) weights += source_.at(node.inputs[static_cast<size_t>(i)]).shape.elements();
    std::string name = node.name;
    if (name.empty() && !node.outputs.empty()) name = source_.at(node.outputs[0]).name;
    const auto same = std::ranges::find(layers, name, &Layer::name);
    if (same == layers.end()) {
      layers.push_back({std::move(name), node.op, weights});
    } else {
      same->weights += weights;
    }
  }
  return layers;
}

}  // namespace thimble
