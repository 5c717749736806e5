// Reading .onnx: the walk over a graph, what is known of inputs, and nodes by their rules.
#include <algorithm>

#include "base/file.h"
#include "formats/onnx/reader.h"
#include "graph/verify.h"
#include "ops/reshape/reshape.h"

namespace thimble {
namespace onnx {

std::map<std::string_view, int64_t> opsets_of(const std::vector<onnx::OpsetProto>& list) {
  std::map<std::string_view, int64_t> opsets;
  for (const auto& o : list) opsets[o.domain == "ai.onnx" ? "" : o.domain] = o.version;
  return opsets;
}

Result<Graph> Reader::edges() {
  Scope scope;
  for (const auto& proto : model_.graph.initializers) scope.values.emplace(proto.name, kNoTensor);
  THIMBLE_TRY(inputs(&scope));
  for (const ValueProto& v : model_.graph.outputs) {
    if (v.kind == ValueProto::Kind::maps) {  // as ZipMap is read: a tensor of their values
      m_.graph.outputs.push_back(
          m_.graph.add({.name = std::string(v.name), .shape = {1, 1}, .batch_unknown = true, .free_dims = 2}));
      continue;
    }
    if (v.kind == ValueProto::Kind::other || v.dims.size() > Shape::kMaxRank)
      return fail(ErrorCode::unsupported,
                  format("the output \"{}\" is no tensor of up to {} dimensions", v.name, Shape::kMaxRank));
    Tensor y{.name = std::string(v.name)};
    if (v.type != 0) {
      THIMBLE_ASSIGN(const onnx::Stored stored, onnx::stored_as(v.type));
      y.type = stored.type;
    }
    THIMBLE_TRY(placeholder(v, true, &y));
    m_.graph.outputs.push_back(m_.graph.add(std::move(y)));
  }
  metadata();
  return std::move(m_.graph);
}

Result<Checked> Reader::run() {
  const auto opsets = opsets_of(model_.opsets);
  const auto opset = opsets.find("");
  if (opsets.empty()) return fail(ErrorCode::bad_file, "the model names no opset");
  const bool old = opset != opsets.end() && opset->second < kOldestOpset;
  if ((old && (opset->second < 1 || !unchanged(model_.graph))) ||
      (opset != opsets.end() && opset->second > kNewestOpset))
    return fail(opset->second < 1 ? ErrorCode::bad_file : ErrorCode::unsupported,
                format("opset {}; {} to {} are read", opset->second, kOldestOpset, kNewestOpset),
                "onnx.version_converter changes a model's opset");
  for (const FunctionProto& f : model_.functions) functions_[{f.domain, f.name, f.overload}] = &f;
  std::map<const FunctionProto*, int64_t> counted;
  if (visits_ahead(model_.graph.nodes, &counted, 0) > kMostVisits) return too_many();
  Scope scope;
  scope.opsets = &opsets;
  m_.graph.name = std::string(model_.graph.name);
  THIMBLE_TRY(initializers(model_.graph, &scope));
  THIMBLE_TRY(inputs(&scope));
  THIMBLE_TRY(nodes(model_.graph.nodes, &scope));
  THIMBLE_TRY(outputs(scope));
  metadata();
  const bool integers = m_.restore_integers();
  const std::vector<char> kept = m_.graph.remove_unused();
  for (Node& node : m_.graph.nodes)
    if (!node.outputs.empty()) node.name = m_.graph.at(node.outputs[0]).name;
  if (integers) return check(std::move(m_.graph));
  size_t n = 0;
  std::erase_if(m_.resolved, [&](const Resolved&) { return !kept[n++]; });
  return check(std::move(m_.graph), std::move(m_.resolved));
}

bool Reader::unchanged(const GraphProto& graph) {
  constexpr std::string_view kSame[] = {"Not",      "Identity", "Transpose",    "Size",        "Shape",
                                        "Softplus", "Softsign", "DepthToSpace", "SpaceToDepth"};
  return std::ranges::all_of(graph.nodes, [&](const NodeProto& node) {
    return node.domain.empty() && std::ranges::find(kSame, std::string_view(node.op)) != std::end(kSame);
  });
}

void Reader::metadata() {
  for (const auto& [key, value] : model_.metadata)
    if (!key.empty()) m_.graph.metadata[std::string(key)] = std::string(value);
}

Status Reader::placeholder(const ValueProto& v, bool free, Tensor* x) {
  std::vector<int64_t> dims = v.dims;
  for (size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] != -1) continue;
    if (d == 0) x->batch_unknown = true;
    if (d > 0 && free) x->free_dims |= 1u << d;
    dims[d] = 1;
  }
  THIMBLE_ASSIGN(x->shape, Shape::make(std::span<const int64_t>(dims)));
  return {};
}

