#include "ops/operands.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::operand_rule {
namespace {

void gather_axes(AxisMap& map) {
  const int places = map.x(1).rank() - 1, depth = static_cast<int>(map.x(1).dim(-1));
  for (int a = 0; a < map.x(0).rank(); ++a)
    if (a < depth)
      map.use(0, a) = {.link = AxisLink::picked, .with = 1};
    else
      map.use(0, a) = {.link = AxisLink::same, .to = places + a - depth};
  for (int a = 0; a < places; ++a) map.use(1, a) = {.link = AxisLink::same, .to = a};
}

void scatter_axes(AxisMap& map) {
  const int places = map.x(0).rank() - 1, depth = static_cast<int>(map.x(0).dim(-1));
  for (int a = places; a < map.x(1).rank(); ++a) map.use(1, a) = {.link = AxisLink::same, .to = a - places + depth};
}

}  // namespace

OperandRule nd_index(Op op) {
  if (op == Op::gather_nd)
    return {.attributes = NdIndexAttrs{}, .roles = {Role::data, Role::indices}, .axes = gather_axes, .moves = true};
  return {.attributes = NdIndexAttrs{}, .roles = {Role::indices, Role::data, Role::integers}, .axes = scatter_axes};
}

}  // namespace thimble::operand_rule
