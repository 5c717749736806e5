// `thimble run`: feeds pictures, arrays or random numbers to a model and shows or saves its outputs.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <numeric>

#include "app/commands.h"
#include "app/interrupt.h"
#include "app/model_inputs.h"
#include "base/file.h"
#include "base/json.h"
#include "base/suggest.h"
#include "data/npy.h"
#include "data/picture.h"
#include "measure/table.h"
#include "measure/units.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

constexpr int64_t kMaxShownRuns = 20, kMaxShownValues = 10, kMaxJsonValues = 4096;

struct RunOptions {
  std::string model, output_dir, labels_file, scale;
  std::vector<std::string> files, inputs;
  int64_t top = 0, seed = -1;
  bool handwriting = false;
};

struct Answers {
  int64_t runs = 0;
  std::vector<std::vector<uint8_t>> outputs;  // per output: runs × its bytes
  std::vector<std::string> names;             // per run; empty without files
};

Result<size_t> input_of_key(const Graph& graph, const std::string& key) {
  size_t at = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), at);
  if (error == std::errc() && end == key.data() + key.size() && at < graph.inputs.size()) return at;
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    if (graph.at(graph.inputs[i]).name == key || (i < graph.input_names.size() && graph.input_names[i] == key))
      return i;
    names.push_back(graph.at(graph.inputs[i]).name);
  }
  std::string hint = did_you_mean(key, names);
  if (hint.empty()) {
    hint = "inputs:";
    for (size_t i = 0; i < names.size(); ++i) hint += format(" {} or '{}'", i, names[i]);
  }
  return fail(ErrorCode::usage, format("the model has no input '{}'", key), hint);
}

Result<std::vector<Feed>> read_feeds(const RunOptions& o, const Graph& graph, const Context& context) {
  std::vector<Feed> feeds(graph.inputs.size());
  for (const std::string& input : o.inputs) {
    const size_t equals = input.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::usage, format("--input is '{}'", input), "write KEY=FILE.npy, for instance 0=x.npy");
    THIMBLE_ASSIGN(const size_t at, input_of_key(graph, input.substr(0, equals)));
    if (feeds[at].runs > 0) return fail(ErrorCode::usage, format("input {} is given twice", at));
    THIMBLE_TRY(append_npy(input.substr(equals + 1), graph.at(graph.inputs[at]), &feeds[at]));
  }
  Feeding feeding;
  bool stated = false;
  for (size_t i = 0; i < o.files.size(); ++i) {
    const std::string& file = o.files[i];
    // Several inputs: one array each, in their order. One input: each file is one more run.
    const size_t at = graph.inputs.size() > 1 ? i : 0;
    if (at >= feeds.size())
      return fail(ErrorCode::usage, format("{} files for a model with {} inputs", o.files.size(), feeds.size()));
    const Tensor& tensor = graph.at(graph.inputs[at]);
    if (extension_of(file) == ".npy") {
      THIMBLE_TRY(append_npy(file, tensor, &feeds[at]));
      continue;
    }
    if (!is_picture_name(file)) {
      if (!file_exists(file)) return tl::unexpected<Error>(missing_file_error(file));
      return fail(ErrorCode::usage, format("'{}' is neither a picture nor a .npy file", file),
                  "give .png, .jpg, .bmp or .npy");
    }
    if (!stated) {
      std::string note;
      THIMBLE_ASSIGN(feeding, feeding_of(graph, o.scale, &note));
      if (!note.empty()) context.note(note);
      stated = true;
    }
    THIMBLE_TRY(append_picture(file, tensor, feeding, o.handwriting, &feeds[at]));
  }
  return feeds;
}

