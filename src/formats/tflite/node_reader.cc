#include "formats/tflite/node_reader.h"

#include <algorithm>

#include "formats/tflite/schema.h"
#include "graph/verify.h"
#include "ops/check.h"
#include "ops/concatenation/concatenation.h"
#include "ops/evaluate.h"
#include "ops/reshape/reshape.h"

namespace thimble::tflite {
namespace {

constexpr int64_t kMostBytesAtOnce = 1 << 16;  // of results computed while reading

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

tl::unexpected<Error> not_supported(const std::string& what, const std::string& why = "") {
  if (std::string remedy = remedy_of_build(); !remedy.empty())
    return fail(ErrorCode::unsupported, format("operator not in this build: {}{}", what, why), std::move(remedy));
  return fail(ErrorCode::unsupported, format("operator not supported: {}{}", what, why),
              "`thimble ops` lists the supported operators");
}

// Whether two shapes agree where the first is not free.
bool agree(const Shape& declared, uint32_t free_dims, const Shape& computed) {
  if (declared.rank() != computed.rank()) return false;
  for (int d = 0; d < declared.rank(); ++d)
    if (declared[d] != computed[d] && !(free_dims >> d & 1)) return false;
  return true;
}

}  // namespace

std::optional<std::vector<Op>> operators_of(int builtin) {
  if (builtin == schema::kShapeOperator || builtin == schema::kDensifyOperator) return std::vector<Op>{};
  if (builtin == schema::kPackOperator) return std::vector{Op::expand_dims, Op::concatenation};
  const BuiltinRule found = rule_of_builtin(builtin);
  return found.rule ? std::optional(std::vector{found.op}) : std::nullopt;
}

std::optional<std::vector<Op>> operators_of(const Table& code) {
  if (builtin_code(code) != schema::kCustomOperator) return operators_of(builtin_code(code));
  const BuiltinRule found = rule_of_custom(code.string(schema::kCodeCustom));
  return found.rule ? std::optional(std::vector{found.op}) : std::nullopt;
}

NodeReader::NodeReader(Graph& graph, std::vector<DeclaredShape> declared, std::span<const TensorId> valued)
    : graph_(graph), declared_(std::move(declared)), origins_(graph.tensors.size(), Origin::nothing) {
  for (size_t t = 0; t < graph_.tensors.size(); ++t) {
    const Tensor& tensor = graph_.tensors[t];
    if (tensor.constant()) origins_[t] = Origin::constant;
    if (tensor.variable) origins_[t] = Origin::run_time;
  }
  for (const TensorId t : graph_.inputs) origin(t) = Origin::run_time;
  for (const TensorId t : valued) origin(t) = Origin::known;
}

TensorId NodeReader::add_tensor(Tensor tensor, Origin origin) {
  declared_.push_back({.open = true});
  origins_.push_back(origin);
  return graph_.add(std::move(tensor));
}

Status NodeReader::add(Node node, int builtin, int version, int options_type, const Table& options,
                       const std::string& what) {
  if (builtin == schema::kDensifyOperator || reshapes_densified(node, builtin)) return densify(node);
  if (builtin == schema::kShapeOperator) return shape(node, what);
  if (builtin == schema::kPackOperator) {
    if (options_type != 0 && options_type != schema::kPackOptions)
      return damaged(format("PACK carries options of kind {}, not {}", options_type, schema::kPackOptions));
    return pack(node, options_type != 0 ? options.scalar<int32_t>(1, 0) : 0, what);
  }
  return rule_node(std::move(node), builtin, version, options_type, options, what);
}

Status NodeReader::rule_node(Node node, int builtin, int version, int options_type, const Table& options,
                             const std::string& what) {
  const BuiltinRule found = rule_of_builtin(builtin);
  if (!found.rule) return not_supported(what);
  const std::string place = format("{} \"{}\"", builtin_name(builtin), node.name);
  // Without a table the schema's defaults hold. Options of another operator say nothing of this one.
  const bool own = options_type == found.options_type;
  if (options_type != 0 && !own && found.options_type != 0)
    return with_context(Error{ErrorCode::bad_file,
                              format("{} carries options of kind {}; its own are kind {} of the schema's union "
                                     "BuiltinOptions",
                                     builtin_name(builtin), options_type, found.options_type),
                              {},
                              {}},
                        place);
  ReadContext ctx{graph_, node, builtin, version, own && options_type != 0 ? options : Table(), origins_};
  return read_by(*found.rule, ctx, place, what);
}

Status NodeReader::add_custom(Node node, std::string_view name, std::span<const uint8_t> options,
                              const std::string& what) {
  const BuiltinRule found = rule_of_custom(name);
  if (!found.rule) return not_supported(what);
  ReadContext ctx{graph_, node, schema::kCustomOperator, 1, Table(), origins_, options};
  return read_by(*found.rule, ctx, format("{} \"{}\"", name, node.name), what);
}

Status NodeReader::read_by(const TfliteRule& rule, ReadContext& ctx, const std::string& place,
                           const std::string& what) {
  if (Status s = rule.read(ctx); !s) return with_context(std::move(s).error(), place);
  Node& node = ctx.node;
  for (Tensor& state : ctx.states) node.inputs.push_back(add_tensor(std::move(state), Origin::run_time));
  const bool at_once = follows_from_known(node);
  return emit(std::move(node), at_once, what);
}

// The output of DENSIFY is the constant that its input has become already.
Status NodeReader::densify(const Node& node) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor)
    return damaged(format("DENSIFY has {} inputs and {} outputs", node.inputs.size(), node.outputs.size()));
  const Tensor& in = graph_.at(node.inputs[0]);
  Tensor& out = graph_.at(node.outputs[0]);
  if (!in.constant())
    return fail(ErrorCode::unsupported, format("DENSIFY of \"{}\", which is not a constant", in.name));
  if (out.data || origin(node.outputs[0]) != Origin::nothing || in.type != out.type || !(in.shape == out.shape))
    return damaged(format("DENSIFY of {} gives {}{}", in.to_string(), out.to_string(),
                          out.data || out.variable ? ", which has a value already" : ""));
  out.data = in.data;
  origin(node.outputs[0]) = Origin::constant;
  if (out.quant.empty()) out.quant = in.quant;
  densified_.insert(node.outputs[0]);
  return {};
}

