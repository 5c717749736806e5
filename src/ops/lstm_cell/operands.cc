#include "ops/lstm_cell/lstm_cell.h"

namespace thimble::operand_rule {
namespace {

// The states, of either form.
std::array<size_t, 2> states(const Node& node) {
  if (node.attrs.as<LstmCellAttrs>().basic) return {basic_lstm::kHidden, basic_lstm::kCell};
  return {static_cast<size_t>(lstm_forms::kFull.hidden), static_cast<size_t>(lstm_forms::kFull.cell)};
}

void axes(AxisMap& map) {
  map.use(0, 0) = {.link = AxisLink::same, .to = 0};
  map.use(0, 1).does = "feeds back";
  for (const size_t i : states(map.node))
    if (map.has(i)) map.use(i, 0) = {.link = AxisLink::same, .to = 0};
}

Status resize(Resize& to) {
  if (to.axis != 0) return {};
  for (const size_t i : states(to.node)) THIMBLE_TRY(recurrent::resize_state(to, i));
  return {};
}

}  // namespace

// Roles are those of the full form; the basic one's are the same for the passes that ask: weights, but for x.
OperandRule lstm_cell(Op) {
  std::vector<Role> roles(24, Role::weights);
  roles[0] = Role::data;
  lstm_forms::set_roles(lstm_forms::kFull, roles);
  return {.attributes = LstmCellAttrs{}, .roles = roles, .axes = axes, .resize = resize};
}

}  // namespace thimble::operand_rule
