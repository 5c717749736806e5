#include "app/inspect_html.h"

#include <algorithm>
#include <map>

#include "app/port_names.h"
#include "app/weight_facts.h"
#include "measure/text.h"
#include "measure/units.h"
#include "ops/operands.h"

namespace thimble::app {
namespace {

constexpr size_t kBins = 48, kListedScales = 32;
constexpr int64_t kFewValues = 16;  // fewer make no histogram

using Kind = GraphPageNode::Kind;

std::string dims_text(std::span<const int64_t> dims) {
  std::string text;
  for (const int64_t d : dims) text += (text.empty() ? "" : "×") + (d < 0 ? "?" : format("{}", d));
  return text.empty() ? "scalar" : text;
}

std::string number_text(double x) { return format("{:.6g}", x); }

template <class T>
std::string list_text(const std::vector<T>& values) {
  std::string text;
  for (size_t i = 0; i < std::min(values.size(), kListedScales); ++i)
    text += (text.empty() ? "" : ", ") + number_text(static_cast<double>(values[i]));
  return values.size() > kListedScales ? text + format(" … ({} in all)", values.size()) : text;
}

void add_quantization(const Quantization& q, Facts* facts) {
  if (q.empty()) return;
  facts->emplace_back(q.per_axis() ? format("scales on axis {}", q.axis) : "scale", list_text(q.scale));
  const bool same = std::ranges::all_of(q.zero_point, [&](int32_t z) { return z == q.zero_point[0]; });
  facts->emplace_back("zero point", same ? format("{}", q.zero_point[0]) : list_text(q.zero_point));
}

GraphPageTensor tensor_of(const Tensor& tensor) {
  GraphPageTensor out{tensor.name, {}, {}, {}};
  std::vector<int64_t> dims(tensor.shape.dims().begin(), tensor.shape.dims().end());
  for (size_t d = 0; d < dims.size(); ++d)
    if (tensor.free_dims >> d & 1) dims[d] = -1;
  out.label = format("{} · {}", dims_text(dims), format_bytes(static_cast<double>(tensor.bytes())));
  out.facts = {{"type", name(tensor.type)}, {"shape", tensor.shape.to_string()}};
  out.facts.emplace_back("bytes", format_count(tensor.bytes()));
  if (tensor.variable) out.facts.emplace_back("kind", "a state: it keeps its value between runs");
  if (tensor.batch_unknown || tensor.free_dims) out.facts.emplace_back("sizes", "some are free: set by what is fed");
  add_quantization(tensor.quant, &out.facts);
  if (!tensor.constant() || tensor.shape.elements() == 0 || tensor.type == DType::i4) return out;
  WeightFacts weights = facts_of(tensor, tensor.shape.elements() >= kFewValues ? kBins : 0);
  out.facts.emplace_back("values", format("{} … {}", number_text(static_cast<double>(weights.low)),
                                          number_text(static_cast<double>(weights.high))));
  if (weights.zero_share > 0) out.facts.emplace_back("zeros", format_percent(weights.zero_share));
  out.histogram = std::move(weights.histogram);
  return out;
}

Kind kind_of(const Node& node) {
  if (layer_of(node)) return Kind::layer;
  const OperandRule* rule = operands_of(node.op);
  return rule && (rule->moves || rule->transparent || rule->converts) ? Kind::movement : Kind::function;
}

// "name=value" of each; values may hold spaces.
std::vector<std::string> fields_of(const std::string& attributes) {
  std::vector<std::string> fields;
  for (const std::string& word : words_of(attributes)) {
    if (fields.empty() || word.find('=') != std::string::npos)
      fields.push_back(word);
    else
      fields.back() += " " + word;
  }
  return fields;
}

// What is not as it usually is.
std::string unusual(const Node& node) {
  const OperandRule* rule = operands_of(node.op);
  const std::vector<std::string> usual = rule ? fields_of(rule->attributes.to_string()) : std::vector<std::string>();
  std::string text;
  for (const std::string& field : fields_of(node.attrs.to_string()))
    if (std::ranges::find(usual, field) == usual.end()) text += (text.empty() ? "" : " ") + field;
  return text;
}

GraphPageNode node_of(const Graph& graph, size_t n, const NodeSummary& sizes) {
  const Node& node = graph.nodes[n];
  GraphPageNode out{kind_of(node), name(node.op), node.name, {}, {}, {}};
  std::string attributes = node.attrs.to_string();
  if (attributes.starts_with(' ')) attributes.erase(0, 1);
  const LayerOperands* layer = layer_of(node);
  const auto weights = layer ? static_cast<size_t>(layer->weights) : node.inputs.size();
  out.line = weights < node.inputs.size() && node.inputs[weights] != kNoTensor
                 ? dims_text(graph.at(node.inputs[weights]).shape.dims())
                 : unusual(node);
  out.facts = {{"name", node.name}, {"number", format("{}", n)}};
  if (!attributes.empty()) out.facts.emplace_back("attributes", attributes);
  if (sizes.macs > 0) out.facts.emplace_back("multiply-adds", format_count(sizes.macs));
  if (sizes.parameters > 0) out.facts.emplace_back("parameters", format_count(sizes.parameters));
  if (sizes.bytes > 0) out.facts.emplace_back("weights", format_bytes(static_cast<double>(sizes.bytes)));
  return out;
}

}  // namespace

GraphPage graph_page(const LoadedModel& model, const GraphSummary& summary) {
  const Graph& graph = model.graph;
  GraphPage page;
  page.title = model.name;
  page.facts = {{"file", format_bytes(static_cast<double>(model.file.size))},
                {"operators", format("{}", graph.nodes.size())},
                {"parameters", format_count(summary.parameters)},
                {"multiply-adds", format_count(summary.macs)}};
  std::map<TensorId, size_t> number;  // of the page's tensors
  std::map<TensorId, size_t> giver;   // the page's node
  const auto tensor = [&](TensorId t) {
    const auto [at, fresh] = number.try_emplace(t, page.tensors.size());
    if (fresh) page.tensors.push_back(tensor_of(graph.at(t)));
    return at->second;
  };
  const auto reads = [&](TensorId t) {
    if (t == kNoTensor) return;
    const size_t reader = page.nodes.size() - 1, read = tensor(t);
    if (const auto from = giver.find(t); from != giver.end())
      page.edges.push_back({from->second, reader, read});
    else
      page.nodes.back().constants.push_back(read);
  };
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    giver[graph.inputs[i]] = page.nodes.size();
    page.nodes.push_back({Kind::port, "input", input_name(graph, i), input_name(graph, i), {}, {}});
    page.nodes.back().facts.emplace_back("input", format("{}", i));
  }
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    page.nodes.push_back(node_of(graph, n, summary.nodes[n]));
    for (const TensorId t : graph.nodes[n].inputs) reads(t);
    for (const TensorId t : graph.nodes[n].outputs) giver[t] = page.nodes.size() - 1;
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    page.nodes.push_back({Kind::port, "output", output_name(graph, i), output_name(graph, i), {}, {}});
    page.nodes.back().facts.emplace_back("output", format("{}", i));
    reads(graph.outputs[i]);
  }
  return page;
}