Status Reader::initializers(const GraphProto& graph, Scope* scope) {
  if (graph.sparse_initializers) return fail(ErrorCode::unsupported, "the graph has sparse initializers");
  for (const auto& proto : graph.initializers) {
    Result<Tensor> tensor = constants_.read(proto);
    if (!tensor && refuse(proto.name, tensor.error(), scope)) continue;
    if (!tensor) return tl::unexpected<Error>(std::move(tensor).error());
    const TensorId id = m_.constant(std::move(*tensor));
    m_.mark_small(id, onnx::stored_as(proto.type)->small);
    if (!scope->values.emplace(proto.name, id).second)
      return damaged(format("two initializers are called \"{}\"", proto.name));
  }
  return {};
}

Status Reader::inputs(Scope* scope) {
  size_t position = 0, count = 0;
  for (const ValueProto& v : model_.graph.inputs) count += !scope->values.contains(v.name);
  if (!known_.empty() && known_.size() != count)
    return fail(ErrorCode::usage, format("what is known of {} inputs, the model has {}", known_.size(), count));
  for (const ValueProto& v : model_.graph.inputs) {
    if (scope->values.contains(v.name)) continue;  // an initializer is its default
    const KnownInput* known = known_.empty() ? nullptr : &known_[position];
    if (Status s = input(v, known, scope); !s && !refuse(v.name, s.error(), scope))
      return with_context(std::move(s).error(), format("input {} \"{}\"", position, v.name));
    ++position;
  }
  return {};
}

Status Reader::input(const ValueProto& v, const KnownInput* known, Scope* scope) {
  if (v.name.empty()) return damaged("it has no name");
  if (v.kind == ValueProto::Kind::none) return damaged("it has no type");
  if (v.kind != ValueProto::Kind::tensor) return fail(ErrorCode::unsupported, "it is a sequence, a map or optional");
  Tensor x{.name = std::string(v.name)};
  THIMBLE_ASSIGN(const onnx::Stored stored, onnx::stored_as(v.type));
  x.type = stored.type;
  if (v.dims.size() > Shape::kMaxRank)
    return fail(ErrorCode::unsupported,
                format("it has {} dimensions, the limit is {}", v.dims.size(), Shape::kMaxRank));
  const bool resized = known && known->shape;
  if (!v.has_shape && !resized) return fail(ErrorCode::unsupported, "the model does not say its shape");
  THIMBLE_TRY(placeholder(v, !resized, &x));
  free_sizes_ = free_sizes_ || (!resized && (x.batch_unknown || x.free_dims));
  if (resized) {
    const Shape& shape = *known->shape;
    bool fits = !v.has_shape || shape.rank() == std::ssize(v.dims);
    for (int d = 0; fits && v.has_shape && d < shape.rank(); ++d)
      fits = v.dims[static_cast<size_t>(d)] == -1 || v.dims[static_cast<size_t>(d)] == shape[d];
    if (!fits) return fail(ErrorCode::usage, format("{} cannot take the shape {}", x.to_string(), shape.to_string()));
    x.shape = shape;
  }
  if (known && known->value) {
    if (static_cast<int64_t>(known->value.size) != x.bytes())
      return fail(ErrorCode::usage, format("{} cannot take a value of {} bytes", x.to_string(), known->value.size));
    x.data = known->value;
    x.batch_unknown = false, x.free_dims = 0;
    const TensorId value = m_.constant(std::move(x));
    m_.mark_small(value, stored.small);
    scope->values[v.name] = value;
    return {};
  }
  const TensorId id = m_.graph.add(std::move(x));
  m_.graph.inputs.push_back(id);
  m_.mark_small(id, stored.small);
  scope->values[v.name] = id;
  return {};
}

