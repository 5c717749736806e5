// `thimble quantize`: a smaller copy of a float model, with every tensor that did not shrink named.
#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/flag_fields.h"
#include "app/interrupt.h"
#include "app/output.h"
#include "app/qat.h"
#include "app/task_progress.h"
#include "app/training_material.h"
#include "app/widths.h"
#include "base/file.h"
#include "base/json.h"
#include "compress/quantize/quantize.h"
#include "formats/tflite/stock.h"
#include "formats/tflite/tflite.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "study/options/stages.h"
#include "study/validation_score.h"
#include "study/variants.h"
#include "train/answer_scale.h"

namespace thimble::app {
namespace {

struct Arguments : DataArguments {
  std::string model, output;
  bool force = false, train = false, sensitivity = false;  // train: --qat
  QuantizeStage stage;
  QatStage qat;
  RetrainArguments training{.technique = "qat", .epochs = 3, .batch = 64};

  bool widths() const { return sensitivity || stage.mixed; }
};

struct Outcome {
  Quantized result;
  std::optional<WidthsOutcome> widths;           // --sensitivity, --mixed
  std::vector<EpochRecord> epochs;               // --qat
  double accuracy_before = NAN, accuracy = NAN;  // --qat, on the test set: the float model given, and the result
};

// Options that only mean something for --qat, and the reverse.
Status check_training(const Arguments& a) {
  const Form& form = a.stage.form;
  if (a.train) {
    for (const char* key : {"equalize", "bias_correction", "rounding"})
      if (form.has(key))
        return fail(ErrorCode::usage, format("{} does not go with --qat", form.name(key)),
                    "training finds the weights by itself");
    if (a.widths())
      return fail(ErrorCode::usage, "--sensitivity and --mixed choose widths without training",
                  "choose first, then give them to --qat as --layer-bits");
    if (a.stage.options.to != QuantizeTo::int8)
      return fail(ErrorCode::usage, format("--qat does not go with --to {}", name(a.stage.options.to)),
                  "it is for int8");
    return {};
  }
  const RetrainArguments &t = a.training, plain = Arguments().training;
  const bool trains = t.form.has("epochs") || t.form.has("learning_rate") || a.qat.form.given.size() > 0 ||
                      t.batch != plain.batch || t.resume || t.limit > 0 || !t.augment.empty() || !t.teacher.empty() ||
                      t.optimizer != plain.optimizer;
  if (trains)
    return fail(ErrorCode::usage,
                "--epochs, --batch, --learning-rate, --optimizer, --ranges, --decay, --freeze, --limit, --augment, "
                "--teacher and --resume are of a training",
                "add --qat");
  return {};
}

Status check_arguments(Arguments& a) {
  const bool only_table = a.sensitivity && a.stage.goal.empty();
  if (a.output.empty() && !only_table)
    return fail(ErrorCode::usage, "the file to write is missing", "give -o OUT.tflite or -o OUT.thim");
  if (!a.output.empty() && only_table)
    return fail(ErrorCode::usage, "--sensitivity prints a table and writes no model",
                "leave -o out, or give --mixed GOAL");
  Form& form = a.stage.form;
  if (a.sensitivity) form.given.insert("sensitivity");
  a.stage.implied_int8 = a.train || a.sensitivity || form.has("mixed");
  if (Status s = complete(a.stage); !s) {
    if (form.at.empty()) s.error().hint += ", or --qat";
    return s;
  }
  THIMBLE_TRY(check_training(a));
  if (calibrates(a.stage.options.to) && a.data.empty())
    return fail(ErrorCode::usage,
                format("{} needs samples to measure the ranges of activations with", name(a.stage.options.to)),
                "give --data SET, for instance --data fashion-mnist");
  a.qat.options.quantize = a.stage.options;
  return {};
}

// Without training: samples to calibrate with, the test part where there are no others; with --sensitivity and --mixed
// also validation samples. How the model is fed is written into the graph.
Result<Material> samples_of(const Arguments& a, Graph& graph, const Context& context) {
  using Use = DataRequest::Use;
  THIMBLE_ASSIGN(const DataRequest request, data_request(a, a.widths() ? Use::learn : Use::calibrate, context));
  THIMBLE_ASSIGN(const ModelData data, open_data(graph, request, context));
  keep_feeding(data.fed, &graph);
  const Splits& splits = data.splits;
  const HeldOut held = a.widths() ? hold_out(splits, a.stage.validate) : HeldOut{calibration_part(splits), {}};
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

Result<Outcome> quantized(const Arguments& a, Graph& graph, const Context& context) {
  const QuantizeOptions& options = a.stage.options;
  Outcome outcome;
  if (!calibrates(options.to)) {
    THIMBLE_ASSIGN(outcome.result, quantize(graph, options));
    return outcome;
  }
  // The samples to measure ranges with, and to train on or to choose by.
  Material m;
  RetrainArguments training = a.training;
  if (a.train) {
    static_cast<DataArguments&>(training) = a;
    training.output = a.output;
    THIMBLE_ASSIGN(m, material_of(training, graph, context));
  } else {
    THIMBLE_ASSIGN(m, samples_of(a, graph, context));
  }
  const Feeding& feeding = m.how.feeding;
  const int64_t count = std::min(a.stage.calibration_samples, m.how.train.size());
  const CalibrationSamples drawn = calibration_samples(m.how.train, feeding, a.stage.calibration_samples);
  TaskProgress progress(context, "calibrating", "samples");
  const CalibrationSamples samples = [&](int64_t i, std::span<float> input) {
    if (interrupted() || !drawn(i, input)) return false;
    if (!a.train && !a.widths()) progress.update(i + 1, count);
    return true;
  };
  if (a.widths()) {
    THIMBLE_ASSIGN(outcome.widths, run_widths(a.stage, graph, m.how.validation, feeding, samples, context));
    if (outcome.widths->mixed) outcome.result = std::move(outcome.widths->mixed->result);
    return outcome;
  }
  if (!a.train) {
    THIMBLE_ASSIGN(outcome.result, quantize(graph, options, samples));
    return outcome;
  }
  THIMBLE_ASSIGN(QatOutcome trained, run_qat(a.qat.options, training, graph, m, samples, context));
  outcome.result = std::move(trained.result);
  outcome.epochs = std::move(trained.epochs);
  THIMBLE_ASSIGN(const TestScore before, test_score(graph, m, context));
  THIMBLE_ASSIGN(const TestScore after, test_score(outcome.result.graph, m, context));
  outcome.accuracy_before = before.accuracy;
  outcome.accuracy = after.accuracy;
  return outcome;
}

void print_json(const Arguments& a, const Outcome& outcome, int64_t before, int64_t after, const Context& context) {
  const QuantizeOptions& options = a.stage.options;
  const Quantized& result = outcome.result;
  const bool written = !a.output.empty();
  JsonWriter json;
  json.begin_object().field("schema", "thimble.quantize/1").field("model", a.model).field("to", name(options.to));
  if (written) json.field("file", a.output);
  json.field("bytes_before", before);
  if (written) json.field("bytes", after);
  if (a.train) {
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
  context.print(table.text(context.colour(), context.table_width()));
  if (!std::isnan(outcome.accuracy))
    context.print(format("test accuracy {} (the float model given: {})\n", format_percent(outcome.accuracy),
                         format_percent(outcome.accuracy_before)));
}

// Integer answers have steps of one size over a range that includes 0: far from 0 they may be larger than what the
// answers differ by.
void warn_of_coarse_answers(const Graph& made, const Context& context) {
  const AnswerScale scale = answer_scale(made);
  if (made.outputs.empty()) return;  // --sensitivity makes no model
  const Tensor& answer = made.at(made.outputs[0]);
  if (!scale.on() || !is_quantized_type(answer.type) || answer.quant.scale.size() != 1) return;
  const float least = std::ranges::min(scale.deviation), step = answer.quant.scale[0];
  if (step > least / 8)
    context.warn(
        format("warning: answers go in steps of {:.3g}, and the targets vary by about {:.3g}; --io float gives "
               "answers between the steps",
               step, least));
}

Status run_quantize(Arguments& a, const Context& context) {
  THIMBLE_TRY(check_model_output(context, a.output, {a.model, a.training.teacher}, a.force));
  THIMBLE_TRY(check_arguments(a));
  THIMBLE_ASSIGN(LoadedModel model, load_layers(a.model));
  const auto before = static_cast<int64_t>(model.file.size);
  THIMBLE_TRY(refuse_losses(model.graph));
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(std::move(model)));
  Graph& graph = prepared.graph;
  if (graph.inputs.empty()) return fail(ErrorCode::usage, "the model has no input");
  THIMBLE_ASSIGN(const Outcome outcome, quantized(a, graph, context));
  if (interrupted()) return interrupted_error("nothing was written");
  std::vector<uint8_t> bytes;
  if (!a.output.empty()) {
    THIMBLE_ASSIGN(bytes, model_bytes(outcome.result.graph, a.output, context));
    if (a.output == "-")
      context.print({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    else
      THIMBLE_TRY(write_file_atomic(a.output, std::span<const uint8_t>(bytes)));
    if (a.train && a.output != "-") remove_checkpoint(a.output + ".ckpt");
  }
  warn_of_coarse_answers(outcome.result.graph, context);
  const auto after = static_cast<int64_t>(bytes.size());
  if (context.json) {
    print_json(a, outcome, before, after, context);
  } else if (a.output != "-") {
    if (outcome.widths) print_widths(*outcome.widths, context);
    if (!a.output.empty()) {
      print_tables(outcome, before, after, context);
      context.note(format("wrote {}", a.output));
    }
  }
  for (const std::string& what : tflite::stock_obstacles(outcome.result.graph, true))
    context.note(format("LiteRT will refuse this model or crash: {}", what));
  return outcome.widths ? goal_status(a.stage, *outcome.widths) : Status();
}

}  // namespace

Action define_quantize(Options& options) {
  auto a = std::make_shared<Arguments>();
  options.examples(
      "thimble quantize model.tflite --to float16 -o model_f16.tflite\n"
      "thimble quantize model.tflite --to dynamic -o model_dynamic.tflite\n"
      "thimble quantize model.tflite --to int8 --data fashion-mnist --io int8 -o model_int8.tflite\n"
      "thimble quantize model.tflite --sensitivity --data fashion-mnist\n"
      "thimble quantize model.tflite --mixed \"accuracy-drop 0.5\" --data fashion-mnist -o model_mixed.thim\n"
      "thimble quantize model.tflite --qat --data fashion-mnist --epochs 3 --bits 4 -o model_int4.tflite\n");
  options.about(
      "float16 halves the weights. dynamic stores int8 weights and quantises activations while running. int8\n"
      "computes in int8 throughout; it measures the ranges of activations on training samples of --data. int16x8 has\n"
      "int8 weights and int16 activations: nearly the accuracy of float32 in little more than int8's size. --qat "
      "makes\n"
      "int8 too, and trains on them meanwhile: the accuracy that training shows is that of the file.");
  options.argument("MODEL", &a->model, "a float .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("-o,--output", &a->output, "OUT",
               "the file to write: .tflite, .onnx or .thim (packed); - is the standard output");
  declare_force(options, &a->force);
  options.text("--data", &a->data, "SET", "int8: samples to calibrate with: mnist, fashion-mnist, folder:PATH, …");
  declare_feeding(options, a.get());
  FlagFields visitor(options, a->stage.form);
  fields(visitor, a->stage);
  options.flag("--sensitivity", &a->sensitivity, "a table of what fewer bits in each layer cost and save");
  options.section("int8, quantisation-aware training");
  options.flag("--qat", &a->train, "train on --data with the integer model running beside the float one");
  FlagFields qat(options, a->qat.form);
  qat_fields(qat, a->qat);
  declare_training(options, &a->training);
  options.section("");
  return [a](const Context& context) { return run_quantize(*a, context); };
}

}  // namespace thimble::app
