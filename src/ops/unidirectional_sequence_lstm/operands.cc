#include "ops/lstm_forms.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::operand_rule {
namespace {

using enum sequence_lstm::Input;

void lstm_axes(AxisMap& map) {
  const int batch = map.node.attrs.as<SequenceLstmAttrs>().time_major ? 1 : 0, time = 1 - batch;
  map.use(kInput, batch) = {.link = AxisLink::same, .to = batch};
  map.use(kInput, time) = {.link = AxisLink::coupled, .to = time, .does = "goes step by step along"};
  map.use(kInput, 2).does = "feeds back";
  for (const int state : {kHiddenState, kCellState})
    map.use(static_cast<size_t>(state), 0) = {.link = AxisLink::same, .to = batch};
}

// The states have a row per example; one row of initial values serves all.
Status lstm_resize(Resize& to) {
  const int batch = to.node.attrs.as<SequenceLstmAttrs>().time_major ? 1 : 0;
  if (to.axis != batch) return {};
  THIMBLE_TRY(recurrent::resize_state(to, kHiddenState));
  return recurrent::resize_state(to, kCellState);
}

std::vector<Role> lstm_roles() {
  std::vector<Role> roles(kLayerNorm + sequence_lstm::kGates, Role::weights);
  roles[kInput] = Role::data;
  lstm_forms::set_roles(lstm_forms::kFull, roles);
  return roles;
}

}  // namespace

OperandRule unidirectional_sequence_lstm(Op) {
  return {.attributes = SequenceLstmAttrs{}, .roles = lstm_roles(), .axes = lstm_axes, .resize = lstm_resize};
}

}  // namespace thimble::operand_rule
