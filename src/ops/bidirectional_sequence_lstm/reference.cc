#include "ops/bidirectional_sequence_lstm/bidirectional_sequence_lstm.h"

namespace thimble::reference {

using namespace bidirectional_lstm;

void bidirectional_sequence_lstm(const RefCall& call) {
  const auto& p = call.plan<bidirectional_lstm::Plan>();
  const bool merged = call.out.size() == 1;
  const int64_t sum = p.forward.outputs + p.backward.outputs;
  const void *x = call.in[kX].data, *aux = p.forward.aux > 0 ? call.in[kAux].data : nullptr;
  auto* y = call.out[0].as<float>();
  lstm_forms::run(
      {p.forward, lstm_forms::kForward, call.in, x, aux, y, merged ? sum : p.forward.outputs, false, call.scratch});
  lstm_forms::run({p.backward, lstm_forms::kBackward, call.in, p.backward_reads_aux ? call.in[kAux].data : x, aux,
                   merged ? y + p.forward.outputs : call.out[1].as<float>(), merged ? sum : p.backward.outputs, true,
                   call.scratch});
}

}  // namespace thimble::reference
