// `thimble eval`: how good a model is on a data set, with its confusion matrix and interval.
#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/data_arguments.h"
#include "app/device_verbs.h"
#include "app/interrupt.h"
#include "app/output.h"
#include "app/task_progress.h"
#include "base/json.h"
#include "measure/clock.h"
#include "measure/stats.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

constexpr size_t kMostRows = 30;  // of more classes only those are listed that the set has

struct EvalOptions : DataArguments {
  std::string model, split, device;
  int64_t limit = 0;
};

struct Evaluated {
  std::string set, part = "test";  // "train", "validation", "test", "all"
  bool trained_on = false;         // the model learned from this set, which is divided as it was then
  Dataset data;
  EvaluationResult result;
  std::vector<std::string> labels;
  double seconds = 0;
};

struct ClassScore {
  int64_t n = 0, correct = 0, guessed = 0;
  double recall() const { return n ? static_cast<double>(correct) / static_cast<double>(n) : 0; }
  double precision() const { return guessed ? static_cast<double>(correct) / static_cast<double>(guessed) : 0; }
};

std::vector<ClassScore> class_scores(const EvaluationResult& result) {
  std::vector<ClassScore> scores(result.confusion.size());
  for (size_t truth = 0; truth < scores.size(); ++truth)
    for (size_t guess = 0; guess < scores.size(); ++guess) {
      scores[truth].n += result.confusion[truth][guess];
      scores[guess].guessed += result.confusion[truth][guess];
      if (truth == guess) scores[truth].correct = result.confusion[truth][guess];
    }
  return scores;
}

std::string as_json(const EvalOptions& o, const Evaluated& e) {
  const EvaluationResult& r = e.result;
  JsonWriter json;
  json.begin_object()
      .field("schema", "thimble.eval/1")
      .field("model", o.model)
      .field("data", e.set)
      .field("split", e.part == "all" ? "test" : e.part)
      .field("part", e.part)
      .field("trained_on", e.trained_on);
  if (!o.device.empty()) json.field("device", o.device);
  const bool classes = !r.confusion.empty();
  if (classes) {
    const Interval interval = wilson95(r.correct, r.n);
    json.field("accuracy", r.accuracy);
    json.key("interval95").begin_array().value(interval.low).value(interval.high).end_array();
  }
  json.field("loss", r.loss).field("n", r.n);
  if (const RegressionScore& s = r.regression; s.present())
    json.field("mse", s.mse)
        .field("rmse", s.rmse)
        .field("mae", s.mae)
        .field("r2", s.r2)
        .field("max_error", s.max_error);
  if (classes) {
    json.field("correct", r.correct).key("confusion").begin_array();
    for (const auto& line : r.confusion) {
      json.begin_array();
      for (int64_t n : line) json.value(n);
      json.end_array();
    }
    json.end_array().key("per_class").begin_array();
    const std::vector<ClassScore> scores = class_scores(r);
    for (size_t c = 0; c < scores.size(); ++c)
      json.begin_object()
          .field("label", e.labels[c])
          .field("n", scores[c].n)
          .field("correct", scores[c].correct)
          .field("accuracy", scores[c].recall())
          .field("precision", scores[c].precision())
          .end_object();
    json.end_array();
  }
  json.field("seconds", e.seconds).end_object();
  return json.take() + "\n";
}

std::string as_text(const EvalOptions& o, const Evaluated& e, bool colour) {
  const EvaluationResult& r = e.result;
  const std::string where = o.device.empty() ? "" : ", answered by " + o.device;
  std::string text;
  if (r.confusion.empty())
    return format(
        "{} on {} {}, {} samples ({}){}\n"
        "RMSE           {}   (mean squared error {})\n"
        "MAE            {}\n"
        "R²             {}\n"
        "largest error  {}\n",
        o.model, e.set, e.part, format_count(r.n), format_seconds(e.seconds), where,
        format_number(r.regression.rmse, 5), format_number(r.regression.mse, 5), format_number(r.regression.mae, 5),
        format_number(r.regression.r2, 6), format_number(r.regression.max_error, 5));
  const Interval interval = wilson95(r.correct, r.n);
  text += format("accuracy {}  ({} of {}; 95 % interval {} … {})\nloss     {}\n\n", format_percent(r.accuracy),
                 format_count(r.correct), format_count(r.n), format_percent(interval.low),
                 format_percent(interval.high), format_number(r.loss));
  const std::vector<ClassScore> scores = class_scores(r);
  TextTable table;
  table.column("class").column("n", Align::right).column("found", Align::right).column("precision", Align::right);
  const bool confusion = scores.size() <= 12;
  if (confusion)
    for (const std::string& label : e.labels) table.column(clip_text(label, 6), Align::right);
  for (size_t c = 0; c < scores.size(); ++c) {
    if (!confusion && scores[c].n == 0 && scores.size() > kMostRows) continue;
    std::vector<std::string> cells = {e.labels[c], format_count(scores[c].n),
                                      scores[c].n ? format_percent(scores[c].recall(), 1) : "–",
                                      scores[c].guessed ? format_percent(scores[c].precision(), 1) : "–"};
    if (confusion)
      for (int64_t n : r.confusion[c]) cells.push_back(n ? format("{}", n) : "·");
    table.row(std::move(cells));
  }
  text += table.text(colour);
  text += format("\n{}, {}: {} samples ({}){}{}\n", e.set, e.part == "all" ? "all of it" : e.part + " part",
                 format_count(r.n), format_seconds(e.seconds), where,
                 confusion ? "; rows: the true class, columns: what the model says" : "");
  return text;
}

