// `thimble inspect`: what is in a model file: operators, shapes, sizes, multiply-accumulates, memory.
#include <algorithm>
#include <cmath>

#include "api/load_layers.h"
#include "app/commands.h"
#include "app/inspect_html.h"
#include "app/inspect_listing.h"
#include "app/output.h"
#include "app/port_names.h"
#include "app/summary.h"
#include "app/weight_facts.h"
#include "base/file.h"
#include "base/json.h"
#include "compress/size_report.h"
#include "formats/model_file.h"
#include "formats/tflite/parts.h"
#include "formats/tflite/stock.h"
#include "formats/thim/thim.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "ops/check.h"
#include "passes/fold_batch_norm.h"
#include "passes/pipeline.h"
#include "runtime/program.h"
#include "study/evaluate.h"

namespace thimble::app {
namespace {

struct InspectOptions {
  std::string model, signature, html;
  bool weights = false, plan = false;
};

struct Inspected {
  LoadedModel model;
  GraphSummary summary;
  int64_t deflated = 0, prepacked = 0;
  TfliteParts parts;  // empty for a packed file
  TfliteListing listing;
  ArenaPlan arena;
  std::string steps;     // what will run, as text
  std::string obstacle;  // why it cannot be planned here; empty: it can

  // Whether there is more than the table of the first subgraph shows.
  bool several() const { return listing.subgraphs.size() > 1; }
};

std::string quant_text(const Tensor& tensor) {
  if (tensor.quant.empty()) return "";
  if (tensor.quant.per_axis()) return format("{} scales on axis {}", tensor.quant.scale.size(), tensor.quant.axis);
  if (tensor.quant.zero_point[0] == 0) return format("{} · q", format_number(tensor.quant.scale[0], 6));
  return format("{} · (q {} {})", format_number(tensor.quant.scale[0], 6), tensor.quant.zero_point[0] < 0 ? "+" : "−",
                std::abs(tensor.quant.zero_point[0]));
}

// The shape with −1 for what may have any size; empty where the file says nothing of that.
std::vector<int64_t> shape_signature(const Tensor& tensor) {
  std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
  if (dims.empty() || (!tensor.batch_unknown && !tensor.free_dims)) return {};
  if (tensor.batch_unknown) dims[0] = -1;
  for (size_t d = 1; d < dims.size(); ++d)
    if (tensor.free_dims >> d & 1) dims[d] = -1;
  return dims;
}

std::string shape_text(const Tensor& tensor) {
  if (!tensor.free_dims) return tensor.shape.to_string();
  std::string text = "[";
  for (int64_t d : shape_signature(tensor)) text += (text.size() > 1 ? ", " : "") + format("{}", d);
  return text + "]";
}

void json_tensor(JsonWriter& json, const Tensor& tensor) {
  json.begin_object().field("name", tensor.name).field("dtype", name(tensor.type));
  json.array("shape", std::vector<int64_t>(tensor.shape.dims().begin(), tensor.shape.dims().end()));
  if (const std::vector<int64_t> free = shape_signature(tensor); !free.empty()) json.array("shape_signature", free);
  json.field("bytes", tensor.bytes());
  if (!tensor.quant.empty()) {
    json.key("quantization").begin_object().array("scale", tensor.quant.scale);
    json.array("zero_point", tensor.quant.zero_point).field("axis", tensor.quant.axis).end_object();
  }
}

std::string as_json(const InspectOptions& o, const Inspected& inspected) {
  const Graph& graph = inspected.model.graph;
  JsonWriter json;
  json.begin_object().field("schema", "thimble.inspect/1").field("model", o.model);
  json.field("bytes", static_cast<int64_t>(inspected.model.file.size)).field("bytes_deflated", inspected.deflated);
  json.field("parameters", inspected.summary.parameters).field("macs", inspected.summary.macs);
  json.field("constant_bytes", inspected.summary.constant_bytes);
  if (const TfliteParts& parts = inspected.parts; parts.sparse_tensors > 0)
    json.key("stored_sparse")
        .begin_object()
        .field("constants", parts.sparse_tensors)
        .field("bytes", parts.sparse_values + parts.sparse_index)
        .field("bytes_dense", parts.sparse_dense_bytes)
        .end_object();
  json.field("runnable", inspected.obstacle.empty());
  if (!inspected.obstacle.empty()) json.field("why_not", inspected.obstacle);
  json.field("arena_bytes", inspected.arena.bytes).field("prepacked_bytes", inspected.prepacked);
  for (const auto& [key, ids] : {std::pair{"inputs", &graph.inputs}, std::pair{"outputs", &graph.outputs}}) {
    json.key(key).begin_array();
    for (size_t i = 0; i < ids->size(); ++i) {
      json_tensor(json, graph.at((*ids)[i]));
      const std::string& shown = ids == &graph.inputs ? input_name(graph, i) : output_name(graph, i);
      json.field("signature_name", valid_utf8(shown)).end_object();
    }
    json.end_array();
  }
  if (!inspected.listing.subgraphs.empty()) listing_json(inspected.listing, inspected.several(), json);
  json.key("nodes").begin_array();
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const NodeSummary& sizes = inspected.summary.nodes[n];
    json.begin_object().field("index", static_cast<int64_t>(n)).field("op", name(node.op));
    json.key("inputs").begin_array();
    for (TensorId id : node.inputs) id == kNoTensor ? json.null() : json.value(graph.at(id).name);
    json.end_array().key("outputs").begin_array();
    for (TensorId id : node.outputs) {
      json_tensor(json, graph.at(id));
      json.end_object();
    }
    json.end_array().field("attributes", node.attrs.to_string()).field("parameters", sizes.parameters);
    json.field("macs", sizes.macs).field("weight_bytes", sizes.bytes).end_object();
  }
  json.end_array();
  json.field("signature", graph.signature.empty() ? std::string("serving_default") : valid_utf8(graph.signature));
  json.array("left_out", graph.left_out).key("metadata").begin_object();
  for (const auto& [key, value] : graph.metadata) json.field(valid_utf8(key), clip_text(value, 4096));
  json.end_object();
  if (o.weights) {
    json.key("weights").begin_array();
    for (const Tensor& tensor : graph.tensors) {
      if (!tensor.constant()) continue;
      const WeightFacts facts = facts_of(tensor);
      json_tensor(json, tensor);
      json.field("min", facts.low).field("max", facts.high).field("zero_share", facts.zero_share).end_object();
    }
    json.end_array();
  }
  if (o.plan) {
    json.key("plan").begin_array();
    for (const ArenaItem& item : inspected.arena.items)
      json.begin_object()
          .field("name", item.name)
          .field("offset", item.offset)
          .field("bytes", item.bytes)
          .field("first_step", item.first_step)
          .field("last_step", item.last_step)
          .end_object();
    json.end_array();
  }
  json.end_object();
  return json.take() + "\n";
}

std::string node_table(const Inspected& inspected, const Context& context) {
  const Graph& graph = inspected.model.graph;
  TextTable table;
  table.column("#", Align::right).column("operator").column("output").column("type");
  table.column("parameters", Align::right).column("MACs", Align::right).column("weights", Align::right);
  table.column("output bytes", Align::right);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const NodeSummary& sizes = inspected.summary.nodes[n];
    const Tensor* out = node.outputs.empty() ? nullptr : &graph.at(node.outputs[0]);
    table.row({format("{}", n), name(node.op), out ? out->shape.to_string() : "", out ? name(out->type) : "",
               sizes.parameters ? format_count(sizes.parameters) : "", sizes.macs ? format_count(sizes.macs) : "",
               sizes.bytes ? format_bytes(static_cast<double>(sizes.bytes)) : "",
               out ? format_bytes(static_cast<double>(out->bytes())) : ""});
  }
  int64_t weight_bytes = 0;
  for (const NodeSummary& sizes : inspected.summary.nodes) weight_bytes += sizes.bytes;
  table.rule();
  table.row({"", format("{} operators", graph.nodes.size()), "", "", format_count(inspected.summary.parameters),
             format_count(inspected.summary.macs), format_bytes(static_cast<double>(weight_bytes)), ""},
            Tone::strong);
  return table.text(context.colour(), context.table_width());
}

