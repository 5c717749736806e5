#include "ops/arg_max/arg_max.h"
#include "ops/number_types.h"

namespace thimble::reference {

void arg_max(const RefCall& call) {
  const auto& p = call.plan<thimble_arg_max>();
  const bool least = call.node.op == Op::arg_min;
  const TensorView &x_view = call.in[0], &y = call.out[0];
  auto* narrow = y.type == DType::i64 ? nullptr : y.as<int32_t>();
  auto* wide = y.type == DType::i64 ? y.as<int64_t>() : nullptr;
  if (x_view.type == DType::f32)
    return (least ? thimble_arg_min_f32 : thimble_arg_max_f32)(&p, x_view.as<float>(), 0, narrow, wide);
  if (x_view.type == DType::i8 || x_view.type == DType::u8)
    return (least ? thimble_arg_min_bytes : thimble_arg_max_bytes)(&p, x_view.as<int8_t>(),
                                                                   x_view.type == DType::u8 ? 0x80 : 0, narrow, wide);
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
        if (wide)
          wide[o * p.inner + i] = best;
        else
          narrow[o * p.inner + i] = static_cast<int32_t>(best);
      }
  });
}

}  // namespace thimble::reference