Status Reader::outputs(const Scope& scope) {
  std::set<TensorId> taken(m_.graph.inputs.begin(), m_.graph.inputs.end());
  for (const ValueProto& v : model_.graph.outputs) {
    const TensorId* found = scope.find(v.name);
    if (!found || *found == kNoTensor) return damaged(format("nothing computes the output \"{}\"", v.name));
    TensorId id = *found;
    if (v.kind == ValueProto::Kind::tensor && v.type != 0 && !doubtful_.contains(id)) {
      THIMBLE_ASSIGN(const onnx::Stored declared, onnx::stored_as(v.type));
      if (declared.type != m_.type(id) || declared.small != m_.small(id))
        return damaged(
            format("the output \"{}\" is declared as element type {} but is {}", v.name, v.type, name(m_.type(id))));
    }
    if (m_.constant(id) || !taken.insert(id).second) {  // a tensor of its own, also for a constant
      THIMBLE_ASSIGN(id, copy_of(id));
      taken.insert(id);
    }
    m_.graph.at(id).name = std::string(v.name);
    m_.graph.outputs.push_back(id);
  }
  if (m_.graph.outputs.empty()) return damaged("the graph has no outputs");
  return {};
}

Result<TensorId> Reader::copy_of(TensorId x) {
  Tensor y = m_.at(x);
  y.data = {};
  y.batch_unknown = false, y.free_dims = 0;
  const Ints dims(y.shape.dims().begin(), y.shape.dims().end());
  const TensorId id = m_.graph.add(std::move(y));
  Node node{.op = Op::reshape, .inputs = {x}, .outputs = {id}, .attrs = ReshapeAttrs{dims}};
  InferContext inferred(m_.graph, node);
  THIMBLE_TRY(infer_node(m_.graph, node, &inferred));
  m_.graph.nodes.push_back(std::move(node));
  m_.resolved.push_back(static_cast<Resolved&&>(inferred));
  return id;
}

Status Reader::nodes(const std::vector<NodeProto>& list, Scope* scope) {
  for (size_t i = 0; i < list.size(); ++i) {
    const NodeProto& n = list[i];
    if (Status s = node(n, scope); !s) {
      const std::string_view called = n.name.empty() && !n.outputs.empty() ? n.outputs[0] : n.name;
      Error error = std::move(s).error();
      error.context.push_back(format("node {} {} \"{}\"", i, n.op, called));
      if (!refuse(n, std::string(called), error, scope)) return tl::unexpected<Error>(std::move(error));
    }
    doubt(n, *scope);
  }
  return {};
}

Status Reader::node(const NodeProto& n, Scope* scope) {
  if (++visits_ > kMostVisits) return too_many();
  const std::string_view domain = n.domain == "ai.onnx" ? "" : n.domain;
  const auto first = static_cast<TensorId>(m_.graph.tensors.size());  // what has no name yet
  const auto opset = scope->opsets->find(domain);
  Call call(m_, n, opset == scope->opsets->end() ? 0 : opset->second, scope->bindings);
  call.constants = &constants_;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    TensorId id = kNoTensor;
    if (!n.inputs[i].empty()) {
      const TensorId* found = scope->find(n.inputs[i]);
      if (!found) return damaged(format("input {} \"{}\" is computed by no node before", i, n.inputs[i]));
      id = *found;
    }
    call.in.push_back(id);
  }
  Ids out;
  if (const auto f = functions_.find({n.domain, n.op, n.overload}); f != functions_.end()) {
    THIMBLE_ASSIGN(out, function(*f->second, call, *scope));
  } else if (domain.empty() && n.op == "If") {
    THIMBLE_ASSIGN(out, branch(call, *scope));
  } else if (domain.empty() && n.op == "Loop") {
    THIMBLE_ASSIGN(out, loop(call, *scope));
  } else if (domain.empty() && n.op == "Scan") {
    THIMBLE_ASSIGN(out, call.opset < 9 ? batched_scan(call, *scope) : scan(call, *scope));
  } else if (domain == onnx::kPreview && n.op == "FlexAttention") {
    THIMBLE_ASSIGN(out, flex_attention(call, *scope));
  } else {
    THIMBLE_ASSIGN(out, rule(call, domain));
  }
  for (size_t i = 0; i < n.outputs.size(); ++i) {
    if (n.outputs[i].empty()) continue;
    if (i >= out.size() || out[i] == kNoTensor)
      return fail(ErrorCode::unsupported, format("output {} \"{}\" of {}", i, n.outputs[i], n.op));
    Tensor& y = m_.graph.at(out[i]);
    if (out[i] >= first) y.name = std::string(n.outputs[i]);
    if (!scope->values.emplace(n.outputs[i], out[i]).second)
      return damaged(format("\"{}\" is computed twice", n.outputs[i]));
  }
  return {};
}

