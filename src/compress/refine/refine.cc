#include "compress/refine/refine.h"

#include <algorithm>
#include <cmath>

#include "compress/mixed_precision/sensitivity.h"
#include "compress/qat/qat_model.h"
#include "compress/refine/rounding.h"
#include "graph/int4.h"
#include "ops/operands.h"

namespace thimble::compress {
namespace {

// Of patches: so many, so many values of them all, and so many products in one pass over a layer's weights.
constexpr int64_t kMostPatches = 4096, kMostValues = 8 << 20, kMostProducts = 400'000'000;

class Refiner {
 public:
  Refiner(const Graph& source, const QuantizeOptions& options, const Int8Layout& layout,
          const CalibrationSamples& samples, int64_t sample_count, Int8Graph& made)
      : source_(source),
        options_(options),
        layout_(layout),
        samples_(samples),
        sample_count_(sample_count),
        made_(made),
        graph_(made.result.graph),
        output_error_(output_error_score(source, samples)) {}

  Status run() {
    if (options_.correct_bias) {
      THIMBLE_ASSIGN(error_, output_error());
    }
    for (size_t n = 0; n < source_.nodes.size(); ++n)
      if (Status s = layer(n); !s)
        return with_context(std::move(s).error(), format("refining \"{}\"", source_.nodes[n].name));
    return {};
  }

 private:
  struct Layer {
    size_t node = 0;
    TensorId float_weights = kNoTensor, weights = kNoTensor, float_bias = kNoTensor, bias = kNoTensor;
    float x_scale = 1;
    std::vector<int8_t> q;
    std::vector<float> scale;  // per output channel, or one
    float channel_scale(int64_t channel) const { return scale[scale.size() > 1 ? static_cast<size_t>(channel) : 0]; }
  };

  Status layer(size_t n) {
    const Node& node = source_.nodes[n];
    const QuantRule& rule = layout_.rules[n];
    if (!layout_.integer(n) || rule.weight_input != 1 || !layer_of(node)) return {};
    const auto geometry = PatchGeometry::of(source_, node);
    const auto weights = made_.constants.find({n, 1});
    if (!geometry || weights == made_.constants.end()) return {};
    Layer l{n, node.inputs[1], weights->second, {}, {}, {}, {}, {}};
    l.float_bias = l.bias = kNoTensor;
    if (const auto bias = made_.constants.find({n, 2}); bias != made_.constants.end() && rule.bias_input == 2) {
      l.float_bias = node.inputs[2];
      l.bias = bias->second;
    }
    const TensorId x = integer_input(node);
    if (x == kNoTensor) return {};
    l.x_scale = graph_.at(x).quant.scale[0];
    const Tensor& w = graph_.at(l.weights);
    l.scale = w.quant.scale;
    l.q = w.type == DType::i4 ? unpack_int4(w.data.as<uint8_t>(), w.shape.elements())
                              : std::vector<int8_t>(w.data.as<int8_t>().begin(), w.data.as<int8_t>().end());
    const auto shared = std::ranges::count_if(made_.constants, [&](const auto& c) { return c.second == l.weights; });
    const bool round = options_.rounding == QuantizeOptions::Rounding::adaptive && shared == 1 &&
                       scale_axis(source_.at(l.float_weights), 0) >= 0;
    const bool correct = options_.correct_bias && l.bias != kNoTensor;
    if (!round && !correct) return {};
    const int64_t values = std::max<int64_t>(geometry->groups * geometry->width, 1);
    const int64_t products = kMostProducts / std::max<int64_t>(source_.at(l.float_weights).shape.elements(), 1);
    const int64_t most =
        round ? std::min(std::clamp<int64_t>(kMostValues / values, 64, kMostPatches), std::max<int64_t>(products, 256))
              : 0;
    THIMBLE_ASSIGN(LayerInputs inputs, layer_inputs(source_, node.inputs[0], with_float_ends(graph_), x, *geometry,
                                                    samples_, sample_count_, most));
    if (round) {
      rounded(l, inputs, correct);
      write(l, l.bias == kNoTensor ? Tensor() : source_.at(l.float_bias));
    }
    return correct ? correct_bias(l, inputs) : Status();
  }

  Result<double> output_error() const {
    THIMBLE_ASSIGN(const ModelScore score, output_error_(with_float_ends(graph_)));
    return score.loss;
  }

  // The whole correction, half of it or none: what brings the network's outputs nearest to the float network's.
  Status correct_bias(const Layer& l, const LayerInputs& inputs) {
    const std::vector<double> error = mean_error(l, inputs);
    double least = error_;
    if (options_.rounding == QuantizeOptions::Rounding::adaptive) {
      THIMBLE_ASSIGN(least, output_error());
    }
    Tensor best = graph_.at(l.bias);
    for (const double part : {1.0, 0.5}) {
      Tensor bias = source_.at(l.float_bias);
      std::vector<float> b(bias.data.as<float>().begin(), bias.data.as<float>().end());
      for (size_t c = 0; c < b.size(); ++c) b[c] = static_cast<float>(b[c] - part * error[c]);
      bias.data = Data::of(std::span<const float>(b));
      write(l, bias);
      THIMBLE_ASSIGN(const double now, output_error());
      if (now >= least) continue;
      least = now;
      best = graph_.at(l.bias);
    }
    graph_.at(l.bias) = std::move(best);
    error_ = least;
    return {};
  }