// A RESHAPE of what DENSIFY gives, without a change of shape: it keeps XNNPACK away from int8 weights
// (sparse_layout.h) and is folded away with the DENSIFY.
bool NodeReader::reshapes_densified(const Node& node, int builtin) const {
  return builtin == schema::kReshapeOperator && node.inputs.size() == 1 && node.outputs.size() == 1 &&
         densified_.contains(node.inputs[0]) && graph_.at(node.inputs[0]).shape == graph_.at(node.outputs[0]).shape;
}

// Shapes are static in a graph: SHAPE gives a constant.
Status NodeReader::shape(const Node& node, const std::string& what) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor)
    return damaged(format("{} has {} inputs and {} outputs", what, node.inputs.size(), node.outputs.size()));
  THIMBLE_TRY(expect_defined(node));
  const TensorId id = node.outputs[0];
  if (origin(node.inputs[0]) == Origin::known && !graph_.at(node.inputs[0]).data)  // whose own shape is not known
    return leave_open(node, what);
  const auto dims = graph_.at(node.inputs[0]).shape.dims();
  Tensor& y = graph_.at(id);
  if (origin(id) != Origin::nothing) return damaged(format("the output \"{}\" of {} is given twice", y.name, what));
  if (y.type == DType::i64) {
    y.data = Data::of(dims);
  } else if (y.type == DType::i32) {
    const std::vector<int32_t> narrow(dims.begin(), dims.end());
    y.data = Data::of(std::span<const int32_t>(narrow));
  } else {
    return damaged(format("{} gives {}, not int32 or int64", what, y.to_string()));
  }
  const Shape own{std::ssize(dims)};
  if (!(y.shape == own) && !declared_[static_cast<size_t>(id)].open &&
      !agree(y.shape, declared_[static_cast<size_t>(id)].free_dims, own))
    return damaged(format("{} gives {}, declared is {}", what, own.to_string(), y.shape.to_string()));
  y.shape = own;
  y.quant = {};
  origin(id) = Origin::known;
  return {};
}

