#include "formats/graph_reading.h"

#include <algorithm>
#include <set>

#include "base/numbers.h"
#include "graph/verify.h"
#include "ops/evaluate.h"

namespace thimble {
namespace {

constexpr int64_t kMostBytesAtOnce = 1 << 16;             // of one node that is computed though nobody has asked
constexpr int64_t kMostBytesComputed = int64_t{1} << 28;  // of all together
constexpr int64_t kMostMacsComputed = int64_t{1} << 28;

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

tl::unexpected<Error> not_supported(const std::string& what, const std::string& why = "") {
  if (std::string remedy = remedy_of_build(); !remedy.empty())
    return fail(ErrorCode::unsupported, format("operator not in this build: {}{}", what, why), std::move(remedy));
  return fail(ErrorCode::unsupported, format("operator not supported: {}{}", what, why),
              "`thimble ops` lists the supported operators");
}

}  // namespace

TensorId GraphReading::add(Tensor tensor, DeclaredShape declared, Origin origin) {
  declared_.push_back(declared);
  origins_.push_back(origin);
  producer_.push_back(-1);
  read_.push_back(0);
  const bool variable = tensor.variable;
  const TensorId id = graph.add(std::move(tensor));
  if (variable) {
    const std::string& name = graph.at(id).name;
    set_variable(id, format("{} {}", name, same_names_[name]++));
  }
  return id;
}

bool GraphReading::may_be(TensorId t, const Shape& shape) const {
  const DeclaredShape& declared = declared_[static_cast<size_t>(t)];
  const Shape& said = graph.at(t).shape;
  if (shapes_open || declared.open) return true;
  if (said.rank() != shape.rank()) return false;
  for (int d = 0; d < said.rank(); ++d)
    if (said[d] != shape[d] && !(declared.free_dims >> d & 1)) return false;
  return true;
}

Status GraphReading::count_operators(size_t count) {
  operators_ += count;
  if (operators_ <= kMaxOperators) return {};
  return fail(ErrorCode::unsupported,
              format("more than {} operators, with the bodies of loops and branches in their "
                     "places",
                     kMaxOperators),
              "a loop may run for ever, or too many times to be written out");
}

Status GraphReading::expect_not_given(TensorId t, const std::string& what) const {
  if (origins_[static_cast<size_t>(t)] == Origin::nothing) return {};
  return damaged(
      format("the output \"{}\" of {} is a constant, an input, a variable or computed twice", graph.at(t).name, what));
}

Status GraphReading::expect_defined(const Node& node) const {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const TensorId t = node.inputs[i];
    if (t != kNoTensor && origins_[static_cast<size_t>(t)] == Origin::nothing)
      return with_context(Error{ErrorCode::bad_file,
                                format("input {} \"{}\" is used before it is computed", i, graph.at(t).name),
                                {},
                                {}},
                          format("node \"{}\"", node.name));
  }
  return {};
}

bool GraphReading::follows_from_known(const Node& node) const {
  const auto from = [&](Origin wanted) {
    return [this, wanted](TensorId t) { return t != kNoTensor && origins_[static_cast<size_t>(t)] == wanted; };
  };
  return node.intermediates.empty() && std::ranges::any_of(node.inputs, from(Origin::known)) &&
         std::ranges::none_of(node.inputs, from(Origin::run_time)) &&
         std::ranges::none_of(node.inputs, from(Origin::follows));
}

// Whether the reference can compute it from constants once it is asked for.
bool GraphReading::computable(const Node& node) const {
  const auto fixed = [this](TensorId t) {
    if (t == kNoTensor) return true;
    const Origin from = origins_[static_cast<size_t>(t)];
    return from != Origin::run_time && from != Origin::nothing && !graph.at(t).variable &&
           graph.at(t).type != DType::i4;
  };
  const auto given = [](TensorId t) { return t != kNoTensor; };
  return node.intermediates.empty() && !node.outputs.empty() && std::ranges::any_of(node.inputs, given) &&
         std::ranges::all_of(node.inputs, fixed);
}

Status GraphReading::leave_open(const Node& node, const std::string& what) {
  for (const TensorId t : node.outputs) {
    THIMBLE_TRY(expect_not_given(t, what));
    if (std::ranges::find(graph.outputs, t) != graph.outputs.end()) return not_supported(what);
    origin(t) = Origin::known;
  }
  return {};
}

// Inference, with the values that it asks for.
Result<Resolved> GraphReading::infer(const Node& node) {
  for (;;) {
    InferContext context(graph, node);
    Status status = infer_node(graph, node, &context);
    if (status) return Result<Resolved>(static_cast<Resolved&&>(context));
    if (status.error().code != ErrorCode::needs_value || context.needs < 0)
      return tl::unexpected<Error>(std::move(status).error());
    Status known = know(node.inputs[static_cast<size_t>(context.needs)]);
    if (!known && known.error().code != ErrorCode::needs_value) return tl::unexpected<Error>(std::move(known).error());
    if (!known) return tl::unexpected<Error>(std::move(status).error());  // it names the operator and its operands
    shapes_open = true;
  }
}

