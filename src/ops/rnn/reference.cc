#include <algorithm>

#include "ops/recurrent.h"
#include "ops/rnn/rnn.h"

namespace thimble::reference {
namespace {

using namespace rnn_input;

// One cell through the sequence. y: its first row; `width` columns of y from row to row.
struct Direction {
  const RefCall& call;
  const RnnPlan& p;
  int cell;  // its first input
  int64_t units;
  const float *x, *aux;
  const TensorView* aux_weights;
  float* y;
  int64_t width;
  bool backward;

  void run() const {
    const auto& attrs = call.node.attrs.as<RnnAttrs>();
    const auto in = [&](int i) -> const TensorView& { return call.in[static_cast<size_t>(cell + i)]; };
    const bool hybrid = in(0).type == DType::i8, asymmetric = attrs.asymmetric_quantize_inputs;
    auto* next = static_cast<float*>(call.scratch);
    auto* bytes = hybrid ? reinterpret_cast<int8_t*>(next + std::max(p.units[0], p.units[1])) : nullptr;
    for (int64_t b = 0; b < p.batch; ++b) {
      float* h = in(3).as<float>() + b * units;
      for (int64_t s = 0; s < p.time; ++s) {
        const int64_t row = (backward ? p.time - 1 - s : s) * p.step + b * p.sample;
        const recurrent::Row x_row(x + row * p.inputs, p.inputs, bytes, asymmetric);
        const recurrent::Row aux_row(aux ? aux + row * p.aux : nullptr, p.aux, hybrid ? bytes + p.inputs : nullptr,
                                     asymmetric);
        const recurrent::Row h_row(h, units, hybrid ? bytes + p.inputs + p.aux : nullptr, asymmetric);
        for (int64_t u = 0; u < units; ++u) {
          float sum = in(2).as<float>()[u] + x_row.times(in(0), u);
          if (aux) sum += aux_row.times(*aux_weights, u);
          next[u] = recurrent::activate(attrs.activation, sum + h_row.times(in(1), u));
        }
        std::copy_n(next, units, h);
        std::copy_n(next, units, y + row * width);
      }
    }
  }
};

}  // namespace

void rnn(const RefCall& call) {
  const auto& p = call.plan<RnnPlan>();
  const auto* x = call.in[kX].as<float>();
  const bool both = p.units[1] > 0, merged = both && call.out.size() == 1;
  const float* aux = p.aux > 0 ? call.in[kAux].as<float>() : nullptr;
  const int64_t sum = p.units[0] + p.units[1];
  auto* y = call.out[0].as<float>();
  Direction{call, p, kCell, p.units[0], x, aux, aux ? &call.in[kAuxWeights] : nullptr, y, merged ? sum : p.units[0],
            false}
      .run();
  if (!both) return;
  Direction{call,
            p,
            kBackward,
            p.units[1],
            p.backward_reads_aux ? call.in[kAux].as<float>() : x,
            aux,
            aux ? &call.in[kAuxWeights + 1] : nullptr,
            merged ? y + p.units[0] : call.out[1].as<float>(),
            merged ? sum : p.units[1],
            true}
      .run();
}

}  // namespace thimble::reference