// All inputs must have the same number of runs; those not given are random.
Result<int64_t> complete_feeds(const RunOptions& o, const Graph& graph, std::vector<Feed>* feeds) {
  int64_t runs = 0;
  for (const Feed& feed : *feeds) runs = std::max(runs, feed.runs);
  for (size_t i = 0; i < feeds->size(); ++i) {
    Feed& feed = (*feeds)[i];
    const Tensor& tensor = graph.at(graph.inputs[i]);
    if (feed.runs == 0) {
      if (o.seed < 0)
        return fail(ErrorCode::usage, format("nothing is given for the input {} ({})", i, tensor.to_string()),
                    format("give a picture or .npy file, --input {}=FILE.npy, or --random SEED", i));
      feed.bytes.resize(static_cast<size_t>(tensor.bytes()));
      THIMBLE_TRY(fill_random(static_cast<uint64_t>(o.seed), i, tensor, feed.bytes));
    } else if (feed.runs != runs) {
      return fail(ErrorCode::usage, format("input {} has {} runs, another has {}", i, feed.runs, runs));
    }
  }
  return std::max<int64_t>(runs, 1);
}

Result<Answers> run_all(Session& session, const std::vector<Feed>& feeds, int64_t runs) {
  const Graph& graph = session.graph();
  Answers answers;
  answers.runs = runs;
  answers.outputs.resize(graph.outputs.size());
  for (const Feed& feed : feeds)
    if (static_cast<int64_t>(feed.names.size()) == runs && answers.names.empty()) answers.names = feed.names;
  for (int64_t r = 0; r < runs; ++r) {
    if (interrupted()) return interrupted_error(format("{} of {} runs were done", r, runs));
    for (size_t i = 0; i < feeds.size(); ++i) {
      const auto size = static_cast<size_t>(graph.at(graph.inputs[i]).bytes());
      const size_t from = feeds[i].runs == 0 ? 0 : static_cast<size_t>(r) * size;
      if (size > 0) std::memcpy(session.input(i).data(), feeds[i].bytes.data() + from, size);
    }
    session.reset_variables();
    session.run();
    for (size_t i = 0; i < answers.outputs.size(); ++i) {
      const auto size = static_cast<size_t>(graph.at(graph.outputs[i]).bytes());
      const uint8_t* bytes = session.output(i).data();
      answers.outputs[i].insert(answers.outputs[i].end(), bytes, bytes + size);
    }
  }
  return answers;
}

std::vector<int64_t> stacked_shape(const Tensor& tensor, int64_t runs) {
  std::vector<int64_t> shape(tensor.shape.dims().begin(), tensor.shape.dims().end());
  if (runs == 1) return shape;
  if (!shape.empty() && shape[0] == 1)
    shape[0] = runs;
  else
    shape.insert(shape.begin(), runs);
  return shape;
}

struct Ranked {
  float value;
  int64_t index;
  std::string label;
};

// The K best classes of run r by the first output: probabilities where the network gives them.
std::vector<Ranked> ranked(const Graph& graph, const Answers& answers, int64_t r, int64_t top,
                           const std::vector<std::string>& labels) {
  const Tensor& tensor = graph.at(graph.outputs[0]);
  const int64_t width = tensor.shape.elements();
  std::vector<float> values(static_cast<size_t>(width));
  const auto bytes = static_cast<size_t>(tensor.bytes());
  read_output(tensor, std::span(answers.outputs[0]).subspan(static_cast<size_t>(r) * bytes, bytes), values);
  if (output_kind(graph, true) == OutputKind::log_probabilities)
    for (float& v : values) v = std::exp(v);
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return values[static_cast<size_t>(a)] > values[static_cast<size_t>(b)];
  });
  std::vector<Ranked> best;
  for (int64_t k = 0; k < std::min(top, width); ++k) {
    const int64_t i = order[static_cast<size_t>(k)];
    best.push_back({values[static_cast<size_t>(i)], i,
                    i < static_cast<int64_t>(labels.size()) ? labels[static_cast<size_t>(i)] : format("class {}", i)});
  }
  return best;
}

Result<std::vector<std::string>> read_labels(const RunOptions& o, const Graph& graph, const Context& context) {
  std::vector<std::string> labels;
  if (o.labels_file.empty()) {
    std::string note;
    auto feeding = feeding_of(graph, "", &note);
    return feeding ? feeding->labels : labels;
  }
  THIMBLE_ASSIGN(const std::string text, read_text_file(o.labels_file));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    labels.push_back(std::move(line));
    at = end + 1;
  }
  const int64_t width = graph.at(graph.outputs[0]).shape.elements();
  if (static_cast<int64_t>(labels.size()) != width)
    context.note(format("warning: {} has {} lines, the model has {} outputs", o.labels_file, labels.size(), width));
  return labels;
}

