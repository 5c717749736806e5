#include "study/variants.h"

#include <algorithm>

#include "api/load.h"
#include "compress/calibrate/calibration_words.h"
#include "compress/size_report.h"
#include "formats/model_file.h"
#include "formats/tflite/model_metadata.h"
#include "ops/operands.h"
#include "passes/add_bias.h"
#include "passes/decompose.h"
#include "passes/fold_constants.h"
#include "passes/fuse_activation.h"
#include "passes/lower_lstm.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "study/model_note.h"
#include "study/validation_score.h"
#include "train/answer_scale.h"

namespace thimble {
namespace {

// What is special about the weights of an int8 variant.
std::string describe_weights(const QuantizeStage& stage) {
  const QuantizeOptions& q = stage.options;
  std::string text;
  for (size_t i = 0; i < q.layers.size(); ++i) text += (i == 0 ? "; only " : ", ") + q.layers[i];
  if (q.bits != 8) text += format("; weights of {} bits", bits_word(q.bits));
  for (const auto& [layer, bits] : q.layer_bits) text += format("; {} {}", layer, bits_word(bits));
  if (q.per_tensor_weights) text += "; one scale per weight tensor";
  if (q.equalize) text += "; layers equalised";
  if (q.correct_bias) text += "; biases corrected";
  if (q.rounding == QuantizeOptions::Rounding::adaptive) text += "; weights rounded adaptively";
  if (stage.mixed) text += format("; bits per layer chosen for {} on the validation samples", stage.mixed->to_string());
  return text;
}

// Which part of an integer model computes in int8.
std::string integer_part(const Graph& graph) {
  const auto is_float = [&](TensorId t) { return t != kNoTensor && graph.at(t).type == DType::f32; };
  int all = 0, integer = 0;
  for (const Node& node : graph.nodes) {
    if (converts(node)) continue;
    ++all;
    integer += std::ranges::none_of(node.inputs, is_float) && std::ranges::none_of(node.outputs, is_float);
  }
  return integer == all ? " throughout" : format(" in {} of {} operators, the others float32", integer, all);
}

std::string describe_quantisation(const QuantizeStage& stage, const Graph& written) {
  const QuantizeOptions& q = stage.options;
  switch (q.to) {
    case QuantizeTo::float16: return "weights stored as float16, computed in float32";
    case QuantizeTo::dynamic:
      return std::string("int8 weights, activations quantised at run time") +
             (q.min_elements > 1 ? format("; weight tensors of fewer than {} elements stay float32", q.min_elements)
                                 : "");
    case QuantizeTo::int8:
    case QuantizeTo::int16x8:
      return format("{}{}, calibrated with {} training samples ({}){}",
                    q.to == QuantizeTo::int8 ? "int8" : "int8 weights, int16 activations", integer_part(written),
                    stage.calibration_samples, describe_calibration(q), describe_weights(stage));
  }
  return "";
}

std::string describe(const VariantSpec& spec, const Staged& staged, const Graph& written) {
  std::string text;
  for (const std::string& stage : staged.settings) text += (text.empty() ? "" : ". Then ") + stage;
  if (spec.quantize) return text + (text.empty() ? "" : ". Then ") + describe_quantisation(*spec.quantize, written);
  return text.empty() ? "float32 weights and arithmetic, as trained" : text + (staged.quantized ? "" : ". float32");
}

std::string in_short(const VariantSpec& spec, const Staged& staged) {
  std::string text;
  for (const std::string& stage : staged.summary) text += (text.empty() ? "" : " + ") + stage;
  std::string type = staged.summary.empty() ? "float32" : "";
  if (spec.quantize) {
    const QuantizeOptions& q = spec.quantize->options;
    type = spec.quantize->mixed     ? "mixed bits"
           : q.bits == kTernaryBits ? "ternary"
           : q.bits != 8            ? format("int{}", q.bits)
                                    : name(q.to);
  }
  return text + (text.empty() || type.empty() ? "" : " + ") + type;
}

// Why a tensor has the size it has, where zeros and equal values could be stored in less room than they are.
std::string storage_reason(const TensorBytes& t) {
  if (t.elements < 64 || t.raw == 0) return t.why;
  std::string text;
  if (t.zeros * 10 >= t.elements * 3)
    text = format("{:.0f} % zeros", 100 * static_cast<double>(t.zeros) / static_cast<double>(t.elements));
  if (t.distinct <= 64 && t.distinct * 4 <= t.elements)
    text += format("{}{} different values", text.empty() ? "" : ", ", t.distinct);
  if (text.empty()) return t.why;
  text += format(": a dense .tflite stores each element in full ({} bytes), deflated it takes {}, packed {:.0f}", t.raw,
                 t.deflated, t.packed);
  return t.why.empty() ? text : t.why + "; " + text;
}

int64_t constant_parameters(const Graph& graph) {
  int64_t n = 0;
  for (const Tensor& t : graph.tensors)
    if (t.constant() && t.shape.rank() > 0 &&
        (t.type == DType::f32 || t.type == DType::f16 || t.type == DType::i8 || t.type == DType::u8 ||
         (t.type == DType::i32 && !t.quant.empty()) || t.type == DType::i4))
      n += t.shape.elements();
  return n;
}

}  // namespace

CalibrationSamples calibration_samples(const Dataset& set, const Feeding& feeding, int64_t count) {
  const Dataset drawn = set.shuffled(1).limit(count);
  return [drawn, feeding](int64_t i, std::span<float> input) {
    if (i >= drawn.size() || static_cast<int64_t>(input.size()) != drawn.sample_elements()) return false;
    feeding.sample(drawn, i, input.data());
    return true;
  };
}

EpochRow row_of(const EpochRecord& e) {
  EpochRow row;
  row.epoch = e.epoch;
  row.loss = e.loss;
  row.accuracy = e.accuracy >= 0 ? e.accuracy : kAbsent;
  if (e.has_validation) {
    row.val_loss = e.val_loss;
    row.val_accuracy = e.val_accuracy >= 0 ? e.val_accuracy : kAbsent;
  }
  row.learning_rate = e.learning_rate;
  row.seconds = e.seconds;
  return row;
}

Result<Graph> deployable_graph(const ModelSpec& model, const Weights& weights, const Feeding& feeding,
                               const std::string& name) {
  THIMBLE_ASSIGN(Model built, build_model(model, {.batch = 1}));
  THIMBLE_ASSIGN(Graph graph, with_weights(std::move(built), weights));
  THIMBLE_ASSIGN([[maybe_unused]] const LstmLowering lowered, lower_lstm(graph));
  THIMBLE_ASSIGN([[maybe_unused]] const Rewrite rewritten, decompose(graph));
  THIMBLE_ASSIGN(graph, fold_constants(std::move(graph)));  // what unrolled layers compute from weights alone
  add_missing_biases(graph);
  fuse_activations(graph);
  THIMBLE_TRY(put_answer_scale(graph, answer_scale(feeding)));
  graph.name = name;
  if (!model.new_head.empty()) {  // what the file said of its old answers
    graph.metadata.erase(kTfliteMetadataKey);
    graph.attached = {};
  }
  graph.metadata[kPreprocessKey] = feeding.to_json();
  graph.remove_unused();
  describe_for_others(&graph);
  return graph;
}

namespace {

Result<Quantized> quantize_variant(const QuantizeStage& stage, const Graph& float_graph, const StudyData& data,
                                   int threads, std::string* chosen) {
  const auto samples = [&](const Dataset& set) {
    return calibration_samples(set, data.feeding, stage.calibration_samples);
  };
  if (!stage.mixed) return quantize(float_graph, stage.options, samples(data.splits.train));
  const HeldOut held = hold_out(data.splits, stage.validate);
  const ScoreModel score = validation_score(held.validation, data.feeding, {.threads = threads});
  SensitivityOptions how;
  how.quantize = stage.options;
  how.widths = stage.widths;
  THIMBLE_ASSIGN(MixedPrecision m, choose_widths(float_graph, samples(held.train), score, *stage.mixed, how));
  *chosen = m.met ? ": " : ", which no choice met; the nearest is ";
  for (const auto& [layer, bits] : m.layer_bits)
    *chosen += format("{}{} {}", layer == m.layer_bits.begin()->first ? "" : ", ", layer, bits_word(bits));
  return std::move(m.result);
}

}  // namespace

Result<Variant> make_variant(const VariantSpec& spec, const Staged& staged, const StudyData& data, int threads) {
  const Graph& float_graph = staged.graph;
  std::string chosen_bits;
  Variant v{.spec = spec};
  std::vector<TensorSize> sizes;
  const auto take = [&](Quantized quantized) {
    v.graph = std::move(quantized.graph);
    sizes = std::move(quantized.sizes);
    for (const UnquantizedTensor& t : quantized.left) v.result.unquantized_tensors.push_back({t.name, t.bytes, t.why});
  };
  if (staged.quantized) {
    take(*staged.quantized);
  } else if (spec.quantize) {
    auto quantized = quantize_variant(*spec.quantize, float_graph, data, threads, &chosen_bits);
    if (!quantized) return with_context(std::move(quantized).error(), format("variant \"{}\"", spec.name));
    take(std::move(*quantized));
  } else {
    v.graph = float_graph;
    for (const Tensor& t : v.graph.tensors)
      if (t.constant() && t.type == DType::f32)
        v.result.unquantized_tensors.push_back({t.name, t.bytes(), "the variant is float32"});
  }
  auto file = write_model(v.graph, spec.file_name());
  if (!file) return with_context(std::move(file).error(), format("variant \"{}\"", spec.name));
  v.file = *std::move(file);
  // What is measured is what was written: the file, read again.
  THIMBLE_ASSIGN(const LoadedModel again, load_model_bytes(v.file, spec.file_name()));
  const Graph& written = again.graph;
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(written));
  v.graph = std::move(prepared.graph);

