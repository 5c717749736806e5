// Comparisons, choices, indices and the like in ONNX: mostly one node of the same meaning.
#include <algorithm>

#include "formats/onnx/write.h"
#include "ops/arg_max/arg_max.h"
#include "ops/batch_matmul/batch_matmul.h"
#include "ops/cumsum/cumsum.h"
#include "ops/reduce/reduce.h"

namespace thimble::onnx {
namespace {

const char* plain(Op op) {
  switch (op) {
    case Op::equal: return "Equal";
    case Op::greater: return "Greater";
    case Op::greater_equal: return "GreaterOrEqual";
    case Op::less: return "Less";
    case Op::less_equal: return "LessOrEqual";
    case Op::logical_and: return "And";
    case Op::logical_or: return "Or";
    case Op::logical_not: return "Not";
    case Op::pow: return "Pow";
    default: return nullptr;
  }
}

// Comparisons are of what integers stand for; the others have no scales.
Status same(NodeWriter& n) {
  Names in;
  for (size_t i = 0; i < n.node.inputs.size(); ++i) in.push_back(n.real(i));
  n.w.give(n.node.outputs[0], n.w.node(plain(n.node.op), in, {}, n.node.name));
  return {};
}

Status not_equal(NodeWriter& n) {
  n.w.give(n.node.outputs[0], n.w.node("Not", {n.w.node("Equal", {n.real(0), n.real(1)})}, {}, n.node.name));
  return {};
}

// The remainder of floats has the divisor's sign, which ONNX has of integers alone.
Status floor_mod(NodeWriter& n) {
  if (n.out().type != DType::f32) {
    n.w.give(n.node.outputs[0], n.w.node("Mod", {n.value(0), n.value(1)}, {}, n.node.name));
    return {};
  }
  const std::string rest = n.w.node("Mod", {n.value(0), n.value(1)}, {{"fmod", 1}});
  const std::string moved = n.w.node("Mod", {n.w.node("Add", {rest, n.value(1)}), n.value(1)}, {{"fmod", 1}});
  const std::string turned = n.w.node("Less", {n.w.node("Mul", {rest, n.value(1)}), n.w.number(0)});
  n.w.give(n.node.outputs[0], n.w.node("Where", {turned, moved, rest}, {}, n.node.name));
  return {};
}

Status select(NodeWriter& n) {
  if (n.node.op == Op::select && n.in(0).shape.rank() == 1 && n.in(1).shape.rank() > 1)
    return fail(ErrorCode::unsupported, "SELECT by a condition per row");
  n.w.give(n.node.outputs[0], n.w.node("Where", {n.value(0), n.value(1), n.value(2)}, {}, n.node.name));
  return {};
}

Status arg(NodeWriter& n) {
  THIMBLE_ASSIGN(const auto axis, n.constant_ints(1));
  const int64_t at = axis[0] < 0 ? axis[0] + n.in(0).shape.rank() : axis[0];
  const std::string y = n.w.node(n.node.op == Op::arg_max ? "ArgMax" : "ArgMin", {n.value(0)},
                                 {{"axis", at}, {"keepdims", 0}}, n.node.name);
  n.w.give(n.node.outputs[0], n.out().type == DType::i64 ? y : n.w.cast(y, n.out().type));
  return {};
}

Status cumsum(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<CumsumAttrs>();
  THIMBLE_ASSIGN(const auto axis, n.constant_ints(1));
  const std::string at = n.w.node("Squeeze", {n.w.ints({axis[0]})});
  n.w.give(n.node.outputs[0],
           n.w.node("CumSum", {n.value(0), at},
                    {{"exclusive", attrs.exclusive ? 1 : 0}, {"reverse", attrs.reverse ? 1 : 0}}, n.node.name));
  return {};
}

Status batch_matmul(NodeWriter& n) {
  const auto& attrs = n.node.attrs.as<BatchMatmulAttrs>();
  const auto operand = [&](size_t i, bool turned) {
    if (!turned) return n.real(i);
    std::vector<int64_t> perm;
    for (int d = 0; d < n.in(i).shape.rank(); ++d) perm.push_back(d);
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    return n.w.node("Transpose", {n.real(i)}, {{"perm", perm}});
  };
  n.w.give_real(n.node.outputs[0],
                n.w.node("MatMul", {operand(0, attrs.adj_x), operand(1, attrs.adj_y)}, {}, n.node.name));
  return {};
}

Status reduce_prod(NodeWriter& n) {
  THIMBLE_ASSIGN(auto axes, n.constant_ints(1));
  for (int64_t& a : axes) a = a < 0 ? a + n.in(0).shape.rank() : a;
  std::vector<Attribute> attributes{{"keepdims", n.node.attrs.as<ReduceAttrs>().keep_dims ? 1 : 0}};
  Names in{n.value(0)};
  if (n.w.opset >= 18)
    in.push_back(n.w.ints(axes));
  else
    attributes.emplace_back("axes", axes);
  n.w.give(n.node.outputs[0], n.w.node("ReduceProd", in, attributes, n.node.name));
  return {};
}

Status gather_nd(NodeWriter& n) {
  n.w.give(n.node.outputs[0], n.w.node("GatherND", {n.value(0), n.w.cast(n.value(1), DType::i64)}, {}, n.node.name));
  return {};
}

Status reversed(NodeWriter& n) {
  THIMBLE_ASSIGN(auto axes, n.constant_ints(1));
  const Shape& x = n.in(0).shape;
  for (int64_t& a : axes) a = a < 0 ? a + x.rank() : a;
  const std::vector<int64_t> starts(axes.size(), -1), ends(axes.size(), INT64_MIN / 2), steps(axes.size(), -1);
  n.w.give(n.node.outputs[0],
           n.w.node("Slice", {n.value(0), n.w.ints(starts), n.w.ints(ends), n.w.ints(axes), n.w.ints(steps)}, {},
                    n.node.name));
  return {};
}

constexpr WriteRule kWriters[] = {
    {Op::equal, same},
    {Op::not_equal, not_equal},
    {Op::greater, same},
    {Op::greater_equal, same},
    {Op::less, same},
    {Op::less_equal, same},
    {Op::logical_and, same},
    {Op::logical_or, same},
    {Op::logical_not, same},
    {Op::pow, same},
    {Op::floor_mod, floor_mod},
    {Op::select, select},
    {Op::select_v2, select},
    {Op::arg_max, arg},
    {Op::arg_min, arg},
    {Op::cumsum, cumsum},
    {Op::batch_matmul, batch_matmul},
    {Op::reduce_prod, reduce_prod},
    {Op::gather_nd, gather_nd},
    {Op::reverse, reversed},
};

}  // namespace

std::span<const WriteRule> logic_writers() { return kWriters; }

}  // namespace thimble::onnx