Status GraphReading::emit(Node node, const std::string& what, bool at_once) {
  THIMBLE_TRY(expect_defined(node));
  const auto is_known = [this](TensorId t) { return t == kNoTensor || (graph.at(t).constant() && has_data(t)); };
  at_once = follows_from_known(node) || (at_once && std::ranges::all_of(node.inputs, is_known));
  const bool known = std::ranges::none_of(
      node.inputs, [&](TensorId t) { return t != kNoTensor && origin(t) == Origin::known && !has_data(t); });
  if (!known) {  // a value that an operator before this one could not compute
    if (!at_once) return not_supported(what, ": it reads what is computed from shapes by an operator without support");
    return leave_open(node, what);
  }
  Result<Resolved> inferred = infer(node);
  if (!inferred) {
    if (!at_once || inferred.error().code != ErrorCode::unsupported)
      return tl::unexpected<Error>(std::move(inferred).error());
    return leave_open(node, what);
  }
  int64_t bytes = inferred->scratch_bytes;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const TensorId id = node.outputs[i];
    Tensor& y = graph.at(id);
    const Shape& shape = inferred->outputs[i].shape;
    if (may_be(id, shape)) y.shape = shape;
    if (Status s = verify_tensor(y); !s) return with_context(std::move(s).error(), format("tensor \"{}\"", y.name));
    if (y.shape == shape) bytes += byte_size(inferred->outputs[i].type, shape);
  }
  if (at_once && bytes <= kMostBytesAtOnce && bytes <= kMostBytesComputed - computed_bytes_) {
    for (const TensorId t : node.outputs) THIMBLE_TRY(expect_not_given(t, what));
    return compute(node, *inferred, what);
  }
  const Origin from = computable(node) ? Origin::follows : Origin::run_time;
  for (const TensorId t : node.inputs)
    if (t != kNoTensor) read_[static_cast<size_t>(t)] = 1;
  for (const TensorId t : node.outputs) {
    // verify() names what is given twice, but for what an earlier stage has given.
    if (values_ != nullptr) THIMBLE_TRY(expect_not_given(t, what));
    if (origin(t) != Origin::nothing) continue;
    origin(t) = from;
    producer_[static_cast<size_t>(t)] = static_cast<NodeId>(graph.nodes.size());
  }
  graph.nodes.push_back(std::move(node));
  resolved_.push_back(*std::move(inferred));
  computed_.push_back(0);
  return {};
}

// The node's outputs become constants.
Status GraphReading::compute(const Node& node, const Resolved& resolved, const std::string& what) {
  int64_t bytes = resolved.scratch_bytes;
  for (const TensorSpec& spec : resolved.outputs) bytes += byte_size(spec.type, spec.shape);
  if (bytes > kMostBytesComputed - computed_bytes_ || resolved.macs > kMostMacsComputed - computed_macs_)
    return fail(ErrorCode::unsupported,
                format("what decides shapes takes more than {} MiB or {} multiply-accumulates to compute, at {}",
                       kMostBytesComputed >> 20, kMostMacsComputed, what));
  computed_bytes_ += bytes;
  computed_macs_ += resolved.macs;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const Tensor& y = graph.at(node.outputs[i]);
    if (y.type != resolved.outputs[i].type || !(y.shape == resolved.outputs[i].shape))
      return damaged(format("{} is declared {} but computes to {} {}", what, y.to_string(),
                            name(resolved.outputs[i].type), resolved.outputs[i].shape.to_string()));
  }
  RunFault fault;
  std::vector<Data> values = evaluate(graph, node, resolved, &fault);
  if (fault.set())
    return with_context(Error(ErrorCode::bad_file, fault.take(), {}, {}), format("computing node \"{}\"", node.name));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    graph.at(node.outputs[i]).data = std::move(values[i]);
    graph.at(node.outputs[i]).batch_unknown = false;
    origin(node.outputs[i]) = Origin::known;
  }
  return {};
}

