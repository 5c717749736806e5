#include "ops/operands.h"
#include "ops/split/split.h"

namespace thimble::operand_rule {
namespace {

int split_axis(const IntList& list, int rank) {
  return static_cast<int>(list.values[0] < 0 ? list.values[0] + rank : list.values[0]);
}

void split_axes(AxisMap& map) {
  const SplitInputs in = split_inputs(map.node.op);
  const auto x = static_cast<size_t>(in.x);
  map.same(x);
  const int axis = split_axis(map.ints(static_cast<size_t>(in.axis)), map.x(x).rank());
  map.use(x, axis) = {.link = AxisLink::placed, .to = axis, .equal_parts = map.node.op == Op::split, .does = "splits"};
}

Status split_v_resize(Resize& to) {
  const int rank = to.graph.at(to.node.outputs[0]).shape.rank();
  if (split_axis(to.ints(2), rank) == to.axis) to.replace_ints(1, to.sizes);
  return {};
}

void unpack_axes(AxisMap& map) {
  const int rank = map.x(0).rank(), listed = map.node.attrs.as<UnpackAttrs>().axis;
  const int axis = listed < 0 ? listed + rank : listed;
  for (int a = 0; a < rank; ++a)
    if (a == axis)
      map.use(0, a) = {.does = "unpacks"};
    else
      map.use(0, a) = {.link = AxisLink::same, .to = a < axis ? a : a - 1};
}

}  // namespace

OperandRule split(Op op) {
  if (op == Op::unpack) return {.attributes = UnpackAttrs{}, .roles = {Role::data}, .axes = unpack_axes};
  if (op == Op::split) return {.attributes = SplitAttrs{}, .roles = {Role::integers, Role::data}, .axes = split_axes};
  return {
      .attributes = SplitAttrs{}, .roles = {Role::data, Role::integers}, .axes = split_axes, .resize = split_v_resize};
}

}  // namespace thimble::operand_rule