std::string weight_table(const Graph& graph, const Context& context) {
  TextTable table;
  table.column("constant").column("type").column("shape").column("bytes", Align::right).column("min", Align::right);
  table.column("max", Align::right).column("zeros", Align::right).column("quantisation");
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.constant()) continue;
    const WeightFacts facts = facts_of(tensor);
    table.row({clip_text(tensor.name, 48), name(tensor.type), tensor.shape.to_string(), format_count(tensor.bytes()),
               format_number(facts.low), format_number(facts.high), format_percent(facts.zero_share, 1),
               quant_text(tensor)});
  }
  return table.text(context.colour(), context.table_width());
}

std::string as_text(const InspectOptions& o, const Inspected& inspected, const Context& context) {
  const Graph& graph = inspected.model.graph;
  std::string text =
      format("{}: {} ({} deflated)\n", o.model, format_bytes(static_cast<double>(inspected.model.file.size)),
             format_bytes(static_cast<double>(inspected.deflated)));
  for (const auto& [word, ids] : {std::pair{"input ", &graph.inputs}, std::pair{"output", &graph.outputs}}) {
    for (size_t i = 0; i < ids->size(); ++i) {
      const Tensor& tensor = graph.at((*ids)[i]);
      const std::string& shown = ids == &graph.inputs ? input_name(graph, i) : output_name(graph, i);
      text += format("{} {}  {}{}  {} {}{}{}\n", word, i, clip_text(shown, 60),
                     shown == tensor.name ? "" : format(" ({})", clip_text(tensor.name, 60)), name(tensor.type),
                     shape_text(tensor), tensor.quant.empty() ? "" : "  real = ", quant_text(tensor));
    }
  }
  text += "\n" + (context.verbose ? dump(graph) : node_table(inspected, context));
  if (inspected.obstacle.empty())
    text += format("\nmemory while running  {} (no plan can need less than {}), {} packed weights\n",
                   format_bytes(static_cast<double>(inspected.arena.bytes)),
                   format_bytes(static_cast<double>(inspected.arena.lower_bound)),
                   format_bytes(static_cast<double>(inspected.prepacked)));
  else
    text += format("\ncannot be run here    {}\n", inspected.obstacle);
  if (const TfliteParts& parts = inspected.parts; parts.sparse_tensors > 0)
    text += format("stored sparse         {} constant{}: {} of values and their places, dense {}\n",
                   parts.sparse_tensors, parts.sparse_tensors == 1 ? "" : "s",
                   format_bytes(static_cast<double>(parts.sparse_values + parts.sparse_index)),
                   format_bytes(static_cast<double>(parts.sparse_dense_bytes)));
  for (const StandingAffine& stays : standing_affines(graph))
    text += format("note                  {}\n", stays.to_string());
  for (const std::string& what : tflite::stock_obstacles(graph))
    text += format("elsewhere             LiteRT refuses this file or crashes: {}\n", what);
  for (const auto& [key, value] : graph.metadata) {
    std::string shown(value, 0, value.find_last_not_of('\0') + 1);  // strings in files may be padded with zeros
    if (shown.find('\0') != std::string::npos) shown = format("{} bytes", value.size());
    text += format("metadata              {}: {}\n", clip_text(key, 40), clip_text(shown, 160));
  }
  if (o.weights) text += "\n" + weight_table(graph, context);
  if (o.plan && inspected.obstacle.empty()) text += "\n" + inspected.steps + "\n" + inspected.arena.to_string();
  if (inspected.several()) text += "\n" + listing_text(inspected.listing, true, context);
  return text;
}