  VariantResult& r = v.result;
  r.name = spec.name;
  r.file = "models/" + spec.file_name();
  r.technique = in_short(spec, staged);
  r.description = describe(spec, staged, written) + chosen_bits;
  if (spec.format != "tflite") {
    r.technique += format(", .{}", spec.format);
    r.description += format("; written as .{} and read again", spec.format);
  }
  r.sparsity = sparsity(written);
  THIMBLE_ASSIGN(const SizeReport report, size_report(written, sizes));
  r.bytes = static_cast<int64_t>(v.file.size());
  THIMBLE_ASSIGN(r.bytes_deflated, deflated_bytes(v.file));
  r.bytes_packed = report.file_packed;
  for (const TensorBytes& t : report.tensors)
    r.tensors.push_back({t.name, t.before, t.raw, name(t.type), storage_reason(t), t.deflated, t.elements, t.zeros,
                         t.distinct, t.packed, t.packed_how});
  r.stage_names = staged.stage_names;
  for (const auto& epochs : staged.epochs) {
    r.stages.emplace_back();
    for (const EpochRecord& e : epochs) r.stages.back().push_back(row_of(e));
  }
  THIMBLE_ASSIGN(const GraphCost work, cost(written));
  r.macs = work.macs;
  r.parameters = constant_parameters(written);
  THIMBLE_ASSIGN(const auto program, Program::plan(v.graph));
  r.arena_bytes = program->arena().bytes;
  for (const ArenaItem& item : program->arena().items)
    r.arena.push_back({item.name, item.offset, item.bytes, item.first_step, item.last_step});
  for (const auto& step : program->steps()) {
    const Node& node = program->graph().nodes[static_cast<size_t>(step.node)];
    r.step_names.push_back(format("{} {}", name(node.op), node.name));
  }
  return v;
}

}  // namespace thimble
