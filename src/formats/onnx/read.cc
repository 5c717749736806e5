// Reading .onnx: the walk over a graph, what is known of inputs, functions, and control flow by what is known.
#include <algorithm>
#include <set>

#include "base/file.h"
#include "formats/onnx/attention.h"
#include "formats/onnx/constants.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/rule.h"
#include "graph/verify.h"
#include "ops/reshape/reshape.h"

namespace thimble {
namespace {

using onnx::Bindings;
using onnx::Call;
using onnx::FunctionProto;
using onnx::GraphProto;
using onnx::Ids;
using onnx::Ints;
using onnx::NodeProto;
using onnx::ValueProto;

constexpr int kMaxDepth = 16;             // of functions and subgraphs in each other
constexpr int64_t kMostVisits = 100'000;  // of nodes of the file, again in each call
constexpr int64_t kMostRounds = 4096;     // of loops, all together

// Names and what they stand for; those of the graph around it are seen from a subgraph.
struct Scope {
  const Scope* parent = nullptr;
  const Bindings* bindings = nullptr;
  const std::map<std::string_view, int64_t>* opsets = nullptr;
  int depth = 0;
  std::map<std::string_view, TensorId> values;

  const TensorId* find(std::string_view name) const {
    for (const Scope* s = this; s; s = s->parent)
      if (const auto found = s->values.find(name); found != s->values.end()) return &found->second;
    return nullptr;
  }
};

std::map<std::string_view, int64_t> opsets_of(const std::vector<onnx::OpsetProto>& list) {
  std::map<std::string_view, int64_t> opsets;
  for (const auto& o : list) opsets[o.domain == "ai.onnx" ? "" : o.domain] = o.version;
  return opsets;
}

class Reader {
 public:
  Reader(const onnx::ModelProto& model, std::shared_ptr<const void> owner, std::span<const KnownInput> known,
         const OnnxReadOptions& options)
      : model_(model), known_(known), constants_(std::move(owner), options.folder), refused_(options.refused) {
    if (!refused_) return;
    for (const auto* list : {&model.graph.values, &model.graph.outputs})
      for (const ValueProto& v : *list) declared_.emplace(v.name, &v);
  }

