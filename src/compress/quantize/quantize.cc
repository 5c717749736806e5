#include "compress/quantize/quantize.h"

#include <cmath>

#include "compress/quantize/int8_quantizer.h"
#include "compress/quantize/internal.h"
#include "passes/add_bias.h"
#include "passes/fold_constants.h"

namespace thimble {

const char* name(QuantizeTo to) {
  switch (to) {
    case QuantizeTo::float16: return "float16";
    case QuantizeTo::dynamic: return "dynamic";
    case QuantizeTo::int8: return "int8";
    case QuantizeTo::int16x8: return "int16x8";
  }
  return "";
}

Status compress::check_quantization(const Graph& graph, const QuantizeOptions& options) {
  if (options.calibration == Calibration::percentile && !(options.percentile > 50 && options.percentile <= 100))
    return fail(ErrorCode::usage, format("percentile {} is not in (50, 100]", options.percentile), "99.99 is usual");
  if (options.min_elements < 0)
    return fail(ErrorCode::usage, format("min_elements = {} is negative", options.min_elements),
                "0 quantises every weight tensor");
  const bool adaptive = options.rounding == QuantizeOptions::Rounding::adaptive;
  if (options.to != QuantizeTo::int8 && (options.equalize || options.correct_bias || adaptive))
    return fail(ErrorCode::usage,
                format("equalisation, bias correction and adaptive rounding do not go with {}", name(options.to)),
                "they are for int8");
  using Io = QuantizeOptions::Io;
  const bool wide = options.to == QuantizeTo::int16x8;
  if (wide ? options.io == Io::int8 || options.io == Io::uint8 : options.io == Io::int16)
    return fail(ErrorCode::usage, format("{} has no inputs and outputs of that type", name(options.to)),
                wide ? "float32 and int16 are possible" : "float32, int8 and uint8 are possible");
  if (wide && options.bias_bits != QuantizeOptions::kBiasBits)
    return fail(ErrorCode::usage, format("bias_bits does not go with {}", name(options.to)), "its biases have 64 bits");
  if (adaptive && options.per_tensor_weights)
    return fail(ErrorCode::usage, "adaptive rounding gives equal weights different values",
                "leave one of per-tensor scales and adaptive rounding out");
  std::vector<int> widths{options.bits};
  for (const auto& [layer, bits] : options.layer_bits) widths.push_back(bits);
  for (int bits : widths)
    if (bits < kTernaryBits || bits > 8)
      return fail(ErrorCode::usage, format("weights of {} bits are not possible", bits),
                  "2 to 8 bits, or ternary ones");
  if (options.scale_bits < 0 || options.scale_bits > QuantizeOptions::kScaleBits || options.bias_bits < 2 ||
      options.bias_bits > QuantizeOptions::kBiasBits)
    return fail(ErrorCode::usage,
                format("scales of {} and biases of {} bits are not possible", options.scale_bits, options.bias_bits),
                "scales keep 0 to 23 bits of their mantissa, biases 2 to 32 bits");
  for (const Tensor& t : graph.tensors)
    if (is_quantized_type(t.type) && !t.quant.empty())
      return fail(ErrorCode::unsupported, format("the model is quantised already: tensor {}", t.to_string()),
                  "quantise the float model that it was made from");
  for (const Tensor& t : graph.tensors) {
    if (!t.constant() || t.type != DType::f32) continue;
    for (float v : t.data.as<float>())
      if (!std::isfinite(v))
        return fail(ErrorCode::usage, format("constant {} holds a NaN or an infinity", t.to_string()),
                    "train the model again");
  }
  std::vector<std::string> names = options.layers;
  for (const auto& [layer, bits] : options.layer_bits) names.push_back(layer);
  return compress::check_layers(names, graph);
}

namespace {

Result<Quantized> to_int8(const Graph& graph, const QuantizeOptions& options, const CalibrationSamples& samples) {
  THIMBLE_ASSIGN(const Int8Quantizer quantizer, Int8Quantizer::make(graph, options, samples));
  return quantizer.quantize();
}

}  // namespace

Result<Quantized> quantize(const Graph& float_graph, const QuantizeOptions& options,
                           const CalibrationSamples& samples) {
  if (calibrates(options.to)) return to_int8(float_graph, options, samples);
  THIMBLE_TRY(verify(float_graph));
  // A float16 file is a float model whose weights are widened by operators: undo that first.
  THIMBLE_ASSIGN(Graph graph, fold_constants(float_graph));
  add_missing_biases(graph);
  THIMBLE_TRY(compress::check_quantization(graph, options));
  auto result =
      options.to == QuantizeTo::float16 ? compress::to_float16(graph, options) : compress::to_dynamic(graph, options);
  if (!result) return with_context(std::move(result).error(), format("quantising to {}", name(options.to)));
  result->graph.remove_unused();
  THIMBLE_TRY(verify(result->graph));
  return result;
}

}  // namespace thimble