// The nodes that give the tensor, in their order, are computed and left out.
Status GraphReading::compute_ancestors(TensorId t) {
  std::vector<TensorId> open{t};
  std::set<NodeId> needed;
  while (!open.empty()) {
    const TensorId x = open.back();
    open.pop_back();
    if (x == kNoTensor || has_data(x)) continue;
    const NodeId n = producer_[static_cast<size_t>(x)];
    if (n < 0) return fail(ErrorCode::needs_value, format("the value of \"{}\" is not known", graph.at(x).name));
    if (!needed.insert(n).second) continue;
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  for (const NodeId n : needed) {
    const Node& node = graph.nodes[static_cast<size_t>(n)];
    for (const TensorId y : node.outputs) infer_again_ = infer_again_ || read_[static_cast<size_t>(y)] != 0;
    THIMBLE_TRY(compute(node, resolved_[static_cast<size_t>(n)], format("node \"{}\"", node.name)));
    computed_[static_cast<size_t>(n)] = 1;
  }
  return {};
}

Status GraphReading::know(TensorId t) {
  const std::string name = graph.at(t).name;
  if (graph.at(t).constant()) return {};
  if (origin(t) == Origin::follows) return compute_ancestors(t);
  if (graph.at(t).variable)
    return fail(ErrorCode::unsupported, format("the variable \"{}\" decides shapes, or which operators run", name),
                "convert the model again with fixed shapes");
  if (!values_ || origin(t) != Origin::run_time)
    return fail(ErrorCode::needs_value, format("the value of \"{}\" is known at run time only", name),
                "`thimble run`, `thimble bench` and Model of the C++ interface run such a model");
  std::unique_ptr<Stage> stage;
  if (producer_[static_cast<size_t>(t)] >= 0) {
    std::vector<char> held(graph.tensors.size(), 0);
    for (const Holder* holder : holders_) (*holder)(held);
    held[static_cast<size_t>(t)] = 1;
    std::vector<TensorId> wanted;
    for (size_t x = 0; x < held.size(); ++x)
      if (held[x] && producer_[x] >= 0 && origins_[x] == Origin::run_time) wanted.push_back(static_cast<TensorId>(x));
    THIMBLE_ASSIGN(Stage ended, end_stage(wanted));
    stage = std::make_unique<Stage>(std::move(ended));
    keep_following(held);
  }
  THIMBLE_ASSIGN(Data value, values_->value(std::move(stage), slot_of(t)));
  Tensor& x = graph.at(t);
  if (static_cast<int64_t>(value.size) != x.bytes())
    return fail(ErrorCode::internal, format("the value of \"{}\" has {} bytes, not {}", name, value.size, x.bytes()));
  x.data = std::move(value);
  x.batch_unknown = false;
  origin(t) = Origin::known;
  infer_again_ = infer_again_ || read_[static_cast<size_t>(t)] != 0;
  return {};
}

Slot GraphReading::slot_of(TensorId t) {
  const auto [at, is_new] = slots_.try_emplace(t, next_slot_);
  if (is_new) ++next_slot_;
  return at->second;
}

void GraphReading::set_slot(TensorId t, Slot slot) {
  slots_[t] = slot;
  next_slot_ = std::max(next_slot_, slot + 1);
}

// After a stage only nodes that follow from constants are left: those that tensors need which are held.
void GraphReading::keep_following(std::vector<char> needed) {
  std::vector<Node> nodes;
  std::vector<Resolved> resolved;
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    Node& node = graph.nodes[n];
    bool keep = false;
    for (const TensorId t : node.outputs) {
      keep = keep || (needed[static_cast<size_t>(t)] && origin(t) == Origin::follows);
      producer_[static_cast<size_t>(t)] = -1;
    }
    if (!keep || computed_[n]) continue;
    for (const TensorId t : node.inputs)
      if (t != kNoTensor) needed[static_cast<size_t>(t)] = 1;
    nodes.push_back(std::move(node));
    resolved.push_back(std::move(resolved_[n]));
  }
  std::ranges::reverse(nodes);
  std::ranges::reverse(resolved);
  graph.nodes = std::move(nodes);
  resolved_ = std::move(resolved);
  computed_.assign(graph.nodes.size(), 0);
  infer_again_ = false;
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (const TensorId t : graph.nodes[n].outputs) producer_[static_cast<size_t>(t)] = static_cast<NodeId>(n);
}

// Per node: whether it is needed for `wanted` or may change a variable; `all`: every one that is not computed.
std::vector<char> GraphReading::needed_nodes(std::span<const TensorId> wanted, bool all) const {
  std::vector<char> needed(graph.tensors.size(), 0), kept(graph.nodes.size(), 0);
  for (const TensorId t : wanted) needed[static_cast<size_t>(t)] = 1;
  const auto variable = [this](TensorId t) { return t != kNoTensor && graph.at(t).variable; };
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    if (computed_[n]) continue;
    bool live = all || node.outputs.empty() || std::ranges::any_of(node.inputs, variable);
    for (const TensorId t : node.outputs) live = live || needed[static_cast<size_t>(t)];
    if (!live) continue;
    kept[n] = 1;
    for (const TensorId t : node.inputs)
      if (t != kNoTensor) needed[static_cast<size_t>(t)] = 1;
  }
  return kept;
}

