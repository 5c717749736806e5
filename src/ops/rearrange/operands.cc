#include "ops/operands.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::operand_rule {
namespace {

void axes(AxisMap& map) {
  const auto moved = moved_dimensions(map.graph, map.node);
  const char* does = map.node.op == Op::tile ? "repeats" : map.node.op == Op::reverse ? "reverses" : "rearranges";
  for (int a = 0; a < map.x(0).rank() && a < map.y().rank(); ++a)
    if (moved[static_cast<size_t>(a)])
      map.use(0, a) = {.does = does};
    else
      map.use(0, a) = {.link = AxisLink::same, .to = a};
}

Attrs defaults(Op op) {
  switch (op) {
    case Op::space_to_depth:
    case Op::depth_to_space: return BlockAttrs{};
    case Op::mirror_pad: return MirrorPadAttrs{};
    case Op::resize_nearest_neighbor: return ResizeAttrs{};
    default: return RearrangeAttrs{};
  }
}

}  // namespace

OperandRule rearrange(Op op) {
  return {.attributes = defaults(op),
          .roles = {Role::data, Role::integers},
          .axes = axes,
          .moves = op != Op::space_to_batch_nd,
          .homogeneous = true};
}

}  // namespace thimble::operand_rule