Status write_page(const InspectOptions& o, const GraphPage& page, const Context& context) {
  const std::string html = graph_html(page);
  THIMBLE_TRY(write_file_atomic(o.html, html));
  context.note(format("wrote {} ({})", o.html, format_bytes(static_cast<double>(html.size()))));
  return {};
}

// A file with something that Thimble lacks, or whose values decide shapes: all that can be said without running it.
Status inspect_listing(const InspectOptions& o, const Data& file, const Error& why, const Context& context) {
  const std::span<const uint8_t> bytes(file.bytes, file.size);
  const auto listed = list_tflite(bytes);
  if (!listed) return with_context(listed.error(), o.model);
  const TfliteListing& listing = *listed;
  THIMBLE_ASSIGN(const int64_t deflated, deflated_bytes(bytes));
  if (!o.html.empty()) THIMBLE_TRY(write_page(o, graph_page(listing, o.model), context));
  const bool runs = why.code == ErrorCode::needs_value;
  if (context.json) {
    JsonWriter json;
    json.begin_object().field("schema", "thimble.inspect/1").field("model", o.model);
    json.field("bytes", static_cast<int64_t>(file.size)).field("bytes_deflated", deflated);
    json.field("runnable", runs).field(runs ? "values_decide" : "why_not", why.message);
    listing_json(listing, true, json);
    json.end_object();
    context.print(json.take() + "\n");
    return {};
  }
  context.print(format("{}: {} ({} deflated)\n{}: {}\n", o.model, format_bytes(static_cast<double>(file.size)),
                       format_bytes(static_cast<double>(deflated)), runs ? "planned while it runs" : "cannot be run",
                       why.message) +
                listing_text(listing, true, context));
  return {};
}

