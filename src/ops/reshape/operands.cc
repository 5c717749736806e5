#include "ops/operands.h"
#include "ops/reshape/reshape.h"

namespace thimble::operand_rule {
namespace {

void reshape_axes(AxisMap& map) {
  const int from = map.x(0).rank(), to = map.y().rank();
  if (from == 0 || to == 0) return;
  const int64_t a = map.x(0).dim(-1), b = map.y().dim(-1);
  const bool wraps = a > 0 && b > 0 && (a % b == 0 || b % a == 0);
  map.use(0, from - 1) = {.link = wraps ? AxisLink::wrapped : AxisLink::mixed, .to = to - 1, .does = "cuts"};
  map.use(0, 0).outermost = true;
}

// An entry of −1 stands for what is left over, after as before.
Status reshape_resize(Resize& to) {
  const auto resized = [&](std::vector<int64_t> dims) {
    const auto axis = static_cast<size_t>(to.axis);
    if (axis < dims.size() && dims[axis] != -1) dims[axis] = to.sizes[0];
    return dims;
  };
  if (to.node.inputs.size() > 1 && to.node.inputs[1] != kNoTensor) {
    const IntList list = to.ints(1);
    to.replace_ints(1, resized({list.span().begin(), list.span().end()}));
  }
  to.node.attrs = ReshapeAttrs{resized(to.node.attrs.as<ReshapeAttrs>().shape)};
  return {};
}

// Axes that stay keep their order: the next of y that is not skipped.
void squeeze_axes(AxisMap& map) {
  const auto& axes = map.node.attrs.as<SqueezeAttrs>().axes;
  const int rank = map.x(0).rank();
  int to = 0;
  for (int a = 0; a < rank; ++a) {
    bool gone = axes.empty() && map.x(0)[a] == 1;
    for (const int64_t listed : axes) gone = gone || (listed < 0 ? listed + rank : listed) == a;
    map.use(0, a) = gone ? AxisUse{.does = "drops"} : AxisUse{.link = AxisLink::same, .to = to++};
  }
}

void expand_dims_axes(AxisMap& map) {
  const int rank = map.x(0).rank();
  const int64_t listed = map.ints(1).values[0], axis = listed < 0 ? listed + rank + 1 : listed;
  for (int a = 0; a < rank; ++a) map.use(0, a) = {.link = AxisLink::same, .to = a < axis ? a : a + 1};
}

}  // namespace

OperandRule reshape(Op op) {
  const std::vector<Role> roles = {Role::data, Role::integers};
  if (op == Op::reshape)
    return {.attributes = ReshapeAttrs{},
            .roles = roles,
            .axes = reshape_axes,
            .resize = reshape_resize,
            .row_major = true,
            .transparent = true,
            .moves = true,
            .homogeneous = true,
            .commutes = Commutes::any};
  if (op == Op::squeeze)
    return {.attributes = SqueezeAttrs{},
            .roles = roles,
            .axes = squeeze_axes,
            .row_major = true,
            .transparent = true,
            .moves = true,
            .homogeneous = true,
            .commutes = Commutes::any};
  return {.attributes = ExpandDimsAttrs{},
          .roles = roles,
          .axes = expand_dims_axes,
          .row_major = true,
          .transparent = true,
          .moves = true,
          .homogeneous = true,
          .commutes = Commutes::any};
}

}  // namespace thimble::operand_rule
