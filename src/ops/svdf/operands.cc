#include "ops/recurrent.h"
#include "ops/svdf/svdf.h"

namespace thimble::operand_rule {

using namespace svdf_input;

OperandRule svdf(Op) {
  return {.attributes = SvdfAttrs{},
          .roles = {Role::data, Role::weights, Role::weights, Role::bias, Role::state},
          .axes =
              [](AxisMap& map) {
                map.use(kX, 0) = map.use(kState, 0) = {.link = AxisLink::same, .to = 0};
                map.use(kX, 1) = {.link = AxisLink::contracted, .with = kFeature, .with_axis = 1};
                map.per_channel(kBias);
              },
          .resize = [](Resize& to) -> Status { return to.axis == 0 ? recurrent::resize_state(to, kState) : Status{}; }};
}

}  // namespace thimble::operand_rule