void print_ranked(const Graph& graph, const Answers& answers, int64_t top, const std::vector<std::string>& labels,
                  const Context& context) {
  const bool scores = output_kind(graph, true) == OutputKind::scores;
  TextTable table;
  if (answers.runs > 1) table.column("input");
  table.column(scores ? "score" : "probability", Align::right).column("label");
  for (int64_t r = 0; r < std::min(answers.runs, kMaxShownRuns); ++r) {
    bool first = true;
    for (const Ranked& entry : ranked(graph, answers, r, top, labels)) {
      std::vector<std::string> cells;
      if (answers.runs > 1)
        cells.push_back(!first ? "" : answers.names.empty() ? format("{}", r) : answers.names[static_cast<size_t>(r)]);
      cells.push_back(scores ? format("{:.4f}", entry.value) : format_percent(entry.value));
      cells.push_back(entry.label);
      table.row(std::move(cells), first ? Tone::strong : Tone::plain);
      first = false;
    }
  }
  context.print(table.text(context.colour()));
}

void print_values(const Graph& graph, const Answers& answers, const Context& context) {
  TextTable table;
  table.column("output").column("type").column("shape").column("min", Align::right).column("max", Align::right);
  table.column("mean", Align::right).column("values");
  for (size_t i = 0; i < answers.outputs.size(); ++i) {
    const Tensor& tensor = graph.at(graph.outputs[i]);
    const int64_t count = answers.runs * tensor.shape.elements();
    std::vector<float> values(static_cast<size_t>(count));
    read_output(tensor, answers.outputs[i], values);
    double sum = 0;
    float low = values.empty() ? 0 : values[0], high = low;
    std::string shown;
    for (int64_t k = 0; k < count; ++k) {
      const float v = values[static_cast<size_t>(k)];
      sum += v, low = std::min(low, v), high = std::max(high, v);
      if (k < kMaxShownValues) shown += (k ? " " : "") + format_number(v);
    }
    if (count > kMaxShownValues) shown += " …";
    Shape shape;
    for (int64_t d : stacked_shape(tensor, answers.runs)) shape.push_back(d);
    table.row({tensor.name, name(tensor.type), shape.to_string(), format_number(low), format_number(high),
               format_number(count ? sum / static_cast<double>(count) : 0), shown});
  }
  context.print(table.text(context.colour()));
}

std::string as_json(const RunOptions& o, const Graph& graph, const Answers& answers, int64_t top,
                    const std::vector<std::string>& labels, bool with_values) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.run/1").field("model", o.model).field("runs", answers.runs);
  json.key("outputs").begin_array();
  for (size_t i = 0; i < answers.outputs.size(); ++i) {
    const Tensor& tensor = graph.at(graph.outputs[i]);
    json.begin_object().field("index", static_cast<int64_t>(i)).field("name", tensor.name);
    json.field("dtype", name(tensor.type)).array("shape", stacked_shape(tensor, answers.runs));
    if (!o.output_dir.empty()) json.field("file", format("{}.npy", i));
    if (!tensor.quant.empty())
      json.key("quantization")
          .begin_object()
          .array("scale", tensor.quant.scale)
          .array("zero_point", tensor.quant.zero_point)
          .end_object();
    const int64_t count = answers.runs * tensor.shape.elements();
    if (with_values && count <= kMaxJsonValues) {
      std::vector<float> values(static_cast<size_t>(count));
      read_output(tensor, answers.outputs[i], values);
      json.array("values", values);
    }
    json.end_object();
  }
  json.end_array();
  if (top > 0) {
    json.key("top").begin_array();
    for (int64_t r = 0; r < answers.runs; ++r) {
      json.begin_array();
      for (const Ranked& entry : ranked(graph, answers, r, top, labels))
        json.begin_object()
            .field("index", entry.index)
            .field("label", entry.label)
            .field("value", entry.value)
            .end_object();
      json.end_array();
    }
    json.end_array();
  }
  json.end_object();
  return json.take() + "\n";
}

