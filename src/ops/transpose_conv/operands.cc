#include "ops/operands.h"
#include "ops/transpose_conv/transpose_conv.h"

namespace thimble::operand_rule {
namespace {

using namespace transpose_conv_input;

// The batch in the shape says nothing; it follows all the same, since other runtimes read it.
Status resize(Resize& to) {
  if (to.axis != 0) return {};
  const IntList shape = to.ints(kShape);
  if (shape.count != 4) return {};
  IntList changed = shape;
  changed.values[0] = to.sizes[0];
  to.replace_ints(kShape, changed.span());
  return {};
}

}  // namespace

OperandRule transpose_conv(Op) {
  return {.attributes = TransposeConvAttrs{},
          .roles = {Role::data, Role::weights, Role::bias, Role::integers},
          .axes =
              [](AxisMap& map) {
                map.use(kX, 0) = {.link = AxisLink::same, .to = 0};
                for (int a = 1; a < 3; ++a) map.use(kX, a) = {.does = "spreads"};
                map.use(kX, 3) = {.link = AxisLink::contracted, .with = kWeights, .with_axis = 3};
                map.use(kWeights, 0) = {.link = AxisLink::same, .to = 3};
                map.per_channel(kBias);
              },
          .resize = resize,
          .fuses = true};
}

}  // namespace thimble::operand_rule
