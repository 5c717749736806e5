#include "formats/tflite/node_reader.h"

#include <algorithm>

#include "formats/tflite/schema.h"
#include "formats/tflite/subgraph_reader.h"
#include "ops/concatenation/concatenation.h"
#include "ops/reshape/reshape.h"

namespace thimble::tflite {
namespace {

tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

tl::unexpected<Error> not_supported(const std::string& what, const std::string& why = "") {
  if (std::string remedy = remedy_of_build(); !remedy.empty())
    return fail(ErrorCode::unsupported, format("operator not in this build: {}{}", what, why), std::move(remedy));
  return fail(ErrorCode::unsupported, format("operator not supported: {}{}", what, why),
              "`thimble ops` lists the supported operators");
}

}  // namespace

std::optional<std::vector<Op>> operators_of(int builtin) {
  if (builtin == schema::kShapeOperator || builtin == schema::kRankOperator || builtin == schema::kDensifyOperator ||
      is_control(builtin))
    return std::vector<Op>{};
  if (builtin == schema::kPackOperator) return std::vector{Op::expand_dims, Op::concatenation};
  const BuiltinRule found = rule_of_builtin(builtin);
  return found.rule ? std::optional(std::vector{found.op}) : std::nullopt;
}

std::optional<std::vector<Op>> operators_of(const Table& code) {
  if (builtin_code(code) != schema::kCustomOperator) return operators_of(builtin_code(code));
  const BuiltinRule found = rule_of_custom(code.string(schema::kCodeCustom));
  return found.rule ? std::optional(std::vector{found.op}) : std::nullopt;
}

Status NodeReader::add(Node node, int builtin, int version, int options_type, const Table& options,
                       const std::string& what) {
  if (builtin == schema::kDensifyOperator || reshapes_densified(node, builtin)) return densify(node);
  if (builtin == schema::kShapeOperator || builtin == schema::kRankOperator)
    return shape(node, builtin == schema::kRankOperator, what);
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
  ReadContext ctx{graph_, node, builtin, version, own && options_type != 0 ? options : Table(), reading_.origins()};
  ctx.blocks = &blocks;
  return read_by(*found.rule, ctx, place, what);
}

Status NodeReader::add_custom(Node node, std::string_view name, std::span<const uint8_t> options,
                              const std::string& what) {
  if (custom)
    if (const auto own = custom->find(name); own != custom->end()) {
      CustomAttrs attrs{std::string(name), {options.begin(), options.end()}, own->second};
      node.op = Op::custom;
      node.attrs = std::move(attrs);
      return reading_.emit(std::move(node), what);
    }
  const BuiltinRule found = rule_of_custom(name);
  if (!found.rule) return not_supported(what);
  ReadContext ctx{graph_, node, schema::kCustomOperator, 1, Table(), reading_.origins(), options};
  return read_by(*found.rule, ctx, format("{} \"{}\"", name, node.name), what);
}

Status NodeReader::read_by(const TfliteRule& rule, ReadContext& ctx, const std::string& place,
                           const std::string& what) {
  if (Status s = rule.read(ctx); !s) return with_context(std::move(s).error(), place);
  Node& node = ctx.node;
  if (!blocks.empty() && node.op != Op::fully_connected_blocks && node.op != Op::embedding_lookup)
    for (const TensorId t : node.inputs)
      if (blocks.contains(t))
        return fail(
            ErrorCode::unsupported,
            format("{} works on {}, which has a scale for every {} elements", place, graph_.at(t).to_string(),
                   blocks[t].size),
            "FULLY_CONNECTED of float32 activations and EMBEDDING_LOOKUP take such weights; others need one scale, "
            "or one per channel");
  for (Tensor& state : ctx.states) {
    const Origin origin = state.variable ? Origin::run_time : Origin::constant;
    node.inputs.push_back(reading_.add(std::move(state), {}, origin));
  }
  return reading_.emit(std::move(node), what);
}

// The output of DENSIFY is the constant that its input has become already.
Status NodeReader::densify(const Node& node) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor)
    return damaged(format("DENSIFY has {} inputs and {} outputs", node.inputs.size(), node.outputs.size()));
  const Tensor& in = graph_.at(node.inputs[0]);
  Tensor& out = graph_.at(node.outputs[0]);
  if (!in.constant())
    return fail(ErrorCode::unsupported, format("DENSIFY of \"{}\", which is not a constant", in.name));
  if (out.data || reading_.origin(node.outputs[0]) != Origin::nothing || in.type != out.type ||
      !(in.shape == out.shape))
    return damaged(format("DENSIFY of {} gives {}{}", in.to_string(), out.to_string(),
                          out.data || out.variable ? ", which has a value already" : ""));
  out.data = in.data;
  reading_.origin(node.outputs[0]) = Origin::constant;
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