Status run(const RunOptions& o, const Context& context) {
  THIMBLE_ASSIGN(LoadedModel model, load_model(o.model));
  THIMBLE_ASSIGN(Graph prepared, prepare_for_inference(std::move(model.graph)));
  THIMBLE_ASSIGN(std::vector<Feed> feeds, read_feeds(o, prepared, context));
  THIMBLE_ASSIGN(const int64_t runs, complete_feeds(o, prepared, &feeds));
  PlanOptions plan;
  plan.threads = context.thread_count();
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(prepared), plan));
  THIMBLE_ASSIGN(auto session, Session::create(program));
  THIMBLE_ASSIGN(const Answers answers, run_all(*session, feeds, runs));

  const Graph& graph = session->graph();
  THIMBLE_ASSIGN(const std::vector<std::string> labels, read_labels(o, graph, context));
  const int64_t top = o.top > 0 ? o.top : labels.empty() ? 0 : 3;
  if (!o.output_dir.empty()) {
    THIMBLE_TRY(make_directories(o.output_dir));
    for (size_t i = 0; i < answers.outputs.size(); ++i) {
      const Tensor& tensor = graph.at(graph.outputs[i]);
      if (npy_type(tensor.type).empty())
        return fail(ErrorCode::unsupported, format("a .npy file for the output {}", tensor.to_string()));
      THIMBLE_TRY(write_npy(join_path(o.output_dir, format("{}.npy", i)), npy_type(tensor.type),
                            stacked_shape(tensor, runs), answers.outputs[i]));
    }
    THIMBLE_TRY(write_file_atomic(join_path(o.output_dir, "outputs.json"),
                                  std::string_view(as_json(o, graph, answers, top, labels, false))));
    context.note(format("wrote {} output{} of {} run{} to {}", answers.outputs.size(),
                        answers.outputs.size() == 1 ? "" : "s", runs, runs == 1 ? "" : "s", o.output_dir));
  }
  if (context.json) {
    context.print(as_json(o, graph, answers, top, labels, true));
  } else if (top > 0) {
    print_ranked(graph, answers, top, labels, context);
    if (runs > kMaxShownRuns)
      context.note(format("… and {} more (--json or --output-dir give all)", runs - kMaxShownRuns));
  } else if (o.output_dir.empty()) {
    print_values(graph, answers, context);
  }
  return {};
}

}  // namespace

Action define_run(Options& options) {
  auto o = std::make_shared<RunOptions>();
  options.examples(
      "thimble run mobilenet.tflite cat.jpg --labels labels.txt --top 3\n"
      "thimble run digits.tflite my_seven.jpg --handwriting\n"
      "thimble run model.tflite --input 0=x.npy --output-dir out\n"
      "thimble run model.tflite --random 1 --json\n");
  options.about(
      "Pictures are resized to the model's input as Pillow does (bilinear) and scaled as the model's own metadata\n"
      "says. An array with N in place of the input's leading 1 is N runs, whose outputs are stacked; states (of an\n"
      "LSTM) start afresh at each run. With one input, every FILE is one more run; with several, one FILE each.\n");
  options.argument("MODEL", &o->model, "a .tflite or .thim file; - reads it from the standard input");
  options.arguments("FILE", &o->files, "pictures (.png, .jpg, .bmp) or .npy arrays");
  options.texts("--input", &o->inputs, "KEY=FILE.npy", "array for one input: its index or name; repeatable");
  options.integer("--random", &o->seed, "SEED", "fill every input not given with reproducible random numbers");
  options.text("--scale", &o->scale, "WORD",
               "how pixels become inputs: 0..1, -1..1 or none (default: the model's own)");
  options.flag("--handwriting", &o->handwriting, "bring photos of digits to MNIST's convention first");
  options.text("--output-dir", &o->output_dir, "DIR", "write 0.npy, 1.npy … and outputs.json there");
  options.text("--labels", &o->labels_file, "FILE", "class names, one per line (default: the model's own)");
  options.integer("--top", &o->top, "K", "show the K best classes (default: 3 when there are labels)", 1);
  return [o](const Context& context) { return run(*o, context); };
}

}  // namespace thimble::app
