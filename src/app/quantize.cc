// `thimble quantize`: a smaller copy of a float model, with every tensor that did not shrink named.
#include <algorithm>
#include <cmath>

#include "api/load.h"
#include "app/commands.h"
#include "app/interrupt.h"
#include "app/model_output.h"
#include "app/output.h"
#include "app/qat.h"
#include "app/task_progress.h"
#include "app/training_material.h"
#include "app/widths.h"
#include "base/file.h"
#include "base/json.h"
#include "compress/quantize.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/tflite.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "study/validation_score.h"
#include "study/variants.h"

namespace thimble::app {
namespace {

struct Arguments : DataArguments {
  std::string model, to, calibration = "minmax", io = "float", output;
  bool equalize = false, bias_correction = false, force = false;
  std::string rounding = "nearest";
  int64_t samples = 500, min_elements = 1024;
  QatArguments qat;
  WidthArguments widths;
};

struct Outcome {
  Quantized result;
  std::optional<WidthsOutcome> widths;           // --sensitivity, --mixed
  std::vector<EpochRecord> epochs;               // --qat
  double accuracy_before = NAN, accuracy = NAN;  // --qat, on the test set: the float model given, and the result
};

// What works without training or with few samples.
Status check_small_data(const Arguments& a) {
  const std::string given = a.equalize                 ? "--equalize"
                            : a.bias_correction        ? "--bias-correction"
                            : a.rounding == "adaptive" ? "--rounding adaptive"
                                                       : "";
  if (!given.empty() && !a.to.empty() && a.to != "int8")
    return fail(ErrorCode::usage, format("{} does not go with --to {}", given, a.to), "it is for int8");
  if (!given.empty() && a.qat.on)
    return fail(ErrorCode::usage, format("{} does not go with --qat", given), "training finds the weights by itself");
  return {};
}

Result<QuantizeOptions> parse_options(const Arguments& a) {
  QuantizeOptions options;
  const bool only_table = a.widths.sensitivity && a.widths.mixed.empty();
  if (a.output.empty() && !only_table)
    return fail(ErrorCode::usage, "the file to write is missing", "give -o OUT.tflite or -o OUT.thim");
  if (!a.output.empty() && only_table)
    return fail(ErrorCode::usage, "--sensitivity prints a table and writes no model",
                "leave -o out, or give --mixed GOAL");
  if (a.to.empty() && !a.qat.on && !a.widths.on())
    return fail(ErrorCode::usage, "what to make is missing", "give --to float16, dynamic or int8, or --qat");
  options.to = a.to == "float16" ? QuantizeTo::float16 : a.to == "dynamic" ? QuantizeTo::dynamic : QuantizeTo::int8;
  options.min_elements = a.min_elements;
  if (options.to != QuantizeTo::int8 &&
      (a.qat.on || a.qat.per_tensor || a.qat.scale_bits != QuantizeOptions::kScaleBits ||
       a.qat.bias_bits != QuantizeOptions::kBiasBits || !a.qat.bits.empty() || !a.qat.layers.empty() ||
       !a.qat.layer_bits.empty()))
    return fail(
        ErrorCode::usage,
        format("--qat, --bits, --layers, --per-tensor, --scale-bits and --bias-bits do not go with --to {}", a.to),
        "they are for int8");
  if (a.widths.on() && options.to != QuantizeTo::int8)
    return fail(ErrorCode::usage, format("--sensitivity and --mixed do not go with --to {}", a.to),
                "they choose among widths of integer weights");
  if (a.widths.on() && a.qat.on)
    return fail(ErrorCode::usage, "--sensitivity and --mixed choose widths without training",
                "choose first, then give them to --qat as --layer-bits");
  if (a.widths.on() && (!a.qat.bits.empty() || !a.qat.layer_bits.empty()))
    return fail(ErrorCode::usage, "--bits and --layer-bits do not go with --sensitivity and --mixed",
                "--widths says what to try");
  THIMBLE_TRY(check_widths(a.widths));
  THIMBLE_TRY(check_small_data(a));
  options.equalize = a.equalize;
  options.correct_bias = a.bias_correction;
  if (a.rounding == "adaptive") options.rounding = QuantizeOptions::Rounding::adaptive;
  const RetrainArguments &t = a.qat.training, plain = QatArguments().training;
  if (!a.qat.on && (t.epochs != plain.epochs || t.batch != plain.batch || t.resume || t.limit > 0 ||
                    t.learning_rate != plain.learning_rate || !t.augment.empty() || !t.teacher.empty() ||
                    a.qat.ranges != QatArguments().ranges))
    return fail(ErrorCode::usage,
                "--epochs, --batch, --learning-rate, --ranges, --limit, --augment, --teacher and --resume are of a "
                "training",
                "add --qat");
  THIMBLE_TRY(parse_weights(a.qat, &options));
  options.io = parse_io(a.io);
  if (a.calibration == "mse") {
    options.calibration = Calibration::mse;
  } else if (a.calibration == "entropy") {
    options.calibration = Calibration::entropy;
  } else if (a.calibration.starts_with("percentile")) {
    options.calibration = Calibration::percentile;
    if (a.calibration.size() > 10) {
      char* end = nullptr;
      const std::string number = a.calibration[10] == ':' ? a.calibration.substr(11) : "x";
      options.percentile = std::strtod(number.c_str(), &end);
      if (end != number.c_str() + number.size() || !(options.percentile > 50 && options.percentile <= 100))
        return fail(ErrorCode::usage, format("--calibration is '{}'", a.calibration),
                    "write percentile:P with P above 50 and at most 100, for instance percentile:99.99");
    }
  } else if (a.calibration != "minmax") {
    return fail(ErrorCode::usage, format("--calibration is '{}'", a.calibration),
                "give minmax, percentile:99.99, mse or entropy");
  }
  if (options.to == QuantizeTo::int8 && a.data.empty())
    return fail(ErrorCode::usage, "int8 needs pictures to measure the ranges of activations with",
                "give --data SET, for instance --data fashion-mnist");
  return options;
}

// Without training: samples to calibrate with, the test part where there are no others; with --sensitivity and --mixed
// also validation samples. How the model is fed is written into the graph.
Result<Material> samples_of(const Arguments& a, Graph& graph, const Context& context) {
  using Use = DataRequest::Use;
  THIMBLE_ASSIGN(const DataRequest request, data_request(a, a.widths.on() ? Use::learn : Use::calibrate, context));
  THIMBLE_ASSIGN(const ModelData data, open_data(graph, request, context));
  keep_feeding(data.fed, &graph);
  const Splits& splits = data.splits;
  const HeldOut held = a.widths.on() ? hold_out(splits, a.widths.validate) : HeldOut{calibration_part(splits), {}};
  Material m;
  m.how.train = held.train.valid() && !held.train.empty() ? held.train : splits.test;
  m.how.validation = held.validation;
  m.how.feeding = data.fed.feeding;
  constexpr int64_t kLooked = 200;
  THIMBLE_ASSIGN(const std::string warning,
                 constant_warning(graph, m.how.train.shuffled(1), m.how.feeding, context.thread_count(), kLooked));
  if (!warning.empty()) context.warn(warning);
  return m;
}

Result<Outcome> quantized(const Arguments& a, const QuantizeOptions& options, Graph& graph, const Context& context) {
  Outcome outcome;
  if (options.to != QuantizeTo::int8) {
    THIMBLE_ASSIGN(outcome.result, quantize(graph, options));
    return outcome;
  }
  // The samples to measure ranges with, and to train on or to choose by.
  Material m;
  if (a.qat.on) {
    RetrainArguments training = a.qat.training;
    static_cast<DataArguments&>(training) = a;
    training.output = a.output;
    THIMBLE_ASSIGN(m, material_of(training, graph, context));
  } else {
    THIMBLE_ASSIGN(m, samples_of(a, graph, context));
  }
  const Feeding& feeding = m.how.feeding;
  const int64_t count = std::min(a.samples, m.how.train.size());
  const CalibrationSamples drawn = calibration_samples(m.how.train, feeding, a.samples);
  TaskProgress progress(context, "calibrating", "samples");
  const CalibrationSamples samples = [&](int64_t i, std::span<float> input) {
    if (interrupted() || !drawn(i, input)) return false;
    if (!a.qat.on && !a.widths.on()) progress.update(i + 1, count);
    return true;
  };
  if (a.widths.on()) {
    THIMBLE_ASSIGN(outcome.widths, run_widths(a.widths, options, graph, m.how.validation, feeding, samples, context));
    if (outcome.widths->mixed) outcome.result = std::move(outcome.widths->mixed->result);
    return outcome;
  }
  if (!a.qat.on) {
    THIMBLE_ASSIGN(outcome.result, quantize(graph, options, samples));
    return outcome;
  }
  THIMBLE_ASSIGN(QatOutcome trained, run_qat(a.qat, options, graph, m, samples, context));
  outcome.result = std::move(trained.result);
  outcome.epochs = std::move(trained.epochs);
  THIMBLE_ASSIGN(const TestScore before, test_score(graph, m, context));
  THIMBLE_ASSIGN(const TestScore after, test_score(outcome.result.graph, m, context));
  outcome.accuracy_before = before.accuracy;
  outcome.accuracy = after.accuracy;
  return outcome;
}

void print_json(const Arguments& a, const QuantizeOptions& options, const Outcome& outcome, int64_t before,
                int64_t after, const Context& context) {
  const Quantized& result = outcome.result;
  const bool written = !a.output.empty();
  JsonWriter json;
  json.begin_object().field("schema", "thimble.quantize/1").field("model", a.model).field("to", name(options.to));
  if (written) json.field("file", a.output);
  json.field("bytes_before", before);
  if (written) json.field("bytes", after);
  if (a.qat.on) {
    json.field("bits", bits_word(options.bits));
    json.field("test_accuracy_before", outcome.accuracy_before).field("test_accuracy", outcome.accuracy);
    write_epochs(json, outcome.epochs);
  }
  if (outcome.widths) write_widths(json, *outcome.widths);
  json.key("unquantized_tensors").begin_array();
  for (const UnquantizedTensor& t : result.left)
    json.begin_object().field("name", t.name).field("bytes", t.bytes).field("why", t.why).end_object();
  json.end_array().key("tensors").begin_array();
  for (const TensorSize& t : result.sizes)
    json.begin_object()
        .field("name", t.name)
        .field("before", t.before)
        .field("after", t.after)
        .field("dtype", name(t.type))
        .field("why", t.why)
        .end_object();
  json.end_array().end_object();
  context.print(json.take() + "\n");
}

void print_tables(const Outcome& outcome, int64_t before, int64_t after, const Context& context) {
  TextTable table;
  table.column("constant")
      .column("before", Align::right)
      .column("after", Align::right)
      .column("type")
      .column("why it did not shrink");
  for (const TensorSize& t : outcome.result.sizes)
    table.row({clip_text(t.name, 48), format_bytes(static_cast<double>(t.before)),
               format_bytes(static_cast<double>(t.after)), name(t.type), t.why},
              t.why.empty() ? Tone::plain : Tone::dim);
  table.rule();
  table.row({"whole file", format_bytes(static_cast<double>(before)), format_bytes(static_cast<double>(after)), "",
             size_change(before, after)},
            Tone::strong);
  context.print(table.text(context.colour()));
  if (!std::isnan(outcome.accuracy))
    context.print(format("test accuracy {} (the float model given: {})\n", format_percent(outcome.accuracy),
                         format_percent(outcome.accuracy_before)));
}

Status run_quantize(const Arguments& a, const Context& context) {
  THIMBLE_TRY(check_model_output(a.output, {a.model, a.qat.training.teacher}, a.force));
  THIMBLE_ASSIGN(const QuantizeOptions options, parse_options(a));
  THIMBLE_ASSIGN(LoadedModel model, load_model(a.model));
  const auto before = static_cast<int64_t>(model.file.size);
  THIMBLE_TRY(refuse_losses(model.graph));
  THIMBLE_ASSIGN(Graph graph, prepare_for_inference(std::move(model.graph)));
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  THIMBLE_ASSIGN(const Outcome outcome, quantized(a, options, graph, context));
  if (interrupted()) return interrupted_error("nothing was written");
  std::vector<uint8_t> bytes;
  if (!a.output.empty()) {
    THIMBLE_ASSIGN(bytes, model_bytes(outcome.result.graph, a.output, context));
    if (a.output == "-")
      context.print({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    else
      THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(bytes)));
    if (a.qat.on && a.output != "-") remove_checkpoint(a.output + ".ckpt");
  }
  const auto after = static_cast<int64_t>(bytes.size());
  if (context.json) {
    print_json(a, options, outcome, before, after, context);
  } else if (a.output != "-") {
    if (outcome.widths) print_widths(*outcome.widths, context);
    if (!a.output.empty()) {
      print_tables(outcome, before, after, context);
      context.note(format("wrote {}", a.output));
    }
  }
  for (const std::string& what : tflite::stock_obstacles(outcome.result.graph, true))
    context.note(format("LiteRT will refuse this model or crash: {}", what));
  return outcome.widths ? goal_status(a.widths, *outcome.widths) : Status();
}

}  // namespace

Action define_quantize(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble quantize model.tflite --to float16 -o model_f16.tflite\n"
      "thimble quantize model.tflite --to dynamic -o model_dynamic.tflite\n"
      "thimble quantize model.tflite --to int8 --data fashion-mnist --samples 500 --io int8 -o model_int8.tflite\n"
      "thimble quantize model.tflite --sensitivity --data fashion-mnist\n"
      "thimble quantize model.tflite --mixed \"accuracy-drop 0.5\" --data fashion-mnist -o model_mixed.thim\n"
      "thimble quantize model.tflite --qat --data fashion-mnist --epochs 3 --bits 4 -o model_int4.tflite\n");
  options.about(
      "float16 halves the weights. dynamic stores int8 weights and quantises activations while running. int8\n"
      "computes in int8 throughout; it measures the ranges of activations on training samples of --data. --qat makes\n"
      "int8 too, and trains on them meanwhile: the accuracy that training shows is that of the file.");
  options.argument("MODEL", &a->model, "a float .tflite or .thim file; - reads it from the standard input");
  options.choice("--to", &a->to, {"float16", "dynamic", "int8"}, "what to make (--qat, --mixed: int8)");
  options.text("-o,--output", &a->output, "OUT",
               "the file to write, .tflite or .thim (packed); - is the standard output");
  declare_force(options, &a->force);
  options.section("int8");
  options.text("--data", &a->data, "SET", "samples to calibrate with: mnist, fashion-mnist, folder:PATH, …");
  options.integer("--samples", &a->samples, "N", "how many (default: 500)", 1);
  options.text("--calibration", &a->calibration, "RULE", "minmax (default), percentile:P, mse or entropy");
  options.choice("--io", &a->io, {"float", "int8", "uint8"}, "type of inputs and outputs (default: float)");
  declare_feeding(options, a.get());
  declare_weights(options, &a->qat);
  options.flag("--equalize", &a->equalize, "balance weights between neighbouring layers first; needs no data");
  options.flag("--bias-correction", &a->bias_correction, "biases that set the mean of every output channel right");
  options.choice("--rounding", &a->rounding, {"nearest", "adaptive"},
                 "of weights; adaptive: for the least error of the layer's output (default: nearest)");
  options.section("int8, bits per layer");
  declare_widths(options, &a->widths);
  options.section("int8, quantisation-aware training");
  declare_qat(options, &a->qat);
  options.section("dynamic");
  options.integer("--min-elements", &a->min_elements, "N", "weights with fewer elements stay float (default: 1024)");
  options.section("");
  return [a](const Context& context) { return run_quantize(*a, context); };
}

}  // namespace thimble::app
