#include "ops/arg_max/arg_max.h"
#include "ops/number_types.h"

namespace thimble::reference {

void arg_max(const RefCall& call) {
  const auto& p = call.plan<thimble_arg_max>();
  const bool least = call.node.op == Op::arg_min;
  const TensorView& y = call.out[0];
  with_number(call.in[0].type, [&]<class T>(T) {
    const T* x = call.in[0].as<T>();
    for (int64_t o = 0; o < p.outer; ++o)
      for (int64_t i = 0; i < p.inner; ++i) {
        const auto value = [&](int64_t d) {
          const T v = x[(o * p.depth + d) * p.inner + i];
          return call.in[0].type == DType::boolean ? static_cast<T>(v != 0) : v;
        };
        int64_t best = 0;
        for (int64_t d = 1; d < p.depth; ++d)
          if (least ? value(d) < value(best) : value(d) > value(best)) best = d;
        if (y.type == DType::i64)
          y.as<int64_t>()[o * p.inner + i] = best;
        else
          y.as<int32_t>()[o * p.inner + i] = static_cast<int32_t>(best);
      }
  });
}

}  // namespace thimble::reference
