#include "ops/operands.h"
#include "ops/conv3d/conv3d.h"

namespace thimble::operand_rule {
namespace {

void forward_axes(AxisMap& map) {
  map.use(0, 0) = {.link = AxisLink::same, .to = 0};
  for (int a = 1; a < 4; ++a) map.use(0, a) = {.link = AxisLink::slides, .to = a};
  map.use(0, 4) = {.link = AxisLink::contracted, .with = 1, .with_axis = 3};
  map.use(1, 4) = {.link = AxisLink::same, .to = 4};
  map.per_channel(2);
}

void transposed_axes(AxisMap& map) {
  map.use(0, 0) = {.link = AxisLink::same, .to = 0};
  for (int a = 1; a < 4; ++a) map.use(0, a) = {.does = "spreads"};
  map.use(0, 4) = {.link = AxisLink::contracted, .with = 1, .with_axis = 4};
  map.use(1, 3) = {.link = AxisLink::same, .to = 4};
  map.per_channel(2);
}

Status resize_shape(Resize& to) {
  if (to.axis != 0) return {};
  IntList shape = to.ints(3);
  if (shape.count != 5) return {};
  shape.values[0] = to.sizes[0];
  to.replace_ints(3, shape.span());
  return {};
}

}  // namespace

OperandRule conv3d(Op op) {
  const bool transposed = op == Op::conv3d_transpose;
  OperandRule rule{.attributes = Conv3dAttrs{},
                   .roles = {Role::data, Role::weights, Role::bias},
                   .axes = transposed ? transposed_axes : forward_axes,
                   .resize = transposed ? resize_shape : nullptr,
                   .fuses = true};
  if (transposed) rule.roles.push_back(Role::integers);
  return rule;
}

}  // namespace thimble::operand_rule
