#include "app/inspect_listing.h"

#include "base/utf8.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

constexpr size_t kNameWidth = 60;

std::string shape_text(const ListedTensor& tensor) {
  std::string text = "[";
  for (const int64_t d : tensor.shape) text += (text.size() > 1 ? ", " : "") + format("{}", d);
  return text + "]";
}

const ListedTensor& at(const ListedSubgraph& graph, int32_t id) { return graph.tensors[static_cast<size_t>(id)]; }

std::string port_text(const char* word, const ListedSubgraph& graph, const std::vector<ListedPort>& ports) {
  std::string text;
  for (const ListedPort& port : ports) {
    const ListedTensor& tensor = at(graph, port.tensor);
    text += format("  {} {}  {}  {} {}\n", word, clip_text(port.name, kNameWidth), clip_text(tensor.name, kNameWidth),
                   tensor.type, shape_text(tensor));
  }
  return text;
}

std::string subgraph_text(const ListedSubgraph& graph, size_t index, const Context& context) {
  std::string text =
      format("\nsubgraph {}{}\n", index, graph.name.empty() ? "" : " \"" + clip_text(graph.name, kNameWidth) + "\"");
  for (const auto& [word, ids] : {std::pair{"input ", &graph.inputs}, std::pair{"output", &graph.outputs}})
    for (size_t i = 0; i < ids->size(); ++i) {
      const ListedTensor& tensor = at(graph, (*ids)[i]);
      text +=
          format("{} {}  {}  {} {}\n", word, i, clip_text(tensor.name, kNameWidth), tensor.type, shape_text(tensor));
    }
  TextTable table;
  table.column("#", Align::right).column("operator").column("output").column("type").column("support");
  for (size_t n = 0; n < graph.operators.size(); ++n) {
    const ListedOperator& op = graph.operators[n];
    const ListedTensor* out = op.outputs.empty() ? nullptr : &at(graph, op.outputs[0]);
    table.row({format("{}", n), clip_text(op.name, kNameWidth), out ? shape_text(*out) : "", out ? out->type : "",
               op.supported ? "yes" : "no"},
              op.supported ? Tone::plain : Tone::strong);
  }
  return text + table.text(context.colour(), context.table_width());
}

void json_tensor(JsonWriter& json, const ListedTensor& tensor) {
  json.field("name", valid_utf8(tensor.name)).field("dtype", tensor.type).array("shape", tensor.shape);
}

void json_ports(JsonWriter& json, const char* key, const ListedSubgraph& graph, const std::vector<ListedPort>& ports) {
  json.key(key).begin_array();
  for (const ListedPort& port : ports) {
    json.begin_object().field("signature_name", valid_utf8(port.name));
    json_tensor(json, at(graph, port.tensor));
    json.end_object();
  }
  json.end_array();
}

void json_ids(JsonWriter& json, const char* key, const ListedSubgraph& graph, const std::vector<int32_t>& ids) {
  json.key(key).begin_array();
  for (const int32_t id : ids) {
    if (id < 0) {
      json.null();
      continue;
    }
    json.begin_object();
    json_tensor(json, at(graph, id));
    json.end_object();
  }
  json.end_array();
}

void json_subgraph(JsonWriter& json, const ListedSubgraph& graph, size_t index) {
  json.begin_object().field("index", static_cast<int64_t>(index)).field("name", valid_utf8(graph.name));
  json_ids(json, "inputs", graph, graph.inputs);
  json_ids(json, "outputs", graph, graph.outputs);
  json.key("operators").begin_array();
  for (size_t n = 0; n < graph.operators.size(); ++n) {
    const ListedOperator& op = graph.operators[n];
    json.begin_object().field("index", static_cast<int64_t>(n)).field("op", valid_utf8(op.name));
    json.field("version", static_cast<int64_t>(op.version)).field("supported", op.supported);
    json_ids(json, "inputs", graph, op.inputs);
    json_ids(json, "outputs", graph, op.outputs);
    json.end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string listing_text(const TfliteListing& listing, bool all, const Context& context) {
  std::string text;
  for (const ListedSignature& signature : listing.signatures) {
    const ListedSubgraph& graph = listing.subgraphs[static_cast<size_t>(signature.subgraph)];
    text += format("signature \"{}\" of subgraph {}\n", clip_text(signature.key, kNameWidth), signature.subgraph);
    text += port_text("input ", graph, signature.inputs) + port_text("output", graph, signature.outputs);
  }
  const int64_t operators = listing.operators(), supported = listing.supported();
  text +=
      format("supported: {} of {} operator{}{}\n", supported, operators, operators == 1 ? "" : "s",
             operators > 0
                 ? format(" ({})", format_percent(static_cast<double>(supported) / static_cast<double>(operators), 1))
                 : "");
  if (all)
    for (size_t s = 0; s < listing.subgraphs.size(); ++s) text += subgraph_text(listing.subgraphs[s], s, context);
  return text;
}

void listing_json(const TfliteListing& listing, bool all, JsonWriter& json) {
  json.field("operators", listing.operators()).field("operators_supported", listing.supported());
  json.key("signatures").begin_array();
  for (const ListedSignature& signature : listing.signatures) {
    const ListedSubgraph& graph = listing.subgraphs[static_cast<size_t>(signature.subgraph)];
    json.begin_object().field("name", valid_utf8(signature.key)).field("subgraph", signature.subgraph);
    json_ports(json, "inputs", graph, signature.inputs);
    json_ports(json, "outputs", graph, signature.outputs);
    json.end_object();
  }
  json.end_array();
  if (!all) return;
  json.key("subgraphs").begin_array();
  for (size_t s = 0; s < listing.subgraphs.size(); ++s) json_subgraph(json, listing.subgraphs[s], s);
  json.end_array();
}

}  // namespace thimble::app
