#include "app/train_summary.h"

#include <algorithm>

#include "base/json.h"
#include "measure/table.h"
#include "measure/units.h"
#include "ops/check.h"
#include "runtime/program.h"
#include "train/training_graph.h"

namespace thimble::app {
namespace {

struct Row {
  std::string name, word;
  Shape output;
  int64_t parameters = 0, macs = 0;
};

struct Summary {
  std::vector<Row> rows;
  int64_t parameters = 0, macs = 0, statistics = 0;
  int64_t batch = 1, steps = 0;
  int64_t variable_bytes = 0, arena_bytes = 0;  // of training
};

// An imported model has no layers: its operators stand for them.
Result<std::vector<Row>> rows_of(const Model& model) {
  THIMBLE_ASSIGN(const GraphCost work, cost(model.graph));
  std::vector<Row> rows;
  for (const LayerInfo& layer : model.layers) {
    rows.push_back({layer.name, layer.word, layer.output, layer.parameters, 0});
    for (size_t n = layer.first_node; n < layer.end_node; ++n) rows.back().macs += work.node_macs[n];
  }
  if (!rows.empty()) return rows;
  for (size_t n = 0; n < model.graph.nodes.size(); ++n) {
    const Node& node = model.graph.nodes[n];
    Row row{node.name, name(node.op), model.graph.at(node.outputs[0]).shape, 0, work.node_macs[n]};
    for (TensorId t : node.inputs)
      if (std::ranges::find(model.parameters, t) != model.parameters.end())
        row.parameters += model.graph.at(t).shape.elements();
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<Summary> summarise(const Recipe& recipe, const StudyData& data, int threads) {
  Summary s;
  THIMBLE_ASSIGN(const Model single, build_model(recipe.model, {.batch = 1}));
  THIMBLE_ASSIGN(s.rows, rows_of(single));
  for (const Row& row : s.rows) s.macs += row.macs;
  s.parameters = single.parameter_count;
  for (TensorId t : single.statistics) s.statistics += single.graph.at(t).shape.elements();

  const Dataset& set = data.splits.train;
  s.batch = std::min<int64_t>(recipe.train.batch, set.size());
  s.steps = (set.size() + s.batch - 1) / std::max<int64_t>(s.batch, 1);
  THIMBLE_ASSIGN(Model batched, build_model(recipe.model, {.batch = s.batch, .training = true, .seed = recipe.seed}));
  const int64_t elements = batched.graph.at(batched.graph.inputs[0]).shape.elements() / s.batch;
  if (elements != set.sample_elements())
    return fail(ErrorCode::usage,
                format("the model takes {} values per sample, the data set \"{}\" has {}", elements, set.name(),
                       set.sample_elements()),
                "set model.input to the shape of the data");
  THIMBLE_ASSIGN(const LossPlan loss, plan_loss(recipe.train.loss, recipe.train.label_smoothing, batched, set));
  const int64_t width = batched.graph.at(batched.output).shape.elements() / s.batch;
  THIMBLE_ASSIGN(TrainingGraph training, build_training_graph(batched, recipe.train, loss, width));
  for (const Tensor& t : training.graph.tensors)
    if (t.variable) s.variable_bytes += t.bytes();
  THIMBLE_ASSIGN(const auto program, Program::plan(std::move(training.graph), {.threads = threads}));
  s.arena_bytes = program->arena().bytes;
  return s;
}

std::string json_of(const Summary& s, const Recipe& recipe) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.summary/1").field("name", recipe.name);
  json.array("input", recipe.model.input).field("parameters", s.parameters).field("statistics", s.statistics);
  json.field("macs", s.macs).field("float32_bytes", 4 * (s.parameters + s.statistics)).field("batch", s.batch);
  json.field("steps_per_epoch", s.steps).field("epochs", recipe.train.epochs);
  json.field("training_variable_bytes", s.variable_bytes).field("training_arena_bytes", s.arena_bytes);
  json.key("layers").begin_array();
  for (const Row& row : s.rows) {
    json.begin_object().field("name", row.name).field("word", row.word);
    json.array("output", std::vector<int64_t>(row.output.dims().begin() + 1, row.output.dims().end()));
    json.field("parameters", row.parameters).field("macs", row.macs).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

std::string dims_text(std::span<const int64_t> dims) {
  std::string text;
  for (int64_t d : dims) text += format("{}{}", text.empty() ? "" : " × ", d);
  return text.empty() ? "1" : text;
}

}  // namespace

Status print_summary(const Recipe& recipe, const StudyData& data, const Context& context) {
  THIMBLE_ASSIGN(const Summary s, summarise(recipe, data, context.thread_count()));
  if (context.json) {
    context.print(json_of(s, recipe));
    return {};
  }
  TextTable table;
  table.column("layer").column("kind").column("output", Align::right).column("parameters", Align::right);
  table.column("MACs", Align::right).column("float32", Align::right);
  const auto bytes = [](int64_t n) { return format_bytes(static_cast<double>(n)); };
  table.row({"input", "", dims_text(recipe.model.input), "", "", ""});
  for (const Row& row : s.rows)
    table.row({row.name, row.word, dims_text(row.output.dims().subspan(1)),
               row.parameters ? format_count(row.parameters) : "", row.macs ? format_count(row.macs) : "",
               row.parameters ? bytes(4 * row.parameters) : ""});
  table.rule();
  table.row({"whole network", "", "", format_count(s.parameters), format_count(s.macs), bytes(4 * s.parameters)},
            Tone::strong);
  context.print(table.text(context.colour(), context.table_width()));
  if (s.statistics > 0)
    context.print(format("and {} running averages of batch norms, which are folded away on export\n",
                         format_count(s.statistics)));
  context.print("\n");
  context.say(format("training: {} samples, {} steps of {} in each of {} epochs",
                     format_count(data.splits.train.size()), format_count(s.steps), s.batch, recipe.train.epochs));
  context.say(format("memory of training: {}: {} weights and what the optimiser keeps, {} activations and gradients",
                     bytes(s.variable_bytes + s.arena_bytes), bytes(s.variable_bytes), bytes(s.arena_bytes)));
  return {};
}

}  // namespace thimble::app