// The nodes so far, as far as they are needed for `wanted` or change variables, as a graph of its own.
Result<Stage> GraphReading::end_stage(std::span<const TensorId> wanted) {
  const std::vector<char> kept = needed_nodes(wanted, false);
  std::vector<char> needed(graph.tensors.size(), 0), produced(graph.tensors.size(), 0);
  for (const TensorId t : wanted) needed[static_cast<size_t>(t)] = 1;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!kept[n]) continue;
    const Node& node = graph.nodes[n];
    for (const auto* list : {&node.inputs, &node.outputs, &node.intermediates})
      for (const TensorId t : *list)
        if (t != kNoTensor) needed[static_cast<size_t>(t)] = 1;
    for (const TensorId t : node.outputs) produced[static_cast<size_t>(t)] = 1;
  }
  Stage stage;
  Graph& part = stage.checked.graph;
  part.name = graph.name;
  std::map<TensorId, TensorId> renumbered;
  for (size_t t = 0; t < needed.size(); ++t) {
    if (!needed[t]) continue;
    const auto id = static_cast<TensorId>(t);
    const Tensor& tensor = graph.tensors[t];
    const TensorId own = renumbered[id] = part.add(tensor);
    if (tensor.variable) {
      part.at(own).name = variables_.at(id);
    } else if (!tensor.data && !produced[t] && origin(id) != Origin::nothing) {
      part.inputs.push_back(own);
      stage.inputs.push_back(slot_of(id));
    }
  }
  const auto list = [&](std::vector<TensorId>& ids) {
    for (TensorId& t : ids)
      if (t != kNoTensor) t = renumbered.at(t);
  };
  std::vector<Resolved> resolved;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!kept[n]) continue;
    Node node = graph.nodes[n];
    list(node.inputs), list(node.outputs), list(node.intermediates);
    part.nodes.push_back(std::move(node));
    resolved.push_back(resolved_[n]);
  }
  for (const TensorId t : wanted) {
    part.outputs.push_back(renumbered.at(t));
    stage.outputs.push_back(slot_of(t));
  }
  if (infer_again_) {
    THIMBLE_ASSIGN(stage.checked, check(std::move(part)));
  } else {
    Graph whole = std::move(part);
    THIMBLE_ASSIGN(stage.checked, check(std::move(whole), std::move(resolved)));
  }
  return stage;
}

TensorId GraphReading::seen_by(TensorId t) const {
  for (;;) {
    const NodeId n = producer_[static_cast<size_t>(t)];
    if (n < 0 || !resolved_[static_cast<size_t>(n)].output_is_input) return t;
    t = graph.nodes[static_cast<size_t>(n)].inputs[0];
  }
}

Result<Checked> GraphReading::finish() {
  const std::vector<char> kept = needed_nodes(prune ? graph.outputs : std::vector<TensorId>(), !prune);
  std::vector<Node> nodes;
  std::vector<Resolved> resolved;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!kept[n]) continue;
    nodes.push_back(std::move(graph.nodes[n]));
    resolved.push_back(std::move(resolved_[n]));
  }
  graph.nodes = std::move(nodes);
  // Tensors that no node names go: what shapes were computed from, for instance.
  std::vector<char> used(graph.tensors.size(), 0);
  const auto mark = [&](const std::vector<TensorId>& list) {
    for (const TensorId t : list)
      if (t != kNoTensor) used[static_cast<size_t>(t)] = 1;
  };
  mark(graph.inputs), mark(graph.outputs);
  for (const Node& node : graph.nodes) mark(node.inputs), mark(node.outputs), mark(node.intermediates);
  graph.keep_tensors(used);
  return infer_again_ ? check(std::move(graph)) : check(std::move(graph), std::move(resolved));
}

Result<StagedModel> GraphReading::finish_staged() {
  StagedModel model;
  std::vector<TensorId> wanted;
  std::vector<char> listed(graph.tensors.size(), 0);
  for (const TensorId t : graph.outputs) {
    StagedOutput& output = model.outputs.emplace_back();
    output.tensor = graph.at(t);
    if (output.tensor.constant()) continue;
    if (origin(t) == Origin::nothing)
      return damaged(format("graph output \"{}\" is never computed", output.tensor.name));
    output.slot = slot_of(t);
    const bool handed =
        producer_[static_cast<size_t>(t)] < 0 && !output.tensor.variable;  // an input, or of a stage before
    if (!handed && !listed[static_cast<size_t>(t)]) wanted.push_back(t);
    listed[static_cast<size_t>(t)] = 1;
  }
  THIMBLE_ASSIGN(model.last, end_stage(wanted));
  return model;
}

}  // namespace thimble