Status plan_memory(const Context& context, Inspected* inspected) {
  THIMBLE_ASSIGN(Checked prepared, prepare_for_inference(inspected->model));
  PlanOptions plan;
  plan.threads = static_cast<int>(std::max<int64_t>(context.threads, 1));
  THIMBLE_ASSIGN(const auto program, Program::plan(std::move(prepared), plan));
  inspected->arena = program->arena();
  inspected->steps = dump(*program);
  inspected->prepacked = program->prepacked_bytes();
  return {};
}

Status inspect(const InspectOptions& o, const Context& context) {
  Inspected inspected;
  if (!o.html.empty()) THIMBLE_TRY(check_file_output(o.html, "--html"));
  THIMBLE_ASSIGN(const Data bytes, open_model_file(o.model));
  auto model = read_model_file(bytes, o.model, o.signature);
  const bool refused =
      !model && (model.error().code == ErrorCode::unsupported || model.error().code == ErrorCode::needs_value);
  if (refused && is_tflite({bytes.bytes, bytes.size})) return inspect_listing(o, bytes, model.error(), context);
  THIMBLE_ASSIGN(inspected.model, std::move(model));
  THIMBLE_TRY(raise_layers(inspected.model));
  THIMBLE_ASSIGN(inspected.summary, summarize_graph(inspected.model.graph));
  const std::span<const uint8_t> file(inspected.model.file.bytes, inspected.model.file.size);
  THIMBLE_ASSIGN(inspected.deflated, deflated_bytes(file));
  if (is_tflite(file)) {
    THIMBLE_ASSIGN(inspected.parts, tflite_parts(file));
    THIMBLE_ASSIGN(inspected.listing, list_tflite(file));
  }
  if (Status s = plan_memory(context, &inspected); !s) {
    if (s.error().code != ErrorCode::unsupported) return s;
    inspected.obstacle = s.error().message;
  }
  note_left_out(inspected.model.graph, context);
  if (!o.html.empty()) THIMBLE_TRY(write_page(o, graph_page(inspected.model, inspected.summary), context));
  context.print(context.json ? as_json(o, inspected) : as_text(o, inspected, context));
  return {};
}

}  // namespace

Action define_inspect(Options& options) {
  auto o = std::make_shared<InspectOptions>();
  options.examples(
      "thimble inspect model.tflite\n"
      "thimble inspect model.tflite --weights\n"
      "thimble inspect model.tflite --plan\n"
      "thimble inspect model.tflite --html graph.html      # the graph, to move about in and to click\n"
      "thimble inspect model.tflite -v            # every tensor and attribute\n");
  options.argument("MODEL", &o->model, "a .tflite, .onnx or .thim file; - reads it from the standard input");
  options.text("--signature", &o->signature, "NAME",
               "the network of this signature, where the file holds several (default: the first)");
  options.text("--html", &o->html, "OUT.html", "draw the graph on a page of its own, with every attribute and weight");
  options.flag("--weights", &o->weights, "list the constants with their ranges and scales");
  options.flag("--plan", &o->plan, "show the steps that run, and where each tensor lies in the arena, and when");
  return [o](const Context& context) { return inspect(*o, context); };
}

}  // namespace thimble::app
