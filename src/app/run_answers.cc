#include "app/run_answers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/model_inputs.h"
#include "app/port_names.h"
#include "app/run_found.h"
#include "base/file.h"
#include "base/json.h"
#include "data/npy.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "runtime/tensor_values.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

constexpr int64_t kMaxShownRuns = 20, kMaxShownValues = 10;

std::vector<int64_t> stacked_shape(const Tensor& tensor, int64_t runs) {
  std::vector<int64_t> shape(tensor.shape.dims().begin(), tensor.shape.dims().end());
  if (runs == 1) return shape;
  if (!shape.empty() && shape[0] == 1)
    shape[0] = runs;
  else
    shape.insert(shape.begin(), runs);
  return shape;
}

// The first output's values in run r.
std::vector<float> values_of(const Graph& graph, const Answers& answers, int64_t r) {
  const Tensor& tensor = graph.at(graph.outputs[0]);
  std::vector<float> values(static_cast<size_t>(tensor.shape.elements()));
  const auto bytes = static_cast<size_t>(tensor.bytes());
  read_output(tensor, std::span(answers.outputs[0]).subspan(static_cast<size_t>(r) * bytes, bytes), values);
  return values;
}

// One output that is the probability of class 1 of two.
bool is_binary(const Graph& graph, const std::vector<std::string>& labels) {
  return graph.at(graph.outputs[0]).shape.elements() == 1 && output_kind(graph, true) == OutputKind::probabilities &&
         (labels.empty() || labels.size() == 2);
}

std::string label_of(const std::vector<std::string>& labels, int64_t i) {
  return i < static_cast<int64_t>(labels.size()) ? labels[static_cast<size_t>(i)] : format("class {}", i);
}

std::string name_of(const Answers& answers, int64_t r) {
  return answers.names.empty() ? format("{}", r) : answers.names[static_cast<size_t>(r)];
}

// Nine digits: every float32 comes back.
std::string csv_number(float value) { return std::isnan(value) ? "nan" : format("{:.9g}", value); }

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::vector<Ranked> ranked(const Graph& graph, const Answers& answers, int64_t r) {
  std::vector<float> values = values_of(graph, answers, r);
  if (is_binary(graph, answers.labels)) values.insert(values.begin(), 1.0f - values[0]);
  if (output_kind(graph, true) == OutputKind::log_probabilities)
    for (float& v : values) v = std::exp(v);
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](int64_t i) { return std::isnan(values[static_cast<size_t>(i)]); });
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return values[static_cast<size_t>(a)] > values[static_cast<size_t>(b)];
  });
  std::vector<Ranked> best;
  for (int64_t k = 0; k < std::min<int64_t>(answers.top, std::ssize(order)); ++k) {
    const int64_t i = order[static_cast<size_t>(k)];
    best.push_back({values[static_cast<size_t>(i)], i, label_of(answers.labels, i)});
  }
  return best;
}

int64_t runs_without_number(const Graph& graph, const Answers& answers) {
  if (graph.outputs.empty()) return 0;
  int64_t runs = 0;
  for (int64_t r = 0; r < answers.runs; ++r)
    runs += std::ranges::any_of(values_of(graph, answers, r), [](float v) { return std::isnan(v); });
  return runs;
}

int64_t usual_top(const Graph& graph, const std::vector<std::string>& labels) {
  if (!labels.empty()) return 3;
  const OutputKind kind = output_kind(graph, true);
  const bool probabilities = kind == OutputKind::probabilities || kind == OutputKind::log_probabilities;
  return graph.outputs.size() == 1 && probabilities && graph.at(graph.outputs[0]).shape.elements() > 10 ? 3 : 0;
}

void print_ranked(const Graph& graph, const Answers& answers, const Context& context) {
  const bool scores = output_kind(graph, true) == OutputKind::scores;
  TextTable table;
  if (answers.runs > 1) table.column("input");
  table.column(scores ? "score" : "probability", Align::right).column("label");
  for (int64_t r = 0; r < std::min(answers.runs, kMaxShownRuns); ++r) {
    bool first = true;
    const std::vector<Ranked> best = ranked(graph, answers, r);
    if (best.empty()) {
      std::vector<std::string> cells = {"–", "not a number"};
      if (answers.runs > 1) cells.insert(cells.begin(), name_of(answers, r));
      table.row(std::move(cells), Tone::strong);
    }
    for (const Ranked& entry : best) {
      std::vector<std::string> cells;
      if (answers.runs > 1) cells.push_back(first ? name_of(answers, r) : "");
      cells.push_back(scores ? format("{:.4f}", entry.value) : format_percent(entry.value));
      cells.push_back(entry.label);
      table.row(std::move(cells), first ? Tone::strong : Tone::plain);
      first = false;
    }
  }
  context.print(table.text(context.colour(), context.table_width()));
  if (answers.runs > kMaxShownRuns)
    context.note(format("… and {} more (--output, --json or --output-dir give all)", answers.runs - kMaxShownRuns));
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
    table.row({clip_text(output_name(graph, i), 60), name(tensor.type), shape.to_string(), format_number(low),
               format_number(high), format_number(count ? sum / static_cast<double>(count) : 0), shown});
  }
  context.print(table.text(context.colour(), context.table_width()));
}