// Shapes are static in a graph: SHAPE gives a constant, and so does RANK.
Status NodeReader::shape(const Node& node, bool rank_alone, const std::string& what) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1 || node.inputs[0] == kNoTensor)
    return damaged(format("{} has {} inputs and {} outputs", what, node.inputs.size(), node.outputs.size()));
  THIMBLE_TRY(reading_.expect_defined(node));
  const TensorId id = node.outputs[0];
  if (reading_.origin(node.inputs[0]) == Origin::known &&
      !graph_.at(node.inputs[0]).data)  // whose own shape is not known
    return reading_.leave_open(node, what);
  const int64_t rank[] = {graph_.at(node.inputs[0]).shape.rank()};
  const auto dims = rank_alone ? std::span<const int64_t>(rank) : graph_.at(node.inputs[0]).shape.dims();
  Tensor& y = graph_.at(id);
  if (reading_.origin(id) != Origin::nothing)
    return damaged(format("the output \"{}\" of {} is given twice", y.name, what));
  if (y.type == DType::i64 && !rank_alone) {
    y.data = Data::of(dims);
  } else if (y.type == DType::i32) {
    const std::vector<int32_t> narrow(dims.begin(), dims.end());
    y.data = Data::of(std::span<const int32_t>(narrow));
  } else {
    return damaged(format("{} gives {}, not int32{}", what, y.to_string(), rank_alone ? "" : " or int64"));
  }
  const Shape own = rank_alone ? Shape{} : Shape{std::ssize(dims)};
  if (!reading_.may_be(id, own))
    return damaged(format("{} gives {}, declared is {}", what, own.to_string(), y.shape.to_string()));
  y.shape = own;
  y.quant = {};
  reading_.origin(id) = Origin::known;
  return {};
}

// PACK is EXPAND_DIMS of each input and a CONCATENATION of what they give.
Status NodeReader::pack(const Node& node, int axis, const std::string& what) {
  if (node.inputs.empty() || node.outputs.size() != 1)
    return damaged(format("{} has {} inputs and {} outputs", what, node.inputs.size(), node.outputs.size()));
  THIMBLE_TRY(reading_.expect_defined(node));
  const bool at_once = reading_.follows_from_known(node);
  const int32_t value[] = {axis};
  const TensorId axis_tensor = reading_.add({.name = node.name + "/axis",
                                             .type = DType::i32,
                                             .shape = {1},
                                             .data = Data::of(std::span<const int32_t>(value))},
                                            {.open = true}, Origin::constant);
  Node join{.op = Op::concatenation, .outputs = node.outputs, .attrs = ConcatenationAttrs{axis}, .name = node.name};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kNoTensor) return damaged(format("input {} of {} is left out", i, what));
    const Tensor& x = graph_.at(node.inputs[i]);
    Tensor wide{.name = format("{}/{}", node.name, i), .type = x.type, .quant = x.quant};
    const TensorId part = reading_.add(std::move(wide), {.open = true}, Origin::nothing);
    const std::string name = graph_.at(part).name;
    THIMBLE_TRY(reading_.emit({.op = Op::expand_dims,
                               .inputs = {node.inputs[i], axis_tensor},
                               .outputs = {part},
                               .attrs = ExpandDimsAttrs{},
                               .name = name},
                              what, at_once));
    join.inputs.push_back(part);
  }
  return reading_.emit(std::move(join), what, at_once);
}

}  // namespace thimble::tflite