// PACK is EXPAND_DIMS of each input and a CONCATENATION of what they give.
Status NodeReader::pack(const Node& node, int axis, const std::string& what) {
  if (node.inputs.empty() || node.outputs.size() != 1)
    return damaged(format("{} has {} inputs and {} outputs", what, node.inputs.size(), node.outputs.size()));
  THIMBLE_TRY(expect_defined(node));
  const bool at_once = follows_from_known(node);
  const int32_t value[] = {axis};
  const TensorId axis_tensor = add_tensor({.name = node.name + "/axis",
                                           .type = DType::i32,
                                           .shape = {1},
                                           .data = Data::of(std::span<const int32_t>(value))},
                                          Origin::constant);
  Node join{.op = Op::concatenation, .outputs = node.outputs, .attrs = ConcatenationAttrs{axis}, .name = node.name};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoTensor) return damaged(format("input {} of {} is left out", i, what));
    const Tensor& x = graph_.at(node.inputs[i]);
    Tensor wide{.name = format("{}/{}", node.name, i), .type = x.type, .quant = x.quant};
    const TensorId part = add_tensor(std::move(wide), Origin::nothing);
    const std::string name = graph_.at(part).name;
    THIMBLE_TRY(emit({.op = Op::expand_dims,
                      .inputs = {node.inputs[i], axis_tensor},
                      .outputs = {part},
                      .attrs = ExpandDimsAttrs{},
                      .name = name},
                     at_once, what));
    join.inputs.push_back(part);
  }
  return emit(std::move(join), at_once, what);
}

Status NodeReader::expect_defined(const Node& node) const {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const TensorId t = node.inputs[i];
    if (t != kNoTensor && origins_[static_cast<size_t>(t)] == Origin::nothing)
      return with_context(Error{ErrorCode::bad_file,
                                format("input {} \"{}\" is used before it is computed", i, graph_.at(t).name),
                                {},
                                {}},
                          format("node \"{}\"", node.name));
  }
  return {};
}

// Whether all its operands are known: constants, and one at least that follows from shapes or known inputs.
bool NodeReader::follows_from_known(const Node& node) const {
  const auto from = [&](Origin wanted) {
    return [this, wanted](TensorId t) { return t != kNoTensor && origins_[static_cast<size_t>(t)] == wanted; };
  };
  return node.intermediates.empty() && std::ranges::any_of(node.inputs, from(Origin::known)) &&
         std::ranges::none_of(node.inputs, from(Origin::run_time));
}

// Values that follow from what is known, but not by an operator that Thimble has for their type.
Status NodeReader::leave_open(const Node& node, const std::string& what) {
  for (const TensorId t : node.outputs) {
    if (origin(t) != Origin::nothing)
      return damaged(format("the output \"{}\" of {} is given twice", graph_.at(t).name, what));
    if (std::ranges::find(graph_.outputs, t) != graph_.outputs.end()) return not_supported(what);
    origin(t) = Origin::known;
  }
  return {};
}

// Puts the node into the graph, with the shapes of its outputs; or their values, where it is computed at once.
Status NodeReader::emit(Node node, bool at_once, const std::string& what) {
  THIMBLE_TRY(expect_defined(node));
  const bool known = std::ranges::none_of(
      node.inputs, [&](TensorId t) { return t != kNoTensor && origin(t) == Origin::known && !graph_.at(t).data; });
  if (!known) {  // a value that an operator before this one could not compute
    if (!at_once) return not_supported(what, ": it reads what is computed from shapes by an operator without support");
    return leave_open(node, what);
  }
  InferContext inferred(graph_, node);
  if (Status s = infer_node(graph_, node, &inferred); !s) {
    if (!at_once) return s;
    return leave_open(node, what);
  }
  int64_t bytes = inferred.scratch_bytes;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const auto id = static_cast<size_t>(node.outputs[i]);
    Tensor& y = graph_.tensors[id];
    const Shape& shape = inferred.outputs[i].shape;
    if (declared_[id].open || agree(y.shape, declared_[id].free_dims, shape)) y.shape = shape;
    if (Status s = verify_tensor(y); !s) return with_context(std::move(s).error(), format("tensor \"{}\"", y.name));
    if (y.shape == shape) bytes += byte_size(inferred.outputs[i].type, shape);
  }
  if (!at_once || bytes > kMostBytesAtOnce) {
    for (const TensorId t : node.outputs)
      if (origin(t) == Origin::nothing) origin(t) = Origin::run_time;  // verify() names what is given twice
    graph_.nodes.push_back(std::move(node));
    resolved_.push_back(static_cast<Resolved&&>(inferred));
    return {};
  }
  std::vector<Data> values = evaluate(graph_, node, inferred);
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Tensor& y = graph_.at(node.outputs[i]);
    if (origin(node.outputs[i]) != Origin::nothing)
      return damaged(format("the output \"{}\" of {} is given twice", y.name, what));
    if (y.type != inferred.outputs[i].type || !(y.shape == inferred.outputs[i].shape))
      return damaged(format("{} is declared {} but computes to {} {}", what, y.to_string(),
                            name(inferred.outputs[i].type), inferred.outputs[i].shape.to_string()));
    y.data = std::move(values[i]);
    origin(node.outputs[i]) = Origin::known;
  }
  return {};
}

}  // namespace thimble::tflite
