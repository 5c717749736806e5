#include "compress/mixed_precision/sensitivity.h"

#include <algorithm>
#include <cstring>

#include "formats/thim/thim.h"
#include "runtime/program.h"

namespace thimble {
namespace {

// The float outputs of a graph on samples, one after the other.
Result<std::vector<float>> float_outputs(const Graph& graph, const CalibrationSamples& samples) {
  for (const auto* list : {&graph.inputs, &graph.outputs})
    for (TensorId t : *list)
      if (graph.at(t).type != DType::f32)
        return fail(ErrorCode::usage, format("{} is compared as float32", graph.at(t).to_string()),
                    "score models with float inputs and outputs (--io float)");
  THIMBLE_ASSIGN(auto program, Program::plan(graph));
  THIMBLE_ASSIGN(const auto session, Session::create(std::move(program)));
  size_t width = 0;
  for (TensorId t : graph.inputs) width += static_cast<size_t>(graph.at(t).shape.elements());
  std::vector<float> input(width), all;
  for (int64_t i = 0; samples && samples(i, input); ++i) {
    size_t at = 0;
    for (size_t k = 0; k < graph.inputs.size(); ++k) {
      const auto memory = session->input(k);
      if (!memory.empty()) std::memcpy(memory.data(), input.data() + at, memory.size());
      at += memory.size() / sizeof(float);
    }
    session->reset_variables();
    THIMBLE_TRY(session->run());
    for (size_t k = 0; k < graph.outputs.size(); ++k) {
      const auto memory = session->output(k);
      const auto* values = reinterpret_cast<const float*>(memory.data());
      all.insert(all.end(), values, values + memory.size() / sizeof(float));
    }
  }
  return all;
}

}  // namespace

ScoreModel output_error_score(const Graph& float_graph, const CalibrationSamples& samples) {
  // The float outputs are computed at the first call and kept.
  struct State {
    Graph graph;
    CalibrationSamples samples;
    bool ready = false;
    std::vector<float> wanted;
  };
  auto state = std::make_shared<State>(State{float_graph, samples, false, {}});
  return [state](const Graph& graph) -> Result<ModelScore> {
    if (!state->ready) {
      THIMBLE_ASSIGN(state->wanted, float_outputs(state->graph, state->samples));
      state->ready = true;
    }
    THIMBLE_ASSIGN(const std::vector<float> got, float_outputs(graph, state->samples));
    if (got.size() != state->wanted.size())
      return fail(ErrorCode::usage, format("a model with {} outputs in place of {}", got.size(), state->wanted.size()));
    double error = 0, power = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      const double want = state->wanted[i], difference = got[i] - want;
      error += difference * difference;
      power += want * want;
    }
    return ModelScore{.loss = power > 0 ? error / power : error};
  };
}

Result<SensitivityTable> layer_sensitivity(const Graph& float_graph, const CalibrationSamples& samples,
                                           const ScoreModel& score, const SensitivityOptions& options) {
  THIMBLE_ASSIGN(const Int8Quantizer quantizer, Int8Quantizer::make(float_graph, options.quantize, samples));
  return layer_sensitivity(quantizer, score, options);
}

Result<SensitivityTable> layer_sensitivity(const Int8Quantizer& quantizer, const ScoreModel& score,
                                           const SensitivityOptions& options) {
  const int base_bits = quantizer.options().bits;
  std::vector<int> widths = options.widths;
  std::ranges::sort(widths, std::greater());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  if (widths.empty()) return fail(ErrorCode::usage, "no widths to try", "8, 4 and 2 bits are usual");
  for (int bits : widths)
    if (bits < kTernaryBits || bits > 8)
      return fail(ErrorCode::usage, format("weights of {} bits are not possible", bits),
                  "2 to 8 bits, or ternary ones");
  const std::vector<Int8Quantizer::Layer> layers = quantizer.layers();
  if (layers.empty())
    return fail(ErrorCode::usage, "the model has no layer with weights that computes in int8",
                "thimble inspect lists its layers");

  const auto total =
      static_cast<int64_t>(2 + layers.size() * (widths.size() - (std::ranges::count(widths, base_bits) ? 1 : 0)));
  int64_t done = 0;
  const auto scored = [&](const Graph& graph) -> Result<ModelScore> {
    if (options.cancelled && options.cancelled())
      return fail(ErrorCode::interrupted, format("interrupted after {} of {} models", done, total));
    THIMBLE_ASSIGN(const ModelScore result, score(graph));
    if (options.progress) options.progress(++done, total);
    return result;
  };
  const auto measured = [&](const std::string& layer, int bits, ModelScore* to, int64_t* bytes) -> Status {
    // Every layer is named, so that a name that begins like another one selects nothing more.
    std::map<std::string, int> layer_bits;
    for (const Int8Quantizer::Layer& l : layers) layer_bits[l.name] = l.name == layer ? bits : base_bits;
    THIMBLE_ASSIGN(const Quantized q, quantizer.quantize(base_bits, layer_bits));
    THIMBLE_ASSIGN(const PackedModel packed, write_thim(q.graph));
    *bytes = static_cast<int64_t>(packed.bytes.size());
    THIMBLE_ASSIGN(*to, scored(q.graph));
    return {};
  };

  SensitivityTable table;
  table.base_bits = base_bits;
  THIMBLE_ASSIGN(const Graph float_model, quantizer.float_model());
  THIMBLE_ASSIGN(table.float_score, scored(float_model));
  THIMBLE_TRY(measured({}, base_bits, &table.base, &table.base_bytes));
  for (const Int8Quantizer::Layer& layer : layers)
    for (int bits : widths) {
      LayerSensitivity row{layer.name, layer.op, layer.weights, bits, table.base, table.base_bytes};
      if (bits != base_bits)
        if (Status s = measured(layer.name, bits, &row.score, &row.bytes); !s)
          return with_context(std::move(s).error(), format("layer \"{}\" with {} bits", layer.name, bits));
      table.rows.push_back(std::move(row));
    }
  return table;
}

}  // namespace thimble
