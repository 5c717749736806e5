#include "ops/operands.h"
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
  for (const int i : {kHiddenState, kCellState}) {
    Tensor& state = to.graph.at(to.node.inputs[static_cast<size_t>(i)]);
    if (!state.variable || state.shape.rank() < 1 || state.shape[0] != to.before())
      return fail(ErrorCode::unsupported, "its states are not variables of one row per example");
    if (state.data) {
      if (to.before() != 1) return fail(ErrorCode::unsupported, "its initial states differ between examples");
      std::vector<uint8_t> rows;
      for (int64_t r = 0; r < to.sizes[0]; ++r)
        rows.insert(rows.end(), state.data.bytes, state.data.bytes + state.data.size);
      state.data = Data::copy(rows);
    }
    std::vector<int64_t> dims(state.shape.dims().begin(), state.shape.dims().end());
    dims[0] = to.sizes[0];
    THIMBLE_ASSIGN(state.shape, Shape::make(std::span<const int64_t>(dims)));
  }
  return {};
}

std::vector<Role> lstm_roles() {
  std::vector<Role> roles(kLayerNorm + sequence_lstm::kGates, Role::weights);
  roles[kInput] = Role::data;
  for (int i = 0; i < sequence_lstm::kGates; ++i) {
    roles[static_cast<size_t>(kBias + i)] = Role::bias;
    roles[static_cast<size_t>(kLayerNorm + i)] = Role::statistics;
  }
  roles[kHiddenState] = roles[kCellState] = Role::state;
  return roles;
}

}  // namespace

OperandRule unidirectional_sequence_lstm(Op) {
  return {.attributes = SequenceLstmAttrs{}, .roles = lstm_roles(), .axes = lstm_axes, .resize = lstm_resize};
}

}  // namespace thimble::operand_rule
