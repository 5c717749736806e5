#include "ops/operands.h"

namespace thimble::operand_rule {
namespace {

// The shape follows the axis.
Status resize_shape(Resize& to) {
  const size_t input = to.node.op == Op::fill ? 0 : 1;
  const IntList list = to.ints(input);
  std::vector<int64_t> dims(list.span().begin(), list.span().end());
  if (static_cast<size_t>(to.axis) < dims.size()) dims[static_cast<size_t>(to.axis)] = to.sizes[0];
  to.replace_ints(input, dims);
  return {};
}

}  // namespace

OperandRule broadcast_to(Op op) {
  if (op == Op::fill) return {.roles = {Role::integers, Role::parameter}, .resize = resize_shape};
  return {.roles = {Role::data, Role::integers},
          .axes = [](AxisMap& map) { map.broadcast(0); },
          .resize = resize_shape,
          .moves = true,
          .homogeneous = true};
}

}  // namespace thimble::operand_rule