std::string answers_json(const Graph& graph, const Answers& answers, const AnswerFile& file) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.run/1").field("model", file.model).field("runs", answers.runs);
  if (!answers.names.empty()) json.array("inputs", answers.names);
  if (!answers.pass_seconds.empty()) json.array("pass_seconds", answers.pass_seconds);
  json.key("outputs").begin_array();
  for (size_t i = 0; i < answers.outputs.size(); ++i) {
    const Tensor& tensor = graph.at(graph.outputs[i]);
    json.begin_object().field("index", static_cast<int64_t>(i)).field("name", tensor.name);
    json.field("signature_name", valid_utf8(output_name(graph, i)));
    json.field("dtype", name(tensor.type)).array("shape", stacked_shape(tensor, answers.runs));
    if (!file.output_dir.empty()) json.field("file", format("{}.npy", i));
    if (!tensor.quant.empty())
      json.key("quantization")
          .begin_object()
          .array("scale", tensor.quant.scale)
          .array("zero_point", tensor.quant.zero_point)
          .end_object();
    const int64_t count = answers.runs * tensor.shape.elements();
    if (count <= file.most_values) {
      std::vector<float> values(static_cast<size_t>(count));
      read_output(tensor, answers.outputs[i], values);
      json.array("values", values);
    }
    json.end_object();
  }
  json.end_array();
  if (answers.top > 0) {
    json.key("top").begin_array();
    for (int64_t r = 0; r < answers.runs; ++r) {
      json.begin_array();
      for (const Ranked& entry : ranked(graph, answers, r))
        json.begin_object()
            .field("index", entry.index)
            .field("label", entry.label)
            .field("value", entry.value)
            .end_object();
      json.end_array();
    }
    json.end_array();
  }
  if (file.found) found_json(*file.found, &json);
  json.end_object();
  return json.take() + "\n";
}

Status write_answer_folder(const Graph& graph, const Answers& answers, const AnswerFile& file, const Context& context) {
  THIMBLE_TRY(make_directories(file.output_dir));
  for (size_t i = 0; i < answers.outputs.size(); ++i) {
    const Tensor& tensor = graph.at(graph.outputs[i]);
    const std::string path = join_path(file.output_dir, format("{}.npy", i)), type = written_as(tensor.type);
    const std::vector<uint8_t>& bytes = answers.outputs[i];
    if (type.empty()) return fail(ErrorCode::unsupported, format("a .npy file for the output {}", tensor.to_string()));
    if (type == npy_type(tensor.type)) {
      THIMBLE_TRY(write_npy(path, type, stacked_shape(tensor, answers.runs), bytes));
      continue;
    }
    std::vector<float> values(bytes.size() / static_cast<size_t>(bits(tensor.type) / 8));
    read_output(tensor, bytes, values);
    THIMBLE_TRY(write_npy(path, type, stacked_shape(tensor, answers.runs),
                          {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)}));
  }
  THIMBLE_TRY(write_file_atomic(join_path(file.output_dir, "outputs.json"),
                                std::string_view(answers_json(graph, answers, file))));
  context.note(format("wrote {} output{} of {} run{} to {}", answers.outputs.size(),
                      answers.outputs.size() == 1 ? "" : "s", answers.runs, answers.runs == 1 ? "" : "s",
                      file.output_dir));
  return {};
}

Status check_answer_name(const std::string& path) {
  const std::string ending = extension_of(path);
  if (ending == ".csv" || ending == ".npy" || ending == ".json") return {};
  return fail(ErrorCode::usage, format("--output is '{}'", path), "give a name that ends in .csv, .npy or .json");
}

Status write_answers(const std::string& path, const Graph& graph, const Answers& answers, const AnswerFile& file) {
  THIMBLE_TRY(check_answer_name(path));
  const std::string ending = extension_of(path);
  if (ending == ".json") return write_file_atomic(path, std::string_view(answers_json(graph, answers, file)));
  const Tensor& tensor = graph.at(graph.outputs[0]);
  if (ending == ".npy") {
    std::vector<float> all;
    for (int64_t r = 0; r < answers.runs; ++r) {
      const std::vector<float> values = values_of(graph, answers, r);
      all.insert(all.end(), values.begin(), values.end());
    }
    return write_npy(path, "f4", stacked_shape(tensor, answers.runs),
                     {reinterpret_cast<const uint8_t*>(all.data()), all.size() * sizeof(float)});
  }
  if (file.found) return write_file_atomic(path, std::string_view(found_csv(*file.found, answers)));
  const int64_t width = tensor.shape.elements();
  const bool classes = answers.top > 0, named = static_cast<int64_t>(answers.labels.size()) == width;
  std::string text = "input";
  if (classes) text += output_kind(graph, true) == OutputKind::scores ? ",class,score" : ",class,probability";
  for (int64_t i = 0; i < width; ++i)
    text += "," + csv_field(named        ? answers.labels[static_cast<size_t>(i)]
                            : width == 1 ? std::string("output")
                                         : format("output_{}", i));
  text += "\n";
  for (int64_t r = 0; r < answers.runs; ++r) {
    text += csv_field(name_of(answers, r));
    if (classes) {
      const std::vector<Ranked> best = ranked(graph, answers, r);
      text += best.empty() ? ",," : "," + csv_field(best[0].label) + "," + csv_number(best[0].value);
    }
    for (float value : values_of(graph, answers, r)) text += "," + csv_number(value);
    text += "\n";
  }
  return write_file_atomic(path, std::string_view(text));
}

}  // namespace thimble::app