GraphPage graph_page(const TfliteListing& listing, const std::string& title) {
  GraphPage page;
  page.title = title;
  page.facts = {{"operators", format("{}", listing.operators())}, {"supported", format("{}", listing.supported())}};
  if (listing.subgraphs.size() > 1)
    page.facts.emplace_back("subgraphs", format("{}, of which the first is drawn", listing.subgraphs.size()));
  if (listing.subgraphs.empty()) return page;
  const ListedSubgraph& graph = listing.subgraphs[0];
  for (const ListedTensor& tensor : graph.tensors) {
    const std::string dims = dims_text(tensor.shape);
    page.tensors.push_back(
        {tensor.name, format("{} {}", tensor.type, dims), {{"type", tensor.type}, {"shape", dims}}, {}});
  }
  std::map<int32_t, size_t> giver;
  const auto reads = [&](int32_t t) {
    const auto from = giver.find(t);
    if (from != giver.end())
      page.edges.push_back({from->second, page.nodes.size() - 1, static_cast<size_t>(t)});
    else if (t >= 0)
      page.nodes.back().constants.push_back(static_cast<size_t>(t));
  };
  const auto port = [&](const char* what, int32_t t) {
    const std::string& called = graph.tensors[static_cast<size_t>(t)].name;
    page.nodes.push_back({Kind::port, what, called, called, {}, {}});
  };
  for (const int32_t t : graph.inputs) {
    giver[t] = page.nodes.size();
    port("input", t);
  }
  for (const ListedOperator& op : graph.operators) {
    const std::string called = op.outputs.empty() ? "" : graph.tensors[static_cast<size_t>(op.outputs[0])].name;
    page.nodes.push_back({op.supported ? Kind::function : Kind::unsupported,
                          op.name,
                          called,
                          op.supported ? "" : "not supported",
                          {{"name", called}},
                          {}});
    page.nodes.back().facts.emplace_back("version", format("{}", op.version));
    page.nodes.back().facts.emplace_back("supported", op.supported ? "yes" : "no");
    for (const int32_t t : op.inputs) reads(t);
    for (const int32_t t : op.outputs) giver[t] = page.nodes.size() - 1;
  }
  for (const int32_t t : graph.outputs) {
    port("output", t);
    reads(t);
  }
  return page;
}

}  // namespace thimble::app
