#include "ops/recurrent.h"
#include "ops/rnn/rnn.h"

namespace thimble::operand_rule {
namespace {

using namespace rnn_input;

int batch_axis(const Node& node) { return node.op != Op::rnn && node.attrs.as<RnnAttrs>().time_major ? 1 : 0; }
bool both_ways(const Node& node) { return node.op == Op::bidirectional_sequence_rnn; }

void axes(AxisMap& map) {
  const int batch = batch_axis(map.node);
  for (const size_t input : {size_t{kX}, size_t{kAux}}) {
    if (!map.has(input)) continue;
    map.use(input, batch) = {.link = AxisLink::same, .to = batch};
    if (map.x(kX).rank() == 3)
      map.use(input, 1 - batch) = {.link = AxisLink::coupled, .to = 1 - batch, .does = "goes step by step along"};
  }
  map.use(kX, map.x(kX).rank() - 1).does = "feeds back";
  map.use(kCell + 3, 0) = {.link = AxisLink::same, .to = batch};
  if (both_ways(map.node)) map.use(kBackward + 3, 0) = {.link = AxisLink::same, .to = batch};
}

Status resize(Resize& to) {
  if (to.axis != batch_axis(to.node)) return {};
  THIMBLE_TRY(recurrent::resize_state(to, kCell + 3));
  return both_ways(to.node) ? recurrent::resize_state(to, kBackward + 3) : Status{};
}

}  // namespace

OperandRule rnn(Op op) {
  OperandRule rule{.attributes = RnnAttrs{},
                   .roles = {Role::data, Role::weights, Role::weights, Role::bias, Role::state},
                   .axes = axes,
                   .resize = resize};
  if (op == Op::bidirectional_sequence_rnn)
    for (const Role role :
         {Role::weights, Role::weights, Role::bias, Role::state, Role::data, Role::weights, Role::weights})
      rule.roles.push_back(role);
  return rule;
}

}  // namespace thimble::operand_rule
