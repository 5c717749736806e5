#include "ops/bidirectional_sequence_lstm/bidirectional_sequence_lstm.h"

namespace thimble::operand_rule {
namespace {

using namespace bidirectional_lstm;

int batch_axis(const Node& node) { return node.attrs.as<BidirectionalLstmAttrs>().time_major ? 1 : 0; }

void axes(AxisMap& map) {
  const int batch = batch_axis(map.node);
  for (const int input : {kX, kAux}) {
    const auto i = static_cast<size_t>(input);
    if (!map.has(i)) continue;
    map.use(i, batch) = {.link = AxisLink::same, .to = batch};
    map.use(i, 1 - batch) = {.link = AxisLink::coupled, .to = 1 - batch, .does = "goes step by step along"};
    map.use(i, 2).does = "feeds back";
  }
  for (size_t state = 35; state < 39; ++state)
    if (map.has(state)) map.use(state, 0) = {.link = AxisLink::same, .to = batch};
}

Status resize(Resize& to) {
  if (to.axis != batch_axis(to.node)) return {};
  for (size_t state = 35; state < 39; ++state) THIMBLE_TRY(recurrent::resize_state(to, state));
  return {};
}

}  // namespace

OperandRule bidirectional_sequence_lstm(Op) {
  std::vector<Role> roles(kInputs, Role::weights);
  roles[kX] = roles[kAux] = Role::data;
  lstm_forms::set_roles(lstm_forms::kForward, roles);
  lstm_forms::set_roles(lstm_forms::kBackward, roles);
  return {.attributes = BidirectionalLstmAttrs{}, .roles = roles, .axes = axes, .resize = resize};
}

}  // namespace thimble::operand_rule