  Result<Graph> edges() {
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

  Result<Checked> run() {
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

 private:
  static tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

  // Whether all its operators mean in the first opset what they mean in the oldest that is read.
  static bool unchanged(const GraphProto& graph) {
    constexpr std::string_view kSame[] = {"Not",      "Identity", "Transpose",    "Size",        "Shape",
                                          "Softplus", "Softsign", "DepthToSpace", "SpaceToDepth"};
    return std::ranges::all_of(graph.nodes, [&](const NodeProto& node) {
      return node.domain.empty() && std::ranges::find(kSame, std::string_view(node.op)) != std::end(kSame);
    });
  }

  static tl::unexpected<Error> too_many() {
    return fail(ErrorCode::unsupported, format("functions and loops come to more than {} operators", kMostVisits));
  }

  // How many nodes these come to with the functions that they call, at least, before any memory is taken for them: a
  // function that calls one ten times which calls one ten times … is short. A ring is found when it is walked.
  int64_t visits_ahead(const std::vector<NodeProto>& list, std::map<const FunctionProto*, int64_t>* counted,
                       int depth) {
    int64_t all = std::ssize(list);
    for (const NodeProto& n : list) {
      if (all > kMostVisits || depth >= kMaxDepth) break;
      const auto f = functions_.find({n.domain, n.op, n.overload});
      if (f == functions_.end()) continue;
      const auto [known, first] = counted->try_emplace(f->second, 0);
      if (first) {
        const int64_t inside = visits_ahead(f->second->nodes, counted, depth + 1);
        (*counted)[f->second] = inside;
      }
      all += (*counted)[f->second];
    }
    return std::min(all, kMostVisits + 1);
  }

  void metadata() {
    for (const auto& [key, value] : model_.metadata)
      if (!key.empty()) m_.graph.metadata[std::string(key)] = std::string(value);
  }

  // The declared shape; sizes that are free are 1, and marked where they stay so.
  static Status placeholder(const ValueProto& v, bool free, Tensor* x) {
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

  Status initializers(const GraphProto& graph, Scope* scope) {
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

  // What is neither fed nor known is a placeholder of the file's shape.
  Status inputs(Scope* scope) {
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

  Status input(const ValueProto& v, const KnownInput* known, Scope* scope) {
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

  Status outputs(const Scope& scope) {
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

  Result<TensorId> copy_of(TensorId x) {
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

  // ---- nodes ----

  Status nodes(const std::vector<NodeProto>& list, Scope* scope) {
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

  Status node(const NodeProto& n, Scope* scope) {
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

  static const onnx::Rule* rule_for(const NodeProto& n) {
    return onnx::rule_of(n.op, n.domain == "ai.onnx" ? std::string_view() : n.domain);
  }

  // Whether it stands for nodes of a graph in the file.
  bool is_control(const NodeProto& n) const {
    return functions_.contains({n.domain, n.op, n.overload}) || n.op == "If" || n.op == "Loop" || n.op == "Scan" ||
           (n.domain == onnx::kPreview && n.op == "FlexAttention");
  }

  Result<Ids> rule(Call& call, std::string_view domain) {
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

  // Free sizes that nothing is known of are 1 here. What does not go together then may well do so with those that are
  // fed: no fault of the file.
  Error sizes_asked(Error error) const {
    if (!free_sizes_ || error.code != ErrorCode::bad_file) return error;
    error.code = ErrorCode::needs_value;
    error.message += ", with 1 for the sizes of inputs that the file leaves free";
    error.hint = "feed arrays of the sizes that are meant (thimble run MODEL --input), or write these into the file";
    return error;
  }
  tl::unexpected<Error> mismatch(std::string what) const {
    return tl::unexpected<Error>(sizes_asked(Error{ErrorCode::bad_file, std::move(what), {}, {}}));
  }

  // What computes in float32 does not take float64.
  Status expect_digits(const Call& call, std::string_view domain) const {
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

  // The integers of less than 8 bits that a node gives because it moves them; 0: none. Others must not take them for
  // bytes.
  Result<int32_t> small_of(const Call& call) const {
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

  // ---- going on behind what is refused, so that one reading says all that is wrong ----

  // An input or a constant that cannot be read. False: the error ends the reading.
  bool refuse(std::string_view name, const Error& error, Scope* scope) {
    if (!refused_ || error.code != ErrorCode::unsupported) return false;
    Error placed = error;
    placed.context.push_back(format("\"{}\"", name));
    refused_->push_back({Refusal::Kind::tensor, {}, std::string(name), std::move(placed)});
    stand_in(name, nullptr, scope);
    return true;
  }

  // A node: what it reads is an output of the graph, and what it would give an input, as the file declares it.
  bool refuse(const NodeProto& n, std::string called, const Error& error, Scope* scope) {
    if (!refused_ || visits_ > kMostVisits) return false;  // that limit ends the reading
    const bool doubt = reads_doubtful(n, *scope), known = rule_for(n) || is_control(n);
    if (error.code != ErrorCode::unsupported && error.code != ErrorCode::needs_value &&
        !(doubt && error.code == ErrorCode::bad_file))
      return false;
    const bool custom = !n.domain.empty() && n.domain != "ai.onnx";
    const Refusal::Kind kind = known    ? (doubt ? Refusal::Kind::follows : Refusal::Kind::use)
                               : custom ? Refusal::Kind::custom_operator
                                        : Refusal::Kind::unknown_operator;
    if (refused_nodes_.insert(&n).second)
      refused_->push_back(
          {kind, custom ? format("{}.{}", n.domain, n.op) : std::string(n.op), std::move(called), error});
    for (const std::string_view input : n.inputs)
      if (const TensorId* found = scope->find(input); found && *found != kNoTensor && !m_.constant(*found))
        m_.graph.outputs.push_back(*found);
    for (const std::string_view output : n.outputs) {
      if (output.empty() || scope->values.contains(output)) continue;
      const auto found = declared_.find(output);
      stand_in(output, found == declared_.end() ? nullptr : found->second, scope);
    }
    return true;
  }

  // A value that nothing gives: of the declared type and shape, or, where these are not known, one that no node reads.
  void stand_in(std::string_view name, const ValueProto* declared, Scope* scope) {
    Tensor x{.name = std::string(name), .shape = {1}};
    bool known = declared && declared->has_shape && declared->dims.size() <= Shape::kMaxRank;
    if (known) {
      const Result<DType> type = onnx::dtype_of(declared->type);
      known = type && placeholder(*declared, true, &x);
      if (known) x.type = *type;
    }
    const TensorId id = m_.graph.add(std::move(x));
    m_.graph.inputs.push_back(id);
    scope->values.emplace(name, id);
    doubtful_.insert(id);
    if (!known) unread_.insert(id);
  }

  bool reads_doubtful(const NodeProto& n, const Scope& scope) const {
    return std::ranges::any_of(n.inputs, [&](std::string_view input) {
      const TensorId* found = scope.find(input);
      return found && doubtful_.contains(*found);
    });
  }

  void doubt(const NodeProto& n, const Scope& scope) {
    if (doubtful_.empty() || !reads_doubtful(n, scope)) return;
    for (const std::string_view output : n.outputs)
      if (const TensorId* found = scope.find(output)) doubtful_.insert(*found);
  }

  // ---- functions ----

  Result<Ids> function(const FunctionProto& f, const Call& call, const Scope& from) {
    if (from.depth >= kMaxDepth)
      return fail(ErrorCode::unsupported, format("functions and subgraphs nest more than {} deep", kMaxDepth));
    if (call.in.size() > f.inputs.size())
      return damaged(format("{} inputs, the function \"{}\" has {}", call.in.size(), f.name, f.inputs.size()));
    Bindings bindings;
    for (const auto& a : f.defaults) bindings.attributes[a.name] = &a;
    for (const auto& a : call.node.attributes)
      if (const auto* value = call.attribute(a.name)) bindings.attributes[a.name] = value;
    const auto opsets = opsets_of(f.opsets);
    Scope scope{.bindings = &bindings, .opsets = f.opsets.empty() ? from.opsets : &opsets, .depth = from.depth + 1};
    for (size_t i = 0; i < f.inputs.size(); ++i)
      scope.values[f.inputs[i]] = i < call.in.size() ? call.in[i] : kNoTensor;
    THIMBLE_TRY(nodes(f.nodes, &scope));
    Ids out;
    for (const std::string_view output : f.outputs) {
      const TensorId* found = scope.find(output);
      out.push_back(found ? *found : kNoTensor);
    }
    return out;
  }

  // ---- control flow ----

  Result<Ids> body(const Call& call, const char* attribute, const Scope& from, const Ids& in) {
    if (from.depth >= kMaxDepth)
      return fail(ErrorCode::unsupported, format("functions and subgraphs nest more than {} deep", kMaxDepth));
    const onnx::AttributeProto* a = call.attribute(attribute);
    if (!a || !a->graph) return damaged(format("it has no graph \"{}\"", attribute));
    const GraphProto& g = *a->graph;
    Scope scope{.parent = &from, .bindings = from.bindings, .opsets = from.opsets, .depth = from.depth + 1};
    if (g.inputs.size() != in.size())
      return damaged(format("its graph \"{}\" has {} inputs, it gives {}", attribute, g.inputs.size(), in.size()));
    for (size_t i = 0; i < in.size(); ++i) scope.values[g.inputs[i].name] = in[i];
    THIMBLE_TRY(initializers(g, &scope));
    THIMBLE_TRY(nodes(g.nodes, &scope));
    Ids out;
    for (const ValueProto& v : g.outputs) {
      const TensorId* found = scope.find(v.name);
      if (!found || *found == kNoTensor)
        return damaged(format("nothing computes the output \"{}\" of its graph", v.name));
      out.push_back(*found);
    }
    return out;
  }

  // The integer, or truth, that decides what is read.
  Result<int64_t> decided(TensorId t, const char* what) {
    const Ints values = m_.ints(t, what);
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    if (values.size() != 1) return damaged(format("{} has {} values", what, values.size()));
    return values[0];
  }

  Result<Ids> branch(const Call& call, const Scope& from) {
    THIMBLE_ASSIGN(const int64_t taken, decided(call[0], "its condition"));
    return body(call, taken ? "then_branch" : "else_branch", from, {});
  }

  Result<Ids> loop(const Call& call, const Scope& from) {
    if (call.in.size() < 2) return damaged("a Loop has at least two inputs");
    int64_t rounds = INT64_MAX, go_on = 1;
    if (call.has(0)) {
      THIMBLE_ASSIGN(rounds, decided(call[0], "its number of rounds"));
    }
    if (call.has(1)) {
      THIMBLE_ASSIGN(go_on, decided(call[1], "its condition"));
    }
    Ids carried(call.in.begin() + 2, call.in.end());
    std::vector<Ids> scans;
    for (int64_t round = 0; round < rounds && go_on; ++round) {
      Ids in{m_.reshape(m_.i64s(Ints{round}), Shape{}), m_.scalar(DType::boolean, 1)};
      in.insert(in.end(), carried.begin(), carried.end());
      THIMBLE_ASSIGN(Ids out, body(call, "body", from, in));
      if (out.size() < 1 + carried.size()) return damaged("the body of a Loop gives too few outputs");
      THIMBLE_ASSIGN(go_on, decided(out[0], "the condition that its body gives"));
      carried.assign(out.begin() + 1, out.begin() + 1 + std::ssize(carried));
      scans.emplace_back(out.begin() + 1 + std::ssize(carried), out.end());
      if (++rounds_ > kMostRounds)
        return fail(ErrorCode::unsupported, format("more than {} rounds of loops", kMostRounds));
    }
    return joined(call, std::move(carried), scans, {}, {});
  }

  // Outputs of all rounds along a new axis each.
  Result<Ids> joined(const Call& call, Ids out, const std::vector<Ids>& rounds, const Ints& axes,
                     const Ints& directions) {
    const size_t count = call.outs() > out.size() ? call.outs() - out.size() : 0;
    if (count && rounds.empty()) return fail(ErrorCode::unsupported, "a loop of no rounds that stacks outputs");
    for (size_t k = 0; k < count; ++k) {
      Ids parts;
      const int64_t asked = k < axes.size() ? axes[k] : 0;
      int axis = 0;
      for (const Ids& round : rounds) {
        if (k >= round.size()) return damaged("a loop's body gives too few outputs");
        const Shape shape = m_.shape(round[k]);
        axis = m_.axis(asked, shape.rank() + 1);
        Ints dims(shape.dims().begin(), shape.dims().end());
        dims.insert(dims.begin() + axis, 1);
        parts.push_back(m_.reshape(round[k], dims));
      }
      if (k < directions.size() && directions[k]) std::ranges::reverse(parts);
      out.push_back(m_.concat(parts, axis));
    }
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    return out;
  }

  // Scores and probabilities go through graphs of the model's own.
  Result<Ids> flex_attention(const Call& call, const Scope& from) {
    const auto modified = [&](const char* name, TensorId x) -> Result<TensorId> {
      if (!call.given(name)) return x;
      THIMBLE_ASSIGN(const Ids out, body(call, name, from, {x}));
      if (out.size() != 1 || m_.type(out[0]) != m_.type(x) || !(m_.shape(out[0]) == m_.shape(x)))
        return damaged(format("its graph \"{}\" gives other than one {}", name, m_.at(x).to_string()));
      return out[0];
    };
    if (call.in.size() != 3) return damaged(format("{} inputs, there are 3", call.in.size()));
    onnx::FlexAttention parts = onnx::flex_scores(m_, call);
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    THIMBLE_ASSIGN(parts.scores, modified("score_mod", parts.scores));
    parts.scores = onnx::softmax(m_, parts.scores);
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    THIMBLE_ASSIGN(parts.scores, modified("prob_mod", parts.scores));
    const TensorId y = onnx::flex_result(m_, call, parts);
    if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
    return Ids{y};
  }

  // Opset 8: inputs and outputs have the batch before their axis, of which each entry is scanned by itself.
  Result<Ids> batched_scan(const Call& call, const Scope& from) {
    const int64_t scanned = call.i("num_scan_inputs", 0);
    const auto inputs = std::ssize(call.in) - 1;
    if (scanned < 1 || scanned > inputs) return damaged(format("num_scan_inputs is {} of {} inputs", scanned, inputs));
    if (call.has(0)) return fail(ErrorCode::unsupported, "a Scan of sequences of several lengths (sequence_lens)");
    const auto states = static_cast<size_t>(inputs - scanned);
    int64_t batch = -1;
    for (size_t k = 1; k < call.in.size(); ++k) {
      if (!call.has(k) || m_.rank(call[k]) < (k > states ? 2 : 1)) return damaged(format("input {} of Scan", k));
      const int64_t entries = m_.shape(call[k])[0];
      if (batch >= 0 && entries != batch) return mismatch(format("batches of {} and {}", entries, batch));
      batch = entries;
    }
    if (batch < 1) return fail(ErrorCode::unsupported, "a Scan of an empty batch");
    std::vector<Ids> results;
    for (int64_t b = 0; b < batch; ++b) {
      Ids in;
      for (size_t k = 1; k < call.in.size(); ++k) {
        Ints dims = m_.dims(call[k]);
        dims.erase(dims.begin());
        in.push_back(m_.reshape(m_.part(call[k], 0, b, 1), dims));
      }
      if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
      THIMBLE_ASSIGN(Ids out, scan_over(call, from, in, states, {.directions = call.ints("directions")}));
      results.push_back(std::move(out));
    }
    return joined(call, {}, results, {}, {});
  }

  struct ScanAxes {
    Ints axes, directions, output_axes, output_directions;
  };

  Result<Ids> scan(const Call& call, const Scope& from) {
    const int64_t scanned = call.i("num_scan_inputs", 0);
    const auto inputs = std::ssize(call.in);
    if (scanned < 1 || scanned > inputs) return damaged(format("num_scan_inputs is {} of {} inputs", scanned, inputs));
    const auto states = static_cast<size_t>(inputs - scanned);
    return scan_over(call, from, call.in, states,
                     {call.ints("scan_input_axes"), call.ints("scan_input_directions"), call.ints("scan_output_axes"),
                      call.ints("scan_output_directions")});
  }

  // The states come first among the inputs.
  Result<Ids> scan_over(const Call& call, const Scope& from, const Ids& inputs, size_t states, const ScanAxes& how) {
    const Ints &axes = how.axes, &directions = how.directions;
    const size_t scanned = inputs.size() - states;
    Ids carried(inputs.begin(), inputs.begin() + static_cast<ptrdiff_t>(states));
    int64_t rounds = -1;
    std::vector<int> axis_of_input;
    for (size_t k = 0; k < scanned; ++k) {
      const TensorId x = inputs[states + k];
      if (x == kNoTensor) return damaged("an input of Scan is left out");
      axis_of_input.push_back(m_.axis(k < axes.size() ? axes[k] : 0, m_.rank(x)));
      if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
      const int64_t length = m_.shape(x)[axis_of_input.back()];
      if (rounds >= 0 && length != rounds) return mismatch(format("Scan goes over {} and {} entries", rounds, length));
      rounds = length;
    }
    std::vector<Ids> scans;
    for (int64_t round = 0; round < rounds; ++round) {
      Ids in = carried;
      for (size_t k = 0; k < scanned; ++k) {
        const TensorId x = inputs[states + k];
        const int axis = axis_of_input[k];
        const bool backwards = k < directions.size() && directions[k];
        const TensorId entry = m_.part(x, axis, backwards ? rounds - 1 - round : round, 1);
        Ints dims = m_.dims(x);
        dims.erase(dims.begin() + axis);
        in.push_back(m_.reshape(entry, dims));
      }
      if (m_.failed()) return tl::unexpected<Error>(m_.take_error());
      THIMBLE_ASSIGN(Ids out, body(call, "body", from, in));
      if (out.size() < states) return damaged("the body of a Scan gives too few outputs");
      carried.assign(out.begin(), out.begin() + static_cast<ptrdiff_t>(states));
      scans.emplace_back(out.begin() + static_cast<ptrdiff_t>(states), out.end());
      if (++rounds_ > kMostRounds)
        return fail(ErrorCode::unsupported, format("more than {} rounds of loops", kMostRounds));
    }
    return joined(call, std::move(carried), scans, how.output_axes, how.output_directions);
  }

  struct FunctionKey {
    std::string_view domain, name, overload;
    auto operator<=>(const FunctionKey&) const = default;
  };

  const onnx::ModelProto& model_;
  std::span<const KnownInput> known_;
  onnx::ConstantReader constants_;
  onnx::Maker m_;
  std::map<FunctionKey, const FunctionProto*> functions_;
  int64_t visits_ = 0, rounds_ = 0;
  bool free_sizes_ = false;  // an input has sizes of which nothing is known
  Refusals* const refused_;
  std::map<std::string_view, const ValueProto*> declared_;  // of the main graph
  std::set<const NodeProto*> refused_nodes_;
  // Tensors that are not what the file says they are: what refused nodes would give and what follows from it, and those
  // of which neither type nor shape is known.
  std::set<TensorId> doubtful_, unread_;
};

}  // namespace

Result<Checked> read_checked_onnx(std::span<const uint8_t> bytes, std::shared_ptr<const void> owner,
                                  std::span<const KnownInput> known, const OnnxReadOptions& options) {
  if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes)
    return fail(ErrorCode::unsupported, format("the model has {} bytes, the limit is {}", bytes.size(), kMaxFileBytes));
  THIMBLE_ASSIGN(const onnx::ModelProto model, onnx::parse_model(bytes));
  return Reader(model, std::move(owner), known, options).run();
}

Result<Graph> read_onnx_edges(std::span<const uint8_t> bytes) {
  THIMBLE_ASSIGN(const onnx::ModelProto model, onnx::parse_model(bytes));
  return Reader(model, nullptr, {}, {}).edges();
}

}  // namespace thimble