  // What the integer node reads: the int8 form of the source's input, or that on another scale.
  TensorId integer_input(const Node& node) const {
    const TensorId y = made_.int8[static_cast<size_t>(node.outputs[0])];
    for (const Node& made : graph_.nodes)
      if (made.op == node.op && !made.outputs.empty() && made.outputs[0] == y) return made.inputs[0];
    return kNoTensor;
  }

  static void centre(std::vector<Patches>& groups) {
    for (Patches& p : groups)
      for (int64_t k = 0; k < p.width; ++k) {
        double mean = 0;
        for (float v : p.column(k)) mean += v;
        mean /= static_cast<double>(std::max<int64_t>(p.count, 1));
        for (int64_t i = 0; i < p.count; ++i)
          p.values[static_cast<size_t>(k * p.count + i)] -= static_cast<float>(mean);
      }
  }

  void rounded(Layer& l, LayerInputs& inputs, bool centred) {
    if (centred) {
      centre(inputs.wanted);
      centre(inputs.got);
    }
    const PatchGeometry& g = inputs.geometry;
    const auto w = source_.at(l.float_weights).data.as<float>();
    const int bits = bits_of(options_, source_, source_.nodes[l.node]);
    RoundingRules rules;
    rules.levels = weight_levels(bits);
    rules.fit_scale = bits < 8 && l.scale.size() == static_cast<size_t>(g.groups * g.rows);
    rules.scale_bits = options_.scale_bits;
    std::vector<float> row(static_cast<size_t>(g.width));
    for (int64_t group = 0; group < g.groups; ++group)
      for (int64_t r = 0; r < g.rows; ++r) {
        const int64_t channel = g.channel(group, r);
        for (int64_t k = 0; k < g.width; ++k) row[static_cast<size_t>(k)] = w[g.weight(channel, k)];
        if (l.bias != kNoTensor) {  // the bias still fits its 32 bits (params.h)
          const float b = source_.at(l.float_bias).data.as<float>()[static_cast<size_t>(channel)];
          rules.least_scale = std::fabs(b) / l.x_scale * 0x1p-29f;
        }
        const auto at = static_cast<size_t>(group);
        const RoundedRow best = round_row(row, l.channel_scale(channel), inputs.wanted[at], inputs.got[at], rules);
        for (int64_t k = 0; k < g.width; ++k) l.q[g.weight(channel, k)] = best.q[static_cast<size_t>(k)];
        if (rules.fit_scale) l.scale[static_cast<size_t>(channel)] = best.scale;
      }
  }

  // Of every output channel, before the activation.
  std::vector<double> mean_error(const Layer& l, const LayerInputs& inputs) const {
    const PatchGeometry& g = inputs.geometry;
    std::vector<double> errors(static_cast<size_t>(g.groups * g.rows), 0);
    const auto w = source_.at(l.float_weights).data.as<float>();
    for (int64_t group = 0; group < g.groups; ++group)
      for (int64_t r = 0; r < g.rows; ++r) {
        const int64_t channel = g.channel(group, r);
        double& error = errors[static_cast<size_t>(channel)];
        for (int64_t k = 0; k < g.width; ++k) {
          const size_t at = g.weight(channel, k), i = static_cast<size_t>(k), of = static_cast<size_t>(group);
          error += static_cast<double>(l.channel_scale(channel)) * l.q[at] * inputs.got_mean[of][i] -
                   static_cast<double>(w[at]) * inputs.wanted_mean[of][i];
        }
      }
    return errors;
  }

  void write(const Layer& l, const Tensor& bias) {
    Tensor& w = graph_.at(l.weights);
    Tensor plain = w;
    plain.type = DType::i8;
    plain.quant.scale = l.scale;
    plain.data = Data::of(std::span<const int8_t>(l.q));
    w = w.type == DType::i4 ? as_int4(plain) : plain;
    if (l.bias == kNoTensor) return;
    Tensor& b = graph_.at(l.bias);
    const std::string name = b.name;
    b = quantize_bias(bias, l.x_scale, w.quant, options_.bias_bits);
    b.name = name;
  }

  const Graph& source_;
  const QuantizeOptions& options_;
  const Int8Layout& layout_;
  const CalibrationSamples& samples_;
  const int64_t sample_count_;
  Int8Graph& made_;
  Graph& graph_;
  const ScoreModel output_error_;
  double error_ = 0;
};

}  // namespace

Status refine_int8(const Graph& source, const QuantizeOptions& options, const Int8Layout& layout,
                   const CalibrationSamples& samples, int64_t sample_count, Int8Graph& made) {
  return Refiner(source, options, layout, samples, sample_count, made).run();
}

}  // namespace thimble::compress
