#include "ops/operands.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"

namespace thimble::operand_rule {

// x [n, h, w, c], weights [1, kh, kw, c · multiplier], bias [c · multiplier]; a single channel enters every output.
OperandRule depthwise_conv2d(Op) {
  return {.attributes = DepthwiseConv2dAttrs{},
          .roles = {Role::data, Role::weights, Role::bias},
          .axes =
              [](AxisMap& map) {
                map.windows();
                const int64_t channels = map.x(0)[3], made = map.y()[3];
                AxisUse& last = map.use(0, 3) = {.link = AxisLink::same, .to = 3};
                if (channels == 1)
                  last.broadcasts = true;
                else if (channels > 0)
                  last.repeat = made / channels;
                map.use(1, 3) = {.link = AxisLink::same, .to = 3};
                map.per_channel(2);
              },
          .layer = LayerOperands{.output_axis = 3},
          .fuses = true};
}

}  // namespace thimble::operand_rule