Result<Ids> Reader::rule(Call& call, std::string_view domain) {
  const NodeProto& n = call.node;
  const onnx::Rule* rule = rule_for(n);
  if (!rule || call.opset > rule->until)
    return fail(ErrorCode::unsupported, domain.empty() ? format("operator not supported: {}", n.op)
                                                       : format("operator not supported: {} of {}", n.op, domain));
  for (const TensorId t : call.in)
    if (unread_.contains(t))
      return fail(ErrorCode::unsupported, format("it reads \"{}\", whose type or shape is not known", m_.at(t).name));
  if (call.opset == 0 && domain.empty()) return damaged("the model names no opset of the domain ai.onnx");
  const int given = static_cast<int>(n.inputs.size());
  if (given > rule->most) return damaged(format("{} inputs, there are {} at most", given, rule->most));
  for (int i = 0; i < rule->least; ++i)
    if (!call.has(static_cast<size_t>(i))) return damaged(format("input {} is left out", i));
  THIMBLE_TRY(expect_digits(call, domain));
  THIMBLE_ASSIGN(const int32_t small, small_of(call));
  Ids out = rule->read(m_, call);
  if (m_.failed()) return tl::unexpected<Error>(sizes_asked(m_.take_error()));
  for (const TensorId y : out) m_.mark_small(y, small);
  return out;
}

Error Reader::sizes_asked(Error error) const {
  if (!free_sizes_ || error.code != ErrorCode::bad_file) return error;
  error.code = ErrorCode::needs_value;
  error.message += ", with 1 for the sizes of inputs that the file leaves free";
  error.hint = "feed arrays of the sizes that are meant (thimble run MODEL --input), or write these into the file";
  return error;
}

Status Reader::expect_digits(const Call& call, std::string_view domain) const {
  constexpr std::string_view kIn32[] = {"Attention",
                                        "AveragePool",
                                        "CausalConvWithState",
                                        "DeformConv",
                                        "GridSample",
                                        "Hardmax",
                                        "LSTM",
                                        "GRU",
                                        "RNN",
                                        "RoiAlign",
                                        "Resize",
                                        "NegativeLogLikelihoodLoss",
                                        "Upsample",
                                        "LinearAttention",
                                        "SoftmaxCrossEntropyLoss"};
  const std::string_view op = call.node.op;
  if (!domain.empty() || std::ranges::find(kIn32, op) == std::end(kIn32) || m_.type(call[0]) != DType::f64) return {};
  return fail(ErrorCode::unsupported, format("{} of float64, whose digits float32 cannot hold", op),
              "cast its inputs to float32");
}

Result<int32_t> Reader::small_of(const Call& call) const {
  constexpr std::string_view kMove[] = {"Concat", "Flatten", "Gather",  "Identity",  "Reshape",
                                        "Slice",  "Split",   "Squeeze", "Transpose", "Unsqueeze"};
  constexpr std::string_view kRead[] = {"Cast", "CastLike", "DequantizeLinear", "QuantizeLinear", "Shape", "Size"};
  const std::string_view op = call.node.op;
  const bool any = std::ranges::any_of(call.in, [&](TensorId t) { return m_.small(t) != 0; });
  if (!any || std::ranges::find(kRead, op) != std::end(kRead)) return 0;
  const int32_t small = m_.small(call[0]);
  const bool one = op != "Concat" || std::ranges::all_of(call.in, [&](TensorId t) { return m_.small(t) == small; });
  if (!small || !one || std::ranges::find(kMove, op) == std::end(kMove))
    return fail(ErrorCode::unsupported, format("{} of integers of less than 8 bits", op),
                "cast them to int8 or uint8 before");
  return small;
}

}  // namespace onnx

Result<Checked> read_checked_onnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                  std::span<const KnownInput> known, const OnnxReadOptions& options) {
  if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes)
    return fail(ErrorCode::unsupported, format("the model has {} bytes, the limit is {}", bytes.size(), kMaxFileBytes));
  THIMBLE_ASSIGN(const onnx::ModelProto model, onnx::parse_model(bytes));
  return onnx::Reader(model, std::move(owner), known, options).run();
}

Result<Graph> read_onnx_edges(std::span<const uint8_t> bytes) {
  THIMBLE_ASSIGN(const onnx::ModelProto model, onnx::parse_model(bytes));
  return onnx::Reader(model, nullptr, {}, {}).edges();
}

}  // namespace thimble