// The part of the set that is scored, and what there is to say about the choice.
Status choose_part(const EvalOptions& o, const Graph& graph, const ModelData& data, const Context& context,
                   Evaluated* e) {
  const Splits& splits = data.splits;
  e->trained_on = data.trained_on;
  e->part = o.split.empty() ? "test" : o.split;
  const Dataset& part = e->part == "train" ? splits.train : e->part == "validation" ? splits.validation : splits.test;
  if (!part.valid() || part.empty())
    return fail(
        ErrorCode::usage, format("the set {} has no {} part", o.data, e->part),
        data.trained_on || splits.divided ? "choose another --split" : "leave --split out: all of it is scored");
  if (!part.labelled()) {
    const auto own = own_feeding(graph);
    const bool table = own && *own && (*own)->table && !(*own)->table->target.empty();
    return fail(ErrorCode::usage,
                table ? format("{} has no column \"{}\", the target that the model was trained for", o.data,
                               (*own)->table->target)
                      : format("{} has no targets to compare answers with", o.data),
                table ? "name the column with --target; `thimble run` answers without one"
                      : "`thimble run` answers without them");
  }
  e->data = part.limit(o.limit);
  const bool whole = splits.train.valid() && splits.train.empty() && splits.validation.empty();
  if (!data.trained_on && whole) {
    e->part = "all";
    if (const auto own = own_feeding(graph);
        own && *own && !(*own)->trained_on.empty() && o.data.find(':') != o.data.npos)
      context.note(
          format("{} is not the set that the model was trained on (by names and sizes): all of it is scored", o.data));
    return {};
  }
  if (data.trained_on && e->part != "test")
    context.warn(format("warning: the model {} these samples: what it does on them says nothing of others",
                        e->part == "train" ? "was trained on" : "was chosen by"));
  return {};
}

Status eval(const EvalOptions& o, const Context& context) {
  THIMBLE_ASSIGN(LoadedModel model, load_layers(o.model));
  note_left_out(model.graph, context);
  THIMBLE_ASSIGN(const Checked prepared, prepare_for_inference(std::move(model)));
  const Graph& graph = prepared.graph;
  THIMBLE_ASSIGN(const DataRequest request, data_request(o, DataRequest::Use::score, context));
  THIMBLE_ASSIGN(const ModelData data, open_data(graph, request, context));
  Evaluated e;
  e.set = o.data;
  THIMBLE_TRY(choose_part(o, graph, data, context, &e));
  e.labels = e.data.samples().label_names;
  for (size_t c = e.labels.size(); c < static_cast<size_t>(std::max(e.data.classes(), 0)); ++c)
    e.labels.push_back(format("class {}", c));
  const Feeding& feeding = data.fed.feeding;
  TaskProgress progress(context, "evaluating", "samples");
  EvaluateOptions how;
  how.threads = context.thread_count();
  how.cancelled = interrupted;
  how.progress = [&](int64_t done, int64_t total) { progress.update(done, total); };
  const Stopwatch watch;
  THIMBLE_ASSIGN(e.result, o.device.empty()
                               ? evaluate_model(graph, e.data, feeding, how)
                               : device_verbs()->evaluate(o.device, o.model, graph, e.data, feeding, how, context));
  e.seconds = watch.seconds();
  progress.clear();
  if (const std::string warning = constant_warning(e.result, e.data); !warning.empty()) context.warn(warning);
  int64_t none = 0;
  for (int64_t i = 0; i < e.result.n && !e.result.outputs.empty(); ++i)
    none += std::any_of(e.result.outputs.begin() + i * e.result.width,
                        e.result.outputs.begin() + (i + 1) * e.result.width, [](float v) { return std::isnan(v); });
  if (none > 0)
    context.warn(
        format("warning: answers to {} of {} samples are not numbers (NaN): look at the data, and at the weights "
               "(thimble inspect MODEL --weights)",
               none, e.result.n));
  context.print(context.json ? as_json(o, e) : as_text(o, e, context.colour()));
  return {};
}

}  // namespace

Action define_eval(Options& options) {
  auto o = std::make_shared<EvalOptions>();
  options.examples(
      "thimble eval model.tflite --data mnist\n"
      "thimble eval model.tflite --data folder:my-digits --handwriting\n"
      "thimble eval foreign.tflite --data folder:photos --labels labels.txt --scale -1..1\n"
      "thimble eval model.tflite --data fashion-mnist --limit 1000 --json\n"
      "thimble eval model.tflite --data mnist --device ssh:pi@raspberrypi.local\n");
  options.argument("MODEL", &o->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("--data", &o->data, "SET",
               "mnist, fashion-mnist, digits, folder:PATH, csv:PATH, npz:PATH, function:NAME", true);
  options.choice("--split", &o->split, {"train", "validation", "test"},
                 "which part of the set (default: test; of a set of one's own that the model does not know: all)");
  options.integer("--limit", &o->limit, "N", "only the first N samples", 1);
  declare_feeding(options, o.get());
  if (device_verbs()) device_verbs()->declare(options, &o->device);
  return [o](const Context& context) { return eval(*o, context); };
}

}  // namespace thimble::app
